#!/usr/bin/python3
"""admin.py - the stock virt-admin on every daemon, and ostler-admin"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import os
import re
import signal
import subprocess
import threading

import libvirt
from harness import BUILD, TOP, case, contains, equal, guest_xml, main, stack, until

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
DAEMONS = {'virtqemud': 'qemu', 'virtlxcd': 'lxc', 'virtnetworkd': 'network', 'virtnodedevd': 'nodedev',
           'virtproxyd': None}
ADMIN = os.path.join(BUILD, 'src/admin/ostler-admin')


def admin(daemon, *args, fails=False):
    r = subprocess.run(['virt-admin', '-q', '-c', daemon + ':///system', *args], capture_output=True, text=True,
                       stdin=subprocess.DEVNULL, timeout=60)
    assert (r.returncode != 0) == fails, f'virt-admin {daemon} {args}: {r.stdout}{r.stderr}'
    return r.stderr if fails else r.stdout


def table(text):
    return {k.strip(): v.strip() for k, v in (line.split(':', 1) for line in text.splitlines() if ':' in line)}


def rows(text):
    return [line.split() for line in text.splitlines() if line.strip()]


def ours(s, *args, fails=False):
    r = subprocess.run([ADMIN, '--root', s.root, *args], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                       timeout=60)
    assert (r.returncode != 0) == fails, f'ostler-admin {args}: {r.returncode} {r.stdout}{r.stderr}'
    return r.stderr if fails else r.stdout


# ---- the stock client ---------------------------------------------------------------------------

@case('every daemon is reached by its URI and has two servers', only='ostler')
def _(s):
    for daemon in DAEMONS:
        equal([r[1] for r in rows(admin(daemon, 'server-list'))], [daemon, 'admin'])
        contains(admin(daemon, 'uri'), f'{daemon}:///system')
        contains(admin(daemon, 'version'), '9.0.0')


@case('workers are told and limited', only='ostler')
def _(s):
    for daemon in DAEMONS:
        t = table(admin(daemon, 'server-threadpool-info', daemon))
        equal((t['minWorkers'], t['maxWorkers'], t['prioWorkers']), ('5', '20', '5'))
        admin(daemon, 'server-threadpool-set', daemon, '--min-workers', '2', '--max-workers', '9',
              '--priority-workers', '3')
        t = table(admin(daemon, 'server-threadpool-info', daemon))
        equal((t['minWorkers'], t['maxWorkers'], t['prioWorkers']), ('2', '9', '3'))
        contains(admin(daemon, 'server-threadpool-set', daemon, '--min-workers', '10', fails=True), 'maxWorkers')
        admin(daemon, 'server-threadpool-set', daemon, '--min-workers', '5', '--max-workers', '20',
              '--priority-workers', '5')
        equal(table(admin(daemon, 'server-threadpool-info', 'admin'))['maxWorkers'], '0')


@case('clients are listed, described and disconnected', only='ostler')
def _(s):
    for daemon, scheme in DAEMONS.items():
        if not scheme:
            continue
        before = {r[0] for r in rows(admin(daemon, 'client-list', daemon))}
        conn = libvirt.open(f'{scheme}:///system?socket={s.socket(daemon + "-sock")}')
        new = {r[0] for r in rows(admin(daemon, 'client-list', daemon))} - before
        equal(len(new), 1)
        t = table(admin(daemon, 'client-info', daemon, *new))
        equal((t['transport'], t['readonly'], t['unix_user_id'], t['unix_user_name'], t['unix_process_id']),
              ('unix', 'no', '0', 'root', str(os.getpid())))
        admin(daemon, 'client-disconnect', daemon, *new)
        until(lambda c=conn: not c.isAlive(), 'the client stays')
        contains(admin(daemon, 'client-info', daemon, *new, fails=True), 'no client')


@case('limits of clients are told and set', only='ostler')
def _(s):
    for daemon in DAEMONS:
        t = table(admin(daemon, 'server-clients-info', daemon))
        equal((t['nclients_max'], t['nclients_unauth_max']), ('5000', '20'))
        admin(daemon, 'server-clients-set', daemon, '--max-clients', '100', '--max-unauth-clients', '10')
        t = table(admin(daemon, 'server-clients-info', daemon))
        equal((t['nclients_max'], t['nclients_unauth_max']), ('100', '10'))
        contains(admin(daemon, 'server-clients-set', daemon, '--max-unauth-clients', '101', fails=True), 'nclients')
        admin(daemon, 'server-clients-set', daemon, '--max-clients', '5000', '--max-unauth-clients', '20')


@case('one client more than may be waits until another one goes', only='ostler')
def _(s):
    uri = f'network:///system?socket={s.socket("virtnetworkd-sock")}'
    first = libvirt.open(uri)
    used = int(table(admin('virtnetworkd', 'server-clients-info', 'virtnetworkd'))['nclients'])
    admin('virtnetworkd', 'server-clients-set', 'virtnetworkd', '--max-clients', str(used), '--max-unauth-clients', '1')
    done = threading.Event()

    def connect():
        libvirt.open(uri).close()
        done.set()

    threading.Thread(target=connect, daemon=True).start()
    assert not done.wait(0.5)
    first.close()
    assert done.wait(30)
    admin('virtnetworkd', 'server-clients-set', 'virtnetworkd', '--max-clients', '5000', '--max-unauth-clients', '20')


@case('filters and outputs of the log are told and set', only='ostler')
def _(s):
    path = os.path.join(s.home, 'extra.log')
    for daemon in DAEMONS:
        equal(admin(daemon, 'daemon-log-filters').strip(), '')
        admin(daemon, 'daemon-log-filters', '1:*rpc* 4:*loop*')
        contains(admin(daemon, 'daemon-log-filters'), '1:*rpc* 4:*loop*')
        before = admin(daemon, 'daemon-log-outputs').strip()
        admin(daemon, 'daemon-log-outputs', f'1:file:{path}')
        admin(daemon, 'daemon-log-filters', '')
        assert os.path.exists(path)
        admin(daemon, 'daemon-log-outputs', before)
        contains(admin(daemon, 'daemon-log-outputs', '1:nonsense', fails=True), 'nonsense')
        os.unlink(path)


@case('a daemon without TLS has no certificates to read again', only='ostler')
def _(s):
    for daemon in DAEMONS:
        contains(admin(daemon, 'server-update-tls', daemon, fails=True), 'TLS')


@case('the time after which a daemon without work ends is set', only='ostler')
def _(s):
    libvirt.open(f'nodedev:///system?socket={s.socket("virtnodedevd-sock")}').close()
    child = s.children.pop('noded')
    admin('virtnodedevd', 'daemon-timeout', '--timeout', '1')
    child.wait(30)
    equal(child.returncode, 0)
    s.start()


@case('it works while every worker is stuck', only='ostler')
def _(s):
    hang(s, 24)
    admin('virtqemud', 'client-list', 'virtqemud')
    t = table(admin('virtqemud', 'server-threadpool-info', 'virtqemud'))
    assert int(t['nWorkers']) >= 20, t


# ---- our own ------------------------------------------------------------------------------------

def hang(s, count):
    """So many guests whose emulators have stopped, and a call that waits for each."""
    import libvirt_qemu
    for i in range(count):
        dom = s.conn.createXML(guest_xml(f'stuck{i}'), PAUSED)
        os.kill(s.pid_of(dom), signal.SIGSTOP)

        def ask(dom=dom):
            try:
                libvirt_qemu.qemuMonitorCommand(s.connect().lookupByName(dom.name()), '{"execute":"query-status"}', 0)
            except libvirt.libvirtError:
                pass  # its guest is destroyed at the end of the case

        threading.Thread(target=ask, daemon=True).start()


@case('top tells of hung guests, and who waits for them', only='ostler')
def _(s):
    hang(s, 3)
    dom = s.conn.lookupByName('stuck0')
    threading.Thread(target=lambda: silently(dom.suspend), daemon=True).start()
    until(lambda: len(json.loads(ours(s, '--json', 'top'))['calls']) == 4, 'the calls are not there')
    now = json.loads(ours(s, '--json', 'top'))
    waiting = [c for c in now['calls'] if c['state'] == 'waiting']
    equal([(c['procedure'], c['object'], c['waits-for']) for c in waiting],
          [('domain_suspend', 'stuck0', 'qemu_domain_monitor_command')])
    until(lambda: sum(c['hung'] for c in json.loads(ours(s, '--json', 'top'))['calls']) == 3, 'they do not hang')
    text = ours(s, 'top')
    contains(text, 'stuck0', 'stuck2', 'hung', 'domain_suspend', 'user root, process')
    assert now['memory'] > 1 << 20 and now['descriptors'] > 5, now


def silently(call):
    try:
        call()
    except libvirt.libvirtError:
        pass


@case('trace tells of calls as they are answered', only='ostler')
def _(s):
    s.define('one')
    tracing = subprocess.Popen([ADMIN, '--root', s.root, '--json', '--count', '3', '--object', 'one', 'trace'],
                               stdout=subprocess.PIPE, text=True)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(tracing.stdout), daemon=True)
    reader.start()
    dom = s.conn.lookupByName('one')

    def again():
        dom.XMLDesc()
        silently(dom.suspend)
        return tracing.poll() is not None

    until(again, 'nothing is traced')
    reader.join(30)
    calls = [json.loads(line) for line in lines]
    equal({c['object'] for c in calls}, {'one'})
    assert all(c['running'] >= 0 and c['queued'] >= 0 for c in calls), calls
    assert any('not running' in c.get('error', '') for c in calls), calls


@case('config tells values and where they come from', only='ostler')
def _(s):
    path = os.path.join(s.root, 'etc/ostler/netd.conf')
    with open(path, 'w') as f:
        f.write('# one\nmax_clients = 77\nunix_sock_ro_perms = "0755"\n')
    s.kill('netd')
    s.start()
    admin('virtnetworkd', 'server-threadpool-set', 'virtnetworkd', '--max-workers', '33')
    keys = {k['key']: k for k in json.loads(ours(s, '--daemon', 'netd', '--json', 'config'))}
    equal((keys['max_clients']['value'], keys['max_clients']['origin']), (77, f'{path}:2'))
    equal((keys['unix_sock_ro_perms']['value'], keys['unix_sock_ro_perms']['origin']), ('0755', f'{path}:3'))
    equal((keys['max_workers']['value'], keys['max_workers']['origin']), (33, 'changed'))
    equal((keys['keepalive_count']['value'], keys['keepalive_count']['origin']), (5, 'default'))
    contains(ours(s, '-d', 'netd', 'config'), 'max_clients', f'{path}:2')
    os.unlink(path)


@case('check tells what is right and what to do', only='ostler')
def _(s):
    findings = json.loads(run_check(s)[1])
    assert {f['state'] for f in findings} <= {'ok', 'warn', 'fail'}
    answers = [f for f in findings if f['check'] == 'sockets']
    equal({f['state'] for f in answers}, {'ok'})
    equal(len(answers), 5)
    equal([f['state'] for f in findings if f['check'] == 'configuration'], ['ok'] * 5)
    path = os.path.join(s.root, 'etc/ostler/lxcd.conf')
    with open(path, 'w') as f:
        f.write('max_client = 3\n')
    s.kill('noded')
    code, text = run_check(s)
    findings = json.loads(text)
    equal(code, 1)
    bad = [f for f in findings if f['state'] == 'fail' and f['check'] in ('sockets', 'configuration')]
    equal(len(bad), 2)
    contains(bad[0]['found'] + bad[1]['found'], "did you mean 'max_clients'", 'noded')
    assert all(f.get('advice') for f in bad)
    os.unlink(path)
    s.start()


def run_check(s):
    """With the daemons beside each other, as they are installed."""
    folder = os.path.join(s.home, 'bin')
    if not os.path.exists(folder):
        os.mkdir(folder)
        for name, (where, _sockets) in stack.DAEMONS.items():
            os.symlink(os.path.join(BUILD, 'src', where, 'ostler-' + name),
                       os.path.join(folder, 'ostler-' + name))
    r = subprocess.run([ADMIN, '--root', s.root, '--json', 'check'], capture_output=True, text=True, timeout=60,
                       env=dict(os.environ, PATH=folder + ':' + os.environ['PATH']))
    return r.returncode, r.stdout


@case('a signal puts the same into the log', only='ostler')
def _(s):
    path = stack.log_path(s.root, 'qemud')
    size = os.path.getsize(path)
    os.kill(s.daemon_pid(), signal.SIGUSR1)

    def told():
        with open(path, errors='replace') as f:
            f.seek(size)
            return re.search(r'bytes resident.*workers', f.read())

    until(told, 'nothing in the log')


@case('what it cannot do it says', only='ostler')
def _(s):
    contains(ours(s, 'nonsense', fails=True), 'nonsense')
    contains(ours(s, '--daemon', 'nobody', 'top', fails=True), 'nobody')
    s.kill('lxcd')
    contains(ours(s, '--daemon', 'lxcd', 'top', fails=True), 'cannot connect')
    s.start()
    with open(os.path.join(TOP, 'data/man/ostler-admin.8')) as f:
        page = f.read().replace('\\-', '-')
    for option in re.findall(r'--[a-z]+', ours(s, '--help')):
        assert option in ('--help',) or option in page, f'{option} is not in the manual'


if __name__ == '__main__':
    main()
