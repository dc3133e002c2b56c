"""virtual.py - a virtual machine in which a daemon and virsh run: the test guest with more files in its memory

What is said to its shell goes over its serial port, what happens to it comes as QMP events.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import os
import re
import shutil
import socket
import subprocess
import tarfile
import threading
import time
import uuid as uuids

from harness import BUILD, LAB, LIMIT, QEMU, Skip, Timeout, stack

VIRSH = '/usr/bin/virsh'


def libraries(*programs):
    out = subprocess.run(['ldd', *programs], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r'(/\S+\.so\S*)', out))


def archive(folder, more=(), daemon='noded'):
    """The daemon, virsh and all that they need, as a cpio archive for the kernel; more: (file, path) of others."""
    root = os.path.join(folder, 'root')
    program = stack.executable(BUILD, daemon)
    files = [(program, '/bin/ostler-' + daemon), (VIRSH, '/bin/virsh'), *more]
    files += [(lib, lib) for lib in libraries(program, VIRSH)]
    for source, path in files:
        target = root + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(os.path.realpath(source), target)
        os.chmod(target, 0o755)
    path = os.path.join(folder, 'initrd')
    with open(path, 'wb') as out:
        names = subprocess.run(['find', '.'], cwd=root, check=True, capture_output=True).stdout
        subprocess.run(['cpio', '-o', '-H', 'newc', '--quiet', '-R', '0:0'], cwd=root, input=names, stdout=out, check=True)
    shutil.rmtree(root)
    return path


class Lines:
    """A socket of the emulator, read by a thread of its own."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        buffer = b''
        while data := self.socket.recv(65536):
            with self.changed:
                buffer = self.take(buffer + data)
                self.changed.notify_all()


class Monitor(Lines):
    def __init__(self, path):
        self.events, self.replies = [], []
        super().__init__(path)
        self.run('qmp_capabilities')

    def take(self, data):
        *lines, rest = data.split(b'\n')
        for line in filter(None, (raw.strip() for raw in lines)):
            said = json.loads(line)
            if 'event' in said:
                self.events.append((said['event'], time.monotonic(), said.get('data')))
            elif 'QMP' not in said:
                self.replies.append(said)
        return rest

    def run(self, command, **arguments):
        self.socket.sendall(json.dumps({'execute': command, 'arguments': arguments}).encode() + b'\n')
        with self.changed:
            if not self.changed.wait_for(lambda: self.replies, LIMIT):
                raise Timeout(f'no reply to {command}')
            reply = self.replies.pop(0)
        assert 'return' in reply, f'{command}: {reply}'
        return reply['return']

    def wait(self, name, limit=None):
        """Takes the event; returns when it came, and what it says."""
        with self.changed:
            if not self.changed.wait_for(lambda: any(e[0] == name for e in self.events), limit or LIMIT):
                raise Timeout(f'no {name}; there were {self.events}')
            found = next(e for e in self.events if e[0] == name)
            self.events.remove(found)
            return found[1:]


class Serial(Lines):
    def __init__(self, path):
        self.text = ''
        super().__init__(path)

    def take(self, data):
        self.text += data.decode(errors='replace').replace('\r', '')
        return b''

    def expect(self, pattern, limit=None, keep=False):
        """keep: what is read up to there will be wanted again."""
        with self.changed:
            found = self.changed.wait_for(lambda: re.search(pattern, self.text), limit or LIMIT)
            if not found:
                raise Timeout(f'no {pattern!r} on the console: {self.text[-1000:]!r}')
            if not keep:
                self.text = self.text[found.end():]
            return found


