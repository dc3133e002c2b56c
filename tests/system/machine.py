"""machine.py - machines that are not there: noded on a planted tree, and who plays their kernel"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import contextlib
import os
import shutil
import socket
import sys
import threading
import time

import libvirt
from harness import BUILD, LIMIT, TOP, Timeout, stack

sys.path.append(os.path.dirname(os.path.abspath(__file__)))
import sysfs  # noqa: E402

TREES = os.path.join(TOP, 'tests/data/sysfs')
PLAIN = ('devices/system/cpu\n  present = 0\n  online = 0\n'
         'devices/system/cpu/cpu0/topology\n  physical_package_id = 0\n  core_id = 0\n  thread_siblings_list = 0\n')


def tree(name):
    with open(os.path.join(TREES, name + '.tree')) as f:
        return f.read()


class DeviceEvents:
    """What a connection tells of devices, with the time when it came."""
    LIFECYCLE = {libvirt.VIR_NODE_DEVICE_EVENT_CREATED: 'created', libvirt.VIR_NODE_DEVICE_EVENT_DELETED: 'deleted',
                 libvirt.VIR_NODE_DEVICE_EVENT_DEFINED: 'defined', libvirt.VIR_NODE_DEVICE_EVENT_UNDEFINED: 'undefined'}

    def __init__(self, conn, device=None):
        self.conn, self.log, self.changed = conn, [], threading.Condition()
        self.ids = [conn.nodeDeviceEventRegisterAny(device, number, take, None) for number, take in
                    ((libvirt.VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE, self._lifecycle),
                     (libvirt.VIR_NODE_DEVICE_EVENT_ID_UPDATE, self._update))]

    def _add(self, name, what):
        with self.changed:
            self.log.append((name, what, time.monotonic()))
            self.changed.notify_all()

    def _lifecycle(self, _conn, device, event, _detail, _data):
        self._add(device.name(), self.LIFECYCLE[event])

    def _update(self, _conn, device, _data):
        self._add(device.name(), 'updated')

    def wait(self, name, what, limit=None):
        """Takes the event out of the log; returns when it came."""
        def fits(e):
            return e[0] == name and e[1] == what

        with self.changed:
            if not self.changed.wait_for(lambda: any(map(fits, self.log)), limit or LIMIT):
                raise Timeout(f'{name} was not {what}; there were {self.log}')
            found = next(e for e in self.log if fits(e))
            self.log.remove(found)
            return found[2]

    def seen(self):
        with self.changed:
            return [(name, what) for name, what, _ in self.log]

    def close(self):
        for i in self.ids:
            self.conn.nodeDeviceEventDeregisterAny(i)


class Machine:
    """noded, alone, on a machine of its own; ends with its with statement."""

    def __init__(self, s, *trees, options=()):
        self.root = os.path.join(s.home, 'machine')
        self.top = os.path.join(s.home, 'tree')
        self.options = ('--sysfs', self.top, *options)
        self.conn = None
        os.makedirs(self.top)
        sysfs.plant(PLAIN, self.top)
        for text in trees:
            sysfs.plant(text, self.top)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.disconnect()
        stack.down(self.root, ['noded'])
        shutil.rmtree(self.root)
        shutil.rmtree(self.top)

    def start(self):
        self.child = stack.up(self.root, BUILD, ['noded'], self.options)['noded']
        self.conn = self.connect()

    def connect(self):
        return libvirt.open(stack.uri(self.root, 'virtnodedevd-sock', 'nodedev'))

    def disconnect(self):
        if self.conn:
            self.conn.close()
            self.conn = None

    def kill(self):
        self.disconnect()
        self.child.kill()
        self.child.wait()

    def restart(self):
        self.kill()
        self.start()

    def plant(self, text):
        return sysfs.plant(text, self.top)

    def path(self, *parts):
        return os.path.join(self.top, 'sys', *parts)

    def write(self, path, text):
        sysfs.write(self.path(path), text.encode() + b'\n')

    def tell(self, action, path, subsystem, **more):
        """The kernel's word that something has happened to the device at this path of sys."""
        message = [f'{action}@/{path}', f'ACTION={action}', f'DEVPATH=/{path}', f'SUBSYSTEM={subsystem}',
                   *(f'{k}={v}' for k, v in more.items())]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto('\0'.join(message).encode() + b'\0', os.path.join(self.top, 'uevent'))
        return time.monotonic()

    def names(self, flags=0):
        return sorted(d.name() for d in self.conn.listAllDevices(flags))

    def xml(self, name, flags=0):
        return self.conn.nodeDeviceLookupByName(name).XMLDesc(flags)


