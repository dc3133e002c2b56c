"""DHCPv6 and router advertisements, with systemd's client in a namespace of its own."""
# SPDX-License-Identifier: LGPL-2.1-or-later
import ipaddress
import json
import os
import subprocess
import time

from harness import Skip, case, contains, equal, main, s, until
from netlab import client, net_xml

NETWORKD = '/lib/systemd/systemd-networkd'
DHCP = ("<ip family='ipv6' address='fd00:99::1' prefix='64'><dhcp>"
        "<range start='fd00:99::100' end='fd00:99::1ff'/>{hosts}</dhcp></ip>")


def duid(number):
    return f'00:03:00:01:52:54:00:aa:00:{number:02x}'


class Speaker:
    """A client whose links systemd-networkd configures; ends with the case."""

    def __init__(self, number=1, name='speaker'):
        if not os.access(NETWORKD, os.X_OK):
            raise Skip(f'{NETWORKD} is not installed')
        self.client = client('one', mac=f'52:54:00:aa:00:{number:02x}')
        config = s.file('eth0.network',
                        '[Match]\nName=eth0\n[Network]\nDHCP=ipv6\nIPv6AcceptRA=yes\nLinkLocalAddressing=ipv6\n'
                        f'[DHCPv6]\nDUIDType=link-layer\nDUIDRawData=00:01:{duid(number)[12:]}\nIAID=7\n')
        # a /sys that cannot be written says that no udev is to be waited for
        inside = (f'echo {name} > /proc/sys/kernel/hostname; mount -t sysfs -o ro sysfs /sys; mount -t tmpfs tmpfs /run; '
                  f'mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases; cp {config} /run/systemd/network; '
                  f'exec {NETWORKD}')
        self.process = subprocess.Popen(self.client.command('unshare', '--mount', '--uts', 'sh', '-c', inside),
                                        stderr=subprocess.DEVNULL)
        s.opened.append(self)

    def addresses(self):
        """Those that reach further than the link."""
        links = json.loads(self.client.run('ip', '-j', '-6', 'addr', 'show', 'dev', 'eth0', 'scope', 'global'))
        return [a['local'] for link in links for a in link.get('addr_info', ()) if 'local' in a]

    def wait(self):
        until(self.addresses, 'no address')
        return self.addresses()

    def close(self):
        self.process.kill()
        self.process.wait()


def start(ip, forward="<forward mode='nat'/>"):
    return s.conn.networkCreateXML(net_xml('one', forward=forward, ip=ip))


def leases(net, count=1):
    until(lambda: len(net.DHCPLeases()) == count, lambda: f'leases: {net.DHCPLeases()}')
    return net.DHCPLeases()


@case('an address of the range, a lease that is told, a router')
def _(s):
    net = start(DHCP.format(hosts=''))
    one = Speaker()
    address = one.wait()[0]
    assert ipaddress.ip_address('fd00:99::100') <= ipaddress.ip_address(address) <= ipaddress.ip_address('fd00:99::1ff')
    lease = leases(net)[0]
    equal({k: lease[k] for k in ('iface', 'type', 'ipaddr', 'prefix', 'clientid', 'hostname', 'iaid', 'mac')},
          {'iface': 'test0', 'type': 1, 'ipaddr': address, 'prefix': 64, 'clientid': duid(1), 'hostname': 'speaker',
           'iaid': '7', 'mac': '52:54:00:aa:00:01'})
    contains(s.virsh('net-dhcp-leases', 'one'), 'ipv6', address + '/64', duid(1))
    contains(one.client.run('ip', '-6', 'route'), 'default via fe80::')
    contains(one.client.run('busybox', 'ping', '-6', '-c', '1', '-W', '2', 'fd00:99::1'), '1 packets received')


@case('hosts known by their DUID and by their name')
def _(s):
    net = start(DHCP.format(hosts=f"<host id='{duid(2)}' name='fixed' ip='fd00:99::22'><lease expiry='30'/></host>"
                                  "<host name='named' ip='fd00:99::33'/>").replace("1ff'/>", "1ff'><lease expiry='2' unit='hours'/></range>"))
    equal(Speaker(2).wait()[0], 'fd00:99::22')
    equal(Speaker(3, 'named').wait()[0], 'fd00:99::33')
    expire = {lease['ipaddr']: lease['expirytime'] - time.time() for lease in leases(net, 2)}
    equal(sorted(expire), ['fd00:99::22', 'fd00:99::33'])
    assert 1700 < expire['fd00:99::22'] <= 1801 and 7100 < expire['fd00:99::33'] <= 7201, expire
    equal([lease['hostname'] for lease in net.DHCPLeases('52:54:00:aa:00:02')], ['fixed'])


@case('without DHCP a client makes its own address')
def _(s):
    net = start("<ip family='ipv6' address='fd00:99::1' prefix='64'/>")
    one = Speaker()
    address = one.wait()[0]
    assert ipaddress.ip_address(address) in ipaddress.ip_network('fd00:99::/64'), address
    contains(one.client.run('ip', '-6', 'route'), 'default via fe80::')
    equal(net.DHCPLeases(), [])


@case('a network without a way out names no router')
def _(s):
    start("<ip family='ipv6' address='fd00:99::1' prefix='64'/>", forward='')
    one = Speaker()
    one.wait()
    assert 'default' not in one.client.run('ip', '-6', 'route')


main()
