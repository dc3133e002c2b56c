#!/usr/bin/python3
"""show-console.py COMMAND... - runs `virsh console` on a terminal of its own and shows what it shows

Waits until the guest has spoken, types one command into its shell, leaves as a person does, with ^].
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import pty
import re
import select
import subprocess
import sys
import time

LIMIT = 90
# Answers that the guest's shell asks of a terminal; nobody wants to see them.
QUERIES = re.compile(rb'\x1b\[6n')


def main():
    leader, follower = pty.openpty()
    child = subprocess.Popen(sys.argv[1:], stdin=follower, stdout=follower, stderr=follower, start_new_session=True)
    os.close(follower)
    poll = select.poll()
    poll.register(leader, select.POLLIN)
    # what is waited for, and what is typed then
    script = [(b'guest: ready', b'\n'), (b'# ', b'uname -srm\n'), (b'Linux [0-9]', b'\x1d')]
    text, deadline = b'', time.monotonic() + LIMIT
    while script:
        if not poll.poll(max(0, deadline - time.monotonic()) * 1000):
            child.kill()
            sys.exit(f'no {script[0][0]} on the console after {LIMIT} s')
        try:
            data = QUERIES.sub(b'', os.read(leader, 4096))
        except OSError:
            break
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        text += data
        if found := re.search(script[0][0], text):
            text = text[found.end():]
            os.write(leader, script.pop(0)[1])
    while poll.poll(1000):
        try:
            sys.stdout.buffer.write(QUERIES.sub(b'', os.read(leader, 4096)))
        except OSError:
            break
    print()
    return child.wait(LIMIT)


if __name__ == '__main__':
    sys.exit(main())
