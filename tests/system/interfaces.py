"""Guests on networks: their interfaces from the definition to the packet."""
# SPDX-License-Identifier: LGPL-2.1-or-later
import contextlib
import glob
import os
import re
import select
import socket
import time
import xml.etree.ElementTree as ET

import daemonlink
from harness import case, contains, equal, guest_xml, main, mount, refused, s, until
from netlab import Outside, run

import libvirt


def net(name='one', bridge='test0', forward="<forward mode='nat'/>", ip=None, extra=''):
    """A network without spanning tree, whose ports forward at once."""
    ip = ip or ("<ip address='10.99.1.1' netmask='255.255.255.0'><dhcp>"
                "<range start='10.99.1.100' end='10.99.1.200'/></dhcp></ip>")
    return s.conn.networkCreateXML(
        f"<network><name>{name}</name>{forward}<bridge name='{bridge}' stp='off'/>{extra}{ip}</network>")


def nic(source="network='one'", kind='network', mac='52:54:00:00:00:01', extra='', model='virtio'):
    return (f"<interface type='{kind}'><mac address='{mac}'/>" + (f"<source {source}/>" if source else '') +
            f"<model type='{model}'/>{extra}</interface>")


def live_nic(dom, index=0):
    return ET.fromstring(dom.XMLDesc()).findall('devices/interface')[index]


def shown_nics(dom):
    """Types and sources of a running guest's interfaces, all of networks."""
    nics = [(nic.get('type'), dict(nic.find('source').items())) for nic in ET.fromstring(dom.XMLDesc()).findall('devices/interface')]
    assert all(source.pop('portid') for _, source in nics)
    return nics


def target_of(dom, index=0):
    return live_nic(dom, index).find('target').get('dev')


def queues_of(pid, name):
    """How many of a tap's queues a process has open."""
    count = 0
    for fd in os.listdir(f'/proc/{pid}/fdinfo'):
        with open(f'/proc/{pid}/fdinfo/{fd}') as f:
            count += f'iff:\t{name}\n' in f.read()
    return count


def link(name):
    return os.path.exists(f'/sys/class/net/{name}')


@case('a guest of a network gets an address, is told of, and leaves nothing')
def _(s):
    network = net()
    dom, console = s.boot('vm', devices=nic())
    console.expect('guest: address 10.99.1')
    tap = target_of(dom)
    assert re.fullmatch(r'vnet\d+', tap), tap
    equal(live_nic(dom).find('source').get('bridge'), 'test0')
    equal(os.path.basename(os.readlink(f'/sys/class/net/{tap}/master')), 'test0')
    equal(len(network.listAllPorts()), 1)
    equal(network.listAllPorts()[0].UUIDString(), live_nic(dom).find('source').get('portid'))
    refused(libvirt.VIR_ERR_OPERATION_INVALID, network.destroy, naming='vm')
    dom.destroy()
    assert not link(tap)
    equal(network.listAllPorts(), [])
    console.close()


@case('an interface is put into a running guest, changed, and taken out again')
def _(s):
    net()
    dom, console = s.boot('vm', devices=nic(), cmdline='acpi_pm')
    events = s.events('DEVICE_ADDED', 'DEVICE_REMOVED')
    dom.attachDeviceFlags(nic(mac='52:54:00:00:00:02'), libvirt.VIR_DOMAIN_AFFECT_LIVE | libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    equal(events.wait('DEVICE_ADDED', 'vm'), ('net1',))
    tap = target_of(dom, 1)
    assert link(tap)
    contains(dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), '52:54:00:00:00:02')
    contains(s.virsh('domiflist', 'vm'), tap, '52:54:00:00:00:02')
    contains(console.run('sleep 1; ip link'), '52:54:00:00:00:02')
    s.virsh('domif-setlink', 'vm', tap, 'down')
    contains(s.virsh('domif-getlink', 'vm', tap), 'down')
    contains(console.run('ip link show eth1 up; ip link set eth1 up; sleep 1; cat /sys/class/net/eth1/carrier'), '0')
    s.virsh('domif-setlink', 'vm', '52:54:00:00:00:02', 'up')
    contains(console.run('sleep 1; cat /sys/class/net/eth1/carrier'), '1')
    refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, dom.updateDeviceFlags, nic(mac='52:54:00:00:00:02', model='e1000'),
            naming='model')
    s.virsh('detach-interface', 'vm', 'network', '--mac', '52:54:00:00:00:02', '--live', '--config')
    equal(events.wait('DEVICE_REMOVED', 'vm'), ('net1',))
    assert not link(tap)
    equal(len(ET.fromstring(dom.XMLDesc()).findall('devices/interface')), 1)
    refused(libvirt.VIR_ERR_DEVICE_MISSING, dom.detachDevice, nic(mac='52:54:00:00:00:03'), naming='52:54:00:00:00:03')
    refused(libvirt.VIR_ERR_NO_NETWORK, dom.attachDevice, nic(source="network='none'", mac='52:54:00:00:00:04'),
            naming='none')
    equal(len(ET.fromstring(dom.XMLDesc()).findall('devices/interface')), 1)


