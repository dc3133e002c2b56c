#!/usr/bin/python3
"""systemd_cases.py - runs on a host with systemd as PID 1 (tests/lab/run-host): activation, idleness, crashes,
rights, a restart of the host"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback

sys.path.append('/lab/in')
import pki  # noqa: E402

LIMIT = 60
DAEMONS = {'qemud': 'virtqemud', 'lxcd': 'virtlxcd', 'netd': 'virtnetworkd', 'noded': 'virtnodedevd',
           'proxyd': 'virtproxyd'}
URIS = {'qemud': 'qemu', 'lxcd': 'lxc', 'netd': 'network', 'noded': 'nodedev'}
MEMORY = '/var/lib/cases.json'  # what outlives a restart of the host
cases = []


def case(name, after_restart=False):
    def add(function):
        cases.append((name, after_restart, function))
        return function
    return add


class Skip(Exception):
    pass


def run(*args, fails=False, user=None, **more):
    words = ['runuser', '-u', user, '--', *args] if user else args
    r = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=LIMIT, **more)
    assert (r.returncode != 0) == fails, f'{args}: {r.returncode} {r.stdout}{r.stderr}'
    return (r.stderr if fails else r.stdout).strip()


def virsh(*args, uri='qemu:///system', **more):
    return run('virsh', '-q', '-c', uri, *args, **more)


def show(unit, what):
    return run('systemctl', 'show', '--property', what, '--value', unit)


def pid_of(daemon):
    return int(show(f'ostler-{daemon}', 'MainPID'))


def state(daemon):
    return show(f'ostler-{daemon}', 'ActiveState')


def until(condition, what):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def equal(got, want):
    assert got == want, f'got {got!r}, not {want!r}'


def contains(text, *pieces):
    for piece in pieces:
        assert piece in text, f'no {piece!r} in {text!r}'


def guest_xml(name):
    return f"""<domain type='qemu'><name>{name}</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>/var/guest/kernel</kernel><initrd>/var/guest/initrd</initrd>
