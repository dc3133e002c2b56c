#!/usr/bin/python3
"""ssh.py - clients on other hosts by ssh: the helper joins them to the daemon of their URI"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import shutil
import socket
import subprocess

import libvirt
from harness import BUILD, Console, Skip, case, contains, equal, main, refused, until
from libvirt import VIR_ERR_OPERATION_DENIED

PORT = 2222
HELPER = os.path.join(BUILD, 'src/proxy/virt-ssh-helper')


def at(s, name):
    return os.path.join(s.home, 'ssh', name)


def write(path, text, mode=0o600):
    with open(path, 'w') as f:
        f.write(text)
    os.chmod(path, mode)


def server(s):
    """An ssh server of this test's own, which knows one key."""
    if not os.path.exists('/usr/sbin/sshd') or not shutil.which('ssh'):
        raise Skip('no ssh')
    if os.path.exists(at(s, '')):
        return
    os.makedirs(at(s, 'bin'))
    os.makedirs('/run/sshd', mode=0o755)
    shutil.copy(HELPER, at(s, 'bin'))
    for key in ('host', 'key'):
        subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', at(s, key)], check=True)
    shutil.copy(at(s, 'key.pub'), at(s, 'authorized_keys'))
    write(at(s, 'sshd_config'), f"""ListenAddress 127.0.0.1:{PORT}
HostKey {at(s, 'host')}
AuthorizedKeysFile {at(s, 'authorized_keys')}
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
PidFile {at(s, 'sshd.pid')}
SetEnv PATH={at(s, 'bin')}:/usr/bin:/bin
""")
    write(at(s, 'config'), f"""Host *
    Port {PORT}
    User root
    IdentityFile {at(s, 'key')}
    UserKnownHostsFile {at(s, 'known_hosts')}
    StrictHostKeyChecking no
    LogLevel ERROR
""")
    write(at(s, 'client'), f'#!/bin/sh\nexec ssh -F {at(s, "config")} "$@"\n', 0o755)
    s.sshd = subprocess.Popen(['/usr/sbin/sshd', '-D', '-e', '-f', at(s, 'sshd_config')],
                              stderr=open(at(s, 'log'), 'wb'))
    until(answers, 'sshd does not answer')


def answers():
    try:
        socket.create_connection(('127.0.0.1', PORT)).close()
    except OSError:
        return False
    return True


def uri(s, scheme='qemu', **more):
    words = ''.join(f'&{k}={v}' for k, v in more.items())
    return f'{scheme}+ssh://localhost/system?command={at(s, "client")}{words}'


def virsh(uri, *args, fails=False):
    r = subprocess.run(['virsh', '-q', '-c', uri, *args], capture_output=True, text=True, timeout=60,
                       stdin=subprocess.DEVNULL)
    assert (r.returncode != 0) == fails, f'virsh {args}: {r.returncode} {r.stdout}{r.stderr}'
    return r.stderr if fails else r.stdout


@case('the stock client reaches guests by ssh', only='ostler')
def _(s):
    server(s)
    s.define('one')
    contains(virsh(uri(s), 'list', '--all', '--name'), 'one')
    virsh(uri(s), 'start', 'one', '--paused')
    contains(virsh(uri(s), 'domstate', 'one'), 'paused')
    contains(virsh(uri(s, proxy='native'), 'list', '--name'), 'one')


@case('every driver is reached by ssh', only='ostler')
def _(s):
    server(s)
    for scheme, kind in (('lxc', 'LXC'), ('network', 'network'), ('nodedev', 'nodedev')):
        equal(libvirt.open(uri(s, scheme, proxy='native')).getType(), kind)


@case('who only looks changes nothing', only='ostler')
def _(s):
    server(s)
    s.define('one')
    conn = libvirt.openReadOnly(uri(s, proxy='native'))
    refused(VIR_ERR_OPERATION_DENIED, conn.lookupByName('one').create)


@case('streams and events take this way too', only='ostler')
def _(s):
    server(s)
    dom = s.shared()
    conn = libvirt.open(uri(s))
    events = s.events('LIFECYCLE', conn=conn)
    conn.lookupByName('vm').suspend()
    events.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_SUSPENDED)
    dom.resume()

    class Far:
        connect = staticmethod(lambda: libvirt.open(uri(s)))

    console = Console(Far, 'vm')
    s.opened.append(console)
    console.send('\n')
    equal(len(console.run('seq 1 20000').split()), 20000)


@case('the helper says why it cannot help', only='ostler')
def _(s):
    server(s)
    contains(virsh(uri(s, 'vbox', proxy='native'), 'list', fails=True), 'no driver serves')
    for args, words in ((['qemu:///session'], 'session'), ([], 'a URI is needed'), (['--what'], 'what')):
        r = subprocess.run([HELPER, *args], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert r.returncode and words in r.stderr, r


@case('what it said before its end is answered', only='ostler')
def _(s):
    server(s)
    frame = bytes.fromhex('0000001c 20008086 00000001 00000042 00000000 00000000 00000000'.replace(' ', ''))
    r = subprocess.run([HELPER, 'qemu:///system'], input=frame, capture_output=True, timeout=30)
    equal((r.returncode, len(r.stdout)), (0, 36))


@case('the server ends, and its connections', only='ostler')
def _(s):
    server(s)
    conn = libvirt.open(uri(s))
    s.sshd.terminate()
    s.sshd.wait()
    conn.close()


if __name__ == '__main__':
    main(kept=('vm',))
