/* machine.h - a guest under QEMU: its monitor is what the daemon holds it by */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guest/machine.h"
#include "qmp.h"

/* Counted; NULL and an error when the guest does not run. From any thread. */
static inline Qmp *machine_monitor(Machine *vm, GError **error)
{
    return machine_control(vm, error);
}
