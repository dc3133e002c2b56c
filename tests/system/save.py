#!/usr/bin/python3
"""save.py - a guest becomes a file, and goes on from it where it was"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import contextlib
import glob
import os
import re
import shutil
import socket
import stat
import subprocess
import threading

import libvirt
from harness import BUILD, LIMIT, PEER, case, contains, equal, guest_xml, main, mount, refused, until
from libvirt import (VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STOPPED,
                     VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_PAUSED, VIR_DOMAIN_RUNNING, VIR_DOMAIN_SHUTOFF,
                     VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_INTERNAL_ERROR, VIR_ERR_INVALID_ARG,
                     VIR_ERR_OPERATION_ABORTED, VIR_ERR_OPERATION_FAILED, VIR_ERR_OPERATION_INVALID,
                     VIR_ERR_SYSTEM_ERROR)

RUNNING, PAUSED = libvirt.VIR_DOMAIN_SAVE_RUNNING, libvirt.VIR_DOMAIN_SAVE_PAUSED
SAVED = [VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SAVED]
RESTORED = [VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_RESTORED]
STILL = [VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_MIGRATION]
# what only a guest of one's own memory knows, and that counts on
COUNTER = 'n=0; (while :; do n=$((n+1)); echo $n >/counter; usleep 20000; done) & secret='


def kept(s, name='vm'):
    top = 'var/lib/ostler/qemu/save' if PEER == 'ostler' else 'var/lib/libvirt/qemu/save'
    return os.path.join(s.root, top, name + '.save')


def files(s):
    """All that is in the folder where tests save to, and in that of what is kept."""
    return sorted(os.listdir(s.folder) + os.listdir(os.path.dirname(kept(s))))


def image(s, name='image'):
    return os.path.join(s.folder, name)


def counted(shell):
    """How far the guest is; its file is empty while it is written."""
    texts = []
    until(lambda: texts.append(shell.run('cat /counter').strip()) or texts[-1], 'the guest does not count')
    return int(texts[-1])


def let_go(s, console):
    console.close()
    s.opened.remove(console)


def empty_folder(s):
    s.folder = os.path.join(s.home, 'images')
    os.makedirs(s.folder, exist_ok=True)
    for name in os.listdir(s.folder):
        os.unlink(image(s, name))


def runs(s, **parts):
    """The shared guest, running, with a secret that tells whether it is still the same; its counter so far."""
    empty_folder(s)
    dom = s.shared(**parts)
    if dom.state()[0] == VIR_DOMAIN_PAUSED:
        dom.resume()
    shell = s.shell()
    secret = shell.run('echo $secret').strip()
    if not secret:
        secret = os.urandom(8).hex()
        shell.run(COUNTER + secret)
    s.secret = secret
    s.count = counted(shell)
    let_go(s, shell)
    return dom


def is_same(s):
    """The guest knows its secret and counts on from where it was."""
    shell = s.shell()
    equal(shell.run('echo $secret').strip(), s.secret)
    count = counted(shell)
    assert count >= s.count, f'the guest counted to {s.count} and is at {count}'
    until(lambda: counted(shell) > count, 'the guest does not count on')
    let_go(s, shell)


def told(events, *wanted):
    for event, detail in wanted:
        events.wait('LIFECYCLE', 'vm', event, detail)


# ---- files --------------------------------------------------------------------------------------

@case('a running guest is saved and restored: its memory, its states, its events, its file')
def _(s):
    dom = runs(s)
    events = s.events('LIFECYCLE', 'JOB_COMPLETED')
    dom.save(image(s))
    told(events, (VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_PAUSED),
         (VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SAVED))
    figures, = events.wait('JOB_COMPLETED', 'vm')
    equal(figures['operation'], libvirt.VIR_DOMAIN_JOB_OPERATION_SAVE)
    equal((figures['memory_remaining'], figures['memory_total'] >= 128 << 20), (0, True))
    equal((dom.state(), dom.ID(), s.processes()), (SAVED, -1, {}))
    equal(files(s), ['image'])
    equal(stat.S_IMODE(os.stat(image(s)).st_mode), 0o600)
    completed = dom.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED | libvirt.VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED)
    equal(completed, dict(figures, type=libvirt.VIR_DOMAIN_JOB_COMPLETED))
    equal(dom.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED), completed)
    equal(dom.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED), {'type': 0})
    s.conn.restore(image(s))
    told(events, (VIR_DOMAIN_EVENT_STARTED, libvirt.VIR_DOMAIN_EVENT_STARTED_RESTORED),
         (VIR_DOMAIN_EVENT_RESUMED, libvirt.VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT))
    equal((dom.state(), files(s)), (RESTORED, ['image']))
    is_same(s)


@case('running or paused: what it was, unless the save or the restore says otherwise')
def _(s):
    dom = runs(s)
    events = s.events('LIFECYCLE')
    for paused, at_save, at_restore, then in (
            (True, 0, 0, STILL), (False, PAUSED, 0, STILL), (True, RUNNING, 0, RESTORED), (False, 0, PAUSED, STILL),
            (True, 0, RUNNING, RESTORED)):
        if paused:
            dom.suspend()
        elif dom.state()[0] == VIR_DOMAIN_PAUSED:
            dom.resume()
        events.clear()
        dom.saveFlags(image(s), None, at_save)
        s.conn.restoreFlags(image(s), None, at_restore)
        equal((paused, at_save, at_restore, dom.state()), (paused, at_save, at_restore, then))
        told(events, (VIR_DOMAIN_EVENT_RESUMED, libvirt.VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT) if then == RESTORED
             else (VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_RESTORED))
        if then == STILL:
            dom.resume()
    is_same(s)
    refused(VIR_ERR_INVALID_ARG, dom.saveFlags, image(s), None, RUNNING | PAUSED)
    refused(VIR_ERR_INVALID_ARG, dom.saveFlags, image(s), None, libvirt.VIR_DOMAIN_SAVE_RESET_NVRAM)


@case('virsh: save with its progress, domjobinfo, restore; past the cache of the host')
def _(s):
    runs(s)
    s.virsh('save', 'vm', image(s), '--verbose')
    contains(s.virsh('domjobinfo', 'vm', '--completed'), 'Completed', 'Save')
    s.virsh('restore', image(s))
    contains(s.virsh('domjobinfo', 'vm'), 'None')
    s.virsh('save', 'vm', image(s), '--bypass-cache')
    s.virsh('restore', image(s), '--bypass-cache')
    is_same(s)


@case('compressed, as the call or the configuration says', only='ostler')
def _(s):
    dom = runs(s)
    sizes = {}
    for name in ('raw', 'gzip', 'zstd', 'bzip2', 'lzop'):  # xz needs a minute
        dom.saveParams({'file': image(s), 'image_format': name})
        sizes[name] = os.stat(image(s)).st_blocks * 512
        s.conn.restoreParams({'file': image(s)})
    assert sizes.pop('raw') > 2 * max(sizes.values()), sizes
    dom.saveFlags(image(s), None, libvirt.VIR_DOMAIN_SAVE_BYPASS_CACHE)
    s.conn.restoreFlags(image(s), None, libvirt.VIR_DOMAIN_SAVE_BYPASS_CACHE)
    refused(VIR_ERR_INVALID_ARG, dom.saveParams, {'file': image(s), 'image_format': 'zip'}, naming="'zip'")
    is_same(s)


@case('its disks, its balloon and its link go on; the port of its network is given back meanwhile', only='ostler')
def _(s):
    net = s.conn.networkLookupByName('default')
    net.create()
    disk = os.path.join(s.home, 'disk.qcow2')
    subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', disk, '16M'], check=True)
    os.chmod(disk, 0o666)
    devices = (f"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{disk}'/>"
               "<target dev='vda' bus='virtio'/></disk>"
               "<interface type='network'><source network='default'/><model type='virtio'/></interface>")
    dom, console = s.boot('other', devices=devices + "<input type='tablet' bus='usb'/><graphics type='vnc'/>",
                          machine='q35', head="<currentMemory unit='MiB'>100</currentMemory>")
    s.opened.append(console)
    console.run('echo before | dd of=/dev/vda bs=512 conv=sync 2>/dev/null; sync')
    equal(len(net.listAllPorts()), 1)
    until(lambda: dom.info()[2] == 102400, 'the balloon does not grow')
    dom.save(os.path.join(s.home, 'other.image'))
    equal(net.listAllPorts(), [])
    s.conn.restore(os.path.join(s.home, 'other.image'))
    equal(len(net.listAllPorts()), 1)
    equal(dom.info()[2], 102400)
    shell = s.shell('other')
    contains(shell.run('dd if=/dev/vda bs=512 count=1 2>/dev/null'), 'before')
    contains(shell.run('echo after | dd of=/dev/vda bs=512 conv=sync,fsync 2>/dev/null; '
                       'dd if=/dev/vda bs=512 count=1 2>/dev/null'), 'after')
    dom.destroy()
    os.unlink(os.path.join(s.home, 'other.image'))


@case('a transient guest has gone when it is saved, and is transient again')
def _(s):
    runs(s)
    dom = s.conn.createXML(guest_xml('brief'))
    refused(VIR_ERR_OPERATION_INVALID, dom.managedSave, naming='transient')
    dom.save(image(s))
    equal([d.name() for d in s.conn.listAllDomains()], ['vm'])
    s.conn.restore(image(s))
    dom = s.conn.lookupByName('brief')
    equal((dom.isPersistent(), dom.state()), (0, RESTORED))
    dom.destroy()
    s.define('brief')
    refused(VIR_ERR_OPERATION_FAILED, s.conn.restore, image(s), naming='already exists')


@case('what cannot be saved, or restored, is refused, and nothing has happened')
def _(s):
    dom = runs(s)
    refused(VIR_ERR_SYSTEM_ERROR, dom.save, s.folder)
    refused(VIR_ERR_SYSTEM_ERROR, dom.save, image(s, 'no/such/folder'))
    equal((dom.state()[0], files(s)), (VIR_DOMAIN_RUNNING, []))
    dom.save(image(s))
    with open(image(s), 'rb') as f:
        whole = f.read()
    refused(VIR_ERR_OPERATION_INVALID, dom.save, image(s, 'again'))
    refused(VIR_ERR_SYSTEM_ERROR, s.conn.restore, image(s, 'none'), naming='none')
    for name, data in (('junk', b'junk' * 1000), ('empty', b''), ('short', whole[:40])):
        with open(image(s, name), 'wb') as f:
            f.write(data)
        refused(VIR_ERR_OPERATION_FAILED, s.conn.restore, image(s, name))
        refused(VIR_ERR_OPERATION_FAILED, s.conn.saveImageGetXMLDesc, image(s, name))
    with open(image(s, 'half'), 'wb') as f:
        f.write(whole[:len(whole) // 2])
    refused(VIR_ERR_INTERNAL_ERROR, s.conn.restore, image(s, 'half'), naming='load of migration failed')
    equal((dom.state()[0], s.processes()), (VIR_DOMAIN_SHUTOFF, {}))
    s.conn.restore(image(s))
    refused(VIR_ERR_OPERATION_INVALID, s.conn.restore, image(s), naming='already active')
    is_same(s)


@case('a full disk: the guest goes on, and no file is left')
def _(s):
    dom = runs(s)
    small = os.path.join(s.home, 'small')
    os.makedirs(small, exist_ok=True)
    mount('-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small)
    events = s.events('LIFECYCLE')
    refused((VIR_ERR_OPERATION_FAILED, VIR_ERR_INTERNAL_ERROR), dom.save, small + '/image')
    told(events, (VIR_DOMAIN_EVENT_SUSPENDED, 0), (VIR_DOMAIN_EVENT_RESUMED, 0))
    equal(os.listdir(small), [])
    if PEER == 'ostler':
        refused((VIR_ERR_OPERATION_FAILED, VIR_ERR_INTERNAL_ERROR), dom.saveParams,
                {'file': small + '/image', 'image_format': 'gzip'}, naming='No space left')
        equal(os.listdir(small), [])
    equal(dom.state(), [VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_SAVE_CANCELED])
    subprocess.run(['umount', small], check=True)
    is_same(s)


# ---- the definition in a file -------------------------------------------------------------------

@case('the definition in a file can be read and changed, but not what the guest would notice')
def _(s):
    dom = runs(s)
    dom.save(image(s))
    xml = s.conn.saveImageGetXMLDesc(image(s), libvirt.VIR_DOMAIN_SAVE_IMAGE_XML_SECURE)
    for old, new, named in (('<name>vm<', '<name>wm<', 'name'), (dom.UUIDString(), dom.UUIDString()[::-1], 'uuid'),
                            ('131072', '262144', 'memory'), ('>1</vcpu>', '>2</vcpu>', 'vc'),
                            ('<acpi/>', '', 'acpi'), ("slot='0x02'", "slot='0x09'", 'address')):
        assert old in xml, (old, xml)
        refused(VIR_ERR_CONFIG_UNSUPPORTED, s.conn.saveImageDefineXML, image(s), xml.replace(old, new),
                naming=named if PEER == 'ostler' else None)
        refused(VIR_ERR_CONFIG_UNSUPPORTED, s.conn.restoreFlags, image(s), xml.replace(old, new))
    for number in range(3):
        s.conn.saveImageDefineXML(image(s), xml.replace('<memory', f'<title>edit {number}</title><memory', 1), PAUSED)
        contains(s.conn.saveImageGetXMLDesc(image(s)), f'edit {number}')
    script = s.file('editor', '#!/bin/sh\nsed -i "s,edit 2,by hand," "$1"\n', mode=0o755)
    os.environ['EDITOR'] = script
    s.virsh('save-image-edit', image(s))
    contains(s.virsh('save-image-dumpxml', image(s)), 'by hand')
    s.conn.restore(image(s))
    equal((dom.state(), 'by hand' in dom.XMLDesc(), 'by hand' in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)),
          (STILL, True, False))
    dom.resume()
    is_same(s)


@case('another definition may be given to a save and to a restore')
def _(s):
    dom = runs(s)
    xml = re.sub('<title>.*</title>', '', dom.XMLDesc(libvirt.VIR_DOMAIN_XML_MIGRATABLE))
    refused(VIR_ERR_CONFIG_UNSUPPORTED, dom.saveFlags, image(s), xml.replace('131072', '262144'))
    equal(dom.state()[0], VIR_DOMAIN_RUNNING)
    dom.saveFlags(image(s), xml.replace('<memory', '<title>at save</title><memory', 1))
    contains(s.conn.saveImageGetXMLDesc(image(s)), 'at save')
    s.conn.restoreFlags(image(s), xml.replace('<memory', '<title>at restore</title><memory', 1))
    contains(dom.XMLDesc(), 'at restore')
    is_same(s)


# ---- what is kept for the next start ------------------------------------------------------------

@case('managed save: told everywhere, taken by the next start')
def _(s):
    dom = runs(s)
    refused(VIR_ERR_OPERATION_INVALID, dom.managedSaveGetXMLDesc)
    s.virsh('managedsave', 'vm')
    equal((dom.state(), dom.hasManagedSaveImage(), files(s)), (SAVED, 1, ['vm.save']))
    contains(s.virsh('dominfo', 'vm'), 'Managed save:   yes')
    contains(s.virsh('list', '--all', '--managed-save'), 'saved')
    s.define('other')
    equal([d.name() for d in s.conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE)], ['vm'])
    equal([d.name() for d in s.conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE)], ['other'])
    refused(VIR_ERR_OPERATION_INVALID, dom.undefine, naming='managed save')
    refused(VIR_ERR_OPERATION_INVALID, dom.rename, 'wm')
    s.restart()
    dom = s.conn.lookupByName('vm')
    equal(dom.hasManagedSaveImage(), 1)
    events = s.events('LIFECYCLE')
    dom.create()
    told(events, (VIR_DOMAIN_EVENT_STARTED, libvirt.VIR_DOMAIN_EVENT_STARTED_RESTORED),
         (VIR_DOMAIN_EVENT_RESUMED, libvirt.VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT))
    equal((dom.state(), dom.hasManagedSaveImage(), files(s)), (RESTORED, 0, []))
    is_same(s)


@case('managed save: started paused, edited, with a changed configuration')
def _(s):
    dom = runs(s)
    before = dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    dom.managedSave()
    s.conn.defineXML(before.replace('131072', '262144'))
    os.environ['EDITOR'] = s.file('editor', '#!/bin/sh\nsed -i "s,<memory ,<description>by hand</description><memory ," "$1"\n',
                                  mode=0o755)
    s.virsh('managedsave-edit', 'vm')
    contains(s.virsh('managedsave-dumpxml', 'vm'), 'by hand')
    xml = dom.managedSaveGetXMLDesc()
    refused(VIR_ERR_CONFIG_UNSUPPORTED, dom.managedSaveDefineXML, xml.replace('>1</vcpu>', '>2</vcpu>'))
    dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    equal((dom.state()[0], dom.maxMemory(), 'by hand' in dom.XMLDesc()), (VIR_DOMAIN_PAUSED, 131072, True))
    equal('262144' in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), True)
    s.conn.defineXML(before)
    dom.resume()
    is_same(s)


@case('managed save: removed, passed over by force, gone with the definition')
def _(s):
    runs(s).managedSave()
    dom = s.conn.lookupByName('vm')
    s.virsh('managedsave-remove', 'vm')
    equal((dom.hasManagedSaveImage(), files(s)), (0, []))
    refused(VIR_ERR_SYSTEM_ERROR, dom.managedSaveRemove)
    other = s.define('other')
    other.create()
    other.managedSave()
    s.virsh('start', 'other', '--force-boot')
    equal((other.state()[1], files(s)), (libvirt.VIR_DOMAIN_RUNNING_BOOTED, []))
    other.managedSave()
    other.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)
    equal(files(s), [])


@case('a kept state that is damaged is not taken for none; one that is lost is')
def _(s):
    runs(s).managedSave()
    dom = s.conn.lookupByName('vm')
    with open(kept(s), 'rb') as f:
        whole = f.read()
    for data, code in ((b'junk' * 1000, VIR_ERR_OPERATION_FAILED), (whole[:len(whole) // 2], VIR_ERR_INTERNAL_ERROR)):
        with open(kept(s), 'wb') as f:
            f.write(data)
        refused(code, dom.create)
        equal((dom.state()[0], dom.hasManagedSaveImage(), files(s)), (VIR_DOMAIN_SHUTOFF, 1, ['vm.save']))
    with open(kept(s), 'wb') as f:
        f.write(whole)
    dom.create()
    is_same(s)
    dom.managedSave()
    open(kept(s), 'w').close()
    dom.create()
    equal((dom.state()[1], dom.hasManagedSaveImage(), files(s)), (libvirt.VIR_DOMAIN_RUNNING_BOOTED, 0, []))
    dom.destroy()


@case('with the host, a marked guest goes on from what is kept of it')
def _(s):
    dom = runs(s)
    dom.setAutostart(1)
    dom.managedSave()
    s.disconnect()
    s.stop()
    shutil.rmtree(os.path.join(s.root, 'run/ostler' if PEER == 'ostler' else 'run/libvirt/qemu'))
    s.start()
    s.conn = s.connect()
    dom = s.conn.lookupByName('vm')
    until(lambda: dom.state() == RESTORED, 'the marked guest is not restored')
    dom.setAutostart(0)
    equal(files(s), [])
    is_same(s)


@case('the end of the host: guests are saved one by one, what cannot be is shut down, all but that goes on', only='ostler')
def _(s):
    guests = os.path.join(BUILD, 'src/admin/ostler-guests')
    dom = runs(s)
    s.define('still').createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    s.define('off')
    s.conn.createXML(guest_xml('brief'))
    console = s.console('brief')
    console.expect('guest: ready')

    def ask(*words):
        r = subprocess.run([guests, '--root', s.root, *words], capture_output=True, text=True, timeout=LIMIT)
        equal((r.returncode, r.stderr), (0, ''))
        return r.stdout

    said = ask('--on-stop=save', 'stop')
    contains(said, 'vm: saved', 'still: saved', 'brief: cannot be saved', 'brief: asked to shut down', 'brief: off')
    equal((dom.state(), files(s)), (SAVED, ['still.save', 'vm.save']))
    said = ask('start')
    contains(said, 'vm: started', 'still: started')
    equal((dom.state(), s.conn.lookupByName('still').state()[0], s.conn.lookupByName('off').isActive(), files(s)),
          (RESTORED, VIR_DOMAIN_PAUSED, 0, []))
    is_same(s)


# ---- while it is saved --------------------------------------------------------------------------

class Slow(threading.Thread):
    """A save that takes long, as the program in its way does; from the time when QEMU is at it."""

    def __init__(self, s, dom):
        super().__init__(daemon=True)
        self.conn, self.error, self.path = s.connect(), None, image(s, 'slow')
        self.dom = self.conn.lookupByName(dom.name())
        self.start()
        until(lambda: dom.jobInfo()[4] > 0, 'the save does not begin')

    def run(self):
        try:
            self.dom.saveParams({'file': self.path, 'image_format': 'xz'})
        except libvirt.libvirtError as e:
            self.error = e

    def code(self):
        self.join(60)
        assert not self.is_alive(), 'the save goes on'
        self.conn.close()
        return self.error and self.error.get_error_code()


@case('beside a save: figures, queries, an early end; what changes the guest waits', only='ostler')
def _(s):
    dom = runs(s)
    refused(VIR_ERR_OPERATION_INVALID, dom.abortJob, naming='no job')
    slow = Slow(s, dom)
    equal((dom.state(), dom.isActive()), ([VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_SAVE], 1))
    info, stats = dom.jobInfo(), dom.jobStats()
    equal((info[0], stats['type'], stats['operation']), (libvirt.VIR_DOMAIN_JOB_UNBOUNDED,
          libvirt.VIR_DOMAIN_JOB_UNBOUNDED, libvirt.VIR_DOMAIN_JOB_OPERATION_SAVE))
    equal((info[3] >= 128 << 20, info[5] > 0), (True, True))
    dom.info(), dom.memoryStats(), s.conn.getAllDomainStats()
    contains(s.virsh('domjobinfo', 'vm'), 'Unbounded', 'Memory remaining')
    answers = []

    def resume():
        answers.append(refused(VIR_ERR_OPERATION_INVALID, dom.resume, naming='already running'))

    waits = threading.Thread(target=resume)
    waits.start()
    events = s.events('LIFECYCLE')
    s.virsh('domjobabort', 'vm')
    equal(slow.code(), VIR_ERR_OPERATION_ABORTED)
    waits.join()
    equal(len(answers), 1)
    told(events, (VIR_DOMAIN_EVENT_RESUMED, libvirt.VIR_DOMAIN_EVENT_RESUMED_UNPAUSED))
    equal((dom.state()[0], files(s), dom.jobInfo()[0]), (VIR_DOMAIN_RUNNING, [], 0))
    is_same(s)


@case('a guest that is destroyed while it is saved leaves no file', only='ostler')
def _(s):
    dom = runs(s)
    slow = Slow(s, dom)
    dom.destroy()
    equal((slow.code(), dom.state()), (VIR_ERR_OPERATION_FAILED, [VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED]))
    equal(files(s), [])


# ---- faults of QEMU, and of files that somebody removes ------------------------------------------

def script(s, *lines):
    """What goes wrong with the next fake QEMU."""
    s.file('fake-qemu.script', ''.join(f'fake {line}\n' for line in lines))


def pretend(s, *lines):
    """A guest of the fake QEMU, running."""
    empty_folder(s)
    program = os.path.join(s.home, 'fake-qemu')
    if not os.path.exists(program):
        shutil.copy(os.path.join(BUILD, 'tests/fake/fake-qemu'), program)
        os.chmod(program, 0o755)
    script(s, *lines)
    dom = s.define('fake', emulator=program)
    dom.create()
    return dom


@case('a save fails when QEMU has written all, and may not go on at once: it goes on', only='ostler')
def _(s):
    dom = pretend(s, 'migrate event {"event":"MIGRATION","data":{"status":"failed"}}')
    refused(VIR_ERR_OPERATION_FAILED, dom.save, image(s), naming='failed')
    equal((dom.state(), files(s)), ([VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_SAVE_CANCELED], []))


@case('somebody removes the part of a save: the guest goes on, the file that was there stays', only='ostler')
def _(s):
    dom = pretend(s, 'migrate slow 1000')
    s.file('images/image', 'older')
    refusals = []
    saves = threading.Thread(target=lambda: refusals.append(refused(VIR_ERR_SYSTEM_ERROR, dom.save, image(s))))
    saves.start()
    until(lambda: glob.glob(image(s) + '.part-*'), 'the save does not begin')
    os.unlink(glob.glob(image(s) + '.part-*')[0])
    saves.join(LIMIT)
    equal((len(refusals), dom.state()[0], files(s)), (1, VIR_DOMAIN_RUNNING, ['image']))
    with open(image(s)) as f:
        equal(f.read(), 'older')


@case('a start that fails at its end: what is kept stays, unless the guest may have run', only='ostler')
def _(s):
    dom = pretend(s)
    dom.managedSave()
    xml = dom.XMLDesc()
    script(s, 'cont error not now')
    for start in dom.create, lambda: s.conn.createXML(xml):
        refused(VIR_ERR_INTERNAL_ERROR, start, naming='not now')
        equal((dom.isActive(), dom.hasManagedSaveImage(), files(s)), (0, 1, ['fake.save']))
    script(s, 'cont exit 1')
    refused(VIR_ERR_OPERATION_FAILED, dom.create)
    equal((dom.isActive(), dom.hasManagedSaveImage(), files(s)), (0, 0, []))


@case('what is kept goes, too, when the guest is started from something else', only='ostler')
def _(s):
    dom = pretend(s)
    xml = dom.XMLDesc()
    dom.save(image(s))
    dom.create()
    for start, state in ((lambda: s.conn.restore(image(s)), RESTORED),
                         (lambda: s.conn.restoreFlags(image(s), None, PAUSED), STILL),
                         (lambda: s.conn.createXML(xml), [VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED])):
        dom.managedSave()
        equal((dom.hasManagedSaveImage(), files(s)), (1, ['fake.save', 'image']))
        start()
        equal((dom.state(), dom.hasManagedSaveImage(), files(s)), (state, 0, ['image']))
        s.restart()
        dom = s.conn.lookupByName('fake')
        equal((dom.state(), dom.hasManagedSaveImage(), files(s)), (state, 0, ['image']))


# ---- a daemon that is killed --------------------------------------------------------------------

def is_off_or_runs(s, wanted):
    until(lambda: s.conn.lookupByName('vm').state()[0] == wanted,
          lambda: f"the guest is in state {s.conn.lookupByName('vm').state()}")


@case('killed in the middle of a save: the guest goes on, the file is gone', only='ostler')
def _(s):
    for paused in (False, True):
        dom = runs(s)
        if paused:
            dom.suspend()
        slow = Slow(s, dom)
        s.restart()
        slow.code()
        is_off_or_runs(s, VIR_DOMAIN_PAUSED if paused else VIR_DOMAIN_RUNNING)
        until(lambda: files(s) == [], lambda: f'there is {files(s)}')
        dom = s.conn.lookupByName('vm')
        if paused:
            equal(dom.state()[1], libvirt.VIR_DOMAIN_PAUSED_USER)
            dom.resume()
        is_same(s)
    dom.save(image(s))
    s.conn.restore(image(s))
    is_same(s)


def begin_save(s, printed):
    """Of the fake QEMU's guest, until QEMU prints that."""
    def begun():
        with open(os.path.join(s.root, 'var/log/ostler/qemu/fake.log')) as log:
            return printed in log.read()

    def save(conn):
        with contextlib.suppress(libvirt.libvirtError):
            conn.lookupByName('fake').save(image(s))

    saves = threading.Thread(target=save, args=(s.connect(),))
    saves.start()
    until(begun, f'QEMU does not print that {printed}')
    return saves


