"""Virtual networks: their life, what they do to the host, who gets which address."""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import socket
import subprocess
import time

import daemonlink
from harness import Timeout, case, contains, equal, main, refused, s, until

import libvirt

NO_NETWORK, INVALID, INTERNAL = (libvirt.VIR_ERR_NO_NETWORK, libvirt.VIR_ERR_OPERATION_INVALID,
                                 libvirt.VIR_ERR_INTERNAL_ERROR)


def net_xml(name, bridge='test0', forward="<forward mode='nat'/>", ip=None, extra=''):
    if ip is None:
        ip = ("<ip address='10.99.1.1' netmask='255.255.255.0'><dhcp>"
              "<range start='10.99.1.100' end='10.99.1.200'/></dhcp></ip>")
    return f"<network><name>{name}</name>{forward}<bridge name='{bridge}'/>{extra}{ip}</network>"


def run(*args, fails=False):
    r = subprocess.run(args, capture_output=True, text=True)
    assert fails or r.returncode == 0, f'{args}: {r.stderr}'
    return r.stdout


class Client:
    """A namespace with one end of a pair in a network, as a container has it."""

    def __init__(self, xml):
        self.holder = subprocess.Popen(['unshare', '--net', 'sleep', '1000'])
        until(lambda: os.readlink(f'/proc/{self.holder.pid}/ns/net') != os.readlink('/proc/self/ns/net'),
              'no namespace')
        self.link = daemonlink.DaemonLink(s.root)
        fd = os.open(f'/proc/{self.holder.pid}/ns/net', os.O_RDONLY)
        try:
            self.xml = self.link.open(xml, flags=daemonlink.VETH, namespace=fd)[0]
        finally:
            os.close(fd)
        s.opened.append(self)
        self.run('ip', 'link', 'set', 'lo', 'up')
        self.run('ip', 'link', 'set', 'eth0', 'up')

    def run(self, *args, fails=False):
        return run('nsenter', '--net', '--target', str(self.holder.pid), *args, fails=fails)

    def dhcp(self, *options):
        script = s.file('client-script', "#!/bin/sh\n[ \"$1\" = bound ] || exit 0\n"
                        "ip addr add $ip/$mask dev $interface\n"
                        "[ -z \"$router\" ] || ip route add default via $router\n"
                        "echo bound $ip $router\n", mode=0o777)
        out = self.run('busybox', 'udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-t', '10', '-T', '1', '-s', script,
                       *options)
        return next(line.split()[1] for line in out.splitlines() if line.startswith('bound'))

    def close(self):
        self.link.shut(self.xml)
        self.link.close()
        self.holder.kill()
        self.holder.wait()


def client(network='default', mac='52:54:00:aa:00:01', extra=''):
    return Client(f"<interface type='network'><mac address='{mac}'/><source network='{network}'/>{extra}</interface>")


@case('the default network is there, and runs when it is told to')
def _(s):
    net = s.conn.networkLookupByName('default')
    equal((net.isActive(), net.isPersistent(), net.autostart()), (0, 1, 0))
    contains(net.XMLDesc(), "<forward mode='nat'", "<bridge name='virbr0'", "<range start='192.168.122.2'")
    s.virsh('net-start', 'default')
    equal(net.isActive(), 1)
    equal(net.bridgeName(), 'virbr0')
    contains(run('ip', 'addr', 'show', 'virbr0'), '192.168.122.1/24')
    contains(s.virsh('net-list'), 'default', 'active')
    contains(s.virsh('net-info', 'default'), 'virbr0')
    s.virsh('net-destroy', 'default')
    equal(net.isActive(), 0)
    assert not os.path.exists('/sys/class/net/virbr0')
    assert 'ostler' not in run('nft', 'list', 'tables')


@case('a client gets an address, and the lease is told at once')
def _(s):
    net = s.conn.networkCreateXML(net_xml('one'))
    c = client('one')
    ip = c.dhcp()
    began = time.monotonic()
    leases = net.DHCPLeases()
    took = time.monotonic() - began
    while not leases and time.monotonic() - began < 0.1:
        leases = net.DHCPLeases()
    equal([(x['ipaddr'], x['mac'], x['iface']) for x in leases], [(ip, '52:54:00:aa:00:01', 'test0')])
    assert took < 0.1, took
    equal(net.DHCPLeases('52:54:00:aa:00:02'), [])
    equal(len(net.DHCPLeases('52:54:00:aa:00:01')), 1)
    contains(s.virsh('net-dhcp-leases', 'one'), ip)
    equal(len(net.listAllPorts()), 1)


if __name__ == '__main__':
    main()
