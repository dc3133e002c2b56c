"""harness.py - the daemons in namespaces of their own, and what tests say about them, as TAP

A script declares cases and calls main():

    @case('a guest that is defined is off')
    def _(s):
        assert s.define('one').isActive() == 0

Each script runs in its own mount, network and process namespace: nothing it does reaches the host, and
whatever it starts ends with it. OSTLER_BUILD names the build tree. OSTLER_PEER=libvirtd runs the same
script against libvirt's daemon instead, which is how the expectations were found.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import contextlib
import fcntl
import os
import pwd
import re
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
import traceback
import uuid as uuids

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(os.path.join(TOP, 'scripts'))
import stack  # noqa: E402

PEER = os.environ.get('OSTLER_PEER', 'ostler')
BUILD = os.path.abspath(os.environ.get('OSTLER_BUILD', os.path.join(TOP, 'build')))
LAB = os.path.abspath(os.environ.get('OSTLER_LAB', os.path.join(TOP, 'build/lab')))
QEMU = '/usr/bin/qemu-system-x86_64'
# Emulated guests on a loaded machine take several times what they take on a quiet one.
LIMIT = float(os.environ.get('OSTLER_LIMIT', 60))

cases = []


class Skip(Exception):
    pass


def case(name, only=None):
    """only: the peer whose promise it is ('ostler'), where the reference does something else."""
    def add(function):
        cases.append((name, only, function))
        return function
    return add


# ---- namespaces ---------------------------------------------------------------------------------

def enter():
    """Runs this script again as the first process of new namespaces, and ends with its status."""
    if os.environ.get('OSTLER_INSIDE'):
        be_init()
        return
    why = missing()
    if why:
        print(f'1..0 # SKIP {why}')
        sys.exit(0)
    child = subprocess.run(
        ['unshare', '--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc',
         sys.executable, *sys.argv], env=dict(os.environ, OSTLER_INSIDE='1'))
    sys.exit(child.returncode)


def be_init():
    """The first process reaps orphans until the script, its child, ends."""
    child = os.fork()
    if not child:
        return
    while True:
        pid, status = os.wait()
        if pid == child:
            os._exit(os.waitstatus_to_exitcode(status) & 255)


def missing():
    if os.geteuid() != 0:
        return 'needs root, for namespaces and for guests under another user'
    for program in (QEMU, '/usr/bin/virsh'):
        if not os.access(program, os.X_OK):
            return f'{program} is not installed'
    if not os.path.exists(os.path.join(LAB, 'initrd')):
        return f'no test guest in {LAB} (tests/lab/make-guest)'
    if subprocess.run(['unshare', '-mnp', '--fork', 'true'], capture_output=True).returncode:
        return 'namespaces are not allowed here'
    return None


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name = struct.pack('16sh', b'lo', 1)  # IFF_UP
        fcntl.ioctl(s, 0x8914, name)          # SIOCSIFFLAGS


def mount(*args):
    subprocess.run(['mount', *args], check=True)


def own_sysfs():
    """A /sys that shows the links of this namespace; groups of processes stay where they were."""
    before = '/mnt/sys'
    os.mkdir(before)
    mount('--rbind', '/sys', before)
    mount('-t', 'sysfs', 'sysfs', '/sys')
    if os.path.isdir(before + '/fs/cgroup'):
        mount('--rbind', before + '/fs/cgroup', '/sys/fs/cgroup')
    subprocess.run(['umount', '--recursive', '--lazy', before], check=True)
    os.rmdir(before)


def private_devices():
    """A /dev without KVM: a host's KVM, of use or not, must not decide what a test sees."""
    subprocess.run(['umount', '--recursive', '--lazy', '/dev'], stderr=subprocess.DEVNULL)
    mount('-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/dev')
    for name, major, minor in (('null', 1, 3), ('zero', 1, 5), ('full', 1, 7), ('random', 1, 8),
                               ('urandom', 1, 9), ('tty', 5, 0)):
        os.mknod('/dev/' + name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
        os.chmod('/dev/' + name, 0o666)
    for name, kind, options in (('pts', 'devpts', 'newinstance,ptmxmode=0666,mode=620,gid=5'),
                                ('shm', 'tmpfs', 'mode=1777')):
        os.mkdir('/dev/' + name)
        mount('-t', kind, '-o', options, kind, '/dev/' + name)
    os.mkdir('/dev/net')
    os.mknod('/dev/net/tun', stat.S_IFCHR | 0o666, os.makedev(10, 200))
    os.symlink('pts/ptmx', '/dev/ptmx')
    os.symlink('/proc/self/fd', '/dev/fd')


# ---- a guest's definition -----------------------------------------------------------------------

def guest_xml(name, uuid=None, kind='qemu', memory=128, vcpus=1, machine='pc', boot=None, os_extra='',
              cmdline='', kernel='kernel', serial="<serial type='pty'/>", devices='', head='', tail='',
              features='<acpi/>', on='', emulator=''):
    """The tiny guest; the arguments are pieces of its definition."""
    if boot is None:
        boot = (f"<kernel>{s.lab}/{kernel}</kernel><initrd>{s.lab}/initrd</initrd>"
                f"<cmdline>console=ttyS0 quiet panic=-1 {cmdline}</cmdline>")
    return f"""<domain type='{kind}'>
  <name>{name}</name>{f'<uuid>{uuid}</uuid>' if uuid else ''}{head}
  <memory unit='MiB'>{memory}</memory>
  <vcpu>{vcpus}</vcpu>
  <os><type arch='x86_64' machine='{machine}'>hvm</type>{boot}{os_extra}</os>
  <features>{features}</features>{on}
  <devices>
    {f'<emulator>{emulator}</emulator>' if emulator else ''}
    {serial}
    {devices}
  </devices>{tail}
</domain>"""


# ---- waiting, only ever for something that happens ----------------------------------------------

class Timeout(AssertionError):
    pass


class Events:
    """What a connection told, in order; wait() takes the first that fits."""

    def __init__(self, conn):
        import libvirt
        self.conn, self.changed, self.log, self.ids = conn, threading.Condition(), [], []
        self.names = {n: v for n, v in vars(libvirt).items()
                      if n.startswith('VIR_DOMAIN_EVENT_ID_') and not n.endswith('_LAST')}

    def on(self, *kinds, dom=None):
        """kinds: names such as 'LIFECYCLE'"""
        for kind in kinds:
            number = self.names['VIR_DOMAIN_EVENT_ID_' + kind]
            self.ids.append(self.conn.domainEventRegisterAny(dom, number, self._happened, kind))
        return self

    def _happened(self, _conn, dom, *args):
        with self.changed:
            self.log.append((args[-1], dom.name(), args[:-1]))
            self.changed.notify_all()

    def close(self):
        for i in self.ids:
            self.conn.domainEventDeregisterAny(i)

    def wait(self, kind, name, *args, limit=None):
        """The event's arguments; args are what the first of them must be."""
        def fits(e):
            return e[0] == kind and e[1] == name and e[2][:len(args)] == args

        with self.changed:
            if not self.changed.wait_for(lambda: any(map(fits, self.log)), limit or LIMIT):
                raise Timeout(f'no event {kind} {args} of {name}; there were {self.log}')
            found = next(e for e in self.log if fits(e))
            self.log.remove(found)
            return found[2]

    def seen(self, kind, name):
        with self.changed:
            return [e[2] for e in self.log if e[0] == kind and e[1] == name]

    def clear(self):
        with self.changed:
            self.log.clear()


class Console:
    """The text of a guest's console or channel, through a stream of its own connection.

    It is read in the event loop alone: a thread that waits in recv() is not woken for what the loop
    takes from the socket just before it begins to wait."""

    def __init__(self, s, name, device=None, flags=0, how='openConsole'):
        import libvirt
        self.conn = s.connect()
        self.stream = self.conn.newStream(libvirt.VIR_STREAM_NONBLOCK)
        self.text, self.ended, self.changed = '', None, threading.Condition()
        getattr(self.conn.lookupByName(name), how)(device, self.stream, flags)
        self.stream.eventAddCallback(libvirt.VIR_STREAM_EVENT_READABLE | libvirt.VIR_STREAM_EVENT_ERROR |
                                     libvirt.VIR_STREAM_EVENT_HANGUP, self._read, None)

    def _read(self, stream, _events, _opaque):
        import libvirt
        try:
            data = stream.recv(4096)
            if data == -2:  # nothing yet
                return
            end = None if data else 'end'
        except libvirt.libvirtError as e:
            data, end = b'', str(e)
        if end:
            stream.eventRemoveCallback()
        with self.changed:
            self.text += (data or b'').decode(errors='replace')
            self.ended = end
            self.changed.notify_all()

    def expect(self, pattern, limit=None):
        """Waits for the pattern and drops what was read up to its end."""
        def there():
            return re.search(pattern, self.text) or self.ended

        with self.changed:
            found = self.changed.wait_for(there, limit or LIMIT)
            if not isinstance(found, re.Match):
                raise Timeout(f'no {pattern!r} on the console ({self.ended}): {self.text[-400:]!r}')
            self.text = self.text[found.end():]
            return found

    def wait_end(self, limit=None):
        with self.changed:
            if not self.changed.wait_for(lambda: self.ended, limit or LIMIT):
                raise Timeout('the stream goes on')
            return self.ended

    def send(self, text):
        data = text.encode()
        while data:
            sent = self.stream.send(data)
            data = data[max(sent, 0):]

    def run(self, command, limit=None):
        """A command of the guest's shell and its output."""
        mark = uuids.uuid4().hex[:8]
        said = f'echo {mark[:4]}""{mark[4:]}'  # so that the terminal's own echo is not taken for it
        self.send(f'{said}; {command}; {said}\n')
        found = self.expect(f'(?s){mark}\r\n(.*?){mark}\r\n', limit)
        return found.group(1).replace('\r\n', '\n')

    def close(self):
        import libvirt
        for end in (self.stream.eventRemoveCallback, self.stream.abort):
            try:
                end()
            except libvirt.libvirtError:
                pass  # it has ended
        self.stream.__del__()  # the binding keeps what was given to eventAddCallback() for ever, and with it the stream
        self.conn.close()      # which would keep this open


# ---- the stack ----------------------------------------------------------------------------------

class Stack:
    """The daemons, one read-write connection to them, and the processes below them."""

    def __init__(self):
        self.home = '/mnt/ostler'
        self.root = '/mnt/ostler/root' if PEER == 'ostler' else '/'
        self.lab = '/mnt/ostler/lab'
        self.scheme = 'qemu'
        self.conn = None
        self.children = {} # daemons that were started, and are not to end by themselves
        self.disk = None   # a folder for the daemons' files, when memory would flatter them
        self.kept = ()     # names of guests that outlive a case
        self.opened = []   # what ends with the case

    # -- life
    def prepare(self):
        self.mount_folder('/mnt')
        os.makedirs(self.lab)
        for name in ('kernel', 'kernel.compressed', 'initrd'):  # copies: daemons give files to guests' users
            shutil.copyfile(os.path.join(LAB, name), os.path.join(self.lab, name))
        os.environ['HOME'] = self.home
        os.environ['LIBVIRT_AUTOSTART'] = '0'
        os.environ.pop('LIBVIRT_DEFAULT_URI', None)
        loopback_up()
        own_sysfs()
        private_devices()
        mount('-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/run')
        if PEER == 'ostler':
            os.makedirs(self.root)
            os.symlink(self.root + '/run/libvirt', '/run/libvirt')  # where clients look by themselves
            self.name_user()
        else:
            self.prepare_reference()

    def name_user(self):
        """Guests run as nobody where scripts/install-deps has made no user for them."""
        try:
            pwd.getpwnam('ostler-qemu')
        except KeyError:
            os.makedirs(os.path.join(self.root, 'etc/ostler'))
            with open(os.path.join(self.root, 'etc/ostler/qemud.conf'), 'w') as f:
                f.write('user = "nobody"\n')

    def mount_folder(self, path):
        """An empty folder in the place of this one."""
        if self.disk:
            folder = os.path.join(self.disk, path.strip('/').replace('/', '-'))
            os.mkdir(folder)
            mount('--bind', folder, path)
        else:
            mount('-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', path)

    def prepare_reference(self):
        shutil.copytree('/etc/libvirt', '/mnt/etc')
        for path in ('/etc/libvirt', '/var/lib/libvirt', '/var/log/libvirt'):
            self.mount_folder(path)
        shutil.copytree('/mnt/etc', '/etc/libvirt', dirs_exist_ok=True)
        shutil.rmtree('/etc/libvirt/qemu/networks', ignore_errors=True)
        for path in ('/run/libvirt', '/run/lock', '/var/lib/libvirt/qemu'):
            os.makedirs(path)
            if path.endswith('qemu'):
                shutil.chown(path, 'libvirt-qemu', 'libvirt-qemu')
        cache = os.path.join(LAB, 'reference-cache')  # what it probed is kept, as on any host
        os.makedirs(cache, exist_ok=True)
        mount('--bind', cache, '/var/cache/libvirt')

    def start(self):
        if PEER == 'ostler':
            self.children.update(stack.up(self.root, BUILD))
            return
        with open('/mnt/ostler/libvirtd.log', 'ab') as log:
            # a pid file is taken away by who ends the daemon
            for daemon in ('virtlogd', 'libvirtd'):
                if not os.path.exists(f'/run/{daemon}.pid'):
                    subprocess.run([f'/usr/sbin/{daemon}', '-d', '-p', f'/run/{daemon}.pid'], check=True, stderr=log)

    def died(self):
        """Daemons that ended although nobody asked them to: {name: status}."""
        return {n: c.returncode for n, c in self.children.items() if c.poll() is not None}

    def daemon_pid(self, name='qemud'):
        if PEER == 'ostler':
            return stack.running(self.root, name)
        try:
            with open('/run/libvirtd.pid') as f:
                return int(f.read())
        except (OSError, ValueError):
            return None

    def kill(self, name='qemud', number=signal.SIGKILL):
        pid = self.daemon_pid(name)
        self.children.pop(name, None)
        os.kill(pid, number)
        if stack.wait_for_end([pid], LIMIT):
            raise Timeout(f'{name} goes on after signal {number}')
        if PEER != 'ostler' and number == signal.SIGKILL:
            os.unlink('/run/libvirtd.pid')

    def restart(self, name='qemud', number=signal.SIGKILL):
        """Ends the daemon, starts another one, and connects to it."""
        self.disconnect()
        self.kill(name, number)
        self.start()
        self.conn = self.connect()

    def stop(self):
        if PEER == 'ostler':
            self.children.clear()
            stack.down(self.root)
        elif self.daemon_pid():
            self.kill(number=signal.SIGTERM)

    # -- connections
    def socket(self, name='libvirt-sock'):
        if PEER != 'ostler':
            name = 'libvirt-sock-ro' if name.endswith('-ro') else 'libvirt-sock'
        return stack.socket_path(self.root, name)

    def uri(self, name='libvirt-sock'):
        return f'{self.scheme}:///system?socket={self.socket(name)}'

    def connect(self, name='libvirt-sock', readonly=False):
        import libvirt
        return (libvirt.openReadOnly if readonly else libvirt.open)(self.uri(name))

    def disconnect(self):
        if self.conn:
            self.conn.close()
            self.conn = None

    def virsh(self, *args, fails=False, readonly=False, stdin=None, limit=None):
        """What the stock virsh says: its output, or with fails=True its complaint."""
        uri = self.uri('libvirt-sock-ro' if readonly else 'libvirt-sock')
        r = subprocess.run(['virsh', '-q', '-c', uri, *(['-r'] if readonly else []), *args],
                           capture_output=True, text=True, input=stdin, timeout=limit or LIMIT)
        if fails:
            assert r.returncode != 0, f'virsh {args} succeeded: {r.stdout}'
            return r.stderr
        assert r.returncode == 0, f'virsh {args}: {r.stderr}'
        return r.stdout

    # -- guests
    def define(self, name, **parts):
        return self.conn.defineXML(guest_xml(name, **parts))

    def file(self, name, text='', size=None, mode=0o666):
        """A file in the stack's directory, open to guests."""
        path = os.path.join(self.home, name)
        with open(path, 'w') as f:
            f.write(text)
            if size:
                f.truncate(size)
        os.chmod(path, mode)
        return path

    def boot(self, name, **parts):
        """Defines and starts a guest and waits until it has spoken; returns it and its console."""
        dom = self.define(name, **parts)
        dom.create()
        console = Console(self, name)
        console.expect('guest: ready')
        return dom, console

    def shared(self, name='vm', **parts):
        """The guest that a script's cases share, running; it has spoken once."""
        import libvirt
        try:
            dom = self.conn.lookupByName(name)
        except libvirt.libvirtError:
            dom = self.define(name, **parts)
        if not dom.isActive():
            dom.create()
            console = Console(self, name)
            console.expect('guest: ready')
            console.close()
        return dom

    def shell(self, name='vm', *args):
        """A console at whose prompt the guest's shell waits."""
        console = self.console(name, *args)
        for attempt in range(4):
            try:
                console.send('\n')
                console.run('true', LIMIT / 4)
                return console
            except Timeout:  # the emulator drops what is said until it notices that somebody reads the pty again
                pass
        raise Timeout(f'no shell on the console: {console.text[-400:]!r}')

    def processes(self):
        """The emulators that run, {uuid: pid}."""
        return {words[words.index('-uuid') + 1]: pid for pid, _name, words in running()
                if 'qemu-system' in words[0] and '-uuid' in words}

    def pid_of(self, dom):
        return self.processes()[dom.UUIDString()]

    def events(self, *kinds, dom=None, conn=None):
        """Events of these kinds from now to the end of the case."""
        events = Events(conn or self.conn).on(*kinds, dom=dom)
        self.opened.append(events)
        return events

    def console(self, name, *args):
        """A guest's console to the end of the case."""
        console = Console(self, name, *args)
        self.opened.append(console)
        return console

    def clean(self, everything=False):
        """Closes what the case opened, ends and forgets its guests."""
        import libvirt
        for thing in self.opened:
            try:
                thing.close()
            except libvirt.libvirtError:
                pass  # its connection ended before
        self.opened.clear()
        for dom in self.conn.listAllDomains():
            if dom.name() in self.kept and not everything:
                continue
            for end, wanted in ((dom.destroy, dom.isActive), (forget(dom), dom.isPersistent)):
                try:
                    if wanted():
                        end()
                except libvirt.libvirtError as e:
                    # it ended, or is ending, by itself
                    if e.get_error_code() not in (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_OPERATION_INVALID):
                        raise
        self.clean_networks(everything)

    def clean_networks(self, everything):
        """Ends and forgets what networks the case made; the default one stays, but does not run."""
        import libvirt
        for net in self.conn.listAllNetworks():
            if net.name() in self.kept and not everything:
                continue
            try:
                if net.isActive():
                    for port in net.listAllPorts():
                        with contextlib.suppress(libvirt.libvirtError):
                            port.delete()  # it may end with its link, just now
                    net.destroy()
                if net.isPersistent() and net.name() != 'default':
                    net.undefine()
            except libvirt.libvirtError as e:
                if e.get_error_code() != libvirt.VIR_ERR_NO_NETWORK:
                    raise


def forget(dom):
    import libvirt
    return lambda: dom.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)


