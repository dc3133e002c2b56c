#!/usr/bin/python3
"""stats.py - figures of a guest, running and not, one by one and all together"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import libvirt
from harness import case, contains, equal, main, refused, until
from libvirt import VIR_ERR_INVALID_ARG, VIR_ERR_OPERATION_INVALID

PAUSED = libvirt.VIR_DOMAIN_START_PAUSED


def guest(s):
    disk = s.file('disk.img', size=1 << 20)
    return s.shared(vcpus=2, devices=f"""
        <disk type='file'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
        <memballoon model='virtio'><stats period='1'/></memballoon>""")


@case('info, limits and type of a guest that is off')
def _(s):
    dom = s.define('off', vcpus=2)
    equal(dom.info()[:4], [libvirt.VIR_DOMAIN_SHUTOFF, 131072, 131072, 2])
    equal((dom.maxMemory(), dom.OSType()), (131072, 'hvm'))
    equal(dom.vcpusFlags(libvirt.VIR_DOMAIN_VCPU_MAXIMUM | libvirt.VIR_DOMAIN_AFFECT_CONFIG), 2)
    equal(dom.vcpusFlags(libvirt.VIR_DOMAIN_AFFECT_CONFIG), 2)
    refused(VIR_ERR_OPERATION_INVALID, dom.maxVcpus)
    refused(VIR_ERR_OPERATION_INVALID, dom.vcpusFlags, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    refused(VIR_ERR_OPERATION_INVALID, dom.memoryStats)
    equal(dom.schedulerType()[0], 'posix')


@case('info, limits and type of a guest that runs')
def _(s):
    dom = guest(s)
    state, maximum, memory, cpus, time = dom.info()
    equal((state, maximum, memory, cpus), (libvirt.VIR_DOMAIN_RUNNING, 131072, 131072, 2))
    assert time > 10 ** 8, time
    equal((dom.maxMemory(), dom.maxVcpus(), dom.OSType()), (131072, 2, 'hvm'))
    equal(dom.vcpusFlags(libvirt.VIR_DOMAIN_AFFECT_LIVE), 2)
    equal(dom.controlInfo(), [libvirt.VIR_DOMAIN_CONTROL_OK, 0, 0])
    equal(dom.schedulerType()[0], 'posix')


@case('statistics of a guest that runs: every group has its figures')
def _(s):
    dom = guest(s)
    s.shell().run('dd if=/dev/vda of=/dev/null bs=64k count=4 2>/dev/null')
    until(lambda: 'balloon.unused' in s.conn.domainListGetStats([dom])[0][1], 'the balloon tells nothing')
    (found, v), = s.conn.domainListGetStats([dom])
    equal(found.name(), 'vm')
    equal((v['state.state'], v['state.reason']), (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED))
    assert v['cpu.time'] > 10 ** 8 and v['cpu.user'] > 0 and v['cpu.system'] > 0, v
    assert v['balloon.current'] == v['balloon.maximum'] == 131072, v
    assert 0 < v['balloon.unused'] <= v['balloon.available'] <= 131072, v
    assert v['balloon.rss'] > 0 and v['balloon.last-update'] > 0, v
    equal((v['vcpu.current'], v['vcpu.maximum'], v['vcpu.0.state']), (2, 2, 1))
    assert v['vcpu.0.time'] > 0, v
    equal((v['block.count'], v['block.0.name']), (1, 'vda'))
    equal((v['block.0.path'], v['block.0.capacity']), (s.home + '/disk.img', 1 << 20))
    assert v['block.0.rd.bytes'] >= 4 * 65536 and v['block.0.rd.reqs'] > 0 and v['block.0.rd.times'] > 0, v
    assert v['block.0.wr.bytes'] == 0, v
    equal(v['net.count'], 0)


@case('groups are chosen, and guests')
def _(s):
    dom = guest(s)
    s.define('off')
    (_, v), = s.conn.domainListGetStats([dom], libvirt.VIR_DOMAIN_STATS_STATE)
    equal(sorted(v), ['state.reason', 'state.state'])
    (_, v), = s.conn.domainListGetStats([dom], libvirt.VIR_DOMAIN_STATS_BALLOON | libvirt.VIR_DOMAIN_STATS_VCPU)
    equal({k.partition('.')[0] for k in v}, {'balloon', 'vcpu'})

    def names(flags):
        return sorted(d.name() for d, _ in s.conn.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE, flags))

    equal(names(0), ['off', 'vm'])
    equal(names(libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE), ['vm'])
    equal(names(libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_SHUTOFF), ['off'])
    equal(names(libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_PERSISTENT), ['off', 'vm'])
    equal(names(libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_TRANSIENT), [])
    refused(VIR_ERR_INVALID_ARG, s.conn.getAllDomainStats, 0, 1 << 20)


@case('unknown groups are refused only when the client insists')
def _(s):
    guest(s)
    s.conn.getAllDomainStats(1 << 20)
    refused((VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED), s.conn.getAllDomainStats, 1 << 20,
            libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS)


@case('statistics of a guest that is off')
def _(s):
    dom = s.define('off')
    (_, v), = s.conn.domainListGetStats([dom])
    equal((v['state.state'], v['vcpu.maximum'], v['balloon.maximum']), (libvirt.VIR_DOMAIN_SHUTOFF, 1, 131072))


@case('memory and disk figures one by one')
def _(s):
    dom = guest(s)
    m = dom.memoryStats()
    equal(m['actual'], 131072)
    assert m['rss'] > 0 and m['available'] <= 131072, m
    read, size = dom.blockStats('vda')[:2]
    assert read > 0 and size > 0, dom.blockStats('vda')
    assert dom.blockStatsFlags('vda')['rd_bytes'] >= size
    equal(dom.blockInfo('vda')[0], 1 << 20)
    refused(VIR_ERR_INVALID_ARG, dom.blockStats, 'vdz', naming='vdz')
    refused(VIR_ERR_INVALID_ARG, dom.blockInfo, 'vdz', naming='vdz')


@case('processor time grows with work')
def _(s):
    dom = guest(s)
    before = dom.info()[4]
    s.shell().run('i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done')
    assert dom.info()[4] > before


@case('states have reasons')
def _(s):
    dom = guest(s)
    dom.suspend()
    equal(dom.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER])
    (_, v), = s.conn.domainListGetStats([dom], libvirt.VIR_DOMAIN_STATS_STATE)
    equal((v['state.state'], v['state.reason']), (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER))
    equal(dom.info()[0], libvirt.VIR_DOMAIN_PAUSED)
    dom.resume()


@case('what virsh shows')
def _(s):
    guest(s)
    contains(s.virsh('domstats', 'vm'), 'state.state=1', 'vcpu.current=2', 'block.count=1')
    contains(s.virsh('domstats', '--state', '--list-active'), "Domain: 'vm'")
    contains(s.virsh('dominfo', 'vm'), 'running', '131072 KiB', 'CPU(s):         2')
    contains(s.virsh('dommemstat', 'vm'), 'actual 131072')
    contains(s.virsh('domcontrol', 'vm'), 'ok')
    contains(s.virsh('domblklist', 'vm'), 'vda', 'disk.img')
    contains(s.virsh('domblkinfo', 'vm', 'vda'), '1048576')
    contains(s.virsh('domblkstat', 'vm', 'vda'), 'rd_bytes')
    contains(s.virsh('vcpucount', 'vm'), 'maximum')


if __name__ == '__main__':
    main(kept=('vm',))
