#!/usr/bin/python3
"""lxc_net.py - containers on networks: the pair of links, its names and addresses, its end"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import contextlib
import os
import signal
import subprocess
import threading
import xml.etree.ElementTree as ET

import libvirt
from containers import boot, define, links, shell
from harness import case, contains, equal, main, refused, s, until
from netlab import run

CONSOLE = "<console type='pty'/>"


def net(name='one', bridge='test0', extra=''):
    return s.conn.networkCreateXML(
        f"<network><name>{name}</name><bridge name='{bridge}' stp='off'/>{extra}"
        "<ip address='10.99.1.1' netmask='255.255.255.0'/></network>")


def nic(source="network='one'", kind='network', extra='', mac='52:54:00:00:00:01'):
    return (f"<interface type='{kind}'><mac address='{mac}'/>" + (f'<source {source}/>' if source else '') +
            f'{extra}</interface>')


def target_of(dom, index=0):
    return ET.fromstring(dom.XMLDesc()).findall('devices/interface')[index].find('target').get('dev')


@case('a container has an address on a network, and reaches the host')
def _(s):
    network = net()
    extra = "<ip address='10.99.1.2' prefix='24'/><route address='0.0.0.0' gateway='10.99.1.1'/><mtu size='1400'/>"
    dom, console = boot('one', devices=nic(extra=extra) + CONSOLE, features='')
    contains(console.run('ip addr show eth0'), 'mtu 1400', '52:54:00:00:00:01', 'inet 10.99.1.2/24', 'UP')
    contains(console.run('ip route'), 'default via 10.99.1.1 dev eth0')
    contains(console.run('ping -c 1 -w 10 10.99.1.1'), '0% packet loss')
    link = target_of(dom)
    contains(dom.XMLDesc(), "<guest actual='eth0'/>", f"<target dev='{link}'/>")
    contains(s.virsh('domiflist', 'one'), link, 'network', 'one')
    stats = dom.interfaceStats(link)
    assert stats[0] > 50 and stats[4] > 50, stats
    contains(s.virsh('domstats', '--interface', 'one'), f'net.0.name={link}', 'net.0.rx.bytes=')
    dom.destroy()
    until(lambda: not links(), f'links are left: {links()}')
    network.destroy()


@case('names inside are what the definition says; each link is its own')
def _(s):
    network = net()
    devices = (nic(mac='52:54:00:00:00:01') + nic(mac='52:54:00:00:00:02', extra="<guest dev='wan'/>") +
               nic(mac='52:54:00:00:00:03', extra="<link state='down'/>") + CONSOLE)
    dom, console = boot('one', devices=devices, features='')
    equal(console.run('cd /sys/class/net; for i in *; do echo $i $(cat $i/address); done; cd /'),
          'eth0 52:54:00:00:00:01\neth1 52:54:00:00:00:03\nlo 00:00:00:00:00:00\nwan 52:54:00:00:00:02\n')
    equal(len({target_of(dom, i) for i in range(3)}), 3)
    dom.destroy()
    network.destroy()


@case('a bridge of the host, and a pair that nobody joins to anything')
def _(s):
    network = net()
    devices = nic("bridge='test0'", 'bridge') + nic(None, 'ethernet', mac='52:54:00:00:00:02') + CONSOLE
    dom, _console = boot('one', features='', devices=devices)
    equal(os.path.basename(os.readlink(f'/sys/class/net/{target_of(dom)}/master')), 'test0')
    equal(os.path.exists(f'/sys/class/net/{target_of(dom, 1)}/master'), False)
    dom.destroy()
    network.destroy()


@case('a mapped container may change its own network')
def _(s):
    network = net()
    ids = ("<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>")
    dom, console = boot('one', devices=nic() + CONSOLE, tail=ids, features='')
    contains(console.run('ip addr add 10.99.1.9/24 dev eth0; ping -c 1 -w 10 10.99.1.1'), '0% packet loss')
    dom.destroy()
    network.destroy()


@case('an interface is attached, limited and detached while the container runs')
def _(s):
    network = net()
    dom, console = boot('one', features='<privnet/>')
    dom.attachDeviceFlags(nic(extra="<ip address='10.99.1.7' prefix='24'/>"), 3)
    contains(console.run('ip addr show eth0; ping -c 1 -w 10 10.99.1.1'), 'inet 10.99.1.7/24', '0% packet loss')
    link = target_of(dom)
    s.virsh('domiftune', 'one', link, '--inbound', '1000', '--live')
    contains(s.virsh('domiftune', 'one', link), 'inbound.average: 1000')
    s.virsh('domif-setlink', 'one', link, 'down')
    contains(s.virsh('domif-getlink', 'one', link), 'down')
    dom.detachDeviceFlags(nic(), 3)
    equal((console.run('ls -1 /sys/class/net'), links()), ('lo\n', set()))
    assert 'interface' not in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    _dom, _console = boot('shares', features='')
    refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, s.conn.lookupByName('shares').attachDevice, nic())
    network.destroy()


def macs_of(dom, flags=0):
    return [e.get('address') for e in ET.fromstring(dom.XMLDesc(flags)).findall('devices/interface/mac')]


@case('an interface without an address is the same one in what runs and in the configuration')
def _(s):
    network = net()
    dom, console = boot('one', features='<privnet/>')
    for _ in range(2):
        s.virsh('attach-interface', 'one', 'network', 'one', '--persistent')
    macs = macs_of(dom)
    equal((macs_of(dom, libvirt.VIR_DOMAIN_XML_INACTIVE), len(set(macs))), (macs, 2))
    contains(console.run('ip link show eth0; ip link show eth1'), *macs)
    s.virsh('detach-interface', 'one', 'network', '--mac', macs[0], '--live', '--config')
    equal((macs_of(dom), macs_of(dom, libvirt.VIR_DOMAIN_XML_INACTIVE)), (macs[1:], macs[1:]))
    dom.destroy()
    dom.create()
    contains(shell('one').run('ip link show eth0'), macs[1])
    dom.destroy()
    network.destroy()


@case('devices that run have names of their own, also after others have gone')
def _(s):
    network = net()
    dom, _console = boot('one', devices=nic() + CONSOLE, features='')
    events = s.events('DEVICE_ADDED', 'DEVICE_REMOVED')
    for number in (2, 3):
        dom.attachDevice(nic(mac=f'52:54:00:00:00:0{number}'))
    dom.detachDevice(nic(mac='52:54:00:00:00:02'))
    events.wait('DEVICE_REMOVED', 'one', 'net1')
    dom.attachDevice(nic(mac='52:54:00:00:00:04'))
    dom.detachDevice(nic())
    events.wait('DEVICE_REMOVED', 'one', 'net0')
    dom.attachDevice(nic(mac='52:54:00:00:00:05'))
    equal([e.get('name') for e in ET.fromstring(dom.XMLDesc()).findall('devices/interface/alias')], ['net2', 'net1', 'net0'])
    dom.destroy()
    network.destroy()


@case('a link that leads to one other')
def _(s):
    network = net()
    extra = "<ip address='10.97.1.2' prefix='32' peer='10.97.1.1'/><ip address='fd00::2' prefix='128' peer='fd00::1'/>"
    dom, console = boot('one', devices=nic(extra=extra) + CONSOLE, features='')
    contains(console.run('ip addr show eth0'), 'inet 10.97.1.2 peer 10.97.1.1/32', 'inet6 fd00::2')
    contains(console.run('ip route; ip -6 route'), '10.97.1.1 dev eth0 scope link', 'fd00::1 dev eth0')
    contains(dom.XMLDesc(), "peer='10.97.1.1'")
    dom.destroy()
    for peer in ('fd00::1', 'nonsense'):
        refused(libvirt.VIR_ERR_INVALID_ARG, define, 'bad', devices=nic(extra=f"<ip address='10.97.1.2' peer='{peer}'/>"),
                naming=peer)
    network.destroy()


@case('a bandwidth of the definition is there from the start')
def _(s):
    network = net()
    limit = "<bandwidth><inbound average='1000'/><outbound average='2000'/></bandwidth>"
    dom, _console = boot('one', devices=nic(extra=limit) + CONSOLE, features='')
    link = target_of(dom)
    contains(s.virsh('domiftune', 'one', link), 'inbound.average: 1000', 'outbound.average: 2000')
    contains(run('tc', 'class', 'show', 'dev', link), 'rate 8Mbit')
    contains(run('nft', 'list', 'ruleset'), 'limit rate over')
    dom.destroy()
    network.destroy()


@case('addresses of a container, from leases and neighbours')
def _(s):
    network = net(extra='', bridge='test0')
    dom, console = boot('one', devices=nic(extra="<ip address='10.99.1.2' prefix='24'/>") + CONSOLE, features='')
    console.run('ping -c 1 -w 10 10.99.1.1')
    contains(s.virsh('domifaddr', 'one', '--source', 'arp'), target_of(dom), '52:54:00:00:00:01', 'ipv4', '10.99.1.2')
    equal(s.virsh('-q', 'domifaddr', 'one', '--source', 'lease').strip(), '')
    dom.destroy()
    network.destroy()
    refused(libvirt.VIR_ERR_OPERATION_INVALID, dom.interfaceAddresses, 0)


@case('what cannot be linked is told, and leaves nothing')
def _(s):
    network = net()
    for code, naming, device in (
            (libvirt.VIR_ERR_NO_NETWORK, 'nowhere', nic("network='nowhere'")),
            (libvirt.VIR_ERR_XML_ERROR, '10.99.1.2.3', nic(extra="<ip address='10.99.1.2.3'/>"))):
        dom = define('bad', devices=nic(mac='52:54:00:00:00:09') + device + CONSOLE, features='')
        refused(code, dom.create, naming=naming)
        until(lambda: not links(), f'links are left: {links()}')
        dom.undefine()
    network.destroy()


@case('containers that start side by side all have their links')
def _(s):
    net()
    count = int(os.environ.get('OSTLER_MANY', 100))
    doms = [define(f'm{i}', devices=nic(mac=f'52:54:00:00:01:{i:02x}'), features='', init='/bin/sleep', args=('1000',))
            for i in range(count)]
    failed = []

    def start(name):
        try:
            s.conn.lookupByName(name).create()
        except libvirt.libvirtError as e:
            failed.append(str(e))

    workers = [threading.Thread(target=start, args=(d.name(),)) for d in doms]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    equal((failed, len(links())), ([], count))
    s.clean()
    until(lambda: not links(), f'links are left: {links()}')


@case('a reboot keeps the network')
def _(s):
    net()
    events = s.events('REBOOT')
    _dom, console = boot('one', devices=nic() + CONSOLE, features='')
    console.send('reboot -f\n')
    events.wait('REBOOT', 'one')
    contains(shell('one').run('ip addr show eth0'), '52:54:00:00:00:01')
    until(lambda: len(links()) == 1, f'links: {links()}')

def ip(*words):
    return subprocess.run(['ip', *words], check=True, capture_output=True, text=True).stdout


def is_here(link):
    return os.path.exists('/sys/class/net/' + link)


@contextlib.contextmanager
def pair(*names, address=None):
    """Links of the host that are no network's; whoever lives to see it takes them away."""
    ip('link', 'add', names[0], 'type', 'veth', 'peer', 'name', names[1])
    try:
        for name in names:
            ip('link', 'set', name, 'up')
        if address:
            ip('addr', 'add', address, 'dev', names[1])
        yield
    finally:
        if s.conn:
            s.clean()
        subprocess.run(['ip', 'link', 'delete', names[1]], check=False)


