#!/usr/bin/python3
"""lxc_life.py - containers are defined, start, speak, are asked to go and end; what cannot be is told"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import ctypes
import os
import signal
import stat
import subprocess

import libvirt
import libvirt_lxc
from containers import ROOT, boot, define, links, loop_devices, loops, mounts, processes, root_fs, shell, xml
from harness import case, contains, equal, main, refused, until
from libvirt import (VIR_DOMAIN_EVENT_DEFINED, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STOPPED,
                     VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_INVALID_ARG, VIR_ERR_OPERATION_INVALID,
                     VIR_ERR_SYSTEM_ERROR, VIR_ERR_XML_ERROR)


@case('the connection says what it is')
def _(s):
    equal((s.conn.getType(), s.virsh('uri').strip()[:14]), ('LXC', 'lxc:///system?'[:14]))
    contains(s.virsh('version'), 'Running hypervisor: LXC ')
    contains(s.virsh('nodeinfo'), 'CPU(s):')  # relayed to noded
    contains(s.virsh('capabilities'), "<os_type>exe</os_type>", "<domain type='lxc'/>", '<arch name=')


@case('a definition is completed as clients expect')
def _(s):
    dom = define('one', devices="<console/><console type='pty'/><filesystem type='ram'>"
                                "<source usage='1' units='MiB'/><target dir='/tmp'/></filesystem>")
    contains(dom.XMLDesc(), "<type arch='x86_64'>exe</type>", '<emulator>', "accessmode='passthrough'",
             "<target type='lxc' port='1'/>", "<source usage='1024' units='KiB'/>", "<clock offset='utc'/>")
    contains(define('two', tail='<seclabel/>').XMLDesc(), "<seclabel type='none'")
    equal((dom.isActive(), dom.OSType(), dom.state()[0]), (0, 'exe', libvirt.VIR_DOMAIN_SHUTOFF))


@case('a container starts, its shell answers, it ends')
def _(s):
    events = s.events('LIFECYCLE')
    dom, console = boot('one')
    equal(console.run('echo $((6 * 7)) $container; cat /proc/1/comm; hostname'), '42 lxc-libvirt\nsh\none\n')
    equal((dom.isActive(), dom.ID() > 0, dom.hostname()), (1, True, 'one'))
    contains(s.virsh('list'), 'one', 'running')
    dom.destroy()
    equal(dom.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED])
    for event in ((VIR_DOMAIN_EVENT_DEFINED, 0), (VIR_DOMAIN_EVENT_STARTED, 0),
                  (VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED)):
        events.wait('LIFECYCLE', 'one', *event)


@case('a transient container is gone when it has ended')
def _(s):
    events = s.events('LIFECYCLE')
    s.conn.createXML(xml('brief', args=('-c', 'exit 0')))
    events.wait('LIFECYCLE', 'brief', VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
    until(lambda: not s.conn.listAllDomains(), 'the container is still known')


@case('what was said before anybody listened is heard')
def _(s):
    define('one', args=('-c', 'echo early words; read x; echo got $x; read y')).create()
    console = s.console('one')
    console.expect('early words')
    console.send('late\n')
    console.expect('got late')


@case('each console is a terminal of its own')
def _(s):
    _dom, console = boot('one', devices="<console type='pty'/><console type='pty'/>")
    equal(console.run('ls -l /dev/console /dev/tty1 /dev/tty2 | sed "s/.*dev.//"; tty'),
          'console -> pts/0\ntty1 -> pts/0\ntty2 -> pts/1\n/dev/pts/0\n')
    contains(environment(_dom), 'container_ttys=pts/1')
    other = s.console('one', 'console1')
    console.run('echo to the second > /dev/tty2')
    other.expect('to the second')


@case('one client has a console, another may take it')
def _(s):
    dom, first = boot('one')
    stream = s.conn.newStream(0)
    refused(libvirt.VIR_ERR_OPERATION_FAILED, dom.openConsole, None, stream, libvirt.VIR_DOMAIN_CONSOLE_SAFE)
    second = shell('one', None, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
    first.wait_end()
    equal(second.run('echo mine'), 'mine\n')


@case('init gets its words, variables, directory and user')
def _(s):
    dom = define('one', args=('-c', 'echo "$0:$1:$A:$LIBVIRT_LXC_NAME:$(pwd):$(id -u):$(id -g)"; read x', 'x y', 'z'),
                 os_extra="<initenv name='A'>b c</initenv><initdir>/tmp</initdir><inituser>user</inituser>")
    dom.create()
    s.console('one').expect('x y:z:b c:one:/tmp:1000:1001')
    dom.destroy()
    define('one', uuid=dom.UUIDString(), args=('-c', 'id; read x'),
           os_extra='<inituser>7</inituser><initgroup>others</initgroup>').create()
    s.console('one').expect(r'uid=7 gid=1002\(others\)')


@case('a container of 32 bits says so')
def _(s):
    s.conn.createXML(xml('one').replace('<type>', "<type arch='i686'>"))
    equal(shell('one').run('uname -m'), 'i686\n')


@case('how init ends decides what is told')
def _(s):
    events = s.events('LIFECYCLE')
    for name, words, reason, detail in (
            ('well', 'exit 0', libvirt.VIR_DOMAIN_SHUTOFF_SHUTDOWN, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN),
            ('badly', 'exit 3', libvirt.VIR_DOMAIN_SHUTOFF_SHUTDOWN, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN),
            ('halt', 'poweroff -f', libvirt.VIR_DOMAIN_SHUTOFF_SHUTDOWN, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)):
        dom = define(name, args=('-c', words))
        dom.create()
        events.wait('LIFECYCLE', name, VIR_DOMAIN_EVENT_STOPPED, detail)
        equal(dom.state(), [libvirt.VIR_DOMAIN_SHUTOFF, reason])


@case('a container that restarts itself goes on under the same name')
def _(s):
    events = s.events('REBOOT', 'LIFECYCLE')
    dom, console = boot('one')
    events.clear()
    before = dom.ID()
    console.send('reboot -f\n')
    events.wait('REBOOT', 'one')
    until(lambda: s.conn.lookupByName('one').ID() != before, 'the first process is the same')
    equal(shell('one').run('echo again'), 'again\n')
    equal(events.seen('LIFECYCLE', 'one'), [])


@case('on_reboot destroy and on_poweroff restart are kept')
def _(s):
    events = s.events('REBOOT', 'LIFECYCLE')
    define('ends', args=('-c', 'reboot -f'), head='', tail='<on_reboot>destroy</on_reboot>').create()
    events.wait('LIFECYCLE', 'ends', VIR_DOMAIN_EVENT_STOPPED)
    _dom, console = boot('stays', tail='<on_poweroff>restart</on_poweroff>')
    console.send('exit\n')
    events.wait('REBOOT', 'stays')
    equal(shell('stays').run('echo again'), 'again\n')


@case('shutdown and reboot tell init by a signal')
def _(s):
    events = s.events('LIFECYCLE')
    words = "trap 'echo term; exit 0' TERM; trap 'echo hup' HUP; echo up; while :; do read -t 1 x; done"
    dom = define('one', init='/bin/ash', args=('-c', words))
    dom.create()
    console = s.console('one')
    console.expect('up')
    dom.reboot(libvirt.VIR_DOMAIN_REBOOT_SIGNAL)
    console.expect('hup')
    refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, dom.shutdownFlags, libvirt.VIR_DOMAIN_SHUTDOWN_INITCTL)
    dom.sendProcessSignal(1, libvirt.VIR_DOMAIN_PROCESS_SIGNAL_HUP)
    console.expect('hup')
    refused(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, dom.sendProcessSignal, 2, 1)
    dom.shutdown()
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)


@case('shutdown writes to the pipe that init reads')
def _(s):
    dom = define('one', args=('-c', 'mkfifo /run/initctl; echo up; dd bs=384 count=1 if=/run/initctl | hexdump -n 12; read x'))
    dom.create()
    console = s.console('one')
    console.expect('up')
    until(lambda: not fails(dom.shutdownFlags, libvirt.VIR_DOMAIN_SHUTDOWN_INITCTL), 'nobody reads the pipe')
    console.expect('1969 0309 0001 0000 0030 0000')
    os.unlink(ROOT + '/run/initctl')


def fails(call, *args):
    try:
        call(*args)
    except libvirt.libvirtError:
        return True
    return False


@case('its namespaces are given to who asks')
def _(s):
    dom, _console = boot('one')
    fds = libvirt_lxc.lxcOpenNamespace(dom, 0)
    names = sorted(os.readlink(f'/proc/self/fd/{fd}').split(':')[0] for fd in fds)
    equal(names, ['ipc', 'mnt', 'net', 'pid', 'uts'])
    child = os.fork()
    if not child:
        libc = ctypes.CDLL(None)
        entered = all(libc.setns(fd, 0) == 0 for fd in fds)
        os._exit(0 if entered and os.uname().nodename == 'one' and not os.path.exists('/usr/bin/virsh') else 1)
    equal(os.waitpid(child, 0)[1], 0)


@case('a network of its own, or the host\'s')
def _(s):
    _dom, console = boot('own')
    equal(console.run('ls /sys/class/net; ip addr show lo | grep -c 127.0.0.1'), 'lo\n1\n')
    _dom, console = boot('shared', features='')
    host = os.readlink('/proc/self/ns/net')
    equal(console.run('readlink /proc/self/ns/net'), host + '\n')


@case('namespaces are shared with another container')
def _(s):
    _dom, console = boot('one')
    tail = ("<lxc:namespace><lxc:sharenet type='name' value='one'/><lxc:shareuts type='name' value='one'/>"
            "</lxc:namespace>")
    _dom, other = boot('two', tail=tail)
    for kind, same in (('net', True), ('uts', True), ('ipc', False), ('pid', False)):
        words = f'readlink /proc/self/ns/{kind}'
        equal((kind, console.run(words) == other.run(words)), (kind, same))
    equal(other.run('hostname'), 'one\n')
    third = define('three', tail=tail.replace("value='one'", "value='nobody'"))
    refused(VIR_ERR_OPERATION_INVALID, third.create, naming='nobody')


@case('namespaces are shared with a process, and a network that has a name')
def _(s):
    _dom, console = boot('one')
    pid = s.conn.lookupByName('one').ID()
    tail = f"<lxc:namespace><lxc:shareipc type='pid' value='{pid}'/></lxc:namespace>"
    _dom, other = boot('two', tail=tail)
    for kind, same in (('ipc', True), ('uts', False), ('net', False)):
        words = f'readlink /proc/self/ns/{kind}'
        equal((kind, console.run(words) == other.run(words)), (kind, same))
    subprocess.run(['ip', 'netns', 'add', 'red'], check=True)
    subprocess.run(['ip', 'netns', 'exec', 'red', 'ip', 'link', 'add', 'crimson', 'type', 'bridge'], check=True)
    _dom, third = boot('three', tail="<lxc:namespace><lxc:sharenet type='netns' value='red'/></lxc:namespace>")
    equal(third.run('ls -1 /sys/class/net'), 'crimson\nlo\n')
    s.conn.lookupByName('three').destroy()
    subprocess.run(['ip', 'netns', 'delete', 'red'], check=True)
    refused(VIR_ERR_SYSTEM_ERROR, s.conn.lookupByName('three').create, naming='red')
    define('four', tail=tail.replace(str(pid), '99999999'))
    refused(VIR_ERR_SYSTEM_ERROR, s.conn.lookupByName('four').create, naming='99999999')


@case('autostart, metadata and the greatest memory are kept')
def _(s):
    dom = define('one')
    dom.setAutostart(1)
    s.virsh('desc', 'one', '--config', '--title', 'a title')
    s.virsh('metadata', 'one', 'http://example.org/x', '--key', 'k', '--set', '<word>kept</word>', '--config')
    s.virsh('setmaxmem', 'one', '131072', '--config')
    equal((dom.maxMemory(), dom.info()[2]), (131072, 65536))
    s.virsh('setmaxmem', 'one', '32768', '--config')
    equal((dom.maxMemory(), dom.info()[2]), (32768, 32768))
    s.disconnect()
    s.kill('lxcd')
    os.unlink(s.root + '/run/ostler/lxc/autostarted')  # as at the next start of the host
    s.start()
    s.conn = s.connect()
    dom = s.conn.lookupByName('one')
    until(dom.isActive, 'it has not been started')
    equal((dom.autostart(), dom.maxMemory()), (1, 32768))
    contains(s.virsh('desc', 'one', '--title'), 'a title')
    contains(s.virsh('metadata', 'one', 'http://example.org/x'), '<word>kept</word>')
    s.virsh('metadata', 'one', 'http://example.org/x', '--key', 'k', '--set', '<word>now</word>', '--live')
    contains(s.virsh('metadata', 'one', 'http://example.org/x'), '<word>now</word>')
    contains(s.virsh('metadata', 'one', 'http://example.org/x', '--config'), '<word>kept</word>')
    refused(VIR_ERR_OPERATION_INVALID, dom.setMaxMemory, 65536)
    dom.setAutostart(0)
    equal(dom.autostart(), 0)


# what a container without any right may ask of the kernel; with its right the kernel looks at the words, which are bad
ASKS = '''import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for number, *words in (%s):
    ctypes.set_errno(0)
    libc.syscall(number, *words)
    os.write(1, b'%%d ' %% ctypes.get_errno())
os.write(1, b'said.')
os.read(0, 1)'''
EPERM = 1
CALLS = (  # a capability, and its calls: numbers and words
    ('sys_pacct', ((163, b'/nowhere'),)),
    ('sys_rawio', ((172, 7), (173, 0, 0, 0))),  # iopl, ioperm
    ('sys_time', ((164, 1, 0), (159, 1), (227, 99, 1))),  # settimeofday, adjtimex, clock_settime
    ('sys_module', ((175, 0, 9, b''), (313, -1, b'', 0), (176, b'nowhere', 0))),  # init_module, finit_module, delete_module
    ('syslog', ((103, 10, 0, 0),)),  # the size of the log
    ('dac_read_search', ((304, -1, 1, 0),)),  # open_by_handle_at
    ('sys_admin', ((167, b'/nowhere', 0), (179, 0xffffffff, 0, 0, 0), (300, 0xffff, 0))),  # swapon, quotactl, fanotify_init
    ('sys_ptrace', ((323, 0xffff),)))  # userfaultfd


@case('a capability that is kept has its system calls')
def _(s):
    with open('/proc/self/status') as f:
        mine = int(next(line.split()[1] for line in f if line.startswith('CapBnd')), 16)
    for name, calls in CALLS:
        for state in ('off', 'on'):
            dom = define('one', root='', init='/usr/bin/python3', args=('-c', ASKS % (','.join(map(repr, calls)) + ',')),
                         features=f"<privnet/><capabilities policy='default'><{name} state='{state}'/></capabilities>")
            dom.create()
            said = s.console('one').expect(r'([0-9 ]*) said').group(1).split()
            equal((name, state, [int(n) == EPERM for n in said]), (name, state, [state == 'off'] * len(calls)))
            dom.destroy()
            dom.undefine()
    # all of them, those without a name of their own, too; devices can be made only where there is a policy of devices
    dom, console = boot('one', features="<privnet/><capabilities policy='allow'><mknod state='off'/></capabilities>")
    equal(int(console.run('grep CapBnd /proc/self/status').split()[1], 16), mine & ~(1 << 27))


@case('file systems of every kind')
def _(s):
    s.file('outside', 'from outside\n')
    os.makedirs(s.home + '/folder', exist_ok=True)
    devices = (f"<filesystem type='bind'><source dir='{s.home}/folder'/><target dir='/new/deep'/></filesystem>"
               f"<filesystem type='bind'><source dir='{s.home}/outside'/><target dir='/etc/file'/><readonly/></filesystem>"
               "<filesystem type='ram'><source usage='256'/><target dir='/tmp'/></filesystem><console type='pty'/>")
    _dom, console = boot('one', devices=devices)
    contains(console.run('cat /etc/file; echo x > /new/deep/file; echo y >> /etc/file'), 'from outside', 'Read-only')
    contains(console.run('mount'), 'on /tmp type tmpfs (rw,nosuid,nodev,relatime,size=256k')
    with open(s.home + '/folder/file') as f:
        equal(f.read(), 'x\n')


@case('a link in the container\'s root leads nowhere outside')
def _(s):
    os.symlink('/mnt/ostler', ROOT + '/trap')
    os.mkdir(ROOT + '/mnt/ostler')
    _dom, console = boot('one', devices="<filesystem type='ram'><source usage='64'/><target dir='/trap/caught'/>"
                                        "</filesystem><console type='pty'/>")
    contains(console.run('mount'), 'on /mnt/ostler/caught type tmpfs')
    equal(os.path.exists('/mnt/ostler/caught'), False)
    os.unlink(ROOT + '/trap')


@case('devices of the host come and go')
def _(s):
    for name, kind in (('odd', stat.S_IFCHR), ('block', stat.S_IFBLK)):
        if not os.path.exists('/dev/' + name):
            os.mknod('/dev/' + name, kind | 0o600, os.makedev(1, 5))
    hostdev = "<hostdev mode='capabilities' type='misc'><source><char>/dev/odd</char></source></hostdev>"
    storage = "<hostdev mode='capabilities' type='storage'><source><block>/dev/block</block></source></hostdev>"
    disk = "<disk type='block'><source dev='/dev/block'/><target dev='vdz'/></disk>"
    dom, console = boot('one', devices=hostdev + storage + "<console type='pty'/>")
    equal(console.run('ls -l /dev/odd /dev/block | cut -c1-10 | sort'), 'brw-------\ncrw-------\n')
    contains(console.run('head -c 3 /dev/odd | hexdump'), '0000000 0000 0000')
    events = s.events('DEVICE_ADDED', 'DEVICE_REMOVED')
    dom.attachDeviceFlags(disk, libvirt.VIR_DOMAIN_AFFECT_LIVE | libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    events.wait('DEVICE_ADDED', 'one', 'disk0')
    equal(console.run('ls -l /dev/vdz | cut -c1-10'), 'brw-------\n')
    contains(s.virsh('domblklist', 'one'), 'vdz', '/dev/block')
    refused(VIR_ERR_OPERATION_INVALID, dom.attachDevice, disk)
    dom.detachDeviceFlags(disk, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    events.wait('DEVICE_REMOVED', 'one', 'disk0')
    contains(console.run('ls /dev/vdz'), 'No such file')
    contains(dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), '/dev/block')
    dom.detachDevice(hostdev)
    events.wait('DEVICE_REMOVED', 'one', 'hostdev0')
    dom.detachDevice(storage)
    events.wait('DEVICE_REMOVED', 'one', 'hostdev1')
    contains(console.run('ls /dev/block'), 'No such file')
    contains(console.run('ls /dev/odd'), 'No such file')
    refused(libvirt.VIR_ERR_DEVICE_MISSING, dom.detachDevice, hostdev)
    refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, dom.attachDevice,
            "<filesystem type='ram'><source usage='1'/><target dir='/x'/></filesystem>")
    refused(VIR_ERR_SYSTEM_ERROR, dom.attachDevice, hostdev.replace('odd', 'gone'), naming='/dev/gone')


@case('descriptors of the caller are its program\'s')
def _(s):
    reader, writer = os.pipe()
    dom = define('one', args=('-c', 'echo through the pipe >&amp;3; read x'))
    dom.createWithFiles([writer])
    os.close(writer)
    equal(os.read(reader, 100), b'through the pipe\n')
    os.close(reader)


LISTENS = '''import ctypes, os
systemd = ctypes.CDLL('libsystemd.so.0')
count = systemd.sd_listen_fds(0)
for fd in range(3, 3 + count):
    os.write(fd, b'%d of %d' % (fd, count))
os.read(0, 1)'''


@case('descriptors of the caller are found as sd_listen_fds() finds them')
def _(s):
    pipes = [os.pipe() for _ in range(2)]
    # the host's own root has a program that looks
    dom = define('one', root='', init='/usr/bin/python3', args=('-c', LISTENS))
    dom.createWithFiles([writer for _reader, writer in pipes])
    for number, (reader, writer) in enumerate(pipes):
        os.close(writer)
        equal(os.read(reader, 100), b'%d of 2' % (3 + number))
        os.close(reader)
    dom.destroy()
    dom.create()
    equal([v for v in environment(dom) if v.startswith('LISTEN')], [])


def environment(dom):
    with open(f'/proc/{dom.ID()}/environ') as f:
        return f.read().rstrip('\0').split('\0')


@case('limits are kept in the definition; without a group none is set')
def _(s):
    dom = define('one')
    s.virsh('schedinfo', 'one', '--config', 'cpu_shares=50', 'vcpu_quota=20000')
    s.virsh('memtune', 'one', '--config', '--hard-limit', '65536')
    s.virsh('blkiotune', 'one', '--config', '--weight', '300', '--device-weights', '/dev/null,200')
    contains(dom.XMLDesc(), '<shares>50</shares>', '<quota>20000</quota>', "<hard_limit unit='KiB'>65536<",
             '<weight>300</weight>', '<path>/dev/null</path>')
    refused(VIR_ERR_CONFIG_UNSUPPORTED, dom.create, naming='memtune/hard_limit')
    refused(VIR_ERR_XML_ERROR, dom.setSchedulerParametersFlags, {'cpu_shares': 20000}, 2, naming='shares')
    other = define('two')
    other.create()
    refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, other.suspend)
    refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, other.setMemory, 1000)
    other.setMemoryFlags(32768, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    equal((other.info()[0], other.info()[3]), (libvirt.VIR_DOMAIN_RUNNING, 1))
    contains(s.virsh('domstats', 'two'), 'state.state=1', 'vcpu.maximum=1', 'cpu.time=')
    contains(s.virsh('dommemstat', 'two'), 'rss ')


NATIVE = """# of a container of LXC's own tools
lxc.utsname = moved
lxc.rootfs = {root}
lxc.tty = 2
lxc.arch = amd64
lxc.cap.drop = sys_module mac_admin
lxc.id_map = u 0 100000 65536
lxc.id_map = g 0 100000 65536
lxc.init_cmd = /bin/sh -c cat
lxc.network.type = veth
lxc.network.flags = up
lxc.network.link = virbr0
lxc.network.hwaddr = 02:00:15:8f:05:c1
lxc.network.name = wan
lxc.network.ipv4 = 192.168.122.2/24
lxc.network.ipv4.gateway = 192.168.122.1
lxc.network.type = macvlan
lxc.network.macvlan.mode = vepa
lxc.network.link = eth0
lxc.network.type = vlan
lxc.network.link = eth1
lxc.network.vlan.id = 2
lxc.network.ipv6 = 2003:db8:1::2/64
lxc.mount.entry = proc proc proc nodev,noexec,nosuid 0 0
lxc.mount.entry = tmpfs run tmpfs size=8m,mode=0755 0 0
lxc.mount.entry = /etc/resolv.conf etc/resolv.conf none bind,ro 0 0
lxc.cgroup.memory.limit_in_bytes = 1G
lxc.cgroup.cpu.shares = 1024
lxc.cgroup.cpuset.cpus = 0-1
lxc.cgroup.cpuset.mems = 0
lxc.cgroup.blkio.device_weight = 8:16 1000
lxc.cgroup.blkio.throttle.read_bps_device = 8:16 1234
"""


@case('a configuration of other tools becomes a definition')
def _(s):
    text = s.conn.domainXMLFromNative('lxc-tools', NATIVE.format(root=ROOT))
    contains(text, '<name>moved</name>', "<memory unit='KiB'>1048576</memory>", "<hard_limit unit='KiB'>1048576<",
             "cpuset='0-1'", '<shares>1024</shares>', "<memory mode='strict' nodeset='0'/>", '<path>/dev/block/8:16</path>',
             '<weight>1000</weight>', '<read_bytes_sec>1234<', "<uid start='0' target='100000' count='65536'/>",
             "<capabilities policy='allow'>", "<sys_module state='off'/>", '<init>/bin/sh</init>', '<initarg>cat</initarg>',
             f"<source dir='{ROOT}'/>", "<source usage='8192' units='KiB'/>", "<target dir='/etc/resolv.conf'/>", '<readonly/>',
             "<mac address='02:00:15:8f:05:c1'/>", "<source bridge='virbr0'/>", "<guest dev='wan'/>", "<link state='up'/>",
             "<ip address='192.168.122.2' family='ipv4' prefix='24'/>", "gateway='192.168.122.1'/>",
             "<source dev='eth0' mode='vepa'/>", '<interface>eth1.2</interface>', "<ip address='2003:db8:1::2'")
    equal((text.count('<console '), text.count('<filesystem ')), (2, 3))
    s.conn.defineXML(text).undefine()
    newer = 'lxc.uts.name = n\nlxc.rootfs.path = dir:/x\nlxc.net.0.type = {}\nlxc.net.0.ipv4.address = 10.0.0.2/24\n'
    contains(s.conn.domainXMLFromNative('lxc-tools', newer.format('veth')), "<source dir='/x'/>", "address='10.0.0.2'")
    contains(s.conn.domainXMLFromNative('lxc-tools', newer.format('empty')), '<privnet/>')
    for code, naming, line in ((libvirt.VIR_ERR_CONF_SYNTAX, 'line 5', 'what'),
                               (VIR_ERR_INVALID_ARG, 'lxc.uts.name', 'lxc.uts.name ='),
                               (libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, 'lxc.mount', 'lxc.mount = /etc/fstab'),
                               (libvirt.VIR_ERR_INTERNAL_ERROR, 'tmpfs', 'lxc.mount.entry = none tmp tmpfs defaults 0 0'),
                               (VIR_ERR_INVALID_ARG, '1.2.3.4', 'lxc.net.0.ipv4.address = 1.2.3.4'),
                               (VIR_ERR_CONFIG_UNSUPPORTED, 'ipvlan', 'lxc.net.1.type = ipvlan')):
        refused(code, s.conn.domainXMLFromNative, 'lxc-tools', newer.format('veth') + line, naming=naming)
    refused(VIR_ERR_INVALID_ARG, s.conn.domainXMLFromNative, 'other', '', naming='other')

    # one network for each number, the last that is said; not more lines than can be looked through
    text = s.conn.domainXMLFromNative('lxc-tools', newer.format('empty') + 'lxc.net.0.type = veth\n' * 2 + '#\n' * 994)
    equal((text.count('<interface '), text.count('10.0.0.2')), (1, 1))
    refused(VIR_ERR_INVALID_ARG, s.conn.domainXMLFromNative, 'lxc-tools', newer.format('veth') + '#\n' * 997, naming='1000 lines')


@case('virt-install makes one')
def _(s):
    subprocess.run(['virt-install', '--connect', s.uri(), '--container', '--name', 'made', '--memory', '64', '--filesystem',
                    ROOT + ',/', '--init', '/bin/sh', '--network', 'none', '--noautoconsole'], check=True, capture_output=True)
    equal(shell('made').run('hostname'), 'made\n')


@case('what cannot be started is told before the answer, and leaves nothing')
def _(s):
    gone, odd = root_fs('/mnt/gone'), "<filesystem type='bind'><source dir='/mnt/gone'/><target dir='/x'/></filesystem>"
    image = s.file('image', size=4 << 20)
    subprocess.run(['/sbin/mkfs.ext4', '-q', '-F', image], check=True)
    s.conn.networkCreateXML("<network><name>one</name><bridge name='test0' stp='off'/></network>")
    loop_devices()
    # what each of them has got when its start fails
    has = fs('file', f"file='{image}'") + "<interface type='network'><source network='one'/></interface><console type='pty'/>"
    before = mounts()
    for code, naming, parts in (
            (VIR_ERR_SYSTEM_ERROR, '/mnt/gone', {'root': gone}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'not a directory', {'root': root_fs('/bin/busybox')}),
            (VIR_ERR_SYSTEM_ERROR, '/bin/nothing', {'init': '/bin/nothing'}),
            (VIR_ERR_SYSTEM_ERROR, '/etc/passwd', {'init': '/etc/passwd'}),
            (VIR_ERR_SYSTEM_ERROR, '/mnt/gone', {'devices': odd}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'quotas', {'devices': fs('mount', "dir='/mnt/ostler'", '<space_hard_limit>9</space_hard_limit>')}),
            (VIR_ERR_SYSTEM_ERROR, '/nowhere', {'os_extra': '<initdir>/nowhere</initdir>'}),
            (VIR_ERR_SYSTEM_ERROR, 'nobody', {'os_extra': '<inituser>nobody</inituser>'})):
        parts = {'devices': has, **parts} if 'devices' not in parts else {'devices': has + parts['devices']}
        dom = define('bad', **parts)
        refused(code, dom.create, naming=naming)
        equal(dom.isActive(), 0)
        refused(code, s.conn.createXML, xml('transient', **parts), naming=naming)
        dom.undefine()
    equal(s.conn.listAllDomains(), [])
    equal([f for _top, _folders, files in os.walk(s.root + '/run/ostler/lxc') for f in files], ['autostarted'])
    until(lambda: (links(), loops(image), processes('/ostler-lxc-controller')) == (set(), 0, []),
          lambda: f'left: {links()}, {loops(image)}, {processes("/ostler-lxc-controller")}')
    equal((mounts(), s.conn.networkLookupByName('one').listAllPorts()), (before, []))


def fs(kind, source, extra=''):
    return f"<filesystem type='{kind}'><source {source}/><target dir='/t'/>{extra}</filesystem>"


@case('what a definition may not be')
def _(s):
    ids = "<idmap><uid start='0' target='1000' count='9'/>{}</idmap>"
    for code, naming, parts in (
            (VIR_ERR_CONFIG_UNSUPPORTED, 'foo', {'features': "<capabilities policy='default'><foo state='on'/></capabilities>"}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'both', {'tail': ids.format('')}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'root', {'tail': ids.format("<gid start='1' target='1' count='9'/>")}),
            (VIR_ERR_XML_ERROR, 'init', {'init': 'sh'}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'seclabel', {'tail': "<seclabel type='static' model='apparmor'><label>x</label></seclabel>"}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'file', {'devices': "<disk type='file'><source file='/x'/><target dev='vda'/></disk>"}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'graphics', {'devices': "<graphics type='vnc'/>"}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'clock', {'tail': "<clock offset='variable' adjustment='7'/>"}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'timer', {'tail': "<clock offset='utc'><timer name='hpet'/></clock>"}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'template', {'devices': fs('template', "name='x'")}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'nbd', {'devices': fs('file', "file='/x'", "<driver type='nbd'/>")}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'qcow2', {'devices': fs('file', "file='/x'", "<driver type='loop' format='qcow2'/>")}),
            (VIR_ERR_CONFIG_UNSUPPORTED, 'space', {'devices': fs('ram', "usage='9'", '<space_hard_limit>9</space_hard_limit>')})):
        refused(code, s.conn.defineXML, xml('bad', **parts), naming=naming)
    for kind in ("type='qemu'", "type='lxc'"):
        text = xml('bad').replace("type='lxc'", kind, 1).replace('>exe<', '>hvm<')
        refused(VIR_ERR_INVALID_ARG, s.conn.defineXML, text, naming='could not find capabilities')


@case('what is off cannot be asked')
def _(s):
    dom = define('one')
    for call in (dom.destroy, dom.shutdown, dom.suspend, dom.resume, dom.hostname, lambda: dom.reboot(0),
                 lambda: dom.sendProcessSignal(1, 1), lambda: libvirt_lxc.lxcOpenNamespace(dom, 0)):
        refused(VIR_ERR_OPERATION_INVALID, call)
    dom.create()
    refused(VIR_ERR_OPERATION_INVALID, dom.create)
    refused(libvirt.VIR_ERR_NO_SUPPORT, dom.managedSave)
    refused(libvirt.VIR_ERR_NO_SUPPORT, dom.fsFreeze)


@case('a container ends with its controller, and that is told')
def _(s):
    events = s.events('LIFECYCLE')
    dom, _console = boot('one')
    with open(f'/proc/{dom.ID()}/stat') as f:
        controller = int(f.read().rpartition(')')[2].split()[1])
    os.kill(controller, signal.SIGKILL)
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED)
    equal((dom.isActive(), os.path.exists(f'/proc/{controller}/exe')), (0, False))


@case('autodestroy ends it with its client')
def _(s):
    events = s.events('LIFECYCLE')
    conn = s.connect()
    conn.createXML(xml('brief'), libvirt.VIR_DOMAIN_START_AUTODESTROY)
    conn.close()
    events.wait('LIFECYCLE', 'brief', VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED)


main()