@case('an interface without an address is the same one in what runs and in the configuration')
def _(s):
    net()
    dom, _console = s.boot('vm')
    s.virsh('attach-interface', 'vm', 'network', 'one', '--model', 'virtio', '--live', '--config')
    macs = [ET.fromstring(dom.XMLDesc(flags)).find('devices/interface/mac').get('address')
            for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE)]
    equal(macs[0], macs[1])
    s.virsh('detach-interface', 'vm', 'network', '--mac', macs[0], '--live', '--config')
    equal([ET.fromstring(dom.XMLDesc(flags)).find('devices/interface') for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE)],
          [None, None])


@case('what a guest carries, and the addresses behind it')
def _(s):
    net()
    dom, console = s.boot('vm', devices=nic())
    ip = console.expect(r'guest: address (\S+)\s').group(1)
    tap = target_of(dom)
    contains(console.run('ping -c 3 -s 1000 -i 0.2 10.99.1.1'), '3 packets received')
    rx, tx = (dom.interfaceStats(tap)[i] for i in (0, 4))
    assert rx > 3000 and tx > 3000, (rx, tx)
    equal(len(dom.interfaceStats('52:54:00:00:00:01')), 8)
    refused(libvirt.VIR_ERR_INVALID_ARG, dom.interfaceStats, 'vnet999', naming='vnet999')
    stats = s.conn.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_INTERFACE)[0][1]
    equal((stats['net.count'], stats['net.0.name']), (1, tap))
    assert stats['net.0.rx.bytes'] >= rx and stats['net.0.tx.pkts'] >= 3, stats
    for source in libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE, libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP:
        found = dom.interfaceAddresses(source)
        equal(list(found), [tap])
        equal(found[tap]['hwaddr'], '52:54:00:00:00:01')
        equal([a['addr'] for a in found[tap]['addrs']], [ip])
    contains(s.virsh('domifaddr', 'vm'), ip + '/24')
    contains(s.virsh('domifstat', 'vm', tap), 'rx_bytes')


@case('bandwidth of a running guest is limited, told and kept')
def _(s):
    net(extra="<bandwidth><inbound average='10000'/></bandwidth>")
    dom, console = s.boot('vm', devices=nic())
    console.expect('guest: address')
    tap = target_of(dom)
    equal(set(dom.interfaceParameters(tap).values()), {0})
    s.virsh('domiftune', 'vm', '52:54:00:00:00:01', '--inbound', '1000,2000,512,500', '--outbound', '300,600,128', '--live', '--config')
    want = {'inbound.average': 1000, 'inbound.peak': 2000, 'inbound.burst': 512, 'inbound.floor': 500,
            'outbound.average': 300, 'outbound.peak': 600, 'outbound.burst': 128}
    equal(dom.interfaceParameters(tap), want)
    equal(dom.interfaceParameters('52:54:00:00:00:01', libvirt.VIR_DOMAIN_AFFECT_CONFIG), want)
    contains(run('tc', 'class', 'show', 'dev', tap), 'rate 8Mbit')
    contains(run('nft', 'list', 'ruleset'), 'limit rate over')
    contains(s.conn.networkLookupByName('one').listAllPorts()[0].XMLDesc(), "average='1000'", "floor='500'")
    dom.setInterfaceParameters(tap, {'inbound.average': 0, 'inbound.floor': 0, 'outbound.average': 0})
    equal(set(dom.interfaceParameters(tap).values()), {0})
    assert 'htb' not in run('tc', 'qdisc', 'show', 'dev', tap)
    assert 'limit rate over' not in run('nft', 'list', 'ruleset')
    refused(libvirt.VIR_ERR_INVALID_ARG, dom.interfaceParameters, 'vnet999', naming='vnet999')