def goes_on(s):
    dom = s.conn.lookupByName('fake')
    until(lambda: dom.state() == [VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_SAVE_CANCELED],
          lambda: f'the guest is in state {dom.state()}')


@case('killed when QEMU has written all, and the part is removed: the guest goes on', only='ostler')
def _(s):
    pretend(s, 'migrate print it is written', 'migrate slow 1000')
    s.file('images/image', 'older')
    saves = begin_save(s, 'it is written')
    os.unlink(glob.glob(image(s) + '.part-*')[0])
    s.disconnect()
    s.kill()
    saves.join(LIMIT)
    with socket.socket(socket.AF_UNIX) as monitor:  # QEMU answers when it has written all
        monitor.settimeout(LIMIT)
        monitor.connect(os.path.join(s.root, 'run/ostler/qemu/guest/fake/monitor.sock'))
        monitor.sendall(b'{"execute":"query-status"}\n')
        with monitor.makefile() as said:
            until(lambda: 'finish-migrate' in said.readline(), 'QEMU does not get to the end')
    s.start()
    s.conn = s.connect()
    goes_on(s)
    equal(files(s), ['image'])


@case('killed when QEMU has been told to stop for a save: the guest goes on', only='ostler')
def _(s):
    pretend(s, 'stop print it stops', 'stop slow 500')
    saves = begin_save(s, 'it stops')
    s.restart()
    saves.join(LIMIT)
    goes_on(s)
    equal(files(s), [])


