#!/usr/bin/python3
"""hostdev.py - guests get PCI and USB devices of a virtual machine that has an IOMMU, KVM and the daemons in it

Needs the kernel of tests/lab/make-hardware, besides the test guest. The guest in the guest sees what it has by itself.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
from harness import case, contains, equal, main
from host_machine import Host, guest, iommu_options

CARD = ("<hostdev mode='subsystem' type='pci' managed='{managed}'>{driver}<source>"
        "<address domain='0' bus='0x{bus:02x}' slot='0' function='{function}'/></source>{more}</hostdev>")
STICK = ("<hostdev mode='subsystem' type='usb'{more}><source{policy}><vendor id='0x{vendor}'/><product id='0x{product}'/>"
         "</source></hostdev>")


def card(port, function=0, managed='yes', driver='', more=''):
    """The function behind that root port of the machine."""
    return CARD.format(bus=port, function=function, managed=managed, driver=driver, more=more)


def stick(vendor, product, policy='', more=''):
    return STICK.format(vendor=vendor, product=product, policy=policy and f" startupPolicy='{policy}'", more=more)


OPTIONS = [*iommu_options(4),
           '-device', 'e1000e,bus=port1,mac=52:54:00:00:00:01', '-device', 'e1000e,bus=port2,mac=52:54:00:00:00:02',
           '-device', 'e1000e,bus=port3,addr=0.0,multifunction=on', '-device', 'e1000e,bus=port3,addr=0.1',
           '-device', 'qemu-xhci,id=usb', '-device', 'usb-tablet,bus=usb.0', '-device', 'usb-tablet,bus=usb.0',
           '-drive', 'if=none,id=stick,driver=null-co,size=1M', '-device', 'usb-storage,bus=usb.0,drive=stick']

USB = "<controller type='usb' model='qemu-xhci'/>"
PORTS = "<controller type='pci' model='pcie-root'/>" + "<controller type='pci' model='pcie-root-port'/>" * 6
FILES = {
    'both': guest('both', PORTS + USB + card(1) + stick('46f4', '0001')),
    'other': guest('other', PORTS + card(1)),
    'unmanaged': guest('unmanaged', PORTS + card(2, managed='no', driver="<driver name='vfio'/>")),
    'alone': guest('alone', PORTS + card(3)),
    'whole': guest('whole', PORTS + card(3) + card(3, 1)),
    'odd': guest('odd', PORTS + USB + stick('0627', '0001')),
    'absent': guest('absent', PORTS + USB + stick('1234', '5678')),
    'optional': guest('optional', PORTS + USB + stick('1234', '5678', 'optional')),
    'card2': card(2), 'loose': card(2, managed='no'), 'half': card(3, 1), 'stick': stick('46f4', '0001'), 'mdev': '<hostdev mode="subsystem" type="mdev" model="vfio-pci"><source>'
    '<address uuid="3c1b6d1a-6d1c-4a51-9b4e-2a7b7b2b0001"/></source></hostdev>',
}


STATE = '/r/run/ostler/qemu/state/both.xml'


def driver(m, function):
    return m.run(f'basename $(readlink /sys/bus/pci/devices/{function}/driver)').strip()


@case('devices of a machine with an IOMMU', only='ostler')
def _(s):
    with Host(s, *OPTIONS, files=FILES) as m:
        m.start()
        first, second, third = ('0000:%02x:00.0' % n for n in (1, 2, 3))
        fourth = '0000:03:00.1'

        # a card and a stick, which the guest sees
        equal(driver(m, first), 'e1000e')
        m.run('virsh define /both.xml', 'virsh start both')
        m.sees('both', 'pci 8086:10d3', 'usb 46f4:0001')
        live = m.run('virsh -q dumpxml both')
        contains(live, "<alias name='hostdev0'/>", "<alias name='hostdev1'/>", "<driver name='vfio'/>", "<address bus='2' device='2'/>",
                 "<address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>")
        equal(driver(m, first), 'vfio-pci')
        pid = m.run('pidof qemu-system-x86_64').strip()
        contains(m.run(f'grep locked /proc/{pid}/limits'), str((256 + 1024) << 20))
        equal(m.run(f'stat -c %U /proc/{pid}').strip(), 'ostler-qemu')

        # it is the guest's, whoever asks
        m.refused('virsh create /other.xml', "0000:01:00.0 is in use by guest 'both'")
        m.refused('virsh nodedev-reattach pci_0000_01_00_0', "in use by guest 'both'")
        m.refused('virsh nodedev-detach pci_0000_01_00_0', "in use by guest 'both'")
        m.refused('virsh nodedev-reset pci_0000_01_00_0', "in use by guest 'both'")

        # one more, and out again
        m.run('virsh attach-device both /card2.xml', f'cp {STATE} /plugged')
        m.sees('both', 'pci 8086:10d3', 'pci 8086:10d3', 'usb 46f4:0001')
        m.refused('virsh attach-device both /card2.xml', 'already')
        m.refused('virsh update-device both /card2.xml --live', "live update of device 'hostdev' is not supported")
        m.refused('virsh attach-device both /mdev.xml', "'3c1b6d1a-6d1c-4a51-9b4e-2a7b7b2b0001' not found")
        m.run('virsh detach-device both /card2.xml')
        m.sees('both', 'pci 8086:10d3', 'usb 46f4:0001')
        equal(driver(m, second), 'e1000e')
        m.run('kill -9 $qemud', f'cp /plugged {STATE}')  # as if QEMU had not yet got it
        m.begin_daemon('qemud')
        m.refused('virsh detach-device both /card2.xml', '0000:02:00.0 not found')
        m.run('virsh detach-device both /stick.xml')
        m.sees('both', 'pci 8086:10d3')
        m.run('virsh attach-device both /stick.xml')
        m.sees('both', 'pci 8086:10d3', 'usb 46f4:0001')

        # nobody forgets it
        for daemon in ('qemud', 'noded'):
            m.kill(daemon)
            m.refused('virsh create /other.xml', "0000:01:00.0 is in use by guest 'both'")
        m.run('virsh destroy both')
        equal(driver(m, first), 'e1000e')
        equal(m.run('ls /r/run/ostler/nodedev/taken').strip(), '')
        m.run('virsh start both', 'kill -9 $qemud', 'kill -9 $(pidof qemu-system-x86_64)')
        equal(driver(m, first), 'vfio-pci')
        m.begin_daemon('qemud')
        m.run(f'until test "$(basename $(readlink /sys/bus/pci/devices/{first}/driver))" = e1000e; do usleep 50000; done')
        equal(m.run('virsh domstate both').strip(), 'shut off')
        m.run('virsh start both', 'kill -9 $qemud', 'kill -9 $(pidof qemu-system-x86_64)', f'rm {STATE}')
        m.begin_daemon('qemud')
        m.run('virsh start both', 'virsh destroy both')  # what noded takes for the guest's is no hindrance
        equal(driver(m, first), 'e1000e')

        # not managed: the host's owner says when
        m.refused('virsh create /unmanaged.xml', 'Unmanaged PCI device 0000:02:00.0 must be manually detached')
        m.run('virsh nodedev-detach pci_0000_02_00_0', 'virsh create /unmanaged.xml')
        m.sees('unmanaged', 'pci 8086:10d3')
        group = m.run(f'basename $(readlink /sys/bus/pci/devices/{second}/iommu_group)').strip()
        m.run('virsh detach-device unmanaged /loose.xml')
        equal(m.run(f'stat -c %u /dev/vfio/{group}').strip(), '0')
        m.run('virsh destroy unmanaged')
        equal(driver(m, second), 'vfio-pci')
        m.run('virsh nodedev-reattach pci_0000_02_00_0')
        equal(driver(m, second), 'e1000e')

        # a group is given away whole
        m.refused('virsh create /alone.xml', "0000:03:00.1 of the same IOMMU group")
        equal(driver(m, third), 'e1000e')
        m.run('virsh create /whole.xml')
        m.sees('whole', 'pci 8086:10d3', 'pci 8086:10d3')
        m.run('virsh detach-device whole /half.xml')
        equal(driver(m, fourth), 'vfio-pci')
        m.kill('noded')
        m.run('virsh attach-device whole /half.xml')
        m.sees('whole', 'pci 8086:10d3', 'pci 8086:10d3')
        m.run('virsh detach-device whole /half.xml')
        group = m.run(f'basename $(readlink /sys/bus/pci/devices/{third}/iommu_group)').strip()
        equal(m.run(f'stat -c %u /dev/vfio/{group}').strip(), '64055')
        m.run('virsh destroy whole')
        equal([driver(m, third), driver(m, fourth)], ['e1000e', 'e1000e'])
        equal(m.run('ls /r/run/ostler/nodedev/taken').strip(), '')

        # USB by what it is
        m.refused('virsh create /odd.xml', 'Multiple USB devices for 0627:0001')
        m.refused('virsh create /absent.xml', 'Did not find USB device 1234:5678')
        m.run('virsh create /optional.xml')
        contains(m.run('virsh dumpxml optional'), "<source startupPolicy='optional' missing='yes'>")
        m.run('virsh destroy optional')


if __name__ == '__main__':
    main()
