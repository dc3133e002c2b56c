"""What netd's rules let through, and that they stay, among those of others."""
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import os
import shutil
import socket

from harness import TOP, case, contains, equal, main, mount, refused, s, stack, until
from libvirt import VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_INTERNAL_ERROR
from netlab import Outside, Process, client, need, net_xml, run, system_bus

V4 = "<ip address='10.99.1.1' netmask='255.255.255.0'/>"
V6 = "<ip family='ipv6' address='fd00:99::1' prefix='64'/>"


def ruleset(ours):
    """The host's rules, ours or those of others, without what changes by itself."""
    items = json.loads(run('nft', '-j', 'list', 'ruleset'))['nftables']
    kept = []
    for item in items:
        kind, what = next(iter(item.items()))
        table = what.get('table') or (what.get('name') if kind == 'table' else '')
        if kind != 'metainfo' and table.startswith('ostler') == ours:
            kept.append(json.dumps({kind: {k: v for k, v in what.items() if k != 'handle'}}, sort_keys=True))
    return sorted(kept)


def start(forward="<forward mode='nat'/>", ip=V4, name='one', **more):
    return s.conn.networkCreateXML(net_xml(name, forward=forward, ip=ip, **more))


def guest(address='10.99.1.50/24', router='10.99.1.1', **more):
    c = client('one', **more)
    c.use(address, router=(router,))
    return c


def settled():
    until(lambda: ruleset(True) == settled.wanted, 'the rules are not restored')


def has_loaded():
    with open(f"/proc/{s.daemon_pid('netd')}/maps") as maps:
        return 'libnftables' in maps.read()


@case('a host without networks keeps its firewall for itself', only='ostler')
def _(s):
    assert not has_loaded()
    equal(ruleset(True), [])
    start().destroy()
    assert has_loaded()
    equal(ruleset(True), [])


@case('what is hidden, what is not, what is alone')
def _(s):
    world = Outside()
    net = start()
    c = guest()
    equal(c.hears(), '203.0.113.1')
    world.run('ip', 'route', 'add', '10.99.1.0/24', 'via', '203.0.113.1')
    assert world.run('busybox', 'ping', '-c', '1', '-W', '1', '10.99.1.50', fails=True).find('1 packets received') < 0
    c.close()
    net.destroy()
    net = start("<forward mode='route'/>")
    c = guest()
    equal(c.hears(), '10.99.1.50')
    contains(world.run('busybox', 'ping', '-c', '1', '-W', '1', '10.99.1.50'), '1 packets received')
    c.close()
    net.destroy()
    net = start('')
    c = guest()
    equal(c.hears(), '')
    contains(c.run('busybox', 'ping', '-c', '1', '-W', '1', '10.99.1.1'), '1 packets received')


@case('IPv6, hidden and routed; ports and addresses of the host')
def _(s):
    world = Outside()
    net = start("<forward mode='nat'><nat ipv6='yes'><port start='5000' end='5099'/></nat></forward>", V4 + V6)
    c = guest()
    c.use('fd00:99::50/64', router=('fd00:99::1',))
    equal(c.hears('2001:db8:ff::2'), '2001:db8:ff::1')
    equal(c.hears(), '203.0.113.1')
    c.close()
    net.destroy()
    run('ip', 'addr', 'add', '203.0.113.9/24', 'dev', 'testout')
    net = start("<forward mode='nat'><nat><address start='203.0.113.9' end='203.0.113.9'/></nat></forward>")
    c = guest()
    equal(c.hears(), '203.0.113.9')
    c.close()
    net.destroy()
    world.run('ip', '-6', 'route', 'add', 'fd00:99::/64', 'via', '2001:db8:ff::1')
    net = start("<forward mode='route'/>", V6)
    c = client('one')
    c.use('fd00:99::50/64', router=('fd00:99::1',))
    equal(c.hears('2001:db8:ff::2'), 'fd00:99::50')


