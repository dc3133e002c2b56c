"""host_machine.py - a virtual machine in which guests run, by KVM, and get its devices

Its kernel is that of tests/lab/make-hardware, and so is the guests'. What a guest has it says itself, on its console,
which is a file of the machine: /NAME.console.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import contextlib
import os
import re
import shutil
import subprocess
import time

from harness import BUILD, LAB, LIMIT, QEMU, Skip, Timeout, stack
from virtual import Virtual, libraries

HARDWARE = os.path.join(LAB, 'hardware')
QEMU_MODULES = '/usr/lib/x86_64-linux-gnu/qemu'
LOADED = ('hw-usb-host.so', 'accel-tcg-x86_64.so')
FIRMWARE = ('bios-256k.bin', 'kvmvapic.bin', 'linuxboot_dma.bin', 'pvh.bin', 'efi-virtio.rom')
FOLDERS = ('/usr/share/qemu', '/usr/share/seabios', '/usr/lib/ipxe/qemu')
USERS = {'passwd': 'root:x:0:0::/:/bin/sh\nostler-qemu:x:64055:64055::/:/bin/false\n',
         'group': 'root:x:0:\nostler-qemu:x:64055:\n'}
# Of the guests: what buses need. The machine itself loads all that there are.
GUEST_MODULES = re.compile(r'virtio|failover|net_failover|usb-common|usbcore|xhci')

PATIENCE = 3 * LIMIT

# Says what devices there are whenever that has changed.
WATCH = """#!/bin/sh
for word in $(cat /proc/cmdline); do
    case $word in guest.ip=*) ip addr add ${word#*=} dev eth0; ip link set eth0 up ;; esac
done
last=unknown
while :; do
    now=$(for d in /sys/bus/pci/devices/*; do
        v=$(cat $d/vendor) p=$(cat $d/device); test $v = 0x1b36 -a $p != 0x0010 || echo pci ${v#0x}:${p#0x}
    done; for d in /sys/bus/usb/devices/*; do
        test ! -e $d/idVendor || test $(cat $d/idVendor) = 1d6b || echo usb $(cat $d/idVendor):$(cat $d/idProduct)
    done | sort)
    now=$(echo "$now" | grep -v -e 8086:29 | sort)
    test "$now" = "$last" || echo "devices:" $now.
    last=$now
    usleep 100000
done
"""


def guest(name, devices, memory=256, vcpus=1, cmdline=''):
    return f"""<domain type='kvm'><name>{name}</name><memory unit='MiB'>{memory}</memory><vcpu>{vcpus}</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><kernel>/lab/kernel</kernel><initrd>/lab/initrd</initrd>
<cmdline>console=ttyS0 quiet panic=-1 guest.run=/bin/watch {cmdline}</cmdline></os><features><acpi/></features>
<cpu mode='host-passthrough'/><devices><emulator>{QEMU}</emulator>
<serial type='file'><source path='/{name}.console'/></serial>{devices}<memballoon model='none'/></devices></domain>"""


def iommu_options(ports):
    """An IOMMU, and so many root ports: port1 is bus 1, as long as nothing else makes buses."""
    return ['-device', 'intel-iommu,intremap=on', *(word for n in range(1, ports + 1) for word in (
        '-device', f'pcie-root-port,id=port{n},chassis={n},slot={n},addr={n:#x}'))]


def cpio(folder, files):
    """files: (file of this host, path)."""
    root = os.path.join(folder, 'cpio')
    for source, path in files:
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        shutil.copyfile(os.path.realpath(source), root + path)
        os.chmod(root + path, 0o755)
    names = subprocess.run(['find', '.'], cwd=root, check=True, capture_output=True).stdout
    out = subprocess.run(['cpio', '-o', '-H', 'newc', '--quiet', '-R', '0:0'], cwd=root, input=names, check=True,
                         capture_output=True).stdout
    shutil.rmtree(root)
    return out


class Host(Virtual):
    """A machine of one processor: with more, QEMU's emulation of SVM lets the kernel lose its stack now and then.

    files: texts of definitions, in /NAME.xml."""
    DAEMONS = ('noded', 'netd', 'qemud')

    def __init__(self, s, *options, files=None, memory=2048, more=()):
        if not os.path.exists(os.path.join(HARDWARE, 'modules/kvm-amd.ko')):
            raise Skip('no kernel that knows hardware (tests/lab/make-hardware)')
        if not os.path.exists(os.path.join(QEMU_MODULES, LOADED[0])):
            raise Skip('no USB devices for guests (qemu-system-common)')
        self.files, self.own = files or {}, more
        super().__init__(s, '-cpu', 'qemu64,+npt,+svm', *options, machine='q35', memory=memory,
                         kernel=os.path.join(HARDWARE, 'kernel'), cmdline='intel_iommu=on')

    def write(self, name, text):
        path = os.path.join(self.s.home, 'files', name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return path

    def guest_initrd(self):
        modules = os.path.join(HARDWARE, 'modules')
        with open(os.path.join(modules, 'order')) as f:
            order = [n for n in f.read().split() if GUEST_MODULES.match(n)]
        files = [(os.path.join(modules, n), '/lib/modules/' + n) for n in order]
        files += [(self.write('order', '\n'.join(order) + '\n'), '/lib/modules/order'),
                  (self.write('watch', WATCH), '/bin/watch')]
        with open(os.path.join(self.s.lab, 'initrd'), 'rb') as f:
            return self.write('initrd', f.read() + cpio(os.path.join(self.s.home, 'files'), files))

    def __enter__(self):
        modules = os.path.join(HARDWARE, 'modules')
        loaded = [os.path.join(QEMU_MODULES, n) for n in LOADED]
        programs = [QEMU, *loaded, *(path for path, _ in self.own if not path.endswith('.ko')), *(stack.executable(BUILD, n) for n in self.DAEMONS)]
        more = [(os.path.join(modules, n), '/lib/modules/' + n) for n in os.listdir(modules)]
        more += [(path, path) for path in (QEMU, *loaded)]
        more += [(os.path.join(HARDWARE, 'kernel'), '/lab/kernel'),
                 (self.guest_initrd(), '/lab/initrd')]
        more += [(stack.executable(BUILD, n), '/bin/ostler-' + n) for n in self.DAEMONS]
        more += [(lib, lib) for program in programs for lib in libraries(program)]
        for name in FIRMWARE:
            folder = next(f for f in FOLDERS if os.path.exists(f'{f}/{name}'))
            more.append((f'{folder}/{name}', '/usr/share/qemu/' + name))
        more += [(self.write(n, text), '/etc/' + n) for n, text in USERS.items()]
        more += [(self.write(n + '.xml', text), f'/{n}.xml') for n, text in self.files.items()]
        self.more = [*more, *self.own]
        return super().__enter__()

    def __exit__(self, kind, *why):
        if kind:
            with contextlib.suppress(Timeout):
                self.serial.socket.sendall(b'\x03\n')  # what it still waits for
                for name in self.DAEMONS:
                    self.tell(name, f'/{name}.log')
                self.tell('guests', '/*.console')
        super().__exit__(kind, *why)
        shutil.rmtree(os.path.join(self.s.home, 'files'))

    def end(self, mark, limit=None):
        """Guests in a guest take their time."""
        return super().end(mark, limit or PATIENCE)

    def tell(self, who, files):
        print(f'# {who}: ' + self.run(f'tail -n 12 {files} || true').replace('\n', f'\n# {who}: '))

    # -- the daemons
    def begin_daemon(self, name):
        """Its socket may have been left by one that was killed."""
        path = '/r/run/libvirt/' + stack.DAEMONS[name][1][0]
        self.run(f'rm -f {path}', f'(ostler-{name} --root /r --verbose >>/{name}.log 2>&1 & echo {name}=$! >>/env)',
                 f'until test -S {path}; do usleep 50000; done')

    def start(self):
        self.run('chmod 666 /dev/kvm /dev/vhost-net', 'mkdir -p /dev/pts /dev/shm', 'mount -t devpts devpts /dev/pts',
                 'ip link set lo up', 'echo export LIBVIRT_DEFAULT_URI="qemu:///system?socket=/r/run/libvirt/virtqemud-sock" >>/env')
        for name in self.DAEMONS:
            self.begin_daemon(name)
        self.run('until virsh -q hostname >/dev/null 2>&1; do usleep 50000; done')

    def kill(self, name):
        self.run(f'kill -9 ${name}; while kill -0 ${name} 2>/dev/null; do usleep 20000; done')
        self.begin_daemon(name)

    # -- the guests
    def sees(self, name, *devices):
        """Waits until the guest has these devices, and no others of their kinds."""
        wanted = ' '.join(['devices:', *sorted(devices)]) + ('.' if devices else ' .')
        deadline = time.monotonic() + PATIENCE
        while (said := self.run(f'grep devices: /{name}.console | tail -n 1 || true').strip()) != wanted:
            if time.monotonic() > deadline:
                raise Timeout(f'{name}: {said!r}, not {wanted!r}: ' + self.run(f'tail -n 5 /{name}.console'))
            time.sleep(0.2)
