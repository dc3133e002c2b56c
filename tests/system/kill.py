#!/usr/bin/python3
"""kill.py - a hundred times qemud is killed while clients define, start, save and end guests; what is then told is true

Each client keeps its own names and knows what was answered to it. After every kill a new qemud starts, and
its list of guests is compared with the emulators that exist, with the files on disk, and with what was promised.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import glob
import os
import random
import threading

import libvirt
from harness import PEER, Stack, case, guest_xml, main, until

KILLS = int(os.environ.get('OSTLER_KILLS', 100 if PEER == 'ostler' else 10))
SEED = int(os.environ.get('OSTLER_SEED', random.randrange(1 << 30)))
CLIENTS, NAMES = 3, 3
UNKNOWN = object()


class Promise:
    """What the daemon has said about one name; UNKNOWN where a call was cut off."""

    def __init__(self, name):
        self.name = name
        self.defined = self.running = self.marked = self.saved = False


class Client(threading.Thread):
    """Does random things to its guests until the connection breaks."""

    def __init__(self, s: Stack, number, promises, seed):
        super().__init__(daemon=True)
        self.random, self.promises = random.Random(seed), promises
        self.conn, self.done, self.unexpected = s.connect(), 0, None
        self.names = [n for i, n in enumerate(sorted(promises)) if i % CLIENTS == number]

    def run(self):
        try:
            while True:
                self.step(self.promises[self.random.choice(self.names)])
                self.done += 1
        except libvirt.libvirtError as e:
            if self.conn.isAlive():
                self.unexpected = e

    def step(self, p):
        """One operation that must succeed, and what it promises."""
        choices = [(self.define, {'defined': True})]
        if p.defined:
            choices.append((self.mark, {'marked': True}) if not p.marked else (self.unmark, {'marked': False}))
            if not p.running:
                choices.append((self.undefine, {'defined': False, 'marked': False, 'saved': False}))
                choices += 2 * [(self.boot, {'running': True, 'saved': False})]
        if p.running:
            choices += 2 * [(self.end, {'running': False})] + [(self.save, {'running': False, 'saved': True})]
        action, promised = self.random.choice(choices)
        before = {k: getattr(p, k) for k in promised}
        for k in promised:
            setattr(p, k, UNKNOWN if before[k] != promised[k] else before[k])
        action(p.name)
        for k, v in promised.items():
            setattr(p, k, v)

    def define(self, name):
        self.conn.defineXML(xml(name))

    def lookup(self, name):
        return self.conn.lookupByName(name)

    def undefine(self, name):
        self.lookup(name).undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)

    def boot(self, name):
        self.lookup(name).createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)

    def end(self, name):
        self.lookup(name).destroy()

    def save(self, name):
        try:
            self.lookup(name).managedSave()
        except libvirt.libvirtError as e:
            # a paused guest whose save was undone at its very end must run before the next one
            if 'resume it first' not in str(e):
                raise
            self.lookup(name).resume()
            self.lookup(name).managedSave()

    def mark(self, name):
        self.lookup(name).setAutostart(1)

    def unmark(self, name):
        self.lookup(name).setAutostart(0)


def uuid(name):
    return f'6f3d1bb2-7c3d-4b7b-9d8e-{sum(map(ord, name)) * 7919 + int(name[1:]):012x}'


def xml(name):
    return guest_xml(name, uuid=uuid(name), boot='', serial='', memory=32,
                     devices="<controller type='usb' model='none'/><memballoon model='none'/>")


def files(s, pattern):
    top = 'etc/ostler/qemu' if PEER == 'ostler' else 'etc/libvirt/qemu'
    found = glob.glob(os.path.join(s.root, top, '**', pattern), recursive=True)
    return sorted(f for f in found if '/networks/' not in f)


def reality(s):
    """(told, true): what the daemon says and what is there, both {name: (running, marked, defined, saved)}."""
    told = {}
    for dom in s.conn.listAllDomains():
        told[dom.name()] = (bool(dom.isActive()), bool(dom.isPersistent() and dom.autostart()), bool(dom.isPersistent()),
                            bool(dom.hasManagedSaveImage()))
    running = set(s.processes())
    defined = {os.path.basename(f)[:-4] for f in files(s, '*.xml') if '/autostart/' not in f}
    marked = {os.path.basename(f)[:-4] for f in files(s, '*.xml') if '/autostart/' in f and os.path.exists(f)}
    kept = os.listdir(os.path.join(s.root, 'var/lib/ostler/qemu/save' if PEER == 'ostler' else 'var/lib/libvirt/qemu/save'))
    saved = {f[:-5] for f in kept if f.endswith('.save')}
    names = defined | marked | saved | {n for n in told if uuid(n) in running}
    unknown = running - {uuid(n) for n in told}
    true = {n: (uuid(n) in running, n in marked, n in defined, n in saved) for n in names}
    for u in unknown:
        true[f'an emulator that nobody owns: {u}'] = (True, False, False, False)
    for f in kept:
        if not f.endswith('.save'):
            true[f'a file that nobody knows: {f}'] = (False, False, False, True)
    return told, true


def settle(s):
    """A guest whose save was at its end runs until qemud has looked at it: a change waits for that."""
    for dom in s.conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        dom.setAutostart(dom.autostart())


def check(s, promises, what):
    settle(s)
    until(lambda: (lambda r: r[0] == r[1])(reality(s)), '')
    told, _ = reality(s)
    for name, p in promises.items():
        values = told.get(name, (False, False, False, False))
        for key, value in zip(('running', 'marked', 'defined', 'saved'), values):
            promised = getattr(p, key)
            assert promised in (UNKNOWN, value), f'{what}: {name} was promised to be {key}={promised}, and is {value}'
            setattr(p, key, value)


@case(f'{KILLS} kills, seed {SEED}: state is reality and promises are kept')
def _(s):
    rng = random.Random(SEED)
    promises = {f'g{n}': Promise(f'g{n}') for n in range(CLIENTS * NAMES)}
    operations = 0
    for kill in range(KILLS):
        clients = [Client(s, n, promises, rng.random()) for n in range(CLIENTS)]
        for c in clients:
            c.start()
        pause = threading.Event()
        pause.wait(rng.uniform(0, 0.4) ** 2 * 2.5)  # often early, sometimes late
        s.disconnect()
        s.kill()
        for c in clients:
            c.join(30)
            assert not c.is_alive(), f'kill {kill}: a client still waits'
            assert c.unexpected is None, f'kill {kill}: {c.unexpected}'
            operations += c.done
        s.start()
        s.conn = s.connect()
        try:
            check(s, promises, f'kill {kill}')
        except AssertionError as e:
            told, true = reality(s)
            raise AssertionError(f'kill {kill}: {e}\ntold {told}\ntrue {true}') from None
    print(f'# {operations} operations between the kills')


if __name__ == '__main__':
    main()
