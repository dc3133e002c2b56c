#!/usr/bin/python3
"""systemd.py - what is installed, on a host of its own with systemd as PID 1; the cases are in systemd_cases.py"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('OSTLER_BUILD', os.path.join(TOP, 'build')))
LAB = os.path.abspath(os.environ.get('OSTLER_LAB', os.path.join(TOP, 'build/lab')))
NEEDED = ('/usr/bin/systemd-nspawn', '/usr/lib/systemd/systemd', '/usr/bin/virsh', '/usr/bin/qemu-system-x86_64',
          '/usr/bin/meson', '/usr/bin/dbus-daemon')


def missing():
    if os.geteuid() != 0:
        return 'needs root'
    for program in NEEDED:
        if not os.path.exists(program):
            return f'{program} is not installed'
    if not os.path.exists(os.path.join(LAB, 'initrd')):
        return f'no test guest in {LAB} (tests/lab/make-guest)'
    return None


def main():
    why = missing()
    if why:
        print(f'1..0 # SKIP {why}')
        return 0
    with tempfile.TemporaryDirectory(dir='/var/tmp') as folder:
        stage, given, out = (os.path.join(folder, n) for n in ('stage', 'given', 'out'))
        os.mkdir(given)
        subprocess.run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--quiet', '--destdir', stage], check=True,
                       stdout=subprocess.DEVNULL)
        for path in (os.path.join(LAB, 'kernel'), os.path.join(LAB, 'initrd'),
                     *(os.path.join(TOP, 'tests/system', n) for n in ('systemd_cases.py', 'pki.py'))):
            shutil.copy(path, given)
        status = subprocess.run([os.path.join(TOP, 'tests/lab/run-host'), stage, out, '/usr/bin/python3',
                                 '/lab/in/systemd_cases.py', *sys.argv[1:]], env=dict(os.environ, LAB=given)).returncode
        if status:
            journal = os.path.join(out, 'journal')
            if os.path.exists(journal):
                with open(journal, errors='replace') as f:
                    for line in [x for x in f if ' ostler-' in x or 'polkit' in x][:int(os.environ.get('OSTLER_JOURNAL', 60))]:
                        print('# ' + line.rstrip())
    return status


if __name__ == '__main__':
    sys.exit(main())
