#!/usr/bin/python3
"""mdev.py - devices that are made: mediated ones and virtual ports, on a planted machine whose kernel is played"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import os
import re
import shutil
import struct
import subprocess
import uuid as uuids

import libvirt
from harness import Skip, case, contains, equal, main, refused, stack, until
from libvirt import (VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_INVALID_ARG, VIR_ERR_NO_NODE_DEVICE,
                     VIR_ERR_OPERATION_INVALID, VIR_ERR_OPERATION_UNSUPPORTED)
from daemonlink import REMOTE, DaemonLink, Refused, string
from machine import CARD, KIND, PARENT, DeviceEvents, Kernel, Machine, mdev_name as name_of, mdev_xml as xml, tree

INACTIVE = 1  # of XMLDesc()
XML_ERRORS = (libvirt.VIR_ERR_XML_ERROR, libvirt.VIR_ERR_XML_DETAIL)


def new():
    return str(uuids.uuid4())


@case('defined, started, ended, forgotten; each is told')
def _(s):
    with Machine(s, tree('special')) as m, Kernel(m):
        events = DeviceEvents(m.conn)
        uuid = new()
        device = m.conn.nodeDeviceDefineXML(xml(uuid))
        equal(device.name(), name_of(uuid))
        events.wait(device.name(), 'defined')
        equal((device.isActive(), device.isPersistent(), device.autostart()), (0, 1, 0))
        equal(device.parent(), PARENT)
        assert device.name() in m.names(libvirt.VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE)
        assert device.name() not in m.conn.listDevices('mdev')
        contains(device.XMLDesc(), f'<uuid>{uuid}</uuid>', f"<type id='{KIND}'/>", '<parent_addr>0000:00:02.0</parent_addr>')
        device.create()
        events.wait(device.name(), 'created')
        equal((device.isActive(), device.isPersistent()), (1, 1))
        contains(device.XMLDesc(), "<iommuGroup number='33'/>", '<path>/sys/')
        assert '<path>' not in device.XMLDesc(INACTIVE)
        refused(VIR_ERR_OPERATION_INVALID, device.create, naming='active')
        device.destroy()
        events.wait(device.name(), 'deleted')
        equal((device.isActive(), device.isPersistent()), (0, 1))
        refused(VIR_ERR_OPERATION_INVALID, device.destroy, naming='not active')
        device.undefine()
        events.wait(device.name(), 'undefined')
        refused(VIR_ERR_NO_NODE_DEVICE, device.isActive)
        equal(events.seen(), [])
        events.close()


@case('not ended while a guest has it')
def _(s):
    with Machine(s, tree('special')) as m, Kernel(m):
        uuid = new()
        device = m.conn.nodeDeviceCreateXML(xml(uuid))
        link = DaemonLink(m.root, 'noded', 'nodedev:///system')
        link.take(f"<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='{uuid}'/></source></hostdev>",
                  name='one')
        refused(VIR_ERR_OPERATION_INVALID, device.destroy, naming="in use by guest 'one'")
        equal(device.isActive(), 1)
        link.keep()
        device.destroy()
        link.close()


@case('made for the moment, and kept while it is there')
def _(s):
    with Machine(s, tree('special')) as m, Kernel(m):
        uuid = new()
        device = m.conn.nodeDeviceCreateXML(xml(uuid))
        equal((device.name(), device.isActive(), device.isPersistent()), (name_of(uuid), 1, 0))
        refused(VIR_ERR_OPERATION_INVALID, device.undefine)
        refused(VIR_ERR_OPERATION_INVALID, device.setAutostart, 1)
        refused(VIR_ERR_OPERATION_INVALID, m.conn.nodeDeviceCreateXML, xml(uuid), naming='active')
        refused(VIR_ERR_OPERATION_INVALID, device.XMLDesc, INACTIVE)
        equal(m.conn.nodeDeviceDefineXML(xml(uuid)).name(), device.name())
        equal((device.isActive(), device.isPersistent()), (1, 1))
        refused(VIR_ERR_OPERATION_INVALID, m.conn.nodeDeviceDefineXML, xml(uuid), naming='already defined')
        device.undefine()
        equal((device.isActive(), device.isPersistent()), (1, 0))
        device.destroy()
        refused(VIR_ERR_NO_NODE_DEVICE, device.isActive)
        assert m.conn.nodeDeviceDefineXML(xml()).name().startswith('mdev_')


@case('attributes are set; what a driver does not know undoes the device')
def _(s):
    with Machine(s, tree('special')) as m, Kernel(m) as kernel:
        uuid = new()
        device = m.conn.nodeDeviceDefineXML(xml(uuid, more="<attr name='assign_adapter' value='5'/>"))
        refused(libvirt.VIR_ERR_SYSTEM_ERROR, device.create, naming='assign_adapter')
        until(lambda: not os.path.exists(m.path(CARD, uuid)), 'it stays')
        equal(device.isActive(), 0)
        evil = m.conn.nodeDeviceDefineXML(xml(new(), more="<attr name='../../x' value='5'/>"))
        refused(XML_ERRORS, evil.create)
        equal(kernel.log[0], uuid)


UPDATE, LIVE, CONFIG = 447, 1, 2  # a procedure and its flags that are newer than the Python module


@case('changed: the definition, the device while it is there, or both')
def _(s):
    with Machine(s, tree('special')) as m, Kernel(m):
        link = DaemonLink(m.root, 'noded', 'nodedev:///system')

        def update(device, value, flags, **other):
            text = xml(**{'uuid': uuid, **other, 'more': f"<attr name='assign_adapter' value='{value}'/>"})
            link.call(UPDATE, string(device.name()) + string(text) + struct.pack('>I', flags), program=REMOTE)

        def no_update(code, why, *args, **other):
            try:
                update(*args, **other)
            except Refused as e:
                equal(e.code, code)
                contains(e.message, why)
            else:
                raise AssertionError(f'{args} is done')

        def defined():
            return re.findall("value='(.*)'", device.XMLDesc(INACTIVE))

        uuid = new()
        device = m.conn.nodeDeviceDefineXML(xml(uuid))
        device.setAutostart(1)
        for value, flags in (('1', CONFIG), ('2', 0)):
            update(device, value, flags)
            equal((defined(), device.autostart()), ([value], 1))
        no_update(VIR_ERR_OPERATION_INVALID, 'is not active', device, '3', LIVE)
        no_update(VIR_ERR_OPERATION_INVALID, 'is not active', device, '3', LIVE | CONFIG)
        no_update(VIR_ERR_OPERATION_INVALID, 'cannot be changed', device, '3', 0, uuid=new())
        no_update(VIR_ERR_INVALID_ARG, '0x4', device, '3', 4)
        no_update(VIR_ERR_OPERATION_INVALID, 'cannot be changed', m.conn.nodeDeviceLookupByName(PARENT), '3', 0)
        equal(defined(), ['2'])
        m.conn.nodeDeviceLookupByName(device.name()).undefine()
        device = m.conn.nodeDeviceDefineXML(xml(uuid))
        device.create()
        m.write(f'{CARD}/{uuid}/assign_adapter', '')

        def has():
            with open(m.path(CARD, uuid, 'assign_adapter')) as f:
                return f.read().strip()

        for value, flags, live, config in (('4', 0, '4', []), ('5', LIVE, '5', []), ('6', CONFIG, '5', ['6']),
                                           ('7', LIVE | CONFIG, '7', ['7'])):
            update(device, value, flags)
            equal((has(), defined()), (live, config))
        os.unlink(m.path(CARD, uuid, 'assign_adapter'))  # what the driver refuses is not kept, either
        no_update(libvirt.VIR_ERR_SYSTEM_ERROR, 'assign_adapter', device, '8', LIVE | CONFIG)
        equal(defined(), ['7'])
        device.undefine()
        no_update(VIR_ERR_OPERATION_INVALID, 'is not defined', device, '9', CONFIG)
        link.close()


@case('stock virsh: made, marked, told of, ended')
def _(s):
    with Machine(s, tree('special')) as m, Kernel(m):
        def virsh(*args, fails=False):
            r = subprocess.run(['virsh', '-c', stack.uri(m.root, 'virtnodedevd-sock', 'nodedev'), *args],
                               capture_output=True, text=True)
            equal((r.returncode != 0, r.stderr if not fails else ''), (fails, ''))
            return re.sub(' +', ' ', r.stdout + r.stderr)

        uuid, other = new(), new()
        name = name_of(uuid)
        contains(virsh('nodedev-define', s.file('one.xml', xml(uuid))), f"Node device '{name}' defined from")
        contains(virsh('nodedev-info', name), f'Name: {name}\n', f'Parent: {PARENT}\n', 'Active: no\n', 'Persistent: yes\n', 'Autostart: no\n')
        virsh('nodedev-autostart', name)
        virsh('nodedev-start', name)
        contains(virsh('nodedev-info', name), 'Active: yes\n', 'Persistent: yes\n', 'Autostart: yes\n')
        contains(virsh('nodedev-start', name, fails=True), 'already active')
        contains(virsh('nodedev-list', '--cap', 'mdev'), name)
        contains(virsh('nodedev-dumpxml', name), f'<uuid>{uuid}</uuid>')
        contains(virsh('nodedev-destroy', name), f"Destroyed node device '{name}'")
        equal(virsh('-q', 'nodedev-list', '--cap', 'mdev', '--inactive').split(), [name])
        virsh('nodedev-autostart', name, '--disable')
        contains(virsh('nodedev-info', name), 'Active: no\n', 'Autostart: no\n')
        contains(virsh('nodedev-undefine', name), f"Undefined node device '{name}'")
        contains(virsh('nodedev-info', name, fails=True), name)
        contains(virsh('nodedev-create', s.file('two.xml', xml(other))), f'Node device {name_of(other)} created from')
        contains(virsh('nodedev-info', name_of(other)), 'Active: yes\n', 'Persistent: no\n')
        virsh('nodedev-destroy', name_of(other))
        equal({name, name_of(other)} & set(virsh('-q', 'nodedev-list', '--cap', 'mdev', '--all').split()), set())


@case('definitions and their marks outlive the daemon, however it ends')
def _(s):
    with Machine(s, tree('special')) as m, Kernel(m):
        one, two, three = new(), new(), new()
        for uuid in (one, two, three):
            m.conn.nodeDeviceDefineXML(xml(uuid))
        m.conn.nodeDeviceLookupByName(name_of(two)).setAutostart(1)
        m.conn.nodeDeviceLookupByName(name_of(three)).create()
        m.restart()
        for uuid, state in ((one, (0, 1, 0)), (two, (0, 1, 1)), (three, (1, 1, 0))):
            device = m.conn.nodeDeviceLookupByName(name_of(uuid))
            equal((device.isActive(), device.isPersistent(), device.autostart()), state)


@case('marked ones start with the host, and with the device whose shares they are')
def _(s):
    with Machine(s, tree('special')) as m, Kernel(m):
        uuid = new()
        device = m.conn.nodeDeviceDefineXML(xml(uuid))
        device.setAutostart(1)
        m.kill()
        os.unlink(os.path.join(m.root, 'run/ostler/nodedev/autostarted'))  # the host's next start
        m.start()
        device = m.conn.nodeDeviceLookupByName(name_of(uuid))
        until(device.isActive, 'not started')
        device.destroy()
        m.restart()
        device = m.conn.nodeDeviceLookupByName(name_of(uuid))
        equal(device.isActive(), 0)
        events = DeviceEvents(m.conn)
        types = m.path(CARD, 'mdev_supported_types')
        os.rename(types, types + '.away')
        m.tell('change', CARD, 'pci')
        events.wait(PARENT, 'updated')
        os.rename(types + '.away', types)
        m.tell('change', CARD, 'pci')
        events.wait(device.name(), 'created')
        events.close()
        device.setAutostart(0)
        equal(device.autostart(), 0)


@case('a daemon without clients stays while a marked device waits for its parent')
def _(s):
    with Machine(s, tree('special'), options=('--timeout', '1')) as m, Kernel(m):
        uuid = new()
        m.conn.nodeDeviceDefineXML(xml(uuid)).setAutostart(1)  # an object of it would hold the connection
        m.disconnect()
        try:
            m.child.wait(2.5)
            raise AssertionError('the daemon has ended')
        except subprocess.TimeoutExpired:
            pass
        m.conn = m.connect()
        m.conn.nodeDeviceLookupByName(name_of(uuid)).setAutostart(0)
        m.disconnect()
        m.child.wait(30)


@case('what cannot be defined, made or ended')
def _(s):
    with Machine(s, tree('special')) as m, Kernel(m):
        uuid = new()
        for call in (m.conn.nodeDeviceDefineXML, m.conn.nodeDeviceCreateXML):
            refused(VIR_ERR_CONFIG_UNSUPPORTED, call, m.xml('pci_0000_00_06_0'))
            refused(XML_ERRORS, call, '<device>')
            refused(XML_ERRORS, call, '<device/>')
            refused(XML_ERRORS, call, f"<device><parent>{PARENT}</parent><capability type='mdev'/></device>")
            refused(VIR_ERR_CONFIG_UNSUPPORTED, call, "<device><capability type='mdev'><type id='x'/></capability></device>",
                    naming='parent')
            refused(VIR_ERR_CONFIG_UNSUPPORTED, call, xml(uuid, parent='pci_9'), naming='pci_9')
            refused(VIR_ERR_CONFIG_UNSUPPORTED, call, xml(uuid, parent='pci_0000_00_06_0'), naming='pci_0000_00_06_0')
            refused(VIR_ERR_CONFIG_UNSUPPORTED, call, xml(uuid, kind='warp'), naming='warp')
        card, computer = (m.conn.nodeDeviceLookupByName(n) for n in ('pci_0000_00_06_0', 'computer'))
        for call in (card.create, computer.create, card.undefine):
            refused(VIR_ERR_OPERATION_INVALID, call)
        for call in (card.destroy, computer.destroy, computer.undefine):
            refused(VIR_ERR_CONFIG_UNSUPPORTED, call)
        refused(VIR_ERR_OPERATION_UNSUPPORTED, card.setAutostart, 1)
        refused(VIR_ERR_INVALID_ARG, card.create, 4)
        refused(VIR_ERR_INVALID_ARG, m.conn.nodeDeviceLookupByName('computer').dettach)
        refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, card.dettach, naming='IOMMU')
        refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, card.detachFlags, 'kvm')
        refused(VIR_ERR_INVALID_ARG, card.detachFlags, 'warp')
        refused(VIR_ERR_OPERATION_UNSUPPORTED, card.reset)


@case('a virtual port of a Fibre Channel host')
def _(s):
    port = ("<device>{}<capability type='scsi_host'><capability type='fc_host'><wwnn>{}</wwnn><wwpn>{}</wwpn>"
            "</capability></capability></device>")
    names = '2000001b32a9da4f', '2100001b32a9da4f'
    with Machine(s, tree('special')) as m, Kernel(m) as kernel:
        events = DeviceEvents(m.conn)
        for parent in ('<parent>scsi_host5</parent>', '', "<parent wwnn='2000001b32a9da4e' wwpn='2100001b32a9da4e'/>",
                       "<parent fabric_wwn='2001000dec9877c1'/>"):
            device = m.conn.nodeDeviceCreateXML(port.format(parent, *names))
            equal(device.name(), 'scsi_host6')
            events.wait('scsi_host6', 'created')
            contains(device.XMLDesc(), f'<wwnn>{names[0]}</wwnn>', f'<wwpn>{names[1]}</wwpn>')
            equal(m.conn.nodeDeviceLookupSCSIHostByWWN(*names).name(), 'scsi_host6')
            equal(device.parent(), 'scsi_host5')
            device.destroy()
            events.wait('scsi_host6', 'deleted')
            equal(kernel.log[-2:], [f'{names[1]}:{names[0]}'] * 2)
        count = len(kernel.log)
        create = m.conn.nodeDeviceCreateXML
        refused(VIR_ERR_NO_NODE_DEVICE, create, port.format('<parent>scsi_host9</parent>', *names), naming='scsi_host9')
        refused(VIR_ERR_NO_NODE_DEVICE, create, port.format("<parent fabric_wwn='20'/>", *names))
        refused(XML_ERRORS, create, port.format('', '20', names[1]))
        refused(VIR_ERR_CONFIG_UNSUPPORTED, create, port.format(f'<parent>{PARENT}</parent>', *names))
        refused(VIR_ERR_CONFIG_UNSUPPORTED, m.conn.nodeDeviceDefineXML, port.format('', *names))
        refused(VIR_ERR_CONFIG_UNSUPPORTED, m.conn.nodeDeviceLookupByName('scsi_host5').destroy)
        equal(len(kernel.log), count)
        events.close()


# ---- definitions on disk ------------------------------------------------------------------------

def definition(kind=KIND, start='manual', attrs=()):
    return {'mdev_type': kind, 'start': start, 'attrs': [dict([a]) for a in attrs]}


class Files:
    """The definitions of a machine's mediated devices, which others may change, too."""

    def __init__(self, m, parent='0000:00:02.0'):
        self.folder = os.path.join(m.root, 'etc/mdevctl.d', parent)

    def write(self, uuid, what):
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, uuid), 'w') as f:
            f.write(what if isinstance(what, str) else json.dumps(what))

    def read(self, uuid):
        with open(os.path.join(self.folder, uuid)) as f:
            return json.load(f)

    def remove(self, uuid):
        os.unlink(os.path.join(self.folder, uuid))


