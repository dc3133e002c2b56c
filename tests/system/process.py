#!/usr/bin/python3
"""process.py - what QEMU is given and what it is not: user, system calls, descriptors, its log"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os

import libvirt
from harness import case, contains, equal, main, refused

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED


def started(s, **parts):
    dom = s.define('one', **parts)
    dom.createWithFlags(PAUSED)
    return dom, s.pid_of(dom)


def status(pid):
    with open(f'/proc/{pid}/status') as f:
        return dict(line.rstrip('\n').split(':\t', 1) for line in f if ':\t' in line)


def descriptors(pid):
    folder = f'/proc/{pid}/fd'
    return {int(n): os.readlink(os.path.join(folder, n)) for n in os.listdir(folder)}


@case('QEMU runs as a user of its own, without rights', only='ostler')
def _(s):
    _, pid = started(s)
    v = status(pid)
    uids, gids = v['Uid'].split(), v['Gid'].split()
    assert '0' not in uids + gids + v['Groups'].split(), v
    equal((int(v['CapEff'], 16), int(v['CapPrm'], 16), int(v['CapInh'], 16), int(v['CapAmb'], 16)), (0, 0, 0, 0))


@case('QEMU gives up the system calls that it does not need', only='ostler')
def _(s):
    _, pid = started(s)
    equal(status(pid)['Seccomp'], '2')


@case('QEMU holds only the descriptors that it needs', only='ostler')
def _(s):
    conns = [s.connect() for _ in range(5)]
    disk = s.file('disk.img', size=1 << 20)
    _, pid = started(s, devices=f"<disk type='file'><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>")
    held = descriptors(pid)
    for target in held.values():
        assert 'run/libvirt' not in target and '/etc' not in target, f'{target} is none of its business'
    equal(held[0], '/dev/null')
    contains(held[1], '/one.log')
    contains(held[2], '/one.log')
    # its monitor, and what QEMU opens for itself; none of the five clients'
    sockets = [t for t in held.values() if t.startswith('socket:')]
    assert len(sockets) <= 2, held
    assert len(held) < 30, held
    equal(len(conns), 5)


@case('the daemon itself closes everything on exec', only='ostler')
def _(s):
    for name in ('qemud', 'proxyd'):
        pid = s.daemon_pid(name)
        for number, target in descriptors(pid).items():
            with open(f'/proc/{pid}/fdinfo/{number}') as f:
                flags = int(dict(line.split(':\t', 1) for line in f.read().splitlines()[:3])['flags'], 8)
            assert number <= 2 or flags & os.O_CLOEXEC, f'{name}: {number} -> {target} is inherited'


@case("a guest's files stay their owner's, its user gets them open", only='ostler')
def _(s):
    disk = s.file('disk.img', size=1 << 20, mode=0o600)
    dom, pid = started(s, devices=f"<disk type='file'><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>")
    assert int(status(pid)['Uid'].split()[0]) != 0
    equal((os.stat(disk).st_uid, os.stat(disk).st_mode & 0o777), (0, 0o600))
    contains(descriptors(pid).values(), disk)


@case('each guest has its log, with its command line', only='ostler')
def _(s):
    dom, _pid = started(s)
    path = os.path.join(s.root, 'var/log/ostler/qemu/one.log')
    with open(path) as f:
        contains(f.read(), 'qemu-system', dom.UUIDString())


@case('what QEMU says last stands in the error', only='ostler')
def _(s):
    dom = s.define('one', boot='<kernel>/etc/passwd</kernel>')
    e = refused(libvirt.VIR_ERR_INTERNAL_ERROR, dom.create)
    contains(str(e), 'qemu', 'kernel')


if __name__ == '__main__':
    main()
