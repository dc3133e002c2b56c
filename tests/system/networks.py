"""Virtual networks: their life, what they do to the host, who gets which address."""
# SPDX-License-Identifier: LGPL-2.1-or-later
import contextlib
import os
import socket
import struct
import threading

import daemonlink
from harness import Timeout, case, contains, equal, main, refused, s, until
from netlab import Process, client, need_modules, net_xml, run, system_bus

import libvirt

NO_NETWORK, INVALID, INTERNAL = (libvirt.VIR_ERR_NO_NETWORK, libvirt.VIR_ERR_OPERATION_INVALID,
                                 libvirt.VIR_ERR_INTERNAL_ERROR)
XML_ERROR, XML_DETAIL = libvirt.VIR_ERR_XML_ERROR, libvirt.VIR_ERR_XML_DETAIL
NO_METADATA = 111  # not in the client's module yet


@contextlib.contextmanager
def shadowed(path):
    """A program that cannot be run meanwhile."""
    run('mount', '--bind', '/dev/null', path)
    yield
    run('umount', path)


class NetEvents:
    """What a connection told of networks."""

    def __init__(self):
        self.changed, self.log = threading.Condition(), []
        self.ids = [s.conn.networkEventRegisterAny(None, libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE, self.happened, None)]
        s.opened.append(self)

    def happened(self, _conn, net, event, _detail, _opaque):
        with self.changed:
            self.log.append((net.name(), event))
            self.changed.notify_all()

    def wait(self, *wanted):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.log) >= len(wanted), 10):
                raise Timeout(f'only {self.log}')
            got, self.log = tuple(self.log), []
        equal(got, wanted)

    def close(self):
        for i in self.ids:
            s.conn.networkEventDeregisterAny(i)


def define(xml):
    return s.conn.networkDefineXML(xml)


@case('the default network is there, and runs when it is told to', only='ostler')
def _(s):
    net = s.conn.networkLookupByName('default')
    equal((net.isActive(), net.isPersistent(), net.autostart()), (0, 1, 0))
    contains(net.XMLDesc(), "<forward mode='nat'", "<bridge name='virbr0'", "<range start='192.168.122.2'")
    s.virsh('net-start', 'default')
    equal(net.isActive(), 1)
    equal(net.bridgeName(), 'virbr0')
    contains(run('ip', 'addr', 'show', 'virbr0'), '192.168.122.1/24')
    contains(s.virsh('net-list'), 'default', 'active')
    contains(s.virsh('net-info', 'default'), 'virbr0')
    s.virsh('net-destroy', 'default')
    equal(net.isActive(), 0)
    assert not os.path.exists('/sys/class/net/virbr0')
    assert 'ostler' not in run('nft', 'list', 'tables')


@case('a client gets an address, and the lease is told at once', only='ostler')
def _(s):
    net = s.conn.networkCreateXML(net_xml('one'))
    c = client('one')
    ip = c.dhcp()
    until(net.DHCPLeases, 'the lease is not told')
    equal([(x['ipaddr'], x['mac'], x['iface']) for x in net.DHCPLeases()], [(ip, '52:54:00:aa:00:01', 'test0')])
    equal(net.DHCPLeases('52:54:00:aa:00:02'), [])
    equal(len(net.DHCPLeases('52:54:00:aa:00:01')), 1)
    contains(s.virsh('net-dhcp-leases', 'one'), ip)
    equal(len(net.listAllPorts()), 1)


UUIDS = ['aaaaaaaa-0000-4000-8000-00000000000%d' % i for i in range(5)]
BAD, XML, DETAIL, UNSUPPORTED, FAILED, NO_SUPPORT = (
    libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_XML_ERROR, libvirt.VIR_ERR_XML_DETAIL,
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED, libvirt.VIR_ERR_OPERATION_FAILED,
    libvirt.VIR_ERR_OPERATION_UNSUPPORTED)


def with_uuid(xml, uuid):
    return xml.replace('</name>', f'</name><uuid>{uuid}</uuid>')


