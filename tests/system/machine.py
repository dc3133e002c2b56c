"""machine.py - machines that are not there: noded on a planted tree, and who plays their kernel"""
# SPDX-License-Identifier: LGPL-2.1-or-later
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
