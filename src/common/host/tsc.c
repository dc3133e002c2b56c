/* tsc.c - the counter of the processor's clock */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/tsc.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

static HostTsc ask_kvm(void)
{
    g_auto(Fd) kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    g_auto(Fd) vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
    g_auto(Fd) vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
    int khz = vcpu < 0 ? -1 : ioctl(vcpu, KVM_GET_TSC_KHZ, 0);

    if (khz <= 0)
        return (HostTsc){ 0 };
    return (HostTsc){
        .frequency = khz * UINT64_C(1000),
        .scaling = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_TSC_CONTROL) > 0,
    };
}

HostTsc host_tsc_read(void)
{
    static GMutex lock;
    static HostTsc known; /* it takes milliseconds, and never changes */
    LOCKED(&lock);

    if (!known.frequency)
        known = ask_kvm();
    return known;
}