@case('definitions: names, uuids, states, what is refused')
def _(s):
    net = define(with_uuid(net_xml('one'), UUIDS[1]))
    equal((net.UUIDString(), net.isActive(), net.isPersistent(), net.bridgeName()), (UUIDS[1], 0, 1, 'test0'))
    assert 'one' in s.conn.listDefinedNetworks() and s.conn.numOfDefinedNetworks() >= 1
    equal([n.name() for n in s.conn.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE)], [])
    refused(FAILED, define, with_uuid(net_xml('one', 'test1'), UUIDS[2]), naming='one')
    refused(FAILED, define, with_uuid(net_xml('two', 'test1'), UUIDS[1]), naming='one')
    refused(INTERNAL, define, net_xml('two'), naming='test0')
    refused(NO_NETWORK, s.conn.networkLookupByName, 'none', naming='none')
    refused(NO_NETWORK, s.conn.networkLookupByUUIDString, UUIDS[3], naming=UUIDS[3])
    refused(INVALID, net.destroy)
    net.create()
    refused(INVALID, net.create)
    refused(INVALID, s.conn.networkCreateXML, with_uuid(net_xml('one'), UUIDS[1]), naming='one')
    equal(s.conn.listNetworks(), ['one'])
    net.setAutostart(1)
    equal(net.autostart(), 1)
    equal(len(s.conn.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_AUTOSTART)), 1)
    net.undefine()
    equal((net.isActive(), net.isPersistent()), (1, 0))
    refused(INVALID, net.undefine)
    refused(INVALID, net.setAutostart, 1)
    net.destroy()
    refused(NO_NETWORK, net.XMLDesc)


@case('what is defined anew while it runs shows when it runs again')
def _(s):
    net = define(net_xml('one'))
    net.create()
    define(with_uuid(net_xml('one'), net.UUIDString()).replace('10.99.1.200', '10.99.1.150'))
    contains(net.XMLDesc(), "end='10.99.1.200'")
    contains(net.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE), "end='10.99.1.150'")
    net.destroy()
    contains(net.XMLDesc(), "end='10.99.1.150'")


@case('life is told in events')
def _(s):
    events = NetEvents()
    net = define(net_xml('one'))
    events.wait(('one', libvirt.VIR_NETWORK_EVENT_DEFINED))
    net.create()
    events.wait(('one', libvirt.VIR_NETWORK_EVENT_STARTED))
    net.destroy()
    events.wait(('one', libvirt.VIR_NETWORK_EVENT_STOPPED))
    net.undefine()
    events.wait(('one', libvirt.VIR_NETWORK_EVENT_UNDEFINED))


def ip_xml(inside):
    return f"<ip address='10.99.1.1' netmask='255.255.255.0'><dhcp>{inside}</dhcp></ip>"


LIMIT = "<bandwidth><inbound average='1000'/></bandwidth>"


@case('contradictions are refused with their culprit')
def _(s):
    for code, naming, xml in (
            (INTERNAL, '10.99.2.5', net_xml('bad', ip=ip_xml("<range start='10.99.2.5' end='10.99.2.9'/>"))),
            (INTERNAL, None, net_xml('bad', ip=ip_xml("<range start='10.99.1.9' end='10.99.1.5'/>"))),
            (XML, 'nope', net_xml('bad', ip=ip_xml("<host mac='nope' ip='10.99.1.5'/>"))),
            (UNSUPPORTED, None, net_xml('bad', forward="<forward mode='hovering'/>")),
            (DETAIL, '/', net_xml('bad/name')),
            *((libvirt.VIR_ERR_CONFIG_UNSUPPORTED, 'bandwidth', f"<network><name>bad</name><forward mode='{mode}'/>{limit}</network>")
              for mode, limit in (('bridge', LIMIT), ('passthrough', LIMIT), ('hostdev', LIMIT),
                                  ('hostdev', f"<portgroup name='a'>{LIMIT}</portgroup>"))),
    ):
        refused(code, define, xml, naming=naming)
    equal([n.name() for n in s.conn.listAllNetworks() if n.name() == 'bad'], [])


