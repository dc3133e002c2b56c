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


TUNE = ("<memtune><hard_limit unit='MiB'>96</hard_limit><soft_limit unit='MiB'>48</soft_limit>"
        "<swap_hard_limit unit='MiB'>128</swap_hard_limit></memtune>"
        "<blkiotune><weight>300</weight><device><path>/dev/vda</path><weight>200</weight><read_iops_sec>7</read_iops_sec></device>"
        "</blkiotune><cputune><shares>50</shares><period>100000</period><quota>50000</quota></cputune>"
        "<numatune><memory mode='strict' nodeset='0'/></numatune><vcpu cpuset='1'>1</vcpu>")
LIMITS = {'memory.max': str(96 << 20), 'memory.high': str(48 << 20), 'memory.swap.max': str(32 << 20), 'cpu.weight': '50',
          'cpu.max': '50000 100000', 'cpuset.cpus': '1', 'cpuset.mems': '0', 'io.weight': 'default 300',
          'io.bfq.weight': 'default 300\n254:0 200',
          'io.max': '254:0 rbps=max wbps=max riops=7 wiops=max'}
READS = 'dd if=/dev/vdx of=/dev/null bs=64k count=16; touch /read; while :; do read x; done'
DISK = ("<disk type='block' device='disk'><source dev='/dev/loop7'/><target dev='vdx'/></disk>"
        "<disk type='block' device='disk'><source dev='/dev/vdc'/><target dev='vdy'/></disk>")


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
            (s.file('limited.xml', xml('limited', args=('-c', READS), head=TUNE, memory=128, devices=DISK,
                                       root=IMAGE.replace('/root/image', '/root/limited'))), '/root/limited.xml'),
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
        contains(m.read(f'/proc/{init}/cgroup'), '/machine.slice/machine-lxc', 'mapped.scope/container/payload')
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
        m.run('virsh -q shutdown plain', 'until test -z "$(virsh -q list --all)"; do sleep 0.2; done',
              'while ls -d /sys/fs/cgroup/machine.slice/*.scope; do sleep 0.2; done', limit=4 * LIMIT)  # systemd's to remove

        # a root in a file, on a loop device that ends with the container
        m.run('modprobe loop', 'virsh -q create image.xml', limit=2 * LIMIT)
        contains(m.run('cat /proc/$(virsh -q domid image)/mounts'), ' / ext4 rw,nodev')
        contains(m.run('losetup -a'), '/root/image')
        m.run('virsh -q destroy image', 'until test -z "$(losetup -a)"; do sleep 0.1; done')
        limited(m)


