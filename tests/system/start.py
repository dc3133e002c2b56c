#!/usr/bin/python3
"""start.py - how guests are started: flags, transient ones, and what stands in the way"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os

import libvirt
from harness import QEMU, case, contains, equal, guest_xml, main, refused
from libvirt import (VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED,
                     VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED,
                     VIR_DOMAIN_EVENT_STOPPED_FAILED, VIR_DOMAIN_EVENT_SUSPENDED, VIR_ERR_CONFIG_UNSUPPORTED,
                     VIR_ERR_INTERNAL_ERROR, VIR_ERR_INVALID_ARG, VIR_ERR_NO_DOMAIN, VIR_ERR_OPERATION_FAILED,
                     VIR_ERR_OPERATION_INVALID, VIR_ERR_SYSTEM_ERROR, VIR_ERR_XML_ERROR)

UUID = '6f3d1bb2-7c3d-4b7b-9d8e-0a7e2a9d1c01'
OTHER = '6f3d1bb2-7c3d-4b7b-9d8e-0a7e2a9d1c02'
PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
DISK = "<disk type='file'><source file='{}'/><target dev='vda' bus='virtio'/></disk>"


@case('a started guest runs, has an id, and boots')
def _(s):
    events = s.events('LIFECYCLE')
    dom, console = s.boot('one', uuid=UUID)
    s.opened.append(console)
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED)
    equal(dom.state(), [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED])
    assert dom.ID() > 0
    equal(s.conn.lookupByID(dom.ID()).name(), 'one')
    equal(list(s.processes()), [UUID])
    refused(VIR_ERR_OPERATION_INVALID, dom.create)
    refused(VIR_ERR_OPERATION_INVALID, dom.createWithFlags, PAUSED)


@case('a guest that is started paused waits to be resumed')
def _(s):
    events = s.events('LIFECYCLE')
    dom = s.define('one')
    dom.createWithFlags(PAUSED)
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED)
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_PAUSED)
    equal(dom.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER])
    dom.resume()
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_RESUMED, libvirt.VIR_DOMAIN_EVENT_RESUMED_UNPAUSED)
    equal(dom.state(), [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_UNPAUSED])


@case('ids are never used twice')
def _(s):
    dom = s.define('one')
    ids = []
    for _ in range(3):
        dom.createWithFlags(PAUSED)
        ids.append(dom.ID())
        dom.destroy()
        equal(dom.ID(), -1)
    assert ids[0] < ids[1] < ids[2], ids


@case('a guest with autodestroy ends with its connection')
def _(s):
    events = s.events('LIFECYCLE')
    s.define('one')
    mine = s.connect()
    mine.lookupByName('one').createWithFlags(PAUSED | libvirt.VIR_DOMAIN_START_AUTODESTROY)
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STARTED)
    mine.close()
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
    equal((s.conn.lookupByName('one').isActive(), s.processes()), (0, {}))


@case('autodestroy ends what that client has started, and nothing that somebody else has since')
def _(s):
    dom = s.define('one')
    mine = s.connect()
    mine.lookupByName('one').createWithFlags(PAUSED | libvirt.VIR_DOMAIN_START_AUTODESTROY)
    dom.destroy()
    dom.createWithFlags(PAUSED)
    mine.createXML(guest_xml('two', uuid=OTHER), PAUSED | libvirt.VIR_DOMAIN_START_AUTODESTROY)
    refused(VIR_ERR_OPERATION_INVALID, s.conn.createXML, guest_xml('two', uuid=OTHER), PAUSED)
    events = s.events('LIFECYCLE')
    mine.close()
    events.wait('LIFECYCLE', 'two', VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
    equal((dom.isActive(), list(s.processes())), (1, [dom.UUIDString()]))


@case('a transient guest vanishes when it ends')
def _(s):
    events = s.events('LIFECYCLE')
    dom = s.conn.createXML(guest_xml('one', uuid=UUID), PAUSED)
    equal((dom.isActive(), dom.isPersistent(), dom.UUIDString()), (1, 0, UUID))
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STARTED)
    refused(VIR_ERR_OPERATION_INVALID, dom.setAutostart, 1)
    refused(VIR_ERR_OPERATION_INVALID, dom.undefine)
    dom.destroy()
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
    refused(VIR_ERR_NO_DOMAIN, s.conn.lookupByName, 'one')
    refused(VIR_ERR_NO_DOMAIN, dom.info)


@case('a transient guest cannot take a place that is taken')
def _(s):
    s.conn.createXML(guest_xml('one', uuid=UUID), PAUSED)
    refused(VIR_ERR_OPERATION_INVALID, s.conn.createXML, guest_xml('one', uuid=UUID), PAUSED, naming='one')
    refused(VIR_ERR_OPERATION_FAILED, s.conn.createXML, guest_xml('one', uuid=OTHER), PAUSED, naming='one')
    refused(VIR_ERR_OPERATION_FAILED, s.conn.createXML, guest_xml('two', uuid=UUID), PAUSED, naming='one')
    equal(len(s.processes()), 1)


@case('create of a defined guest runs what the document says, once')
def _(s):
    s.define('one', uuid=UUID)
    dom = s.conn.createXML(guest_xml('one', uuid=UUID, memory=160), PAUSED)
    equal((dom.isPersistent(), dom.maxMemory()), (1, 160 * 1024))
    dom.destroy()
    equal(dom.maxMemory(), 128 * 1024)


@case('a transient guest with autodestroy ends with its connection')
def _(s):
    events = s.events('LIFECYCLE')
    mine = s.connect()
    mine.createXML(guest_xml('one'), PAUSED | libvirt.VIR_DOMAIN_START_AUTODESTROY)
    mine.close()
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
    equal(s.conn.listAllDomains(), [])


@case('flags that change nothing here are accepted')
def _(s):
    dom = s.define('one')
    for flags in (libvirt.VIR_DOMAIN_START_BYPASS_CACHE, libvirt.VIR_DOMAIN_START_FORCE_BOOT):
        dom.createWithFlags(PAUSED | flags)
        dom.destroy()


@case('the variable store is made from its template, kept, and reset when asked')
def _(s):
    loader = s.file('loader.fd', size=1 << 20)
    template = s.file('template.fd', 'fresh', size=1 << 20)
    store = os.path.join(s.home, 'store.fd')
    dom = s.define('one', boot=f"<loader readonly='yes' type='pflash'>{loader}</loader>"
                               f"<nvram template='{template}'>{store}</nvram>")
    dom.createWithFlags(PAUSED)
    dom.destroy()
    with open(store, 'r+b') as f:
        equal(f.read(5), b'fresh')
        f.seek(0)
        f.write(b'USED!')
    dom.createWithFlags(PAUSED)
    dom.destroy()
    with open(store, 'rb') as f:
        equal(f.read(5), b'USED!')
    dom.createWithFlags(PAUSED | libvirt.VIR_DOMAIN_START_RESET_NVRAM)
    dom.destroy()
    with open(store, 'rb') as f:
        equal(f.read(5), b'fresh')


FAILS = [
    # what is wrong, its parts, the code, what the message names
    ('a disk that is missing', {'devices': DISK.format('/nowhere/disk.img')},
     VIR_ERR_SYSTEM_ERROR, '/nowhere/disk.img'),
    ('a kernel that is missing', {'boot': '<kernel>/nowhere/vmlinux</kernel>'},
     VIR_ERR_SYSTEM_ERROR, '/nowhere/vmlinux'),
    ('a kernel that is none', {'boot': '<kernel>/etc/passwd</kernel>'},
     VIR_ERR_INTERNAL_ERROR, 'qemu'),
    ('a disk in a format that it has not', {'devices': DISK.format('/etc/passwd').replace(
        '<source', "<driver name='qemu' type='qcow2'/><readonly/><source")}, (VIR_ERR_INTERNAL_ERROR, VIR_ERR_OPERATION_FAILED), 'qcow2'),
    ('a loader that is missing', {'boot': "<loader type='rom'>/nowhere/bios.bin</loader>"},
     VIR_ERR_SYSTEM_ERROR, '/nowhere/bios.bin'),
]


def fail_to_start(what, parts, code, naming):
    @case(f'{what}: the start fails and nothing is left')
    def _(s):
        events = s.events('LIFECYCLE')
        dom = s.define('one', **parts)
        refused(code, dom.create, naming=naming)
        equal((dom.isActive(), dom.ID(), s.processes()), (0, -1, {}))
        equal(dom.state()[0], libvirt.VIR_DOMAIN_SHUTOFF)
        refused(code, s.conn.createXML, guest_xml('two', **parts))
        equal([d.name() for d in s.conn.listAllDomains()], ['one'])
        assert not [e for e in events.seen('LIFECYCLE', 'one') if e[0] == VIR_DOMAIN_EVENT_STARTED]


for row in FAILS:
    fail_to_start(*row)


@case('an emulator that is gone by the start is named')
def _(s):
    emulator = os.path.join(s.home, 'qemu-here')
    os.symlink(QEMU, emulator)
    dom = s.define('one', emulator=emulator)
    os.unlink(emulator)
    refused((VIR_ERR_SYSTEM_ERROR, VIR_ERR_INVALID_ARG), dom.create, naming=emulator)


@case('what virsh creates, starts paused and destroys')
def _(s):
    path = s.file('one.xml', guest_xml('one', uuid=UUID))
    s.virsh('create', path, '--paused')
    contains(s.virsh('list'), 'one', 'paused')
    contains(s.virsh('domstate', 'one', '--reason'), 'paused (user)')
    contains(s.virsh('domid', UUID), '')
    s.virsh('destroy', 'one')
    equal(s.virsh('list', '--all').strip(), '')
    s.virsh('define', path)
    s.virsh('start', 'one', '--paused')
    contains(s.virsh('start', 'one', fails=True), 'already active')
    s.virsh('destroy', 'one', '--graceful')
    contains(s.virsh('destroy', 'one', fails=True), 'not running')


if __name__ == '__main__':
    main()
