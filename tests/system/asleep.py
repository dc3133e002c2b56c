#!/usr/bin/python3
"""asleep.py - a machine with a real-time clock sleeps for a minute and wakes by itself

The proof comes from both sides: the machine's own SUSPEND and WAKEUP from outside, its clocks from inside.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import time

from harness import case, contains, equal, main
from virtual import Virtual

ALARM = '/sys/class/rtc/rtc0/wakealarm'
SLEPT = 'cat /sys/power/suspend_stats/success'


def clocks(m):
    """(boot time, which runs on in sleep; date)"""
    boot, date = m.run('cut -d" " -f1 /proc/uptime; date +%s').split()
    return float(boot), int(date)


@case('sleep for 60 seconds, with all that can go wrong before', only='ostler')
def _(s):
    with Virtual(s) as m:
        m.start()
        # what cannot be
        m.refused('virsh nodesuspend mem 59', '60')
        m.refused('virsh nodesuspend disk 59', 'Suspend-to-Disk' if 'disk' not in m.read('/sys/power/state') else '60')
        equal(m.read(ALARM), '')

        # killed between the alarm and sleep: awake, and the next daemon takes the alarm back
        m.run('virsh nodesuspend mem 600 && kill -9 $pid; test -n "$(cat %s)"' % ALARM)
        m.start()
        equal(m.read(ALARM), '')
        equal(m.run(SLEPT).strip(), '0')

        # for a minute; a second call is refused; the answer comes at once
        boot, date = clocks(m)
        began = time.monotonic()
        mark = m.begin('virsh nodesuspend mem 60; echo answered; virsh nodesuspend mem 70 2>&1')
        m.serial.expect('answered\n', keep=True)
        answered = time.monotonic() - began
        slept, _ = m.monitor.wait('SUSPEND')
        equal(m.monitor.run('query-status')['status'], 'suspended')
        woke, _ = m.monitor.wait('WAKEUP', 90)
        status, output = m.end(mark)
        contains(output, 'already in progress')
        assert status != 0
        boot, date = (after - before for after, before in zip(clocks(m), (boot, date)))
        outside = time.monotonic() - began
        print(f'# answered after {answered:.2f} s, asleep for {woke - slept:.1f} s, {woke - began:.1f} s after the call; '
              f'inside {boot:.1f} s by the boot clock, {date} s by the date, outside {outside:.1f} s')
        assert answered < slept - began, (answered, slept - began)
        assert 40 < woke - slept < 61 and 55 < woke - began < 75, (slept, woke)
        assert abs(boot - outside) < 3 and abs(date - outside) < 3, (boot, date, outside)
        m.run('until grep -q "has slept for" /noded.log; do usleep 50000; done')
        told = int(m.run("grep -o 'slept for [0-9]*' /noded.log").split()[-1])
        assert abs(told - (woke - slept)) < 3, (told, woke - slept)
        equal(m.run(SLEPT).strip(), '1')
        equal(m.read(ALARM), '')

        # woken early: the alarm is taken back, and clients are told
        m.run('(virsh nodedev-event --event update --device computer >/events 2>&1 &)',
              'until grep -q node_device_event_register /noded.log; do usleep 50000; done', 'virsh nodesuspend mem 3600')
        m.monitor.wait('SUSPEND')
        m.monitor.run('system_wakeup')
        m.monitor.wait('WAKEUP')
        m.run('until test "$(grep -c "has slept for" /noded.log)" = 2; do usleep 50000; done')
        equal(m.read(ALARM), '')
        contains(m.run('until grep -q "events received" /events; do usleep 20000; done; cat /events'), 'computer')
        equal(m.run(SLEPT).strip(), '2')


if __name__ == '__main__':
    main()
