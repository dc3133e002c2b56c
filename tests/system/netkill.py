"""netd is killed at any moment, a hundred times: what it says afterwards is what is."""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import random
import subprocess
import threading
import time

import daemonlink
from harness import case, equal, main, running, s, until
from netlab import Namespace, net_xml, run

import libvirt

KILLS = int(os.environ.get('OSTLER_KILLS', 100))
NAMES = ['one', 'two', 'three']
random.seed(int(os.environ.get('OSTLER_SEED', '4')))


def xml_of(name):
    n = NAMES.index(name) + 1
    return net_xml(name, f'test{n}').replace('10.99.1.', f'10.99.{n}.')


def uri():
    return s.uri('virtnetworkd-sock').replace('qemu:', 'network:')


class Loop(threading.Thread):
    """Does something again and again, with a new connection after each failure."""

    def __init__(self, connect, work):
        super().__init__(daemon=True)
        self.connect, self.work, self.ended, self.done, self.lost = connect, work, False, 0, 0
        self.start()

    def run(self):
        conn = None
        while not self.ended:
            try:
                conn = conn or self.connect()
                self.work(conn)
                self.done += 1
            except (libvirt.libvirtError, OSError, daemonlink.Refused, IndexError):
                self.lost += 1
                if conn:
                    try:
                        conn.close()
                    except libvirt.libvirtError:
                        pass
                conn = None
                time.sleep(0.005)  # netd is being started
        if conn:
            conn.close()


def start_and_end(conn):
    name = random.choice(NAMES)
    try:
        net = conn.networkLookupByName(name)
    except libvirt.libvirtError:
        net = None
    if net is None:
        if random.random() < 0.5:
            conn.networkCreateXML(xml_of(name))
        else:
            conn.networkDefineXML(xml_of(name)).create()
    elif net.isActive():
        net.destroy()
    elif random.random() < 0.5:
        net.create()
    else:
        net.undefine()


held = {}  # live xml -> tap; of a pair -> None
unsure = []  # interfaces of calls without an answer
place = None


def unplug(link):
    live = random.choice(list(held))
    fd = held.pop(live)
    if fd is not None:
        os.close(fd)
        if random.random() < 0.5:
            return
    unsure.append(live)
    link.shut(live)
    unsure.clear()


def plug_and_unplug(link):
    while unsure:
        link.shut(unsure[0])
        unsure.pop(0)
    if len(held) > 5:
        unplug(link)
        return
    mac = ':'.join(['52', '54', '00'] + [f'{random.randrange(256):02x}' for _ in range(3)])
    xml = (f"<interface type='network'><mac address='{mac}'/><source network='kept'/><model type='virtio'/>"
           f"<guest dev='e{mac[9:].replace(':', '')}'/></interface>")
    unsure.append(xml)
    if random.random() < 0.5:
        held[link.open(xml, flags=daemonlink.VETH, namespace=place)[0]] = None
    else:
        live, taps, _ = link.open(xml)
        held[live] = taps[0]
    unsure.clear()


def dnsmasqs():
    """{name of the network: processes}, without those that are ending."""
    found = {}
    for pid, _name, words in running():
        if os.path.basename(words[0]) == 'dnsmasq':
            with open(f'/proc/{pid}/status') as f:
                parent = int(f.read().partition('PPid:\t')[2].split()[0])
            name = os.path.basename(words[1]).removesuffix('.conf')
            if parent not in found.get(name, []):  # its own helper is a child of it
                found.setdefault(name, []).append(pid)
    return found


def differences(conn):
    """What netd says, and what is not so."""
    nets = {n.name(): n for n in conn.listAllNetworks()}
    active = {name for name, n in nets.items() if n.isActive()}
    bridges = {nets[name].bridgeName() for name in active}
    here = {name for name in os.listdir('/sys/class/net') if name.startswith('test')}
    rules = run('nft', 'list', 'ruleset')
    wrong = []
    if here != bridges:
        wrong.append(f'bridges {sorted(here)}, not {sorted(bridges)}')
    servers = dnsmasqs()
    if {k: len(v) for k, v in servers.items()} != dict.fromkeys(active, 1):
        wrong.append(f'dnsmasq of {servers}, not of {sorted(active)}')
    for name, n in nets.items():
        if (n.UUIDString().replace('-', '_') in rules) != (name in active):
            wrong.append(f'rules of {name}')
    if 'chain to_' in rules and rules.count('chain to_') != len(active):
        wrong.append(f'{rules.count("chain to_")} networks have rules, not {len(active)}')
    states = set(os.listdir(os.path.join(s.root, 'run/ostler/network/state')))
    if states != {name + '.xml' for name in active}:
        wrong.append(f'states {sorted(states)}, not of {sorted(active)}')
    links = {x.partition("<target dev='")[2].partition("'")[0] for x in held}
    ports = [p.XMLDesc() for p in nets['kept'].listAllPorts()] if 'kept' in active else []
    inside = set(os.listdir('/sys/class/net/testkept/brif')) if 'kept' in active else set()
    if inside != links or len(ports) != len(links):
        wrong.append(f'{len(ports)} ports of {sorted(inside)}, not of {sorted(links)}')
    return wrong


@case(f'{KILLS} kills', only='ostler')
def _(s):
    s.conn.networkCreateXML(net_xml('kept', 'testkept').replace('10.99.1.', '10.99.9.'))
    global place
    place = os.open(f'/proc/{Namespace().holder.pid}/ns/net', os.O_RDONLY)
    loops = [Loop(lambda: libvirt.open(uri()), start_and_end),
             Loop(lambda: daemonlink.DaemonLink(s.root), plug_and_unplug)]
    for kill in range(KILLS):
        time.sleep(random.random() * 0.12)  # at any moment: there is nothing to wait for
        s.kill('netd')
        s.start()
        if kill % 10 != 9:
            continue
        for loop in loops:
            loop.ended = True
            loop.join()
        link = daemonlink.DaemonLink(s.root)
        while unsure:
            link.shut(unsure.pop())
        conn = libvirt.open(uri())
        until(lambda: not differences(conn), lambda: f'after kill {kill + 1}: {differences(conn)}')
        conn.close()
        link.close()
        loops = [Loop(loop.connect, loop.work) for loop in loops] if kill + 1 < KILLS else loops
        print(f'# kill {kill + 1}: all as it is')
    for live, fd in held.items():
        if fd is None:
            link = daemonlink.DaemonLink(s.root)
            link.shut(live)
            link.close()
        else:
            os.close(fd)
    s.disconnect()
    s.conn = s.connect()
    until(lambda: not s.conn.networkLookupByName('kept').listAllPorts(), 'ports stay')


if __name__ == '__main__':
    main()
