#!/usr/bin/python3
"""autostart.py - guests that start with the host"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import shutil
import signal

import libvirt
from harness import PEER, case, equal, guest_xml, main, refused, until
from libvirt import VIR_ERR_INTERNAL_ERROR, VIR_ERR_OPERATION_INVALID


def links(s):
    """Names of the definitions that are marked on disk."""
    top = os.path.join(s.root, 'etc/ostler' if PEER == 'ostler' else 'etc/libvirt')
    return sorted(f for folder, _, files in os.walk(top) for f in files
                  if folder.endswith('/autostart') and os.path.exists(os.path.join(folder, f)))


def reboot_host(s):
    """As after a start of the host: the daemon starts and the runtime folder is empty."""
    s.disconnect()
    s.stop()
    shutil.rmtree(os.path.join(s.root, 'run/ostler' if PEER == 'ostler' else 'run/libvirt/qemu'))
    s.start()
    s.conn = s.connect()


@case('the mark is set, told, kept on disk and taken away')
def _(s):
    dom = s.define('one')
    equal((dom.autostart(), links(s)), (0, []))
    dom.setAutostart(1)
    dom.setAutostart(1)
    equal((dom.autostart(), links(s)), (1, ['one.xml']))
    dom.setAutostart(0)
    dom.setAutostart(0)
    equal((dom.autostart(), links(s)), (0, []))
    s.virsh('autostart', 'one')
    equal(links(s), ['one.xml'])
    dom.undefine()
    equal(links(s), [])


@case('a transient guest cannot be marked')
def _(s):
    dom = s.conn.createXML(guest_xml('one'), libvirt.VIR_DOMAIN_START_PAUSED)
    refused(VIR_ERR_OPERATION_INVALID, dom.setAutostart, 1)
    equal(dom.autostart(), 0)


@case('marks and definitions outlive the daemon')
def _(s):
    s.define('one', head='<title>kept</title>').setAutostart(1)
    s.define('two')
    text = s.conn.lookupByName('one').XMLDesc()
    s.restart(number=signal.SIGTERM)
    equal(sorted((d.name(), d.autostart()) for d in s.conn.listAllDomains()), [('one', 1), ('two', 0)])
    equal(s.conn.lookupByName('one').XMLDesc(), text)


@case('a restart of the daemon alone does not start what was ended')
def _(s):
    s.define('one').setAutostart(1)
    s.restart(number=signal.SIGTERM)
    equal(s.processes(), {})


@case('with the host, marked guests start and the others do not')
def _(s):
    s.define('one').setAutostart(1)
    s.define('two')
    reboot_host(s)
    dom = s.conn.lookupByName('one')
    until(lambda: dom.state()[0] == libvirt.VIR_DOMAIN_RUNNING, 'the marked guest does not start')
    equal(s.conn.lookupByName('two').isActive(), 0)


@case('one guest that cannot start does not stop the others')
def _(s):
    missing = os.path.join(s.home, 'not-there.img')
    s.define('a', devices=f"<disk type='file'><source file='{missing}'/><target dev='vda'/></disk>").setAutostart(1)
    s.define('b').setAutostart(1)
    reboot_host(s)
    until(s.conn.lookupByName('b').isActive, 'the good guest does not start')
    equal(s.conn.lookupByName('a').isActive(), 0)


if __name__ == '__main__':
    main()