@case('interfaces on a device of the host, in each of its modes')
def _(s):
    address = "<ip address='10.98.1.{}' prefix='24'/>"
    with pair('up0', 'up1', address='10.98.1.1/24'):
        for mode in ('bridge', 'private', 'vepa', 'passthrough'):
            dom, console = boot('one', devices=nic(f"dev='up0' mode='{mode}'", 'direct', address.format(2)) + CONSOLE,
                                features='')
            contains(console.run('ip addr show eth0'), '52:54:00:00:00:01', 'inet 10.98.1.2/24', 'UP')
            contains(console.run('ping -c 1 -w 10 10.98.1.1'), '0% packet loss')
            stats = dom.interfaceStats('eth0')
            assert stats[0] > 50 and stats[4] > 50 and dom.interfaceStats('52:54:00:00:00:01')[1] >= stats[1], stats
            contains(s.virsh('domstats', '--interface', 'one'), 'net.0.name=eth0', 'net.0.rx.bytes=')
            equal(list(dom.interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP)), ['eth0'])
            contains(dom.XMLDesc(), f"<source dev='up0' mode='{mode}'/>", "<guest actual='eth0'/>")
            dom.destroy()
            dom.undefine()
        # two of them see each other, and one may go while it runs
        dom, console = boot('one', devices=nic("dev='up0' mode='bridge'", 'direct', address.format(2)) + CONSOLE, features='')
        other, second = boot('two', features='<privnet/>')
        device = nic("dev='up0' mode='bridge'", 'direct', address.format(3), mac='52:54:00:00:00:02')
        other.attachDeviceFlags(device, 3)
        contains(second.run('ping -c 1 -w 10 10.98.1.2'), '0% packet loss')
        other.detachDeviceFlags(device, 3)
        equal(second.run('ls /sys/class/net'), 'lo\n')
        refused(libvirt.VIR_ERR_SYSTEM_ERROR, other.attachDevice, nic("dev='gone0' mode='bridge'", 'direct'), naming='gone0')
        refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, other.attachDevice,
                device.replace('</inter', "<bandwidth><inbound average='9'/></bandwidth></inter"), naming='bandwidth')
        equal(second.run('ls /sys/class/net'), 'lo\n')


