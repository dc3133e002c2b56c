#!/usr/bin/python3
"""relay.py - one connection is enough: every daemon's socket leads to every object; the proxy hands over"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import libvirt
import libvirt_qemu
from harness import Console, case, contains, equal, guest_xml, main, refused
from libvirt import (VIR_ERR_NO_CONNECT, VIR_ERR_NO_DOMAIN, VIR_ERR_NO_SUPPORT, VIR_ERR_OPERATION_DENIED,
                     VIR_ERR_OPERATION_FAILED)

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
DAEMONS = [
    # socket, URI scheme, type of the connection
    ('libvirt-sock', 'qemu', 'QEMU'),
    ('virtqemud-sock', 'qemu', 'QEMU'),
    ('virtnetworkd-sock', 'network', 'network'),
    ('virtnodedevd-sock', 'nodedev', 'nodedev'),
]


def connect(s, socket, scheme):
    return libvirt.open(f'{scheme}:///system?socket={s.socket(socket)}')


@case('guests are reached through every socket', only='ostler')
def _(s):
    dom = s.define('one')
    dom.createWithFlags(PAUSED)
    for socket, scheme, kind in DAEMONS:
        conn = connect(s, socket, scheme)
        equal(conn.getType(), kind)
        contains([d.name() for d in conn.listAllDomains()], 'one')
        far = conn.lookupByName('one')
        far.resume()
        equal(far.state()[0], libvirt.VIR_DOMAIN_RUNNING)
        far.suspend()
        contains(far.XMLDesc(), '<name>one</name>')
        equal(len(conn.getAllDomainStats()), 1)
        contains(libvirt_qemu.qemuMonitorCommand(far, '{"execute":"query-status"}', 0), 'paused')
        refused(VIR_ERR_NO_DOMAIN, conn.lookupByName, 'nobody', naming='nobody')


@case('through the proxy, by the URI', only='ostler')
def _(s):
    for scheme, kind in (('qemu', 'QEMU'), ('lxc', 'LXC'), ('network', 'network'), ('nodedev', 'nodedev')):
        equal(connect(s, 'libvirt-sock', scheme).getType(), kind)


@case('streams and events take the same way', only='ostler')
def _(s):
    dom = s.shared()
    conn = connect(s, 'virtnetworkd-sock', 'network')
    events = s.events('LIFECYCLE', conn=conn)
    conn.lookupByName('vm').suspend()
    events.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_SUSPENDED)
    dom.resume()
    events.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_RESUMED)

    class Far:
        """The stack as this other daemon shows it."""
        connect = staticmethod(lambda: connect(s, 'virtnodedevd-sock', 'nodedev'))

    console = Console(Far, 'vm')
    s.opened.append(console)
    console.send('\n')
    equal(console.run('echo $((6 * 7))'), '42\n')
    equal(len(console.run('seq 1 2000').split()), 2000)


@case('what ends with its connection ends with it here too', only='ostler')
def _(s):
    events = s.events('LIFECYCLE')
    conn = connect(s, 'virtnetworkd-sock', 'network')
    conn.createXML(guest_xml('one'), PAUSED | libvirt.VIR_DOMAIN_START_AUTODESTROY)
    conn.close()
    events.wait('LIFECYCLE', 'one', libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED)


@case('read-only stays read-only on the way', only='ostler')
def _(s):
    s.define('one')
    conn = libvirt.openReadOnly(f'network:///system?socket={s.socket("virtnetworkd-sock-ro")}')
    dom = conn.lookupByName('one')
    refused(VIR_ERR_OPERATION_DENIED, dom.create)


@case('a connection outlives the proxy that made it', only='ostler')
def _(s):
    dom = s.define('one')
    conn = s.connect()
    events = s.events('LIFECYCLE', conn=conn)
    s.kill('proxyd')
    contains([d.name() for d in conn.listAllDomains()], 'one')
    dom.createWithFlags(PAUSED)
    events.wait('LIFECYCLE', 'one', libvirt.VIR_DOMAIN_EVENT_STARTED)
    s.start()
    equal(s.connect().lookupByName('one').isActive(), 1)


@case('an owner that is gone is named, and the rest goes on', only='ostler')
def _(s):
    s.define('one')
    s.kill('netd')
    e = refused((VIR_ERR_NO_CONNECT, VIR_ERR_OPERATION_FAILED, libvirt.VIR_ERR_SYSTEM_ERROR),
                s.conn.listAllNetworks, naming='netd')
    assert e.get_error_message()
    equal(s.conn.lookupByName('one').isActive(), 0)
    s.start()
    equal(s.conn.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE), [])


@case('a hypervisor that is gone is named when a connection is made', only='ostler')
def _(s):
    s.kill('lxcd')
    refused((VIR_ERR_NO_CONNECT, VIR_ERR_OPERATION_FAILED), connect, s, 'libvirt-sock', 'lxc', naming='lxcd')
    equal(s.conn.isAlive(), 1)
    s.start()
    equal(connect(s, 'libvirt-sock', 'lxc').getType(), 'LXC')


@case('a relayed call is failed when the owner dies, and the next one finds the new owner', only='ostler')
def _(s):
    dom = s.define('one')
    dom.createWithFlags(PAUSED)
    conn = connect(s, 'virtnetworkd-sock', 'network')
    far = conn.lookupByName('one')
    equal(far.isActive(), 1)
    s.disconnect()
    s.kill()
    s.start()
    s.conn = s.connect()
    equal(far.isActive(), 1)
    equal(conn.isAlive(), 1)


if __name__ == '__main__':
    main(kept=('vm',))
