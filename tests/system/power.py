#!/usr/bin/python3
"""power.py - sleep for a duration, on machines that are not there and with a logind that is played

That a real machine sleeps and wakes is the business of asleep.py.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import shutil
import signal
import subprocess

import libvirt
import sysfs
from containers import xml as container_xml
from harness import BUILD, LIMIT, Skip, case, contains, equal, guest_xml, main, mount, refused, stack, until
from harness import s as harness_stack
from libvirt import (VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_ERR_INVALID_ARG, VIR_ERR_OPERATION_DENIED,
                     VIR_ERR_OPERATION_FAILED, VIR_ERR_OPERATION_INVALID)
from machine import PLAIN, DeviceEvents, Machine

MEM, DISK, HYBRID = range(3)
CLOCK = 'class/rtc/rtc0\n  since_epoch = 5000\n  wakealarm =\n  device/power/wakeup = enabled\n'
POWER = 'power\n  state = freeze mem disk\n  disk = [platform] shutdown suspend\n'
ALARM = 'class/rtc/rtc0/wakealarm'
harness_stack.scheme = 'qemu'  # containers.py wants another
SMALL = "<controller type='usb' model='none'/><memballoon model='none'/>"


def read(m, path):
    with open(m.path(path)) as f:
        return f.read().strip()


def log(m):
    with open(os.path.join(m.root, 'var/log/ostler/noded.log')) as f:
        return f.read()


@case('to memory: the alarm first, then sleep; it is taken back, and clients are told')
def _(s):
    with Machine(s, CLOCK, POWER) as m:
        events = DeviceEvents(m.conn)
        m.conn.suspendForDuration(MEM, 60)
        equal(read(m, ALARM), '5060')
        equal(read(m, 'power/state'), 'freeze mem disk')
        events.wait('computer', 'updated')
        equal((read(m, 'power/state'), read(m, ALARM)), ('mem', '0'))
        contains(log(m), 'the machine has slept for 0 seconds')
        events.close()


@case('to disk, and to both: the way to the disk is as before')
def _(s):
    for target, mode in ((DISK, '[platform] shutdown suspend'), (HYBRID, 'platform')):
        with Machine(s, CLOCK, POWER) as m:
            events = DeviceEvents(m.conn)
            m.conn.suspendForDuration(target, 3600)
            equal(read(m, ALARM), '8600')
            events.wait('computer', 'updated')
            equal((read(m, 'power/state'), read(m, 'power/disk')), ('disk', mode))
            events.close()


@case('under 60 seconds, unknown targets, flags')
def _(s):
    with Machine(s, CLOCK, POWER) as m:
        for seconds in (0, 1, 59):
            refused(VIR_ERR_INVALID_ARG, m.conn.suspendForDuration, MEM, seconds, naming='60')
        refused(VIR_ERR_INVALID_ARG, m.conn.suspendForDuration, MEM, 1 << 40)
        refused(VIR_ERR_INVALID_ARG, m.conn.suspendForDuration, 3, 60)
        refused(VIR_ERR_INVALID_ARG, m.conn.suspendForDuration, MEM, 60, 1)
        equal((read(m, 'power/state'), read(m, ALARM)), ('freeze mem disk', ''))
        r = libvirt.openReadOnly(stack.uri(m.root, 'virtnodedevd-sock-ro', 'nodedev'))
        refused(VIR_ERR_OPERATION_DENIED, r.suspendForDuration, MEM, 60)
        r.close()


@case('what the machine cannot do')
def _(s):
    for power, bad in (('power\n  state = freeze mem\n', (DISK, HYBRID)), ('power\n  state = freeze\n', (MEM, DISK, HYBRID)),
                       ('power\n  state = disk\n  disk = [shutdown] reboot\n', (MEM, HYBRID)), ('', (MEM, DISK, HYBRID))):
        with Machine(s, CLOCK, power) as m:
            for target in bad:
                refused(VIR_ERR_ARGUMENT_UNSUPPORTED, m.conn.suspendForDuration, target, 60)
            equal(read(m, ALARM), '')


@case('no alarm, no sleep')
def _(s):
    for clock, word in (('', 'no real-time clock'),
                        ('class/rtc/rtc0\n  since_epoch = 5000\n', 'no real-time clock'),
                        (CLOCK.replace('enabled', 'disabled'), 'no real-time clock'),
                        (CLOCK.replace('  device/power/wakeup = enabled\n', ''), 'no real-time clock'),
                        (CLOCK.replace('alarm =', 'alarm = 5010'), 'in use'),
                        (CLOCK.replace('wakealarm =', 'wakealarm/'), 'wakealarm')):
        with Machine(s, clock, POWER) as m:
            refused((VIR_ERR_OPERATION_FAILED, libvirt.VIR_ERR_SYSTEM_ERROR), m.conn.suspendForDuration, MEM, 60,
                    naming=word)
            assert not os.path.exists(os.path.join(m.root, 'run/ostler/noded.alarm'))
            refused((VIR_ERR_OPERATION_FAILED, libvirt.VIR_ERR_SYSTEM_ERROR), m.conn.suspendForDuration, MEM, 60,
                    naming=word)
            equal(read(m, 'power/state'), 'freeze mem disk')


@case('an alarm that has rung is not in the way')
def _(s):
    with Machine(s, CLOCK.replace('alarm =', 'alarm = 4000'), POWER) as m:
        m.conn.suspendForDuration(MEM, 60)
        equal(read(m, ALARM), '5060')
        until(lambda: read(m, 'power/state') == 'mem', 'it does not sleep')


@case('somebody takes the alarm away: no sleep')
def _(s):
    with Machine(s, CLOCK, POWER) as m:
        m.conn.suspendForDuration(MEM, 60)
        m.write(ALARM, '5002')
        until(lambda: 'does not sleep' in log(m), 'nothing is said')
        equal((read(m, 'power/state'), read(m, ALARM)), ('freeze mem disk', '5002'))


@case('somebody sets the clock: no sleep for hours, none from which nothing wakes')
def _(s):
    for now, word in ((1400, 'set back'), (5031, 'too soon'), (6000, 'too soon')):
        with Machine(s, CLOCK, POWER) as m:
            m.conn.suspendForDuration(MEM, 60)
            m.write('class/rtc/rtc0/since_epoch', str(now))
            until(lambda: 'does not sleep' in log(m), 'nothing is said')
            contains(log(m), word)
            equal(read(m, 'power/state'), 'freeze mem disk')
            until(lambda: read(m, ALARM) == '0', 'the alarm stays')


@case("another one's alarm is left alone, even if it rings when ours would")
def _(s):
    with Machine(s, CLOCK.replace('alarm =', 'alarm = 5060'), POWER) as m:
        refused(VIR_ERR_OPERATION_FAILED, m.conn.suspendForDuration, MEM, 60, naming='in use')
        equal(read(m, ALARM), '5060')


@case('one at a time')
def _(s):
    with Machine(s, CLOCK, POWER) as m:
        other = m.connect()
        m.conn.suspendForDuration(MEM, 60)
        for target, seconds in ((MEM, 60), (DISK, 100), (MEM, 30)):
            refused(VIR_ERR_OPERATION_INVALID, other.suspendForDuration, target, seconds)
        equal(read(m, ALARM), '5060')
        other.close()
        until(lambda: 'has slept' in log(m), 'it does not sleep')
        m.write('power/state', 'freeze mem disk')
        until(lambda: not m.conn.suspendForDuration(DISK, 100) if read(m, ALARM) == '0' else False, 'no second nap')
        equal(read(m, ALARM), '5100')


@case('a daemon that is killed between alarm and sleep: no sleep, and the next one takes the alarm back')
def _(s):
    with Machine(s, CLOCK, POWER) as m:
        m.conn.suspendForDuration(MEM, 60)
        m.kill()
        equal((read(m, ALARM), read(m, 'power/state')), ('5060', 'freeze mem disk'))
        m.start()
        equal((read(m, ALARM), read(m, 'power/state')), ('0', 'freeze mem disk'))
        m.conn.suspendForDuration(MEM, 90)
        equal(read(m, ALARM), '5090')
        m.kill()
        m.write(ALARM, '9999')  # somebody else's
        m.start()
        equal(read(m, ALARM), '9999')


@case('a daemon that is asked to end gives up what has not begun')
def _(s):
    with Machine(s, CLOCK, POWER) as m:
        m.conn.suspendForDuration(MEM, 60)
        m.disconnect()
        stack.down(m.root, ['noded'])
        equal((read(m, ALARM), read(m, 'power/state')), ('0', 'freeze mem disk'))


@case('what the kernel has been asked for keeps its alarm, however the daemon ends')
def _(s):
    for number in (signal.SIGTERM, signal.SIGKILL):
        with Machine(s, CLOCK, POWER) as m:
            m.conn.suspendForDuration(MEM, 60)
            os.unlink(m.path('power/state'))
            os.mkfifo(m.path('power/state'))
            until(lambda: any(opens_a_file(m.child.pid)), 'it does not fall asleep')
            m.disconnect()
            m.child.send_signal(number)
            m.child.wait(LIMIT)
            equal(read(m, ALARM), '5060')
            m.start()
            equal(read(m, ALARM), '0')


def opens_a_file(pid):
    """Of each thread: whether that is what it waits for."""
    openat = '257'
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/syscall') as f:
            yield f.read().split()[0] == openat


# ---- guests -------------------------------------------------------------------------------------

class Asleep:
    """The harness's own noded on a planted machine, whose file "state" holds whoever writes to it until wake()."""

    def __init__(self, s, before):
        self.s, self.top = s, os.path.join(s.home, 'tree')
        sysfs.plant(PLAIN + CLOCK + POWER, self.top)
        os.makedirs(os.path.join(s.root, 'etc/ostler'), exist_ok=True)
        self.conf = os.path.join(s.root, 'etc/ostler/noded.conf')
        with open(self.conf, 'w') as f:
            f.write(f'before_sleep = "{before}"\n')
        self.state = os.path.join(self.top, 'sys/power/state')
        self.start()

    def start(self):
        if self.s.daemon_pid('noded'):
            self.s.kill('noded')
        stack.up(self.s.root, BUILD, ['noded'], ['--sysfs', self.top])

    def sleep(self):
        """Asks for it; the machine will not get beyond its last step."""
        self.s.conn.suspendForDuration(MEM, 60)
        os.unlink(self.state)
        os.mkfifo(self.state)

    def wake(self):
        with open(self.state) as f:
            equal(f.read(), 'mem')

    def log(self):
        with open(stack.log_path(self.s.root, 'noded'), errors='replace') as f:
            return f.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.kill('noded')
        os.unlink(self.conf)
        shutil.rmtree(self.top)
        self.s.start()


