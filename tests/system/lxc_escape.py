#!/usr/bin/python3
"""lxc_escape.py - what a container's root user tries against the host is refused"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os

import libvirt
from containers import ROOT, boot, define, root_fs
from harness import case, contains, equal, main, refused

IDS = ("<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>")
MAPPED = {'tail': IDS, 'root': root_fs(extra="accessmode='mapped'")}
KINDS = (('plain', {}), ('mapped', MAPPED))


def each(name):
    """A case for a container whose root user is the host's, and for one whose is not."""
    def add(function):
        for kind, parts in KINDS:
            case(f'{name} ({kind})')(lambda s, kind=kind, parts=parts: function(s, *boot(kind, **parts), kind))
    return add


def denied(console, words, *naming):
    """The command fails, for want of a right."""
    said = console.run(f'{words} && echo it worked')
    assert 'it worked' not in said, said
    contains(said, *(naming or ('not permitted',)))


@each('root inside is who it should be outside')
def _(s, dom, console, kind):
    with open(f'/proc/{dom.ID()}/status') as f:
        status = f.read()
    contains(status, 'Uid:\t100000\t' if kind == 'mapped' else 'Uid:\t0\t', 'NoNewPrivs:\t1', 'Seccomp:\t2')
    equal(console.run('id -u; touch /tmp/mine; ls -n /tmp/mine | cut -c15-26').split()[0], '0')
    equal(os.stat(ROOT + '/tmp/mine').st_uid, 0)
    os.unlink(ROOT + '/tmp/mine')


@case('root inside is who its range says, also when that is not the first one')
def _(s):
    kinds = ''.join(f"<{kind} start='1000' target='5000' count='10'/><{kind} start='0' target='100000' count='1000'/>"
                    for kind in ('uid', 'gid'))
    dom, console = boot('ranges', **dict(MAPPED, tail=f'<idmap>{kinds}</idmap>'))
    with open(f'/proc/{dom.ID()}/status') as f:
        contains(f.read(), 'Uid:\t100000\t')
    equal(console.run('stat -Lc %u /dev/console /dev/pts/0'), '0\n0\n')


@each('only its own processes are there')
def _(s, dom, console, kind):
    pids = [int(p) for p in console.run('echo /proc/[0-9]*').replace('/proc/', '').split()]
    equal((pids[0], len(pids) < 5, max(pids) < 100), (1, True, True))
    denied(console, f'kill -9 {dom.ID()}', 'No such process')


@case('no file system is mounted by the host\'s root user')
def _(s):
    _dom, console = boot('plain')
    denied(console, 'mount -t tmpfs none /mnt', 'permission denied')
    denied(console, 'mount -o remount,rw /sys', 'permission denied')
    denied(console, 'umount /proc/sys')
    denied(console, 'mount -t proc proc /mnt', 'permission denied')


@case('a mapped root user mounts what is its own, and cannot undo what is the host\'s')
def _(s):
    parts = dict(MAPPED, devices="<filesystem><source dir='/mnt/ostler/busybox/etc'/><target dir='/fixed'/><readonly/>"
                                 "</filesystem><console type='pty'/>")
    _dom, console = boot('mapped', **parts)
    equal(console.run('mount -t tmpfs none /mnt && echo mounted; umount /mnt'), 'mounted\n')
    denied(console, 'mount -o remount,bind,rw /fixed', 'denied')
    denied(console, 'umount /fixed', 'Invalid argument')
    denied(console, 'touch /fixed/x', 'Read-only')
    denied(console, 'mount -o remount,rw /sys', 'denied')


@each('no device is made')
def _(s, _dom, console, kind):
    denied(console, 'mknod /tmp/disk b 8 0')
    denied(console, 'mknod /tmp/mem c 1 1')


@each('devices of the host are not there')
def _(s, _dom, console, kind):
    for name in ('kmsg', 'mem', 'kvm', 'loop-control', 'sda', 'vda'):
        denied(console, f'ls /dev/{name}', 'No such file')


@each('sysrq and the kernel\'s settings cannot be written')
def _(s, _dom, console, kind):
    for path in ('/proc/sysrq-trigger', '/proc/sys/kernel/core_pattern', '/proc/sys/kernel/hostname',
                 '/sys/kernel/profiling', '/proc/irq/default_smp_affinity'):
        denied(console, f'echo x > {path}', "can't create")


@each('what tells of the host is hidden')
def _(s, _dom, console, kind):
    equal(console.run('cat /proc/timer_list /proc/keys | wc -c; ls /sys/firmware | wc -l'), '0\n0\n')