@case('what the host has already is not taken')
def _(s):
    run('ip', 'link', 'add', 'testbr', 'type', 'bridge')
    run('ip', 'link', 'add', 'testa', 'type', 'veth', 'peer', 'name', 'testb')
    run('ip', 'addr', 'add', '10.99.1.77/24', 'dev', 'testa')
    run('ip', 'link', 'set', 'testa', 'up')
    run('ip', 'link', 'set', 'testb', 'up')
    try:
        refused(INTERNAL, s.conn.networkCreateXML, net_xml('one'), naming='testa')
        other = net_xml('one', 'testbr').replace('10.99.1', '10.99.3')
        refused((INTERNAL, libvirt.VIR_ERR_SYSTEM_ERROR), s.conn.networkCreateXML, other, naming='testbr')
        assert os.path.exists('/sys/class/net/testbr')
        assert not os.path.exists('/sys/class/net/test0')
        equal(s.conn.listNetworks(), [])
    finally:
        run('ip', 'link', 'del', 'testbr')
        run('ip', 'link', 'del', 'testa')


SECTION, COMMAND = (
    {n: getattr(libvirt, 'VIR_NETWORK_SECTION_' + n) for n in (
        'BRIDGE', 'DOMAIN', 'IP', 'IP_DHCP_HOST', 'IP_DHCP_RANGE', 'FORWARD', 'FORWARD_INTERFACE', 'FORWARD_PF',
        'PORTGROUP', 'DNS_HOST', 'DNS_TXT', 'DNS_SRV')},
    {n: getattr(libvirt, 'VIR_NETWORK_UPDATE_COMMAND_' + n) for n in (
        'MODIFY', 'DELETE', 'ADD_LAST', 'ADD_FIRST')})
LIVE, CONFIG = libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE, libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG


@case('every section and every command of an update')
def _(s):
    net = define(net_xml('one'))

    def update(command, section, xml, index=-1, flags=CONFIG):
        return net.update(COMMAND[command], SECTION[section], index, xml, flags)

    host = "<host mac='52:54:00:aa:00:05' name='five' ip='10.99.1.5'/>"
    update('ADD_LAST', 'IP_DHCP_HOST', host)
    update('ADD_FIRST', 'IP_DHCP_HOST', host.replace(':05', ':06').replace('five', 'six').replace('1.5', '1.6'))
    assert net.XMLDesc().index('six') < net.XMLDesc().index('five')
    refused(INVALID, update, 'ADD_LAST', 'IP_DHCP_HOST', host, naming='five')
    update('MODIFY', 'IP_DHCP_HOST', host.replace('1.5', '1.7'))
    contains(net.XMLDesc(), '10.99.1.7')
    refused(INVALID, update, 'MODIFY', 'IP_DHCP_HOST', host.replace(':05', ':08').replace('five', 'eight'))
    refused(XML_ERROR, update, 'DELETE', 'IP_DHCP_HOST', '<host/>')
    refused(XML_ERROR, update, 'DELETE', 'IP_DHCP_HOST', "<host id='0:1:2:3'/>")
    refused(XML_ERROR, update, 'ADD_LAST', 'IP_DHCP_HOST', "<host mac='52:54:00:aa:00:09'/>")
    refused(INVALID, update, 'ADD_LAST', 'IP_DHCP_HOST', "<host name='v6' ip='fd00::1'/>")
    update('DELETE', 'IP_DHCP_HOST', "<host name='six'/>")
    refused(INVALID, update, 'DELETE', 'IP_DHCP_HOST', "<host name='six'/>")
    refused(INVALID, update, 'ADD_LAST', 'IP_DHCP_HOST', host, index=4)
    update('ADD_LAST', 'IP_DHCP_RANGE', "<range start='10.99.1.210' end='10.99.1.220'/>")
    refused(NO_SUPPORT, update, 'MODIFY', 'IP_DHCP_RANGE', "<range start='10.99.1.210' end='10.99.1.220'/>")
    update('DELETE', 'IP_DHCP_RANGE', "<range start='10.99.1.210' end='10.99.1.220'/>")
    update('ADD_LAST', 'PORTGROUP', "<portgroup name='fast'><bandwidth><inbound average='500'/></bandwidth></portgroup>")
    update('MODIFY', 'PORTGROUP', "<portgroup name='fast' default='yes'/>")
    refused(INVALID, update, 'ADD_LAST', 'PORTGROUP', "<portgroup name='slow' default='yes'/>")
    update('DELETE', 'PORTGROUP', "<portgroup name='fast'/>")
    update('ADD_LAST', 'DNS_HOST', "<host ip='10.99.1.9'><hostname>nine</hostname></host>")
    refused(NO_SUPPORT, update, 'MODIFY', 'DNS_HOST', "<host ip='10.99.1.9'><hostname>nine</hostname></host>")
    refused(XML_DETAIL, update, 'DELETE', 'DNS_HOST', '<host/>')
    update('DELETE', 'DNS_HOST', "<host ip='10.99.1.8'><hostname>nine</hostname></host>")
    update('ADD_LAST', 'DNS_TXT', "<txt name='note' value='hello'/>")
    update('DELETE', 'DNS_TXT', "<txt name='note'/>")
    update('ADD_LAST', 'DNS_SRV', "<srv service='ldap' protocol='tcp' domain='x' target='y'/>")
    refused(XML_DETAIL, update, 'ADD_LAST', 'DNS_SRV', "<srv service='ldap'/>")
    update('DELETE', 'DNS_SRV', "<srv service='ldap' protocol='tcp'/>")
    update('ADD_LAST', 'FORWARD_INTERFACE', "<interface dev='testdev'/>")
    contains(net.XMLDesc(), "dev='testdev'")
    update('DELETE', 'FORWARD_INTERFACE', "<interface dev='testdev'/>")
    for section in 'BRIDGE', 'DOMAIN', 'IP', 'FORWARD', 'FORWARD_PF':
        refused(NO_SUPPORT, update, 'MODIFY', section, '<x/>')
    refused(INVALID, update, 'ADD_LAST', 'IP_DHCP_HOST', host, flags=LIVE)
    transient = s.conn.networkCreateXML(net_xml('two', 'test1').replace('10.99.1', '10.99.2'))
    refused(INVALID, transient.update, COMMAND['ADD_LAST'], SECTION['DNS_TXT'], -1, "<txt name='a' value='b'/>", CONFIG)
    transient.update(COMMAND['ADD_LAST'], SECTION['DNS_TXT'], -1, "<txt name='a' value='b'/>", 0)
    contains(transient.XMLDesc(), "name='a'")