@case('guests of a network that isolates its ports do not see one another')
def _(s):
    start(extra="<port isolated='yes'/>")
    a, b = guest(), guest('10.99.1.51/24', mac='52:54:00:aa:00:02')
    contains(a.run('busybox', 'ping', '-c', '1', '-W', '1', '10.99.1.1'), '1 packets received')
    assert '1 packets received' not in a.run('busybox', 'ping', '-c', '1', '-W', '1', '10.99.1.51', fails=True)
    b.close()


def heard(guest, address, count=100):
    """How many of so many datagrams of a kilobyte that a guest sends at once arrive at the host."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
        host.setsockopt(socket.SOL_SOCKET, 33, 1 << 20)  # SO_RCVBUFFORCE
        host.bind((address, 7001))
        guest.run('/usr/bin/python3', '-c', f"import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                  f"[s.sendto(bytes(1000), ('{address}', 7001)) for i in range({count})]")
        host.setblocking(False)
        arrived = 0
        while True:
            try:
                host.recv(2000)
                arrived += 1
            except BlockingIOError:
                return arrived


@case('the bandwidth of a network in a bridge of the host', only='ostler')
def _(s):
    def shaped():
        return 'htb' in run('tc', 'qdisc', 'show', 'dev', 'testbr')

    def network(name, inside="<inbound average='1000'/><outbound average='10' burst='10'/>", bridge='testbr'):
        return (f"<network><name>{name}</name><forward mode='bridge'/><bridge name='{bridge}'/>"
                f"<bandwidth>{inside}</bandwidth></network>")

    refused(VIR_ERR_INTERNAL_ERROR, s.conn.networkCreateXML, network('one', bridge='testno'), naming='testno')
    refused(VIR_ERR_CONFIG_UNSUPPORTED, s.conn.networkCreateXML, network('one', "<inbound average='9' floor='5'/>"),
            naming='floor')
    run('ip', 'link', 'add', 'testbr', 'type', 'bridge')
    try:
        run('ip', 'addr', 'add', '10.99.2.1/24', 'dev', 'testbr')
        run('ip', 'link', 'set', 'testbr', 'up')
        for name in 'one', 'two':
            s.conn.networkCreateXML(network(name))
        assert shaped()
        contains(run('tc', 'class', 'show', 'dev', 'testbr'), 'rate 8Mbit')
        c = guest('10.99.2.50/24', '10.99.2.1')
        for again in False, True:
            if again:
                s.restart('netd')
                run('nft', 'flush', 'ruleset')
                until(lambda: 'testbr' in run('nft', 'list', 'ruleset'), 'the rules are not restored')
            arrived = heard(c, '10.99.2.1')
            assert 1 <= arrived < 50, arrived
        s.clean_networks(False)
        assert not shaped()
        equal(run('nft', 'list', 'ruleset'), '')
        s.conn.networkCreateXML(network('one', "<inbound average='1000'/>")).destroy()
        equal(run('nft', 'list', 'ruleset'), '')
    finally:
        run('ip', 'link', 'del', 'testbr')


@case('rules that somebody removes are there again')
def _(s):
    Outside()
    run('nft', 'add table inet other; add chain inet other input { type filter hook input priority 0; };'
        'add rule inet other input counter accept')
    before = ruleset(False)
    start()
    c = guest()
    settled.wanted = ruleset(True)
    equal(ruleset(False), before)
    table = [t for t in run('nft', 'list', 'tables').splitlines() if 'ostler' in t][0]
    for attack in ('flush ruleset', 'delete ' + table, 'flush ' + table):
        run('nft', attack)
        settled()
        equal(c.hears(), '203.0.113.1')
    equal(ruleset(False), [])  # the flush was somebody else's
    settled.wanted = []
    c.close()
    s.conn.networkLookupByName('one').destroy()
    equal(run('nft', 'list', 'ruleset'), '')


@case('a chain of others that drops the traffic is named')
def _(s):
    Outside()
    net = start()
    c = guest()
    run('nft', 'add table ip filter; add chain ip filter DOCKER-USER;'
        'add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; };'
        'add rule ip filter FORWARD jump DOCKER-USER; add rule ip filter FORWARD iifname "docker0" accept')
    others = ruleset(False)
    try:
        until(lambda: 'messages' in net.XMLDesc(), 'nothing is told')
        contains(net.XMLDesc(), 'FORWARD', 'ip filter')
        equal(c.hears(), '')
        equal(ruleset(False), others)
        run('nft', 'add rule ip filter DOCKER-USER iifname "test0" accept;'
            'add rule ip filter DOCKER-USER oifname "test0" accept')
        until(lambda: 'messages' not in net.XMLDesc(), 'it is told for ever')
        equal(c.hears(), '203.0.113.1')
    finally:
        run('nft', 'delete table ip filter')


def asks(guest):
    """Whether a guest reaches the network's DNS server."""
    return 'yes' in guest.run('busybox', 'sh', '-c', 'busybox nc -w 2 10.99.1.1 53 </dev/null && echo yes', fails=True)