def guests(s):
    """One that runs, one that its user has paused; what is told of them."""
    doms = [s.define(name, boot='', serial='', memory=32, devices=SMALL) for name in ('runs', 'paused')]
    doms[0].create()
    doms[1].createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    return (*doms, s.events('LIFECYCLE'))


@case('guests are paused before sleep, and go on after it')
def _(s):
    runs, paused, events = guests(s)
    with Asleep(s, 'pause') as m:
        m.sleep()
        events.wait('LIFECYCLE', 'runs', libvirt.VIR_DOMAIN_EVENT_SUSPENDED)
        equal([d.state()[0] for d in (runs, paused)], [libvirt.VIR_DOMAIN_PAUSED] * 2)
        m.wake()
        events.wait('LIFECYCLE', 'runs', libvirt.VIR_DOMAIN_EVENT_RESUMED)
        equal([d.state()[0] for d in (runs, paused)], [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_PAUSED])
        until(lambda: not os.path.exists(os.path.join(s.root, 'run/ostler/noded.guests')), 'the note stays')


@case('guests of a daemon that was killed meanwhile go on, too')
def _(s):
    runs, paused, events = guests(s)
    with Asleep(s, 'pause') as m:
        m.sleep()
        events.wait('LIFECYCLE', 'runs', libvirt.VIR_DOMAIN_EVENT_SUSPENDED)
        m.start()
        events.wait('LIFECYCLE', 'runs', libvirt.VIR_DOMAIN_EVENT_RESUMED)
        equal([d.state()[0] for d in (runs, paused)], [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_PAUSED])


