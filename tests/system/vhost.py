#!/usr/bin/python3
"""vhost.py - frames of guests that go through the kernel's own virtio-net, in a virtual machine whose kernel has it

Needs the kernel of tests/lab/make-hardware, besides the test guest.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
from harness import case, equal, main
from host_machine import Host, guest


def iface(number, driver):
    return (f"<interface type='bridge'><mac address='52:54:00:00:09:{number:02x}'/><source bridge='test0'/>"
            f"<model type='virtio'/>{driver}</interface>")


def net_guest(name, number, driver):
    return guest(name, iface(number, driver), vcpus=2, cmdline=f'guest.ip=10.9.9.{number}/24')


FILES = {
    'kernel': net_guest('kernel', 2, "<driver name='vhost' queues='2'/>"),
    'usual': net_guest('usual', 3, ''),
    'emulator': net_guest('emulator', 4, "<driver name='qemu'/>"),
    'third': iface(5, "<driver name='vhost'/>"),
}


def workers(m):
    """The kernel's threads that carry frames of the one guest that runs."""
    pid = m.run('pidof qemu-system-x86_64').strip()
    return m.run(f'for p in /proc/[0-9]*; do test "$(cat $p/comm 2>/dev/null)" = vhost-{pid} && echo ${{p#/proc/}}; done; true').split()


def spent(m, threads):
    """How often they have run."""
    return sum(int(m.read(f'/proc/{t}/schedstat').split()[2]) for t in threads)


@case('guests with vhost-net and without', only='ostler')
def _(s):
    with Host(s, files=FILES) as m:
        m.start()
        m.run('ip link add test0 type bridge', 'ip addr add 10.9.9.1/24 dev test0', 'ip link set test0 up')
        m.run('virsh -q create /usual.xml')
        equal(len(workers(m)), 1)
        m.run('virsh -q destroy usual')
        for name, address, count in (('kernel', '10.9.9.2', 2), ('emulator', '10.9.9.4', 0)):
            m.run(f'virsh -q create /{name}.xml')
            threads = workers(m)
            equal(len(threads), count)
            m.sees(name, 'pci 1af4:1041')
            before = spent(m, threads)
            m.run(f'ping -c 20 -i 0.05 -s 1400 -w 20 {address}')
            after = spent(m, threads)
            print(f'# {name}: {count} threads of vhost-net ran {after - before} times for 20 pings')
            assert count == 0 or after - before >= 20, (before, after)
            if name == 'kernel':
                m.run('virsh attach-device kernel /third.xml')
                equal(len(workers(m)), 3)
            m.run(f'virsh -q destroy {name}')
            equal([t for t in threads if m.run(f'test ! -e /proc/{t} || echo there').strip()], [])


if __name__ == '__main__':
    main()
