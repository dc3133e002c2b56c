#!/usr/bin/python3
"""hotplug.py - PCI and USB devices, processors and memory come in a virtual machine; functions are given away by its IOMMU

Needs the kernel of tests/lab/make-hardware, besides the test guest.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import re

from harness import LAB, Skip, case, contains, equal, main
from virtual import Virtual

HARDWARE = os.path.join(LAB, 'hardware')


def hardware():
    if not os.path.exists(os.path.join(HARDWARE, 'kernel')):
        raise Skip('no kernel that knows hardware (tests/lab/make-hardware)')
    names = os.listdir(os.path.join(HARDWARE, 'modules'))
    return [(os.path.join(HARDWARE, 'modules', n), '/lib/modules/' + n) for n in names]


def xml(m, name):
    return m.run(f'virsh -q nodedev-dumpxml {name}')


def memory(m):
    """In KiB: of the machine, as its statistics and those of its node have it."""
    said = m.run('virsh nodeinfo; virsh nodememstats; virsh nodememstats --cell 0')
    return [int(n) for n in re.findall(r'(?:Memory size|total +): +(\d+) KiB', said)]


class Watch:
    """What virsh tells of devices; it ends, and so writes, with the event that is waited for."""

    def __init__(self, m, event, device=''):
        self.m = m
        before = m.run('grep -c event_register /noded.log || true').strip()
        m.run(f'(virsh nodedev-event --event {event} {device} --timeout 20 >/events 2>&1 &)',
              f'until test "$(grep -c event_register /noded.log)" != {before}; do usleep 20000; done')

    def end(self, *words):
        contains(self.m.run('until grep -q "events received" /events; do usleep 20000; done; cat /events'), *words)


OPTIONS = ['-smp', '1,maxcpus=2,sockets=2,cores=1,threads=1', '-device', 'intel-iommu', '-device', 'pcie-root-port,id=port1,chassis=1,slot=1',
           '-device', 'pcie-root-port,id=port2,chassis=2,slot=2', '-device', 'pcie-root-port,id=port3,chassis=3,slot=3',
           '-device', 'qemu-xhci,id=usb', '-netdev', 'user,id=n1', '-netdev', 'user,id=n2',
           '-device', 'virtio-net-pci,netdev=n1,bus=port1,mac=52:54:00:00:00:01,iommu_platform=on',
           '-device', 'nvme-subsys,id=subsystem',
           '-device', 'nvme,serial=one,subsys=subsystem,bus=port3,sriov_max_vfs=2,sriov_vq_flexible=4,'
                      'sriov_vi_flexible=2,max_ioqpairs=6,msix_qsize=8']


@case('in a virtual machine with an IOMMU', only='ostler')
def _(s):
    with Virtual(s, *OPTIONS, kernel=os.path.join(HARDWARE, 'kernel'), more=hardware(), machine='q35',
                 memory='768,slots=1,maxmem=2G',
                 cmdline='intel_iommu=on') as m:
        m.start()

        # a processor and memory: plugged, and put to work as udev would
        contains(m.run('virsh nodeinfo; virsh nodecpumap'), 'CPU(s):              1\n', 'CPU map:        y\n')
        m.monitor.run('device_add', driver='qemu64-x86_64-cpu', **{'socket-id': 1, 'core-id': 0, 'thread-id': 0})
        cpu = '/sys/devices/system/cpu/cpu1'
        m.run(f'until test -e {cpu}/online; do usleep 50000; done')
        contains(m.run('virsh nodecpumap'), 'CPUs present:   2\n', 'CPUs online:    1\n', 'y-\n')
        m.refused('virsh nodecpustats 1', 'no processor 1')
        m.run(f'echo 1 >{cpu}/online')
        contains(m.run('virsh nodeinfo; virsh nodecpumap'), 'CPU(s):              2\n', 'CPU socket(s):       2\n', 'yy\n')
        contains(m.run('virsh nodecpustats 1'), 'idle:')
        before = memory(m)
        m.monitor.run('object-add', **{'qom-type': 'memory-backend-ram', 'id': 'more', 'size': 256 << 20})
        m.monitor.run('device_add', driver='pc-dimm', memdev='more')
        m.run('cd /sys/devices/system/memory; until grep -q offline */state; do usleep 50000; done',
              'until ! grep -q offline */state; do for f in $(grep -l offline */state); do echo online >$f; done; done')
        equal([after - was for after, was in zip(memory(m), before)], [256 << 10] * 3)
        contains(m.run('virsh allocpages 2M 20; virsh freepages --cellno 0 --pagesize 2M'), '2048KiB: 20\n')
        m.run('virsh allocpages 2M 0')
        contains(m.run('virsh freepages --cellno 0 --pagesize 2M'), '2048KiB: 0\n')

        # PCI: plugged and pulled
        first = m.run('virsh -q nodedev-list --cap net | grep 52_54_00_00_00_01').strip()
        card = re.search(r'<parent>(pci_.*)</parent>', xml(m, first)).group(1)
        watch = Watch(m, 'lifecycle')
        m.monitor.run('device_add', driver='virtio-net-pci', netdev='n2', bus='port2', mac='52:54:00:00:00:02', id='card')
        watch.end('Created')
        m.run('until virsh -q nodedev-list --cap net | grep -q 52_54_00_00_00_02; do usleep 50000; done')
        net = m.run('virsh -q nodedev-list --cap net | grep 52_54_00_00_00_02').strip()
        contains(xml(m, net), '<address>52:54:00:00:00:02</address>')
        watch = Watch(m, 'lifecycle')
        m.monitor.run('device_del', id='card')
        m.monitor.wait('DEVICE_DELETED')
        watch.end('Deleted')
        m.run(f'until ! virsh -q nodedev-list | grep -q {net}; do usleep 50000; done')

        # USB: the same
        watch = Watch(m, 'lifecycle')
        m.monitor.run('device_add', driver='usb-tablet', bus='usb.0', id='tablet')
        watch.end('Created', 'usb')
        m.run('until virsh -q nodedev-list --cap usb | grep -q .; do usleep 50000; done')
        tablet = m.run('virsh -q nodedev-list --cap usb_device | grep -v usb_usb').strip()
        contains(xml(m, tablet), "<product id='0x0001'>QEMU USB Tablet</product>", "<vendor id='0x0627'>QEMU</vendor>")
        m.monitor.run('device_del', id='tablet')
        m.run(f'until ! virsh -q nodedev-list | grep -q {tablet}; do usleep 50000; done')

        # SR-IOV: functions that are switched on and off
        nvme = m.run('basename $(readlink -f /sys/class/nvme/nvme0/device)').strip()
        name = 'pci_' + re.sub('[:.]', '_', nvme)
        contains(xml(m, name), "<capability type='virt_functions' maxCount='2'/>", '<pci-express>', '<iommuGroup')
        m.run(f'echo 0 >/sys/bus/pci/devices/{nvme}/sriov_drivers_autoprobe; echo 2 >/sys/bus/pci/devices/{nvme}/sriov_numvfs')
        m.run(f'until test "$(virsh -q nodedev-list --cap pci | grep -c {name[:-4]})" = 3; do usleep 50000; done')
        m.run(f'until virsh -q nodedev-dumpxml {name} | grep -q "function=.0x2"; do usleep 50000; done')
        contains(xml(m, name[:-1] + '1'), "<capability type='phys_function'>")
        m.run(f'echo 0 >/sys/bus/pci/devices/{nvme}/sriov_numvfs',
              f'until test "$(virsh -q nodedev-list --cap pci | grep -c {name[:-4]})" = 1; do usleep 50000; done')
        m.run(f'until ! virsh -q nodedev-dumpxml {name} | grep -q "function=.0x2"; do usleep 50000; done')

        # given away, in use, given back, reset
        contains(xml(m, card), '<name>virtio-pci</name>', '<iommuGroup number=')
        address = re.sub(r'pci_(\w{4})_(\w\w)_(\w\w)_(\w)', r'\1:\2:\3.\4', card)
        watch = Watch(m, 'update', f'--device {card}')
        m.run(f'virsh nodedev-detach {card}')
        watch.end(card)
        contains(xml(m, card), '<name>vfio-pci</name>')
        equal(m.run(f'basename $(readlink /sys/bus/pci/devices/{address}/driver)').strip(), 'vfio-pci')
        m.run(f'virsh nodedev-detach {card} --driver vfio')
        group = re.search(r"iommuGroup number='(\d+)'", xml(m, card)).group(1)
        m.run(f'(sleep 1000 3<>/dev/vfio/{group} & echo user=$! >>/env); usleep 300000')
        m.refused(f'virsh nodedev-reattach {card}', 'in use')
        m.refused(f'virsh nodedev-reset {card}', 'in use')
        m.run('kill $user; while kill -0 $user 2>/dev/null; do usleep 20000; done', f'virsh nodedev-reset {card}', f'virsh nodedev-reattach {card}')
        contains(xml(m, card), '<name>virtio-pci</name>')
        m.run(f'virsh nodedev-reattach {card}')
        m.run('until virsh -q nodedev-list --cap net | grep -q 52_54_00_00_00_01; do usleep 50000; done')
        port = m.run('virsh -q nodedev-list --cap pci | while read n; do virsh -q nodedev-dumpxml $n | '
                     'grep -q pci-bridge && echo $n; done | head -n 1').strip()
        m.refused(f'virsh nodedev-detach {port}', 'bridge')
        m.refused(f'virsh nodedev-detach {card} --driver warp', 'warp')
        m.refused('virsh nodedev-detach computer', 'is not a PCI device')


if __name__ == '__main__':
    main()
