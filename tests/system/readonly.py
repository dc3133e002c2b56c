#!/usr/bin/python3
"""readonly.py - what a read-only connection may see, and that it can change nothing"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import libvirt
import libvirt_qemu
from harness import case, contains, equal, guest_xml, main, refused
from libvirt import VIR_ERR_OPERATION_DENIED

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
CONNECTIONS = [
    # socket, whether the client says that it wants to read only
    ('libvirt-sock-ro', True),
    ('libvirt-sock', True),
    ('virtqemud-sock-ro', True),
]


def reading(s):
    """A guest that is paused, and the handles to it through each read-only way."""
    if 'vm' not in [d.name() for d in s.conn.listAllDomains()]:
        s.define('vm', devices="<graphics type='vnc' passwd='secret'/>").createWithFlags(PAUSED)
    for name, readonly in CONNECTIONS:
        conn = s.connect(name, readonly)
        yield conn, conn.lookupByName('vm')
        conn.close()


@case('everything can be looked at')
def _(s):
    for conn, dom in reading(s):
        equal([d.name() for d in conn.listAllDomains()], ['vm'])
        equal((dom.isActive(), dom.isPersistent(), dom.autostart()), (1, 1, 0))
        contains(dom.XMLDesc(), '<name>vm</name>')
        dom.info(), dom.state(), dom.controlInfo(), dom.schedulerType(), dom.maxVcpus()
        conn.getCapabilities(), conn.getHostname(), conn.getVersion()
        conn.getAllDomainStats()


DENIED = {
    'define': lambda c, d: c.defineXML(guest_xml('two')),
    'create': lambda c, d: c.createXML(guest_xml('two')),
    'start': lambda c, d: d.create(),
    'start with flags': lambda c, d: d.createWithFlags(PAUSED),
    'destroy': lambda c, d: d.destroy(),
    'destroy gracefully': lambda c, d: d.destroyFlags(libvirt.VIR_DOMAIN_DESTROY_GRACEFUL),
    'shutdown': lambda c, d: d.shutdown(),
    'reboot': lambda c, d: d.reboot(),
    'reset': lambda c, d: d.reset(),
    'suspend': lambda c, d: d.suspend(),
    'resume': lambda c, d: d.resume(),
    'undefine': lambda c, d: d.undefine(),
    'rename': lambda c, d: d.rename('two'),
    'autostart': lambda c, d: d.setAutostart(1),
    'metadata': lambda c, d: d.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, 'x', None, None),
    'console': lambda c, d: d.openConsole(None, c.newStream(0)),
    'screenshot': lambda c, d: d.screenshot(c.newStream(0), 0),
    'send-key': lambda c, d: d.sendKey(0, 0, [30], 1),
    'secrets in the document': lambda c, d: d.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE),
    'domain capabilities': lambda c, d: c.getDomainCapabilities(),
    'the monitor': lambda c, d: libvirt_qemu.qemuMonitorCommand(d, '{}', 0),
}


def deny(what, call):
    @case(f'denied: {what}')
    def _(s):
        for conn, dom in reading(s):
            refused(VIR_ERR_OPERATION_DENIED, call, conn, dom)
        (dom,) = s.conn.listAllDomains()
        equal((dom.state()[0], dom.autostart()), (libvirt.VIR_DOMAIN_PAUSED, 0))
    

for name, what in DENIED.items():
    deny(name, what)


@case('the read-only socket gives no more to who asks for more')
def _(s):
    s.define('one')
    conn = s.connect('libvirt-sock-ro', readonly=False)
    refused(VIR_ERR_OPERATION_DENIED, conn.lookupByName('one').create)


@case('what virsh can do read-only')
def _(s):
    s.define('one')
    contains(s.virsh('list', '--all', readonly=True), 'one')
    contains(s.virsh('dumpxml', 'one', readonly=True), '<name>one</name>')
    contains(s.virsh('start', 'one', readonly=True, fails=True), 'read only')
    contains(s.virsh('undefine', 'one', readonly=True, fails=True), 'read only')


if __name__ == '__main__':
    main(kept=('vm',))
