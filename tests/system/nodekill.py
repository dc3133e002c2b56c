#!/usr/bin/python3
"""nodekill.py - a hundred times noded is killed while clients define, make, end and forget devices; what is then told is true

Each client keeps its own devices and knows what was answered to it. After every kill a new noded starts, and what it tells
is compared with the devices that exist, with the files on disk, and with what was promised.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import glob
import json
import os
import random
import threading
import uuid as uuids

import libvirt
from harness import case, main, until
from machine import CARD, Kernel, Machine, mdev_name, mdev_xml, tree

KILLS = int(os.environ.get('OSTLER_KILLS', 100))
SEED = int(os.environ.get('OSTLER_SEED', random.randrange(1 << 30)))
CLIENTS, DEVICES = 3, 3
UNKNOWN = object()


class Promise:
    """What the daemon has said about one device; UNKNOWN where a call was cut off."""

    def __init__(self, rng):
        self.uuid = str(uuids.UUID(int=rng.getrandbits(128), version=4))
        self.name = mdev_name(self.uuid)
        self.there = self.defined = self.marked = False


class Client(threading.Thread):
    """Does random things to its devices until the connection breaks."""

    def __init__(self, m, promises, seed):
        super().__init__(daemon=True)
        self.random, self.promises, self.conn = random.Random(seed), promises, m.connect()
        self.done, self.unexpected = 0, None

    def run(self):
        try:
            while True:
                self.step(self.random.choice(self.promises))
                self.done += 1
        except libvirt.libvirtError as e:
            if self.conn.isAlive():
                self.unexpected = e

    def step(self, p):
        """One operation that must succeed, and what it promises."""
        look = self.conn.nodeDeviceLookupByName
        choices = []
        if not p.defined:
            choices.append((lambda: self.conn.nodeDeviceDefineXML(mdev_xml(p.uuid)), {'defined': True}))
        else:
            choices.append((lambda: look(p.name).undefine(), {'defined': False, 'marked': False}))
            mark = not p.marked
            choices.append((lambda: look(p.name).setAutostart(int(mark)), {'marked': mark}))
        if p.there:
            choices.append((lambda: look(p.name).destroy(), {'there': False}))
        else:
            make = look(p.name).create if p.defined else lambda: self.conn.nodeDeviceCreateXML(mdev_xml(p.uuid))
            choices.append((make, {'there': True}))
        action, promised = self.random.choice(choices)
        before = {k: getattr(p, k) for k in promised}
        for k in promised:
            setattr(p, k, UNKNOWN if before[k] != promised[k] else before[k])
        action()
        for k, v in promised.items():
            setattr(p, k, v)


def reality(m):
    """(told, true): what the daemon says and what is there, both {name: (there, defined, marked)}."""
    told = {}
    for device in m.conn.listAllDevices():
        if device.name().startswith('mdev_') and 'pci' in (device.parent() or ''):
            told[device.name()] = tuple(map(bool, (device.isActive(), device.isPersistent(), device.autostart())))
    there = {mdev_name(n) for n in os.listdir(m.path(CARD)) if n.count('-') == 4}
    defined, marked = set(), set()
    for path in glob.glob(os.path.join(m.root, 'etc/mdevctl.d/*/' + '?' * 36)):
        with open(path) as f:
            start = json.load(f)['start']
        defined.add(mdev_name(os.path.basename(path)))
        if start == 'auto':
            marked.add(mdev_name(os.path.basename(path)))
    return told, {n: (n in there, n in defined, n in marked) for n in there | defined}


@case(f'{KILLS} kills, seed {SEED}: state is reality and promises are kept')
def _(s):
    rng = random.Random(SEED)
    promises = [[Promise(rng) for _ in range(DEVICES)] for _ in range(CLIENTS)]
    operations = 0
    with Machine(s, tree('special')) as m, Kernel(m) as kernel:
        kernel.remove(f'{CARD}/4b20d080-1b54-4048-85b3-a6a62d165c01', 'mdev')
        for kill in range(KILLS):
            clients = [Client(m, p, rng.random()) for p in promises]
            for c in clients:
                c.start()
            threading.Event().wait(rng.uniform(0, 0.4) ** 2 * 2.5)  # often early, sometimes late
            m.kill()
            for c in clients:
                c.join(30)
                assert not c.is_alive(), f'kill {kill}: a client still waits'
                assert c.unexpected is None, f'kill {kill}: {c.unexpected}'
                operations += c.done
            m.start()
            until(lambda: (lambda r: r[0] == r[1])(reality(m)), f'kill {kill}: {reality(m)}')
            told, _ = reality(m)
            for p in sum(promises, []):
                for key, value in zip(('there', 'defined', 'marked'), told.get(p.name, (False,) * 3)):
                    promised = getattr(p, key)
                    assert promised in (UNKNOWN, value), f'kill {kill}: {p.name} was promised {key}={promised}, and is {value}'
                    setattr(p, key, value)
    print(f'# {operations} operations between the kills')


if __name__ == '__main__':
    main()