class Virtual:
    """Ends with its with statement."""

    def __init__(self, s, *options, kernel='kernel.compressed', more=(), memory=512, machine='pc', cmdline='',
                 daemon='noded'):
        if not shutil.which('cpio'):
            raise Skip('cpio is not installed')
        self.s, self.options, self.kernel, self.more = s, options, kernel, more
        self.memory, self.machine, self.cmdline, self.daemon = memory, machine, cmdline, daemon
        self.folder = os.path.join(s.home, 'virtual')

    def __enter__(self):
        os.makedirs(self.folder)
        initrd = os.path.join(self.folder, 'all')
        with open(initrd, 'wb') as out:
            for part in (os.path.join(self.s.lab, 'initrd'), archive(self.folder, self.more, self.daemon)):
                with open(part, 'rb') as f:
                    shutil.copyfileobj(f, out)
        serial, qmp = (os.path.join(self.folder, n) for n in ('serial', 'qmp'))
        self.child = subprocess.Popen(
            [QEMU, '-nodefaults', '-no-user-config', '-machine', self.machine, '-accel', 'tcg', '-m', str(self.memory),
             '-display', 'none', '-serial', f'unix:{serial},server=on,wait=off', '-qmp', f'unix:{qmp},server=on,wait=off',
             '-kernel', self.kernel if self.kernel[0] == '/' else os.path.join(self.s.lab, self.kernel), '-initrd', initrd,
             '-append', f'console=ttyS0 quiet panic=-1 no_console_suspend {self.cmdline}', *self.options],
            stdin=subprocess.DEVNULL)
        self.monitor, self.serial = Monitor(qmp), Serial(serial)
        self.serial.expect('guest: ready', 3 * LIMIT)
        self.serial.expect('# ')
        self.serial.socket.sendall(b'stty -echo; touch /env; echo up"!"\n')
        self.serial.expect('up!\n')
        return self

    def __exit__(self, kind, *_):
        if kind:
            print('# ' + self.serial.text[-2000:].replace('\n', '\n# '))
        self.child.kill()
        self.child.wait()
        shutil.rmtree(self.folder)

    # -- the shell
    def begin(self, command):
        """Says it to the shell; end() waits for what it answers."""
        mark = uuids.uuid4().hex[:8]
        # now and then busybox's shell takes the end of a child for that of its input, and init starts another one:
        # what runs on is started as "(command &)", so that it is init's child
        self.serial.socket.sendall(f'echo {mark}"<"; test ! -e /env || . /env; {command}; echo "$?"{mark}"<"\n'.encode())
        return mark

    def end(self, mark, limit=None):
        """(status, output)"""
        found = self.serial.expect(rf'(?s){mark}<\n(.*?)(\d+){mark}<\n', limit)
        return int(found.group(2)), found.group(1)

    def run(self, *commands, limit=None):
        """The output of the last one; each must succeed."""
        for command in commands:
            status, output = self.end(self.begin(command), limit)
            assert status == 0, f'{command}: status {status}: {output}'
        return output

    def refused(self, command, naming):
        status, output = self.end(self.begin(command + ' 2>&1'))
        assert status != 0 and naming in output, f'{command}: status {status}: {output}'

    def read(self, path):
        return self.run(f'cat {path}').strip()

    # -- the daemon
    def start(self):
        self.run('(ostler-noded --root /r --verbose >>/noded.log 2>&1 & echo pid=$! >/env)',
                 'echo export LIBVIRT_DEFAULT_URI="nodedev:///system?socket=/r/run/libvirt/virtnodedevd-sock" >>/env',
                 'until virsh -q hostname >/dev/null 2>&1; do usleep 50000 2>/dev/null || sleep 0.1; done')


class Systemd(Virtual):
    """The machine of tests/lab/make-machine, with a daemon in it; sleeps on a disk, too."""

    def __init__(self, s, *options, **parts):
        self.lab = os.path.join(LAB, 'machine')
        if not os.path.exists(os.path.join(self.lab, 'root.img')):
            raise Skip('no machine with systemd (tests/lab/make-machine)')
        super().__init__(s, *options, memory=1024, **parts)

    def __enter__(self):
        os.makedirs(self.folder)
        path = self.path
        subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', os.path.join(self.lab, 'root.img'),
                        path('root')], check=True)
        with tarfile.open(path('files'), 'w') as tar:
            for source, target in ((stack.executable(BUILD, self.daemon), '/usr/bin/ostler-' + self.daemon), *self.more):
                tar.add(source, target.lstrip('/'))
        with open(path('swap'), 'wb') as f:
            f.truncate(1 << 30)
        self.boot()
        self.serial.expect('# ', 5 * LIMIT)
        self.serial.socket.sendall(b'stty -echo; touch /env; echo up"!"\n')
        self.serial.expect('up!\n')
        return self

    def path(self, name):
        return os.path.join(self.folder, name)

    def boot(self):
        """The first time, and again when it is to go on from its disk."""
        disks = [word for name, kind in (('root', 'qcow2'), ('files', 'raw'), ('swap', 'raw'))
                 for word in ('-drive', f'file={self.path(name)},format={kind},if=virtio,cache=unsafe')]
        for name in ('serial', 'qmp'):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        self.child = subprocess.Popen(
            [QEMU, '-nodefaults', '-no-user-config', '-machine', 'pc', '-accel', 'tcg,thread=multi', '-smp', '2',
             '-m', str(self.memory), '-display', 'none', '-no-reboot', *disks,
             '-serial', f'unix:{self.path("serial")},server=on,wait=off', '-qmp', f'unix:{self.path("qmp")},server=on,wait=off',
             '-kernel', os.path.join(self.lab, 'kernel'), '-initrd', os.path.join(self.lab, 'initrd'),
             '-append', 'console=ttyS0 quiet no_console_suspend mitigations=off tsc=reliable panic=-1 '
                        f'systemd.unit=shell.target systemd.show_status=0 {self.cmdline}', *self.options], stdin=subprocess.DEVNULL)
        self.monitor, self.serial = Monitor(self.path('qmp')), Serial(self.path('serial'))