@case('a host that is added while the network runs gets its address, by name, too', only='ostler')
def _(s):
    net = s.conn.networkCreateXML(net_xml('one'))
    net.update(COMMAND['ADD_LAST'], SECTION['IP_DHCP_HOST'], -1,
               "<host mac='52:54:00:aa:00:01' name='seven' ip='10.99.1.7'/>", LIVE)
    net.update(COMMAND['ADD_LAST'], SECTION['DNS_HOST'], -1,
               "<host ip='10.99.1.9'><hostname>nine</hostname></host>", LIVE)
    net.update(COMMAND['ADD_LAST'], SECTION['DNS_TXT'], -1, "<txt name='note' value='hello'/>", LIVE)
    c = client('one')
    equal(c.dhcp(), '10.99.1.7')
    contains(c.run('busybox', 'nslookup', 'nine', '10.99.1.1', fails=True), '10.99.1.9')
    contains(c.run('busybox', 'nslookup', 'seven', '10.99.1.1', fails=True), '10.99.1.7')
    equal(net.DHCPLeases()[0]['hostname'], 'seven')
    s.restart('netd')
    net = s.conn.networkLookupByName('one')
    until(lambda: [x['ipaddr'] for x in net.DHCPLeases()] == ['10.99.1.7'], 'the lease is forgotten')


