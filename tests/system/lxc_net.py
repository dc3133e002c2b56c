#!/usr/bin/python3
"""lxc_net.py - containers on networks: the pair of links, its names and addresses, its end"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import threading
import xml.etree.ElementTree as ET

import libvirt
from containers import boot, define, shell
from harness import case, contains, equal, main, refused, s, until

CONSOLE = "<console type='pty'/>"


def net(name='one', bridge='test0', extra=''):
    return s.conn.networkCreateXML(
        f"<network><name>{name}</name><bridge name='{bridge}' stp='off'/>{extra}"
        "<ip address='10.99.1.1' netmask='255.255.255.0'/></network>")


def nic(source="network='one'", kind='network', extra='', mac='52:54:00:00:00:01'):
    return (f"<interface type='{kind}'><mac address='{mac}'/>" + (f'<source {source}/>' if source else '') +
            f'{extra}</interface>')


def links():
    return {n for n in os.listdir('/sys/class/net') if n.startswith('veth')}


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
    equal((console.run('ls /sys/class/net'), links()), ('lo\n', set()))
    assert 'interface' not in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    _dom, _console = boot('shares', features='')
    refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, s.conn.lookupByName('shares').attachDevice, nic())
    network.destroy()


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
    count = int(os.environ.get('OSTLER_MANY', 30))
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


main()
