#!/usr/bin/python3
"""traffic.py - frames as no client library sends them: many at once, out of order, cut, too long, wrong"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import signal
import socket
import struct
import sys

import libvirt
from harness import TOP, case, contains, equal, main

sys.path.append(os.path.join(TOP, 'tests/facts'))
import check_wire as wire  # noqa: E402

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
TABLES = wire.Tables()
REMOTE = TABLES.programs['remote']
SOCKETS = ('libvirt-sock', 'virtqemud-sock')


def opened(s, name='libvirt-sock'):
    return wire.open_conn(TABLES, s.socket(name), 'qemu:///system')


def handle(dom):
    return {'name': dom.name(), 'uuid': dom.UUID(), 'id': dom.ID()}


def hang(s):
    dom = s.define('stuck')
    dom.createWithFlags(PAUSED)
    os.kill(s.pid_of(dom), signal.SIGSTOP)
    return dom


def ask(c, dom):
    """Sends what only the emulator can answer; returns its serial."""
    return c.request('qemu', 'domain_monitor_command', {'dom': handle(dom), 'cmd': '{"execute":"query-status"}'})[1]


def ping(c):
    before = c.pongs
    c.send(TABLES.programs['keepalive'], 1, wire.MESSAGE, 0, wire.ST_OK)
    while c.pongs == before:
        c.pump(30)


def raises(kind, call, *args):
    try:
        call(*args)
    except kind as e:
        return e
    raise AssertionError('nothing was raised')


@case('replies come as they are ready, not as they were asked for')
def _(s):
    dom = hang(s)
    for name in SOCKETS:
        c = opened(s, name)
        slow = ask(c, dom)
        quick = c.request('remote', 'connect_get_hostname', {})[1]
        equal(c.pump()[0]['serial'], quick)
        os.kill(s.pid_of(dom), signal.SIGCONT)
        equal(c.pump()[0]['serial'], slow)
        os.kill(s.pid_of(dom), signal.SIGSTOP)
        c.close()


@case('a client with more calls than it may have at work is still alive, and gets all answers', only='ostler')
def _(s):
    dom = hang(s)
    for name in SOCKETS:
        c = opened(s, name)
        serials = [ask(c, dom) for _ in range(20)]
        ping(c)
        os.kill(s.pid_of(dom), signal.SIGCONT)
        equal(sorted(c.pump()[0]['serial'] for _ in serials), serials)
        os.kill(s.pid_of(dom), signal.SIGSTOP)
        c.close()


@case('a thousand calls sent before the first answer is read', only='ostler')
def _(s):
    dom = s.define('one')
    for name in SOCKETS:
        c = opened(s, name)
        serials = [c.request('remote', 'domain_get_state', {'dom': handle(dom)})[1] for _ in range(1000)]
        equal(sorted(c.pump()[0]['serial'] for _ in serials), serials)
        c.close()


@case('any serial comes back, also the same one twice')
def _(s):
    c = opened(s)
    number = TABLES.procs['remote', 'connect_get_hostname']['number']
    for serial in (0, 0xffffffff, 7, 7):
        c.send(REMOTE, number, wire.CALL, serial, wire.ST_OK)
        equal(c.pump()[0]['serial'], serial)


LENGTHS = [0, 4, 27, (32 << 20) + 5, 0x7fffffff, 0xffffffff]


@case('a length that cannot be ends the connection, and only this one')
def _(s):
    before = s.daemon_pid()
    for name in SOCKETS:
        other = opened(s, name)
        for length in LENGTHS:
            c = opened(s, name)
            c.s.sendall(struct.pack('>I', length) + bytes(24))
            raises((wire.WireError, ConnectionError), c.pump)
        other.call('connect_get_hostname')
    equal(s.daemon_pid(), before)


@case('connections that end in the middle of a frame harm nobody')
def _(s):
    before = s.daemon_pid()
    for name in SOCKETS:
        for cut in range(1, 60):
            with socket.socket(socket.AF_UNIX) as c:
                c.connect(s.socket(name))
                frame = struct.pack('>IIIIIII', 1 << 20, REMOTE, 1, 66, wire.CALL, 0, wire.ST_OK) + bytes(64)
                c.sendall(frame[:cut])
        opened(s, name).call('connect_get_hostname')
    equal(s.daemon_pid(), before)


def error_of(c, payload, proc='domain_lookup_by_name', kind=wire.CALL, status=wire.ST_OK, program=REMOTE, version=1):
    c.serial += 1
    number = TABLES.procs['remote', proc]['number'] if isinstance(proc, str) else proc
    c.send(program, number, kind, c.serial, status, payload, version=version)
    head, body = c.pump()
    equal((head['serial'], head['status']), (c.serial, wire.ST_ERROR))
    return TABLES.unpack_all('net_message_error', body)


WRONG = [
    # what, the arguments of error_of()
    ('no arguments', {'payload': b''}),
    ('cut arguments', {'payload': struct.pack('>I', 8) + b'half'}),
    ('a string over its limit', {'payload': struct.pack('>I', (4 << 20) + 4) + bytes((4 << 20) + 4)}),
    ('a string whose length is a lie', {'payload': struct.pack('>I', 0xffffffff) + b'text'}),
    ('an unknown procedure', {'payload': b'', 'proc': 60000}),
    ('an unknown program', {'payload': b'', 'program': 0x12345678}),
    ('an unknown version', {'payload': b'', 'version': 77}),
    ('a call with a status', {'payload': struct.pack('>I', 0), 'status': wire.ST_ERROR}),
]


def wrong(what, arguments):
    @case(f'{what}: error 39, and the connection goes on')
    def _(s):
        for name in SOCKETS:
            c = opened(s, name)
            equal(error_of(c, **arguments)['code'], libvirt.VIR_ERR_RPC)
            c.call('connect_get_hostname')
            c.close()


for row in WRONG:
    wrong(*row)


@case('bytes after the arguments are passed over')
def _(s):
    s.define('one')
    c = opened(s)
    c.serial += 1
    c.send(REMOTE, TABLES.procs['remote', 'domain_lookup_by_name']['number'], wire.CALL, c.serial, wire.ST_OK,
           struct.pack('>I', 3) + b'one\0' + b'more and more')
    equal(c.pump()[0]['status'], wire.ST_OK)


@case('nothing but the opening is served before the opening')
def _(s):
    for name in SOCKETS:
        c = wire.Wire(TABLES, s.socket(name))
        e = raises(wire.RemoteError, lambda: c.call('connect_get_hostname'))
        assert e.code in (libvirt.VIR_ERR_RPC, libvirt.VIR_ERR_INTERNAL_ERROR), e
        c.call('auth_list')
        e = raises(wire.RemoteError, lambda: c.call('connect_get_hostname'))
        equal(e.code, libvirt.VIR_ERR_INTERNAL_ERROR)
        c.call('connect_open', name='qemu:///system', flags=0)
        e = raises(wire.RemoteError, lambda: c.call('connect_open', name='qemu:///system', flags=0))
        equal(e.code, libvirt.VIR_ERR_INTERNAL_ERROR)


@case('streams that nobody opened are passed over')
def _(s):
    c = opened(s)
    number = TABLES.procs['remote', 'domain_open_console']['number']
    for status in (wire.ST_CONTINUE, wire.ST_OK, wire.ST_ERROR):
        c.send(REMOTE, number, wire.STREAM, 4711, status, b'text' if status == wire.ST_CONTINUE else b'')
    c.call('connect_get_hostname')


@case('a client that reads nothing is bounded, and held up is it alone', only='ostler')
def _(s):
    for n in range(40):
        s.define(f'many-{n}')
    deaf = opened(s)
    number = TABLES.procs['remote', 'connect_get_capabilities']['number']
    deaf.s.settimeout(3)
    try:
        for serial in range(100000):
            deaf.send(REMOTE, number, wire.CALL, serial, wire.ST_OK)
    except (socket.timeout, ConnectionError):
        pass
    opened(s).call('connect_get_hostname')
    for name in ('proxyd', 'qemud'):
        with open(f'/proc/{s.daemon_pid(name)}/status') as f:
            kib = int(f.read().partition('VmRSS:')[2].split()[0])
        assert kib < 64 << 10 or 'asan' in os.environ.get('OSTLER_BUILD', ''), f'{name} holds {kib} KiB'
    deaf.close()


UNSERVED = ['connect_list_all_storage_pools', 'connect_list_all_secrets', 'connect_list_all_nwfilters',
            'connect_list_all_interfaces']


@case('what no driver serves yet is refused with its name', only='ostler')
def _(s):
    for name in SOCKETS:
        c = opened(s, name)
        for procedure in UNSERVED:
            e = raises(wire.RemoteError, lambda: c.call(procedure, need_results=1))
            equal(e.code, libvirt.VIR_ERR_NO_SUPPORT)
            contains(e.err['message'], procedure)


if __name__ == '__main__':
    main()