def told(net, *pieces):
    """Until these are all that the network has to say of others' chains; nothing: until it says nothing."""
    until(lambda: all(p in net.XMLDesc() for p in pieces) and ('messages' in net.XMLDesc()) == bool(pieces),
          lambda: f'told: {net.XMLDesc()}')


@case('a network that starts when others have long dropped tells it')
def _(s):
    Outside()
    run('nft', 'add table inet fw; add chain inet fw forward { type filter hook forward priority 10; policy drop; }')
    try:
        net = start()
        told(net, "chain 'forward' of table 'inet fw'")
        net.destroy()
        told(start(), "chain 'forward' of table 'inet fw'")  # nothing of others has changed since
    finally:
        run('nft', 'delete table inet fw')


@case('each way that others stop a guest is named, with what to allow')
def _(s):
    Outside()
    dhcp4 = V4.replace('/>', "><dhcp><range start='10.99.1.100' end='10.99.1.200'/></dhcp></ip>")
    dhcp6 = V6.replace('/>', "><dhcp><range start='fd00:99::100' end='fd00:99::1ff'/></dhcp></ip>")
    hook = 'add table {0}; add chain {0} c {{ type filter hook {1} priority 0; policy {2}; }}; '
    sent, answered = 'what its guests send to other networks', 'what other networks answer them'
    ways = (
        ('ip fw', 'forward', 'iifname "test0" accept', (answered + ': ', 'what goes out on')),
        ('ip fw', 'forward', 'ct state established accept', (sent + ': ', 'what comes in on')),
        ('ip6 fw', 'forward', 'ct state established,related accept', (sent + ' by IPv6: ',)),
        ('inet fw', 'forward', 'meta nfproto ipv4 accept', (sent + ' by IPv6', answered + ' by IPv6')),
        ('inet fw', 'forward', 'iifname "test0" accept; add rule inet fw c oifname "test*" accept', ()),
        ('ip fw', 'input', 'udp dport 53 accept', ("its guests' DHCP, its guests' DNS by TCP: ", 'UDP port 67, TCP port 53')),
        ('ip6 fw', 'input', 'tcp dport { 22, 53 } accept', ("its guests' DHCPv6, its guests' DNS by IPv6: ", 'UDP port 547, UDP port 53')),
        ('inet fw', 'input', 'meta l4proto { tcp, udp } th dport { 53, 67, 547 } iifname "test0" accept', ()),
    )
    net = start(ip=dhcp4 + dhcp6)
    for table, where, rule, wanted in ways:
        run('nft', hook.format(table, where, 'drop'))
        try:
            told(net, f"chain 'c' of table '{table}' drops by its policy")
            run('nft', f'add rule {table} c {rule}')
            told(net, *wanted)
        finally:
            run('nft', f'delete table {table}')
        told(net)
    net.destroy()
    net = start('', ip=dhcp4)
    run('nft', hook.format('inet fw', 'forward', 'drop') + hook.format('ip fw', 'input', 'accept') + 'add rule ip fw c udp dport 53 reject')
    try:
        told(net, "chain 'c' of table 'ip fw' stops its guests' DNS: it has to allow UDP port 53 on 'test0'")
        assert 'inet fw' not in net.XMLDesc()  # nothing is sent to other networks
    finally:
        run('nft', 'delete table ip fw; delete table inet fw')


