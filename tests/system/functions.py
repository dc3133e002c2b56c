#!/usr/bin/python3
"""functions.py - networks that hand out virtual functions of a network card; the card is a planted one"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import concurrent.futures
import contextlib
import os
import subprocess
import threading

import libvirt
from harness import PEER, case, contains, equal, guest_xml, main, refused
from netlab import run

FUNCTIONS = '/sys/bus/pci/devices'
CARD = '0000:77:00.0'
FIRST, SECOND, THIRD = (f'0000:77:10.{n}' for n in range(3))


def write(path, text=''):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f:
        f.write(text)


@contextlib.contextmanager
def planted():
    """A card with three virtual functions, in place of all that there is. Its link is a real one, which has none."""
    folders = ('/sys/bus/pci', '/sys/class/net')
    for folder in folders:
        subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', folder], check=True)
    try:
        for name in (CARD, FIRST, SECOND, THIRD):
            for attribute, text in (('vendor', '0x8086'), ('device', '0x10ed'), ('class', '0x020000')):
                write(f'{FUNCTIONS}/{name}/{attribute}', text + '\n')
            write(f'{FUNCTIONS}/{name}/config', '\0' * 4096)
        write(f'{FUNCTIONS}/{CARD}/sriov_totalvfs', '3\n')
        write(f'{FUNCTIONS}/{CARD}/sriov_numvfs', '3\n')
        os.makedirs(f'{FUNCTIONS}/{CARD}/net/testpf')
        for i, name in enumerate((FIRST, SECOND, THIRD)):
            os.symlink(f'../{name}', f'{FUNCTIONS}/{CARD}/virtfn{i}')
            os.symlink(f'../{CARD}', f'{FUNCTIONS}/{name}/physfn')
        for link in ('testpf', 'lo'):
            os.makedirs('/sys/class/net/' + link)
        os.symlink(f'{FUNCTIONS}/{CARD}', '/sys/class/net/testpf/device')
        run('ip', 'link', 'add', 'testpf', 'type', 'bridge')
        yield
    finally:
        run('ip', 'link', 'del', 'testpf', fails=True)
        for folder in folders:
            subprocess.run(['umount', folder], check=True)


def address(function, slot=0x10):
    return f"<address type='pci' domain='0x0000' bus='0x77' slot='{slot:#x}' function='{function:#x}'/>"


def net_xml(name, pool, more='', forward="managed='yes'"):
    return f"<network><name>{name}</name><forward mode='hostdev' {forward}>{pool}</forward>{more}</network>"


def port_xml(number, more=''):
    return (f"<networkport><uuid>2c1b6d1a-6d1c-4a51-9b4e-2a7b7b2b{number:04d}</uuid><owner><name>guest{number}</name>"
            f"<uuid>3c1b6d1a-6d1c-4a51-9b4e-2a7b7b2b{number:04d}</uuid></owner>"
            f"<mac address='52:54:00:77:00:{number:02x}'/>{more}</networkport>")


@case('the functions of a card, each once')
def _(s):
    with planted():
        net = s.conn.networkDefineXML(net_xml('pool', "<driver name='vfio'/><pf dev='testpf'/>"))
        assert 'address' not in net.XMLDesc()
        net.create()
        contains(net.XMLDesc(), "<pf dev='testpf'/>", *(address(n) for n in range(3)))
        assert 'address' not in net.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
        ports = [net.portCreateXML(port_xml(n)) for n in range(3)]
        for n, port in enumerate(ports):
            contains(port.XMLDesc(), "<plug type='hostdev-pci' managed='yes'>", "<driver name='vfio'/>",
                     f"<address domain='0x0000' bus='0x77' slot='0x10' function='0x{n}'/>")
        contains(net.XMLDesc(), "<network connections='3'>")
        refused(libvirt.VIR_ERR_INTERNAL_ERROR, net.portCreateXML, port_xml(3), naming="network 'pool'")
        s.restart('netd')
        net = s.conn.networkLookupByName('pool')
        refused(libvirt.VIR_ERR_INTERNAL_ERROR, net.portCreateXML, port_xml(3), naming="network 'pool'")
        net.portLookupByUUIDString('2c1b6d1a-6d1c-4a51-9b4e-2a7b7b2b0001').delete()
        contains(net.portCreateXML(port_xml(3)).XMLDesc(), "function='0x1'/>")
        dom = s.define('vm', devices="<interface type='network'><source network='pool'/></interface>")
        refused(libvirt.VIR_ERR_INTERNAL_ERROR, dom.create, naming="network 'pool' requires exclusive access")


@case('a list of functions, VLANs of the network')
def _(s):
    with planted():
        net = s.conn.networkDefineXML(net_xml('list', address(0) + address(2), "<vlan><tag id='5'/></vlan><portgroup name='a'>"
                                              "<vlan><tag id='9'/></vlan></portgroup>"))
        net.create()
        contains(net.portCreateXML(port_xml(0)).XMLDesc(), "<tag id='5'/>", "function='0x0'")
        contains(net.portCreateXML(port_xml(1, '<group>a</group>')).XMLDesc(), "<tag id='9'/>", "function='0x2'")
        refused(libvirt.VIR_ERR_INTERNAL_ERROR, net.portCreateXML, port_xml(2), naming="network 'list'")


@contextlib.contextmanager
def linked(*functions):
    """Functions that a driver of the host has, with links testvf0 and up."""
    for i, name in enumerate(functions):
        os.makedirs(f'{FUNCTIONS}/{name}/net/testvf{i}')
        run('ip', 'link', 'add', f'testvf{i}', 'type', 'veth', 'peer', 'name', f'testend{i}')
    yield
    for i, _ in enumerate(functions):
        run('ip', 'link', 'del', f'testvf{i}')


@case('the links of the functions of a card', only='ostler')
def _(s):
    with planted(), linked(FIRST, THIRD):
        for mode in ('bridge', 'private', 'vepa', 'passthrough'):
            net = s.conn.networkDefineXML(f"<network><name>links</name><forward mode='{mode}'><pf dev='testpf'/></forward></network>")
            net.create()
            contains(net.XMLDesc(), f"<forward mode='{mode}'>", "<pf dev='testpf'/>", "<interface dev='testvf0'/>", "dev='testvf1'/>")
            assert 'testvf0' not in net.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
            assert 'address' not in net.XMLDesc()
            contains(net.portCreateXML(port_xml(0)).XMLDesc(), f"<plug type='direct' dev='testvf0' mode='{mode}'/>")
            before = net.XMLDesc()
            net.update(libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, libvirt.VIR_NETWORK_SECTION_PORTGROUP, -1,
                       "<portgroup name='a'/>", libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE)
            contains(net.XMLDesc(), "<pf dev='testpf'/>", "<portgroup name='a'")
            net.update(libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, libvirt.VIR_NETWORK_SECTION_PORTGROUP, -1,
                       "<portgroup name='a'/>", libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE)
            if mode in ('private', 'passthrough'):
                s.restart('netd')
                net = s.conn.networkLookupByName('links')
                equal(net.XMLDesc(), before)
            contains(net.portCreateXML(port_xml(1)).XMLDesc(), "dev='testvf1'")
            if mode == 'passthrough':
                refused(libvirt.VIR_ERR_INTERNAL_ERROR, net.portCreateXML, port_xml(2), naming="network 'links'")
            net.destroy()
            net.undefine()


@case('two that ask for one function at once')
def _(s):
    def ask(number):
        net = s.connect().networkLookupByName(f'net{number}')
        start.wait()
        with contextlib.suppress(libvirt.libvirtError):
            got.append(net.portCreateXML(port_xml(number)))

    with planted(), concurrent.futures.ThreadPoolExecutor() as pool:
        for number in range(4):
            s.conn.networkDefineXML(net_xml(f'net{number}', address(0))).create()
        for _ in range(50):
            start, got = threading.Barrier(4), []
            list(pool.map(ask, range(4)))
            equal(len(got), 1)
            got[0].delete()


@case('what cannot be handed out')
def _(s):
    with planted():
        define = s.conn.networkDefineXML
        refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, define, net_xml('odd', address(0, 0)), naming='SR-IOV Virtual Function')
        refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, define, net_xml('odd', address(7)), naming='0000:77:10.7')
        refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, define, net_xml('odd', "<interface dev='lo'/>"), naming='odd')
        pool = "<pf dev='{}'/>"
        links = "<network><name>empty</name><forward mode='passthrough'><pf dev='testpf'/></forward></network>"
        for name, xml in (('nowhere', net_xml('empty', pool.format('nowhere'))), ('lo', net_xml('empty', pool.format('lo'))),
                          ('testpf', links)):
            refused(libvirt.VIR_ERR_INTERNAL_ERROR, define(xml).create, naming=f'No usable Vf\'s present on SRIOV PF {name}')
            s.conn.networkLookupByName('empty').undefine()
        net = define(net_xml('switch', address(0), "<virtualport type='openvswitch'/>"))
        net.create()
        refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, net.portCreateXML, port_xml(0), naming='openvswitch')
        net = define(net_xml('none', ''))
        net.create()
        refused(libvirt.VIR_ERR_INTERNAL_ERROR, net.portCreateXML, port_xml(0), naming='none')


@case('a card that cannot be told leaves nothing behind', only='ostler')
def _(s):
    with planted():
        net = s.conn.networkDefineXML(net_xml('list', address(0)))
        net.create()
        dom = s.define('vm', devices="<interface type='network'><source network='list'/></interface>")
        refused(libvirt.VIR_ERR_SYSTEM_ERROR, dom.create, naming='testpf')
        equal(net.listAllPorts(), [])
        own = "<interface type='hostdev' managed='yes'><source>{}</source>{}</interface>"
        for source, more, naming in ((address(0), '', 'testpf'), (address(0, 0), '', 'SR-IOV'), (address(1), "<vlan trunk='yes'>"
                                     "<tag id='4'/><tag id='5'/></vlan>", 'trunking')):
            xml = guest_xml('own', devices=own.format(source, more))
            refused((libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_ERR_CONFIG_UNSUPPORTED), s.conn.createXML, xml, naming=naming)
        plain = guest_xml('own', devices="<hostdev mode='subsystem' type='pci'><source><address bus='0x77' slot='0x10' "
                          "function='0'/></source></hostdev>")
        if not os.path.isdir('/sys/kernel/iommu_groups') or not os.listdir('/sys/kernel/iommu_groups'):
            refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, s.conn.createXML, plain, naming="host doesn't support passthrough")
        refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, s.conn.defineXML,
                guest_xml('own', devices=own.format(address(0), "<mtu size='1400'/>")), naming='MTU')


if __name__ == '__main__':
    main()
