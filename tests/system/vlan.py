"""vlan.py - VLANs and tables of bridges, in a virtual machine whose kernel's bridges can filter VLANs

Needs the kernel of tests/lab/make-hardware, besides the test guest.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import json

from harness import case, equal, main
from host_machine import Host, guest

MAC = '52:54:00:77:00:0'
ONE = "<vlan><tag id='42'/></vlan>"
NATIVE = "<vlan trunk='yes'><tag id='42' nativeMode='untagged'/><tag id='47'/></vlan>"
TRUNK = "<vlan trunk='yes'><tag id='42'/><tag id='47'/></vlan>"
OWN = ['Egress Untagged', 'PVID']
INTERFACES = {
    'one': ("bridge", "bridge='br0'", ONE), 'native': ("bridge", "bridge='br0'", NATIVE), 'trunk': ("bridge", "bridge='br0'", TRUNK),
    'fixed': ("network", "network='fixed'", ONE), 'plain': ("network", "network='fixed'", ''),
    'refused': ("bridge", "bridge='br1'", ONE),
}


def interface(name):
    kind, source, vlan = INTERFACES[name]
    return (f"<interface type='{kind}'><mac address='{mac(name)}'/><source {source}/><target dev='t-{name}'/>{vlan}"
            "<model type='virtio'/></interface>")


def mac(name):
    return f'{MAC}{list(INTERFACES).index(name)}'


PLUGGED = [name for name in INTERFACES if not name.startswith('refused')]
FILES = {
    'fixed': "<network><name>fixed</name><forward mode='bridge'/><bridge name='br0' macTableManager='libvirt'/></network>",
    'guest': guest('guest', ''.join(map(interface, PLUGGED))),
    'refused': guest('refused', interface('refused')),
}


def vlans(m, name):
    return [(v['vlan'], sorted(v.get('flags', []))) for v in
            json.loads(m.run(f'bridge -j vlan show dev t-{name}'))[0]['vlans']]


def table(m, name):
    """What the bridge knows behind the link: addresses, and in which VLANs."""
    entries = json.loads(m.run(f'bridge -j fdb show dev t-{name}'))
    return {(e['mac'], e.get('vlan')) for e in entries if e['mac'].startswith('52:54') and e['state'] != 'permanent'}


@case('VLANs of interfaces, in bridges of the host', only='ostler')
def _(s):
    with Host(s, files=FILES, more=[('/usr/sbin/bridge', '/bin/bridge'), ('/usr/sbin/ip', '/bin/ip-link')]) as m:
        m.start()
        m.run('ip-link link add br0 type bridge vlan_filtering 1', 'ip-link link add br1 type bridge',
              'ip-link link set br0 up', 'ip-link link set br1 up', 'virsh net-create /fixed.xml',
              'virsh create --paused /guest.xml')
        equal(vlans(m, 'one'), [(42, OWN)])
        equal(vlans(m, 'native'), [(42, OWN), (47, [])])
        equal(vlans(m, 'trunk'), [(42, []), (47, [])])
        equal((vlans(m, 'fixed'), table(m, 'fixed')), ([(42, OWN)], {(mac('fixed'), None), (mac('fixed'), 42)}))
        equal((vlans(m, 'plain'), table(m, 'plain')), ([(1, OWN)], {(mac('plain'), None), (mac('plain'), 1)}))
        m.refused('virsh create --paused /refused.xml', 'br1')
        equal(m.run('ls /sys/class/net | grep t- | sort').split(), sorted('t-' + name for name in PLUGGED))


if __name__ == '__main__':
    main()