# ---- what a network switches on ----

# A router that says that it is one.
ADVERTISEMENT = """
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.sendto(struct.pack('!BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0), ('ff02::1', 0, 0, socket.if_nametoindex('world')))
"""


def setting(path, value=None):
    with open('/proc/sys/net/' + path, 'r' if value is None else 'w') as f:
        return f.read().strip() if value is None else f.write(value)


@case('the host forwards when a network needs it, and its log says so', only='ostler')
def _(s):
    switches = {'4': 'ipv4/ip_forward', '6': 'ipv6/conf/all/forwarding'}

    def log():
        with open(stack.log_path(s.root, 'netd')) as log:
            text = log.read()
        return {k: text.count(path + ' has been switched on for it') for k, path in switches.items()}

    def begin(forward, ip, on):
        """What a network with these parts switches on, and tells."""
        before, was = log(), {k: setting(path) for k, path in switches.items()}
        start(forward, ip).destroy()
        for k, path in switches.items():
            equal(setting(path), '1' if k in on else was[k])
            equal(log()[k] - before[k], int(k in on))

    for path in switches.values():
        setting(path, '0')
    begin('', V4 + V6, on='')
    begin("<forward mode='nat'/>", V4, on='4')
    begin("<forward mode='nat'/>", V4, on='')
    begin("<forward mode='route'/>", V4 + V6, on='6')
    begin("<forward mode='open'/>", V4 + V6, on='')
    setting(switches['4'], '0')
    begin("<forward mode='open'/>", V4 + V6, on='4')


@case('a host that has its IPv6 routes of a router keeps them')
def _(s):
    world = Outside()

    def has_route():
        world.run('/usr/bin/python3', '-c', ADVERTISEMENT, fails=True)  # it may have no address yet
        return 'default' in run('ip', '-6', 'route', 'show', 'dev', 'testout', 'proto', 'ra')

    setting('ipv6/conf/all/forwarding', '0')
    setting('ipv6/conf/testout/accept_ra', '1')
    until(has_route, 'no route')
    for mode in "<forward mode='nat'/>", "<forward mode='route'/>", "<forward mode='open'/>":
        refused(VIR_ERR_INTERNAL_ERROR, start, mode, V4 + V6, naming='testout')
    equal(setting('ipv6/conf/all/forwarding'), '0')
    for mode, ip in ("<forward mode='nat'/>", V4), ('', V4 + V6):
        start(mode, ip).destroy()
    setting('ipv6/conf/testout/accept_ra', '2')
    start("<forward mode='route'/>", V4 + V6)
    equal(setting('ipv6/conf/all/forwarding'), '1')
    assert has_route()


# ---- those that hosts really have ----

def own_copy(path):
    """A directory of the host's that may be written to."""
    copy = '/mnt' + path
    shutil.copytree(path, copy)
    mount('--bind', copy, path)


def has_zone(zone):
    return 'test0' in run('firewall-cmd', f'--zone={zone}', '--list-interfaces', fails=True).split()


def prepare_firewalld():
    need('/usr/sbin/firewalld')
    if not os.path.isdir('/mnt/etc/firewalld'):
        own_copy('/etc/firewalld')
    os.makedirs('/etc/firewalld/zones', exist_ok=True)
    shutil.copyfile(os.path.join(TOP, 'systemd/firewalld-zone.xml'), '/etc/firewalld/zones/ostler.xml')


