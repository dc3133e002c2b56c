#!/usr/bin/python3
"""host.py - what a client learns about the connection, the host and the hypervisor"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import os
import re
import shutil
import socket
import subprocess
import xml.etree.ElementTree as etree

import libvirt
from harness import BUILD, QEMU, case, contains, equal, main, mount, refused
from libvirt import (VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_INTERNAL_ERROR, VIR_ERR_INVALID_ARG,
                     VIR_ERR_NO_CONNECT, VIR_ERR_SYSTEM_ERROR)


def qemu_version():
    text = subprocess.run([QEMU, '--version'], capture_output=True, text=True).stdout
    major, minor, micro = map(int, re.search(r'version (\d+)\.(\d+)\.(\d+)', text).groups())
    return major * 1000000 + minor * 1000 + micro


@case('the connection: alive, secure, not encrypted')
def _(s):
    equal((s.conn.isAlive(), s.conn.isSecure(), s.conn.isEncrypted()), (1, 1, 0))
    equal(s.conn.getType(), 'QEMU')
    equal(s.conn.getURI(), s.uri())


@case('names and versions')
def _(s):
    equal(s.conn.getHostname().partition('.')[0], socket.gethostname().partition('.')[0])
    equal(s.conn.getVersion(), qemu_version())
    assert s.conn.getLibVersion() >= 9000000, s.conn.getLibVersion()


@case('an empty URI is answered by qemu')
def _(s):
    equal(libvirt.open(None).getURI(), 'qemu:///system')
    out = subprocess.run(['virsh', 'uri'], capture_output=True, text=True)
    equal(out.stdout.strip(), 'qemu:///system')


@case('URIs that nobody serves are refused')
def _(s):
    for code, uri in ((VIR_ERR_NO_CONNECT, 'xen:///system'), (VIR_ERR_INTERNAL_ERROR, 'qemu:///nonsense'),
                      (VIR_ERR_INTERNAL_ERROR, 'qemu:///')):
        refused(code, libvirt.open, uri + '?socket=' + s.socket(), naming='qemu' if 'qemu' in uri else 'xen')


@case('capabilities: the host, and a guest of each kind')
def _(s):
    root = etree.fromstring(s.conn.getCapabilities())
    equal(root.tag, 'capabilities')
    equal(root.findtext('host/cpu/arch'), os.uname().machine)
    assert root.findtext('host/uuid'), 'no uuid'
    assert int(root.findtext("host/topology/cells/cell[@id='0']/memory")) > 0
    cpus = root.findall('host/topology/cells/cell/cpus/cpu')
    equal(len(cpus), os.cpu_count())
    arches = {a.get('name'): a for a in root.findall("guest/arch")}
    arch = arches['x86_64']
    equal(root.find("guest[os_type='hvm']/arch[@name='x86_64']/emulator").text, QEMU)
    assert 'pc' in [m.text for m in arch.findall('machine')], 'no machine pc'
    assert 'q35' in [m.text for m in arch.findall('machine')], 'no machine q35'
    equal([d.get('type') for d in arch.findall('domain')], ['qemu'])


@case('domain capabilities come from the emulator')
def _(s):
    root = etree.fromstring(s.conn.getDomainCapabilities())
    equal((root.findtext('path'), root.findtext('domain'), root.findtext('arch')), (QEMU, 'qemu', 'x86_64'))
    contains(root.findtext('machine'), 'pc-i440fx')
    equal(int(root.find('vcpu').get('max')), 255)

    def values(path, name):
        return [v.text for v in root.findall(f"{path}/enum[@name='{name}']/value")]

    for v in ('disk', 'cdrom', 'floppy'):
        assert v in values('devices/disk', 'diskDevice'), v
    for v in ('virtio', 'ide', 'scsi', 'sata'):
        assert v in values('devices/disk', 'bus'), v
    assert 'vnc' in values('devices/graphics', 'type')
    assert 'qemu64' in [m.text for m in root.findall("cpu/mode[@name='custom']/model")]
    again = etree.fromstring(s.conn.getDomainCapabilities(QEMU, 'x86_64', 'q35', 'qemu'))
    contains(again.findtext('machine'), 'pc-q35')
    equal(int(again.find('vcpu').get('max')), 288)


@case('domain capabilities of what is not there')
def _(s):
    ask = s.conn.getDomainCapabilities
    refused(VIR_ERR_CONFIG_UNSUPPORTED, ask, None, 's390x', None, None, naming='s390x')
    refused(VIR_ERR_INVALID_ARG, ask, None, None, None, 'warp', naming='warp')
    refused(VIR_ERR_INVALID_ARG, ask, None, 'x86_64', 'abacus', None, naming='abacus')
    refused(VIR_ERR_SYSTEM_ERROR, ask, '/nowhere/qemu', None, None, None, naming='/nowhere/qemu')


@case('limits')
def _(s):
    equal(s.conn.getMaxVcpus('qemu'), 16)
    refused(VIR_ERR_INVALID_ARG, s.conn.getMaxVcpus, 'warp', naming='warp')


@case('security model, encrypted memory')
def _(s):
    equal(s.conn.getSecurityModel(), ['none', '0'])
    refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, s.conn.getSEVInfo, naming='SEV')


SEV = {'pdh': 'cGRo', 'cert-chain': 'Y2hhaW4=', 'cpu0-id': 'aWQ=', 'cbitpos': 51, 'reduced-phys-bits': 5}
WRAPPER = """#!/bin/sh
exec {} "$@"
"""


@case('encrypted memory, where QEMU and the processor have it')
def _(s):
    fake = os.path.join(s.home, 'fake-qemu')
    shutil.copy(os.path.join(BUILD, 'tests/fake/fake-qemu'), fake)
    os.chmod(fake, 0o755)
    s.file('fake-qemu.script', '* query-kvm return {"present":true,"enabled":true}\n'
                               f'* query-sev-capabilities return {json.dumps(SEV)}\n')
    wrapper = s.file('qemu', WRAPPER.format(fake))
    os.chmod(wrapper, 0o755)
    with open('/dev/kvm', 'w'):
        pass
    mount('--bind', wrapper, QEMU)
    try:
        for again in range(2):  # the second time as it has been kept
            told = s.conn.getSEVInfo()
            equal({k: told[k] for k in SEV}, SEV)
            assert set(told) - set(SEV) in (set(), {'max-guests', 'max-es-guests'}), told
            contains(re.sub(' +', ' ', s.virsh('nodesevinfo')), 'pdh : cGRo', 'cbitpos : 51')
            s.restart()
        with open('/dev/sev', 'w'):  # what has been kept holds no longer
            pass
        s.file('fake-qemu.script', '* query-kvm return {"present":true,"enabled":true}\n'
                                   '* query-sev-capabilities error SEV is not enabled in KVM\n')
        refused(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, s.conn.getSEVInfo, naming='SEV')
        contains(s.virsh('nodesevinfo', fails=True), 'SEV')
        assert '<sev supported=\'no\'/>' in s.conn.getDomainCapabilities()  # of guests, which we start without
    finally:
        subprocess.run(['umount', QEMU], check=True)
        for node in ('/dev/kvm', '/dev/sev'):
            if os.path.exists(node):
                os.unlink(node)


@case('sysinfo')
def _(s):
    try:
        text = s.conn.getSysinfo()
    except libvirt.libvirtError as e:
        equal(e.get_error_code(), VIR_ERR_CONFIG_UNSUPPORTED)  # a host without SMBIOS tables
    else:
        contains(text, '<sysinfo')


@case('what virsh says of the host')
def _(s):
    equal(s.virsh('hostname').strip().partition('.')[0], socket.gethostname().partition('.')[0])
    contains(s.virsh('version'), 'QEMU')
    contains(s.virsh('capabilities'), '<capabilities>')
    contains(s.virsh('domcapabilities', '--machine', 'q35'), 'pc-q35')
    contains(s.virsh('maxvcpus'), '255')


if __name__ == '__main__':
    main()
