#!/usr/bin/python3
"""lxc_groups.py - control groups of containers: limits, counters, devices and the freezer, in a virtual machine"""
# SPDX-License-Identifier: LGPL-2.1-or-later
from containers import CONTROLLER, xml
from harness import LIMIT, case, contains, equal, main
from virtual import Virtual

GROUP = '/sys/fs/cgroup/machine/lxc-one'
TUNE = ("<memtune><soft_limit unit='MiB'>48</soft_limit></memtune>"
        "<cputune><shares>50</shares><period>100000</period><quota>50000</quota></cputune>")
ROOT = "<filesystem><source dir='/c'/><target dir='/'/></filesystem>"
# The machine runs from its memory, whose root cannot be changed for another: a copy of it can.
MOVE = ('mkdir /n && mount -t tmpfs -o size=300m none /n && cp -a /bin /lib* /etc /usr /n/ 2>/dev/null; '
        'cd /n && mkdir -p proc sys dev tmp run mnt r && for i in proc sys dev; do mount --move /$i $i; done; '
        'mount --move . / && exec chroot . /bin/sh')


IDS = ("<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>")
TREE = "<filesystem><source dir='/sys/fs/cgroup'/><target dir='/tree'/></filesystem>"
# What root inside tries: each line that is told has worked.
TRIES = """
try() { (eval "$2") 2>/dev/null && echo "$1"; }
own=/sys/fs/cgroup
try 'makes groups below its own' "mkdir $own/sub && echo \\$\\$ >$own/sub/cgroup.procs && grep -qx 0::/sub /proc/\\$\\$/cgroup"
try 'comes back to its own' "echo \\$\\$ >$own/cgroup.procs"
try 'sees those of others' "test -e /tree/machine/lxc-two/payload/cgroup.procs"
for i in /tree /tree/machine /tree/machine/lxc-one /tree/machine/lxc-one/controller /tree/machine/lxc-two /tree/machine/lxc-two/payload; do
    try "$i" "test -e $i/cgroup.procs && echo \\$\\$ >$i/cgroup.procs"
    try "threads of $i" "test -e $i/cgroup.threads && echo \\$\\$ >$i/cgroup.threads"
    try "a group in $i" "test -e $i/cgroup.procs && mkdir $i/mine"
    for file in memory.max memory.high pids.max cpu.max cpu.weight cgroup.freeze cgroup.kill cgroup.max.depth cgroup.subtree_control; do
        try "$i/$file" "test -e $i/$file || exit; echo +memory >$i/$file || echo 1 >$i/$file || echo max >$i/$file"
    done
done
for file in memory.max memory.high pids.max cpu.max cgroup.freeze cgroup.kill; do
    try "$file of its own" "echo max >$own/$file || echo 1 >$own/$file"
done
mkdir -p /tmp/groups
try 'mounts what it has' "mount -t cgroup2 none /tmp/groups && test ! -e /tmp/groups/machine"
try 'a limit by another mount' "test -e /tmp/groups/memory.max && echo max >/tmp/groups/memory.max"
try 'version 1' "mount -t cgroup -o memory none /tmp/groups"
cat /proc/self/cgroup
touch /tmp/done-$1
while :; do read x; done
"""
WORKS = ['makes groups below its own', 'comes back to its own', 'sees those of others', 'mounts what it has', '0::/']


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
    one = s.file('one.xml', xml('one', root=ROOT, head=TUNE,
                                args=('-c', 'while :; do read x; done')))
    mapped = s.file('mapped.xml', xml('one', args=('-c', 'sh /tries one >/tmp/said-one'), tail=IDS, root=ROOT, devices=TREE))
    other = s.file('other.xml', xml('two', root=ROOT, args=('-c', 'sh /tries two >/tmp/said-two')))
    more = ((CONTROLLER, '/bin/ostler-lxc-controller'), (one, '/etc/one.xml'), (mapped, '/etc/mapped.xml'),
            (other, '/etc/other.xml'), (s.file('tries', TRIES), '/etc/tries'))
    with Virtual(s, memory=768, daemon='lxcd', more=more) as m:
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
        m.run('! test -e /sys/fs/cgroup/machine/lxc-two', 'test -z "$(ls /r/run/ostler/lxc/guest)"', 'virsh -q undefine two')

        escape(m)
        partitions(m)


def escape(m):
    """Neither the tree of groups nor a limit of its own can be written, also where all of it can be seen."""
    m.run('cp /etc/tries /c/tries', 'chmod 1777 /c/tmp', 'mkdir /c/tree', 'virsh -q create /etc/other.xml',
          'virsh -q undefine one', 'virsh -q create /etc/mapped.xml',
          'until test -e /c/tmp/done-one && test -e /c/tmp/done-two; do usleep 50000; done', limit=2 * LIMIT)
    equal(m.read('/c/tmp/said-one').splitlines(), WORKS)  # its root user is nobody outside
    equal(m.read('/c/tmp/said-two').splitlines(), ['0::/'])  # it is the host's, without the right to mount
    equal(m.run('ls -d /sys/fs/cgroup/machine/*/* | grep -cv "\\."').strip(), '4')
    init = m.run('virsh -q domid one').strip()
    equal(m.read(f'/proc/{init}/cgroup'), '0::/machine/lxc-one/payload')
    equal(group(m, 'memory.max'), str(64 << 20))
    m.run('virsh -q destroy one', 'virsh -q destroy two', f'! test -e {GROUP}')


def partitions(m):
    """The definition says where; what is no place is refused, and nothing is made."""
    m.run("place() { sed -e \"s#</name>#</name><resource><partition>$1</partition></resource>#\" /etc/one.xml >/etc/place.xml; }",
          'place /own/of', 'virsh -q create /etc/place.xml')
    equal(m.read('/sys/fs/cgroup/own/of/lxc-one/memory.max'), str(64 << 20))
    m.run('virsh -q destroy one', '! test -e /sys/fs/cgroup/own/of/lxc-one', 'rmdir /sys/fs/cgroup/own/of',
          'echo 1 >/sys/fs/cgroup/own/cgroup.max.depth')
    for place in ('own', '../own', '/own/../../../../tmp/own', '/..', '/own/./of', '/own/fresh', '/cgroup.procs'):
        m.refused(f'place {place}; virsh -q create /etc/place.xml', 'partition')
        m.run('! test -e /sys/fs/cgroup/own/fresh', '! test -e /tmp/own', 'test -z "$(ls /r/run/ostler/lxc/guest)"')


main()
