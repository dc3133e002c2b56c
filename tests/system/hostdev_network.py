#!/usr/bin/python3
"""hostdev_network.py - guests get virtual functions of a card from a network, in a virtual machine with an IOMMU

Needs the kernel and the card of tests/lab/make-hardware, besides the test guest. The card's functions are those of an NVMe drive,
which is what a guest finds; their addresses and VLANs are a network driver's.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os

from harness import Skip, case, contains, equal, main
from host_machine import HARDWARE, Host, guest, iommu_options

OPTIONS = [*iommu_options(1), '-device', 'nvme-subsys,id=subsystem',
           '-device', 'nvme,serial=one,subsys=subsystem,bus=port1,sriov_max_vfs=2,sriov_vq_flexible=4,'
                      'sriov_vi_flexible=2,max_ioqpairs=6,msix_qsize=8']
PORTS = "<controller type='pci' model='pcie-root'/>" + "<controller type='pci' model='pcie-root-port'/>" * 6
PF = '/sys/bus/pci/devices/0000:01:00.0'


def user(number, more=''):
    return guest(f'user{number}', PORTS + f"<interface type='network'><mac address='52:54:00:77:00:0{number}'/>"
                                          f"<source network='pool'{more}/></interface>")


OWN = ("<interface type='hostdev' managed='yes'><mac address='52:54:00:77:00:09'/><source><address type='pci' domain='0' bus='1'"
       " slot='0' function='{}'/></source><vlan><tag id='42'/></vlan></interface>")
FILES = {
    'pool': "<network><name>pool</name><forward mode='hostdev' managed='yes'><driver name='vfio'/><pf dev='card0'/></forward>"
            "<vlan><tag id='7'/></vlan><portgroup name='blue'><vlan><tag id='8'/></vlan></portgroup></network>",
    'user1': user(1), 'user2': user(2, " portgroup='blue'"), 'user3': user(3),
    'plain': guest('plain', PORTS), 'own': OWN.format(2), 'whole': OWN.format(0),
}


def functions(m):
    """What the card has been told: [(address, VLAN)]."""
    lines = [line.split() for line in m.run('/bin/ip-link link show card0').splitlines() if line.strip().startswith('vf ')]
    return [(words[words.index('link/ether') + 1], int(words[words.index('vlan') + 1].rstrip(',')) if 'vlan' in words else 0)
            for words in lines]


NOTHING = ('00:00:00:00:00:00', 0)


@case('a network of two functions and three guests', only='ostler')
def _(s):
    card = os.path.join(HARDWARE, 'card.ko')
    if not os.path.exists(card):
        raise Skip('no card with virtual functions (tests/lab/make-hardware)')
    with Host(s, *OPTIONS, files=FILES, more=[(card, '/card.ko'), ('/usr/sbin/ip', '/bin/ip-link')]) as m:
        m.run(f'echo 0 >{PF}/sriov_drivers_autoprobe', f'echo 2 >{PF}/sriov_numvfs', 'insmod /card.ko function=0000:01:00.0')
        m.start()
        m.run('virsh net-define /pool.xml', 'virsh net-start pool')
        contains(m.run('virsh net-dumpxml pool'), "<pf dev='card0'/>", "bus='0x01' slot='0x00' function='0x1'/>", "function='0x2'/>")
        equal(functions(m), [NOTHING, NOTHING])

        # two get one each, the third none
        m.run('virsh create /user1.xml', 'virsh create /user2.xml')
        equal(functions(m), [('52:54:00:77:00:01', 7), ('52:54:00:77:00:02', 8)])
        m.refused('virsh create /user3.xml', "network 'pool' requires exclusive access to interfaces, but none are available")
        live = m.run('virsh dumpxml user2')
        contains(live, "<interface type='hostdev' managed='yes'>", "<driver name='vfio'/>", "<alias name='hostdev0'/>",
                 "<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x2'/>")
        contains(m.run('virsh net-dumpxml pool'), "connections='2'")
        for name in ('user1', 'user2'):
            m.sees(name, 'pci 1b36:0010')
        m.refused('virsh net-destroy pool', 'user')

        # netd and qemud are killed, and know
        m.kill('netd')
        m.refused('virsh create /user3.xml', "network 'pool' requires exclusive access")
        m.kill('qemud')
        m.run('virsh destroy user1')
        equal(functions(m), [NOTHING, ('52:54:00:77:00:02', 8)])
        m.run('virsh create /user3.xml')
        equal(functions(m), [('52:54:00:77:00:03', 7), ('52:54:00:77:00:02', 8)])
        m.run('virsh destroy user2', 'virsh destroy user3')
        equal(functions(m), [NOTHING, NOTHING])
        equal(m.run('ls /r/run/ostler/network/port /r/run/ostler/nodedev/taken | grep xml || true'), '')

        # without a network, into a guest that runs, and out
        m.run('virsh create /plain.xml')
        m.sees('plain')
        m.refused('virsh attach-device plain /whole.xml', 'SR-IOV')
        m.run('virsh attach-device plain /own.xml')
        equal(functions(m), [NOTHING, ('52:54:00:77:00:09', 42)])
        m.sees('plain', 'pci 1b36:0010')
        m.run('virsh detach-device plain /own.xml')
        m.sees('plain')
        equal(functions(m), [NOTHING, NOTHING])
        m.run('virsh destroy plain', 'virsh net-destroy pool')


if __name__ == '__main__':
    main()
