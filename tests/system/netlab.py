"""netlab.py - networks for tests: definitions, clients in namespaces, a world outside"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import contextlib
import ctypes
import importlib.util
import os
import socket
import struct
import subprocess
import threading

import daemonlink
from harness import LIMIT, Skip, Timeout, s, until


def net_xml(name, bridge='test0', forward="<forward mode='nat'/>", ip=None, extra=''):
    if ip is None:
        ip = ("<ip address='10.99.1.1' netmask='255.255.255.0'><dhcp>"
              "<range start='10.99.1.100' end='10.99.1.200'/></dhcp></ip>")
    return f"<network><name>{name}</name>{forward}<bridge name='{bridge}' stp='off'/>{extra}{ip}</network>"


def run(*args, fails=False):
    r = subprocess.run(args, capture_output=True, text=True)
    assert fails or r.returncode == 0, f'{args}: {r.stderr}'
    return r.stdout


def need(program):
    if not os.access(program, os.X_OK):
        raise Skip(f'{program} is not installed')


def need_modules(*names):
    for name in names:
        if not importlib.util.find_spec(name):
            raise Skip(f'no python module {name}')


class Process:
    """A program that ends with the case."""

    def __init__(self, *args):
        self.child = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        s.opened.append(self)

    def close(self):
        self.child.terminate()
        self.child.wait()


BUS = '''<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow send_type="signal"/>
<allow receive_sender="*"/></policy></busconfig>'''


def system_bus():
    need('/usr/bin/dbus-daemon')
    os.makedirs('/run/dbus', exist_ok=True)
    bus = Process('dbus-daemon', '--nofork', '--config-file', s.file('bus.conf', BUS))
    until(lambda: os.path.exists('/run/dbus/system_bus_socket'), 'no bus')
    return bus


class Namespace:
    """A network namespace; ends with the case."""

    def __init__(self):
        self.holder = subprocess.Popen(['unshare', '--net', 'sleep', '1000'])
        until(lambda: os.readlink(f'/proc/{self.holder.pid}/ns/net') != os.readlink('/proc/self/ns/net'),
              'no namespace')
        s.opened.append(self)
        self.run('ip', 'link', 'set', 'lo', 'up')

    def command(self, *args):
        return ('nsenter', '--net', '--target', str(self.holder.pid), *args)

    def run(self, *args, fails=False):
        return run(*self.command(*args), fails=fails)

    def close(self):
        self.holder.kill()
        self.holder.wait()


class Client(Namespace):
    """A namespace with one end of a pair in a network, as a container has it."""

    def __init__(self, xml):
        super().__init__()
        self.link = daemonlink.DaemonLink(s.root)
        fd = os.open(f'/proc/{self.holder.pid}/ns/net', os.O_RDONLY)
        try:
            self.xml = self.link.open(xml, flags=daemonlink.VETH, namespace=fd)[0]
        finally:
            os.close(fd)
        self.run('ip', 'link', 'set', 'eth0', 'up')

    def use(self, *addresses, router=()):
        """Addresses without DHCP, and the ways out."""
        for address in addresses:
            self.run('ip', 'addr', 'add', address, 'dev', 'eth0', *(['nodad'] if ':' in address else []))
        for address in router:
            self.run('ip', *(['-6'] if ':' in address else []), 'route', 'add', 'default', 'via', address)

    def hears(self, server='203.0.113.2'):
        """What the server outside says when it is called; '' when it cannot be reached."""
        return self.run('busybox', 'nc', '-w', '2', server, '7000', fails=True).strip()

    def dhcp(self, *options):
        script = s.file('client-script', "#!/bin/sh\n[ \"$1\" = bound ] || exit 0\n"
                        "ip addr add $ip/$mask dev $interface\n"
                        "[ -z \"$router\" ] || ip route add default via $router\n"
                        "echo bound $ip $router\n", mode=0o777)
        out = self.run('busybox', 'udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-t', '10', '-T', '1', '-s', script,
                       *options)
        return next(line.split()[1] for line in out.splitlines() if line.startswith('bound'))

    def close(self):
        try:
            self.link.shut(self.xml)
        except (OSError, daemonlink.Refused):
            pass  # netd has been ended meanwhile: the link goes with the namespace
        self.link.close()
        super().close()


def client(network='default', mac='52:54:00:aa:00:01', extra=''):
    return Client(f"<interface type='network'><mac address='{mac}'/><source network='{network}'/>{extra}</interface>")


def socket_in(place, *kind):
    """A socket of a namespace's, which it stays when its thread has left."""
    made = []

    def enter():
        with open(f'/proc/{place.holder.pid}/ns/net') as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0):
                raise OSError(ctypes.get_errno(), 'setns')
        made.append(socket.socket(*kind))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return made[0]


