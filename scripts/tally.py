#!/usr/bin/env python3
"""tally.py LOG... - adds up meson's test logs (*.json): `N passed, N failed, N skipped`, and what failed, and why

A program counts once for each of its TAP lines. One that crashed, was stopped or printed less than it had
planned counts as a failure of its own.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import os
import re
import sys

LINE = re.compile(r'^(not )?ok\b(?:\s+\d+)?\s*-?\s*(.*?)(?:\s+#\s*(SKIP|TODO)\b.*)?$', re.IGNORECASE)
PLAN = re.compile(r'^1\.\.(\d+)(\s+#\s*SKIP\b.*)?$', re.IGNORECASE)


def tally(test):
    """(passed, failed names with what was printed of each, skipped) of one program."""
    passed, failed, skipped, planned = 0, [], 0, None
    told = []
    for line in test.get('stdout', '').splitlines():
        if line.startswith('#'):
            told.append('    ' + line)
            continue
        if plan := PLAN.match(line):
            planned = int(plan.group(1))
            skipped += planned == 0
        elif found := LINE.match(line):
            if found.group(3):
                skipped += 1
            elif found.group(1):
                failed.append('\n'.join([found.group(2), *told]))
            else:
                passed += 1
        told = []
    result = test['result']
    counted = passed + len(failed) + skipped
    if planned and counted < planned:
        failed.append(f'{planned - counted} of {planned} were not run')
    if result == 'SKIP' and not counted:
        skipped = 1
    elif result == 'OK' and not counted:  # a program that only has an exit status
        passed = 1
    elif result not in ('OK', 'SKIP', 'EXPECTEDFAIL') and not failed:
        failed.append(f'{result.lower()}, status {test.get("returncode")}')
    return passed, failed, skipped


def main():
    totals = [0, 0, 0]
    for log in sys.argv[1:]:
        where = os.path.basename(os.path.dirname(os.path.dirname(os.path.abspath(log))))
        try:
            with open(log, encoding='utf-8') as f:
                tests = [json.loads(line) for line in f]
        except OSError:
            tests = [{'name': os.path.basename(log), 'result': 'FAIL', 'returncode': 'none: no log'}]
        for test in tests:
            passed, failed, skipped = tally(test)
            totals = [totals[0] + passed, totals[1] + len(failed), totals[2] + skipped]
            for name in failed:
                print(f'failed: {where}: {test["name"]}: {name}')
    print('%d passed, %d failed, %d skipped' % tuple(totals))
    return 1 if totals[1] else 0


if __name__ == '__main__':
    sys.exit(main())