@case('a dnsmasq that ends is started again', only='ostler')
def _(s):
    net = s.conn.networkCreateXML(net_xml('one'))

    def pids():
        """Of the one that serves, not of the one that begins it."""
        with contextlib.suppress(OSError), open(os.path.join(s.root, 'run/ostler/network/one.pid')) as f:
            pid = f.read().strip()
            return [pid] if pid and os.path.exists(f'/proc/{pid}') else []
        return []

    first = pids()
    os.kill(int(first[0]), 9)
    until(lambda: pids() and pids() != first, 'it is not started again')
    equal(client('one').dhcp()[:8], '10.99.1.')
    with shadowed('/usr/sbin/dnsmasq'):
        for pid in pids():
            os.kill(int(pid), 9)
        until(lambda: not pids(), 'it goes on')
    until(pids, 'it is not tried again')

    # one that has lived for too short a time is missed for a while
    for pid in pids():
        os.kill(int(pid), 9)
    until(lambda: not pids(), 'it goes on')
    host = "<host mac='52:54:00:99:01:77' ip='10.99.1.77'/>"
    net.update(libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST, -1, host)
    contains(net.XMLDesc(), host)
    until(pids, 'it is not started again')
    equal(client('one', mac='52:54:00:99:01:77').dhcp(), '10.99.1.77')


RESOLVED = '''
import sys
import dbus, dbus.mainloop.glib, dbus.service
from gi.repository import GLib
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()

class Resolved(dbus.service.Object):
    def note(self, *what):
        with open(sys.argv[1], 'a') as f:
            print(*what, file=f)

    @dbus.service.method('org.freedesktop.resolve1.Manager', in_signature='ia(iay)')
    def SetLinkDNS(self, link, servers):
        self.note('dns', link, *(f'{f}/{bytes(a).hex()}' for f, a in servers))

    @dbus.service.method('org.freedesktop.resolve1.Manager', in_signature='ia(sb)')
    def SetLinkDomains(self, link, domains):
        if domains[0][0] == 'refused.lan':
            raise dbus.DBusException('not this one', name='org.example.Refused')
        self.note('domains', link, *(f'{d}/{int(only)}' for d, only in domains))

resolved = Resolved(bus, '/org/freedesktop/resolve1')
name = dbus.service.BusName('org.freedesktop.resolve1', bus)
GLib.MainLoop().run()
'''


@case("the host's resolver is told of a domain, and the network says when it is not", only='ostler')
def _(s):
    need_modules('dbus', 'gi')
    told = s.file('told')
    xml = net_xml('one', extra="<domain name='{}' localOnly='yes' register='yes'/>", ip="<ip address='10.99.1.1' prefix='24'/>"
                  "<ip family='ipv6' address='fd00:99::1' prefix='64'/>")

    def lines():
        index = socket.if_nametoindex('test0')
        return [f'dns {index} 2/0a630101 10/fd00009900000000000000000000' + '0001', f'domains {index} vm.lan/1']

    def wait_for(wanted):
        def text():
            with open(told) as f:
                return f.read().splitlines()

        until(lambda: text()[-2:] == wanted(), lambda: f'{text()}, not {wanted()}')
        until(lambda: 'messages' not in net.XMLDesc(), 'it is told for ever')

    system_bus()
    s.restart('netd')
    net = s.conn.networkCreateXML(xml.format('vm.lan'))
    contains(net.XMLDesc(), 'vm.lan', 'systemd-resolved does not run</ostler:messages>')
    fake = Process('/usr/bin/python3', '-c', RESOLVED, told)
    wait_for(lines)
    run('ip', 'link', 'del', 'test0')
    until(lambda: run('ip', 'link', 'show', 'test0', fails=True), 'no bridge')
    wait_for(lines)
    fake.close()
    os.truncate(told, 0)
    fake = Process('/usr/bin/python3', '-c', RESOLVED, told)
    wait_for(lines)
    net.destroy()
    net = s.conn.networkCreateXML(xml.format('refused.lan'))
    contains(net.XMLDesc(), 'refused.lan', 'not this one')


@case('without dnsmasq nothing is half done', only='ostler')
def _(s):
    path = os.path.join(s.root, 'etc/ostler/netd.conf')
    with open(path, 'w') as f:
        f.write('dnsmasq = "/nonexistent/dnsmasq"\n')
    s.restart('netd')
    try:
        refused(libvirt.VIR_ERR_SYSTEM_ERROR, s.conn.networkCreateXML, net_xml('one'), naming='/nonexistent/dnsmasq')
        equal(s.conn.listNetworks(), [])
        assert not os.path.exists('/sys/class/net/test0')
        assert 'ostler' not in run('nft', 'list', 'tables')
    finally:
        os.unlink(path)
        s.restart('netd')


