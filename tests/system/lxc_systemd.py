#!/usr/bin/python3
"""lxc_systemd.py - on a machine with systemd: Debian with systemd as a container's init, in a scope of the host's

Needs the machine of tests/lab/make-machine.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import subprocess

from containers import CONTROLLER, ROOT as ROOT_FOLDER, xml
from harness import LIMIT, case, contains, equal, main
from virtual import Systemd

ROOT = "<filesystem {}><source dir='/srv/root'/><target dir='/'/></filesystem>"
IDS = ("<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>")
ADMIN = "<privnet/><capabilities policy='default'><sys_admin state='on'/></capabilities>"
RUNS = 'virsh -q lxc-enter-namespace {} --noseclabel /usr/bin/systemctl is-system-running 2>/dev/null'


def definition(s, name, **parts):
    return s.file(name + '.xml', xml(name, init='/lib/systemd/systemd', memory=400, **parts)), f'/root/{name}.xml'


IMAGE = ("<filesystem type='file'><driver type='loop' format='raw'/><source file='/root/image'/><target dir='/'/>"
         "</filesystem>")


def image(s):
    """busybox on a file system in a file"""
    path = s.file('image', size=16 << 20)
    subprocess.run(['/sbin/mkfs.ext4', '-q', '-F', '-d', ROOT_FOLDER, path], check=True)
    return path


@case('Debian boots, restarts and is shut down as a container', only='ostler')
def _(s):
    more = ((CONTROLLER, '/usr/bin/ostler-lxc-controller'),
            definition(s, 'mapped', root=ROOT.format("accessmode='mapped'"), tail=IDS),
            definition(s, 'plain', root=ROOT.format(''), features=ADMIN),
            (image(s), '/root/image'),
            (s.file('image.xml', xml('image', args=('-c', 'while :; do read x; done'), root=IMAGE)), '/root/image.xml'))
    with Systemd(s, daemon='lxcd', more=more) as m:
        m.run('export LIBVIRT_DEFAULT_URI="lxc:///system?socket=/r/run/libvirt/virtlxcd-sock"', 'mkdir -p /srv/root',
              'mount --bind / /srv/root', '(ostler-lxcd --root /r --verbose >>/lxcd.log 2>&1 & echo pid=$! >/env)',
              'until virsh -q hostname >/dev/null 2>&1; do sleep 0.1; done')

        # root inside is nobody outside, and owns its files all the same
        m.run('virsh -q create mapped.xml', limit=2 * LIMIT)
        m.run(f'until {RUNS.format("mapped")} | grep -E "running|degraded"; do sleep 0.5; done', limit=4 * LIMIT)
        init = m.run('virsh -q domid mapped').strip()
        contains(m.read(f'/proc/{init}/status'), 'Uid:\t100000\t')
        contains(m.read(f'/proc/{init}/cgroup'), '/machine.slice/machine-lxc', 'mapped.scope/payload')
        m.run(f'nsenter -t {init} -U -m --setuid 0 --setgid 0 touch /root/mine')
        equal(m.run('stat -c %u /srv/root/root/mine').strip(), '0')
        contains(m.run('systemctl list-units --no-pager "machine-*"'), 'Container mapped')

        # it restarts, and is ended
        m.run('virsh -q reboot mapped',
              f'until new=$(virsh -q domid mapped) && test "$new" != {init}; do sleep 0.2; done', limit=4 * LIMIT)
        m.run(f'until {RUNS.format("mapped")} | grep -E "running|degraded"; do sleep 0.5; done', limit=4 * LIMIT)
        m.run('virsh -q destroy mapped', 'test -z "$(virsh -q list --all)"')

        # one that is trusted with sys_admin boots without a mapping, and goes when it is asked to
        m.run('virsh -q create plain.xml', limit=2 * LIMIT)
        m.run(f'until {RUNS.format("plain")} | grep -E "running|degraded"; do sleep 0.5; done', limit=4 * LIMIT)
        m.run('virsh -q shutdown plain', 'until test -z "$(virsh -q list --all)"; do sleep 0.2; done', limit=4 * LIMIT)
        m.run('test -z "$(ls -d /sys/fs/cgroup/machine.slice/*.scope 2>/dev/null)"')

        # a root in a file, on a loop device that ends with the container
        m.run('modprobe loop', 'virsh -q create image.xml', limit=2 * LIMIT)
        contains(m.run('cat /proc/$(virsh -q domid image)/mounts'), ' / ext4 rw,nodev')
        contains(m.run('losetup -a'), '/root/image')
        m.run('virsh -q destroy image', 'until test -z "$(losetup -a)"; do sleep 0.1; done')


main()
