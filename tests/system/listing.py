#!/usr/bin/python3
"""listing.py - guests are listed, counted and looked up, by every filter"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import libvirt
from harness import case, contains, equal, guest_xml, main, refused
from libvirt import VIR_ERR_INVALID_ARG, VIR_ERR_NO_DOMAIN

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED
UUIDS = [f'6f3d1bb2-7c3d-4b7b-9d8e-0a7e2a9d1c{n:02x}' for n in range(9)]

# name: persistent, active, paused, autostart
GUESTS = {
    'off': (True, False, False, False),
    'auto': (True, False, False, True),
    'run': (True, True, False, False),
    'hold': (True, True, True, True),
    'gone': (False, True, True, False),
}


def populate(s):
    for n, (name, (persistent, active, paused, autostart)) in enumerate(GUESTS.items()):
        xml = guest_xml(name, uuid=UUIDS[n])
        flags = PAUSED if paused else 0
        if persistent:
            dom = s.conn.defineXML(xml)
            if active:
                dom.createWithFlags(flags)
        else:
            dom = s.conn.createXML(xml, flags)
        if autostart:
            dom.setAutostart(1)


def names(row):
    return sorted(n for n, r in GUESTS.items() if row(*r))


FILTERS = {
    # flag without its prefix: which of the guests it lets through (persistent, active, paused, autostart)
    'ACTIVE': lambda p, a, h, s: a,
    'INACTIVE': lambda p, a, h, s: not a,
    'PERSISTENT': lambda p, a, h, s: p,
    'TRANSIENT': lambda p, a, h, s: not p,
    'RUNNING': lambda p, a, h, s: a and not h,
    'PAUSED': lambda p, a, h, s: a and h,
    'SHUTOFF': lambda p, a, h, s: not a,
    'OTHER': lambda p, a, h, s: False,
    'MANAGEDSAVE': lambda p, a, h, s: False,
    'NO_MANAGEDSAVE': lambda p, a, h, s: True,
    'AUTOSTART': lambda p, a, h, s: s,
    'NO_AUTOSTART': lambda p, a, h, s: not s,
    'HAS_SNAPSHOT': lambda p, a, h, s: False,
    'NO_SNAPSHOT': lambda p, a, h, s: True,
    'HAS_CHECKPOINT': lambda p, a, h, s: False,
    'NO_CHECKPOINT': lambda p, a, h, s: True,
}
# flags of one group add up, groups narrow each other
PAIRS = [('ACTIVE', 'INACTIVE'), ('ACTIVE', 'PERSISTENT'), ('RUNNING', 'SHUTOFF'), ('INACTIVE', 'AUTOSTART'),
         ('PAUSED', 'TRANSIENT'), ('PERSISTENT', 'TRANSIENT'), ('AUTOSTART', 'NO_AUTOSTART'),
         ('HAS_SNAPSHOT', 'NO_SNAPSHOT'), ('OTHER', 'PAUSED'), ('ACTIVE', 'SHUTOFF')]
GROUPS = [('ACTIVE', 'INACTIVE'), ('PERSISTENT', 'TRANSIENT'), ('RUNNING', 'PAUSED', 'SHUTOFF', 'OTHER'),
          ('MANAGEDSAVE', 'NO_MANAGEDSAVE'), ('AUTOSTART', 'NO_AUTOSTART'),
          ('HAS_SNAPSHOT', 'NO_SNAPSHOT'), ('HAS_CHECKPOINT', 'NO_CHECKPOINT')]


def wanted(flags):
    def passes(*row):
        for group in GROUPS:
            asked = [f for f in flags if f in group]
            if asked and not any(FILTERS[f](*row) for f in asked):
                return False
        return True
    return names(passes)


def flag(name):
    return getattr(libvirt, 'VIR_CONNECT_LIST_DOMAINS_' + name)


@case('every filter of the list, alone and in pairs')
def _(s):
    populate(s)
    equal(sorted(d.name() for d in s.conn.listAllDomains()), sorted(GUESTS))
    for flags in [(f,) for f in FILTERS] + PAIRS:
        number = 0
        for f in flags:
            number |= flag(f)
        got = sorted(d.name() for d in s.conn.listAllDomains(number))
        assert got == wanted(flags), f'{flags}: got {got}, not {wanted(flags)}'


@case('the older lists and counts')
def _(s):
    equal((s.conn.numOfDomains(), s.conn.numOfDefinedDomains()), (3, 2))
    equal(sorted(s.conn.listDefinedDomains()), ['auto', 'off'])
    equal(sorted(s.conn.lookupByID(i).name() for i in s.conn.listDomainsID()), ['gone', 'hold', 'run'])


@case('a guest is found by name, uuid and id')
def _(s):
    for n, name in enumerate(GUESTS):
        dom = s.conn.lookupByName(name)
        equal((dom.name(), dom.UUIDString()), (name, UUIDS[n]))
        equal(s.conn.lookupByUUIDString(UUIDS[n]).name(), name)
        equal(s.conn.lookupByUUID(dom.UUID()).ID(), dom.ID())
        if dom.isActive():
            equal(s.conn.lookupByID(dom.ID()).UUIDString(), UUIDS[n])


@case('what is not there is not found, and named')
def _(s):
    refused(VIR_ERR_NO_DOMAIN, s.conn.lookupByName, 'nobody', naming='nobody')
    refused(VIR_ERR_NO_DOMAIN, s.conn.lookupByName, 'RUN')
    refused(VIR_ERR_NO_DOMAIN, s.conn.lookupByUUIDString, UUIDS[8], naming=UUIDS[8])
    refused(VIR_ERR_NO_DOMAIN, s.conn.lookupByID, 4711, naming='4711')
    refused(VIR_ERR_INVALID_ARG, s.conn.listAllDomains, 1 << 20)


@case('what virsh lists')
def _(s):
    contains(s.virsh('list'), 'run', 'hold', 'gone')
    equal(s.virsh('list', '--name', '--persistent', '--inactive').split(), ['auto', 'off'])
    equal(s.virsh('list', '--name', '--state-paused', '--transient').split(), ['gone'])
    equal(s.virsh('list', '--all', '--uuid', '--autostart').split(), [UUIDS[3], UUIDS[1]])
    contains(s.virsh('list', '--all', '--title'), 'run')
    equal(s.virsh('domid', 'off').strip(), '-')
    contains(s.virsh('domstate', 'nobody', fails=True), 'nobody')


@case('a thousand definitions are listed whole')
def _(s):
    for n in range(1000):
        s.conn.defineXML(guest_xml(f'many-{n:04}'))
    got = s.conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_INACTIVE)
    equal(sorted(d.name() for d in got if d.name() not in GUESTS), [f'many-{n:04}' for n in range(1000)])
    equal(s.conn.numOfDefinedDomains(), 1002)


if __name__ == '__main__':
    main(kept=tuple(GUESTS))
