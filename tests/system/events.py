#!/usr/bin/python3
"""events.py - what clients are told while guests live: every kind, filtered, and by stock virsh"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import os
import socket
import subprocess

import libvirt
import libvirt_qemu
from harness import LIMIT, Events, case, contains, equal, main, mount, until

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
VNC = "<graphics type='vnc' autoport='yes' listen='127.0.0.1'/><video><model type='vga'/></video>"
# Starts the i6300esb by hand, with both of its timers at their least: unlock, write, twice; then enable.
STARVE = r"""cd $(dirname $(grep -l 0x25ab /sys/bus/pci/devices/*/device)); echo 1 > enable; read bar rest < resource
for timer in 0 4; do
    for key in 0x80 0x86; do devmem $((bar + 12)) 16 $key; done
    devmem $((bar + timer)) 32 1
done
printf '\004' | dd of=config bs=1 seek=96; printf '\002' | dd of=config bs=1 seek=104
"""


def monitor(dom, command, **arguments):
    return libvirt_qemu.qemuMonitorCommand(
        dom, json.dumps({'execute': command, 'arguments': arguments}), 0)


@case('watchdog: what the guest did not feed, and what was done about it')
def _(s):
    dom = s.shared(devices="<watchdog model='i6300esb' action='pause'/>" + VNC)
    events = s.events('WATCHDOG', 'LIFECYCLE')
    s.shell().send(STARVE)
    events.wait('WATCHDOG', 'vm', libvirt.VIR_DOMAIN_EVENT_WATCHDOG_PAUSE)
    events.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG)
    equal(dom.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_WATCHDOG])
    dom.resume()
    events.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_RESUMED)


@case('graphics: a viewer comes and goes')
def _(s):
    dom = s.shared()
    events = s.events('GRAPHICS')
    port = int(dom.XMLDesc().partition("type='vnc' port='")[2].partition("'")[0])
    with socket.create_connection(('127.0.0.1', port)) as viewer:
        # the protocol's version, no authentication, shared, then whatever the server shows
        contains(viewer.recv(12).decode(), 'RFB')
        viewer.sendall(b'RFB 003.008\n')
        viewer.recv(64)
        viewer.sendall(b'\x01')
        viewer.recv(4)
        viewer.sendall(b'\x01')
        viewer.recv(64)
        phase, local, remote, auth, _subjects = events.wait('GRAPHICS', 'vm', libvirt.VIR_DOMAIN_EVENT_GRAPHICS_CONNECT)
        equal((local['node'], local['service'], remote['node']), ('127.0.0.1', str(port), '127.0.0.1'))
        equal(auth, 'none')
        events.wait('GRAPHICS', 'vm', libvirt.VIR_DOMAIN_EVENT_GRAPHICS_INITIALIZE)
    events.wait('GRAPHICS', 'vm', libvirt.VIR_DOMAIN_EVENT_GRAPHICS_DISCONNECT)


@case('balloon: the guest gave memory back')
def _(s):
    dom = s.shared()
    events = s.events('BALLOON_CHANGE')
    monitor(dom, 'balloon', value=120 << 20)
    (size,) = events.wait('BALLOON_CHANGE', 'vm')
    assert 120 << 10 <= size < 128 << 10, size


@case('one guest only: its events and no others')
def _(s):
    dom = s.shared()
    other = s.define('other')
    events = s.events('LIFECYCLE', dom=dom)
    other.createWithFlags(PAUSED)
    dom.suspend()
    dom.resume()
    events.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_SUSPENDED)
    equal(events.seen('LIFECYCLE', 'other'), [])


@case('nothing more comes after deregistering')
def _(s):
    dom = s.shared()
    ours, theirs = Events(s.conn).on('LIFECYCLE'), s.events('LIFECYCLE', conn=s.connect())
    ours.close()
    dom.suspend()
    dom.resume()
    theirs.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_RESUMED)
    equal(ours.log, [])


@case('the older way of registering')
def _(s):
    dom = s.shared()
    seen = []

    def happened(_conn, guest, event, detail, _opaque):
        seen.append((guest.name(), event, detail))

    s.conn.domainEventRegister(happened, None)
    dom.suspend()
    dom.resume()
    until(lambda: len(seen) >= 2, 'no events')
    s.conn.domainEventDeregister(happened)
    equal([e[:2] for e in seen], [('vm', libvirt.VIR_DOMAIN_EVENT_SUSPENDED), ('vm', libvirt.VIR_DOMAIN_EVENT_RESUMED)])


@case('metadata: who changed what')
def _(s):
    dom = s.shared()
    events = s.events('METADATA_CHANGE')
    dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, '<n/>', 'k', 'urn:x', libvirt.VIR_DOMAIN_AFFECT_LIVE)
    events.wait('METADATA_CHANGE', 'vm', libvirt.VIR_DOMAIN_METADATA_ELEMENT, 'urn:x')
    dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, 'a title', None, None, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    events.wait('METADATA_CHANGE', 'vm', libvirt.VIR_DOMAIN_METADATA_TITLE, None)


@case("the emulator's own events, filtered by name and by pattern")
def _(s):
    dom = s.shared()
    seen = Events(s.conn)

    def happened(_conn, guest, event, _seconds, _micros, details, _opaque):
        with seen.changed:
            seen.log.append((event, guest.name(), (details,)))
            seen.changed.notify_all()

    everything = libvirt_qemu.qemuMonitorEventRegister(s.conn, dom, None, happened, None)
    dom.suspend()
    seen.wait('STOP', 'vm')
    dom.resume()
    seen.wait('RESUME', 'vm')
    libvirt_qemu.qemuMonitorEventDeregister(s.conn, everything)
    seen.clear()
    one = libvirt_qemu.qemuMonitorEventRegister(s.conn, None, 'resume', happened, None,
                                                libvirt_qemu.VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_NOCASE)
    regex = libvirt_qemu.qemuMonitorEventRegister(s.conn, None, 'ST.P', happened, None,
                                                  libvirt_qemu.VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_REGEX)
    dom.suspend()
    dom.resume()
    seen.wait('RESUME', 'vm')
    equal([e[0] for e in seen.log], ['STOP'])
    for number in (one, regex):
        libvirt_qemu.qemuMonitorEventDeregister(s.conn, number)


@case('what virsh event says')
def _(s):
    dom = s.shared()
    watch = subprocess.Popen(['virsh', '-q', '-c', s.uri(), 'event', '--event', 'lifecycle', 'vm'],
                             stdout=subprocess.PIPE, text=True)
    events = s.events('LIFECYCLE')
    # virsh says nothing when it has registered: the guest goes on until virsh has heard it
    while watch.poll() is None:
        dom.suspend()
        dom.resume()
        events.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_RESUMED)
    contains(watch.communicate(timeout=LIMIT)[0], 'lifecycle', 'vm')


@case('io-error: a full disk stops the guest and is told with its reason')
def _(s):
    small = os.path.join(s.home, 'small')
    os.mkdir(small)
    mount('-t', 'tmpfs', '-o', 'size=256k,mode=777', 'tmpfs', small)
    disk = s.file('small/disk.img', size=4 << 20)
    dom, console = s.boot('full', devices=f"<disk type='file'><driver name='qemu' type='raw' error_policy='stop'/>"
                                          f"<source file='{disk}'/><target dev='vda' bus='virtio'/></disk>")
    s.opened.append(console)
    events = s.events('IO_ERROR', 'IO_ERROR_REASON', 'LIFECYCLE')
    console.send('dd if=/dev/urandom of=/dev/vda bs=64k count=16; sync\n')
    path, alias, action = events.wait('IO_ERROR', 'full')
    equal((path, alias, action), (disk, 'virtio-disk0', libvirt.VIR_DOMAIN_EVENT_IO_ERROR_PAUSE))
    equal(events.wait('IO_ERROR_REASON', 'full'), (disk, 'virtio-disk0', libvirt.VIR_DOMAIN_EVENT_IO_ERROR_PAUSE, 'enospc'))
    events.wait('LIFECYCLE', 'full', libvirt.VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_IOERROR)
    equal(dom.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR])
    equal(dom.diskErrors(), {'vda': libvirt.VIR_DOMAIN_DISK_ERROR_NO_SPACE})


@case('pm: a guest falls asleep and is woken')
def _(s):
    # an unpacked kernel would be loaded again on waking
    dom, console = s.boot('sleeper', kernel='kernel.compressed')
    s.opened.append(console)
    events = s.events('PMSUSPEND', 'PMWAKEUP', 'LIFECYCLE')
    console.send('\necho mem > /sys/power/state; echo a""wake\n')
    events.wait('PMSUSPEND', 'sleeper')
    events.wait('LIFECYCLE', 'sleeper', libvirt.VIR_DOMAIN_EVENT_PMSUSPENDED)
    equal(dom.state()[0], libvirt.VIR_DOMAIN_PMSUSPENDED)
    monitor(dom, 'system_wakeup')
    events.wait('PMWAKEUP', 'sleeper')
    equal(dom.state()[0], libvirt.VIR_DOMAIN_RUNNING)
    console.expect('awake')


if __name__ == '__main__':
    main(kept=('vm',))