@each('no module is loaded, no kernel is prepared')
def _(s, _dom, console, kind):
    console.run('echo x > /tmp/module.ko')
    denied(console, 'insmod /tmp/module.ko')
    denied(console, call(246))  # kexec_load
    denied(console, call(320))  # kexec_file_load
    os.unlink(ROOT + '/tmp/module.ko')


def call(number, *words, narrow=False):
    """A system call, made inside, by a program of its own; narrow: as programs of 32 bits make it."""
    path = ROOT + '/tmp/call'
    words = [*words, 0, 0, 0, 0, 0, 0]
    # ebx, ecx, edx; edi, esi, edx, r10d, r8d, r9d
    registers = (b'\xbb', b'\xb9', b'\xba') if narrow else (b'\xbf', b'\xbe', b'\xba', b'\x41\xba', b'\x41\xb8', b'\x41\xb9')
    code = (b'\xb8' + number.to_bytes(4, 'little')        # mov eax, number
            + b''.join(r + w.to_bytes(4, 'little') for r, w in zip(registers, words))
            + (b'\xcd\x80' if narrow else b'\x0f\x05')   # int 0x80, syscall
            + b'\xf7\xd8\x89\xc7'                         # edi = -eax
            + b'\xb8\x3c\x00\x00\x00\x0f\x05')            # exit(edi)
    head = (b'\x7fELF\x02\x01\x01' + bytes(9) + (2).to_bytes(2, 'little') + (62).to_bytes(2, 'little')
            + (1).to_bytes(4, 'little') + (0x400078).to_bytes(8, 'little') + (64).to_bytes(8, 'little') + bytes(12)
            + (64).to_bytes(2, 'little') + (56).to_bytes(2, 'little') + (1).to_bytes(2, 'little') + bytes(6))
    size = (120 + len(code)).to_bytes(8, 'little')
    segment = ((1).to_bytes(4, 'little') + (5).to_bytes(4, 'little') + bytes(8) + (0x400000).to_bytes(8, 'little')
               + (0x400000).to_bytes(8, 'little') + size + size + (0x1000).to_bytes(8, 'little'))
    with open(path, 'wb') as f:
        f.write(head + segment + code)
    os.chmod(path, 0o755)
    # 1 is EPERM
    return '/tmp/call; [ $? = 1 ] && echo not permitted && false'


@each('system calls that are refused are refused')
def _(s, _dom, console, kind):
    for name, number in (('swapon', 167), ('acct', 163), ('bpf', 321), ('perf_event_open', 298), ('settimeofday', 164),
                         ('open_by_handle_at', 304), ('keyctl', 250), ('userfaultfd', 323), ('iopl', 172), ('syslog', 103),
                         ('io_uring_setup', 425), ('add_key', 248), ('fanotify_init', 300), ('quotactl', 179)):
        denied(console, call(number))


@each('the ways of other kinds of programs are no way out')
def _(s, _dom, console, kind):
    for name, number in (('bpf', 357), ('perf_event_open', 336), ('keyctl', 288), ('open_by_handle_at', 342)):
        denied(console, call(number, narrow=True))
    for number in (321, 298):  # the numbers of x32: there are no such calls
        console.run(call(0x40000000 | number))
        equal(console.run('/tmp/call; echo $?'), '38\n')


@each('nothing is put into a terminal that somebody else reads')
def _(s, _dom, console, kind):
    for request in (0x5412, 0x541c):  # TIOCSTI, TIOCLINUX
        denied(console, call(16, 0, request, 0x400000))


@case('what a file is counted as is not changed by the host\'s root user')
def _(s):
    _dom, console = boot('plain')
    for request in (0x40086602, 0x401c5820):  # FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR
        denied(console, call(16, 0, request, 0x400000))
    for request in (0x40046602, 0x401c5820):  # as programs of 32 bits know them
        denied(console, call(54, 0, request, 0x400000, narrow=True))


@case('on the host\'s network nothing is changed, heard or made up')
def _(s):
    _dom, console = boot('plain', features='')
    denied(console, call(41, 17, 3))  # an AF_PACKET socket
    denied(console, call(41, 2, 3, 1))  # a raw one
    denied(console, 'ip link set lo down')
    denied(console, 'ip addr add 10.1.1.1/24 dev lo')


