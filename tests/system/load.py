#!/usr/bin/python3
"""load.py - many clients, slow ones, dying ones, too few descriptors: what is promised to the others holds

OSTLER_SCALE=10 makes the long rows ten times as long; figures go to the output as "# figure: ..."
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import random
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import libvirt
from harness import BUILD, TOP, case, equal, guest_xml, main, until

sys.path.append(os.path.join(TOP, 'tests/facts'))
import check_wire as wire  # noqa: E402

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
TABLES = wire.Tables()
REMOTE = TABLES.programs['remote']
SCALE = int(os.environ.get('OSTLER_SCALE', 1))
SANITIZED = 'asan' in BUILD or 'tsan' in BUILD
NETWORK = 'network:///system'


def figure(text):
    print(f'# figure: {text}', flush=True)


def status(pid, what):
    with open(f'/proc/{pid}/status') as f:
        return int(f.read().partition(what + ':')[2].split()[0])


def descriptors(pid):
    return len(os.listdir(f'/proc/{pid}/fd'))


def opened(s, name='virtnetworkd-sock', uri=NETWORK):
    return wire.open_conn(TABLES, s.socket(name), uri)


def proc(name):
    return TABLES.procs['remote', name]['number']


def frame(name, serial=0, payload=b''):
    return struct.pack('>IIIIIII', 28 + len(payload), REMOTE, 1, proc(name), 0, serial, 0) + payload


def text(value):
    return struct.pack('>I', len(value)) + value + b'\0' * (-len(value) % 4)


OPENING = (frame('auth_list') + frame('connect_supports_feature', 1, struct.pack('>I', 10)) +
           frame('connect_open', 2, struct.pack('>I', 1) + text(NETWORK.encode()) + struct.pack('>I', 0)))


def read_frames(sock, count):
    for _ in range(count):
        front = b''
        while len(front) < 4:
            got = sock.recv(4 - len(front))
            assert got, 'the connection has ended'
            front += got
        left = struct.unpack('>I', front)[0] - 4
        while left:
            got = sock.recv(left)
            assert got, 'the connection has ended'
            left -= len(got)


def raw(s, name='virtnetworkd-sock', opening=True):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(60)
    sock.connect(s.socket(name))
    if opening:
        sock.sendall(OPENING)
        read_frames(sock, 3)
    return sock


def latency(conn, count=200):
    """The median and the worst of so many calls, in milliseconds."""
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        conn.call('connect_get_lib_version')
        taken.append((time.perf_counter() - began) * 1e3)
    return sorted(taken)[count // 2], max(taken)


def allow_descriptors():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    return min(hard, 65536)


# ---- many clients -------------------------------------------------------------------------------

@case('five thousand idle clients cost little and hold up nobody', only='ostler')
def _(s):
    count = min(4990, allow_descriptors() - 200)
    pid = s.daemon_pid('netd')
    conn = opened(s)
    alone = latency(conn)
    before, fds = status(pid, 'VmRSS'), descriptors(pid)
    began = time.monotonic()
    clients = [raw(s) for _ in range(count)]
    taken = time.monotonic() - began
    among = latency(conn)
    held = status(pid, 'VmRSS') - before
    for c in clients:
        read_frames(c, 1)  # pings are sent after five seconds of silence
    figure(f'{count} idle clients: {held} KiB more resident, {held / count:.2f} KiB each; connected in {taken:.2f} s; '
           f'a call takes {alone[0]:.3f} ms alone, {among[0]:.3f} ms (worst {among[1]:.1f} ms) among them')
    assert held < count * 8 or SANITIZED, held
    assert among[0] < alone[0] * 5 + 1, (alone, among)
    for c in clients:
        c.close()
    until(lambda: descriptors(pid) <= fds, 'descriptors stay')


@case('one client more than may be waits, and is served when another one goes', only='ostler')
def _(s):
    allow_descriptors()
    pid = s.daemon_pid('netd')
    used = [raw(s) for _ in range(4900)]
    before = descriptors(pid)
    waiting = [raw(s, opening=False) for _ in range(300)]
    for c in waiting:
        c.sendall(OPENING)
    until(lambda: descriptors(pid) > before + 90, 'fewer are accepted')
    used[0].sendall(frame('connect_get_lib_version', 3))
    read_frames(used[0], 1)  # the loop has been round
    assert descriptors(pid) <= before + 110, 'more than may be were accepted'
    for c in used:
        c.close()
    for c in waiting:
        read_frames(c, 3)
        c.close()


@case('five hundred calls in flight of one client do not starve the others', only='ostler')
def _(s):
    for i in range(20):
        s.define(f'load{i}')
    uri, name = 'qemu:///system', 'virtqemud-sock'
    greedy = opened(s, name, uri)
    greedy.s.settimeout(120)
    number = proc('connect_get_all_domain_stats')
    payload = struct.pack('>III', 0, 0, 0)
    flood = struct.pack('>IIIIIII', 28 + len(payload), REMOTE, 1, number, 0, 7, 0) + payload
    ended = threading.Event()

    def fill():
        while not ended.is_set():
            greedy.s.sendall(flood * 500)
            read_frames(greedy.s, 500)

    filling = threading.Thread(target=fill, daemon=True)
    filling.start()
    counts = [0] * 8
    until_time = time.monotonic() + 3

    def work(i):
        conn = opened(s, name, uri)
        while time.monotonic() < until_time:
            conn.call('connect_get_all_domain_stats', doms=[], stats=0, flags=0)
            counts[i] += 1

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(counts))]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    ended.set()
    filling.join(60)
    figure(f'8 clients beside one with 500 calls in flight: {min(counts)} to {max(counts)} calls each in 3 s')
    assert min(counts) > 0 and max(counts) / min(counts) < 2, counts


def leaves_nothing(pid, what, cycle, count, rows=5):
    """What leaks grows in every row; a thread's heap that widens for once does so in one."""
    fds, grown = descriptors(pid), []
    began = time.monotonic()
    for _ in range(rows):
        before = status(pid, 'VmRSS')
        cycle(count // rows)
        grown.append(status(pid, 'VmRSS') - before)
    taken = time.monotonic() - began
    until(lambda: descriptors(pid) <= fds, 'descriptors stay')
    figure(f'{count} times {what}: {count / taken:.0f} a second, {grown} KiB more resident in {rows} rows, '
           f'descriptors {fds} before and {descriptors(pid)} after')
    # ten bytes a cycle, and four pages
    assert min(grown) <= 16 + 10 * count / rows / 1024 or SANITIZED, grown


@case('clients that come and go leave nothing behind', only='ostler')
def _(s):
    pid = s.daemon_pid('netd')

    def cycle(n):
        for _ in range(n):
            c = raw(s)
            c.sendall(frame('connect_get_lib_version', 3))
            read_frames(c, 1)
            c.close()

    cycle(1000)
    until(lambda: descriptors(pid) < 60, 'descriptors stay')
    leaves_nothing(pid, 'connect, call, close', cycle, 10000 * SCALE)


@case('guests that come and go leave nothing behind', only='ostler')
def _(s):
    fake = os.path.join(s.home, 'fake-qemu')
    shutil.copy(os.path.join(BUILD, 'tests/fake/fake-qemu'), fake)
    os.chmod(fake, 0o755)
    dom = s.conn.defineXML(guest_xml('one', emulator=fake))
    pid = s.daemon_pid()

    def cycle(n):
        for _ in range(n):
            dom.create()
            dom.destroy()

    cycle(100 * SCALE)  # until everything that is kept is there
    leaves_nothing(pid, 'start, destroy', cycle, 500 * SCALE)


# ---- slow and dying ones ------------------------------------------------------------------------

@case('clients that send a byte now and then hold up nobody', only='ostler')
def _(s):
    conn = opened(s)
    alone = latency(conn)
    slow = [raw(s) for _ in range(500)]
    call = frame('connect_get_lib_version', 3)
    worst = 0.0
    for byte in call[:-1]:
        for c in slow:
            c.sendall(bytes([byte]))
        worst = max(worst, latency(conn, 10)[1])
    for c in slow:
        c.sendall(call[-1:])
    for c in slow:
        read_frames(c, 1)
        c.close()
    figure(f'500 clients that send byte by byte: a call of another one takes at worst {worst:.1f} ms '
           f'({alone[0]:.3f} ms alone)')


@case('a client may be killed in any state', only='ostler')
def _(s):
    dom = s.shared()
    pid = s.daemon_pid()
    fds = descriptors(pid)
    program = f"""
import sys, threading, time
sys.path.append({os.path.join(TOP, 'tests/facts')!r})
import libvirt
how = int(sys.argv[1])
if how == 0:
    time.sleep(60)
conn = libvirt.open({s.uri()!r})
print('here', flush=True)
if how == 1:
    time.sleep(60)
dom = conn.lookupByName('vm')
if how == 2:
    while True:
        dom.XMLDesc(); conn.getAllDomainStats()
if how == 3:
    stream = conn.newStream(0)
    dom.openConsole(None, stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
    while True:
        stream.send(b'echo hello\\n' * 100)
if how == 4:
    libvirt.virEventRegisterDefaultImpl()
    conn.domainEventRegisterAny(None, 0, lambda *a: None, None)
    while True:
        libvirt.virEventRunDefaultImpl()
if how == 5:
    for i in range(64):
        threading.Thread(target=lambda: [dom.info() for _ in range(10 ** 6)], daemon=True).start()
    time.sleep(60)
"""
    for _ in range(3 * SCALE):
        for how in range(6):
            child = subprocess.Popen([sys.executable, '-c', program, str(how)], stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL)
            if how:
                child.stdout.readline()
            time.sleep(random.random() / 10)
            child.kill()
            child.wait()
            child.stdout.close()
    equal(dom.isActive(), 1)
    s.conn.listAllDomains()
    until(lambda: descriptors(pid) <= fds + 1, 'descriptors stay')


@case('who does not read its events loses them and its connection, and the others nothing', only='ostler')
def _(s):
    dom = s.define('one')
    deaf = opened(s, 'virtqemud-sock', 'qemu:///system')
    for kind in (0, 1, 2, 3):
        for _ in range(50):
            deaf.call('connect_domain_event_callback_register_any', event_id=kind, dom=None)
    heard = s.events('LIFECYCLE')
    pid = s.daemon_pid()
    before = status(pid, 'VmRSS')
    for _ in range(40):
        dom.createWithFlags(PAUSED)
        dom.destroy()
        heard.wait('LIFECYCLE', 'one', libvirt.VIR_DOMAIN_EVENT_STOPPED)
    grown = status(pid, 'VmRSS') - before
    figure(f'a client that does not read 8,000 events: {grown} KiB more resident')
    assert grown < 80 << 10 or SANITIZED, grown
    deaf.close()


@case('who does not read a console holds up its guest, and costs little', only='ostler')
def _(s):
    dom = s.shared()
    pid = s.daemon_pid()
    deaf = opened(s, 'virtqemud-sock', 'qemu:///system')
    handle = {'name': 'vm', 'uuid': dom.UUID(), 'id': dom.ID()}
    deaf.call('domain_open_console', dom=handle, dev_name=None, flags=0)
    number, serial = proc('domain_open_console'), deaf.serial - 1
    before = status(pid, 'VmRSS')
    deaf.send(REMOTE, number, wire.STREAM, serial, wire.ST_CONTINUE, b'\nyes 0123456789012345678901234567890123456789\n')
    worst = 0.0
    began = time.monotonic()
    while time.monotonic() - began < 3:
        worst = max(worst, latency_of(dom.info))
    grown = status(pid, 'VmRSS') - before
    figure(f'a console that nobody reads while the guest says "yes" for 3 s: {grown} KiB more resident; '
           f'a call for this guest takes {worst:.1f} ms at worst')
    deaf.close()
    assert grown < 16 << 10 or SANITIZED, grown
    dom.destroy()


# ---- too little of something --------------------------------------------------------------------

@case('a daemon that runs out of descriptors goes on, and takes new clients when there are some', only='ostler')
def _(s):
    pid = s.daemon_pid('noded')
    used = descriptors(pid)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 20, used + 20))
    conn = wire.open_conn(TABLES, s.socket('virtnodedevd-sock'), 'nodedev:///system')
    crowd = []
    for _ in range(60):
        c = socket.socket(socket.AF_UNIX)
        c.connect(s.socket('virtnodedevd-sock'))
        crowd.append(c)
    for _ in range(50):
        conn.call('connect_get_lib_version')
    for c in crowd:
        c.close()
    again = wire.open_conn(TABLES, s.socket('virtnodedevd-sock'), 'nodedev:///system')
    again.call('connect_get_lib_version')
    equal(s.daemon_pid('noded'), pid)
    s.kill('noded', signal.SIGTERM)
    s.start()


