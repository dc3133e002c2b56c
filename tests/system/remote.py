#!/usr/bin/python3
"""remote.py - clients on other hosts: TLS with certificates, TCP under SASL, who they are and what they may"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys

import libvirt
import pki
from harness import TOP, Console, Skip, case, contains, equal, guest_xml, main, refused, stack, until
from libvirt import VIR_ERR_ACCESS_DENIED

sys.path.append(os.path.join(TOP, 'tests/facts'))
import check_wire as wire  # noqa: E402

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
USER, PASSWORD = 'fred', 'a sentence of words'


def at(s, *parts):
    return os.path.join(s.home, *parts)


def authority(s):
    """The authority that everybody trusts, and the places where the proxy looks for its own certificate."""
    if not pki.is_there():
        raise Skip('no certtool')
    if not hasattr(s, 'authority'):
        s.authority = pki.Authority(at(s, 'pki'))
        s.stranger = pki.Authority(at(s, 'foreign'), name='Somebody else')
        certificate, key = s.authority.sign('server', 'server')
        for source, place in ((s.authority.certificate, 'etc/pki/CA/cacert.pem'),
                              (certificate, 'etc/pki/libvirt/servercert.pem'),
                              (key, 'etc/pki/libvirt/private/serverkey.pem')):
            os.makedirs(os.path.dirname(os.path.join(s.root, place)), exist_ok=True)
            shutil.copy(source, os.path.join(s.root, place))
        s.clients = {name: s.authority.client(name) for name in ('one', 'two')}
    return s.authority


def configure(s, daemon='proxyd', reload=False, **settings):
    """The daemon with just these settings."""
    path = os.path.join(s.root, f'etc/ostler/{daemon}.conf')
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f:
        for key, value in settings.items():
            quoted = value if isinstance(value, int) else (
                '[' + ', '.join(f'"{v}"' for v in value) + ']' if isinstance(value, list) else f'"{value}"')
            f.write(f'{key} = {quoted}\n')
    if reload:
        size = os.path.getsize(stack.log_path(s.root, daemon))
        os.kill(s.daemon_pid(daemon), signal.SIGHUP)
        until(lambda: said(s, daemon, size, 'read its configuration again', 'stays as it was'), 'no reload')
        return said(s, daemon, size, 'read its configuration again')
    s.restart(daemon, signal.SIGTERM)
    return True


def said(s, daemon, since, *pieces):
    with open(stack.log_path(s.root, daemon), errors='replace') as f:
        f.seek(since)
        text = f.read()
    return any(piece in text for piece in pieces)


def log_size(s, daemon='proxyd'):
    return os.path.getsize(stack.log_path(s.root, daemon))


def tls(s, who='one', scheme='qemu', folder=None, **more):
    words = ''.join(f'&{k}={v}' for k, v in more.items())
    return f'{scheme}+tls://localhost/system?pkipath={folder or s.clients[who]}{words}'


def virsh(uri, *args, fails=False):
    r = subprocess.run(['virsh', '-q', '-c', uri, *args], capture_output=True, text=True, timeout=60,
                       stdin=subprocess.DEVNULL)
    assert (r.returncode != 0) == fails, f'virsh {uri} {args}: {r.returncode} {r.stdout}{r.stderr}'
    return r.stderr if fails else r.stdout


def client_info(daemon, transport):
    """What the daemon tells an administrator of its only client by this way: those of earlier cases have gone."""
    uri = {'proxyd': 'virtproxyd', 'qemud': 'virtqemud', 'netd': 'virtnetworkd'}[daemon]
    admin = ['virt-admin', '-q', '-c', uri + ':///system']
    ids = []

    def one():
        listed = subprocess.run([*admin, 'client-list', uri], capture_output=True, text=True, check=True).stdout
        ids[:] = [line.split()[0] for line in listed.splitlines() if f' {transport} ' in line]
        return len(ids) == 1

    until(one, f'not one client of {daemon} by {transport}')
    info = subprocess.run([*admin, 'client-info', uri, *ids], capture_output=True, text=True, check=True).stdout
    return {k.strip(): v.strip() for k, v in (line.split(':', 1) for line in info.splitlines())}


# ---- TLS ----------------------------------------------------------------------------------------

@case('a certificate of the authority lets a client in', only='ostler')
def _(s):
    authority(s)
    configure(s, listen_tls=1)
    s.define('one')
    contains(virsh(tls(s), 'list', '--all', '--name'), 'one')
    virsh(tls(s), 'start', 'one', '--paused')
    contains(virsh(tls(s), 'domstate', 'one'), 'paused')
    conn = libvirt.open(tls(s))
    equal(conn.isSecure(), 1)
    equal(conn.isEncrypted(), 1)
    equal(conn.lookupByName('one').isActive(), 1)


@case('every driver is reached by TLS, streams and events go along', only='ostler')
def _(s):
    authority(s)
    for scheme, kind in (('lxc', 'LXC'), ('network', 'network'), ('nodedev', 'nodedev')):
        equal(libvirt.open(tls(s, scheme=scheme)).getType(), kind)
    dom = s.shared()
    conn = libvirt.open(tls(s))
    events = s.events('LIFECYCLE', conn=conn)
    conn.lookupByName('vm').suspend()
    events.wait('LIFECYCLE', 'vm', libvirt.VIR_DOMAIN_EVENT_SUSPENDED)
    dom.resume()

    class Far:
        connect = staticmethod(lambda: libvirt.open(tls(s)))

    console = Console(Far, 'vm')
    s.opened.append(console)
    console.send('\n')
    equal(console.run('echo $((6 * 7))'), '42\n')
    equal(len(console.run('seq 1 2000').split()), 2000)


@case('the owning daemon knows who the client is', only='ostler')
def _(s):
    authority(s)
    conn = libvirt.open(tls(s))
    for daemon in ('proxyd', 'qemud'):
        info = client_info(daemon, 'tls')
        equal(info['tls_x509_dname'], 'O=Test,CN=one')
        contains(info['sock_addr'], '127.0.0.1')
    conn.listAllNetworks()  # which another daemon knows
    equal(client_info('netd', 'tls')['tls_x509_dname'], 'O=Test,CN=one')
    conn.close()


@case('a certificate that has expired is refused', only='ostler')
def _(s):
    folder = authority(s).client('late', expired=True)
    refused_by_name(s, folder)


def refused_by_name(s, folder, reason='certificate'):
    """By the proxy itself: the stock client is kept from looking at its own certificate first."""
    size = log_size(s)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if os.path.exists(os.path.join(folder, 'clientcert.pem')):
        context.load_cert_chain(os.path.join(folder, 'clientcert.pem'), os.path.join(folder, 'clientkey.pem'))
    with socket.create_connection(('127.0.0.1', 16514), timeout=20) as plain:
        try:
            with context.wrap_socket(plain) as wrapped:
                equal(wrapped.recv(1), b'')  # no byte says that it is let in
        except (ssl.SSLError, ConnectionError):
            pass
    until(lambda: said(s, 'proxyd', size, reason), f'no {reason!r} in the log')
    virsh(tls(s, folder=folder), 'list', fails=True)


@case('a certificate of another authority is refused', only='ostler')
def _(s):
    authority(s)
    refused_by_name(s, s.stranger.client('foreign', trusts=s.authority))


@case("a server's certificate is none for a client", only='ostler')
def _(s):
    certificate, key = authority(s).sign('imposter', 'server')
    refused_by_name(s, s.authority.client_folder('imposter', certificate, key, s.authority))


@case('a client without a certificate is refused', only='ostler')
def _(s):
    refused_by_name(s, authority(s).client_folder('nobody', None, None, s.authority), 'handshake')


@case('a revoked certificate is refused once the list is there', only='ostler')
def _(s):
    folder = authority(s).client('lost')
    contains(virsh(tls(s, folder=folder), 'uri'), 'localhost')
    shutil.copy(s.authority.revoke(s.authority.path('lost.pem')), os.path.join(s.root, 'etc/pki/CA/cacrl.pem'))
    assert configure(s, reload=True, listen_tls=1)
    refused_by_name(s, folder)
    virsh(tls(s), 'uri')
    os.unlink(os.path.join(s.root, 'etc/pki/CA/cacrl.pem'))


@case('only names that are listed are let in', only='ostler')
def _(s):
    authority(s)
    assert configure(s, reload=True, listen_tls=1, tls_allowed_dn_list=['*CN=two*'])
    virsh(tls(s, 'two'), 'uri')
    refused_by_name(s, s.clients['one'], 'tls_allowed_dn_list')
    assert configure(s, reload=True, listen_tls=1, tls_allowed_dn_list=[])
    refused_by_name(s, s.clients['two'], 'tls_allowed_dn_list')
    assert configure(s, reload=True, listen_tls=1)


@case('new certificates are for new connections, and bad ones for none', only='ostler')
def _(s):
    authority(s)
    conn = libvirt.open(tls(s))
    path = os.path.join(s.root, 'etc/pki/libvirt/servercert.pem')
    key_path = os.path.join(s.root, 'etc/pki/libvirt/private/serverkey.pem')
    kept = at(s, 'kept.pem')
    shutil.copy(path, kept)
    update = ['virt-admin', '-c', 'virtproxyd:///system', 'server-update-tls', 'virtproxyd']
    with open(path, 'w') as f:
        f.write('nonsense')
    r = subprocess.run(update, capture_output=True, text=True)
    assert r.returncode != 0 and 'servercert.pem' in r.stderr, r.stderr
    virsh(tls(s), 'uri')  # as before
    certificate, key = s.authority.sign('server2', 'server')
    shutil.copy(certificate, path)
    shutil.copy(key, key_path)
    subprocess.run(update, check=True, capture_output=True)
    equal(shown_name(), 'server2')
    equal(conn.isAlive(), 1)
    conn.listAllDomains()


def shown_name():
    """The common name in the certificate that the proxy shows."""
    r = subprocess.run(['gnutls-cli', '--insecure', '--port=16514', '127.0.0.1'], input='', capture_output=True,
                       text=True, timeout=20)
    return r.stdout.partition('subject `')[2].partition('CN=')[2].partition(',')[0]


@case('a client that never says anything is in nobody\'s way', only='ostler')
def _(s):
    authority(s)
    silent = [socket.create_connection(('127.0.0.1', 16514)) for _ in range(60)]
    half = [socket.create_connection(('127.0.0.1', 16514)) for _ in range(10)]
    for c in half:
        c.send(b'\x16\x03\x01\x02\x00\x01')  # the beginning of a handshake
    virsh(tls(s), 'uri')
    for c in silent + half:
        c.close()
    virsh(tls(s), 'uri')


@case('nonsense costs nobody anything', only='ostler')
def _(s):
    authority(s)
    for junk in (b'GET / HTTP/1.0\r\n\r\n', b'\x00\x00\x00\x1c' * 50, os.urandom(4096)):
        with socket.create_connection(('127.0.0.1', 16514), timeout=20) as c:
            try:
                c.sendall(junk)
                c.shutdown(socket.SHUT_WR)
                while c.recv(4096):
                    pass
            except OSError:
                pass  # it has ended the connection before
    virsh(tls(s), 'uri')


# ---- SASL ---------------------------------------------------------------------------------------

def sasl(s, *mechanisms):
    """Users and mechanisms as SASL keeps them; a file with which the stock client proves that it is fred."""
    if not shutil.which('saslpasswd2'):
        raise Skip('no saslpasswd2')
    folder, database = os.path.join(s.root, 'etc/sasl2'), at(s, 'sasldb2')
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'libvirt.conf'), 'w') as f:
        f.write(f'mech_list: {" ".join(mechanisms)}\npwcheck_method: auxprop\nauxprop_plugin: sasldb\n'
                f'sasldb_path: {database}\n')
    for user in (USER, 'other'):
        subprocess.run(['saslpasswd2', '-p', '-c', '-f', database, '-a', 'libvirt', user], input=PASSWORD, text=True,
                       check=True, capture_output=True)
    return auth_file(s, USER, PASSWORD)


def auth_file(s, user, password):
    path = at(s, f'auth-{user}-{len(password)}.conf')
    with open(path, 'w') as f:
        f.write(f'[credentials-test]\nauthname={user}\nusername={user}\npassword={password}\n'
                '[auth-libvirt-localhost]\ncredentials=test\n')
    return path


def open_as(uri, user=USER, password=PASSWORD):
    """A connection whose questions are answered by this user."""
    answers = {libvirt.VIR_CRED_AUTHNAME: user, libvirt.VIR_CRED_USERNAME: user,
               libvirt.VIR_CRED_PASSPHRASE: password, libvirt.VIR_CRED_NOECHOPROMPT: password}

    def answer(questions, _data):
        for question in questions:
            question[4] = answers[question[0]]
        return 0

    return libvirt.openAuth(uri, [list(answers), answer, None], 0)


def tcp(auth):
    return f'qemu+tcp://localhost/system?authfile={auth}'


@case('plain TCP needs a name and a password, and is hidden from there on', only='ostler')
def _(s):
    good = sasl(s, 'digest-md5')
    configure(s, listen_tcp=1)
    s.define('one')
    contains(virsh(tcp(good), 'list', '--all', '--name'), 'one')
    virsh(tcp(good), 'start', 'one', '--paused')
    conn = open_as(tcp(good))
    equal(conn.isSecure(), 1)
    for daemon in ('proxyd', 'qemud'):
        info = client_info(daemon, 'tcp')
        contains(info['sasl_user_name'], USER)
        contains(info['sock_addr'], '127.0.0.1')
    big = conn.lookupByName('one')
    for _ in range(300):  # more than one packet of the layer holds
        big.XMLDesc()
    conn.close()


@case('a wrong password, or an unknown name, is refused', only='ostler')
def _(s):
    sasl(s, 'digest-md5')
    for user, password in ((USER, 'wrong'), ('ghost', PASSWORD)):
        contains(virsh(tcp(auth_file(s, user, password)), 'list', fails=True), 'authentication failed')


@case('what SASL cannot hide is not offered by plain TCP', only='ostler')
def _(s):
    good = sasl(s, 'plain', 'scram-sha-256')
    configure(s, listen_tcp=1)
    contains(virsh(tcp(good), 'list', fails=True), 'authentication failed')


@case('only names that are listed are let in by SASL', only='ostler')
def _(s):
    good = sasl(s, 'digest-md5')
    configure(s, listen_tcp=1)
    assert configure(s, reload=True, listen_tcp=1, sasl_allowed_username_list=['other*'])
    contains(virsh(tcp(good), 'list', fails=True), 'authentication failed')
    virsh(tcp(auth_file(s, 'other', PASSWORD)), 'list')
    assert configure(s, reload=True, listen_tcp=1)


@case('nothing is served over TCP before SASL', only='ostler')
def _(s):
    sasl(s, 'digest-md5')
    c = wire.Wire(wire.Tables(), sock=socket.create_connection(('127.0.0.1', 16509)))
    equal(c.call('auth_list')['types'], [1])
    for name, args in (('connect_open', {'name': 'qemu:///system', 'flags': 0}), ('connect_get_hostname', {}),
                       ('auth_sasl_step', {'nil': 1, 'data': []}), ('auth_polkit', {})):
        try:
            raise AssertionError(f'{name} was answered {c.call(name, **args)}')
        except wire.RemoteError as e:
            assert e.code in (39, 45), e
    contains(c.call('auth_sasl_init')['mechlist'], 'DIGEST-MD5')
    c.close()


@case('TLS with SASL: SCRAM says who it is', only='ostler')
def _(s):
    authority(s)
    good = sasl(s, 'scram-sha-256')
    configure(s, listen_tls=1, auth_tls='sasl')
    virsh(tls(s, authfile=good), 'list')
    contains(virsh(tls(s, authfile=auth_file(s, USER, 'no')), 'list', fails=True), 'authentication failed')
    conn = open_as(tls(s))
    info = client_info('qemud', 'tls')
    contains(info['sasl_user_name'], USER)
    contains(info['tls_x509_dname'], 'CN=one')
    conn.close()


@case('a local socket may ask for SASL, too', only='ostler')
def _(s):
    good = sasl(s, 'scram-sha-256')
    configure(s, 'netd', auth_unix_rw='sasl')
    uri = f'network:///system?socket={s.socket("virtnetworkd-sock")}'
    virsh(f'{uri}&authfile={good}', 'uri')
    contains(virsh(f'{uri}&authfile={auth_file(s, USER, "no")}', 'uri', fails=True), 'authentication failed')
    virsh(f'network:///system?socket={s.socket("virtnetworkd-sock-ro")}', '-r', 'uri')
    os.unlink(os.path.join(s.root, 'etc/ostler/netd.conf'))
    s.restart('netd', signal.SIGTERM)


class Child:
    """A process to the end of the case."""

    def __init__(self, words):
        self.child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        self.child.terminate()
        self.child.wait()


def kerberos(s):
    """A realm of this test's own, in which fred has a ticket and this host a key."""
    for program in ('krb5kdc', 'kdb5_util', 'kadmin.local', 'kinit'):
        if not shutil.which(program) and not os.path.exists('/usr/sbin/' + program):
            raise Skip('no Kerberos')
    host = socket.gethostname().lower()
    try:
        if not socket.gethostbyname(host).startswith('127.'):
            raise Skip(f'{host} is not on the loopback')
    except OSError:
        raise Skip(f'{host} does not resolve') from None
    folder = at(s, 'krb5')
    os.makedirs(folder)
    for name, text in (('krb5.conf', f"""[libdefaults]
default_realm = TEST.LAN
rdns = false
dns_canonicalize_hostname = false
dns_lookup_kdc = false
[realms]
TEST.LAN = {{
kdc = 127.0.0.1:8888
}}
[domain_realm]
{host} = TEST.LAN
[logging]
kdc = FILE:{folder}/log
"""), ('kdc.conf', f"""[kdcdefaults]
kdc_ports = 8888
kdc_tcp_ports = 8888
[realms]
TEST.LAN = {{
database_name = {folder}/principal
key_stash_file = {folder}/stash
}}
""")):
        with open(os.path.join(folder, name), 'w') as f:
            f.write(text)
    os.environ.update(KRB5_CONFIG=folder + '/krb5.conf', KRB5_KDC_PROFILE=folder + '/kdc.conf',
                      KRB5CCNAME='FILE:' + folder + '/ticket', PATH=os.environ['PATH'] + ':/usr/sbin')
    quietly = {'check': True, 'capture_output': True, 'text': True}
    subprocess.run(['kdb5_util', 'create', '-s', '-P', 'secret'], **quietly)
    for what in (f'addprinc -pw {PASSWORD.split()[0]} {USER}', f'addprinc -randkey libvirt/{host}',
                 f'ktadd -k {folder}/keytab libvirt/{host}'):
        subprocess.run(['kadmin.local', '-q', what], **quietly)
    s.opened.append(Child(['krb5kdc', '-n']))
    until(lambda: subprocess.run(['kinit', USER], input=PASSWORD.split()[0] + '\n', text=True,
                                 capture_output=True).returncode == 0, 'no ticket')
    return host, folder + '/keytab'