@case("a link's name that another guest has is refused, and that one keeps its link and limits", only='ostler')
def _(s):
    run('ip', 'link', 'add', 'testbr', 'type', 'bridge')

    def taps():
        return "<target dev='testtap'/><bandwidth><outbound average='100'/></bandwidth>"

    def state():
        return 'limit rate over' in run('nft', 'list', 'ruleset'), bool(link('testtap')), glob.glob(s.root + '/run/ostler/network/*/testtap*')

    try:
        s.conn.createXML(guest_xml('vm', devices=nic("bridge='testbr'", 'bridge', extra=taps())))
        before = state()
        equal((before[:2], len(before[2])), ((True, True), 1))
        refused(libvirt.VIR_ERR_OPERATION_INVALID, s.conn.createXML, guest_xml(
            'other', devices=nic("bridge='testbr'", 'bridge', '52:54:00:00:00:02', taps())), naming='testtap')
        equal(state(), before)
        s.conn.lookupByName('vm').destroy()
        until(lambda: state() == (False, False, []), lambda: f'left: {state()}')
    finally:
        run('ip', 'link', 'del', 'testbr')


@case('every type of interface')
def _(s):
    run('ip', 'link', 'add', 'testbr', 'type', 'bridge')
    run('ip', 'link', 'add', 'testdev', 'type', 'veth', 'peer', 'name', 'testend')
    run('ip', 'link', 'set', 'testbr', 'up')
    run('ip', 'link', 'set', 'testdev', 'up')
    try:
        dom = s.define('vm', devices=nic("bridge='testbr'", 'bridge', '52:54:00:00:00:01', "<driver queues='2'/>") +
                       nic("dev='testdev' mode='bridge'", 'direct', '52:54:00:00:00:02') +
                       nic('', 'ethernet', '52:54:00:00:00:03', "<target dev='testtap'/><mtu size='1400'/>", 'e1000') +
                       nic('', 'user', '52:54:00:00:00:04', model='rtl8139'), vcpus=2)
        dom.create()
        bridged, direct, ethernet = (target_of(dom, i) for i in range(3))
        equal(os.path.basename(os.readlink(f'/sys/class/net/{bridged}/master')), 'testbr')
        assert direct.startswith('macvtap') and link(direct), direct
        equal(ethernet, 'testtap')
        contains(run('ip', 'link', 'show', 'testtap'), 'mtu 1400')
        equal(queues_of(s.pid_of(dom), bridged), 2)
        dom.interfaceStats(direct)
        s.conn.lookupByName('vm').destroy()
        for name in bridged, direct, ethernet:
            assert not link(name), name
        refused(libvirt.VIR_ERR_SYSTEM_ERROR, s.conn.createXML,
                dom.XMLDesc().replace('testbr', 'testno'), naming='testno')
        refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, s.define, 'other',
                devices=nic("bridge='testbr'", 'bridge', extra="<filterref filter='clean-traffic'/>"), naming='filterref')
    finally:
        run('ip', 'link', 'del', 'testbr')
        run('ip', 'link', 'del', 'testdev')


@case('a guest reaches the world through the host, by IPv4 and IPv6')
def _(s):
    Outside()
    net(forward="<forward mode='nat'><nat ipv6='yes'/></forward>",
        ip="<ip address='10.99.1.1' netmask='255.255.255.0'><dhcp><range start='10.99.1.100' end='10.99.1.200'/></dhcp></ip>"
           "<ip family='ipv6' address='fd00:99::1' prefix='64'/>")
    _, console = s.boot('vm', devices=nic())
    console.expect('guest: address')
    contains(console.run('ping -c 2 -i 0.2 203.0.113.2'), '2 packets received')
    contains(console.run('nc -w 5 203.0.113.2 7000'), '203.0.113.1')
    console.run('ip addr add fd00:99::50/64 dev eth0 nodad; ip -6 route add default via fd00:99::1')
    until(lambda: '2001:db8:ff::1' in console.run('nc -w 5 2001:db8:ff::2 7000'), 'no way out by IPv6')
    contains(console.run('nslookup localhost 10.99.1.1'), '10.99.1.1')


