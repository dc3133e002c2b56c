#!/usr/bin/python3
"""stack.py - the daemons of a build tree under a root of their own: start, stop, look

usage: stack.py up|down|status ROOT [--build DIR] [--guests] [NAME...]
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import argparse
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

# name, folder under src/, the sockets below run/libvirt
DAEMONS = {
    'qemud': ('qemud', ('virtqemud-sock', 'virtqemud-sock-ro', 'virtqemud-admin-sock')),
    'lxcd': ('lxcd', ('virtlxcd-sock', 'virtlxcd-sock-ro', 'virtlxcd-admin-sock')),
    'netd': ('netd', ('virtnetworkd-sock', 'virtnetworkd-sock-ro', 'virtnetworkd-admin-sock')),
    'noded': ('noded', ('virtnodedevd-sock', 'virtnodedevd-sock-ro', 'virtnodedevd-admin-sock')),
    'proxyd': ('proxy', ('libvirt-sock', 'libvirt-sock-ro', 'virtproxyd-admin-sock')),
}
START_LIMIT = 15  # seconds until READY=1; a sanitized build needs a few
STOP_LIMIT = 30


class StackError(Exception):
    pass


def executable(build, name):
    return os.path.join(build, 'src', DAEMONS[name][0], 'ostler-' + name)


def socket_path(root, name):
    return os.path.join(root, 'run/libvirt', name)


def log_path(root, name):
    return os.path.join(root, 'var/log/ostler', name + '.log')


def uri(root, socket_name='libvirt-sock', scheme='qemu'):
    return f'{scheme}:///system?socket={socket_path(root, socket_name)}'


def running(root, name):
    """The daemon's process id, or None: what its pid file says and /proc confirms."""
    try:
        with open(os.path.join(root, f'run/ostler/{name}.pid')) as f:
            pid = int(f.read())
        with open(f'/proc/{pid}/cmdline', 'rb') as f:
            program = f.read().split(b'\0')[0].decode()
    except (OSError, ValueError):
        return None
    return pid if os.path.basename(program) == 'ostler-' + name else None


def answers(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        try:
            s.connect(path)
        except OSError:
            return False
    return True


def last_lines(path, count=15):
    try:
        with open(path, errors='replace') as f:
            return ''.join(f.readlines()[-count:])
    except OSError:
        return ''


def wait_for_end(pids, limit):
    """Those of the processes that are still there when the limit is over."""
    deadline = time.monotonic() + limit
    left = []
    for pid in pids:
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if not poll.poll(max(0, deadline - time.monotonic()) * 1000):
            left.append(pid)
        os.close(fd)
    return left


verbose = True  # they tell of each call; what measures them turns that off


class Starting:
    """One daemon between exec and READY=1."""

    def __init__(self, root, build, name, folder, options=(), env=None):
        self.name = name
        self.log = log_path(root, name)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(os.path.join(folder, name))
        environment = dict(os.environ if env is None else env,
                           NOTIFY_SOCKET=os.path.join(folder, name))
        with open(self.log, 'ab') as log:
            self.child = subprocess.Popen(
                [executable(build, name), '--root', root, *(['--verbose'] if verbose else []), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                cwd='/', start_new_session=True)
        self.end = os.pidfd_open(self.child.pid)

    def wait(self, deadline):
        poll = select.poll()
        poll.register(self.notify, select.POLLIN)
        poll.register(self.end, select.POLLIN)
        while True:
            ready = dict(poll.poll(max(0, deadline - time.monotonic()) * 1000))
            if self.notify.fileno() in ready:
                if b'READY=1' in self.notify.recv(4096).split(b'\n'):
                    return self.child
            elif self.end in ready:
                raise StackError(f'ostler-{self.name} ended with status {self.child.wait()}:\n'
                                 + last_lines(self.log))
            else:
                self.child.kill()
                raise StackError(f'ostler-{self.name} was not ready after {START_LIMIT} s:\n'
                                 + last_lines(self.log))

    def close(self):
        self.notify.close()
        os.close(self.end)


def up(root, build, names=(), options=(), env=None):
    """Starts those that do not run yet, side by side; returns {name: child} of the new ones."""
    missing = [n for n in names or DAEMONS if not running(root, n)]
    for name in missing:
        if not os.access(executable(build, name), os.X_OK):
            raise StackError(f'{executable(build, name)} is missing: build first (ninja -C {build})')
    os.makedirs(os.path.join(root, 'var/log/ostler'), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='ostler-up-') as folder:
        starting = [Starting(root, build, n, folder, options, env) for n in missing]
        deadline = time.monotonic() + START_LIMIT
        try:
            return {s.name: s.wait(deadline) for s in starting}
        except StackError:
            for s in starting:
                s.child.terminate()
            raise
        finally:
            for s in starting:
                s.close()


def down(root, names=()):
    pids = {pid: n for n in names or DAEMONS if (pid := running(root, n))}
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    left = wait_for_end(pids, STOP_LIMIT)
    if left:
        raise StackError('still running %d s after SIGTERM: %s' % (
            STOP_LIMIT, ', '.join(f'ostler-{pids[p]} (pid {p})' for p in left)))
    return pids


def end_guests(root):
    """Destroys what runs: what is left when the daemons are gone would run on."""
    if not answers(socket_path(root, 'libvirt-sock')):
        raise StackError('guests can be ended only while the daemons run')
    virsh = ['virsh', '-q', '-c', uri(root)]
    names = subprocess.run([*virsh, 'list', '--name'], check=True, capture_output=True, text=True)
    for name in names.stdout.split('\n'):
        if name:
            subprocess.run([*virsh, 'destroy', '--', name], check=True)


def status(root):
    whole = True
    for name, (_folder, sockets) in DAEMONS.items():
        pid = running(root, name)
        silent = [s for s in sockets if not answers(socket_path(root, s))]
        whole = whole and pid and not silent
        if pid:
            state = f'pid {pid:<8}'
            state += 'sockets answer' if not silent else 'silent: ' + ', '.join(silent)
        else:
            state = 'not running'
        print(f'  ostler-{name:<8} {state}')
    return whole


def print_uris(root):
    print('URIs:')
    print(f'  everything       {uri(root)}')
    print(f'  read only        {uri(root, "libvirt-sock-ro")}')
    print(f'  qemud itself     {uri(root, "virtqemud-sock")}')
    print('Try:')
    print(f"  virsh -c '{uri(root)}' list --all")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('action', choices=('up', 'down', 'status'))
    parser.add_argument('root')
    parser.add_argument('names', nargs='*', choices=[[], *DAEMONS])
    parser.add_argument('--build', default='build')
    parser.add_argument('--guests', action='store_true')
    a = parser.parse_intermixed_args()
    root = os.path.abspath(a.root)
    try:
        if a.action == 'up':
            up(root, os.path.abspath(a.build), a.names)
            status(root)
            print_uris(root)
        elif a.action == 'down':
            if a.guests:
                end_guests(root)
            down(root, a.names)
        elif not status(root):
            sys.exit(3)
    except (StackError, subprocess.CalledProcessError) as e:
        sys.exit(f'stack: {e}')


if __name__ == '__main__':
    main()