@case('definitions are the files that mdevctl has; what others do to them is told')
def _(s):
    with Machine(s, tree('special')) as m, Kernel(m):
        files, far, matrix = Files(m), Files(m, '0000:00:1f.0'), Files(m, 'matrix')
        one, two, three, four, five = (new() for _ in range(5))
        device = m.conn.nodeDeviceDefineXML(xml(one, more="<attr name='b' value='1'/><attr name='a' value='&quot;2&quot;'/>"))
        equal(files.read(one), definition(attrs=(('b', '1'), ('a', '"2"'))))
        files.write(one, dict(files.read(one), more='of a later mdevctl'))
        device.setAutostart(1)
        equal(files.read(one), dict(definition(start='auto', attrs=(('b', '1'), ('a', '"2"'))), more='of a later mdevctl'))
        m.kill()
        files.write(two, definition(start='auto', attrs=(('x', '<7>'),)))
        far.write(three, definition('warp'))
        files.write(four, 'nonsense')
        matrix.write(five, definition('vfio_ap-passthrough', attrs=(('assign_adapter', '5'), ('assign_adapter', '6'))))
        files.write('not-a-uuid', definition())
        m.start()
        equal(sorted(n for n in m.names(libvirt.VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE)),
              sorted([name_of(one), name_of(two), 'mdev_' + three.replace('-', '_') + '_0000_00_1f_0',
                      'mdev_' + five.replace('-', '_') + '_matrix']))
        look = m.conn.nodeDeviceLookupByName
        device = look(name_of(two))
        equal((device.isActive(), device.isPersistent(), device.autostart(), device.parent()), (0, 1, 1, PARENT))
        contains(device.XMLDesc(), "<attr name='x' value='&lt;7&gt;'/>", '<parent_addr>0000:00:02.0</parent_addr>')
        lost = look('mdev_' + three.replace('-', '_') + '_0000_00_1f_0')
        equal(lost.parent(), 'computer')
        refused(VIR_ERR_CONFIG_UNSUPPORTED, lost.create, naming='parent')
        shares = look('mdev_' + five.replace('-', '_') + '_matrix')
        equal(shares.parent(), 'ap_matrix')
        equal(shares.XMLDesc().count("<attr name='assign_adapter'"), 2)

        events = DeviceEvents(m.conn)
        files.write(two, definition())
        events.wait(name_of(two), 'updated')
        equal(look(name_of(two)).autostart(), 0)
        files.remove(two)
        events.wait(name_of(two), 'undefined')
        files.write(four, definition())
        events.wait(name_of(four), 'defined')
        look(name_of(four)).create()
        events.wait(name_of(four), 'created')
        files.write(four, '{"mdev_type": "\\u0001"}')
        events.wait(name_of(four), 'undefined')
        equal(look(name_of(four)).isPersistent(), 0)
        look(name_of(four)).destroy()
        events.wait(name_of(four), 'deleted')
        shutil.rmtree(os.path.dirname(files.folder))  # and with it what is watched
        for name in (name_of(one), lost.name(), shares.name()):
            events.wait(name, 'undefined')
        until(lambda: os.path.isdir(os.path.dirname(files.folder)), 'it is not made anew')
        far.write(three, definition())
        events.wait(lost.name(), 'defined')
        far.remove(three)
        events.wait(lost.name(), 'undefined')
        equal(events.seen(), [])
        events.close()


