#!/usr/bin/python3
"""virt_install.py - virt-install --import makes a guest that boots"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import subprocess

import libvirt
from harness import LIMIT, Skip, case, contains, equal, main

COMMON = ['--memory', '128', '--vcpus', '1', '--virt-type', 'qemu', '--import', '--graphics', 'none',
          '--noautoconsole', '--osinfo', 'detect=off,require=off']


def virt_install(s, name, *args):
    try:
        r = subprocess.run(['virt-install', '--connect', s.uri(), '--name', name, *COMMON, *args, '--boot',
                            f'kernel={s.lab}/kernel,initrd={s.lab}/initrd,kernel_args=console=ttyS0 quiet panic=-1'],
                           capture_output=True, text=True, timeout=LIMIT)
    except FileNotFoundError:
        raise Skip('virt-install is not installed (package virtinst)')
    assert r.returncode == 0, r.stdout + r.stderr
    return r.stdout


@case('without disk and network: defined, started, speaking')
def _(s):
    virt_install(s, 'vi', '--disk', 'none', '--network', 'none')
    dom = s.conn.lookupByName('vi')
    equal((dom.isActive(), dom.isPersistent()), (1, 1))
    console = s.console('vi')
    console.expect('guest: ready')
    equal(console.run('echo $((6 * 7))'), '42\n')


@case('with a disk that is there and a user network')
def _(s):
    # "path=" would look for a storage pool
    disk = s.file('vi.img', size=4 << 20)
    virt_install(s, 'vi', '--disk', f'source.file={disk},driver.type=raw,bus=virtio', '--network', 'user,model=virtio', '--transient')
    dom = s.conn.lookupByName('vi')
    equal((dom.isActive(), dom.isPersistent()), (1, 0))
    console = s.console('vi')
    console.expect('guest: address 10.0.2.15')
    equal(console.run('cat /sys/block/vda/size'), '8192\n')


@case('on the default network')
def _(s):
    s.conn.networkLookupByName('default').create()
    virt_install(s, 'vi', '--disk', 'none', '--network', 'network=default,model=virtio')
    console = s.console('vi')
    found = console.expect(r'guest: address (192\.168\.122\.\d+)\s')
    contains(s.virsh('domifaddr', 'vi'), found.group(1) + '/24')
    contains(s.virsh('net-dhcp-leases', 'default'), found.group(1))


@case('with everything that it adds by itself')
def _(s):
    virt_install(s, 'vi', '--disk', 'none', '--network', 'none', '--machine', 'q35', '--rng', '/dev/urandom',
                 '--watchdog', 'default', '--channel', 'unix,target.type=virtio,target.name=org.ostler.echo.0')
    text = s.conn.lookupByName('vi').XMLDesc()
    contains(text, "machine='pc-q35", "<rng model='virtio'>", '<watchdog', 'org.ostler.echo.0', 'pcie-root-port')


@case('the document that it prints can be defined')
def _(s):
    text = virt_install(s, 'vi', '--disk', 'none', '--network', 'none', '--print-xml', '1')
    dom = s.conn.defineXML(text)
    equal((dom.name(), dom.isActive(), dom.state()[0]), ('vi', 0, libvirt.VIR_DOMAIN_SHUTOFF))


if __name__ == '__main__':
    main()
