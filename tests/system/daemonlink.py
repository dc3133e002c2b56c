"""daemonlink.py - asks a daemon as another daemon of its host would, for tests without that one"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import array
import json
import os
import socket
import struct
import threading

PROGRAM, REMOTE = 0x4f53544c, 0x20008086
OPEN, CLOSE, CHANGE, TAKE, KEEP = 1, 2, 3, 6, 7
VNET_HDR, VHOST, VETH = 1, 2, 4
OWNER = bytes(range(16))


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(f'{code}: {message}')
        self.code, self.message = code, message


def string(text):
    data = text.encode()
    return struct.pack('>I', len(data)) + data + b'\0' * (-len(data) % 4)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self):
        self.at += 4
        return struct.unpack_from('>I', self.data, self.at - 4)[0]

    def string(self):
        size = self.number()
        text = self.data[self.at:self.at + size].decode()
        self.at += size + -size % 4
        return text


class DaemonLink:
    """A connection to the daemon that listens at root's run/ostler/<daemon>.peer."""

    def __init__(self, root, daemon='netd', uri='network:///system'):
        self.lock, self.serial, self.events = threading.Lock(), 0, []
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as knock:
            knock.connect(f'{root}/run/ostler/{daemon}.peer')
            who = {'uri': uri, 'uid': os.getuid(), 'gid': os.getgid(), 'pid': os.getpid(),
                   'readonly': False, 'keepalive': False, 'daemon': True}
            socket.send_fds(knock, [json.dumps(who).encode() + b'\0'], [theirs.fileno()])
            knock.recv(1)
        theirs.close()

    def close(self):
        self.ours.close()

    def _receive(self, size, fds):
        data = b''
        while len(data) < size:
            part, control, _, _ = self.ours.recvmsg(size - len(data), socket.CMSG_SPACE(4 * 32))
            if not part:
                raise ConnectionError('the daemon has gone')
            data += part
            for level, kind, content in control:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds.extend(array.array('i', content[:len(content) // 4 * 4]))
        return data

    def _message(self, fds):
        size = struct.unpack('>I', self._receive(4, fds))[0]
        reader = Reader(self._receive(size - 4, fds))
        _, _, number, kind, _, status = (reader.number() for _ in range(6))
        return reader, number, kind, status

    def event(self):
        """(number, its content) of the next one."""
        if not self.events:
            reader, number, kind, _ = self._message([])
            assert kind == 2, kind
            return number, reader
        return self.events.pop(0)

    def call(self, number, payload, fds=(), program=PROGRAM):
        with self.lock:
            self.serial += 1
            kind = 4 if fds else 0
            body = struct.pack('>IIIIII', program, 1, number, kind, self.serial, 0)
            body += struct.pack('>I', len(fds)) if fds else b''
            body += payload
            self.ours.sendall(struct.pack('>I', len(body) + 4) + body)
            for fd in fds:
                socket.send_fds(self.ours, [b'\0'], [fd])
            got = []
            reply, which, kind, status = self._message(got)
            while kind == 2:
                self.events.append((which, reply))
                reply, which, kind, status = self._message(got)
            if kind == 5:
                self._receive(reply.number(), got)
            if status == 1:
                code, _, given = reply.number(), reply.number(), reply.number()
                raise Refused(code, reply.string() if given else '')
            return reply, got

    def open(self, xml, owner=OWNER, name='guest', flags=0, namespace=None):
        """(live xml, taps, vhosts)"""
        reply, fds = self.call(OPEN, owner + string(name) + string(xml) + struct.pack('>I', flags),
                               [namespace] if namespace is not None else ())
        live, taps, vhosts = reply.string(), reply.number(), reply.number()
        assert len(fds) == taps + vhosts, (fds, taps, vhosts)
        return live, fds[:taps], fds[taps:]

    def shut(self, xml, owner=OWNER):
        self.call(CLOSE, owner + string(xml))

    def change(self, before, after, owner=OWNER, name='guest', flags=0):
        return self.call(CHANGE, owner + string(name) + string(before) + string(after) + struct.pack('>I', flags))[0].string()

    def take(self, *devices, owner=OWNER, name='guest'):
        """Asks noded for devices of the host; the same as it has found them."""
        reply, _ = self.call(TAKE, owner + string(name) + struct.pack('>I', len(devices)) + b''.join(map(string, devices)))
        return [reply.string() for _ in range(reply.number())]

    def keep(self, *devices, owner=OWNER):
        self.call(KEEP, owner + struct.pack('>I', len(devices)) + b''.join(map(string, devices)))
