#!/usr/bin/python3
"""hung.py - a guest whose emulator is stopped: it can be ended, and it holds up nobody else"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import signal
import threading

import libvirt
import libvirt_qemu
from harness import LIMIT, case, contains, equal, main, stack

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
# "Within a second", with what a loaded machine adds.
SOON = 5


class Call:
    """A call in a thread of its own, on a connection of its own."""

    def __init__(self, s, name, function):
        self.conn = s.connect()
        self.result = self.error = None
        self.thread = threading.Thread(target=self._run, args=(self.conn.lookupByName(name), function), daemon=True)
        self.thread.start()

    def _run(self, dom, function):
        try:
            self.result = function(dom)
        except libvirt.libvirtError as e:
            self.error = e

    def waits(self):
        self.thread.join(0.3)
        return self.thread.is_alive()

    def end(self, limit=LIMIT):
        self.thread.join(limit)
        assert not self.thread.is_alive(), 'the call still waits'
        return self.result


def ask(dom):
    """What only the emulator can answer."""
    return libvirt_qemu.qemuMonitorCommand(dom, '{"execute":"query-status"}', 0)


def hang(s, name):
    dom = s.define(name)
    dom.createWithFlags(PAUSED)
    os.kill(s.pid_of(dom), signal.SIGSTOP)
    return dom


@case('destroy ends a stopped emulator at once', only='ostler')
def _(s):
    events = s.events('LIFECYCLE')
    dom = hang(s, 'stuck')
    call = Call(s, 'stuck', lambda d: d.destroy())
    call.end(SOON)
    equal((call.error, s.processes()), (None, {}))
    events.wait('LIFECYCLE', 'stuck', libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
    equal(dom.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED])


@case('destroy ends it also while a call waits for it; the call is told', only='ostler')
def _(s):
    dom = hang(s, 'stuck')
    waiting = Call(s, 'stuck', ask)
    assert waiting.waits(), waiting.result or waiting.error
    Call(s, 'stuck', lambda d: d.destroy()).end(SOON)
    waiting.end(SOON)
    assert waiting.error, f'answered {waiting.result}'
    equal((dom.isActive(), s.processes()), (0, {}))


@case('what is known is told while the emulator is stopped')
def _(s):
    dom = hang(s, 'stuck')
    waiting = Call(s, 'stuck', ask)
    assert waiting.waits(), waiting.result or waiting.error
    equal((dom.name(), dom.isActive(), dom.state()[0]), ('stuck', 1, libvirt.VIR_DOMAIN_PAUSED))
    contains(dom.XMLDesc(), '<name>stuck</name>')
    equal([d.name() for d in s.conn.listAllDomains()], ['stuck'])
    os.kill(s.pid_of(dom), signal.SIGCONT)
    contains(waiting.end(), 'return')


@case('a call goes on when the emulator does')
def _(s):
    dom = hang(s, 'stuck')
    calls = [Call(s, 'stuck', ask) for _ in range(3)]
    assert all(c.waits() for c in calls)
    os.kill(s.pid_of(dom), signal.SIGCONT)
    for c in calls:
        contains(c.end(), 'return')


@case('thirty calls that wait hold up no other guest', only='ostler')
def _(s):
    hung = [hang(s, f'stuck{n}') for n in range(3)]
    calls = [Call(s, f'stuck{n}', ask) for n in range(3) for _ in range(10)]
    other = s.define('free')
    other.createWithFlags(PAUSED)
    contains(Call(s, 'free', ask).end(SOON), 'return')
    Call(s, 'free', lambda d: d.resume()).end(SOON)
    Call(s, 'free', lambda d: d.destroy()).end(SOON)
    assert all(c.thread.is_alive() for c in calls)
    for dom in hung:
        dom.destroy()
    for c in calls:
        c.end(SOON)


@case('statistics of all do not wait for those that cannot answer, when told not to')
def _(s):
    dom = hang(s, 'stuck')
    waiting = Call(s, 'stuck', ask)
    assert waiting.waits()
    records = s.conn.getAllDomainStats(0, libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)
    equal([d.name() for d, _ in records], ['stuck'])
    equal(records[0][1]['state.state'], libvirt.VIR_DOMAIN_PAUSED)
    os.kill(s.pid_of(dom), signal.SIGCONT)
    waiting.end()


@case('the daemon ends in order while a guest hangs, and the next one ends the guest', only='ostler')
def _(s):
    dom = hang(s, 'stuck')
    pid = s.pid_of(dom)
    s.restart(number=signal.SIGTERM)
    s.conn.lookupByName('stuck').destroy()
    equal(stack.wait_for_end([pid], SOON), [])


if __name__ == '__main__':
    main()