@case('a network of a device of the host, and one of a bridge that is there')
def _(s):
    run('ip', 'link', 'add', 'testdev', 'type', 'veth', 'peer', 'name', 'testend')
    run('ip', 'link', 'add', 'testbr', 'type', 'bridge')
    try:
        direct = s.conn.networkCreateXML("<network><name>direct</name><forward mode='bridge'>"
                                         "<interface dev='testdev'/></forward></network>")
        bridged = s.conn.networkCreateXML("<network><name>bridged</name><forward mode='bridge'/>"
                                          "<bridge name='testbr'/></network>")
        alone = s.conn.networkCreateXML("<network><name>alone</name><forward mode='passthrough'>"
                                        "<interface dev='testend'/></forward></network>")
        dom = s.define('vm', devices=nic("network='direct'") + nic("network='bridged'", mac='52:54:00:00:00:02') +
                       nic("network='alone'", mac='52:54:00:00:00:03'))
        dom.create()
        first, second, third = (target_of(dom, i) for i in range(3))
        assert first.startswith('macvtap') and third.startswith('macvtap'), (first, third)
        contains(run('ip', '-d', 'link', 'show', first), '@testdev', 'mode bridge')
        contains(run('ip', '-d', 'link', 'show', third), '@testend', 'mode passthru')
        equal(os.path.basename(os.readlink(f'/sys/class/net/{second}/master')), 'testbr')
        contains(direct.XMLDesc(), "<interface dev='testdev' connections='1'/>")
        contains(s.virsh('domiflist', 'vm'), 'bridge   bridged')
        shown, kept = shown_nics(dom), [port.UUIDString() for port in bridged.listAllPorts()]
        equal(shown, [('direct', {'network': 'direct', 'dev': 'testdev', 'mode': 'bridge'}),
                      ('bridge', {'network': 'bridged', 'bridge': 'testbr'}),
                      ('direct', {'network': 'alone', 'dev': 'testend', 'mode': 'passthrough'})])
        s.virsh('domif-setlink', 'vm', second, 'down')  # gives back what it was shown
        equal(live_nic(dom, 1).find('link').get('state'), 'down')
        s.restart()
        dom, direct, bridged, alone = s.conn.lookupByName('vm'), *map(s.conn.networkLookupByName, ('direct', 'bridged', 'alone'))
        equal(shown_nics(dom), shown)
        equal([port.UUIDString() for port in bridged.listAllPorts()], kept)
        equal(dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE).count("<interface type='network'"), 3)
        refused(libvirt.VIR_ERR_INTERNAL_ERROR, s.conn.createXML, guest_xml('other', devices=nic("network='alone'")),
                naming='alone')
        dom.destroy()
        for name in first, second, third:
            assert not link(name), name
        for network in direct, bridged, alone:
            equal(network.listAllPorts(), [])
    finally:
        run('ip', 'link', 'del', 'testdev')
        run('ip', 'link', 'del', 'testbr')


@case('a port has what its group says; an interface moves to another network')
def _(s):
    net(extra="<portgroup name='slow'><bandwidth><inbound average='100'/></bandwidth></portgroup>")
    net('two', 'test1', ip="<ip address='10.99.2.1' netmask='255.255.255.0'><dhcp>"
        "<range start='10.99.2.100' end='10.99.2.200'/></dhcp></ip>")
    dom, console = s.boot('vm', devices=nic("network='one' portgroup='slow'"))
    console.expect('guest: address 10.99.1')
    tap = target_of(dom)
    contains(run('tc', 'class', 'show', 'dev', tap), 'rate 800Kbit')
    dom.updateDeviceFlags(nic("network='two'"), libvirt.VIR_DOMAIN_AFFECT_LIVE)
    equal(target_of(dom), tap)
    equal(os.path.basename(os.readlink(f'/sys/class/net/{tap}/master')), 'test1')
    equal([len(s.conn.networkLookupByName(n).listAllPorts()) for n in ('one', 'two')], [0, 1])
    assert 'htb' not in run('tc', 'qdisc', 'show', 'dev', tap)
    contains(console.run('udhcpc -i eth0 -n -q -f -t 10 -T 1 -s /bin/got-address'), '10.99.2.')
    refused(libvirt.VIR_ERR_INTERNAL_ERROR, dom.attachDevice, nic("network='one' portgroup='none'", mac='52:54:00:00:00:09'),
            naming='none')