# ---- the kernel of special.tree: a card that can be shared, a Fibre Channel host ------------------

PARENT = 'pci_0000_00_02_0'
CARD = 'devices/pci0000:00/0000:00:02.0'
KIND = 'i915-GVTg_V5_4'
HOST = 'devices/pci0000:00/0000:00:06.0/host5'


class Kernel(threading.Thread):
    """Does what drivers do when somebody writes into their files, and tells of it."""

    def __init__(self, m):
        super().__init__(daemon=True)
        self.m, self.ends, self.log = m, threading.Event(), []
        self.create = os.path.join(CARD, 'mdev_supported_types', KIND, 'create')
        m.write(self.create, '')

    def taken(self, path):
        """What has been written there since the last look."""
        try:
            with open(self.m.path(path), 'r+') as f:
                text = f.read().strip()
                if text:  # nothing is dropped that was written since
                    f.truncate(0)
            return text
        except OSError:
            return ''

    def run(self):
        while not self.ends.wait(0.002):
            if uuid := self.taken(self.create):
                self.make(uuid)
            for uuid in [n for n in os.listdir(self.m.path(CARD)) if n.count('-') == 4]:
                if self.taken(f'{CARD}/{uuid}/remove') == '1':
                    self.remove(f'{CARD}/{uuid}', 'mdev')
            if names := self.taken(HOST + '/fc_host/host5/vport_create'):
                self.log.append(names)
                self.make_port(*names.split(':'))
            if names := self.taken(HOST + '/fc_host/host5/vport_delete'):
                self.log.append(names)
                self.remove(HOST + '/vport-5:0-0/host6', 'scsi')

    def tell(self, *event):
        """Whether somebody listens or not."""
        with contextlib.suppress(OSError):
            self.m.tell(*event)

    def make(self, uuid):
        self.log.append(uuid)
        path = f'{CARD}/{uuid}'
        self.m.plant(f'{path} @ bus/mdev\n  mdev_type -> {CARD}/mdev_supported_types/{KIND}\n  remove =\n'
                     '  iommu_group -> kernel/iommu_groups/33\n')
        self.tell('add', path, 'mdev')

    def make_port(self, wwpn, wwnn):
        path = HOST + '/vport-5:0-0/host6'
        self.m.plant(f'{path} @ bus/scsi\n  uevent = DEVTYPE=scsi_host\n{path}/fc_host/host6 @ class/fc_host\n'
                     f'  port_name = 0x{wwpn}\n  node_name = 0x{wwnn}\n  fabric_name = 0x0\n')
        self.tell('add', path, 'scsi')

    def remove(self, path, subsystem):
        os.unlink(self.m.path('bus', subsystem, 'devices', os.path.basename(path)))
        shutil.rmtree(self.m.path(path))
        self.tell('remove', path, subsystem)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.join(LIMIT)


def mdev_xml(uuid='', parent=PARENT, kind=KIND, more=''):
    return (f"<device><parent>{parent}</parent><capability type='mdev'><type id='{kind}'/>"
            f"{f'<uuid>{uuid}</uuid>' if uuid else ''}{more}</capability></device>")


def mdev_name(uuid):
    return 'mdev_' + uuid.replace('-', '_') + '_0000_00_02_0'