@case('titles, descriptions and metadata: set, told, refused', only='ostler')
def _(s):
    """By the calls of later clients than the one that is installed."""
    net = define(net_xml('one'))
    link = daemonlink.DaemonLink(s.root)
    name = daemonlink.string('one') + net.UUID()
    description, title, element = range(3)

    def text(value):
        return struct.pack('>I', 0) if value is None else struct.pack('>I', 1) + daemonlink.string(value)

    def put(kind, value, uri=None, key=None, flags=CONFIG):
        link.call(444, name + struct.pack('>i', kind) + text(value) + text(key) + text(uri) + struct.pack('>I', flags),
                  program=daemonlink.REMOTE)

    def get(kind, uri=None, flags=CONFIG):
        return link.call(445, name + struct.pack('>i', kind) + text(uri) + struct.pack('>I', flags),
                         program=daemonlink.REMOTE)[0].string()

    def no(code, function, *args, **more):
        try:
            function(*args, **more)
        except daemonlink.Refused as e:
            equal(e.code, code)
        else:
            raise AssertionError('not refused')

    try:
        link.call(313, struct.pack('>iI', 1, 0), program=daemonlink.REMOTE)
        no(NO_METADATA, get, title)
        put(title, 'My net')
        put(description, 'two\nlines')
        put(element, "<x a='b'/>", 'urn:x', 'k')
        equal((get(title), get(description)), ('My net', 'two\nlines'))
        contains(get(element, 'urn:x'), '<x', "b")
        contains(net.XMLDesc(), '<title>My net</title>', 'two\nlines', '<k:x xmlns:k="urn:x" a="b"')
        for kind, uri in ((title, None), (description, None), (element, 'urn:x')):
            number, content = link.event()
            content.at += 4
            equal((number, content.string(), content.data[content.at:content.at + 16]), (446, 'one', net.UUID()))
            content.at += 16
            equal((content.number(), content.string() if content.number() else None), (kind, uri))
        no(libvirt.VIR_ERR_INVALID_ARG, put, title, 'a\nb')
        no(libvirt.VIR_ERR_INVALID_ARG, put, 7, 'a')
        no(INVALID, put, title, 'a', flags=LIVE)
        put(title, None)
        put(element, None, 'urn:x')
        no(NO_METADATA, get, element, 'urn:x')
        net.create()
        put(title, 'now', flags=LIVE)
        contains(net.XMLDesc(), 'now')
        assert 'title' not in net.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
    finally:
        link.close()


@case('ports are made, told, changed, deleted')
def _(s):
    net = s.conn.networkCreateXML(net_xml('one'))
    xml = ("<networkport><uuid>aaaaaaaa-0000-4000-8000-00000000000a</uuid><owner><name>me</name><uuid>%s</uuid></owner><mac address='52:54:00:aa:00:09'/>"
           "<bandwidth><outbound average='128'/></bandwidth></networkport>" % UUIDS[4])
    port = net.portCreateXML(xml)
    contains(port.XMLDesc(), "<name>me</name>", "<plug type='network' bridge='test0'/>", "average='128'")
    equal([p.UUIDString() for p in net.listAllPorts()], [port.UUIDString()])
    equal(net.portLookupByUUIDString(port.UUIDString()).UUIDString(), port.UUIDString())
    equal(port.parameters()['outbound.average'], 128)
    port.setParameters({'outbound.average': 256})
    contains(port.XMLDesc(), "average='256'")
    refused(libvirt.VIR_ERR_NETWORK_PORT_EXIST, net.portCreateXML,
            xml, naming=port.UUIDString())
    refused(libvirt.VIR_ERR_NO_NETWORK_PORT, net.portLookupByUUIDString, UUIDS[0])
    contains(s.virsh('net-port-list', 'one'), port.UUIDString())
    port.delete()
    equal(net.listAllPorts(), [])
    refused(libvirt.VIR_ERR_NO_NETWORK_PORT, port.XMLDesc)
    net.destroy()
    refused(NO_NETWORK, net.portCreateXML, xml)


if __name__ == '__main__':
    main()
