#!/usr/bin/env python3
"""layers.py - every #include keeps to the table of docs/architecture.md section 2; every file says what it is"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMON = ['protocol', 'base', 'loop', 'xml', 'host', 'model', 'object', 'rpc', 'daemon', 'guest']
PROGRAMS = ['qemud', 'lxcd', 'netd', 'noded', 'proxy', 'client', 'admin']

# folder: whom its files may include, besides themselves
MAY = {
    'protocol': '',
    'base': '',
    'loop': 'base',
    'xml': 'base',
    'host': 'base loop',
    'model': 'base xml',
    'object': 'base loop xml',
    'rpc': 'base loop object protocol',
    'daemon': 'base loop xml object rpc',
    'guest': 'base loop xml host model object protocol rpc daemon',
    'qemud': ' '.join(COMMON),
    'lxcd': ' '.join(COMMON),
    'netd': ' '.join(COMMON),
    'noded': ' '.join(COMMON),
    'proxy': 'base loop object rpc daemon',
    'client': 'base protocol',
    'admin': 'base client protocol',
}


def sources():
    """(folder of the table, path) of every source file that is there."""
    for name in COMMON + PROGRAMS:
        top = os.path.join(TOP, 'src', 'common' if name in COMMON else '', name)
        for folder, _folders, files in os.walk(top):
            for f in sorted(files):
                if f.endswith(('.c', '.h', '.x', '.def', '.inc')):
                    yield name, os.path.join(folder, f)


def includes(path):
    with open(path, encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            if found := re.match(r'\s*#\s*include\s+"([^"]+)"', line):
                yield number, found.group(1)


def owner(included, own):
    """The folder that an included name belongs to; '' for a path that leaves its folder."""
    head, slash, _rest = included.partition('/')
    if not slash:
        return own
    return head if head in MAY else ''


def wrong_arrows():
    for folder, path in sources():
        allowed = set(MAY[folder].split()) | {folder}
        for number, included in includes(path):
            target = owner(included, folder)
            if target not in allowed:
                yield f'{os.path.relpath(path, TOP)}:{number}: {folder} must not include "{included}"'


def documented():
    """The table as docs/architecture.md has it."""
    with open(os.path.join(TOP, 'docs/architecture.md'), encoding='utf-8') as f:
        section = f.read().partition('## 2. Who may include whom')[2].partition('\n## ')[0]
    table = {'protocol': ''}
    for row in re.findall(r'^\| ([^|]+) \| ([^|]+) \|$', section, re.MULTILINE)[1:]:
        names, may = (cell.strip().replace(',', ' ') for cell in row)
        if 'all of common' in may:
            may = ' '.join(COMMON)
        may = may.replace('nothing of ours', '').replace('generated protocol', 'protocol')
        for name in names.split():
            table[name] = may
    return table


def differences():
    told = documented()
    for name in sorted(set(told) | set(MAY)):
        if name.startswith('-'):
            continue
        if set(told.get(name, '?').split()) != set(MAY.get(name, '?').split()):
            yield f'{name}: documented {told.get(name)!r}, checked {MAY.get(name)!r}'


def without_a_first_line():
    """scripts/list-files shows these lines."""
    for _folder, path in sources():
        with open(path, encoding='utf-8') as f:
            if not f.readline().startswith(f'/* {os.path.basename(path)} - '):
                yield os.path.relpath(path, TOP)


def main():
    checks = [('no include against the table', list(wrong_arrows())),
              ('docs/architecture.md has the same table', list(differences())),
              ('every file says in its first line what it is', list(without_a_first_line()))]
    print(f'1..{len(checks)}')
    for number, (name, faults) in enumerate(checks, 1):
        for fault in faults:
            print('# ' + fault)
        print(f'{"not ok" if faults else "ok"} {number} - {name}')
    return any(faults for _name, faults in checks)


if __name__ == '__main__':
    raise SystemExit(main())
