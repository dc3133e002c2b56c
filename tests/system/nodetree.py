#!/usr/bin/python3
"""nodetree.py - hardware that no test machine has, in planted trees: what is told of it, what comes and goes

tests/data/sysfs/NAME.tree is a machine, NAME.xml all that is told of its devices. With OSTLER_WRITE=1 the
latter are written instead of compared.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import contextlib
import os
import re
import shutil
import subprocess
import threading
import time

import libvirt
import smbios
from harness import case, contains, equal, main, refused, stack, until
from libvirt import VIR_ERR_INVALID_ARG, VIR_ERR_NO_NODE_DEVICE
from machine import TREES, DeviceEvents, Machine, tree

FILTERS = {
    'system': 'SYSTEM', 'pci': 'PCI_DEV', 'usb_device': 'USB_DEV', 'usb': 'USB_INTERFACE', 'net': 'NET',
    'scsi_host': 'SCSI_HOST', 'scsi_target': 'SCSI_TARGET', 'scsi': 'SCSI', 'storage': 'STORAGE',
    'fc_host': 'FC_HOST', 'vports': 'VPORTS', 'scsi_generic': 'SCSI_GENERIC', 'drm': 'DRM',
    'mdev_types': 'MDEV_TYPES', 'mdev': 'MDEV', 'ccw': 'CCW_DEV', 'css': 'CSS_DEV', 'vdpa': 'VDPA',
    'ap_card': 'AP_CARD', 'ap_queue': 'AP_QUEUE', 'ap_matrix': 'AP_MATRIX', 'vpd': 'VPD',
}


PERSISTENT, TRANSIENT, CCWGROUP_DEV, CCWGROUP_MEMBER = 1 << 28, 1 << 29, 1 << 22, 1 << 23  # newer than the Python module


def flag(name):
    return getattr(libvirt, 'VIR_CONNECT_LIST_NODE_DEVICES_' + name)


def nameless(xml):
    """Without what the installed list of PCI devices calls them."""
    return re.sub(r"(<(product|vendor) id='\w+')>.*</.*>", r'\1/>', xml) if "type='pci'" in xml else xml


def told(m):
    return '<devices>\n' + '\n'.join(nameless(m.xml(n)) for n in m.names() if n != 'computer') + '</devices>\n'


for machine in ('zoo', 'storage', 'special', 'drives', 'odd'):
    @case(f'the machine of {machine}.tree')
    def _(s, machine=machine):
        path = os.path.join(TREES, machine + '.xml')
        with Machine(s, tree(machine)) as m:
            now = told(m)
        if os.environ.get('OSTLER_WRITE'):
            with open(path, 'w') as f:
                f.write(now)
        with open(path) as f:
            for got, want in zip(now.split('\n'), (wanted := f.read()).split('\n')):
                equal(got, want)
        equal(len(now), len(wanted))


@case('every filter finds its devices and no others; the older lists agree')
def _(s):
    found = set()
    for machine in ('zoo', 'storage', 'special', 'odd'):
        with Machine(s, tree(machine)) as m:
            everyone = m.names()
            capabilities = {n: m.conn.nodeDeviceLookupByName(n).listCaps() for n in everyone}
            for name, bit in FILTERS.items():
                some = m.names(flag('CAP_' + bit))
                equal(some, sorted(n for n in everyone if name in capabilities[n]))
                equal(some, sorted(m.conn.listDevices(name)))
                equal(len(some), m.conn.numOfDevices(name))
                found |= {name} if some else set()
            equal(m.names(flag('CAP_PCI_DEV') | flag('CAP_NET')),
                  sorted({*m.names(flag('CAP_PCI_DEV')), *m.names(flag('CAP_NET'))}))
            equal(m.names(flag('ACTIVE')), everyone)
            equal(m.names(flag('INACTIVE')), [])
            equal(m.names(PERSISTENT), ['computer'])
            equal(len(m.names(TRANSIENT)), len(everyone) - 1)
            equal(sorted(m.conn.listDevices(None)), everyone)
            equal(m.conn.listDevices('warp'), [])
            for n, caps in capabilities.items():
                equal(m.conn.nodeDeviceLookupByName(n).numOfCaps(), len(caps))
            equal(m.names(CCWGROUP_DEV | CCWGROUP_MEMBER), [])
            refused(VIR_ERR_INVALID_ARG, m.conn.listAllDevices, 1 << 25)
    equal(found, set(FILTERS))


@case('look-ups: by name, by world wide names; parents')
def _(s):
    with Machine(s, tree('special')) as m:
        equal(m.conn.nodeDeviceLookupByName('scsi_host5').parent(), 'pci_0000_00_06_0')
        equal(m.conn.nodeDeviceLookupByName('pci_0000_00_06_0').parent(), 'computer')
        equal(m.conn.nodeDeviceLookupByName('computer').parent(), None)
        host = m.conn.nodeDeviceLookupSCSIHostByWWN('2000001b32a9da4e', '2100001b32a9da4e', 0)
        equal(host.name(), 'scsi_host5')
        refused(VIR_ERR_NO_NODE_DEVICE, m.conn.nodeDeviceLookupByName, 'warp', naming='warp')
        refused(VIR_ERR_NO_NODE_DEVICE, m.conn.nodeDeviceLookupSCSIHostByWWN, '2000001b32a9da4e', '21')


@case('stock virsh: what the firmware tells')
def _(s):
    with Machine(s) as m:
        def virsh(*args):
            return subprocess.run(['virsh', '-q', '-c', stack.uri(m.root, 'virtnodedevd-sock', 'nodedev'), *args],
                                  capture_output=True, text=True)

        contains(virsh('sysinfo').stderr, 'Host SMBIOS information is not available')
        os.makedirs(m.path('firmware/dmi/tables'))
        with open(m.path('firmware/dmi/tables/DMI'), 'wb') as f:
            f.write(smbios.GUEST)
        contains(virsh('sysinfo').stdout, "<sysinfo type='smbios'>", "<entry name='vendor'>SeaBIOS</entry>",
                 "<entry name='uuid'>Not Present</entry>", "<entry name='size'>128 MB</entry>")


# ---- what comes and goes ------------------------------------------------------------------------

NET = 'devices/virtual/net/veth7'
NET_TREE = NET + ' @ class/net\n  address = 02:00:00:00:00:07\n  operstate = down\n  uevent = INTERFACE=veth7\\nIFINDEX=7\n'


@case('a device comes, changes, moves and goes, and clients are told')
def _(s):
    with Machine(s, tree('zoo')) as m:
        events = DeviceEvents(m.conn)
        name = 'net_veth7_02_00_00_00_00_07'
        m.plant(NET_TREE)
        m.tell('add', NET, 'net')
        events.wait(name, 'created')
        contains(m.xml(name), '<interface>veth7</interface>', "<link state='down'/>")
        m.write(NET + '/operstate', 'up')
        m.tell('change', NET, 'net')
        events.wait(name, 'updated')
        contains(m.xml(name), "<link state='up'/>")
        new = NET.replace('veth7', 'lan0')
        os.rename(m.path(NET), m.path(new))
        m.tell('move', new, 'net', DEVPATH_OLD='/' + NET)
        events.wait(name, 'deleted')
        events.wait('net_lan0_02_00_00_00_00_07', 'created')
        shutil.rmtree(m.path(new))
        m.tell('remove', new, 'net')
        events.wait('net_lan0_02_00_00_00_00_07', 'deleted')
        equal(events.seen(), [])
        assert 'net_lan0_02_00_00_00_00_07' not in m.names()
        events.close()


@case('a driver that is bound or unbound, a virtual function that comes: relatives change, too')
def _(s):
    with Machine(s, tree('zoo')) as m:
        events = DeviceEvents(m.conn)
        where = 'devices/pci0000:00/0000:00:01.0/0000:01:02.0'
        os.unlink(m.path(where, 'driver'))
        m.tell('unbind', where, 'pci')
        events.wait('pci_0000_01_02_0', 'updated')
        assert '<driver>' not in m.xml('pci_0000_01_02_0')
        parent = 'devices/pci0000:00/0000:00:01.0/0000:01:00.0'
        m.plant(parent + '\n  virtfn2 -> devices/pci0000:00/0000:00:01.0/0000:01:02.2\n'
                'devices/pci0000:00/0000:00:01.0/0000:01:02.2 @ bus/pci\n  vendor = 0x8086\n  device = 0x154c\n'
                '  class = 0x020000\n  physfn -> ' + parent)
        m.tell('add', 'devices/pci0000:00/0000:00:01.0/0000:01:02.2', 'pci')
        events.wait('pci_0000_01_02_2', 'created')
        events.wait('pci_0000_01_00_0', 'updated')
        contains(m.xml('pci_0000_01_00_0'), "slot='0x02' function='0x2'")
        events.close()


@case('events of one device only')
def _(s):
    with Machine(s, tree('zoo'), NET_TREE) as m:
        device = m.conn.nodeDeviceLookupByName('net_veth7_02_00_00_00_00_07')
        one, everyone = DeviceEvents(m.conn, device), DeviceEvents(m.conn)
        card = 'devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/ens1f0'
        m.write(card + '/operstate', 'down')
        m.tell('change', card, 'net')
        m.write(NET + '/operstate', 'up')
        m.tell('change', NET, 'net')
        one.wait(device.name(), 'updated')
        everyone.wait(device.name(), 'updated')
        everyone.wait('net_ens1f0_3c_fd_fe_00_00_01', 'updated')
        equal(one.seen(), [])
        one.close()
        everyone.close()


@case('nonsense from the kernel harms nobody')
def _(s):
    with Machine(s, tree('zoo')) as m:
        before = m.names()
        for path in ('devices/nowhere', '', '../../etc', 'devices/' + 'x' * 5000):
            for action in ('add', 'remove', 'change', 'move', 'warp'):
                m.tell(action, path, 'pci')
        events = DeviceEvents(m.conn)
        m.plant(NET_TREE)
        m.tell('add', NET, 'net')
        events.wait('net_veth7_02_00_00_00_00_07', 'created')
        events.close()
        equal(m.names(), sorted([*before, 'net_veth7_02_00_00_00_00_07']))


@case('devices that vanish and come back while they are read')
def _(s):
    def place(n):
        return f'devices/virtual/net/v{n}'

    count, ends = 200, threading.Event()
    text = '\n'.join(f'{place(n)} @ class/net\n  address = 02:00:00:00:00:{n:02x}\n  operstate = up\n'
                     f'  uevent = INTERFACE=v{n}' for n in range(count))
    with Machine(s, text) as m:
        whole = m.names()

        def flicker():
            while not ends.is_set():
                for n in range(count):
                    os.rename(m.path(place(n)), m.path(f'away{n}'))
                    os.rename(m.path(f'away{n}'), m.path(place(n)))

        threads = [threading.Thread(target=flicker)]
        threads[0].start()
        for _ in range(10):
            for n in range(count):
                m.tell('add', place(n), 'net')
            m.names()
            for device in m.conn.listAllDevices()[::7]:
                with contextlib.suppress(libvirt.libvirtError):
                    device.XMLDesc()
        m.restart()
        ends.set()
        threads[0].join()
        for n in range(count):
            m.tell('add', place(n), 'net')
        until(lambda: m.names() == whole, lambda: set(whole) - set(m.names()))
        shutil.rmtree(m.path(place(7)))
        os.unlink(m.path('class/net/v7'))
        m.tell('remove', place(7), 'net')
        until(lambda: len(m.names()) == len(whole) - 1, 'it stays')


# ---- large machines -----------------------------------------------------------------------------

def large(cells=8, cpus=512):
    """Nodes of equal size with two threads to a core, one socket each."""
    share = cpus // cells
    text = ['devices/system/cpu', f'  present = 0-{cpus - 1}', f'  online = 0-{cpus - 1}']
    for cpu in range(cpus):
        cell, core = cpu // share, cpu % share // 2
        text += [f'devices/system/cpu/cpu{cpu}/topology', f'  physical_package_id = {cell}', f'  core_id = {core}',
                 '  die_id = 0', f'  thread_siblings_list = {cpu & ~1},{cpu | 1}']
    text += ['devices/system/node', f'  online = 0-{cells - 1}']
    for cell in range(cells):
        text += [f'devices/system/node/node{cell}', f'  cpulist = {cell * share}-{(cell + 1) * share - 1}',
                 '  distance = ' + ' '.join('10' if c == cell else '21' for c in range(cells)),
                 f'  meminfo = Node {cell} MemTotal:  {(cell + 1) << 20} kB\\nNode {cell} MemFree:   {cell << 18} kB',
                 '  hugepages/hugepages-2048kB/nr_hugepages = 4', f'  hugepages/hugepages-2048kB/free_hugepages = {cell % 5}']
    text += ['/proc', '  stat = ' + '\\n'.join(['cpu  100 2 30 4000 5 6 7 0 0 0'] + [
        f'cpu{n} {n} 0 {2 * n} {3 * n} 0 0 0 0 0 0' for n in range(cpus)]),
        '  meminfo = MemTotal: 37748736 kB\\nMemFree: 7340032 kB\\nBuffers: 1 kB\\nCached: 2 kB',
        '  cpuinfo = processor\t: 0\\ncpu MHz\t\t: 2400.123']
    return '\n'.join(text)


@case('eight nodes, 512 processors')
def _(s):
    with Machine(s, large()) as m:
        model, memory, cpus, mhz, nodes, sockets, cores, threads = m.conn.getInfo()
        equal((memory, cpus, mhz, nodes, sockets, cores, threads), (36 * 1024, 512, 2400, 8, 1, 32, 2))
        total, bits, online = m.conn.getCPUMap()
        equal((total, online, all(bits)), (512, 512, True))
        tick = 10**9 // os.sysconf('SC_CLK_TCK')
        equal(m.conn.getCPUStats(511), {'kernel': 1022 * tick, 'user': 511 * tick, 'idle': 1533 * tick, 'iowait': 0})
        equal(m.conn.getCPUStats(-1), {'kernel': 43 * tick, 'user': 102 * tick, 'idle': 4000 * tick, 'iowait': 5 * tick})
        equal(m.conn.getMemoryStats(7), {'total': 8 << 20, 'free': 7 << 18})
        equal(m.conn.getCellsFreeMemory(0, 8), [cell << 28 for cell in range(8)])
        equal(m.conn.getCellsFreeMemory(6, 8), [6 << 28, 7 << 28])
        equal([p[2048] for p in m.conn.getFreePages([2048], 0, 8).values()], [0, 1, 2, 3, 4, 0, 1, 2])
        equal(m.conn.getFreeMemory(), 28 << 28)
        equal(m.conn.allocPages({2048: 9}, 2, 3, libvirt.VIR_NODE_ALLOC_PAGES_SET), 3)
        for cell, pages in ((1, '4'), (2, '9'), (4, '9'), (5, '4')):
            with open(m.path(f'devices/system/node/node{cell}/hugepages/hugepages-2048kB/nr_hugepages')) as f:
                equal(f.read().strip(), pages)


@case('processors and memory are plugged and unplugged')
def _(s):
    with Machine(s, large(2, 8)) as m:
        equal(m.conn.getInfo()[2], 8)
        m.write('devices/system/cpu/online', '0-5,7')
        m.write('devices/system/node/node1/cpulist', '4-5,7')
        m.write('devices/system/cpu/cpu7/topology/thread_siblings_list', '7')
        shutil.rmtree(m.path('devices/system/cpu/cpu6/topology'))
        equal(m.conn.getInfo()[2:8], [7, 2400, 1, 1, 7, 1])
        equal(m.conn.getCPUMap()[1], [True] * 6 + [False, True])
        m.plant(large(3, 12))
        equal(m.conn.getInfo()[2:8], [12, 2400, 3, 1, 2, 2])
        equal(len(m.conn.getCellsFreeMemory(0, 3)), 3)
        m.write('devices/system/node/node2/meminfo', 'Node 2 MemTotal: 4096 kB\nNode 2 MemFree: 1024 kB')
        equal(m.conn.getMemoryStats(2), {'total': 4096, 'free': 1024})


def many(count):
    return '\n'.join(f'devices/virtual/net/v{n} @ class/net\n  address = 02:00:00:00:{n >> 8:02x}:{n & 255:02x}\n'
                     f'  operstate = up\n  uevent = INTERFACE=v{n}' for n in range(count))


@case('2,000 devices are found, and one more is told of')
def _(s):
    with Machine(s, many(2000)) as m:
        equal(len(m.names()), 2001)
        events = DeviceEvents(m.conn)
        m.plant(NET_TREE)
        m.tell('add', NET, 'net')
        events.wait('net_veth7_02_00_00_00_00_07', 'created')
        equal(len(m.names()), 2002)
        events.close()


if __name__ == '__main__':
    main()
