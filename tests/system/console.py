#!/usr/bin/python3
"""console.py - the serial console: both ways, taken over, kept safe, and by stock virsh"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import pty
import select
import socket
import subprocess
import termios

import libvirt
from harness import LIMIT, Console, Timeout, case, contains, equal, main, refused, until
from libvirt import (VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_INTERNAL_ERROR, VIR_ERR_INVALID_ARG,
                     VIR_ERR_OPERATION_FAILED, VIR_ERR_OPERATION_INVALID)

FORCE, SAFE = libvirt.VIR_DOMAIN_CONSOLE_FORCE, libvirt.VIR_DOMAIN_CONSOLE_SAFE
GUEST = {
    'serial': "<serial type='pty'/><serial type='pty'/><console type='pty'/>",
    'devices': "<channel type='unix'><target type='virtio' name='org.ostler.echo.0'/></channel>",
}


def shared(s):
    return s.shared(**GUEST)


class Terminal:
    """virsh console as a person sees it."""

    def __init__(self, s, *args):
        self.leader, follower = pty.openpty()
        self.text = b''
        self.process = subprocess.Popen(['virsh', '-c', s.uri(), 'console', 'vm', *args], stdin=follower,
                                        stdout=follower, stderr=follower, start_new_session=True)
        os.close(follower)

    def is_raw(self):
        return not termios.tcgetattr(self.leader)[3] & termios.ECHO

    def send(self, data):
        os.write(self.leader, data)

    def expect(self, wanted):
        poll = select.poll()
        poll.register(self.leader, select.POLLIN)
        while wanted not in self.text:
            if not poll.poll(LIMIT * 1000):
                raise Timeout(f'no {wanted} from virsh: {self.text}')
            self.text += os.read(self.leader, 4096)
        self.text = self.text.partition(wanted)[2]

    def close(self):
        self.process.wait(LIMIT)
        os.close(self.leader)


@case('the console shows what the guest says and takes what it is told')
def _(s):
    shared(s)
    console = s.shell()
    equal(console.run('echo $((6 * 7))'), '42\n')


@case('much text comes whole and in order')
def _(s):
    shared(s)
    console = s.shell()
    text = console.run('seq 1 3000')
    equal([int(n) for n in text.split()], list(range(1, 3001)))


@case('a second client is refused while the first holds the console')
def _(s):
    dom = shared(s)
    s.shell()
    refused(VIR_ERR_OPERATION_FAILED, dom.openConsole, None, s.conn.newStream(0), 0)
    refused(VIR_ERR_OPERATION_FAILED, dom.openConsole, None, s.conn.newStream(0), SAFE)


@case('a second client that insists gets the console; the first is told')
def _(s):
    shared(s)
    first = s.shell()
    second = s.shell('vm', None, FORCE)
    first.wait_end()
    equal(second.run('echo $((6 * 7))'), '42\n')


@case('the console is free again when its client has gone')
def _(s):
    shared(s)
    s.shell().stream.finish()
    s.shell().stream.abort()
    second = Terminal(s)
    second.expect(b'Escape character')
    second.process.kill()
    second.close()

    def free():
        try:
            s.shell()
        except libvirt.libvirtError:
            return False
        return True

    until(free, 'the console of a client that has gone stays busy')


@case('a console can be held safely')
def _(s):
    shared(s)
    console = s.shell('vm', None, SAFE)
    equal(console.run('echo $((6 * 7))'), '42\n')


@case('a device is chosen by its alias')
def _(s):
    dom = shared(s)
    contains(dom.XMLDesc(), "<alias name='serial0'/>", "<alias name='serial1'/>")
    first, second = s.shell('vm', 'serial0'), Console(s, 'vm', 'serial1')
    s.opened.append(second)
    first.run('echo across > /dev/ttyS1')
    second.expect('across')
    refused(VIR_ERR_INTERNAL_ERROR, dom.openConsole, 'serial7', s.conn.newStream(0), naming='serial7')
    refused(VIR_ERR_INVALID_ARG, dom.openConsole, None, s.conn.newStream(0), 1 << 20)


@case('a channel carries bytes both ways')
def _(s):
    shared(s)
    channel = s.console('vm', 'org.ostler.echo.0', 0, 'openChannel')
    channel.send('over and back\n')
    channel.expect('over and back\n')


@case('virsh console: interactive, ended by its escape')
def _(s):
    shared(s)
    terminal = Terminal(s, '--force')
    terminal.expect(b'Escape character')
    until(terminal.is_raw, 'virsh does not take the terminal')
    terminal.send(b'\necho $((6 * 7))\n')
    terminal.expect(b'\n42')
    terminal.send(b'\x1d')
    equal(terminal.process.wait(LIMIT), 0)
    terminal.close()


@case('the stream ends with the guest')
def _(s):
    dom = shared(s)
    console = s.shell()
    dom.destroy()
    console.wait_end()
    refused(VIR_ERR_OPERATION_INVALID, dom.openConsole, None, s.conn.newStream(0), 0)


@case('a guest without console says so; one with a file keeps what was said')
def _(s):
    log = s.file('serial.log')
    dom = s.define('mute', serial=f"<serial type='file'><source path='{log}'/></serial>")
    dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    for device in (None, 'serial0'):
        refused((VIR_ERR_INTERNAL_ERROR, VIR_ERR_CONFIG_UNSUPPORTED), dom.openConsole, device, s.conn.newStream(0), 0)
    events = s.events('LIFECYCLE')
    dom.destroy()
    s.define('mute', uuid=dom.UUIDString(), cmdline='guest.run=/bin/true',
             serial=f"<serial type='file'><source path='{log}'/></serial>")
    dom.create()
    events.wait('LIFECYCLE', 'mute', libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
    with open(log) as f:
        contains(f.read(), 'guest: ready')


@case('serial ports of the kinds null and unix')
def _(s):
    path = os.path.join(s.home, 'serial.sock')
    dom = s.define('odd', serial=f"<serial type='unix'><source mode='bind' path='{path}'/></serial>"
                                 "<serial type='null'/>")
    dom.create()
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(LIMIT)
        peer.connect(path)
        text = b''
        while b'guest: ready' not in text:
            text += peer.recv(4096)


if __name__ == '__main__':
    main(kept=('vm',))
