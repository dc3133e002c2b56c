#!/usr/bin/python3
"""recover.py - the daemon is killed, guests go on, and the next one finds everything as it is"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import glob
import os
import signal

import libvirt
from harness import PEER, Console, case, contains, equal, guest_xml, main, refused, stack, until
from libvirt import VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN, VIR_ERR_NO_DOMAIN, VIR_ERR_OPERATION_INVALID

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED


def settled(s, wanted):
    """A new daemon adopts guests side by side: {name: state} as soon as it is what it must be."""
    def now():
        return {d.name(): d.state()[0] for d in s.conn.listAllDomains()}

    until(lambda: now() == wanted, f'{now()} is not {wanted}')


@case('a running guest is adopted: same process, same id, same document; it still speaks and listens')
def _(s):
    dom = s.shared()
    before = s.pid_of(dom), dom.ID(), dom.XMLDesc(), dom.autostart()
    s.shell().run('kept=42')
    s.restart()
    settled(s, {'vm': libvirt.VIR_DOMAIN_RUNNING})
    dom = s.conn.lookupByName('vm')
    equal((s.pid_of(dom), dom.ID(), dom.XMLDesc(), dom.autostart()), before)
    events = s.events('LIFECYCLE')
    equal(s.shell().run('echo $kept'), '42\n')
    dom.suspend()
    events.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_SUSPENDED)
    dom.resume()


@case('states and their reasons are found again')
def _(s):
    dom = s.shared()
    s.define('held').createWithFlags(PAUSED)
    s.conn.createXML(guest_xml('brief'), PAUSED)
    dom.suspend()
    s.restart()
    settled(s, {'vm': libvirt.VIR_DOMAIN_PAUSED, 'held': libvirt.VIR_DOMAIN_PAUSED, 'brief': libvirt.VIR_DOMAIN_PAUSED})
    dom = s.conn.lookupByName('vm')
    equal(dom.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER])
    equal([s.conn.lookupByName(n).isPersistent() for n in ('vm', 'held', 'brief')], [1, 1, 0])
    dom.resume()
    equal(dom.state()[0], libvirt.VIR_DOMAIN_RUNNING)


@case('what was changed behind the back is noticed')
def _(s):
    dom = s.shared()
    dom.suspend()
    s.disconnect()
    s.kill()
    # the guest itself cannot be told to go on without its monitor: it is ended instead
    pid = s.processes()[dom.UUIDString()]
    os.kill(pid, signal.SIGKILL)
    stack.wait_for_end([pid], 10)
    s.start()
    s.conn = s.connect()
    settled(s, {'vm': libvirt.VIR_DOMAIN_SHUTOFF})
    equal(s.conn.lookupByName('vm').ID(), -1)


@case('guests that ended meanwhile are off, transient ones gone')
def _(s):
    lasting = s.define('held')
    lasting.createWithFlags(PAUSED)
    s.conn.createXML(guest_xml('brief'), PAUSED)
    s.define('stays').createWithFlags(PAUSED)
    pids = s.processes()
    s.disconnect()
    s.kill()
    ended = [pid for uuid, pid in pids.items() if uuid != stays_uuid(pids, s)]
    for pid in ended:
        os.kill(pid, signal.SIGKILL)
    stack.wait_for_end(ended, 10)
    s.start()
    s.conn = s.connect()
    settled(s, {'vm': libvirt.VIR_DOMAIN_SHUTOFF, 'held': libvirt.VIR_DOMAIN_SHUTOFF,
                'stays': libvirt.VIR_DOMAIN_PAUSED})
    refused(VIR_ERR_NO_DOMAIN, s.conn.lookupByName, 'brief')
    s.conn.lookupByName('held').createWithFlags(PAUSED)


def stays_uuid(pids, s):
    for uuid, pid in pids.items():
        with open(f'/proc/{pid}/cmdline') as f:
            if 'stays' in f.read():
                return uuid
    raise AssertionError('no process of the guest that stays')


@case('a guest that goes by itself after the restart is seen to go')
def _(s):
    dom = s.shared()
    s.restart()
    settled(s, {'vm': libvirt.VIR_DOMAIN_RUNNING})
    events = s.events('LIFECYCLE')
    s.conn.lookupByName('vm').shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
    events.wait('LIFECYCLE', 'vm', VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
    equal((dom.UUIDString() in s.processes(), s.conn.lookupByName('vm').isActive()), (False, 0))


@case('an orderly end of the daemon leaves guests alone as well')
def _(s):
    dom = s.define('held')
    dom.createWithFlags(PAUSED)
    before = s.pid_of(dom), dom.ID()
    s.restart(number=signal.SIGTERM)
    settled(s, {'vm': libvirt.VIR_DOMAIN_SHUTOFF, 'held': libvirt.VIR_DOMAIN_PAUSED})
    dom = s.conn.lookupByName('held')
    equal((s.pid_of(dom), dom.ID()), before)


@case('a change that was not finished by the guest is remembered: define for the next start')
def _(s):
    dom = s.define('held')
    dom.createWithFlags(PAUSED)
    s.define('held', uuid=dom.UUIDString(), memory=160)
    s.restart()
    settled(s, {'vm': libvirt.VIR_DOMAIN_SHUTOFF, 'held': libvirt.VIR_DOMAIN_PAUSED})
    dom = s.conn.lookupByName('held')
    contains(dom.XMLDesc(), "<memory unit='KiB'>131072</memory>")
    contains(dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), "<memory unit='KiB'>163840</memory>")


def files(s, pattern):
    return [f for f in glob.glob(os.path.join(s.root, pattern), recursive=True) if os.path.isfile(f)]


@case('a broken definition is set aside; the others are loaded')
def _(s):
    s.define('good')
    s.define('bad')
    top = 'etc/ostler/**/bad.xml' if PEER == 'ostler' else 'etc/libvirt/qemu/bad.xml'
    (path,) = files(s, top)
    s.disconnect()
    s.kill()
    with open(path, 'w') as f:
        f.write("<domain type='qemu'><name>bad</name>")
    s.start()
    s.conn = s.connect()
    equal(sorted(d.name() for d in s.conn.listAllDomains()), ['good', 'vm'])
    for left in (path, path + '.broken'):
        if os.path.exists(left):
            os.unlink(left)


@case('a broken state file is set aside; the guest beside it is adopted', only='ostler')
def _(s):
    s.define('good').createWithFlags(PAUSED)
    bad = s.define('bad')
    bad.createWithFlags(PAUSED)
    pid = s.pid_of(bad)
    (path,) = files(s, 'run/ostler/**/bad.xml')
    s.disconnect()
    s.kill()
    with open(path, 'w') as f:
        f.write('no state')
    s.start()
    s.conn = s.connect()
    until(lambda: s.conn.lookupByName('good').state()[0] == libvirt.VIR_DOMAIN_PAUSED, 'the good guest is not adopted')
    contains(stack.last_lines(stack.log_path(s.root, 'qemud'), 200), 'bad')
    refused(VIR_ERR_OPERATION_INVALID, s.conn.lookupByName('bad').create, naming=str(pid))
    os.kill(pid, signal.SIGKILL)
    stack.wait_for_end([pid], 10)
    s.conn.lookupByName('bad').create()
    for leftover in files(s, 'run/ostler/**/bad.xml.broken'):
        os.unlink(leftover)


@case('SIGHUP loads anew and disturbs nobody')
def _(s):
    dom = s.define('held')
    dom.createWithFlags(PAUSED)
    pid = s.daemon_pid()
    os.kill(pid, signal.SIGHUP)
    equal(dom.state()[0], libvirt.VIR_DOMAIN_PAUSED)
    equal((dom.isActive(), s.daemon_pid()), (1, pid))


if __name__ == '__main__':
    main(kept=('vm',))
