#!/usr/bin/env python3
"""make-policy.py PERMISSIONS.def - the polkit actions: letting a client in, and each permission"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import re
import sys

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/PolicyKit/1.0/policyconfig.dtd">
<policyconfig>
  <vendor>Ostler</vendor>
"""
ACTION = """  <action id="{id}">
    <description>{description}</description>
    <message>{message}</message>
    <defaults>
      <allow_any>{any}</allow_any>
      <allow_inactive>{any}</allow_inactive>
      <allow_active>{active}</allow_active>
    </defaults>
  </action>
"""
DOORS = [
    {'id': 'org.libvirt.unix.monitor', 'description': 'Look at virtual machines of this host',
     'message': 'Looking at virtual machines of this host needs to be permitted', 'any': 'yes', 'active': 'yes'},
    {'id': 'org.libvirt.unix.manage', 'description': 'Manage virtual machines of this host',
     'message': 'Managing virtual machines of this host needs to be permitted', 'any': 'auth_admin_keep',
     'active': 'auth_admin_keep'},
]


def permissions(path):
    with open(path, encoding='utf-8') as f:
        for kind, permission, everybody in re.findall(r'^PERMISSION\((\w+),\s*(\w+),\s*(\w+)\)', f.read(), re.M):
            kind, permission = kind.replace('_', '-'), permission.replace('_', '-')
            verdict = 'yes' if everybody == 'ALL' else 'no'
            yield {'id': f'org.libvirt.api.{kind}.{permission}', 'any': verdict, 'active': verdict,
                   'description': f'{permission} of a {kind}',
                   'message': f'The permission {permission} of this {kind} is needed'}


if __name__ == '__main__':
    sys.stdout.write(HEAD + ''.join(ACTION.format(**a) for a in [*DOORS, *permissions(sys.argv[1])])
                     + '</policyconfig>\n')
