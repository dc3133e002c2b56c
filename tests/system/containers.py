"""containers.py - what scripts about containers share: a root, a definition, a shell inside"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import glob
import os
import shutil
import stat
import subprocess

import harness
from harness import s

BUSYBOX = '/bin/busybox'
ROOT = '/mnt/ostler/busybox'
CONTROLLER = os.path.join(harness.BUILD, 'src/lxcd/ostler-lxc-controller')


def make_root(path=ROOT):
    """A root directory with busybox and nothing else."""
    for folder in ('bin', 'sbin', 'dev', 'proc', 'sys', 'tmp', 'etc', 'root', 'mnt', 'run', 'usr/bin', 'usr/sbin'):
        os.makedirs(os.path.join(path, folder))
    shutil.copy(BUSYBOX, os.path.join(path, 'bin'))
    names = subprocess.run([BUSYBOX, '--list'], capture_output=True, text=True, check=True).stdout.split()
    for name in set(names) - {'busybox'}:
        os.symlink('busybox', os.path.join(path, 'bin', name))
    for name, text in (('passwd', 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1001::/tmp:/bin/sh\n'),
                       ('group', 'root:x:0:\nusers:x:1001:\nothers:x:1002:\n')):
        with open(os.path.join(path, 'etc', name), 'w') as f:
            f.write(text)
    return path


def root_fs(path=ROOT, extra=''):
    return f"<filesystem {extra}><source dir='{path}'/><target dir='/'/></filesystem>"


def xml(name, init='/bin/sh', args=(), uuid=None, root=None, devices="<console type='pty'/>", os_extra='',
        features='<privnet/>', head='', tail='', memory=64):
    """A container whose init is busybox's shell on its console; the arguments are pieces."""
    words = ''.join(f'<initarg>{a}</initarg>' for a in args)
    return f"""<domain type='lxc' xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'>
  <name>{name}</name>{f'<uuid>{uuid}</uuid>' if uuid else ''}{head}
  <memory unit='MiB'>{memory}</memory>
  <os><type>exe</type><init>{init}</init>{words}{os_extra}</os>
  <features>{features}</features>
  <devices>{root_fs() if root is None else root}{devices}</devices>{tail}
</domain>"""


def define(name, **parts):
    return s.conn.defineXML(xml(name, **parts))


def boot(name, **parts):
    """A container that runs, and a console at whose prompt its shell waits."""
    dom = define(name, **parts)
    dom.create()
    return dom, shell(name)


def shell(name, *args):
    console = s.console(name, *args)
    console.run('true')
    return console


# ---- what containers have on the host

def processes(mark):
    """Those that run and have this in their words, (pid, words)."""
    return [(pid, words) for pid, _name, words in harness.running() if any(mark in word for word in words)]


def mounts():
    with open('/proc/self/mountinfo') as f:
        return sorted(line.split()[4] for line in f)


def links():
    return {name for name in os.listdir('/sys/class/net') if name.startswith('veth')}


def loops(image):
    """How many loop devices show the file; another test that runs now may have some, too."""
    count = 0
    for path in glob.glob('/sys/block/loop*/loop/backing_file'):
        try:
            with open(path) as f:
                count += os.path.basename(f.read().strip().removesuffix(' (deleted)')) == os.path.basename(image)
        except OSError:
            pass  # it has just ended
    return count


def loop_devices():
    """The devices of this machine, which are for tests, too: the kernel has the numbers."""
    for name, kind, numbers in [('loop-control', stat.S_IFCHR, (10, 237))] + [(f'loop{i}', stat.S_IFBLK, (7, i)) for i in range(8)]:
        if not os.path.exists('/dev/' + name):
            os.mknod('/dev/' + name, kind | 0o600, os.makedev(*numbers))


def prepare():
    """Groups of this machine are not for tests: containers here have none."""
    original()
    subprocess.run(['umount', '--recursive', '--lazy', '/sys/fs/cgroup'], stderr=subprocess.DEVNULL)
    harness.mount('-t', 'tmpfs', 'tmpfs', '/sys/fs/cgroup')
    make_root()


original = s.prepare
s.prepare = prepare
s.scheme = 'lxc'
