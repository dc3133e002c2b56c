#!/usr/bin/python3
"""lxc_groups.py - control groups of containers: limits, counters, devices and the freezer, in a virtual machine"""
# SPDX-License-Identifier: LGPL-2.1-or-later
from containers import CONTROLLER, xml
from harness import LIMIT, case, contains, equal, main
from virtual import Virtual

GROUP = '/sys/fs/cgroup/machine/lxc-one'
TUNE = ("<memtune><soft_limit unit='MiB'>48</soft_limit></memtune>"
        "<cputune><shares>50</shares><period>100000</period><quota>50000</quota></cputune>")
# The machine runs from its memory, whose root cannot be changed for another: a copy of it can.
MOVE = ('mkdir /n && mount -t tmpfs -o size=300m none /n && cp -a /bin /lib* /etc /usr /n/ 2>/dev/null; '
        'cd /n && mkdir -p proc sys dev tmp run mnt r && for i in proc sys dev; do mount --move /$i $i; done; '
        'mount --move . / && exec chroot . /bin/sh')


def begin(m):
    m.serial.socket.sendall((MOVE + '\n').encode())
    m.run('export PATH=/bin:/sbin:/usr/bin:/usr/sbin', 'stty -echo', 'mkdir -p /sys/fs/cgroup /c /dev/pts /dev/shm',
          'grep -q cgroup2 /proc/mounts || mount -t cgroup2 none /sys/fs/cgroup', 'mount -t devpts none /dev/pts || true',
          'for i in bin dev proc sys tmp; do mkdir -p /c/$i; done', 'cp /bin/busybox /c/bin/ && ln -s busybox /c/bin/sh',
          'export LIBVIRT_DEFAULT_URI="lxc:///system?socket=/r/run/libvirt/virtlxcd-sock"',
          '(ostler-lxcd --root /r --verbose >>/lxcd.log 2>&1 & echo pid=$! >/env)',
          'until virsh -q hostname >/dev/null 2>&1; do usleep 50000; done')


def group(m, name):
    return m.read(f'{GROUP}/{name}')


@case('in a virtual machine with the unified hierarchy', only='ostler')
def _(s):
    one = s.file('one.xml', xml('one', root="<filesystem><source dir='/c'/><target dir='/'/></filesystem>", head=TUNE,
                                args=('-c', 'while :; do read x; done')))
    with Virtual(s, memory=768, daemon='lxcd', more=((CONTROLLER, '/bin/ostler-lxc-controller'), (one, '/etc/one.xml'))) as m:
        begin(m)
        m.run('virsh -q define /etc/one.xml', 'virsh -q start one', limit=2 * LIMIT)

        # limits of the definition
        equal([group(m, n) for n in ('memory.max', 'memory.high', 'cpu.weight', 'cpu.max')],
              [str(64 << 20), str(48 << 20), '50', '50000 100000'])
        init = m.run('virsh -q domid one').strip()
        equal(m.read(f'/proc/{init}/cgroup'), '0::/machine/lxc-one/payload')

        # changed while it runs
        m.run('virsh -q schedinfo one --live cpu_shares=77 vcpu_quota=-1', 'virsh -q memtune one --live --hard-limit 40000',
              'virsh -q setmem one 30000')
        equal([group(m, n) for n in ('cpu.weight', 'cpu.max', 'memory.max')], ['77', 'max 100000', str(40000 * 1024)])
        contains(m.run('virsh -q dumpxml one'), '<shares>77</shares>', "<hard_limit unit='KiB'>40000</hard_limit>")
        contains(m.run('virsh -q dumpxml one --inactive'), '<shares>50</shares>')

        # counters
        contains(m.run('virsh -q domstats one'), 'cpu.user=', 'balloon.rss=', 'state.state=1')
        contains(m.run('virsh -q cpu-stats one --total'), 'cpu_time', 'system_time')

        # the freezer holds all of it, and what is held can be ended
        m.run('virsh -q suspend one')
        contains(group(m, 'payload/cgroup.events'), 'frozen 1')
        contains(m.run('virsh -q domstate --reason one'), 'paused (user)')
        m.run('virsh -q resume one')
        contains(group(m, 'payload/cgroup.events'), 'frozen 0')

        # what is inside sees its own group as the root, and only the devices that are its own
        equal(m.run('virsh -q lxc-enter-namespace one --noseclabel /bin/sh -c "cat /proc/self/cgroup"').strip(), '0::/')
        contains(m.run('virsh -q lxc-enter-namespace one --noseclabel /bin/sh -c "busybox mount"'), 'on /sys/fs/cgroup type cgroup2')
        m.run('busybox mknod /c/tmp/forbidden c 1 11', 'chmod 666 /c/tmp/forbidden')
        m.run('! virsh -q lxc-enter-namespace one --noseclabel /bin/sh -c "busybox head -c 1 /tmp/forbidden" >/tmp/said 2>&1')
        contains(m.read('/tmp/said'), 'not permitted')
        m.run('virsh -q lxc-enter-namespace one --noseclabel /bin/sh -c "busybox head -c 1 /dev/zero >/dev/null"')

        # who uses too much memory is ended, and nobody else
        m.run('! virsh -q lxc-enter-namespace one --noseclabel /bin/sh -c "busybox tail /dev/zero" >/tmp/said 2>&1',
              limit=2 * LIMIT)
        contains(m.run(f'grep oom_kill {GROUP}/memory.events'), 'oom_kill 1')

        # a daemon that is killed finds it again; the group ends with it
        m.run('kill -9 $pid; while kill -0 $pid 2>/dev/null; do usleep 20000; done',
              '(ostler-lxcd --root /r --verbose >>/lxcd.log 2>&1 & echo pid=$! >/env)',
              'until virsh -q domstate one 2>/dev/null | grep -q running; do usleep 50000; done', 'virsh -q suspend one',
              'virsh -q destroy one', f'! test -e {GROUP}')

        # a limit that the kernel refuses is told, and leaves nothing
        m.run("sed -e 's/<shares>50/<shares>50/; s/<blkiotune>//; s#<memtune>#<blkiotune><device><path>/dev/null</path>"
              "<read_iops_sec>5</read_iops_sec></device></blkiotune><memtune>#; s/one/two/' /etc/one.xml >/etc/two.xml",
              'virsh -q define /etc/two.xml')
        m.refused('virsh -q start two', '/dev/null')
        m.run('! test -e /sys/fs/cgroup/machine/lxc-two', 'test -z "$(ls /r/run/ostler/lxc/guest)"')


main()