@case('a thousand definitions that come at once, none is lost')
def _(s):
    with Machine(s, tree('special')) as m:
        files, uuids = Files(m), [new() for _ in range(1000)]
        for uuid in uuids:
            files.write(uuid, definition())
        inactive = libvirt.VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE
        until(lambda: len(m.names(inactive)) == len(uuids), lambda: len(m.names(inactive)))
        shutil.rmtree(files.folder)
        until(lambda: not m.names(inactive), lambda: len(m.names(inactive)))


@case('where mdevctl is installed it does the work, and both say the same')
def _(s):
    program = shutil.which('mdevctl')
    if not program:
        raise Skip('mdevctl is not installed')
    with Machine(s, tree('special')) as m, Kernel(m) as kernel:
        m.kill()
        folder = os.path.join(m.root, 'etc/mdevctl.d')
        os.makedirs(folder + '/scripts.d/callouts')
        os.makedirs(folder + '/scripts.d/notifiers')
        os.makedirs(m.path('class/mdev_bus'))
        os.symlink(m.path(CARD), m.path('class/mdev_bus/0000:00:02.0'))
        mine = os.path.join(m.root, 'usr/bin/mdevctl')  # the same program, to which this machine is the only one
        os.makedirs(os.path.dirname(mine))
        os.makedirs('/mnt/etc', exist_ok=True)
        with open(mine, 'w') as f:
            f.write(f"""#!/bin/sh
test -e /etc/mdevctl.d || mount -t overlay overlay -o lowerdir={m.root}/etc:/etc /etc
exec unshare -m sh -c 'mount --rbind {m.path()} /sys && mount --bind {folder} /etc/mdevctl.d && exec {program} "$@"' sh "$@"
""")
        os.chmod(mine, 0o755)
        m.start()
        events = DeviceEvents(m.conn)

        def mdevctl(*args):
            return subprocess.run([mine, *args], check=True, capture_output=True, text=True).stdout.strip()

        def wait_for(uuid, *what):
            for word in what:
                events.wait(name_of(uuid), word)

        one, two = new(), new()
        device = m.conn.nodeDeviceDefineXML(xml(one))
        wait_for(one, 'defined')
        equal(mdevctl('list', '-d'), f'{one} 0000:00:02.0 {KIND} manual')
        device.setAutostart(1)
        wait_for(one, 'updated')
        equal(mdevctl('list', '-d'), f'{one} 0000:00:02.0 {KIND} auto')
        mdevctl('define', '-u', two, '-p', '0000:00:02.0', '-t', KIND)
        wait_for(two, 'defined')
        mdevctl('modify', '-u', two, '--auto')
        wait_for(two, 'updated')
        device = m.conn.nodeDeviceLookupByName(name_of(two))
        equal((device.isActive(), device.isPersistent(), device.autostart()), (0, 1, 1))
        device.create()
        wait_for(two, 'created')
        contains(mdevctl('list', '-d'), f'{two} 0000:00:02.0 {KIND} auto (active)')
        device.destroy()
        wait_for(two, 'deleted')
        mdevctl('start', '-u', one)
        wait_for(one, 'created')
        mdevctl('undefine', '-u', one)
        wait_for(one, 'undefined')
        device = m.conn.nodeDeviceLookupByName(name_of(one))
        equal((device.isActive(), device.isPersistent()), (1, 0))
        device.destroy()
        wait_for(one, 'deleted')
        m.conn.nodeDeviceLookupByName(name_of(two)).undefine()
        wait_for(two, 'undefined')
        equal(mdevctl('list', '-d'), '')
        device = m.conn.nodeDeviceCreateXML(xml(one))
        equal((device.isActive(), device.isPersistent()), (1, 0))
        device.destroy()

        hook = folder + '/scripts.d/callouts/maker'  # what the maker of a driver does not like is not done
        with open(hook, 'w') as f:
            f.write('#!/bin/sh\ncat >/dev/null\necho "not on this card" >&2\nexit 1\n')
        os.chmod(hook, 0o755)
        for call in (m.conn.nodeDeviceDefineXML, m.conn.nodeDeviceCreateXML):
            try:
                call(xml(one))
                raise AssertionError('the hook was not asked')
            except libvirt.libvirtError as e:
                contains(str(e), 'mdevctl')
        equal([n for n in m.names() if one.replace('-', '_') in n], [])
        events.close()


if __name__ == '__main__':
    main()