def killed_beside(s, call, delay):
    """Kills the daemon after a while of the call, and has another one."""
    def work(conn):
        try:
            call(conn.lookupByName('vm'))
        except libvirt.libvirtError:
            pass

    thread = threading.Thread(target=work, args=(s.connect(),), daemon=True)
    thread.start()
    threading.Event().wait(delay)
    s.restart()
    thread.join(60)
    assert not thread.is_alive(), 'the call still waits'


@case('killed at any moment of a save or a start: the guest is in its file or runs, never both', only='ostler')
def _(s):
    runs(s)
    number = int(os.environ.get('OSTLER_KILLS', 24))
    ended = []
    for kill in range(number):
        dom = s.conn.lookupByName('vm')
        before = dom.isActive()
        delay = kill // 2 % 12 * 0.02 if before else kill // 2 % 12 * 0.03
        killed_beside(s, lambda d: d.managedSave() if before else d.create(), delay)
        dom = s.conn.lookupByName('vm')
        until(lambda: dom.state()[0] in (VIR_DOMAIN_RUNNING, VIR_DOMAIN_SHUTOFF) and not glob.glob(kept(s) + '.part*'),
              lambda: f'after kill {kill} of {"a save" if before else "a start"} at {delay} s the guest is in state '
                      f'{dom.state()}, with {files(s)}')
        active = dom.isActive()
        assert files(s) == ([] if active else ['vm.save']), (kill, delay, before, active, files(s))
        equal((dom.hasManagedSaveImage(), len(s.processes())), (int(not active), active))
        ended.append(f'{"save" if before else "start"}:{"runs" if active else "saved"}')
    print('# ' + ', '.join(f'{e} {ended.count(e)}' for e in sorted(set(ended))))
    if not s.conn.lookupByName('vm').isActive():
        s.conn.lookupByName('vm').create()
    is_same(s)


if __name__ == '__main__':
    main(kept=('vm',))
