#!/usr/bin/python3
"""screen.py - a picture of the guest's screen, keys pressed from outside, and the emulator's monitor"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import os
import struct

import libvirt
import libvirt_qemu
from harness import case, contains, equal, main, refused
from libvirt import VIR_ERR_INTERNAL_ERROR, VIR_ERR_INVALID_ARG, VIR_ERR_OPERATION_INVALID

QMP, HMP = 0, libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP


# An input event is 24 bytes: time, then type, code and value; events of keys are of type 1.
TELL_KEYS = """for e in /dev/input/event*; do exec 3<$e
(while event=$(dd bs=24 count=1 2>/dev/null | od -An -v -w24 -tu2); do
    set -- $event; [ "$9" != 1 ] || echo "key ${10} ${11}"; done) <&3 & done
"""


def guest(s):
    return s.shared(devices="<graphics type='vnc' autoport='yes'/><video><model type='vga'/></video>")


@case('a screenshot is a picture')
def _(s):
    dom = guest(s)
    stream = s.conn.newStream(0)
    kind = dom.screenshot(stream, 0)
    picture = b''
    while data := stream.recv(65536):
        picture += data
    stream.finish()
    if kind == 'image/png':
        equal((picture[:8], picture[-8:-4]), (b'\x89PNG\r\n\x1a\n', b'IEND'))
        width, height = struct.unpack('>II', picture[16:24])
    else:
        equal(kind, 'image/x-portable-pixmap')
        magic, width, height, pixels = picture.split(None, 3)
        # "255" and one white character stand before the pixels
        equal((magic, len(pixels)), (b'P6', 4 + 3 * int(width) * int(height)))
    assert int(width) >= 320 and int(height) >= 200, (width, height)


@case('a screen that is not there is refused, and a guest without')
def _(s):
    dom = guest(s)
    refused(VIR_ERR_OPERATION_INVALID, dom.screenshot, s.conn.newStream(0), 7)
    blind = s.define('blind', devices="<video><model type='none'/></video>")
    blind.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    refused(VIR_ERR_INTERNAL_ERROR, blind.screenshot, s.conn.newStream(0), 0)


@case('what virsh writes as a screenshot')
def _(s):
    guest(s)
    path = os.path.join(s.home, 'shot')
    s.virsh('screenshot', 'vm', path)
    with open(path, 'rb') as f:
        assert f.read(2) in (b'\x89P', b'P6')


@case('keys arrive in the guest')
def _(s):
    dom = guest(s)
    console = s.shell()
    console.send(TELL_KEYS + 'echo rea""dy\n')
    console.expect('ready\r\n')
    dom.sendKey(libvirt.VIR_KEYCODE_SET_LINUX, 0, [30], 1, 0)  # A
    console.expect('key 30 1')
    dom.sendKey(libvirt.VIR_KEYCODE_SET_XT, 0, [48], 1, 0)  # B
    console.expect('key 48 1')
    s.virsh('send-key', 'vm', 'KEY_LEFTCTRL', 'KEY_C')
    console.expect('key 29 1')
    console.expect('key 46 1')


@case('keys that do not exist are refused')
def _(s):
    dom = guest(s)
    refused((VIR_ERR_INTERNAL_ERROR, VIR_ERR_INVALID_ARG), dom.sendKey, libvirt.VIR_KEYCODE_SET_LINUX, 0, [60000], 1, 0)
    refused(VIR_ERR_INVALID_ARG, dom.sendKey, 99, 0, [30], 1, 0)
    refused(VIR_ERR_INVALID_ARG, dom.sendKey, libvirt.VIR_KEYCODE_SET_LINUX, 0, [30] * 17, 17, 0)
    refused(VIR_ERR_INVALID_ARG, dom.sendKey, libvirt.VIR_KEYCODE_SET_LINUX, 0, [30], 1, 1)


@case("the emulator's monitor takes commands, of both kinds")
def _(s):
    dom = guest(s)
    answer = json.loads(libvirt_qemu.qemuMonitorCommand(dom, '{"execute":"query-status"}', QMP))
    equal(answer['return']['status'], 'running')
    contains(libvirt_qemu.qemuMonitorCommand(dom, 'info status', HMP), 'running')
    contains(s.virsh('qemu-monitor-command', 'vm', '--hmp', 'info version'), '.')
    contains(s.virsh('qemu-monitor-command', 'vm', '--pretty', '{"execute":"query-name"}'), '"name": "vm"')


@case('what the monitor refuses is told as it is told')
def _(s):
    dom = guest(s)
    answer = json.loads(libvirt_qemu.qemuMonitorCommand(dom, '{"execute":"fly"}', QMP))
    equal(answer['error']['class'], 'CommandNotFound')
    refused(VIR_ERR_INTERNAL_ERROR, libvirt_qemu.qemuMonitorCommand, dom, 'no json', QMP)
    refused(VIR_ERR_INVALID_ARG, libvirt_qemu.qemuMonitorCommand, dom, '{}', 1 << 20)
    off = s.define('off')
    refused(VIR_ERR_OPERATION_INVALID, libvirt_qemu.qemuMonitorCommand, off, '{}', QMP)


@case('a guest that was stopped behind the back is known to be stopped')
def _(s):
    dom = guest(s)
    events = s.events('LIFECYCLE')
    libvirt_qemu.qemuMonitorCommand(dom, '{"execute":"stop"}', QMP)
    events.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_SUSPENDED)
    equal(dom.state()[0], libvirt.VIR_DOMAIN_PAUSED)
    libvirt_qemu.qemuMonitorCommand(dom, '{"execute":"cont"}', QMP)
    events.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_RESUMED)
    equal(dom.state()[0], libvirt.VIR_DOMAIN_RUNNING)


if __name__ == '__main__':
    main(kept=('vm',))
