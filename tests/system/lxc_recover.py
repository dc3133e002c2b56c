#!/usr/bin/python3
"""lxc_recover.py - containers outlive their daemon, however it ends; the next one finds them as they are"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import glob
import os
import random
import signal
import subprocess
import threading

import libvirt
from containers import define, links, loop_devices, loops, mounts, processes, root_fs, shell, xml
from harness import LIMIT, case, contains, equal, main, s, until
from libvirt import VIR_DOMAIN_EVENT_STOPPED


def restart():
    s.restart('lxcd')


def controllers():
    """The controllers that run, {name of the container: pid}."""
    return {words[1]: pid for pid, words in processes('/ostler-lxc-controller')}


@case('a container and its console go on when the daemon is killed')
def _(s):
    dom = define('one')
    dom.create()
    shell('one').run('x=42')
    before = dom.ID(), dom.XMLDesc()
    s.opened.clear()
    restart()
    dom = s.conn.lookupByName('one')
    equal((dom.ID(), dom.XMLDesc()), before)
    equal(shell('one').run('echo $x'), '42\n')
    dom.destroy()
    equal((dom.isActive(), controllers()), (0, {}))


@case('what ended meanwhile is seen to have ended, as it did')
def _(s):
    define('goes', args=('-c', 'read x')).create()
    define('stays').create()
    init = s.conn.lookupByName('goes').ID()
    s.disconnect()
    s.kill('lxcd')
    os.kill(init, signal.SIGKILL)
    until(lambda: 'goes' not in controllers(), 'the container goes on')
    s.start()
    s.conn = s.connect()
    until(lambda: not s.conn.lookupByName('goes').isActive(), 'the container is said to run')
    equal(s.conn.lookupByName('goes').state()[1], libvirt.VIR_DOMAIN_SHUTOFF_CRASHED)
    equal(s.conn.lookupByName('stays').isActive(), 1)


@case('one that ends after the restart is told about; one that reboots then is started again')
def _(s):
    define('goes').create()
    define('reboots').create()
    restart()
    events = s.events('LIFECYCLE', 'REBOOT')
    shell('goes').send('exit\n')
    events.wait('LIFECYCLE', 'goes', VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
    shell('reboots').send('reboot -f\n')
    events.wait('REBOOT', 'reboots')
    equal(shell('reboots').run('echo again'), 'again\n')


@case('a transient container is known after the restart, and is gone with its end')
def _(s):
    s.conn.createXML(xml('brief'))
    restart()
    dom = s.conn.lookupByName('brief')
    equal((dom.isPersistent(), dom.isActive()), (0, 1))
    dom.destroy()
    equal(s.conn.listAllDomains(), [])


@case('killed at any moment of starts and ends, what is told afterwards is what is')
def _(s):
    names = [f'n{i}' for i in range(4)]
    image = s.file('image-of-the-killed', size=4 << 20)
    subprocess.run(['/sbin/mkfs.ext4', '-q', '-F', image], check=True)
    s.conn.networkCreateXML("<network><name>one</name><bridge name='test0' stp='off'/></network>")
    for i, name in enumerate(names):
        define(name, args=('-c', f'read x; # {MARK}'), features='', devices=DEVICES.format(image=image) if i == 0 else NIC,
               **(MAPPED if i % 2 else {}))
    loop_devices()
    for name in names:
        dom = s.conn.lookupByName(name)
        dom.create()
        dom.destroy()
    before, ran = mounts(), set()
    for turn in range(1000):
        stop = threading.Event()
        workers = [threading.Thread(target=churn, args=(name, stop)) for name in names]
        for worker in workers:
            worker.start()
        stop.wait(random.uniform(0, 0.15))
        s.disconnect()
        s.kill('lxcd')
        stop.set()
        for worker in workers:
            worker.join(LIMIT)
        s.start()
        s.conn = s.connect()
        equal(sorted(d.name() for d in s.conn.listAllDomains()), names)
        until(lambda: settled(image), lambda: f'turn {turn}: {found(image)}')
        equal(mounts(), before)
        ran.update(controllers())
        if turn >= 99 and ran.issuperset(names):
            break
    equal(sorted(ran), names)
    for dom in s.conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        dom.destroy()
    until(lambda: found(image) == ([], [], [], 0, 0, 0), lambda: f'left: {found(image)}')
    equal((mounts(), s.conn.networkLookupByName('one').listAllPorts()), (before, []))


MARK = 'of the test that kills'
NIC = "<interface type='network'><source network='one'/></interface><console type='pty'/>"
DEVICES = NIC + "<filesystem type='file'><source file='{image}'/><target dir='/mnt'/></filesystem>"
MAPPED = {'tail': "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>",
          'root': root_fs(extra="accessmode='mapped'")}


def found(image):
    """What runs as clients are told, and all that is on the host of it."""
    running = sorted(d.name() for d in s.conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE))
    folders = sorted(os.path.basename(p) for p in glob.glob(s.root + '/run/ostler/lxc/guest/*'))
    return running, sorted(controllers()), folders, len(processes(MARK)), len(links()), loops(image)


def settled(image):
    running, *rest = found(image)
    return rest == [running, running, len(running), len(running), 'n0' in running]


def churn(name, stop):
    try:
        conn = s.connect()
        dom = conn.lookupByName(name)
        while not stop.is_set():
            (dom.destroy if dom.isActive() else dom.create)()
    except libvirt.libvirtError:
        pass  # the daemon has been killed


@case('a hundred containers start side by side')
def _(s):
    count = int(os.environ.get('OSTLER_MANY', 100))
    doms = [define(f'm{i}', args=('-c', 'read x')) for i in range(count)]
    failed = []

    def start(dom):
        try:
            s.conn.lookupByName(dom.name()).create()
        except libvirt.libvirtError as e:
            failed.append(str(e))

    workers = [threading.Thread(target=start, args=(d,)) for d in doms]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    equal(failed, [])
    equal((len(controllers()), s.conn.numOfDomains()), (count, count))
    for pid in controllers().values():
        with open(f'/proc/{pid}/status') as f:
            resident = int(f.read().partition('VmRSS:')[2].split()[0])
        assert resident <= 1024, f'a controller has {resident} kB'
    restart()
    equal(s.conn.numOfDomains(), count)
    contains(s.virsh('list'), 'm0')


main()
