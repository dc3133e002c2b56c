#!/usr/bin/python3
"""lxc_hybrid.py - containers on a host whose controllers are those of version 1: what works there, what is refused

Needs the machine of tests/lab/make-machine.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
from containers import CONTROLLER, xml
from harness import LIMIT, case, contains, equal, main
from virtual import Systemd

ROOT = "<filesystem><source dir='/srv/root'/><target dir='/'/></filesystem>"
# what is not its own: the host's log
TRIES = 'mknod /tmp/odd c 1 11; head -c 1 /tmp/forbidden; head -c 1 /dev/zero &amp;&amp; echo zero'
STAYS = ('-c', f'({TRIES}) >/tmp/said 2>&amp;1; while :; do i=$((i+1)); test $i -lt 100000 || read x; done')
LIMITS = (('memory', "<memtune><hard_limit unit='MiB'>64</hard_limit></memtune>", 'memtune/hard_limit'),
          ('cpu', '<cputune><shares>50</shares></cputune>', 'cputune/shares'),
          ('disk', '<blkiotune><weight>300</weight></blkiotune>', 'blkiotune/weight'))


@case('a host of version 1, with the unified hierarchy beside', only='ostler')
def _(s):
    files = [(s.file(name + '.xml', xml(name, init='/bin/bash', args=STAYS, root=ROOT, head=head)), f'/root/{name}.xml')
             for name, head in [('one', '')] + [limit[:2] for limit in LIMITS]]
    with Systemd(s, daemon='lxcd', more=((CONTROLLER, '/usr/bin/ostler-lxc-controller'), *files),
                 cmdline='systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1') as m:
        m.run('export LIBVIRT_DEFAULT_URI="lxc:///system?socket=/r/run/libvirt/virtlxcd-sock"',
              'mkdir -p /srv/root', 'mount --bind / /srv/root', 'ls /sys/fs/cgroup/unified/cgroup.procs /sys/fs/cgroup/memory',
              '(ostler-lxcd --root /r --verbose >>/lxcd.log 2>&1 & echo pid=$! >/env)',
              'until virsh -q hostname >/dev/null 2>&1; do sleep 0.1; done')

        # it starts without limits
        m.run('mknod /srv/root/tmp/forbidden c 1 11', 'chmod 666 /srv/root/tmp/forbidden')
        m.run('virsh -q define one.xml', 'virsh -q start one', limit=2 * LIMIT)
        init = m.run('virsh -q domid one').strip()
        contains(m.read(f'/proc/{init}/cgroup'), '0::/machine.slice/machine-lxc', '/payload')

        # what the unified hierarchy does by itself: hold, count, say which devices
        m.run('virsh -q suspend one')
        contains(m.run('virsh -q domstate --reason one'), 'paused (user)')
        contains(m.run('cat /sys/fs/cgroup/unified/machine.slice/*/container/payload/cgroup.events'), 'frozen 1')
        m.run('virsh -q resume one')
        contains(m.run('virsh -q cpu-stats one --total'), 'cpu_time', 'system_time')
        contains(m.run('virsh -q domstats one'), 'cpu.user=', 'balloon.rss=')
        m.run('virsh -q dommemstat one | grep rss')
        contains(m.read('/srv/root/tmp/said'), "mknod: /tmp/odd: Operation not permitted", "'/tmp/forbidden' for reading: "
                 "Operation not permitted", 'zero')

        # a limit is refused by its name, in a definition and while it runs, and nothing is left
        for name, _head, path in LIMITS:
            m.refused(f'virsh -q create {name}.xml', path)
        m.refused('virsh -q memtune one --live --hard-limit 40000', 'memory.max')
        m.refused('virsh -q schedinfo one --live cpu_shares=77', 'cpu.weight')
        m.run('virsh -q destroy one', 'until test -z "$(ls -d /sys/fs/cgroup/*/machine.slice/*.scope 2>/dev/null)"; do '
              'sleep 0.2; done')
        equal(m.run('ls /r/run/ostler/lxc/guest | wc -l').strip(), '0')


if __name__ == '__main__':
    main()