@case('plain TCP with a ticket of Kerberos', only='ostler')
def _(s):
    host, keytab = kerberos(s)
    sasl(s, 'gssapi')
    with open(os.path.join(s.root, 'etc/sasl2/libvirt.conf'), 'w') as f:
        f.write(f'mech_list: gssapi\nkeytab: {keytab}\n')
    configure(s, listen_tcp=1, sasl_allowed_username_list=[USER + '*'])
    uri = f'qemu+tcp://{host}/system'
    s.define('one')
    contains(virsh(uri, 'list', '--all', '--name'), 'one')
    conn = libvirt.open(uri)
    equal(client_info('qemud', 'tcp')['sasl_user_name'].partition('@')[0], USER)
    for _ in range(200):
        conn.lookupByName('one').XMLDesc()
    conn.close()
    subprocess.run(['kdestroy'], check=True, capture_output=True)
    contains(virsh(uri, 'list', fails=True), 'authentication failed')


# ---- rights -------------------------------------------------------------------------------------

@case('rules know clients by certificate and by SASL name', only='ostler')
def _(s):
    authority(s)
    configure(s, listen_tls=1)
    path = os.path.join(s.root, 'etc/ostler/access.conf')
    with open(path, 'w') as f:
        f.write('allow x509="*CN=two*" *\nallow x509="*CN=one*" *.getattr,*.read,connect.*\n')
    s.restart('qemud', signal.SIGTERM)
    s.define('one')
    conn = libvirt.open(tls(s))
    refused(VIR_ERR_ACCESS_DENIED, conn.lookupByName('one').create, naming='domain.start')
    refused(VIR_ERR_ACCESS_DENIED, conn.defineXML, guest_xml('mine'))
    libvirt.open(tls(s, 'two')).lookupByName('one').createWithFlags(PAUSED)
    os.unlink(path)
    s.restart('qemud', signal.SIGTERM)


if __name__ == '__main__':
    main(kept=('vm',))
