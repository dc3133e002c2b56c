#!/usr/bin/python3
"""same.py - noded and libvirt's own daemon on the same machine in one run, compared field by field

On this machine and on planted ones. Where the two differ on purpose, DIFFERENT says why.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import itertools
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as etree

ROLE = os.environ.get('OSTLER_TELL')  # "" for this machine, or a planted one's name: say all, as JSON, and end
if ROLE is not None:
    os.environ['OSTLER_PEER'] = os.environ['OSTLER_TELL_OF']

import libvirt  # noqa: E402
from harness import PEER, Skip, case, equal, main, mount, s  # noqa: E402
import smbios  # noqa: E402
from machine import Machine, tree  # noqa: E402

LIBVIRTD = '/usr/sbin/libvirtd'
DMIDECODE = '/usr/sbin/dmidecode'


# ---- what one of them tells ---------------------------------------------------------------------

def ask(call, *args):
    try:
        return call(*args)
    except libvirt.libvirtError as e:
        return f'error {e.get_error_code()}'


def tell_devices(conn):
    devices = {}
    for device in conn.listAllDevices():
        devices[device.name()] = {'xml': device.XMLDesc(), 'caps': sorted(device.listCaps()), 'parent': device.parent(),
                                  'state': [device.isActive(), device.isPersistent(), device.autostart()]}
    return devices


def tell(conn):
    pages = os.sysconf('SC_PAGESIZE') // 1024
    return {
        'info': ask(conn.getInfo), 'cpu map': ask(conn.getCPUMap), 'cpu stats': ask(conn.getCPUStats, 0),
        'cpu stats of none': ask(conn.getCPUStats, 5000), 'all cpu stats': ask(conn.getCPUStats, -1),
        'memory': ask(conn.getMemoryStats, -1), 'memory of a node': ask(conn.getMemoryStats, 0),
        'memory of no node': ask(conn.getMemoryStats, 5000), 'free': ask(conn.getFreeMemory),
        'free of nodes': ask(conn.getCellsFreeMemory, 0, 64), 'free from no node on': ask(conn.getCellsFreeMemory, 5000, 1),
        'pages': ask(conn.getFreePages, [pages, 2048], 0, 1), 'pages of no size': ask(conn.getFreePages, [7], 0, 1),
        'shared pages': ask(conn.getMemoryParameters), 'sysinfo': ask(conn.getSysinfo),
        'sleep': [ask(conn.suspendForDuration, *a) for a in ((0, 60), (1, 60), (2, 60), (3, 60), (0, 60, 1))],
        'host': host_part(conn.getCapabilities()),
        'cpus': tell_cpus(conn),
        'devices': tell_devices(conn),
        'lists': {c: sorted(conn.listDevices(c)) for c in ('pci', 'net', 'storage', 'system', 'scsi', 'mdev', 'warp')},
        'refused': [ask(conn.nodeDeviceLookupByName, 'warp'), ask(conn.listAllDevices, 1 << 25)],
    }


# ---- processors by name -------------------------------------------------------------------------

def cpu(model, *features, vendor='', arch='x86_64', policy=''):
    """A host's; without arch a guest's."""
    return ('<cpu>' + (f'<arch>{arch}</arch>' if arch else '') + f'<model>{model}</model>'
            + (f'<vendor>{vendor}</vendor>' if vendor else '')
            + ''.join(f"<feature {f'policy={policy!r} ' if policy else ''}name='{f}'/>" for f in features) + '</cpu>')


ARCHS = ('x86_64', 'i686', 'aarch64', 'armv7l', 'ppc64', 'ppc64le', 's390x', 'riscv64', 'mips', 'alpha', 'sparc64', 'warp', '')
HOST_FEATURES = ('ds', 'acpi', 'ss', 'ht', 'tm', 'pbe', 'dtes64', 'monitor', 'ds_cpl', 'vmx', 'est', 'tm2', 'xtpr', 'pdcm', 'osxsave',
                 'arat', 'xsaveopt', 'pdpe1gb', 'invtsc', 'tsc_adjust', 'hypervisor', 'cmt', 'mbm_total', 'mbm_local', 'xsaves')
FEATURES = HOST_FEATURES + (
    'rdctl-no', 'ibrs-all', 'mds-no', 'taa-no', 'tsx-ctrl', 'skip-l1dfl-vmentry', 'pschange-mc-no', 'rsba', 'ssb-no', 'pconfig',
    'split-lock-detect', 'cvt16', 'intel-pt-lip', 'sgx', 'sgx1', 'sgx2', 'sgx-exinfo', 'sgx-debug', 'sgx-mode64', 'sgx-kss',
    'sgx-provisionkey', 'sgx-tokenkey', 'sgxlc', 'ospke', 'ds-cpl', 'lahf-lm', 'pclmulqdq', 'sse4_1', 'fzrm', 'amd-psfd', 'warp', '')
POWER = [cpu(m, arch='ppc64') for m in ('POWER8', 'POWER9', 'POWERPC_e5500', 'warp')]


def guest(attributes, inside=''):
    return f'<cpu{attributes}>{inside}</cpu>'


def odd_cpus():
    """What is refused, or means something else than one might think."""
    feature = "<feature policy='{}' name='{}'/>".format
    kvm64 = '<model>kvm64</model>'
    for match in ('minimum', 'exact', 'strict'):
        for policy in ('force', 'require', 'optional', 'disable', 'forbid'):
            for name in ('tbm', 'sse'):
                yield guest(f" match='{match}'", kvm64 + feature(policy, name))
    yield from (cpu('486', 'tbm', policy=p) for p in ('force', 'require', 'optional', 'disable', 'forbid'))
    yield from (guest(f" mode='{m}'", x) for m in ('custom', 'host-model', 'host-passthrough', 'maximum')
                for x in ('', '<model>Haswell</model>', kvm64, '<model>warp</model>', feature('require', 'tbm'), '<vendor>AMD</vendor>',
                          feature('require', 'warp'), '<arch>x86_64</arch>', kvm64 + '<vendor>Intel</vendor>'))
    yield from (
        '', '<cpu', '<domain/>', '<cpu/>', guest(" match='exact'"), guest('', '<vendor>AMD</vendor>'), guest('', feature('require', 'sse')),
        guest('', '<arch>x86_64</arch>'), guest('', '<arch>warp</arch>' + kvm64), guest('', '<arch>aarch64</arch><model>max</model>'),
        guest(" match='exact'", '<arch>x86_64</arch>' + kvm64), guest(" match='warp'"), cpu('warp'),
        cpu('kvm64', 'warp'), cpu('kvm64', 'sse', 'sse'), cpu('kvm64', vendor='warp'),
        guest(" match='exact'", '<model>486</model>' + feature('disable', 'vme')), cpu('kvm64', arch='i686'))


def pairs(names):
    """Each with its neighbours and with some farther away, as they are and as hosts have them."""
    for i, one in enumerate(names):
        for step in (1, 2, 5, 11, 23):
            other = names[(i + step) % len(names)]
            yield cpu(one), cpu(other)
            yield cpu(other, *HOST_FEATURES), cpu(one, *HOST_FEATURES)


def shared(names):
    """(processors, flags)"""
    yield from (([cpu(m)], flags) for m in names for flags in range(4))
    yield from (([cpu(m, 'ht', 'invtsc', 'xsaves', 'osxsave', 'spec-ctrl')], flags) for m in names for flags in range(4))
    yield from (([cpu(m, vendor=v)], 0) for m in names for v in ('Intel', 'AMD', 'Hygon'))
    yield from ((list(pair), i % 4) for i, pair in enumerate(pairs(names)))
    yield from (([cpu(a, vendor=v), cpu(b, vendor=w)], 0) for a in ('Haswell', 'EPYC', 'kvm64') for b in ('Westmere', 'Opteron_G4', 'qemu64')
                for v in ('', 'Intel', 'AMD') for w in ('', 'Intel', 'AMD'))
    yield from (([a, b, c], 0) for a in map(cpu, names[::9]) for b in map(cpu, names[1::9]) for c in map(cpu, names[2::13]))
    yield from (([one], 0) for one in odd_cpus())
    yield from (([cpu('m', arch=a), cpu('n', arch=a)], 0) for a in ARCHS if a)
    yield from (([a, b], 0) for a in POWER for b in POWER)
    yield from (([cpu('POWER8', arch='ppc64', vendor=v)], 1) for v in ('IBM', 'Freescale', 'Warp'))
    yield from (([cpu('Haswell')], 4), ([cpu('Haswell'), cpu('max', arch='aarch64')], 0), ([cpu('Haswell'), '<cpu'], 0))


def plain(answer):
    """A document without the space between elements; what is no document is as it was."""
    return etree.canonicalize(answer, strip_text=True) if isinstance(answer, str) and answer.startswith('<') else answer


def tell_cpus(conn):
    names = conn.getCPUModelNames('x86_64')
    host = etree.tostring(etree.fromstring(conn.getCapabilities()).find('host/cpu'), encoding='unicode')
    with open('/tmp/own-cpu.xml', 'w') as f:
        f.write(host)
    wanted = [cpu(m, *f, vendor=v, arch=a) for m in names for f in ((), ('hypervisor', 'monitor')) for v in ('', 'Intel', 'AMD')
              for a in ('x86_64', '')] + [cpu('486', f) for f in FEATURES] + list(odd_cpus())
    return {
        'names': {a: ask(conn.getCPUModelNames, a) for a in ARCHS},
        'of the host': plain(host), 'by virsh': s.virsh('cpu-compare', '/tmp/own-cpu.xml'),
        'compared': [(c, ask(conn.compareCPU, c, f)) for c in [host] + wanted for f in (0, libvirt.VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE)],
        'shared': [(c, f, plain(ask(conn.baselineCPU, c, f))) for c, f in [([host], n) for n in range(4)] + list(shared(names))],
    }


def host_part(xml):
    """All but the uuid, which each keeps for itself, and the processor. Guests run as different users, and move by
    TCP alone with us.
    """
    xml = re.sub(r'\s*<uri_transport>rdma</uri_transport>', '', re.sub(r'\+\d+:\+\d+', 'USER:GROUP', xml))
    host = etree.fromstring(xml).find('host')
    return [etree.tostring(e, encoding='unicode') for e in host if e.tag not in ('uuid', 'cpu')]


def firmware_told():
    """What we say of each of these tables."""
    out = {}
    with Machine(s) as m:
        os.makedirs(m.path('firmware/dmi/tables'))
        for name, tables in smbios.MACHINES.items():
            for file, content in (('DMI', tables), ('smbios_entry_point', smbios.entry_point(tables))):
                with open(m.path('firmware/dmi/tables', file), 'wb') as f:
                    f.write(content)
            out[name] = m.conn.getSysinfo()
    return out


def firmware_told_by_reference():
    """It reads them when it starts, by dmidecode."""
    out = {}
    shutil.copy(DMIDECODE, '/mnt/dmidecode')
    with open('/mnt/of-dump', 'w') as f:
        f.write('#!/bin/sh\nexec /mnt/dmidecode --from-dump /mnt/dump "$@"\n')
    os.chmod('/mnt/of-dump', 0o755)
    mount('--bind', '/mnt/of-dump', DMIDECODE)
    for name, tables in smbios.MACHINES.items():
        with open('/mnt/dump', 'wb') as f:
            f.write(smbios.dump(tables))
        s.start()
        conn = s.connect()
        out[name] = conn.getSysinfo()
        conn.close()
        s.stop()
    return out


def with_kvm():
    """Tests go without, but the clock of the processor is known from it."""
    if os.path.exists('/sys/class/misc/kvm/dev'):
        with open('/sys/class/misc/kvm/dev') as f:
            os.mknod('/dev/kvm', stat.S_IFCHR | 0o666, os.makedev(*map(int, f.read().split(':'))))


def say():
    """On a machine of its own, which ends with it."""
    libvirt.registerErrorHandler(lambda *_: None, None)
    s.prepare()
    if ROLE == 'firmware':
        out = firmware_told() if PEER == 'ostler' else firmware_told_by_reference()
    elif ROLE and PEER == 'ostler':
        with Machine(s, tree(ROLE)) as m:
            out = tell_devices(m.conn)
    else:
        if ROLE:
            m = Machine(s, tree(ROLE))
            os.makedirs(m.path('fs/cgroup'))
            mount('--bind', m.path(), '/sys')
            os.environ['SYSTEMD_DEVICE_VERIFY_SYSFS'] = '0'
        else:
            with_kvm()
        s.start()
        out = (tell_devices if ROLE else tell)(s.connect())
        s.stop()
    with open(os.environ['OSTLER_TELL_TO'], 'w') as f:
        json.dump(out, f)
    sys.stdout.flush()
    os._exit(0)


if ROLE is not None:
    say()


# ---- both, compared -----------------------------------------------------------------------------

def both(machine):
    if not os.access(LIBVIRTD, os.X_OK):
        raise Skip('libvirtd is not installed')
    told = []
    for peer in ('ostler', 'libvirtd'):
        with tempfile.NamedTemporaryFile(dir='/tmp') as out:
            env = dict(os.environ, OSTLER_TELL=machine, OSTLER_TELL_OF=peer, OSTLER_TELL_TO=out.name)
            del env['OSTLER_INSIDE']
            subprocess.run([sys.executable, __file__], env=env, check=True, stdout=subprocess.DEVNULL)
            told.append(json.load(out))
    return told


# What we tell otherwise, and why: (of which device, the element's path).
DIFFERENT = (
    ('computer', r'.*/hardware/uuid'),   # where the firmware has none the reference tells zeros, we the one that is kept
    ('computer', r'.*/firmware'),        # an empty element
    ('block_.*', r'.*/(size|num_blocks|logical_block_size)'),  # the kernel counts in 512 bytes whatever the block size
    ('block_.*', r'/devnode'),           # links that the tree has and udev's database has not
    ('usb_.*', r'.*/(product|vendor)'),  # of udev's database, which a planted machine has not
    ('(usb|scsi_generic|block)_.*', r'/parent'),  # below a USB device that the reference does not know, for the same reason
)
# Devices that the reference does not tell of: what udev's database would have to say of them, or an attribute that
# it wants and the kernel need not have (the speed of a link, a character device's number).
UNTOLD = re.compile('usb_usb.*|block_xvda|net_eth9_.*|vdpa_.*')


def rows(element, path=''):
    """(path, what it says) of each element that says something."""
    for child in element:
        where = f'{path}/{child.tag}'
        if child.attrib or (child.text or '').strip():
            yield where, json.dumps([sorted(child.attrib.items()), (child.text or '').strip()])
        elif not len(child):
            yield where, ''
        yield from rows(child, where)


def relevant(name, xml):
    found = rows(etree.fromstring(xml))
    return sorted((p, v) for p, v in found
                  if not any(re.fullmatch(n, name) and re.fullmatch(e, p) for n, e in DIFFERENT))


def compare_devices(ours, theirs):
    unknown = set(theirs) - set(ours)
    assert not unknown, f'not told of: {unknown}'
    for name in sorted(set(ours) - set(theirs)):
        assert UNTOLD.fullmatch(name), f'{name} is unknown to the reference'
    for name in theirs:
        equal((name, relevant(name, ours[name]['xml'])), (name, relevant(name, theirs[name]['xml'])))
        for key in ('caps', 'state'):
            equal((name, key, ours[name][key]), (name, key, theirs[name][key]))
    return sum(len(relevant(n, d['xml'])) for n, d in theirs.items())


def compare_cpus(ours, theirs):
    equal(ours['names'], theirs['names'])
    equal(ours['of the host'], theirs['of the host'])
    equal(ours['by virsh'], theirs['by virsh'])
    print('#', *re.findall('<counter.*?>', ours['of the host']))
    assert 'is identical to' in ours['by virsh'], ours['by virsh']
    for key in ('compared', 'shared'):
        equal(len(ours[key]), len(theirs[key]))
        wrong = [(mine, other[-1]) for mine, other in zip(ours[key], theirs[key]) if mine != other]
        assert not wrong, f'{len(wrong)} of {len(theirs[key])}: {wrong[:3]}'
        print(f'# {len(theirs[key])} processors {key}')


@case('this machine: every fact and every device')
def _(_s):
    ours, theirs = both('')
    for key in ('cpu map', 'cpu stats of none', 'memory of no node', 'free from no node on', 'pages of no size', 'sysinfo',
                'sleep', 'host', 'lists', 'refused'):
        equal((key, ours[key]), (key, theirs[key]))
    equal(ours['info'][:3] + ours['info'][4:], theirs['info'][:3] + theirs['info'][4:])  # not the speed of this moment
    for key in ('cpu stats', 'all cpu stats', 'memory', 'memory of a node', 'shared pages'):
        equal((key, sorted(ours[key])), (key, sorted(theirs[key])))
    for key in ('memory', 'memory of a node'):
        equal(ours[key]['total'], theirs[key]['total'])
    equal(len(ours['free of nodes']), len(theirs['free of nodes']))
    assert abs(ours['free'] - theirs['free']) < 0.1 * theirs['free']
    compare_cpus(ours['cpus'], theirs['cpus'])
    count = compare_devices(ours['devices'], theirs['devices'])
    print(f'# {len(theirs["devices"])} devices, {count} fields')


@case('what the firmware tells, of machines of many kinds')
def _(_s):
    if not os.access(DMIDECODE, os.X_OK):
        raise Skip('dmidecode is not installed')
    ours, theirs = both('firmware')
    for name in smbios.MACHINES:
        pairs = itertools.zip_longest(ours[name].strip().split('\n'), theirs[name].strip().split('\n'))
        for number, (our, their) in enumerate(pairs):
            equal((name, number, our), (name, number, their))
    print(f'# {sum(t.count("<entry") for t in theirs.values())} entries')


for machine in ('zoo', 'storage', 'special'):
    @case(f'the machine of {machine}.tree: every device')
    def _(_s, machine=machine):
        ours, theirs = both(machine)
        print(f'# {len(theirs)} devices, {compare_devices(ours, theirs)} fields')


if __name__ == '__main__':
    main()
