#!/usr/bin/python3
"""node.py - the machine itself: processors, memory, pages; against what the kernel says of them"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import re
import subprocess
import xml.etree.ElementTree as etree

import libvirt
from harness import case, contains, equal, main, refused
from libvirt import VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_ERR_INVALID_ARG, VIR_ERR_OPERATION_FAILED

NODE = '/sys/devices/system/node'


def text(path):
    with open(path) as f:
        return f.read().strip()


def numbers(ranges):
    """{0, 1, 2, 5} of '0-2,5'"""
    found = set()
    for part in filter(None, ranges.split(',')):
        first, _, last = part.partition('-')
        found |= set(range(int(first), int(last or first) + 1))
    return found


def meminfo(path='/proc/meminfo'):
    return {k: int(v) for k, v in re.findall(r'(\w+):\s+(\d+) kB', text(path))}


def cells():
    return sorted(numbers(text(NODE + '/online')))


def nodes_memory(name):
    """In KiB; that of the nodes need not be what /proc/meminfo says."""
    return sum(int(re.search(rf'{name}: +(\d+)', text(f'{NODE}/node{c}/meminfo')).group(1)) for c in cells())


def near(a, b, share=0.05):
    assert abs(a - b) <= share * max(a, b, 1), f'{a} is far from {b}'


def lscpu():
    out = subprocess.run(['lscpu', '-p=CPU,CORE,SOCKET,NODE'], check=True, capture_output=True, text=True).stdout
    return [line.split(',') for line in out.split('\n') if line and line[0] != '#']


@case('node info: what lscpu says')
def _(s):
    model, memory, cpus, mhz, nodes, sockets, cores, threads = s.conn.getInfo()
    rows = lscpu()
    equal((model, cpus), (os.uname().machine, len(rows)))
    equal(memory, nodes_memory('MemTotal') // 1024)
    equal(nodes * sockets * cores * threads, cpus)
    if nodes * sockets > 1 or len({r[1] for r in rows}) * threads == cpus:
        equal(nodes, len({r[3] for r in rows}))
        equal(nodes * sockets * cores, len({(r[1], r[2]) for r in rows}))
    assert mhz >= 0, mhz
    contains(s.virsh('nodeinfo'), f'CPU(s):              {cpus}', f'{nodes_memory("MemTotal")} KiB')


@case('the map of processors')
def _(s):
    present, online = (numbers(text(f'/sys/devices/system/cpu/{n}')) for n in ('present', 'online'))
    total, bits, count = s.conn.getCPUMap()
    equal(total, max(present) + 1)
    equal(count, len(online))
    equal({i for i, b in enumerate(bits) if b}, online)
    contains(s.virsh('nodecpumap'), f'CPUs present:   {total}\n', f'CPUs online:    {count}\n',
             'CPU map:        ' + ''.join('-y'[i in online] for i in range(total)) + '\n')


def ticks(cpu=''):
    fields = re.search(rf'^cpu{cpu} +(.*)$', text('/proc/stat'), re.M).group(1).split()
    user, nice, system, idle, iowait, irq, softirq = map(int, fields[:7])
    unit = 10**9 // os.sysconf('SC_CLK_TCK')
    return {'user': (user + nice) * unit, 'kernel': (system + irq + softirq) * unit, 'idle': idle * unit,
            'iowait': iowait * unit}


@case('times of processors lie between what the kernel says before and after')
def _(s):
    for cpu, name in [(libvirt.VIR_NODE_CPU_STATS_ALL_CPUS, '')] + [(n, n) for n in range(os.cpu_count())]:
        before = ticks(name)
        told = s.conn.getCPUStats(cpu)
        after = ticks(name)
        equal(set(told), set(before))
        for key, value in told.items():
            # the kernel's idle times may go back a little
            assert before[key] - 10**8 <= value <= after[key] + 10**8, (cpu, key, before[key], value, after[key])
    refused(VIR_ERR_INVALID_ARG, s.conn.getCPUStats, os.cpu_count() + 1000)
    refused(VIR_ERR_INVALID_ARG, s.conn.getCPUStats, -2)
    contains(s.virsh('nodecpustats'), 'user:', 'system:', 'idle:', 'iowait:')
    contains(s.virsh('nodecpustats', '0', '--percent'), 'usage:')


@case('memory, as a whole and of each node')
def _(s):
    told, true = s.conn.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS), meminfo()
    equal(set(told), {'total', 'free', 'buffers', 'cached'})
    equal(told['total'], true['MemTotal'])
    for key, name in (('free', 'MemFree'), ('buffers', 'Buffers'), ('cached', 'Cached')):
        near(told[key], true[name])
    near(s.conn.getFreeMemory(), nodes_memory('MemFree') * 1024)
    for cell in cells():
        told = s.conn.getMemoryStats(cell)
        values = dict(re.findall(r'Node \d+ (\w+): +(\d+) kB', text(f'{NODE}/node{cell}/meminfo')))
        equal(set(told), {'total', 'free'})
        equal(told['total'], int(values['MemTotal']))
        near(told['free'], int(values['MemFree']))
    free = s.conn.getCellsFreeMemory(0, len(cells()))
    equal(len(free), len(cells()))
    near(sum(free), nodes_memory('MemFree') * 1024)
    refused(VIR_ERR_INVALID_ARG, s.conn.getMemoryStats, 1000)
    contains(s.virsh('nodememstats'), 'total  :', 'cached :')
    contains(s.virsh('nodememstats', '--cell', '1000', fails=True), 'Unable to get number of memory stats')
    contains(s.virsh('nodememstats', '--cell', '0'), 'total  :', 'free   :')
    contains(s.virsh('freecell', '--all'), *(f'{c}:' for c in cells()), 'KiB')


@case('free pages of each size')
def _(s):
    plain = os.sysconf('SC_PAGESIZE') // 1024
    sizes = [plain] + sorted(int(re.search(r'\d+', n).group())
                             for n in os.listdir('/sys/kernel/mm/hugepages'))
    told = s.conn.getFreePages(sizes, 0, 1)
    equal(sorted(told[0]), sorted(sizes))
    near(told[0][plain] * plain, int(re.search(r'MemFree: +(\d+)', text(f'{NODE}/node0/meminfo')).group(1)))
    for size in sizes[1:]:
        equal(told[0][size], int(text(f'{NODE}/node0/hugepages/hugepages-{size}kB/free_hugepages')))
    refused(VIR_ERR_OPERATION_FAILED, s.conn.getFreePages, [12345], 0, 1, naming='12345')
    contains(s.virsh('freepages', '--cellno', '0', '--pagesize', f'{plain}KiB'), f'{plain}KiB:')
    everything = s.virsh('freepages', '--all')
    contains(everything, *(f'Node {c}:\n' for c in cells()), *(f'{size}KiB: ' for size in sizes))


@case('pages are added to a pool and taken out of it')
def _(s):
    pool = f'{NODE}/node0/hugepages/hugepages-2048kB/nr_hugepages'
    if not os.access(pool, os.W_OK):
        return
    before = int(text(pool))
    try:
        equal(s.conn.allocPages({2048: 1}, 0, 1, 0), 1)
        equal(int(text(pool)), before + 1)
        s.virsh('allocpages', '--pagesize', '2048KiB', '--pagecount', str(before), '--cellno', '0')
        equal(int(text(pool)), before)
    finally:
        with open(pool, 'w') as f:
            f.write(str(before))
    refused((VIR_ERR_OPERATION_FAILED, libvirt.VIR_ERR_SYSTEM_ERROR), s.conn.allocPages, {12345: 1}, 0, 1, 0)
    refused((libvirt.VIR_ERR_OPERATION_UNSUPPORTED, libvirt.VIR_ERR_INTERNAL_ERROR), s.conn.allocPages,
            {os.sysconf('SC_PAGESIZE') // 1024: 1}, 0, 1, 0)


@case('pages that guests share')
def _(s):
    folder = '/sys/kernel/mm/ksm'
    told = s.conn.getMemoryParameters()
    for name, value in told.items():
        equal(value, int(text(f'{folder}/{name.removeprefix("shm_")}')))
    assert 'shm_pages_to_scan' in told or not os.path.exists(folder), told
    if not told:
        return
    before = told['shm_pages_to_scan']
    try:
        s.conn.setMemoryParameters({'shm_pages_to_scan': before + 1})
        equal(s.conn.getMemoryParameters()['shm_pages_to_scan'], before + 1)
        s.virsh('node-memory-tune', '--shm-pages-to-scan', str(before))
        equal(int(text(folder + '/pages_to_scan')), before)
    finally:
        with open(folder + '/pages_to_scan', 'w') as f:
            f.write(str(before))
    refused((VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_ERR_INVALID_ARG), s.conn.setMemoryParameters, {'shm_pages_shared': 1})


# ---- processors by name -------------------------------------------------------------------------

def cpu(model, *features, vendor=''):
    return (f"<cpu><arch>x86_64</arch><model>{model}</model>{f'<vendor>{vendor}</vendor>' if vendor else ''}"
            + ''.join(f"<feature name='{f}'/>" for f in features) + '</cpu>')


def guest(model, policy='', feature='', match='exact'):
    return (f"<cpu match='{match}'><model>{model}</model>"
            + (f"<feature policy='{policy}' name='{feature}'/>" if policy else '') + '</cpu>')


@case('names of processors')
def _(s):
    names = s.conn.getCPUModelNames('x86_64')
    for name in ('486', 'qemu64', 'Nehalem', 'Haswell-noTSX-IBRS', 'Cascadelake-Server', 'EPYC-Milan', 'Dhyana'):
        assert name in names, name
    contains(s.virsh('cpu-models', 'x86_64'), 'Haswell\n')
    equal(s.conn.getCPUModelNames('aarch64') or [], [])  # any will do
    refused(VIR_ERR_INVALID_ARG, s.conn.getCPUModelNames, 'warp', naming='warp')


@case('is the host such a processor?')
def _(s):
    superset, none = libvirt.VIR_CPU_COMPARE_SUPERSET, libvirt.VIR_CPU_COMPARE_INCOMPATIBLE
    ask = s.conn.compareCPU
    with open('/proc/cpuinfo') as f:
        flags = re.search('flags.*?: (.*)', f.read()).group(1).split()
    lacks = next(f for f in ('xop', 'tbm', '3dnow', 'avx512pf') if f not in flags)
    has = next(f for f in ('popcnt', 'cx16', 'pni') if f in flags)
    for expected, xml in (
            (superset, cpu('pentium')), (superset, guest('qemu64', 'disable', 'svm')), (none, guest('pentium', match='strict')),
            (superset, guest('pentium', match='minimum')), (none, guest('pentium', 'require', lacks)),
            (superset, guest('pentium', 'force', lacks)), (superset, guest('pentium', 'optional', lacks)),
            (superset, guest('pentium', 'require', has)), (none, guest('pentium', 'forbid', has)),
            (superset, guest('pentium', 'forbid', lacks)), (none, cpu('pentium', vendor='Hygon')),
            (none, '<cpu><arch>aarch64</arch><model>cortex-a57</model></cpu>'),
            (superset, "<cpu mode='host-passthrough'/>"), (superset, "<cpu mode='host-model'/>")):
        equal((ask(xml), xml), (expected, xml))
    fail = libvirt.VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE
    refused(libvirt.VIR_ERR_CPU_INCOMPATIBLE, ask, guest('pentium', 'require', lacks), fail, naming=lacks)
    refused(libvirt.VIR_ERR_CPU_INCOMPATIBLE, ask, cpu('pentium', vendor='Hygon'), fail, naming='Hygon')
    refused(libvirt.VIR_ERR_INTERNAL_ERROR, ask, cpu('warp'), naming='warp')
    refused(libvirt.VIR_ERR_INTERNAL_ERROR, ask, cpu('pentium', 'warp'), naming='warp')
    refused(libvirt.VIR_ERR_XML_ERROR, ask, '<cpu><arch>x86_64</arch></cpu>')
    refused((libvirt.VIR_ERR_XML_ERROR, libvirt.VIR_ERR_XML_DETAIL), ask, '<cpu')
    refused(VIR_ERR_INVALID_ARG, ask, cpu('pentium'), 8)


@case('the host is what its capabilities say')
def _(s):
    own = etree.fromstring(s.conn.getCapabilities()).find('host/cpu')
    with open('/tmp/own-cpu.xml', 'wb') as f:
        f.write(etree.tostring(own))
    contains(s.virsh('cpu-compare', '/tmp/own-cpu.xml', '--error'), 'is identical to host CPU')
    own.remove(own.findall('feature')[-1])
    equal(s.conn.compareCPU(etree.tostring(own, encoding='unicode')), libvirt.VIR_CPU_COMPARE_SUPERSET)


@case('what several processors share')
def _(s):
    def ask(*cpus, flags=0):
        root = etree.fromstring(s.conn.baselineCPU(list(cpus), flags))
        equal((root.get('mode'), root.get('match')), ('custom', 'exact'))
        return (root.findtext('model'), root.findtext('vendor'),
                {(f.get('policy'), f.get('name')) for f in root.findall('feature')})

    equal(ask(cpu('Haswell'), cpu('SandyBridge'))[0], 'SandyBridge')
    equal(ask(cpu('Westmere', vendor='Intel'), cpu('Haswell', vendor='Intel'))[:2], ('Westmere', 'Intel'))
    equal(ask(cpu('Westmere', 'avx', 'xsave'), cpu('SandyBridge')), ('Westmere', None, {('require', 'avx'), ('require', 'xsave')}))
    equal(ask(cpu('EPYC-Rome'), cpu('EPYC'))[0], 'EPYC')
    model, vendor, features = ask(cpu('Haswell'), cpu('Opteron_G5'))
    equal((model, vendor), ('kvm64', None))
    assert {('require', 'avx'), ('require', 'aes')} <= features and ('require', 'avx2') not in features, features
    model, _, features = ask(cpu('Nehalem'), flags=libvirt.VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES)
    assert {('require', 'sse4.2'), ('require', 'lm')} <= features, features
    features = ask(cpu('Nehalem', 'invtsc'), flags=libvirt.VIR_CONNECT_BASELINE_CPU_MIGRATABLE)[2]
    assert ('require', 'invtsc') not in features, features
    refused(VIR_ERR_OPERATION_FAILED, ask, cpu('Westmere', vendor='Intel'), cpu('EPYC', vendor='AMD'))
    refused(libvirt.VIR_ERR_INTERNAL_ERROR, ask, cpu('warp'), naming='warp')
    refused(libvirt.VIR_ERR_XML_ERROR, ask, '<cpu><model>Haswell</model></cpu>')
    refused(VIR_ERR_INVALID_ARG, ask, cpu('Haswell'), flags=8)


if __name__ == '__main__':
    main()