@case('a mapped root user sees no more of the kernel by mounting it again')
def _(s):
    _dom, console = boot('mapped', **MAPPED)
    console.run('mount -t proc none /mnt')
    for path in ('sysrq-trigger', 'sys/kernel/core_pattern', 'sys/vm/drop_caches', 'irq/default_smp_affinity', 'timer_list'):
        denied(console, f'echo x >/mnt/{path}', "can't create")
    denied(console, 'head -c 1 /mnt/kcore', 'kcore')
    console.run('umount /mnt; mount -t sysfs none /mnt')
    for path in ('kernel/profiling', 'kernel/uevent_helper', 'power/state'):
        denied(console, f'echo x >/mnt/{path}', "can't create")
    console.run('umount /mnt')
    for kind in ('tracefs', 'debugfs', 'securityfs', 'devtmpfs', 'configfs', 'efivarfs'):
        denied(console, f'mount -t {kind} none /mnt', 'mount')
    denied(console, 'mount -t ext4 /dev/sda /mnt', 'mount')
    denied(console, 'mount -t cgroup -o freezer none /mnt && echo /bin/sh >/mnt/release_agent', 'mount')


@case('no namespace gives the host\'s root user its rights back')
def _(s):
    _dom, console = boot('plain')
    denied(console, 'unshare -U true')
    denied(console, 'unshare -m true')
    denied(console, 'nsenter -t 1 -m true')


@each('nobody outside is traced or entered')
def _(s, dom, console, kind):
    denied(console, f'ls /proc/{dom.ID()}/root', 'No such file')
    denied(console, 'ls /proc/1/root/../../etc/ostler', 'No such file')
    equal(console.run('ls /../../.. | tr "\\n" " "').split(), console.run('ls / | tr "\\n" " "').split())
    # by the host's numbers: its first process outside, the controller, this script
    with open(f'/proc/{dom.ID()}/stat') as f:
        controller = int(f.read().rpartition(')')[2].split()[1])
    vector = 0x400018  # in the program's head: an address and a length
    for pid in (dom.ID(), controller, os.getpid()):
        for name, number, words in (('ptrace, to attach', 101, (16, pid)), ('ptrace, to seize', 101, (0x4206, pid)),
                                    ('process_vm_readv', 310, (pid, vector, 1, vector, 1)),
                                    ('process_vm_writev', 311, (pid, vector, 1, vector, 1)), ('pidfd_open', 434, (pid, 0)),
                                    ('kcmp', 312, (pid, 1)), ('prlimit', 302, (pid, 7))):
            console.run(call(number, *words))
            equal((name, console.run('/tmp/call; echo $?')), (name, '3\n'))  # ESRCH
    # the calls themselves are there: with its own first process it is another answer
    equal(int(console.run(call(310, 1, vector, 1, vector, 1) + '; /tmp/call; echo $?').split()[-1]) != 3, True)
    os.unlink(ROOT + '/tmp/call')


@each('no group of the host is there to leave for, where containers have none')  # lxc_groups.py: where they have
def _(s, _dom, console, kind):
    equal(console.run('ls /sys/fs/cgroup | wc -l').strip(), '0')
    if kind == 'plain':
        denied(console, 'mount -t cgroup2 none /mnt', 'permission denied')


@each('only the descriptors that are its own are open')
def _(s, _dom, console, kind):
    contains(console.run('for i in 0 1 2; do readlink /proc/1/fd/$i; done'), '/dev/pts/0\n/dev/pts/0\n/dev/pts/0\n')
    equal([n for n in console.run('ls /proc/1/fd').split() if int(n) > 2 and int(n) != 10], [])


@each('no program gains rights by being executed')
def _(s, _dom, console, kind):
    contains(console.run('grep NoNewPrivs /proc/self/status'), '1')


@case('the definition says which rights are kept')
def _(s):
    for features, bits in ((
            "<capabilities policy='deny'/>", 0), (
            "<capabilities policy='deny'><chown state='on'/><sys_nice state='on'/></capabilities>", 1 << 23 | 1), (
            "<capabilities policy='default'><chown state='off'/></capabilities>", None), (
            "<capabilities policy='allow'><sys_admin state='off'/><mknod state='off'/></capabilities>", None)):
        dom, console = boot('caps', features='<privnet/>' + features)
        got = int(console.run('grep CapBnd /proc/self/status').split()[1], 16)
        if bits is None:
            equal((got >> 21 & 1, got & 1), (0, 0 if 'chown' in features else 1))
        else:
            equal(got, bits)
        dom.destroy()
        dom.undefine()


@case('who may make devices does not start where nothing limits which are used')
def _(s):
    for features in ("<capabilities policy='default'><mknod state='on'/></capabilities>", "<capabilities policy='allow'/>"):
        dom = define('maker', features=features)
        refused(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, dom.create, naming="'features/capabilities/mknod' is not supported")
        equal((dom.isActive(), os.listdir(s.root + '/run/ostler/lxc/guest')), (0, []))
        dom.undefine()
    # in a user namespace the kernel makes none
    dom, console = boot('maker', **dict(MAPPED, features='<capabilities policy="default"><mknod state="on"/></capabilities>'))
    denied(console, 'mknod /tmp/disk b 8 0')


main()