def limited(m):
    """What limits it is its own and not systemd's, which sets all of a unit's again at every reload."""
    m.run('modprobe bfq', 'for i in vda vdc; do echo bfq >/sys/block/$i/queue/scheduler; done', 'cp image limited',
          'truncate -s 4M disk', 'losetup /dev/loop7 disk', 'virsh -q create limited.xml', limit=2 * LIMIT)
    init = m.run('virsh -q domid limited').strip()
    path = m.read(f'/proc/{init}/cgroup').removeprefix('0::').removesuffix('/payload')
    scope = next(part for part in path.split('/') if part.endswith('.scope'))
    group = f"'/sys/fs/cgroup{path}'"  # with backslashes

    def files(names=LIMITS):
        text = m.run(f'(cd {group}; for i in {" ".join(names)}; do echo "@$i"; cat "$i"; done)')
        return {part.partition('\n')[0]: part.partition('\n')[2].strip() for part in text.split('@')[1:]}
    equal(files(), LIMITS)

    # it is left alone, whatever systemd does with the unit
    m.run('systemctl daemon-reload')
    equal(files(), LIMITS)
    m.run(f"systemctl set-property --runtime '{scope}' CPUWeight=200 MemoryHigh=90M IOWeight=77", 'systemctl daemon-reload')
    equal(files(), LIMITS)

    # set while it runs
    m.run('virsh -q memtune limited --live --hard-limit 80000 --soft-limit 40000 --swap-hard-limit 90000',
          'virsh -q schedinfo limited --live cpu_shares=77 vcpu_quota=20000',
          'virsh -q blkiotune limited --live --weight 400 --device-weights /dev/vda,500 --device-read-iops-sec /dev/vda,70',
          'virsh -q blkiotune limited --live --device-write-bytes-sec /dev/vdc,4096', 'systemctl daemon-reload')
    live = {'memory.max': str(80000 << 10), 'memory.high': str(40000 << 10), 'memory.swap.max': str(10000 << 10),
            'cpu.weight': '77', 'cpu.max': '20000 100000', 'io.weight': 'default 400', 'io.bfq.weight': 'default 400\n254:0 500'}
    equal(files(live), live)
    equal(sorted(m.read(f'{group}/io.max').split('\n')), ['254:0 rbps=max wbps=max riops=70 wiops=max',
                                                          '254:32 rbps=max wbps=4096 riops=max wiops=max'])
    contains(m.run('virsh -q dumpxml limited'), '<weight>400</weight>', '<weight>500</weight>', '<quota>20000</quota>')

    # one that is refused changes nothing
    m.run('! virsh -q blkiotune limited --live --weight 600 --device-read-iops-sec /dev/null,70')
    equal(files(live), live)

    # taken back while it runs
    m.run('virsh -q memtune limited --live --hard-limit -1 --soft-limit -1 --swap-hard-limit -1',
          'virsh -q schedinfo limited --live vcpu_quota=0', 'virsh -q blkiotune limited --live --device-weights /dev/vda,0 '
          '--device-read-iops-sec /dev/vda,0 --device-write-bytes-sec /dev/vdc,0')
    none = {'memory.max': 'max', 'memory.high': 'max', 'memory.swap.max': 'max', 'cpu.weight': '77', 'cpu.max': 'max 100000',
            'io.bfq.weight': 'default 400', 'io.max': ''}
    equal(files(none), none)

    # what it uses is counted there, by disk too
    m.run('losetup -a', f'until test -e /proc/{init}/root/read; do sleep 0.1; done')
    told = dict(line.split()[-2:] for line in m.run('virsh domblkstat limited vdx').splitlines() if line.strip())
    # what the kernel reads ahead, and what udev has read before, make it a bit more or less
    equal((int(told['rd_bytes']) > 900000, told['wr_bytes'], int(told['rd_req']) > 0), (True, '0', True))
    contains(m.read(f'{group}/io.stat'), f"7:7 rbytes={told['rd_bytes']} wbytes=0 rios={told['rd_req']} wios=0")
    whole = dict(line.split()[-2:] for line in m.run("virsh domblkstat limited ''").splitlines() if line.strip())
    equal(int(whole['rd_bytes']) > int(told['rd_bytes']), True)
    contains(m.run('virsh -q domstats limited --block'), 'block.0.name=vdx', f"block.0.rd.bytes={told['rd_bytes']}")
    contains(m.run('virsh -q cpu-stats limited --total'), 'user_time')
    m.run(f"test $(virsh -q dommemstat limited | awk '/rss/ {{ print $2 }}') -le $(($(cat {group}/memory.peak) / 1024))")

    # a daemon that is killed finds it again; its scope ends with it
    m.run('kill -9 $pid; while kill -0 $pid 2>/dev/null; do sleep 0.02; done',
          '(ostler-lxcd --root /r --verbose >>/lxcd.log 2>&1 & echo pid=$! >/env)',
          'until virsh -q domstate limited 2>/dev/null | grep -q running; do sleep 0.1; done',
          'virsh -q schedinfo limited --live cpu_shares=88')
    equal(files(['cpu.weight']), {'cpu.weight': '88'})
    m.run('virsh -q suspend limited', f'grep "frozen 1" {group}/payload/cgroup.events', 'virsh -q destroy limited',
          f"while systemctl status '{scope}' >/dev/null; do sleep 0.1; done", f'! test -e {group}', 'losetup -d /dev/loop7')


main()