def exchange(sock, question, to, is_meant):
    """The answer; datagrams get lost."""
    for _ in range(int(LIMIT)):
        sock.sendto(question, to)
        with contextlib.suppress(TimeoutError):
            while True:
                reply = sock.recv(4096)
                if is_meant(reply):
                    return reply
    raise Timeout(f'nobody answers at {to}')


class Dhcp:
    """A client by hand, of any address, that tells what it got."""

    def __init__(self, place):
        self.socket = socket_in(place, socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'eth0')
        self.socket.bind(('', 68))
        self.socket.settimeout(1)
        s.opened.append(self)

    def send(self, mac, kind, options):
        """What it is answered with."""
        number = os.urandom(4)
        packet = struct.pack('>4B4s2H16x', 1, 1, 6, 0, number, 0, 0x8000) + bytes.fromhex(mac.replace(':', ''))
        packet += bytes(236 - len(packet)) + b'\x63\x82\x53\x63' + bytes([53, 1, kind, 55, 5, 1, 3, 26, 42, 51])
        for code, value in options.items():
            packet += bytes([code, len(value)]) + value
        return exchange(self.socket, packet + b'\xff', ('255.255.255.255', 67), lambda reply: reply[4:8] == number)

    @staticmethod
    def parse(reply):
        at, found = 240, {}
        while reply[at] != 255:
            if reply[at]:
                found[reply[at]] = reply[at + 2:at + 2 + reply[at + 1]]
                at += 1 + reply[at + 1]
            at += 1
        return found

    def get(self, mac='52:54:00:aa:00:01', name=None, ident=None):
        """(address, seconds, the reply, its options)"""
        mine = {**({12: name.encode()} if name else {}), **({61: ident} if ident else {})}
        offer = self.send(mac, 1, mine)
        reply = self.send(mac, 3, {**mine, 50: offer[16:20], 54: self.parse(offer)[54]})
        options = self.parse(reply)
        assert options[53] == b'\5', options  # DHCPACK
        return socket.inet_ntoa(reply[16:20]), struct.unpack('>I', options[51])[0], reply, options

    def close(self):
        self.socket.close()


class Outside(Namespace):
    """The world behind the host: 203.0.113.2 and 2001:db8:ff::2, where a server says who it hears."""

    def __init__(self):
        super().__init__()
        run('ip', 'link', 'add', 'testout', 'type', 'veth', 'peer', 'name', 'world')
        run('ip', 'link', 'set', 'world', 'netns', str(self.holder.pid))
        for add, address, six in ((run, '1', 'testout'), (self.run, '2', 'world')):
            add('ip', 'addr', 'add', f'203.0.113.{address}/24', 'dev', six)
            add('ip', '-6', 'addr', 'add', f'2001:db8:ff::{address}/64', 'dev', six, 'nodad')
            add('ip', 'link', 'set', six, 'up')
        run('ip', 'route', 'add', 'default', 'via', '203.0.113.2')
        script = ("import socket\n"
                  "s = socket.create_server(('::', 7000), family=socket.AF_INET6, dualstack_ipv6=True)\n"
                  "while True:\n"
                  "    c, who = s.accept()\n"
                  "    c.sendall((who[0].removeprefix('::ffff:') + '\\n').encode())\n"
                  "    c.close()\n")
        self.server = subprocess.Popen(self.command('/usr/bin/python3', '-c', script))
        until(lambda: ':7000' in self.run('ss', '-ltn'), 'no server')

    def close(self):
        self.server.kill()
        self.server.wait()
        run('ip', 'link', 'del', 'testout', fails=True)
        super().close()