s = Stack()


def refused(code, call, *args, naming=None, **kwargs):
    """The call must fail with this code, or one of these, naming the culprit; returns the error."""
    import libvirt
    codes = code if isinstance(code, tuple) else (code,)
    try:
        result = call(*args, **kwargs)
    except libvirt.libvirtError as e:
        got = e.get_error_code()
        if got not in codes or naming and naming not in str(e):
            raise AssertionError(f'code {got}, not {code}, or {naming!r} is not named: {e}') from None
        return e
    raise AssertionError(f'not refused but answered {result!r}')


def equal(got, want):
    assert got == want, f'got {got!r}, not {want!r}'


def until(condition, what):
    """For the few things that no event tells."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            raise Timeout(what() if callable(what) else what)
        time.sleep(0.01)


def contains(text, *pieces):
    for piece in pieces:
        assert piece in text, f'no {piece!r} in {text}'


# ---- running ------------------------------------------------------------------------------------

# What a daemon keeps for its next start: configuration, what it knows of emulators, that it has autostarted,
# the network that there always is.
LASTING = re.compile(r'\.conf$|/caps/|/autostarted$|/host-uuid$|/network/default\.(xml|leases)$')


def running():
    """The processes that have not ended: (pid, name, words of the command line)."""
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as f:
                words = f.read().decode(errors='replace').split('\0')
            with open(f'/proc/{pid}/stat') as f:
                name, _, others = f.read().partition('(')[2].rpartition(')')
        except OSError:
            continue
        if others.split()[0] != 'Z':
            yield int(pid), name, words


def left_behind():
    """What outlived its owner: processes, sockets, files of guests that are gone."""
    left = [f'process {pid} {name}' for pid, name, _words in running() if pid not in (1, os.getpid())]
    for top in ('run', 'etc/ostler', 'var/lib/ostler'):
        for folder, _folders, files in os.walk(os.path.join(s.root, top)):
            left += [os.path.join(folder, f) for f in files if not LASTING.search(os.path.join(folder, f))]
    # a host has these of its own accord where the kernel makes them for each namespace
    left += ['link ' + name for _, name in socket.if_nameindex()
             if re.match(r'virbr|vnet|macvtap|veth|vp\d|test', name)]
    return left


# What a daemon must never say: of the sanitizers, and GLib's word for a broken promise.
FAULTS = re.compile(r'AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|-CRITICAL \*\*')


def faults_in_logs():
    for name in stack.DAEMONS:
        with open(stack.log_path(s.root, name), errors='replace') as f:
            yield from (f'{name}: {line.strip()}' for line in f if FAULTS.search(line))


def run_case(number, name, function):
    began = time.monotonic()
    try:
        function(s)
        if function is not finish:
            s.clean()
        verdict, note = 'ok', ''
    except Skip as e:
        verdict, note = 'ok', f' # SKIP {e}'
    except Exception as e:
        verdict, note = 'not ok', ''
        for frame in traceback.extract_tb(e.__traceback__)[1:]:
            print(f'# {os.path.basename(frame.filename)}:{frame.lineno}: {frame.line}')
        for line in f'{type(e).__name__}: {e}'.splitlines():
            print('# ' + line)
        clean_after_failure()
    print(f'# {time.monotonic() - began:.2f} s')
    print(f'{verdict} {number} - {name}{note}', flush=True)
    return verdict == 'ok'


def clean_after_failure():
    """One failed case must not fail the next; what cannot be cleaned the last case reports."""
    for name, status in s.died().items():
        print(f'# ostler-{name} ended by itself, with status {status}')
        for line in stack.last_lines(stack.log_path(s.root, name), 8).splitlines():
            print('#   ' + line)
    try:
        s.start()
        if not s.conn or not s.conn.isAlive():
            s.conn = s.connect()
        s.clean()
    except Exception as e:
        print(f'# cleaning: {e}')


def event_loop():
    import libvirt
    libvirt.registerErrorHandler(lambda *_: None, None)
    libvirt.virEventRegisterDefaultImpl()

    def turn():
        while True:
            libvirt.virEventRunDefaultImpl()

    threading.Thread(target=turn, daemon=True).start()


def finish(_s):
    s.clean(everything=True)
    s.disconnect()
    s.stop()
    if PEER == 'ostler':
        left, faults = left_behind(), list(faults_in_logs())
        assert not left, 'left behind: ' + ', '.join(left)
        assert not faults, '\n'.join(faults)


def main(kept=()):
    """kept: names of guests that the cases of this script share."""
    plan = [c for c in cases if c[1] in (None, PEER)]
    wanted = sys.argv[1:]
    if wanted:
        plan = [c for c in plan if any(w in c[0] for w in wanted)]
    s.kept = kept
    s.prepare()
    event_loop()
    good = True
    try:
        s.start()
        s.conn = s.connect()
    except Exception as e:
        print('1..1\nBail out! the daemons do not start: ' + str(e).replace('\n', ' | '), flush=True)
        os._exit(1)
    print(f'1..{len(plan) + 1}', flush=True)
    for number, (name, _only, function) in enumerate(plan, 1):
        good = run_case(number, name, function) and good
    good = run_case(len(plan) + 1, 'nothing is left behind', finish) and good
    if not good and PEER == 'ostler':
        for name in stack.DAEMONS:
            for line in stack.last_lines(stack.log_path(s.root, name), 40).splitlines():
                print(f'# {name}: {line}')
    sys.stdout.flush()
    os._exit(0 if good else 1)  # threads wait in libvirt's event loop


enter()