@case('guests are saved before sleep, and go on from there; what cannot be saved is paused')
def _(s):
    runs, paused, events = guests(s)
    brief = s.conn.createXML(guest_xml('brief', boot='', serial='', memory=32, devices=SMALL))
    containers = libvirt.open(f'lxc:///system?socket={s.socket()}')
    container = containers.createXML(container_xml('box'))
    with Asleep(s, 'save') as m:
        m.sleep()
        events.wait('LIFECYCLE', 'runs', libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SAVED)
        # a container is paused by its control group, and those of this machine are not for tests
        until(lambda: "'box' is paused, as it cannot be saved" in m.log(), 'the container is passed over')
        until(lambda: "'box' runs on during sleep: the container has no control group" in m.log(), 'it is not paused')
        equal([d.state()[0] for d in (runs, paused, brief)],
              [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED])
        equal((runs.hasManagedSaveImage(), paused.hasManagedSaveImage()), (1, 0))
        m.wake()
        events.wait('LIFECYCLE', 'runs', libvirt.VIR_DOMAIN_EVENT_STARTED, libvirt.VIR_DOMAIN_EVENT_STARTED_RESTORED)
        equal(container.state()[0], libvirt.VIR_DOMAIN_RUNNING)
        until(lambda: brief.state()[0] == libvirt.VIR_DOMAIN_RUNNING, 'the transient guest does not go on')
        equal([d.state()[0] for d in (runs, paused)], [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_PAUSED])
    container.destroy()
    containers.close()


