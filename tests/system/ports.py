"""Ports asked for all at once, by several daemons, while a stranger takes the same names."""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import socket
import subprocess
import sys
import threading
import time

import daemonlink
from harness import case, equal, main, s, until
from netlab import Namespace, net_xml, run

CLIENTS, EACH = 10, 10

# Makes and ends links of the names that netd is about to use, until its input ends.
STRANGER = r'''
import fcntl, os, select, struct, subprocess, sys
held, made = {}, 0
def tap(name):
    fd = os.open('/dev/net/tun', os.O_RDWR)
    try:
        fcntl.ioctl(fd, 0x400454ca, struct.pack('16sH22x', name.encode(), 0x1002 | 0x8000))
    except OSError:
        os.close(fd)
        return None
    return fd
number = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    for prefix in 'vnet', 'veth':
        name = f'{prefix}{number % 400}'
        if name in held:
            os.close(held.pop(name))
        else:
            fd = tap(name)
            if fd is not None:
                held[name] = fd
                made += 1
    number += 7
print(made)
'''


def iface(number):
    mac = f'52:54:00:bb:{number >> 8:02x}:{number & 255:02x}'
    return (f"<interface type='network'><mac address='{mac}'/><source network='one'/>"
            "<model type='virtio'/></interface>")


def together(work):
    """Runs work(link, client, n) for all, every client's calls one after the other; what they gave."""
    links = [daemonlink.DaemonLink(s.root) for _ in range(CLIENTS)]
    results, problems, gate = [], [], threading.Barrier(CLIENTS)

    def one(client):
        gate.wait()
        for n in range(EACH):
            try:
                results.append(work(links[client], client, client * EACH + n))
            except Exception as e:
                problems.append(f'{type(e).__name__}: {e}')

    threads = [threading.Thread(target=one, args=(i,)) for i in range(CLIENTS)]
    began = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    took = (time.monotonic() - began) * 1000
    for link in links:
        link.close()
    equal(problems, [])
    return results, took


def name_of(live):
    return live.partition("<target dev='")[2].partition("'")[0]


def among_strangers(work):
    stranger = subprocess.Popen([sys.executable, '-c', STRANGER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        return together(work)
    finally:
        made = stranger.communicate(b'end\n')[0]
        print(f'# the stranger made {int(made)} links')


def links_of(bridge):
    return set(os.listdir(f'/sys/class/net/{bridge}/brif'))


@case('a hundred taps at once')
def _(s):
    net = s.conn.networkCreateXML(net_xml('one'))

    def work(link, _client, n):
        live, taps, _vhosts = link.open(iface(n), name=f'guest{n}', flags=daemonlink.VNET_HDR)
        equal(len(taps), 1)
        return live, taps[0]

    got, took = among_strangers(work)
    print(f'# {len(got)} ports in {took:.0f} ms')
    names = [name_of(live) for live, _ in got]
    equal(len(set(names)), CLIENTS * EACH)
    equal(links_of('test0'), set(names))
    equal(len(net.listAllPorts()), CLIENTS * EACH)
    for _, fd in got:
        os.close(fd)
    until(lambda: not net.listAllPorts(), 'ports of closed taps stay')
    equal(links_of('test0'), set())


@case('a hundred pairs at once')
def _(s):
    net = s.conn.networkCreateXML(net_xml('one'))
    place = Namespace()
    inside = os.open(f'/proc/{place.holder.pid}/ns/net', os.O_RDONLY)

    def work(link, _client, n):
        xml = iface(n).replace('</interface>', f"<guest dev='eth{n}'/></interface>")
        return link.open(xml, name=f'box{n}', flags=daemonlink.VETH, namespace=inside)[0]

    got, took = among_strangers(work)
    print(f'# {len(got)} ports in {took:.0f} ms')
    os.close(inside)
    names = [name_of(live) for live in got]
    equal(len(set(names)), CLIENTS * EACH)
    equal(links_of('test0'), set(names))
    equal(sum(': eth' in line for line in place.run('ip', '-o', 'link').splitlines()), CLIENTS * EACH)
    link = daemonlink.DaemonLink(s.root)
    for live in got:
        link.shut(live)
    link.close()
    equal(net.listAllPorts(), [])
    until(lambda: not links_of('test0'), 'pairs stay')  # nobody waits for the end of a pair
    equal([l for l in place.run('ip', '-o', 'link').splitlines() if ': eth' in l], [])


@case('a pair that was being ended when netd was killed ends')
def _(s):
    for name, alias in ('testgone', 'ostler: ends'), ('teststays', 'mine'):
        run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'p' + name)
        run('ip', 'link', 'set', name, 'alias', alias)
    s.restart('netd')
    until(lambda: not os.path.exists('/sys/class/net/testgone'), 'stays')
    assert os.path.exists('/sys/class/net/teststays')
    run('ip', 'link', 'del', 'teststays')


@case('names that are all taken are an error that says so')
def _(s):
    s.conn.networkCreateXML(net_xml('one'))
    run('ip', 'link', 'add', 'testtaken', 'type', 'veth', 'peer', 'name', 'testpeer')
    link = daemonlink.DaemonLink(s.root)
    try:
        link.open(iface(1).replace('<model', "<target dev='testtaken'/><model"))
    except daemonlink.Refused as e:
        assert 'testtaken' in e.message, e
    else:
        raise AssertionError('a link of somebody else was taken')
    finally:
        link.close()
        run('ip', 'link', 'del', 'testtaken')
    equal(s.conn.networkLookupByName('one').listAllPorts(), [])


if __name__ == '__main__':
    main()
