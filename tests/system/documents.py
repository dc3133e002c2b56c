#!/usr/bin/python3
"""documents.py - what a guest's document becomes: defaults, addresses, aliases; title, description, metadata"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import xml.etree.ElementTree as etree

import libvirt
from harness import QEMU, case, contains, equal, main, refused
from libvirt import (VIR_DOMAIN_AFFECT_CONFIG, VIR_DOMAIN_AFFECT_CURRENT, VIR_DOMAIN_AFFECT_LIVE,
                     VIR_DOMAIN_METADATA_DESCRIPTION, VIR_DOMAIN_METADATA_ELEMENT, VIR_DOMAIN_METADATA_TITLE,
                     VIR_DOMAIN_XML_INACTIVE, VIR_DOMAIN_XML_MIGRATABLE, VIR_DOMAIN_XML_SECURE,
                     VIR_ERR_INVALID_ARG, VIR_ERR_NO_DOMAIN_METADATA, VIR_ERR_OPERATION_INVALID,
                     VIR_ERR_XML_DETAIL, VIR_ERR_XML_ERROR)

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED


def everything(s):
    """One of each of what a first guest needs."""
    disk, iso = s.file('disk.img', size=1 << 20), s.file('cd.iso', size=1 << 20)
    return {
        'head': '<title>a title</title><description>some words</description>',
        'vcpus': 2,
        'features': '<acpi/><apic/><pae/>',
        'on': "<cpu mode='custom' match='exact'><model>qemu64</model></cpu><clock offset='localtime'/>"
              '<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>',
        'serial': "<serial type='pty'/><serial type='null'/>",
        'devices': f"""
          <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/>
            <target dev='vda' bus='virtio'/></disk>
          <disk type='file' device='cdrom'><source file='{iso}'/><target dev='hda' bus='ide'/><readonly/></disk>
          <disk type='file' device='disk'><source file='{s.file('s.img', size=1 << 20)}'/><target dev='sda' bus='scsi'/></disk>
          <disk type='file' device='disk'><source file='{s.file('t.img', size=1 << 20)}'/><target dev='sdb' bus='sata'/></disk>
          <controller type='scsi' model='virtio-scsi'/>
          <interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/></interface>
          <channel type='unix'><target type='virtio' name='org.ostler.echo.0'/></channel>
          <input type='tablet' bus='usb'/>
          <graphics type='vnc' autoport='yes' listen='127.0.0.1' passwd='secret'/>
          <video><model type='vga'/></video>
          <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
          <memballoon model='virtio'><stats period='1'/></memballoon>
          <watchdog model='i6300esb' action='reset'/>""",
    }


def document(dom, flags=0):
    return etree.fromstring(dom.XMLDesc(flags))


def attributes(root, path, name):
    return [e.get(name) for e in root.findall(path)]


@case('a bare document is filled in as clients expect')
def _(s):
    dom = s.conn.defineXML("<domain type='qemu'><name>bare</name><memory>131072</memory>"
                           "<os><type>hvm</type></os></domain>")
    root = document(dom)
    equal(root.get('type'), 'qemu')
    equal(root.findtext('currentMemory'), '131072')
    equal((root.findtext('vcpu'), root.find('vcpu').get('placement')), ('1', 'static'))
    kind = root.find('os/type')
    equal((kind.get('arch'), kind.text), ('x86_64', 'hvm'))
    contains(kind.get('machine'), 'pc-i440fx-')
    equal(attributes(root, 'os/boot', 'dev'), ['hd'])
    equal([root.findtext(n) for n in ('on_poweroff', 'on_reboot', 'on_crash')], ['destroy', 'restart', 'destroy'])
    equal(root.find('clock').get('offset'), 'utc')
    equal(root.findtext('devices/emulator'), QEMU)
    equal(attributes(root, 'devices/controller', 'type'), ['usb', 'pci'])
    equal(attributes(root, 'devices/input', 'type'), ['mouse', 'keyboard'])
    equal(root.find('devices/memballoon').get('model'), 'virtio')
    equal([e.tag for e in root], ['name', 'uuid', 'memory', 'currentMemory', 'vcpu', 'os', 'cpu', 'clock',
                                  'on_poweroff', 'on_reboot', 'on_crash', 'devices'])


@case('memory is told in KiB, whatever unit it came in')
def _(s):
    for unit, amount, kib in (('bytes', 128 << 20, 128 << 10), ('KB', 131072, 128000), ('KiB', 131072, 131072),
                              ('MB', 128, 125000), ('MiB', 128, 131072), ('G', 1, 1 << 20), ('GB', 1, 976563)):
        dom = s.conn.defineXML(f"<domain type='qemu'><name>{unit}</name><memory unit='{unit}'>{amount}</memory>"
                               "<os><type>hvm</type></os></domain>")
        equal(dom.maxMemory(), kib)


@case('every device keeps what was asked and gets what it lacks')
def _(s):
    dom = s.define('full', **everything(s))
    root = document(dom)
    equal((root.findtext('title'), root.findtext('description')), ('a title', 'some words'))
    equal([e.tag for e in root.find('features')], ['acpi', 'apic', 'pae'])
    equal(root.find('clock').get('offset'), 'localtime')
    equal(attributes(root, 'devices/disk/target', 'bus'), ['virtio', 'ide', 'scsi', 'sata'])
    equal(attributes(root, 'devices/disk/driver', 'type'), ['raw'] * 4)
    kinds = attributes(root, 'devices/controller', 'type')
    equal(sorted(kinds), ['ide', 'pci', 'sata', 'scsi', 'usb', 'virtio-serial'])
    slots = {}
    for address in root.findall('devices/*/address'):
        if address.get('type') == 'pci':
            place = tuple(address.get(n) for n in ('domain', 'bus', 'slot', 'function'))
            assert place not in slots, f'{place} twice'
            slots[place] = address
    assert len(slots) >= 10, slots
    drive = root.find("devices/disk[2]/address")
    equal([drive.get(n) for n in ('type', 'controller', 'bus', 'target', 'unit')], ['drive', '0', '0', '0', '0'])
    equal(attributes(root, 'devices/serial/target', 'port'), ['0', '1'])
    equal(root.find('devices/channel/target').get('name'), 'org.ostler.echo.0')
    equal(root.find('devices/graphics').get('port'), '-1')
    equal(root.find('devices/interface/mac').get('address'), '52:54:00:11:22:33')


@case('define of what dumpxml gave changes nothing')
def _(s):
    dom = s.define('full', **everything(s))
    text = dom.XMLDesc(VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE)
    again = s.conn.defineXML(text)
    equal(again.XMLDesc(VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE), text)
    dom.createWithFlags(PAUSED)
    equal(dom.XMLDesc(VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE), text)
    s.conn.defineXML(dom.XMLDesc(VIR_DOMAIN_XML_SECURE))  # a live document is a definition too


@case('a running guest: id, aliases, sources, ports; its inactive document has none of them')
def _(s):
    dom = s.define('full', **everything(s))
    dom.createWithFlags(PAUSED)
    root, inactive = document(dom), document(dom, VIR_DOMAIN_XML_INACTIVE)
    equal((root.get('id'), inactive.get('id')), (str(dom.ID()), None))
    equal(attributes(root, 'devices/disk/alias', 'name'), ['virtio-disk0', 'ide0-0-0', 'scsi0-0-0-0', 'sata0-0-1'])
    for path, alias in (('interface', 'net0'), ('serial', 'serial0'), ('console', 'serial0'), ('channel', 'channel0'),
                        ('input', 'input0'), ('video', 'video0'), ('rng', 'rng0'), ('memballoon', 'balloon0'),
                        ('watchdog', 'watchdog0')):
        equal(root.find(f'devices/{path}/alias').get('name'), alias)
    contains(root.find('devices/serial/source').get('path'), '/dev/pts/')
    equal(root.find('devices/console').get('tty'), root.find('devices/serial/source').get('path'))
    assert int(root.find('devices/graphics').get('port')) >= 5900
    equal(inactive.find('devices/graphics').get('port'), '-1')
    equal(inactive.findall('devices/*/alias'), [])
    equal([a.attrib for a in root.findall('devices/*/address')], [a.attrib for a in inactive.findall('devices/*/address')])


@case('secrets are shown to who may see them')
def _(s):
    dom = s.define('full', **everything(s))
    for flags, passwd in ((0, None), (VIR_DOMAIN_XML_SECURE, 'secret'), (VIR_DOMAIN_XML_INACTIVE, None)):
        equal(document(dom, flags).find('devices/graphics').get('passwd'), passwd)


@case('the migratable document leaves out what the other side makes itself')
def _(s):
    dom = s.define('full', **everything(s))
    dom.createWithFlags(PAUSED)
    root = document(dom, VIR_DOMAIN_XML_MIGRATABLE)
    equal((root.get('id'), root.findall('devices/*/alias')), (None, []))
    equal(attributes(root, 'devices/graphics', 'port'), ['-1'])
    assert "type='usb' index='0' model='piix3-uhci'" not in dom.XMLDesc(VIR_DOMAIN_XML_MIGRATABLE)


@case('title and description: set, shown, taken away')
def _(s):
    dom = s.define('one')
    for kind, text in ((VIR_DOMAIN_METADATA_TITLE, 'a title'), (VIR_DOMAIN_METADATA_DESCRIPTION, 'two\nlines')):
        refused(VIR_ERR_NO_DOMAIN_METADATA, dom.metadata, kind, None, VIR_DOMAIN_AFFECT_CURRENT)
        dom.setMetadata(kind, text, None, None, VIR_DOMAIN_AFFECT_CURRENT)
        equal(dom.metadata(kind, None, VIR_DOMAIN_AFFECT_CONFIG), text)
    equal((document(dom).findtext('title'), document(dom).findtext('description')), ('a title', 'two\nlines'))
    dom.setMetadata(VIR_DOMAIN_METADATA_TITLE, None, None, None, VIR_DOMAIN_AFFECT_CONFIG)
    refused(VIR_ERR_NO_DOMAIN_METADATA, dom.metadata, VIR_DOMAIN_METADATA_TITLE, None, VIR_DOMAIN_AFFECT_CONFIG)
    refused(VIR_ERR_INVALID_ARG, dom.setMetadata, VIR_DOMAIN_METADATA_TITLE, 'two\nlines', None, None, 0)
    refused(VIR_ERR_OPERATION_INVALID, dom.setMetadata, VIR_DOMAIN_METADATA_TITLE, 'x', None, None, VIR_DOMAIN_AFFECT_LIVE)


@case('metadata of applications: each in its own name space')
def _(s):
    dom = s.define('one')

    def put(text, key, uri):
        dom.setMetadata(VIR_DOMAIN_METADATA_ELEMENT, text, key, uri, VIR_DOMAIN_AFFECT_CONFIG)

    def get(uri):
        return dom.metadata(VIR_DOMAIN_METADATA_ELEMENT, uri, VIR_DOMAIN_AFFECT_CONFIG)

    put("<colour depth='3'>red</colour>", 'a', 'urn:a')
    put('<x><y/></x>', 'b', 'urn:b')
    equal(etree.fromstring(get('urn:a')).text, 'red')
    equal(etree.fromstring(get('urn:b'))[0].tag, 'y')
    contains(dom.XMLDesc(), 'xmlns:a="urn:a"', '<a:colour')
    put('<colour>blue</colour>', 'a', 'urn:a')
    equal(etree.fromstring(get('urn:a')).text, 'blue')
    put(None, None, 'urn:a')
    refused(VIR_ERR_NO_DOMAIN_METADATA, get, 'urn:a')
    equal(etree.fromstring(get('urn:b'))[0].tag, 'y')
    refused((VIR_ERR_XML_DETAIL, VIR_ERR_XML_ERROR), put, '<broken', 'c', 'urn:c')


@case('live and lasting values are two')
def _(s):
    dom = s.define('one')
    dom.createWithFlags(PAUSED)
    dom.setMetadata(VIR_DOMAIN_METADATA_TITLE, 'now', None, None, VIR_DOMAIN_AFFECT_LIVE)
    dom.setMetadata(VIR_DOMAIN_METADATA_TITLE, 'later', None, None, VIR_DOMAIN_AFFECT_CONFIG)
    equal(dom.metadata(VIR_DOMAIN_METADATA_TITLE, None, VIR_DOMAIN_AFFECT_CURRENT), 'now')
    equal(dom.metadata(VIR_DOMAIN_METADATA_TITLE, None, VIR_DOMAIN_AFFECT_CONFIG), 'later')
    dom.destroy()
    equal(dom.metadata(VIR_DOMAIN_METADATA_TITLE, None, VIR_DOMAIN_AFFECT_CURRENT), 'later')


@case('what virsh desc and metadata do')
def _(s):
    s.define('one')
    s.virsh('desc', 'one', '--title', 'a new title')
    equal(s.virsh('desc', 'one', '--title').strip(), 'a new title')
    s.virsh('desc', 'one', 'many words')
    equal(s.virsh('desc', 'one').strip(), 'many words')
    contains(s.virsh('list', '--all', '--title'), 'a new title')
    s.virsh('metadata', 'one', 'urn:v', '--key', 'v', '--set', '<v/>')
    contains(s.virsh('metadata', 'one', 'urn:v'), '<v/>')
    s.virsh('metadata', 'one', 'urn:v', '--remove')
    s.virsh('metadata', 'one', 'urn:v', fails=True)
    equal(s.virsh('dumpxml', 'one', '--xpath', '//title').strip(), '<title>a new title</title>')


if __name__ == '__main__':
    main()