<cmdline>console=ttyS0 quiet panic=-1</cmdline></os><features><acpi/></features>
<devices><serial type='pty'/></devices></domain>"""


def define(name):
    path = f'/var/guest/{name}.xml'
    with open(path, 'w') as f:
        f.write(guest_xml(name))
    virsh('define', path)


def emulators():
    """{name: pid} of the guests that run."""
    found = {}
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as f:
                words = f.read().decode(errors='replace')
        except OSError:
            continue
        if words.startswith('/usr/bin/qemu-system') and (name := re.search(r'guest=([^,\0]+)', words)):
            found[name.group(1)] = int(pid)
    return found


def drop_in(unit, text):
    folder = f'/etc/systemd/system/{unit}.d'
    os.makedirs(folder, exist_ok=True)
    with open(f'{folder}/test.conf', 'w') as f:
        f.write(text)
    run('systemctl', 'daemon-reload')


def undo_drop_in(unit):
    shutil.rmtree(f'/etc/systemd/system/{unit}.d')
    run('systemctl', 'daemon-reload')


def status_of(pid):
    with open(f'/proc/{pid}/status') as f:
        return dict(line.rstrip('\n').split(':\t', 1) for line in f if ':\t' in line)


# ---- before the host is restarted ---------------------------------------------------------------

@case('units are there under both names, and enabled as the preset says')
def _():
    for daemon, alias in DAEMONS.items():
        for end in ('', '-ro', '-admin'):
            equal(run('systemctl', 'is-enabled', f'ostler-{daemon}{end}.socket'), 'enabled')
        equal(show(f'{alias}.service', 'Id'), f'ostler-{daemon}.service')
        equal(show(f'{alias}-ro.socket', 'Id'), f'ostler-{daemon}-ro.socket')
    for door in ('tcp', 'tls'):
        contains(run('systemctl', 'is-enabled', f'ostler-proxyd-{door}.socket', fails=True), '')
    failed = run('systemctl', '--failed', '--plain', '--no-legend')
    assert 'ostler' not in failed, failed


@case('users and directories are there')
def _():
    for user in ('ostler', 'ostler-qemu'):
        pwd.getpwnam(user)
    for path, mode in (('/run/libvirt', 0o755), ('/run/ostler', 0o711), ('/var/lib/ostler', 0o711)):
        equal(os.stat(path).st_mode & 0o777, mode)


@case('the first client starts the daemon that serves it')
def _():
    for daemon in ('netd', 'noded', 'proxyd'):
        equal(state(daemon), 'inactive')
    contains(virsh('uri', uri='network:///system'), 'network:///system')
    equal(state('netd'), 'active')
    equal(state('noded'), 'inactive')
    contains(virsh('uri', uri='qemu:///system?socket=/run/libvirt/libvirt-sock'), 'qemu')
    equal(state('proxyd'), 'active')


@case('what one daemon relays starts the other')
def _():
    equal(state('noded'), 'inactive')
    subprocess.run(['virsh', '-q', '-c', 'qemu:///system', 'nodedev-list'], capture_output=True)
    equal(state('noded'), 'active')


@case('a daemon without work ends, and comes back')
def _():
    virsh('uri', uri='nodedev:///system')
    run('virt-admin', '-c', 'virtnodedevd:///system', 'daemon-timeout', '--timeout', '1')
    until(lambda: state('noded') == 'inactive', 'noded stays')
    equal(show('ostler-noded', 'Result'), 'success')
    contains(virsh('uri', uri='nodedev:///system'), 'nodedev:///system')
    equal(state('noded'), 'active')


@case('a guest is in a unit of its own and outlives crash, restart and stop of its daemon')
def _():
    define('one')
    virsh('start', 'one', '--paused')
    pid = emulators()['one']
    with open(f'/proc/{pid}/cgroup') as f:
        contains(f.read(), 'machine.slice/ostler-qemu-')
    daemon = pid_of('qemud')
    os.kill(daemon, signal.SIGKILL)
    until(lambda: state('qemud') == 'active' and pid_of('qemud') not in (0, daemon), 'no restart')
    equal(virsh('domstate', 'one'), 'paused')
    run('systemctl', 'restart', 'ostler-qemud')
    equal(virsh('domstate', 'one'), 'paused')
    run('systemctl', 'stop', 'ostler-qemud.service')
    equal(state('qemud'), 'inactive')
    equal(emulators()['one'], pid)
    equal(virsh('domstate', 'one'), 'paused')
    equal(emulators()['one'], pid)


@case('a daemon whose guests run does not end')
def _():
    run('virt-admin', '-c', 'virtqemud:///system', 'daemon-timeout', '--timeout', '1')
    time.sleep(2.5)  # for something not to happen
    equal(state('qemud'), 'active')
    virsh('destroy', 'one')
    until(lambda: state('qemud') == 'inactive', 'qemud stays')
    equal(virsh('domstate', 'one'), 'shut off')


@case('a daemon that hangs is killed and started again')
def _():
    drop_in('ostler-noded.service', '[Service]\nWatchdogSec=1\n')
    run('systemctl', 'restart', 'ostler-noded')
    pid = pid_of('noded')
    os.kill(pid, signal.SIGSTOP)
    until(lambda: state('noded') == 'active' and pid_of('noded') not in (0, pid), 'no restart')
    contains(virsh('uri', uri='nodedev:///system'), 'nodedev')
    undo_drop_in('ostler-noded.service')
    run('systemctl', 'restart', 'ostler-noded')


@case('a reload reads the configuration, and a bad one changes nothing')
def _():
    path = '/etc/ostler/netd.conf'
    virsh('uri', uri='network:///system')
    pid = pid_of('netd')
    for text, most in (('max_clients = 77\n', '77'), ('max_clients = "x"\n', '77'), ('', '5000')):
        with open(path, 'w') as f:
            f.write(text)
        run('systemctl', 'reload', 'ostler-netd')
        until(lambda m=most: re.search(rf'nclients_max +: {m}\b', run(
            'virt-admin', '-c', 'virtnetworkd:///system', 'srv-clients-info', 'virtnetworkd')), 'no new limit')
    os.unlink(path)
    equal(pid_of('netd'), pid)


@case('the proxy is nobody, with no rights, and hands clients over all the same')
def _():
    virsh('list', uri='qemu:///system?socket=/run/libvirt/libvirt-sock')
    status = status_of(pid_of('proxyd'))
    equal(status['Uid'].split()[0], str(pwd.getpwnam('ostler').pw_uid))
    for what in ('CapEff', 'CapPrm', 'CapBnd', 'CapAmb'):
        equal(int(status[what], 16), 0)
    equal((status['NoNewPrivs'], status['Seccomp']), ('1', '2'))


@case('daemons have only the rights that they need')
def _():
    net_admin, sys_module, sys_time = 12, 16, 25
    for daemon, uri in URIS.items():
        virsh('uri', uri=f'{uri}:///system')
        bounding = int(status_of(pid_of(daemon))['CapBnd'], 16)
        assert not bounding & (1 << sys_module | 1 << sys_time), f'{daemon}: {bounding:x}'
        if daemon == 'qemud':
            assert not bounding & 1 << net_admin, f'{bounding:x}'


@case('within these limits networks begin and end, and devices are found')
def _():
    path = '/var/guest/net.xml'
    with open(path, 'w') as f:
        f.write("<network><name>lab</name><forward mode='nat'/><bridge name='lab0'/>"
                "<ip address='192.168.77.1' prefix='24'><dhcp><range start='192.168.77.10' end='192.168.77.20'/>"
                "</dhcp></ip></network>")
    virsh('net-define', path)
    virsh('net-start', 'lab')
    contains(run('ip', '-brief', 'address', 'show', 'lab0'), '192.168.77.1/24')
    run('systemctl', 'restart', 'ostler-netd')
    contains(virsh('net-info', 'lab'), 'Active:         yes')
    virsh('net-destroy', 'lab')
    virsh('net-undefine', 'lab')
    contains(virsh('nodedev-list'), 'computer')
    contains(virsh('nodeinfo'), 'CPU(s)')


@case('within these limits containers begin, outlive their daemon and end')
def _():
    lxc = 'lxc:///system'
    path = '/var/guest/box.xml'
    with open(path, 'w') as f:
        f.write("<domain type='lxc'><name>box</name><memory unit='MiB'>64</memory><os><type>exe</type>"
                "<init>/bin/sleep</init><initarg>1000</initarg></os><devices><console type='pty'/></devices></domain>")
    virsh('define', path, uri=lxc)
    virsh('start', 'box', uri=lxc)
    equal(virsh('domstate', 'box', uri=lxc), 'running')
    contains(run('systemctl', 'list-units', '--type=scope', '--no-legend'), 'Container box')
    pid = pid_of('lxcd')
    os.kill(pid, signal.SIGKILL)
    until(lambda: state('lxcd') == 'active' and pid_of('lxcd') not in (0, pid), 'no restart')
    equal(virsh('domstate', 'box', uri=lxc), 'running')
    virsh('destroy', 'box', uri=lxc)
    virsh('undefine', 'box', uri=lxc)


@case('within these limits containers have links, restart themselves, and are of 32 bits')
def _():
    lxc = 'lxc:///system'
    path, mark = '/var/guest/box.xml', '/var/guest/again'
    again = ("import ctypes, os, time; os.path.exists('" + mark + "') or (open('" + mark + "', 'w'), "
             "ctypes.CDLL(None).reboot(0x01234567)); print(os.uname().machine, os.listdir('/sys/class/net'), "
             "file=open('" + mark + "', 'w'), flush=True); time.sleep(1000)")
    with open(path, 'w') as f:
        f.write("<domain type='lxc'><name>box</name><memory unit='MiB'>64</memory><os><type arch='i686'>exe</type>"
                f"<init>/usr/bin/python3</init><initarg>-c</initarg><initarg>{again}</initarg></os><devices>"
                "<interface type='ethernet'/><hostdev mode='capabilities' type='net'><source><interface>given0</interface>"
                "</source></hostdev><console type='pty'/></devices></domain>")
    run('ip', 'link', 'add', 'given0', 'type', 'veth', 'peer', 'name', 'given1')
    virsh('create', path, uri=lxc)
    until(lambda: os.path.exists(mark) and 'given0' in open(mark).read(), 'it does not begin again')
    with open(mark) as f:
        contains(f.read(), 'i686', 'eth0')
    virsh('destroy', 'box', uri=lxc)
    run('ip', 'link', 'delete', 'given0')
    os.unlink(mark)
    with open(path) as f:
        text = f.read()
    with open(path, 'w') as f:
        f.write(text.replace('<devices>', "<features><capabilities policy='default'><sys_time state='on'/></capabilities>"
                             '</features><devices>'))
    contains(virsh('create', path, uri=lxc, fails=True), "'sys_time' cannot be kept")


# ---- users of the host --------------------------------------------------------------------------

def polkit():
    if not os.path.exists('/usr/lib/polkit-1/polkitd') and not os.path.exists('/usr/libexec/polkitd'):
        raise Skip('no polkit')


@case('a plain user may look, and is told why no more')
def _():
    polkit()
    virsh('-r', 'list', user='nobody')
    contains(virsh('list', user='nobody', fails=True), 'polkit')
    through_proxy = 'qemu:///system?socket=/run/libvirt/libvirt-sock'
    contains(virsh('list', uri=through_proxy, user='nobody', fails=True), 'polkit')
    virsh('-r', 'list', uri=through_proxy + '-ro', user='nobody')


@case('a rule of the administrator lets a user in')
def _():
    polkit()
    os.makedirs('/etc/polkit-1/rules.d', exist_ok=True)
    with open('/etc/polkit-1/rules.d/10-test.rules', 'w') as f:
        f.write('polkit.addRule(function(action, subject) {\n  if (action.id == "org.libvirt.unix.manage" && '
                'subject.user == "nobody") return polkit.Result.YES; });\n')
    subprocess.run(['systemctl', 'restart', 'polkit'], check=True)
    virsh('list', user='nobody')
    virsh('list', uri='qemu:///system?socket=/run/libvirt/libvirt-sock', user='nobody')
    virsh('start', 'one', '--paused', user='nobody')
    virsh('destroy', 'one', user='nobody')


@case('polkit decides about each call where it is asked to')
def _():
    polkit()
    with open('/etc/ostler/qemud.conf', 'w') as f:
        f.write('access_drivers = [ "polkit" ]\n')
    with open('/etc/polkit-1/rules.d/10-test.rules', 'a') as f:
        f.write('polkit.addRule(function(action, subject) {\n  if (action.id == "org.libvirt.api.domain.start" && '
                'action.lookup("domain_name") == "one") return polkit.Result.YES; });\n')
    subprocess.run(['systemctl', 'restart', 'polkit'], check=True)
    define('two')
    run('systemctl', 'reload', 'ostler-qemud')
    virsh('start', 'one', '--paused', user='nobody')
    contains(virsh('destroy', 'one', user='nobody', fails=True), 'domain.stop')
    contains(virsh('start', 'two', user='nobody', fails=True), 'domain.start')
    virsh('destroy', 'one')
    os.unlink('/etc/ostler/qemud.conf')
    run('systemctl', 'reload', 'ostler-qemud')


@case('without polkit nobody but root gets in, and the reason is told')
def _():
    polkit()
    subprocess.run(['systemctl', 'mask', '--now', 'polkit'], check=True, capture_output=True)
    contains(virsh('list', user='nobody', fails=True), 'polkit')
    virsh('list')
    subprocess.run(['systemctl', 'unmask', 'polkit'], check=True, capture_output=True)


@case('group and mode of the configuration hold for sockets that systemd has made')
def _():
    with open('/etc/ostler/netd.conf', 'w') as f:
        f.write('auth_unix_rw = "none"\nunix_sock_group = "kvm"\nunix_sock_rw_perms = "0770"\n')
    run('systemctl', 'restart', 'ostler-netd')
    uri = 'network:///system'
    virsh('uri', uri=uri)
    virsh('uri', uri=uri, user='nobody', fails=True)
    run('virsh', '-q', '-c', uri, 'uri', user='ostler-qemu')
    os.unlink('/etc/ostler/netd.conf')
    run('systemctl', 'restart', 'ostler-netd')


# ---- other hosts --------------------------------------------------------------------------------

@case('TLS by the socket of systemd, with a key that only the proxy can read')
def _():
    if not pki.is_there():
        raise Skip('no certtool')
    authority = pki.Authority('/var/pki')
    certificate, key = authority.sign('server', 'server')
    for source, place in ((authority.certificate, '/etc/pki/CA/cacert.pem'),
                          (certificate, '/etc/pki/libvirt/servercert.pem'),
                          (key, '/etc/pki/libvirt/private/serverkey.pem')):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copy(source, place)
    shutil.chown('/etc/pki/libvirt/private/serverkey.pem', 'root', 'ostler')
    os.chmod('/etc/pki/libvirt/private/serverkey.pem', 0o640)
    run('systemctl', 'stop', 'ostler-proxyd.service')
    run('systemctl', 'start', 'ostler-proxyd-tls.socket')
    folder = authority.client('alice')
    contains(virsh('list', '--all', uri=f'qemu+tls://localhost/system?pkipath={folder}'), 'one')
    run('systemctl', 'stop', 'ostler-proxyd-tls.socket', 'ostler-proxyd.service')


@case('nothing is wrong with this host, and the rest is in its place')
def _():
    found = json.loads(run('ostler-admin', '--json', 'check'))
    equal([f for f in found if f['state'] == 'fail'], [])
    ours = {f['check']: f['state'] for f in found if f['check'] in ('systemd', 'users', 'configuration', 'sockets')}
    equal(set(ours.values()), {'ok'})
    for page in ('man8/ostler-qemud.8', 'man5/ostler-proxyd.conf.5', 'man5/access.conf.5', 'man8/ostler-admin.8',
                 'man8/virt-ssh-helper.8'):
        assert os.path.exists('/usr/share/man/' + page), page
    for example in ('qemud.conf', 'proxyd.conf', 'access.conf', 'example.rules'):
        assert os.path.exists('/usr/share/doc/ostler/examples/' + example), example
    run('/usr/bin/virt-ssh-helper', '--version')


@case('what systemd thinks of the units is what we have written down')
def _():
    for daemon in DAEMONS:
        level = run('systemd-analyze', 'security', '--no-pager', f'ostler-{daemon}.service').splitlines()[-1]
        print(f'# ostler-{daemon}: {level.strip()}')


# ---- the host is restarted ----------------------------------------------------------------------

@case('guests that start with the host do so once')
def _():
    virsh('autostart', 'one')
    run('systemctl', 'stop', 'ostler-qemud.service')
    run('systemctl', 'start', 'ostler-qemud.service')
    equal(virsh('domstate', 'one'), 'shut off')


@case('a guest that runs when the host ends is asked to shut down')
def _():
    define('three')
    virsh('start', 'three')
    began = time.monotonic()
    run('systemctl', 'stop', 'ostler-guests')
    assert time.monotonic() - began < 60
    equal(virsh('domstate', 'three', '--reason'), 'shut off (shutdown)')
    with open('/var/lib/ostler/guests') as f:
        equal(f.read(), f'qemu:///system {virsh("domuuid", "three")}\n')
    run('systemctl', 'start', 'ostler-guests')
    equal(virsh('domstate', 'three'), 'running')
    equal(virsh('domstate', 'two'), 'shut off')


@case('after a restart of the host what is to run runs, and nothing else', after_restart=True)
def _():
    until(lambda: virsh('domstate', 'one') == 'running', 'it is not started')
    until(lambda: virsh('domstate', 'three') == 'running', 'it is not started again')
    equal(virsh('domstate', 'two'), 'shut off')
    virsh('destroy', 'three')
    equal(state('qemud'), 'active')
    virsh('destroy', 'one')
    run('systemctl', 'restart', 'ostler-qemud')
    equal(virsh('domstate', 'one'), 'shut off')


def remember():
    try:
        with open(MEMORY) as f:
            return json.load(f)
    except OSError:
        return {}


def prepare():
    os.makedirs('/var/guest')
    for name in ('kernel', 'initrd'):
        shutil.copy('/lab/in/' + name, '/var/guest')
    # what an installation ends with
    run('systemd-sysusers')
    run('systemd-tmpfiles', '--create')
    units = [f for f in os.listdir('/usr/lib/systemd/system') if f.startswith('ostler-')]
    run('systemctl', 'daemon-reload')
    run('systemctl', 'preset', *units)
    services = [f'ostler-{d}.service' for d in DAEMONS]
    run('systemctl', 'enable', '--now', *services, 'ostler-guests.service')
    run('systemctl', 'stop', *services)  # as if they had found nothing to do for a while


def main():
    memory = remember()
    again = bool(memory)
    wanted = sys.argv[1:]
    plan = [c for c in cases if not wanted or any(w in c[0] for w in wanted)]
    good = memory.get('good', True)
    if not again:
        prepare()
        print(f'1..{len(plan)}', flush=True)
    for number, (name, after_restart, function) in enumerate(plan, 1):
        if after_restart != again:
            continue
        note, verdict, began = '', 'ok', time.monotonic()
        try:
            function()
        except Skip as e:
            note = f' # SKIP {e}'
        except Exception as e:
            good, verdict = False, 'not ok'
            for frame in traceback.extract_tb(e.__traceback__)[1:]:
                print(f'# {frame.lineno}: {frame.line}')
            for line in f'{type(e).__name__}: {e}'.splitlines():
                print('# ' + line)
        print(f'# {time.monotonic() - began:.2f} s\n{verdict} {number} - {name}{note}', flush=True)
    if not again and any(c[1] for c in plan):
        with open(MEMORY, 'w') as f:
            json.dump({'good': good}, f)
        open('/run/restarting', 'w').close()
        subprocess.run(['systemctl', 'reboot'], check=True)
        time.sleep(600)
    return not good


if __name__ == '__main__':
    sys.exit(main())
