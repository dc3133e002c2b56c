#!/usr/bin/python3
"""lifecycle.py - a running guest is paused, reset, asked to go, and ended; what it does itself is told"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import signal

import libvirt
from harness import case, contains, equal, main, refused
from libvirt import (VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_STOPPED,
                     VIR_DOMAIN_EVENT_SUSPENDED, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_ERR_INVALID_ARG,
                     VIR_ERR_OPERATION_INVALID)

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
GUEST = {'devices': "<controller type='usb' model='none'/><memballoon model='none'/>"}


def shared(s):
    return s.shared(**GUEST)


@case('suspend stops the guest, resume lets it go on')
def _(s):
    dom = shared(s)
    events = s.events('LIFECYCLE')
    dom.suspend()
    equal(dom.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER])
    events.wait('LIFECYCLE', 'vm', VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_PAUSED)
    dom.suspend()  # twice is once
    dom.resume()
    equal(dom.state(), [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_UNPAUSED])
    events.wait('LIFECYCLE', 'vm', VIR_DOMAIN_EVENT_RESUMED, libvirt.VIR_DOMAIN_EVENT_RESUMED_UNPAUSED)
    refused(VIR_ERR_OPERATION_INVALID, dom.resume)
    equal(events.seen('LIFECYCLE', 'vm'), [])


@case('a guest that is paused does nothing, and answers when it goes on')
def _(s):
    dom = shared(s)
    console = s.shell()
    dom.suspend()
    console.send('echo still-$((40 + 2))\n')
    dom.resume()
    console.expect('still-42')


@case('the guest can restart itself')
def _(s):
    dom = shared(s)
    console = s.shell()
    events = s.events('REBOOT', 'LIFECYCLE')
    before = dom.ID()
    console.send('reboot -f\n')
    events.wait('REBOOT', 'vm')
    console.expect('guest: ready')
    equal((dom.ID(), events.seen('LIFECYCLE', 'vm')), (before, []))


@case('reset restarts the guest at once')
def _(s):
    dom = shared(s)
    console = s.console('vm')
    events = s.events('REBOOT', 'LIFECYCLE')
    before = s.pid_of(dom)
    dom.reset(0)
    events.wait('REBOOT', 'vm')
    console.expect('guest: ready')
    equal(s.pid_of(dom), before)


@case('reboot asks the guest to go and starts it again in the same process')
def _(s):
    dom = shared(s)
    console = s.console('vm')
    events = s.events('REBOOT', 'LIFECYCLE')
    before = s.pid_of(dom), dom.ID()
    dom.reboot(libvirt.VIR_DOMAIN_REBOOT_ACPI_POWER_BTN)
    console.expect('guest: power button')
    events.wait('REBOOT', 'vm')
    console.expect('guest: ready')
    equal((s.pid_of(dom), dom.ID()), before)
    equal(dom.state()[0], libvirt.VIR_DOMAIN_RUNNING)


@case('what a running guest refuses')
def _(s):
    dom = shared(s)
    refused(VIR_ERR_OPERATION_INVALID, dom.create)
    refused(VIR_ERR_ARGUMENT_UNSUPPORTED, dom.shutdownFlags, libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT)
    refused(VIR_ERR_ARGUMENT_UNSUPPORTED, dom.reboot, libvirt.VIR_DOMAIN_REBOOT_GUEST_AGENT)
    refused(VIR_ERR_INVALID_ARG, dom.shutdownFlags, libvirt.VIR_DOMAIN_SHUTDOWN_INITCTL)
    refused(VIR_ERR_INVALID_ARG, dom.shutdownFlags, libvirt.VIR_DOMAIN_SHUTDOWN_SIGNAL)
    refused(VIR_ERR_INVALID_ARG, dom.reboot, libvirt.VIR_DOMAIN_REBOOT_PARAVIRT)
    refused(VIR_ERR_INVALID_ARG, dom.shutdownFlags, 1 << 20)
    refused(VIR_ERR_INVALID_ARG, dom.reset, 1)
    refused(VIR_ERR_INVALID_ARG, dom.destroyFlags, 1 << 20)
    equal(dom.state()[0], libvirt.VIR_DOMAIN_RUNNING)


@case('shutdown asks the guest to go')
def _(s):
    dom = shared(s)
    console = s.console('vm')
    events = s.events('LIFECYCLE')
    dom.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
    console.expect('guest: power button')
    events.wait('LIFECYCLE', 'vm', VIR_DOMAIN_EVENT_SHUTDOWN, libvirt.VIR_DOMAIN_EVENT_SHUTDOWN_GUEST)
    events.wait('LIFECYCLE', 'vm', VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
    equal(dom.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SHUTDOWN])
    equal((s.conn.lookupByName('vm').ID(), s.processes()), (-1, {}))


@case('what a guest that is off refuses')
def _(s):
    dom = s.define('one')
    for call in (dom.suspend, dom.resume, dom.shutdown, dom.reset, dom.destroy):
        refused(VIR_ERR_OPERATION_INVALID, call)
    refused(VIR_ERR_OPERATION_INVALID, dom.reboot, 0)
    refused(VIR_ERR_OPERATION_INVALID, dom.destroyFlags, libvirt.VIR_DOMAIN_DESTROY_GRACEFUL)
    refused(VIR_ERR_OPERATION_INVALID, dom.controlInfo)
    refused(VIR_ERR_OPERATION_INVALID, dom.screenshot, s.conn.newStream(0), 0)
    refused(VIR_ERR_OPERATION_INVALID, dom.openConsole, None, s.conn.newStream(0))
    refused(VIR_ERR_OPERATION_INVALID, dom.sendKey, 0, 0, [30], 1)


@case('destroy ends a guest without asking it, also gracefully')
def _(s):
    events = s.events('LIFECYCLE')
    dom = s.define('one')
    for call in (dom.destroy, lambda: dom.destroyFlags(libvirt.VIR_DOMAIN_DESTROY_GRACEFUL)):
        dom.createWithFlags(PAUSED)
        call()
        events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
        equal(dom.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED])
        equal(s.processes(), {})


@case('an emulator that is killed is a guest that crashed')
def _(s):
    events = s.events('LIFECYCLE')
    dom = s.define('one')
    dom.createWithFlags(PAUSED)
    os.kill(s.pid_of(dom), signal.SIGKILL)
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED)
    equal(dom.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_CRASHED])
    dom.createWithFlags(PAUSED)


@case('on_reboot destroy: a guest that restarts ends')
def _(s):
    events = s.events('LIFECYCLE', 'REBOOT')
    dom = s.define('one', on='<on_reboot>destroy</on_reboot>')
    dom.create()
    dom.reset(0)
    events.wait('LIFECYCLE', 'one', VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
    equal((dom.isActive(), events.seen('REBOOT', 'one')), (0, []))


@case('on_poweroff restart: a guest that goes comes back')
def _(s):
    events = s.events('LIFECYCLE', 'REBOOT')
    dom = s.define('one', cmdline='guest.run=/bin/true', on='<on_poweroff>restart</on_poweroff>')
    dom.create()
    console = s.console('one')
    console.expect('guest: ready')
    console.expect('guest: ready')
    events.wait('REBOOT', 'one')
    equal((dom.isActive(), [e[0] for e in events.seen('LIFECYCLE', 'one') if e[0] == VIR_DOMAIN_EVENT_STOPPED]),
          (1, []))


@case('what virsh does to a running guest')
def _(s):
    s.define('one')
    s.virsh('start', 'one')
    s.virsh('suspend', 'one')
    equal(s.virsh('domstate', '--reason', 'one').strip(), 'paused (user)')
    s.virsh('resume', 'one')
    s.virsh('reset', 'one')
    equal(s.virsh('domstate', 'one').strip(), 'running')
    s.virsh('reboot', 'one', '--mode', 'acpi')
    s.virsh('shutdown', 'one', '--mode', 'acpi')
    s.virsh('destroy', 'one')
    equal(s.virsh('domstate', '--reason', 'one').strip(), 'shut off (destroyed)')
    contains(s.virsh('suspend', 'one', fails=True), 'not running')


if __name__ == '__main__':
    main(kept=('vm',))