@case('a network hands out devices of the host')
def _(s):
    with pair('up0', 'up1', address='10.98.1.1/24'):
        for mode in ('bridge', 'private', 'vepa', 'passthrough'):
            network = s.conn.networkCreateXML(f"<network><name>direct</name><forward mode='{mode}'>"
                                              "<interface dev='up0'/></forward></network>")
            dom, console = boot('one', devices=nic("network='direct'", extra="<ip address='10.98.1.2' prefix='24'/>") + CONSOLE,
                                features='')
            contains(console.run('ping -c 1 -w 10 10.98.1.1'), '0% packet loss')
            equal([p.XMLDesc().count("<plug type='direct' dev='up0'") for p in network.listAllPorts()], [1])
            refused(libvirt.VIR_ERR_OPERATION_INVALID, network.destroy, naming='one')
            if mode == 'vepa':
                s.restart('netd')
                network = s.conn.networkLookupByName('direct')
                refused(libvirt.VIR_ERR_OPERATION_INVALID, network.destroy, naming='one')
            if mode == 'passthrough':
                other = define('two', devices=nic("network='direct'", mac='52:54:00:00:00:02'), features='')
                refused(libvirt.VIR_ERR_INTERNAL_ERROR, other.create, naming='exclusive')
            dom.destroy()
            equal(network.listAllPorts(), [])
            network.destroy()
            dom.undefine()