@case('a daemon that is killed between the save and the sleep: the next one lets the guest go on')
def _(s):
    runs, _paused, events = guests(s)
    with Asleep(s, 'save') as m:
        m.sleep()
        events.wait('LIFECYCLE', 'runs', libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SAVED)
        m.start()
        events.wait('LIFECYCLE', 'runs', libvirt.VIR_DOMAIN_EVENT_STARTED, libvirt.VIR_DOMAIN_EVENT_STARTED_RESTORED)
        equal(runs.state()[0], libvirt.VIR_DOMAIN_RUNNING)


@case('as a rule nothing happens to guests')
def _(s):
    runs, _paused, events = guests(s)
    with Asleep(s, 'nothing') as m:
        m.sleep()
        m.wake()
        equal(events.seen('LIFECYCLE', 'runs'), [])
        equal(runs.state()[0], libvirt.VIR_DOMAIN_RUNNING)


# ---- logind -------------------------------------------------------------------------------------

BUS = """<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context='default'><allow eavesdrop='true'/><allow own='*'/><allow send_destination='*' eavesdrop='true'/>
</policy></busconfig>"""


class Logind:
    """A system bus and a logind on it, a real-time clock, and noded, which takes all that for this machine."""

    def __init__(self, s, can):
        self.folder = os.path.join(s.home, 'logind')
        self.root = os.path.join(s.home, 'machine')
        self.s = s
        os.makedirs(self.folder)
        self.write('can', can)

    def path(self, path):
        return os.path.join('/sys', path)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), 'w') as f:
            f.write(text)

    def said(self):
        with open(os.path.join(self.folder, 'log')) as f:
            return f.read().split()

    def __enter__(self):
        if not os.access('/usr/bin/dbus-daemon', os.X_OK):
            raise Skip('dbus-daemon is not installed')
        bus = os.path.join(self.folder, 'bus')
        self.write('bus.conf', BUS.format(path=bus))
        os.environ['DBUS_SYSTEM_BUS_ADDRESS'] = 'unix:path=' + bus
        self.bus = subprocess.Popen(['dbus-daemon', '--nofork', '--config-file', os.path.join(self.folder, 'bus.conf')],
                                    stderr=subprocess.DEVNULL)
        until(lambda: os.path.exists(bus), 'no bus')
        self.logind = subprocess.Popen([os.path.join(BUILD, 'tests/fake/fake-logind'), self.folder])
        until(lambda: os.path.exists(os.path.join(self.folder, 'log')), 'no logind')
        mount('-t', 'tmpfs', 'tmpfs', '/sys/class')
        os.makedirs('/sys/class/rtc/rtc0/device/power')
        for name, text in (('since_epoch', '5000'), ('wakealarm', ''), ('device/power/wakeup', 'enabled')):
            with open('/sys/class/rtc/rtc0/' + name, 'w') as f:
                f.write(text)
        self.start()
        return self

    def start(self):
        stack.up(self.root, BUILD, ['noded'])
        self.conn = libvirt.open(stack.uri(self.root, 'virtnodedevd-sock', 'nodedev'))

    def restart(self, number):
        self.conn.close()
        os.kill(stack.running(self.root, 'noded'), number)
        until(lambda: not stack.running(self.root, 'noded'), 'it does not end')
        self.start()

    def __exit__(self, *_):
        self.conn.close()
        stack.down(self.root, ['noded'])
        subprocess.run(['umount', '/sys/class'], check=True)
        for child in (self.logind, self.bus):
            child.terminate()
            child.wait(LIMIT)
        del os.environ['DBUS_SYSTEM_BUS_ADDRESS']
        subprocess.run(['rm', '-r', self.folder, self.root], check=True)