@contextlib.contextmanager
def device(name='testdev', end='testend'):
    """A device of the host, and what is at the other end of its wire."""
    run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', end)
    try:
        for each in name, end:
            run('ip', 'link', 'set', each, 'up')
        yield
    finally:
        run('ip', 'link', 'del', name)


def direct_net(name='direct', dev='testdev', mode='bridge', extra=''):
    return s.conn.networkCreateXML(f"<network><name>{name}</name><forward mode='{mode}'><interface dev='{dev}'/></forward>"
                                   f"{extra}</network>")


def send(link, count, to='52:54:00:00:00:01', size=1000):
    """Frames by a link of the host, of a protocol that nobody answers to."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as packet:
        packet.setsockopt(socket.SOL_SOCKET, 32, 1 << 21)  # SO_SNDBUFFORCE: a queue must not hold us up
        packet.bind((link, 0))
        frame = bytes.fromhex(to.replace(':', '')) + b'\x52\x54\0\0\0\x99\x88\xb5' + bytes(size - 14)
        for _ in range(count):
            packet.send(frame)


@case('an interface goes from bridge to bridge only')
def _(s):
    one, two = net(), net('two', 'test1', ip="<ip address='10.99.2.1' netmask='255.255.255.0'/>")
    with device():
        direct, other = direct_net(), direct_net('other', 'testend')
        dom = s.define('vm', devices=nic() + nic("network='direct'", mac='52:54:00:00:00:02') +
                       nic("bridge='test1'", 'bridge', '52:54:00:00:00:03'))
        dom.create()
        before = dom.XMLDesc()
        taps = [target_of(dom, i) for i in range(3)]
        for source, kind, mac in (("network='direct'", 'network', '01'), ("network='other'", 'network', '02'),
                                  ("network='one'", 'network', '02'), ("bridge='test0'", 'bridge', '02'),
                                  ("network='direct'", 'network', '03'), ("dev='testdev' mode='bridge'", 'direct', '03')):
            refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, dom.updateDeviceFlags,
                    nic(source, kind, '52:54:00:00:00:' + mac), libvirt.VIR_DOMAIN_AFFECT_LIVE)
            equal(dom.XMLDesc(), before)
            equal([len(n.listAllPorts()) for n in (one, two, direct, other)], [1, 0, 1, 0])
        equal([os.path.basename(os.readlink(f'/sys/class/net/{t}/master')) for t in (taps[0], taps[2])], ['test0', 'test1'])
        assert not os.path.exists(f'/sys/class/net/{taps[1]}/master')
        dom.updateDeviceFlags(nic(mac='52:54:00:00:00:03'), libvirt.VIR_DOMAIN_AFFECT_LIVE)
        equal(os.path.basename(os.readlink(f'/sys/class/net/{taps[2]}/master')), 'test0')
        equal([len(n.listAllPorts()) for n in (one, two, direct, other)], [2, 0, 1, 0])


@case('a change that cannot be saved is undone', only='ostler')
def _(s):
    net(extra="<bandwidth><inbound average='10000'/></bandwidth>")
    net('two', 'test1', ip="<ip address='10.99.2.1' netmask='255.255.255.0'/>")
    dom = s.define('vm', devices=nic())
    dom.create()
    tap = target_of(dom)
    dom.setInterfaceParameters(tap, {'inbound.average': 500, 'inbound.floor': 300})

    def state():
        classes = [re.findall(r'class htb (\S+) .*rate (\S+)', run('tc', 'class', 'show', 'dev', name)) for name in (tap, 'test0')]
        with open(f'/sys/class/net/{tap}/flags') as f:
            return classes, f.read(), os.readlink(f'/sys/class/net/{tap}/master'), dom.XMLDesc(), dom.interfaceParameters(tap)

    before, ports = state(), s.root + '/run/ostler/network/port'
    mount('--bind', ports, ports)
    mount('-o', 'remount,bind,ro', ports)
    try:
        refused(libvirt.VIR_ERR_SYSTEM_ERROR, dom.setInterfaceParameters, tap, {'inbound.average': 900, 'inbound.floor': 0})
        for changed in (nic("bridge='test1'", 'bridge'), nic(extra="<link state='down'/><port isolated='yes'/>"), nic("network='two'")):
            refused(libvirt.VIR_ERR_SYSTEM_ERROR, dom.updateDeviceFlags, changed, libvirt.VIR_DOMAIN_AFFECT_LIVE)
            equal(state(), before)
    finally:
        run('umount', ports)
    dom.updateDeviceFlags(nic("bridge='test1'", 'bridge'), libvirt.VIR_DOMAIN_AFFECT_LIVE)
    equal(os.path.basename(os.readlink(f'/sys/class/net/{tap}/master')), 'test1')


@case('what only a bridge can do is refused elsewhere')
def _(s):
    with device():
        direct_net()
        direct_net('tagged', 'testend', 'passthrough', "<vlan><tag id='5'/></vlan>")
        direct_net('alone', extra="<port isolated='yes'/>")
        vlan, isolated = "<vlan><tag id='5'/></vlan>", "<port isolated='yes'/>"
        for source, kind, extra, naming in (
                ("dev='testdev' mode='bridge'", 'direct', vlan, 'vlan tag not supported'),
                ('', 'ethernet', vlan, 'vlan tag not supported'),
                ("network='direct'", 'network', vlan, 'vlan tag not supported'),
                ("network='tagged'", 'network', '', 'vlan'),
                ("dev='testdev' mode='bridge'", 'direct', isolated, "<port isolated='yes'/> is not supported"),
                ('', 'ethernet', isolated, "<port isolated='yes'/> is not supported"),
                ("network='alone'", 'network', '', "<port isolated='yes'/> is not supported")):
            refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, s.conn.createXML, guest_xml('vm', devices=nic(source, kind, extra=extra)),
                    naming=naming)
        equal([n for n in os.listdir('/sys/class/net') if n.startswith(('macvtap', 'vnet'))], [])
        equal([n.listAllPorts() for n in s.conn.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE)], [[], [], []])


@case('what a group limits stays limited when something else changes')
def _(s):
    net(extra="<portgroup name='slow'><bandwidth><inbound average='100'/><outbound average='50'/></bandwidth></portgroup>")
    mine = nic("network='one' portgroup='slow'")
    dom = s.define('vm', devices=mine)
    dom.create()
    tap, port = target_of(dom), s.conn.networkLookupByName('one').listAllPorts()[0]

    def limits(inbound, outbound):
        equal(('rate ' + inbound in run('tc', 'class', 'show', 'dev', tap)) if inbound else
              'htb' not in run('tc', 'qdisc', 'show', 'dev', tap), True)
        equal((f'limit rate over {outbound}' in run('nft', 'list', 'ruleset')) if outbound else
              'limit rate' not in run('nft', 'list', 'ruleset'), True)
        told = [f"<{way} average='{int(rate)}'" for way, rate in (('inbound', port_rates[0]), ('outbound', port_rates[1])) if rate]
        for xml in port.XMLDesc(), ET.tostring(live_nic(dom)).decode().replace('"', "'"):
            contains(xml, *told)

    port_rates = 100, 50
    limits('800Kbit', '50000 bytes/second')
    s.virsh('domif-setlink', 'vm', tap, 'down')
    dom.updateDeviceFlags(mine, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    limits('800Kbit', '50000 bytes/second')
    s.restart()
    dom, port = s.conn.lookupByName('vm'), s.conn.networkLookupByName('one').listAllPorts()[0]
    dom.setInterfaceParameters(tap, {'outbound.average': 70})
    port_rates = 100, 70
    limits('800Kbit', '70000 bytes/second')
    dom.setInterfaceParameters(tap, {'inbound.average': 0})
    port_rates = 0, 70
    limits(None, '70000 bytes/second')
    dom.setInterfaceParameters(tap, {'outbound.average': 0})
    port_rates = 0, 0
    limits(None, None)
    dom.updateDeviceFlags(mine, libvirt.VIR_DOMAIN_AFFECT_LIVE)  # as it is defined
    port_rates = 100, 50
    limits('800Kbit', '50000 bytes/second')


@case('an interface is isolated, and not any more')
def _(s):
    network = net()
    dom = s.define('vm', devices=nic())
    dom.create()
    tap = target_of(dom)
    for state, shown in ('yes', '1'), ('no', '0'), ('yes', '1'):
        dom.updateDeviceFlags(nic(extra=f"<port isolated='{state}'/>"), libvirt.VIR_DOMAIN_AFFECT_LIVE)
        with open(f'/sys/class/net/{tap}/brport/isolated') as f:
            equal(f.read().strip(), shown)
        for xml in dom.XMLDesc(), network.listAllPorts()[0].XMLDesc():
            contains(xml, f"<port isolated='{state}'/>")


@case('what a guest receives is what is counted as received, on a device too')
def _(s):
    with device():
        direct_net()
        dom = s.define('vm', devices=nic("network='direct'") + nic("dev='testdev' mode='bridge'", 'direct', '52:54:00:00:00:02'))
        dom.create()
        for index, mac in enumerate(('52:54:00:00:00:01', '52:54:00:00:00:02')):
            tap = target_of(dom, index)
            send('testend', 50, mac)
            stats = dom.interfaceStats(tap)
            assert stats[1] >= 50 > stats[5], stats
            told = s.conn.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_INTERFACE)[0][1]
            assert told[f'net.{index}.rx.pkts'] >= 50 > told[f'net.{index}.tx.pkts'], told


def listener(link):
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
    packet.setsockopt(socket.SOL_SOCKET, 33, 1 << 21)  # SO_RCVBUFFORCE
    packet.bind((link, 0x88b5))
    return packet


def count(source):
    """How many of our frames come before a moment of silence, or in a second."""
    found, end = 0, time.monotonic() + 1
    while time.monotonic() < end and select.select([source], [], [], 0.3)[0]:
        data = os.read(source if isinstance(source, int) else source.fileno(), 4096)
        found += data[12:14] == b'\x88\xb5'
    return found


@case('a limit holds each way, on a device and on a tap in no bridge', only='ostler')
def _(s):
    frame = bytes.fromhex('525400000099525400000001') + b'\x88\xb5' + bytes(986)
    limits = "<bandwidth><inbound average='{}' burst='{}'/><outbound average='{}' burst='{}'/></bandwidth>"

    def carried(fd, name, far):
        """(to the guest, from the guest) of 200 frames each."""
        while select.select([fd], [], [], 0)[0]:
            os.read(fd, 4096)
        send(far or name, 200)
        got = count(fd)
        with listener(far or name) as heard:
            with contextlib.suppress(BlockingIOError):  # the queue is full
                for _ in range(200):
                    os.write(fd, frame)
            return got, count(heard)

    for source, far in (("type='direct'><source dev='testdev' mode='bridge'/>", 'testend'), ("type='ethernet'>", None)):
        with device(), contextlib.closing(daemonlink.DaemonLink(s.root)) as netd:
            xml = f"<interface {source}<mac address='52:54:00:00:00:01'/>{{}}</interface>"
            plain, few, many = xml.format(''), limits.format(10, 20, 10000, 1000), limits.format(10000, 1000, 10, 20)
            live, (fd,), _ = netd.open(plain)
            name = re.search("target dev='([^']*)'", live).group(1)
            run('ip', 'link', 'set', name, 'up')
            equal(carried(fd, name, far), (200, 200))
            for rates, narrow in ((few, 0), (many, 1)):
                limited = netd.change(live, live.replace('</interface>', rates + '</interface>'))
                if narrow == 0:
                    s.restart('netd')
                    netd.close()
                    netd.__init__(s.root)
                    run('nft', 'flush', 'ruleset')
                    until(lambda: bool('in_' in run('nft', 'list', 'ruleset')), 'the limit is lost')
                found = carried(fd, name, far)
                assert found[1 - narrow] == 200 and 10 <= found[narrow] <= 60, (source, rates, found)
                equal(netd.change(limited, live), live)
            equal(carried(fd, name, far), (200, 200))
            equal(run('nft', 'list', 'ruleset'), '')
            netd.change(live, live.replace('</interface>', few + '</interface>'))
            os.close(fd)
            netd.shut(live)
            until(lambda: not run('nft', 'list', 'ruleset') and not link(name), 'something is left')


@case('a bridge that somebody deletes is made again, with its guests')
def _(s):
    net()
    dom, console = s.boot('vm', devices=nic())
    console.expect('guest: address')
    run('ip', 'link', 'del', 'test0')
    tap = target_of(dom)
    until(lambda: os.path.exists(f'/sys/class/net/{tap}/master'), 'the guest is not in the bridge again')
    contains(console.run('ping -c 2 -i 0.2 10.99.1.1'), '2 packets received')


def port_xml(number, floor):
    return (f"<networkport><owner><name>guest{number}</name><uuid>3c1b6d1a-6d1c-4a51-9b4e-2a7b7b2b{number:04d}</uuid></owner>"
            f"<mac address='52:54:00:77:00:{number:02x}'/><bandwidth classID='3'><inbound average='500' floor='{floor}'/></bandwidth>"
            "</networkport>")


@case('floors are each other\'s neighbours, also after a kill and on a new bridge', only='ostler')
def _(s):
    network = net(extra="<bandwidth><inbound average='10000'/></bandwidth>")

    def floors():
        return sorted(re.findall(r'class htb 1:(\S+) parent 1:1 .*rate (\S+)bit ceil', run('tc', 'class', 'show', 'dev', 'test0')))

    def filters():
        return len(re.findall('flowid 1:', run('tc', 'filter', 'show', 'dev', 'test0')))

    rest = ('2', '80M')
    network.portCreateXML(port_xml(1, 100))
    s.restart('netd')
    network = s.conn.networkLookupByName('one')
    network.portCreateXML(port_xml(2, 200))
    want = [rest, ('3', '800K'), ('4', '1600K')]
    equal((floors(), filters()), (want, 2))
    equal(sorted(re.search(r"classID='(\d+)'", p.XMLDesc()).group(1) for p in network.listAllPorts()), ['3', '4'])

    # a netd that is killed in the middle of a change leaves one of these
    for words in ('class change dev test0 parent 1:1 classid 1:3 htb rate 9mbit', 'filter del dev test0 parent 1: prio 4',
                  'class add dev test0 parent 1:1 classid 1:9 htb rate 9mbit', 'qdisc del dev test0 root'):
        run('tc', *words.split())
        assert (floors(), filters()) != (want, 2), words
        s.restart('netd')
        until(lambda: (floors(), filters()) == (want, 2), lambda: f'after {words}: {floors()}, {filters()}')
    network = s.conn.networkLookupByName('one')
    run('ip', 'link', 'del', 'test0')
    until(lambda: link('test0') and floors() == want and filters() == 2, 'no floors on the new bridge')
    for port in network.listAllPorts():
        port.delete()
    equal((floors(), filters()), ([rest], 0))


@case('guests keep their links when netd or qemud is killed')
def _(s):
    net()
    run('ip', 'link', 'add', 'testdev', 'type', 'veth', 'peer', 'name', 'testend')
    try:
        dom, console = s.boot('vm', devices=nic() + nic("dev='testdev'", 'direct', '52:54:00:00:00:02'))
        console.expect('guest: address')
        tap, macvtap = target_of(dom), target_of(dom, 1)
        s.restart('netd')
        contains(console.run('ping -c 2 -i 0.2 10.99.1.1'), '2 packets received')
        network = s.conn.networkLookupByName('one')
        until(lambda: len(network.listAllPorts()) == 1, 'no port')
        refused(libvirt.VIR_ERR_OPERATION_INVALID, network.destroy, naming='vm')
        s.restart('qemud')
        dom = s.conn.lookupByName('vm')
        equal((target_of(dom), target_of(dom, 1)), (tap, macvtap))
        s.virsh('domif-setlink', 'vm', tap, 'down')
        dom.destroy()
        assert not link(tap) and not link(macvtap)
        until(lambda: not s.conn.networkLookupByName('one').listAllPorts(), 'the port stays')
    finally:
        run('ip', 'link', 'del', 'testdev')


if __name__ == '__main__':
    main()
