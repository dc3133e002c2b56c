"""pki.py - authorities and certificates of a test, made by certtool"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import shutil
import subprocess

# What its owner is for, in certtool's words.
KINDS = {
    'server': 'tls_www_server\nencryption_key\nsigning_key\ndns_name = localhost\nip_address = 127.0.0.1\n',
    'client': 'tls_www_client\nencryption_key\nsigning_key\n',
}


def is_there():
    return bool(shutil.which('certtool'))


def certtool(*args, stdin=None):
    subprocess.run(['certtool', *args], check=True, capture_output=True, input=stdin, text=True)


class Authority:
    """One in a folder of its own, which signs as many certificates as are wanted."""

    def __init__(self, folder, name='Ostler test'):
        self.folder = folder
        os.makedirs(folder)
        self.certificate, self.key = self.path('ca.pem'), self.path('ca.key')
        self._make_key(self.key)
        self._template('ca.tmpl', f'cn = "{name}"\nca\ncert_signing_key\ncrl_signing_key\nexpiration_days = 10\n')
        certtool('--generate-self-signed', '--load-privkey', self.key, '--template', self.path('ca.tmpl'),
                 '--outfile', self.certificate)

    def path(self, name):
        return os.path.join(self.folder, name)

    def _make_key(self, path):
        certtool('--generate-privkey', '--key-type=rsa', '--bits=2048', '--outfile', path)

    def _template(self, name, text):
        with open(self.path(name), 'w') as f:
            f.write(text)

    def sign(self, name, kind, expired=False):
        """The certificate of this name and its key, as two paths."""
        certificate, key, template = (self.path(name + end) for end in ('.pem', '.key', '.tmpl'))
        dates = ('activation_date = "2020-01-01 00:00:00"\nexpiration_date = "2020-01-02 00:00:00"\n'
                 if expired else 'expiration_days = 10\n')
        self._make_key(key)
        self._template(name + '.tmpl', f'organization = "Test"\ncn = "{name}"\n{KINDS[kind]}{dates}')
        certtool('--generate-certificate', '--load-privkey', key, '--load-ca-certificate', self.certificate,
                 '--load-ca-privkey', self.key, '--template', template, '--outfile', certificate)
        return certificate, key

    def client(self, name, trusts=None, **how):
        """A folder as clients' pkipath= wants it."""
        certificate, key = self.sign(name, 'client', **how)
        return self.client_folder(name, certificate, key, trusts or self)

    def client_folder(self, name, certificate, key, trusts):
        folder = self.path('client-' + name)
        os.makedirs(folder)
        shutil.copy(trusts.certificate, os.path.join(folder, 'cacert.pem'))
        if certificate:
            shutil.copy(certificate, os.path.join(folder, 'clientcert.pem'))
            shutil.copy(key, os.path.join(folder, 'clientkey.pem'))
        return folder

    def revoke(self, *certificates):
        """A list of revoked certificates."""
        self._template('crl.tmpl', 'crl_next_update = 10\n')
        every = self.path('revoked.pem')
        with open(every, 'w') as f:
            for path in certificates:
                with open(path) as one:
                    f.write(one.read())
        certtool('--generate-crl', '--load-ca-certificate', self.certificate, '--load-ca-privkey', self.key,
                 '--load-certificate', every, '--template', self.path('crl.tmpl'), '--outfile', self.path('crl.pem'))
        return self.path('crl.pem')