def lent(link='given0', extra=''):
    return (f"<hostdev mode='capabilities' type='net'><source><interface>{link}</interface></source>{extra}</hostdev>")


@case('a link of the host is the container\'s as long as that runs')
def _(s):
    for end in (lambda dom, console: dom.destroy(), lambda dom, console: console.send('exit\n'),
                lambda dom, console: os.kill(dom.ID(), signal.SIGKILL),
                lambda dom, console: os.kill(controller_of(dom), signal.SIGKILL)):
        with pair('given0', 'given1', address='10.98.1.1/24'):
            dom, console = boot('one', devices=lent(extra="<ip address='10.98.1.2' family='ipv4' prefix='24'/>") + CONSOLE,
                                features='')
            contains(console.run('ip addr show given0; ping -c 1 -w 10 10.98.1.1'), 'inet 10.98.1.2/24', '0% packet loss')
            equal(is_here('given0'), False)
            console.run('ip link set given0 down; ip link set given0 name other; ip link set other up')
            end(dom, console)
            until(lambda: is_here('given0') and not dom.isActive(), 'the link has not come back')
            dom.undefine()


def answers(name):
    try:
        return s.conn.lookupByName(name).hostname() == name
    except libvirt.libvirtError:
        return False


def controller_of(dom):
    with open(f'/proc/{dom.ID()}/status') as f:
        return int(f.read().partition('PPid:')[2].split()[0])


