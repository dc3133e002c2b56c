"""Guests on networks: their interfaces from the definition to the packet."""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import re
import subprocess
import xml.etree.ElementTree as ET

from harness import Timeout, case, contains, equal, main, refused, s, until

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


def run(*args, fails=False):
    r = subprocess.run(args, capture_output=True, text=True)
    assert fails or r.returncode == 0, f'{args}: {r.stderr}'
    return r.stdout


def live_nic(dom, index=0):
    return ET.fromstring(dom.XMLDesc()).findall('devices/interface')[index]


def target_of(dom, index=0):
    return live_nic(dom, index).find('target').get('dev')


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


if __name__ == '__main__':
    main()
