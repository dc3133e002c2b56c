#!/usr/bin/python3
"""daemon.py - the frame of every daemon: options, signals, sockets of its own and given ones, configuration"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import fcntl
import os
import signal
import socket
import subprocess
import tempfile

import libvirt
from harness import BUILD, LIMIT, case, contains, equal, guest_xml, main, stack, until

NAMES = list(stack.DAEMONS)


def program(name):
    return stack.executable(BUILD, name)


def run(name, *args, **kwargs):
    return subprocess.run([program(name), *args], capture_output=True, text=True, timeout=LIMIT, **kwargs)


class Root:
    """A root of its own with one daemon, for what would disturb the others."""

    def __init__(self, s, name):
        self.name, self.top = name, tempfile.mkdtemp(dir=s.home)
        os.chmod(self.top, 0o755)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stack.down(self.top)

    def start(self, *options, env=None):
        return stack.up(self.top, BUILD, [self.name], options, env)[self.name]

    def path(self, name):
        return os.path.join(self.top, name)

    def write_only_socket(self):
        return stack.socket_path(self.top, stack.DAEMONS[self.name][1][0])

    def log(self):
        return stack.last_lines(stack.log_path(self.top, self.name), 100)


@case('--version and --help', only='ostler')
def _(s):
    for name in NAMES:
        r = run(name, '--version')
        equal((r.returncode, r.stdout.split()[0]), (0, 'ostler-' + name))
        r = run(name, '--help')
        equal(r.returncode, 0)
        contains(r.stdout, '--root', '--config', '--verbose', '--timeout', '--version')


@case('options that do not exist are refused', only='ostler')
def _(s):
    for name in NAMES:
        for args in (['--warp'], ['--timeout', 'soon'], ['word']):
            r = run(name, *args)
            equal(r.returncode, 2)
            contains(r.stderr, args[-1].strip('-'))


@case('a second instance on the same root refuses to start', only='ostler')
def _(s):
    for name in NAMES:
        r = run(name, '--root', s.root)
        equal(r.returncode, 1)
        contains(r.stderr, name + '.pid')
    equal(s.conn.isAlive(), 1)


@case('the sockets are where clients look, and as open as they must be', only='ostler')
def _(s):
    for name, (_folder, (write, read, admin)) in stack.DAEMONS.items():
        modes = [os.stat(stack.socket_path(s.root, f)).st_mode & 0o777 for f in (write, read, admin)]
        equal(modes, [0o777, 0o777, 0o700])  # polkit decides who gets in


@case('SIGTERM ends it in order, and its sockets go', only='ostler')
def _(s):
    for name in NAMES:
        with Root(s, name) as root:
            child = root.start()
            child.send_signal(signal.SIGTERM)
            equal(child.wait(LIMIT), 0)
            equal(os.listdir(root.path('run/libvirt')), [])
            equal(stack.running(root.top, name), None)


@case('sockets that a killed daemon left are taken over', only='ostler')
def _(s):
    with Root(s, 'netd') as root:
        child = root.start()
        child.kill()
        child.wait()
        root.start()
        assert stack.answers(root.write_only_socket())


@case('--timeout ends what nobody uses, and not what is used', only='ostler')
def _(s):
    with Root(s, 'netd') as root:
        child = root.start('--timeout', '1')
        conn = libvirt.open(f'network:///system?socket={root.write_only_socket()}')
        try:
            child.wait(2)
            raise AssertionError('it ended under its client')
        except subprocess.TimeoutExpired:
            pass
        equal(conn.getType(), 'network')
        conn.close()
        equal(child.wait(LIMIT), 0)


@case('a qemud with guests does not end by --timeout', only='ostler')
def _(s):
    with Root(s, 'qemud') as root:
        child = root.start('--timeout', '1')
        conn = libvirt.open(f'qemu:///system?socket={root.write_only_socket()}')
        conn.createXML(guest_xml('one'), libvirt.VIR_DOMAIN_START_PAUSED)
        conn.close()
        try:
            child.wait(2.5)
            raise AssertionError('it left its guest')
        except subprocess.TimeoutExpired:
            pass
        conn = libvirt.open(f'qemu:///system?socket={root.write_only_socket()}')
        conn.lookupByName('one').destroy()
        conn.close()
        equal(child.wait(LIMIT), 0)


@case('sockets given by systemd are used, by their names', only='ostler')
def _(s):
    with Root(s, 'netd') as root:
        os.makedirs(root.path('run/libvirt'))
        sockets = []
        for name in stack.DAEMONS['netd'][1]:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(root.path('run/libvirt/' + name))
            listener.listen()
            sockets.append(listener)

        def give():
            """Descriptors 3 and up, as systemd numbers them."""
            high = [fcntl.fcntl(listener.fileno(), fcntl.F_DUPFD, 50) for listener in sockets]
            for number, fd in enumerate(high):
                os.dup2(fd, 3 + number)

        names = ':'.join(stack.DAEMONS['netd'][1])
        log = open(os.path.join(s.home, 'activated.log'), 'wb')
        # the process id is known only after the fork: a shell says it
        child = subprocess.Popen(['/bin/sh', '-c', 'LISTEN_PID=$$ exec "$0" "$@"', program('netd'), '--root', root.top],
                                 env=dict(os.environ, LISTEN_FDS='3', LISTEN_FDNAMES=names), stdout=log, stderr=log,
                                 close_fds=False, preexec_fn=give)
        conn = libvirt.open(f'network:///system?socket={root.write_only_socket()}')
        equal(conn.getType(), 'network')
        conn.close()
        child.terminate()
        equal(child.wait(LIMIT), 0)
        # what systemd made stays for the next start
        assert os.path.exists(root.write_only_socket())
        for listener in sockets:
            listener.close()


@case('the configuration is read; what is wrong in it is told with file and line', only='ostler')
def _(s):
    with Root(s, 'netd') as root:
        os.makedirs(root.path('etc/ostler'))
        with open(root.path('etc/ostler/netd.conf'), 'w') as f:
            f.write('# how many\nmax_clients = 2\n')
        root.start()
        uri = f'network:///system?socket={root.write_only_socket()}'
        first, second = libvirt.open(uri), libvirt.open(uri)
        equal((first.isAlive(), second.isAlive()), (1, 1))
    for text, name in (('max_clients = 2\nwarp = 9\n', 'warp'), ('max_clients = many\n', 'max_clients'),
                       ('max_clients = 0\n', 'max_clients')):
        with Root(s, 'netd') as root:
            path = root.path('netd.conf')
            with open(path, 'w') as f:
                f.write('\n' + text)
            r = run('netd', '--root', root.top, '--config', path)
            equal(r.returncode, 1)
            contains(r.stderr, name, path)


@case('a configuration that became wrong is not taken by SIGHUP', only='ostler')
def _(s):
    with Root(s, 'netd') as root:
        child = root.start()
        with open(root.path('etc/ostler/netd.conf'), 'w') as f:
            f.write('warp = 9\n')
        child.send_signal(signal.SIGHUP)
        until(lambda: 'warp' in root.log(), 'nothing is said about it')
        equal(child.poll(), None)
        assert stack.answers(root.write_only_socket())


@case('it says READY and STOPPING to systemd', only='ostler')
def _(s):
    with Root(s, 'noded') as root:
        path = os.path.join(s.home, 'notify')
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(path)
        notify.settimeout(LIMIT)
        child = subprocess.Popen([program('noded'), '--root', root.top], env=dict(os.environ, NOTIFY_SOCKET=path),
                                 stderr=subprocess.DEVNULL)
        contains(notify.recv(4096).decode(), 'READY=1')
        child.terminate()
        contains(notify.recv(4096).decode(), 'STOPPING=1')
        equal(child.wait(LIMIT), 0)
        os.unlink(path)


if __name__ == '__main__':
    main()