@case('a daemon with little memory refuses nobody who wants little', only='ostler')
def _(s):
    if SANITIZED:
        return
    pid = s.daemon_pid('noded')
    limit = status(pid, 'VmSize') * 1024 + (512 << 20)
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))
    clients = []
    for _ in range(64):  # each says that thirty megabytes are about to come, and sends one
        c = raw(s, 'virtnodedevd-sock', opening=False)
        c.sendall(struct.pack('>I', 30 << 20) + b'\0' * (1 << 20))
        clients.append(c)
    conn = wire.open_conn(TABLES, s.socket('virtnodedevd-sock'), 'nodedev:///system')
    conn.call('connect_get_lib_version')
    for c in clients:
        c.close()
    equal(s.daemon_pid('noded'), pid)
    s.kill('noded', signal.SIGTERM)
    s.start()


@case('with 24 guests hung, look-ups, lists, documents and destroy answer as before', only='ostler')
def _(s):
    names = [f'stuck{i}' for i in range(24)]
    for name in names:
        s.conn.createXML(guest_xml(name), PAUSED)
    free = s.define('free')
    pids = s.processes()
    conn = opened(s, 'virtqemud-sock', 'qemu:///system')
    calm = [latency_of(lambda: free.XMLDesc()) for _ in range(20)]
    for pid in pids.values():
        os.kill(pid, signal.SIGSTOP)
    for name in names:
        threading.Thread(target=ask, args=(s, name), daemon=True).start()
    until(lambda: waiting(s) >= 24, 'the calls do not wait')
    rows = {
        'list': lambda: s.conn.listAllDomains(), 'look-up': lambda: s.conn.lookupByName('stuck3'),
        'document': lambda: s.conn.lookupByName('stuck5').XMLDesc(), 'document of another': lambda: free.XMLDesc(),
        'state': lambda: s.conn.lookupByName('stuck7').state(),
    }
    worst = {what: max(latency_of(call) for _ in range(10)) for what, call in rows.items()}
    equal(waiting(s), 24)  # as before: none of these waited for them to be given up
    doms = [s.conn.lookupByName(name) for name in names]
    worst['destroy'] = max(latency_of(dom.destroy) for dom in doms)
    figure('24 hung guests, worst of 10 in ms: ' + ', '.join(f'{k} {v:.1f}' for k, v in worst.items()) +
           f'; a document took {sorted(calm)[10]:.2f} ms before')
    conn.close()


def ask(s, name):
    import libvirt_qemu
    try:
        libvirt_qemu.qemuMonitorCommand(s.connect().lookupByName(name), '{"execute":"query-status"}', 0)
    except libvirt.libvirtError:
        pass


def waiting(s):
    import json
    r = subprocess.run([os.path.join(BUILD, 'src/admin/ostler-admin'), '--root', s.root, '--json', 'top'],
                       capture_output=True, text=True)
    return sum(c['state'] == 'running' and c['procedure'] == 'qemu_domain_monitor_command'
               for c in json.loads(r.stdout)['calls']) if r.stdout else 0


def latency_of(call):
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e3


if __name__ == '__main__':
    main(kept=('vm',))