@case('a link of the host comes back whoever was away when the container ended')
def _(s):
    for who in (('lxcd',), ('netd',), ('netd', 'lxcd')):
        with pair('given0', 'given1'):
            dom, console = boot('one', devices=lent() + CONSOLE, features='')
            init = dom.ID()
            s.opened.clear()
            s.disconnect()
            for daemon in who:
                s.kill(daemon)
            if who == ('netd', 'lxcd'):
                s.start()
                s.conn = s.connect()
                until(lambda: answers('one'), 'the container has not been found again')
            os.kill(init, signal.SIGKILL)
            if who != ('netd', 'lxcd'):
                s.start()
                s.conn = s.connect()
            until(lambda: is_here('given0'), f'without {who} the link has not come back')
            until(lambda: not s.conn.lookupByName('one').isActive(), 'the container still runs')
            s.conn.lookupByName('one').undefine()


@case('a link of the host comes and goes while the container runs; one in use, and one that is not there, is told')
def _(s):
    net()
    with pair('given0', 'given1'):
        dom, console = boot('one', features='<privnet/>')
        dom.attachDeviceFlags(lent(), 3)
        equal((console.run('ls -1 /sys/class/net'), is_here('given0')), ('given0\nlo\n', False))
        contains(dom.XMLDesc(), '<interface>given0</interface>')
        other = define('two', devices=lent(), features='')
        refused(libvirt.VIR_ERR_RESOURCE_BUSY, other.create, naming="'one'")
        dom.detachDeviceFlags(lent(), 3)
        equal((console.run('ls -1 /sys/class/net'), is_here('given0')), ('lo\n', True))
        # its name is another link's when it comes back
        dom.attachDevice(lent())
        ip('link', 'add', 'given0', 'type', 'bridge')
        before = set(os.listdir('/sys/class/net'))
        dom.detachDevice(lent())
        equal([n[:3] for n in set(os.listdir('/sys/class/net')) - before], ['dev'])
        ip('link', 'delete', 'given0')
        ip('link', 'set', (set(os.listdir('/sys/class/net')) - before).pop(), 'name', 'given0')
        ip('link', 'set', 'given0', 'master', 'test0')
        refused(libvirt.VIR_ERR_RESOURCE_BUSY, dom.attachDevice, lent(), naming='test0')
        refused(libvirt.VIR_ERR_RESOURCE_BUSY, other.create, naming='test0')
        ip('link', 'set', 'given0', 'nomaster')
        refused(libvirt.VIR_ERR_SYSTEM_ERROR, dom.attachDevice, lent('gone0'), naming='gone0')
        refused(libvirt.VIR_ERR_SYSTEM_ERROR, dom.attachDevice, lent('lo'), naming='lo')
        # what fails later gives back what came first
        bad = define('bad', devices=lent() + lent('gone0') + nic() + CONSOLE, features='')
        refused(libvirt.VIR_ERR_SYSTEM_ERROR, bad.create, naming='gone0')
        until(lambda: is_here('given0') and not links(), f'links: {links()}')


main()
