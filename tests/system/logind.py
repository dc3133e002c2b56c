#!/usr/bin/python3
"""logind.py - a machine with systemd sleeps by logind, in memory, on a disk and both; its devices come by udev

Needs the machine of tests/lab/make-machine.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import time

from harness import case, contains, equal, main
from virtual import Systemd

ALARM = '/sys/class/rtc/rtc0/wakealarm'


def slept(m, count):
    """When that many naps are over: how long the last one was, as the log says."""
    m.run(f'until test "$(grep -c "has slept for" /noded.log)" = {count}; do sleep 0.1; done', limit=120)
    return int(m.run("grep -o 'slept for [0-9]*' /noded.log | tail -n 1").split()[-1])


@case('sleep by logind, devices by udev', only='ostler')
def _(s):
    with Systemd(s) as m:
        m.start()
        m.run('until busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager CanSuspend '
              '| grep -q yes; do sleep 0.1; done')

        # devices
        m.run('test -S /run/udev/control', 'modprobe dummy numdummies=0',
              'virsh nodedev-event --event lifecycle >/events & listener=$!',
              'until grep -q node_device_event_register /noded.log; do sleep 0.1; done', 'ip link add one type dummy')
        contains(m.run('wait $listener; cat /events'), 'net_one_', 'Created')
        contains(m.run('virsh -q nodedev-dumpxml $(virsh -q nodedev-list --cap storage | grep vda)'),
                 "<devnode type='link'>/dev/disk/by-path/", '<block>/dev/vda</block>')

        # a processor goes and comes
        m.run('echo 0 >/sys/devices/system/cpu/cpu1/online')
        contains(m.run('virsh nodeinfo; virsh nodecpumap'), 'CPU(s):              1\n', 'y-')
        m.run('echo 1 >/sys/devices/system/cpu/cpu1/online')
        contains(m.run('virsh nodeinfo'), 'CPU(s):              2\n')

        # who inhibits sleep is heard
        m.run('systemd-inhibit --what=sleep --mode=block sleep 1000 & inhibitor=$!',
              'until systemd-inhibit --list | grep -q "sleep 1000"; do sleep 0.1; done')
        m.refused('virsh nodesuspend mem 60', 'systemd-inhibit')
        m.run('kill $inhibitor; wait $inhibitor || true')

        # in memory
        began = time.monotonic()
        m.run('virsh nodesuspend mem 60')
        answered = time.monotonic() - began
        fell, _ = m.monitor.wait('SUSPEND')
        woke, _ = m.monitor.wait('WAKEUP', 90)
        told = slept(m, 1)
        print(f'# in memory: answered after {answered:.2f} s, asleep for {woke - fell:.1f} s, which the log takes for {told} s')
        assert 30 < woke - fell < 61 and abs(told - (woke - fell)) < 5, (woke - fell, told)
        equal(m.read(ALARM), '')

        # on a disk: the emulator ends, and its next start goes on where the machine was
        m.run('mkswap /dev/vdc', 'swapon /dev/vdc', 'cat /sys/block/vdc/dev >/sys/power/resume')
        mark = m.begin('virsh nodesuspend disk 60; until test "$(grep -c "has slept for" /noded.log)" = 2; do sleep 0.2; done')
        m.monitor.wait('SUSPEND_DISK', 120)
        m.child.wait()
        m.boot()
        m.serial.expect(mark + '<\n', 180)
        told = slept(m, 2)
        print(f'# on a disk: the log takes it for {told} s')
        equal(m.read(ALARM), '')

        # both: the disk has it all, and yet it wakes from memory
        mark = m.begin('virsh nodesuspend hybrid 60')
        fell, _ = m.monitor.wait('SUSPEND', 120)
        woke, _ = m.monitor.wait('WAKEUP', 90)
        m.end(mark)
        told = slept(m, 3)
        print(f'# both: asleep for {woke - fell:.1f} s, which the log takes for {told} s')
        equal(m.read(ALARM), '')


if __name__ == '__main__':
    main()
