#!/usr/bin/env python3
"""format.py - every C file is as clang-format 14 leaves it"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import glob
import os
import re
import shutil
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VERSION = '14'


def tool():
    for name in ('clang-format-' + VERSION, 'clang-format'):
        if path := shutil.which(name):
            text = subprocess.run([path, '--version'], capture_output=True, text=True).stdout
            if re.search(r'version (\d+)', text).group(1) == VERSION:
                return path
    return None


def main():
    path = tool()
    if not path:
        print(f'1..0 # SKIP no clang-format {VERSION}')
        return 0
    files = sorted(f for top in ('src', 'tests') for kind in 'ch'
                   for f in glob.glob(os.path.join(TOP, top, '**', '*.' + kind), recursive=True))
    r = subprocess.run([path, '--dry-run', *files], capture_output=True, text=True, cwd=TOP)
    faults = [line for line in r.stderr.splitlines() if 'warning:' in line]
    print('1..1')
    for fault in faults:
        print('# ' + os.path.relpath(fault.partition(': warning')[0], TOP))
    print(f'{"not ok" if faults else "ok"} 1 - {len(files)} files are formatted')
    return bool(faults)


if __name__ == '__main__':
    raise SystemExit(main())
