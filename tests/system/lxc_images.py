#!/usr/bin/python3
"""lxc_images.py - file systems of containers that need a kernel with nbd and quotas: a virtual machine has one

Needs the machine of tests/lab/make-machine.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import subprocess

from containers import CONTROLLER, ROOT as ROOT_FOLDER, xml
from harness import LIMIT, Skip, case, contains, equal, main
from virtual import Systemd, libraries

QEMU_NBD = '/usr/bin/qemu-nbd'
PROJECTS = ('/usr/bin/chattr', '/usr/bin/lsattr')
STAYS = 'while :; do read x; done'
# at once, and each time that somebody writes into the pipe
WRITES = ('test -p /tmp/again || mkfifo /tmp/again; while :; do rm -f /tmp/much; '
          'head -c 1500000 /dev/zero >/tmp/fits &amp;&amp; head -c 5000000 /dev/zero >/tmp/much; x=$?; rm /tmp/fits; '
          'echo $x >/tmp/status; read x &lt;/tmp/again; done')
IDS = ("<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>")
QCOW2 = ("<filesystem type='file' accessmode='mapped'><driver type='nbd' format='qcow2'/><source file='/root/{}'/>"
         "<target dir='/'/></filesystem>")
LIMITED = ("<filesystem {}><source dir='/limited/{}'/><target dir='/'/><space_hard_limit unit='MiB'>{}</space_hard_limit>"
           "</filesystem>")


KINDS = ("<filesystem type='file'><source file='/root/copy'/><target dir='/mnt/loop'/></filesystem>"
         "<filesystem type='file'><driver type='nbd' format='qcow2'/><source file='/root/image.qcow2'/><target dir='/mnt/nbd'/>"
         "</filesystem><console type='pty'/>")


def make(s, name, *options):
    """busybox on a file system in a file"""
    path = s.file(name, size=48 << 20)
    subprocess.run(['/sbin/mkfs.ext4', '-q', '-F', *options, '-d', ROOT_FOLDER, path], check=True)
    return path


def qcow2(s):
    path = s.file('image.qcow2')
    subprocess.run(['qemu-img', 'convert', '-O', 'qcow2', make(s, 'raw'), path], check=True)
    return path


def begin(m):
    m.run('export LIBVIRT_DEFAULT_URI="lxc:///system?socket=/r/run/libvirt/virtlxcd-sock"',
          'serving() { cat /proc/[0-9]*/comm 2>/dev/null | grep -c qemu-nbd; true; }',
          'inside() { nsenter -t $(virsh -q domid $1) -a --setuid 0 --setgid 0 /bin/sh -c "$2"; }')
    start(m)


def start(m):
    m.run('(ostler-lxcd --root /r --verbose >>/lxcd.log 2>&1 & echo pid=$! >/env)',
          'until virsh -q hostname >/dev/null 2>&1; do sleep 0.1; done')


def definitions(s):
    yield s.file('kinds.xml', xml('kinds', args=('-c', STAYS), devices=KINDS,
                                  root="<filesystem type='block'><source dev='/dev/loop7'/><target dir='/'/></filesystem>")), '/root/kinds.xml'
    for name, root, tail in (('one', QCOW2.format('image.qcow2'), IDS), ('two', QCOW2.format('image.qcow2'), IDS),
                             ('broken', QCOW2.format('raw'), ''),
                             ('plain', LIMITED.format('', 'plain', 4), ''),
                             ('mapped', LIMITED.format("accessmode='mapped'", 'mapped', 4), IDS),
                             ('more', LIMITED.format('', 'plain', 40), ''), ('fails', LIMITED.format('', 'plain', 40), ''),
                             ('inner', LIMITED.format('', 'plain/root', 4), ''), ('deep', LIMITED.format('', 'deep', 4), ''),
                             ('nowhere', LIMITED.format('', 'nowhere', 4).replace('/limited', '/root'), '')):
        yield s.file(name + '.xml', xml(name, root=root, tail=tail, init='/gone' if name == 'fails' else '/bin/sh',
                                       args=('-c', WRITES if name in ('plain', 'mapped') else STAYS))), f'/root/{name}.xml'


def written(name):
    return f'until test -s /limited/{name}/tmp/status; do sleep 0.1; done; test $(cat /limited/{name}/tmp/status) = 1'


def again(name):
    return f'rm /limited/{name}/tmp/status; echo >/limited/{name}/tmp/again; {written(name)}'


def project(m, name):
    return int(m.run(f'lsattr -pd /limited/{name}').split()[0])


@case('images served by qemu-nbd, directories with a limit', only='ostler')
def _(s):
    if not os.path.exists(QEMU_NBD):
        raise Skip('qemu-nbd is not installed')
    more = ((CONTROLLER, '/usr/bin/ostler-lxc-controller'), (QEMU_NBD, QEMU_NBD),
            *((os.path.realpath(lib), lib) for lib in libraries(QEMU_NBD)), (qcow2(s), '/root/image.qcow2'), (os.path.join(s.home, 'raw'), '/root/raw'),
            *((program, program) for program in PROJECTS), *((os.path.realpath(lib), lib) for lib in libraries(*PROJECTS)),
            (make(s, 'quota', '-O', 'quota,project', '-I', '256'), '/root/quota'), *definitions(s))
    with Systemd(s, daemon='lxcd', more=more) as m:
        begin(m)

        # a kernel without such devices is named
        m.run('virsh -q define one.xml')
        m.refused('virsh -q start one', 'modprobe nbd')
        m.run('test -z "$(ls /r/run/ostler/lxc/guest)"', 'modprobe nbd')

        # the image is the root, and what is written is in it
        m.run('virsh -q start one', limit=2 * LIMIT)
        contains(m.run('cat /proc/$(virsh -q domid one)/mounts'), '/dev/nbd', ' / ext4 rw')
        m.run('inside one "echo words >/tmp/said; id -u >>/tmp/said"')

        # virsh enters it, with and without a look at the label that it may have
        contains(m.run('virsh -q dominfo one'), 'Security model: none')
        for word in ('', '--noseclabel '):
            contains(m.run(f'virsh -q lxc-enter-namespace one {word}/bin/sh -c "cat /tmp/said"'), 'words\n0')

        # where nothing is asked for, what the kernel keeps it to is told; the definition says nothing
        for words, *said in (('schedinfo', 'cpu_shares     : 100', 'vcpu_period    : 100000', 'vcpu_quota     : -1'),
                             ('schedinfo --config', 'cpu_shares     : 0', 'vcpu_quota     : 0'),
                             ('memtune', 'hard_limit     : 65536', 'soft_limit     : unlimited', 'swap_hard_limit: unlimited'),
                             ('memtune --config', 'hard_limit     : unlimited'),
                             ('cpu-stats', 'No per-CPU stats available', 'Total:', 'system_time')):
            contains(m.run(f'virsh -q {words.replace(" ", " one ", 1) if " " in words else words + " one"}'), *said)
        m.run('virsh -q memtune one --live --hard-limit 50000 --swap-hard-limit 60000',
              'virsh -q schedinfo one --live vcpu_quota=50000')
        contains(m.run('virsh -q memtune one'), 'hard_limit     : 50000', 'swap_hard_limit: 60000')
        contains(m.run('virsh -q schedinfo one'), 'vcpu_quota     : 50000')

        # who else wants it is refused by who serves it, and leaves nothing
        m.run('virsh -q define two.xml')
        m.refused('virsh -q start two', 'lock')
        m.refused('virsh -q create broken.xml', 'qcow2')
        equal(m.run('cat /sys/block/nbd*/pid | wc -l').strip(), '1')
        equal(m.run('serving').strip(), '1')

        # it outlives the daemon, and ends with the container
        m.run('kill -9 $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done')
        start(m)
        contains(m.run('inside one "cat /tmp/said"'), 'words\n0')
        m.run('virsh -q destroy one', 'test $(serving) = 0', '! cat /sys/block/nbd*/pid 2>/dev/null')
        m.run('virsh -q start two', limit=2 * LIMIT)
        contains(m.run('inside two "cat /tmp/said"'), 'words\n0')
        m.run('kill -9 $(virsh -q domid two)', 'until test $(serving) = 0; do sleep 0.05; done')

        # each kind: a device of the host as the root, images below it
        m.run('modprobe loop', 'cp /root/raw /root/copy', 'losetup /dev/loop7 /root/raw')
        m.run('virsh -q create kinds.xml', limit=2 * LIMIT)
        contains(m.run('cat /proc/$(virsh -q domid kinds)/mounts'), ' / ext4 rw', ' /mnt/loop ext4 rw', ' /mnt/nbd ext4 rw')
        m.run('inside kinds "echo 1 >/tmp/kind; echo 2 >/mnt/loop/tmp/kind; echo 3 >/mnt/nbd/tmp/kind"')
        equal(m.run('inside kinds "cat /tmp/kind /mnt/loop/tmp/kind /mnt/nbd/tmp/kind"'), '1\n2\n3\n')
        m.run('virsh -q destroy kinds', 'until test $(serving) = 0; do sleep 0.05; done',
              'until test $(cat /sys/block/loop*/loop/backing_file 2>/dev/null | wc -l) = 1; do sleep 0.05; done')
        m.run('mount -o ro /dev/loop7 /mnt', 'test $(cat /mnt/tmp/kind) = 1', 'umount /mnt', 'losetup -d /dev/loop7')

        # limits of space
        m.run('mkdir nowhere')
        m.refused('virsh -q create nowhere.xml', 'quotas')
        m.run('modprobe loop', 'mkdir /limited', 'mount -o loop /root/quota /limited', 'mkdir /limited/plain')
        m.refused('virsh -q create plain.xml', 'quotas')
        m.run('rmdir /limited/plain', 'umount /limited', 'mount -o loop,prjquota /root/quota /limited',
              'cd /limited && mkdir /tmp/r && mv [a-z]* /tmp/r/; for i in plain mapped; do cp -a /tmp/r $i; done; cd')
        # one whose number, that of its inode, is in use
        m.run('mkdir /limited/other', 'chattr -p $((0x40000000 + $(stat -c %i /limited/mapped))) /limited/other')
        for name in ('plain', 'mapped'):
            m.run(f'virsh -q create {name}.xml', limit=2 * LIMIT)
            m.run(written(name))
            m.run(f'test $(stat -c %s /limited/{name}/tmp/much) -lt 3000000', f'virsh -q destroy {name}',
                  f'head -c 5000000 /dev/zero >/limited/{name}/tmp/much; rm /limited/{name}/tmp/status')
            equal(project(m, name), 0x40000000 + int(m.run(f'stat -c %i /limited/{name}')) + (name == 'mapped'))
        m.run('rmdir /limited/other')

        # it keeps its number, and is looked through again where it does not pass it on
        number = project(m, 'mapped')
        m.run('chattr -P /limited/mapped', 'virsh -q create mapped.xml', written('mapped'), 'virsh -q destroy mapped')
        equal(project(m, 'mapped'), number)
        contains(m.run('lsattr -d /limited/mapped'), 'P')

        # the limit of a container stays while others come and go with the same directory, and a daemon's end
        m.run('virsh -q create plain.xml', written('plain'))
        m.refused('virsh -q create fails.xml', '/gone')
        m.run(again('plain'), 'virsh -q create more.xml', again('plain'), 'virsh -q destroy more', again('plain'))
        m.run('virsh -q create more.xml', 'kill -9 $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done')
        start(m)
        m.run(again('plain'), 'virsh -q destroy more', 'virsh -q destroy plain')

        # no limit inside of what is limited, none of what is too deep
        m.refused('virsh -q create inner.xml', 'belongs to project')
        m.run('mkdir /limited/deep; cd /limited/deep; for i in $(seq 257); do mkdir d; cd d; done; cd')
        m.refused('virsh -q create deep.xml', 'deep')


if __name__ == '__main__':
    main()
