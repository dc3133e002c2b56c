#!/usr/bin/python3
"""wire.py - the protocol spoken from the tables of facts alone, step by step, to the proxy and to qemud"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import re
import subprocess
import sys

from harness import LIMIT, PEER, TOP, case, main

STORAGE = 'no daemon serves storage pools and volumes yet'
SECRETS = 'no daemon serves secrets yet'
TUNING = 'the limits of a guest need control groups, which qemud does not use yet'
FILTERS = 'no daemon serves network filters yet'

# Steps that are left, by the beginning of their names, and why; one that passes must go from here.
LEFT = {} if PEER != 'ostler' else {
    'connect_secret_event_register_any': SECRETS,
    'secret_define_xml': SECRETS,
    'nwfilter_define_xml': FILTERS,
    'connect_storage_pool_event_register_any': STORAGE,
    'storage_pool_define_xml': STORAGE,
    'typed parameters there and back': TUNING,
}


def steps(s, socket, *options):
    """(passed, {failed: why}) of one run."""
    r = subprocess.run([sys.executable, os.path.join(TOP, 'tests/facts/check_wire.py'), s.socket(socket), *options],
                       capture_output=True, text=True, timeout=3 * LIMIT)
    lines = r.stdout.splitlines()
    assert lines and 'steps OK' in lines[-1], r.stdout + r.stderr
    passed = [line[5:] for line in lines if line.startswith('OK ')]
    failed = dict(re.match(r'FAIL ((?:admin: )?[^:]*): (.*)', line).groups() for line in lines if line.startswith('FAIL '))
    return passed, failed


def check(s, socket, *options):
    folder = os.path.join(s.home, 'volumes')
    os.makedirs(folder, exist_ok=True)
    passed, failed = steps(s, socket, '--run', '--active', '--storage', folder, *options)
    wrong = [f'{step}: {why}' for step, why in failed.items() if not any(step.startswith(name) for name in LEFT)]
    done = [name for name in LEFT if not any(step.startswith(name) for step in failed)]
    for name, why in LEFT.items():
        print(f'# left: {name}: {why}')
    assert not wrong, '\n'.join(wrong)
    assert not done, 'no longer left: ' + ', '.join(done)
    print(f'# {len(passed)} steps passed')


@case('the proxy: calls, errors, events, streams, descriptors; read-only and admin sockets')
def _(s):
    check(s, 'libvirt-sock', '--ro', s.socket('libvirt-sock-ro'), '--admin',
          s.socket('virtproxyd-admin-sock') if PEER == 'ostler' else '/run/libvirt/libvirt-admin-sock')


@case('qemud itself')
def _(s):
    check(s, 'virtqemud-sock', '--ro', s.socket('virtqemud-sock-ro'), '--admin',
          s.socket('virtqemud-admin-sock') if PEER == 'ostler' else '/run/libvirt/libvirt-admin-sock')


if __name__ == '__main__':
    main()
