#!/usr/bin/python3
"""nodedev.py - devices of the running kernel that come and go: links, loop devices"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import fcntl
import os
import signal
import struct
import subprocess

from harness import Skip, case, contains, equal, main, refused, stack, until
from libvirt import VIR_ERR_NO_NODE_DEVICE
from machine import DeviceEvents


def ip(*words):
    subprocess.run(['ip', *words], check=True)


def address(number):
    return f'02:00:00:00:01:{number:02x}'


def name_of(link, number):
    return f'net_{link}_{address(number).replace(":", "_")}'


def watch(s):
    """Events to the end of the case."""
    events = DeviceEvents(s.conn)
    s.opened.append(events)
    return events


def pair(link, number):
    """A link with another one behind it."""
    return f'link add {link} address {address(number)} type veth peer name p{link}'.split()


@case('a pair of links comes, goes up and goes, and is told of at once')
def _(s):
    events = watch(s)
    name = name_of('veth7', 7)
    ip(*pair('veth7', 7))
    events.wait(name, 'created')
    xml = s.conn.nodeDeviceLookupByName(name).XMLDesc()
    contains(xml, '<interface>veth7</interface>', f'<address>{address(7)}</address>', "<capability type='80203'/>",
             '<path>/sys/devices/virtual/net/veth7</path>', '<parent>computer</parent>', "<feature name='gso'/>")
    for link in ('veth7', 'pveth7'):
        ip('link', 'set', link, 'up')
    events.wait(name, 'updated')
    until(lambda: "<link speed='10000' state='up'/>" in s.conn.nodeDeviceLookupByName(name).XMLDesc(), 'not up')
    ip('link', 'del', 'veth7')
    events.wait(name, 'deleted')
    refused(VIR_ERR_NO_NODE_DEVICE, s.conn.nodeDeviceLookupByName, name)


@case('a tap, which ends with who holds it')
def _(s):
    if not os.path.exists('/dev/net/tun'):
        os.makedirs('/dev/net', exist_ok=True)
        os.mknod('/dev/net/tun', 0o20666, os.makedev(10, 200))
    events = watch(s)
    try:
        fd = os.open('/dev/net/tun', os.O_RDWR)
    except OSError as e:
        raise Skip(f'no tun: {e}') from None
    fcntl.ioctl(fd, 0x400454ca, struct.pack('16sH', b'tap7', 0x0002 | 0x1000))  # TUNSETIFF: a tap without headers
    with open('/sys/class/net/tap7/address') as f:
        name = 'net_tap7_' + f.read().strip().replace(':', '_')
    events.wait(name, 'created')
    contains(s.conn.nodeDeviceLookupByName(name).XMLDesc(), '<interface>tap7</interface>')
    os.close(fd)
    events.wait(name, 'deleted')


@case('a link that is renamed, moved to another address, set up and down')
def _(s):
    events = watch(s)
    ip(*pair('one', 1))
    events.wait(name_of('one', 1), 'created')
    ip('link', 'set', 'one', 'name', 'two')
    events.wait(name_of('one', 1), 'deleted')
    events.wait(name_of('two', 1), 'created')
    ip('link', 'set', 'two', 'address', address(2))
    events.wait(name_of('two', 1), 'deleted')
    events.wait(name_of('two', 2), 'created')
    ip('link', 'del', 'two')
    events.wait(name_of('two', 2), 'deleted')


@case('a loop device with a file behind it is a disk')
def _(s):
    try:
        control = os.open('/dev/loop-control', os.O_RDWR)
    except OSError:
        os.mknod('/dev/loop-control', 0o20600, os.makedev(10, 237))
        try:
            control = os.open('/dev/loop-control', os.O_RDWR)
        except OSError as e:
            raise Skip(f'no loop devices: {e}') from None
    number = fcntl.ioctl(control, 0x4c82)  # LOOP_CTL_GET_FREE
    os.close(control)
    node = f'/dev/loop{number}'
    if not os.path.exists(node):
        os.mknod(node, 0o60600, os.makedev(7, number))
    events = watch(s)
    path = s.file('disk', size=3 << 20)
    with open(path, 'r+b') as backing, open(node, 'r+b') as loop:
        fcntl.ioctl(loop, 0x4c00, backing.fileno())  # LOOP_SET_FD
        try:
            events.wait(f'block_loop{number}', 'created')
            xml = s.conn.nodeDeviceLookupByName(f'block_loop{number}').XMLDesc()
            contains(xml, f'<block>{node}</block>', '<drive_type>disk</drive_type>', f'<size>{3 << 20}</size>')
        finally:
            fcntl.ioctl(loop, 0x4c01)  # LOOP_CLR_FD
    events.wait(f'block_loop{number}', 'deleted')


@case('a hundred links at once: none is missed, none stays')
def _(s):
    events = watch(s)
    before = {d.name() for d in s.conn.listAllDevices()}
    batch = ''.join(' '.join(pair(f'x{n}', n)) + '\n' for n in range(100))
    subprocess.run(['ip', '-batch', '-'], input=batch, text=True, check=True)
    for n in range(100):
        events.wait(name_of(f'x{n}', n), 'created')
    equal({n.split('_')[1] for n in s.conn.listDevices('net')}, set(os.listdir('/sys/class/net')))
    subprocess.run(['ip', '-batch', '-'], input=''.join(f'link del x{n}\n' for n in range(100)), text=True, check=True)
    for n in range(100):
        events.wait(name_of(f'x{n}', n), 'deleted')
    until(lambda: {d.name() for d in s.conn.listAllDevices()} == before, 'their other ends stay')


@case('a daemon that hears nothing for a while, while more happens than the kernel keeps for it')
def _(s):
    before = {d.name() for d in s.conn.listAllDevices()}
    ip(*pair('gone', 1))
    until(lambda: name_of('gone', 1) in s.conn.listDevices('net'), 'not seen')
    pid = s.daemon_pid('noded')
    log = stack.log_path(s.root, 'noded')
    os.kill(pid, signal.SIGSTOP)
    batch = 'link del gone\n' + ''.join(' '.join(pair(f'z{n}', n)) + '\n' for n in range(20)) + 10000 * 'link set z0 up\nlink set z0 down\n'
    subprocess.run(['ip', '-batch', '-'], input=batch, text=True, check=True)
    os.kill(pid, signal.SIGCONT)
    until(lambda: {n.split('_')[1] for n in s.conn.listDevices('net')} == set(os.listdir('/sys/class/net')), 'something is missed')
    with open(log) as f:
        contains(f.read(), 'events of devices have been lost')
    subprocess.run(['ip', '-batch', '-'], input=''.join(f'link del z{n}\n' for n in range(20)), text=True, check=True)
    until(lambda: {d.name() for d in s.conn.listAllDevices()} == before, 'some stay')


@case('a daemon that is killed finds what came and went meanwhile')
def _(s):
    ip(*pair('old', 1))
    until(lambda: name_of('old', 1) in s.conn.listDevices('net'), 'not seen')
    for round in range(10):
        batch = ''.join(' '.join(pair(f'y{n}', n)) + '\n' for n in range(20))
        child = subprocess.Popen(['ip', '-batch', '-'], stdin=subprocess.PIPE, text=True)
        child.stdin.write(batch)
        child.stdin.close()
        s.kill('noded')
        child.wait()
        s.start()
        equal({n.split('_')[1] for n in s.conn.listDevices('net')}, set(os.listdir('/sys/class/net')))
        subprocess.run(['ip', '-batch', '-'], input=''.join(f'link del y{n}\n' for n in range(20)), text=True, check=True)
    ip('link', 'del', 'old')
    until(lambda: {n.split('_')[1] for n in s.conn.listDevices('net')} == set(os.listdir('/sys/class/net')), 'some stay')


@case('virsh: the tree, the lists, the events')
def _(s):
    ip(*pair('tree0', 9))
    until(lambda: name_of('tree0', 9) in s.virsh('nodedev-list', '--cap', 'net').split(), 'not listed')
    contains(s.virsh('nodedev-list', '--tree'), 'computer\n', '+- ' + name_of('tree0', 9))
    contains(s.virsh('nodedev-dumpxml', name_of('tree0', 9)), '<interface>tree0</interface>')
    contains(s.virsh('nodedev-info', name_of('tree0', 9)), 'Active:')
    child = subprocess.Popen(['virsh', '-q', '-c', s.uri(), 'nodedev-event', '--event', 'lifecycle', '--timeout', '30'],
                             stdout=subprocess.PIPE, text=True)

    def told():
        ip(*pair('told0', 8))
        ip('link', 'del', 'told0')
        return child.poll() is not None
    until(told, 'virsh has seen none')
    contains(child.stdout.read(), "event 'lifecycle' for node device net_", 'told0')  # the first that comes, of either end
    ip('link', 'del', 'tree0')


if __name__ == '__main__':
    main()