@case('by logind: the call is over at once, the nap when it says that the machine is awake')
def _(s):
    for target, can, request in ((MEM, 'suspend', 'SuspendWithFlags'), (DISK, 'hibernate', 'HibernateWithFlags'),
                                 (HYBRID, 'hybrid', 'HybridSleepWithFlags')):
        with Logind(s, can) as m:
            events = DeviceEvents(m.conn)
            for other in {MEM, DISK, HYBRID} - {target}:
                refused(VIR_ERR_ARGUMENT_UNSUPPORTED, m.conn.suspendForDuration, other, 60)
            m.conn.suspendForDuration(target, 60)
            equal(read(m, ALARM), '5060')
            until(lambda: request in m.said(), 'logind is not asked')
            refused(VIR_ERR_OPERATION_INVALID, m.conn.suspendForDuration, target, 60)
            equal(events.seen(), [])
            m.logind.send_signal(signal.SIGUSR1)
            events.wait('computer', 'updated')
            equal(read(m, ALARM), '0')
            equal(m.said(), ['ready', request])
            events.close()


@case('by logind: who inhibits sleep is heard')
def _(s):
    with Logind(s, 'suspend') as m:
        m.write('blocked', 'shutdown:sleep:idle')
        refused(VIR_ERR_OPERATION_DENIED, m.conn.suspendForDuration, MEM, 60, naming='inhibit')
        equal((read(m, ALARM), m.said()), ('', ['ready']))
        m.write('blocked', 'shutdown')
        m.write('refuse', '')
        m.conn.suspendForDuration(MEM, 60)
        until(lambda: 'logind refuses: Not now' in log(m), 'nothing is said')
        until(lambda: read(m, ALARM) == '0', 'the alarm stays')


@case('by logind: others may delay sleep, which must not outlast the alarm')
def _(s):
    with Logind(s, 'suspend') as m:
        m.write('delay', '40')
        for seconds in (60, 70):
            refused(VIR_ERR_INVALID_ARG, m.conn.suspendForDuration, MEM, seconds, naming='71 seconds')
        equal((read(m, ALARM), m.said()), ('', ['ready']))
        m.conn.suspendForDuration(MEM, 71)
        until(lambda: 'SuspendWithFlags' in m.said(), 'logind is not asked')
        m.logind.send_signal(signal.SIGUSR1)
        until(lambda: read(m, ALARM) == '0', 'the alarm stays')


@case('by logind: the alarm stays while the machine may still fall asleep')
def _(s):
    with Logind(s, 'suspend') as m:
        m.conn.suspendForDuration(MEM, 60)
        until(lambda: 'SuspendWithFlags' in m.said(), 'logind is not asked')
        m.restart(signal.SIGKILL)
        equal(read(m, ALARM), '5060')
        refused(VIR_ERR_OPERATION_INVALID, m.conn.suspendForDuration, MEM, 60, naming='already')
        m.restart(signal.SIGTERM)
        equal(read(m, ALARM), '5060')
        m.logind.send_signal(signal.SIGUSR1)  # that has been a nap, of which nobody of us is left
        until(lambda: not ends_refused(m.conn.suspendForDuration, MEM, 100), 'no other nap')
        equal(read(m, ALARM), '5100')
        until(lambda: m.said().count('SuspendWithFlags') == 2, 'logind is not asked')
        m.restart(signal.SIGTERM)
        equal(read(m, ALARM), '5100')
        m.logind.send_signal(signal.SIGUSR1)
        until(lambda: not ends_refused(m.conn.suspendForDuration, MEM, 90), 'no other nap')
        m.logind.send_signal(signal.SIGUSR1)
    with Logind(s, 'suspend') as m:
        m.write('slow', '')
        m.conn.suspendForDuration(MEM, 60)
        until(lambda: 'SuspendWithFlags' in m.said(), 'logind is not asked')
        m.logind.kill()
        until(lambda: 'its alarm stays' in log(m), 'nothing is said')
        equal(read(m, ALARM), '5060')


def ends_refused(call, *args):
    try:
        call(*args)
    except libvirt.libvirtError:
        return True
    return False


if __name__ == '__main__':
    main()