def run_firewalld():
    firewalld = Process('/usr/sbin/firewalld', '--nofork', '--nopid')
    until(lambda: 'running' in run('firewall-cmd', '--state', fails=True), 'firewalld does not run')
    return firewalld


@case('firewalld: the bridge is in a zone, after a reload, too')
def _(s):
    prepare_firewalld()
    system_bus()
    s.restart('netd')
    Outside()
    start()
    c = guest()
    firewalld = run_firewalld()
    until(lambda: has_zone('ostler'), 'the bridge is in no zone')
    equal(c.hears(), '203.0.113.1')
    settled.wanted = ruleset(True)
    run('firewall-cmd', '--reload')
    until(lambda: has_zone('ostler'), 'the bridge is in no zone after the reload')
    settled()
    equal(c.hears(), '203.0.113.1')
    until(lambda: 'messages' not in s.conn.networkLookupByName('one').XMLDesc(), 'it is told for ever')
    c.close()
    s.conn.networkLookupByName('one').destroy()
    net = s.conn.networkCreateXML(net_xml('one', ip=V4).replace("<bridge name='test0'", "<bridge name='test0' zone='home'"))
    assert has_zone('home') and not has_zone('ostler')
    net.destroy()
    refused(VIR_ERR_INTERNAL_ERROR, s.conn.networkCreateXML,
            net_xml('one', ip=V4).replace("<bridge name='test0'", "<bridge name='test0' zone='nowhere'"), naming='nowhere')
    firewalld.close()
    equal(run('nft', 'list', 'ruleset'), '')


@case('firewalld: the bridge is in a zone after netd or the bus has been away', only='ostler')
def _(s):
    prepare_firewalld()
    shutil.rmtree('/run/dbus', ignore_errors=True)
    s.restart('netd')  # there is no bus
    start()
    bus = system_bus()
    firewalld = run_firewalld()
    until(lambda: has_zone('ostler'), 'not seen: a bus that came after netd')
    s.disconnect()
    s.kill('netd')
    run('firewall-cmd', '--zone=ostler', '--remove-interface=test0')
    assert not has_zone('ostler')
    s.start()
    s.conn = s.connect()
    until(lambda: has_zone('ostler'), 'not told again: what changed while netd was away')
    bus.close()
    firewalld.close()
    system_bus()
    run_firewalld()
    until(lambda: has_zone('ostler'), 'not seen: a bus that came again')
    s.conn.networkLookupByName('one').destroy()


@case('ufw: its chains are named, and what it allows goes')
def _(s):
    need('/usr/sbin/ufw')
    for path in '/etc/ufw', '/etc/default', '/run/lock':
        os.makedirs(path, exist_ok=True)
        if path != '/run/lock':
            own_copy(path)
    Outside()
    net = start()
    c = guest()
    try:
        run('ufw', '--force', 'enable')
        told(net, "chain 'FORWARD' of table 'ip filter'", "chain 'INPUT' of table 'ip filter'", "its guests' DNS")
        settled.wanted = ruleset(True)
        run('ufw', 'route', 'allow', 'in', 'on', 'test0')
        run('ufw', 'route', 'allow', 'out', 'on', 'test0')
        until(lambda: 'FORWARD' not in net.XMLDesc(), 'it is told for ever')
        equal(c.hears(), '203.0.113.1')
        assert not asks(c)
        run('ufw', 'allow', 'in', 'on', 'test0')
        told(net)
        assert asks(c)
        run('ufw', 'reload')
        settled()
        equal(c.hears(), '203.0.113.1')
    finally:
        run('ufw', '--force', 'disable')
        run('nft', 'delete table ip filter; delete table ip6 filter', fails=True)


if __name__ == '__main__':
    main()
