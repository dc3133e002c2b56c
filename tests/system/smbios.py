"""smbios.py - SMBIOS tables made by hand: what the firmware of a machine that is not there tells"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import struct

# Families of processors whose signature is told, each in its own way.
SIGNED = (*range(5, 7), *range(0x0b, 0x16), *range(0x18, 0x1e), 0x1f, *range(0x28, 0x30), *range(0x38, 0x40),
          *range(0x46, 0x50), *range(0x66, 0x6c), *range(0x83, 0x90), *range(0xa1, 0xb4), *range(0xb5, 0xb8),
          *range(0xb9, 0xc8), *range(0xcd, 0xd0), *range(0xd2, 0xdc), *range(0xdd, 0xe1), *range(0xe4, 0xf0),
          0x100, 0x101, 0x118, 0x119)


def structure(kind, body, *texts):
    return (bytes([kind, 4 + len(body), 0, 0]) + body
            + b''.join(t.encode('latin1') + b'\0' for t in texts) + b'\0\0'[:1 if texts else 2])


def bios(release=(4, 17), texts=('Maker & Sons', ' 1.2 ', '01/02/2023')):
    return structure(0, b'\1\2\0\xe8\3\xff' + bytes(8) + b'\3\0' + bytes(release) + b'\xff\xff', *texts)


def system(uuid=bytes(range(16)), texts=('Maker', 'Box', 'V', 'S', 'SKU', 'Family')):
    return structure(1, b'\1\2\3\4' + uuid + b'\6\5\6', *texts)


def board(texts=('Maker', 'Board', 'V', 'S', 'A', 'Place')):
    return structure(2, b'\1\2\3\4\5\x09\6\0\0\x0a\0', *texts)


def chassis(records=0, texts=('Maker', 'V', 'S', 'A', 'SKU')):
    return structure(3, b'\1\1\2\3\4\3\3\3\2' + bytes(4) + bytes([1, 1, records, 3]) + bytes(3 * records) + b'\5', *texts)


def processor(family=0xb3, kind=3, signature=0x50654, clock=100, status=0x41, texts=('CPU0', 'Intel(R)', 'Name', 'S', 'P')):
    return structure(4, bytes([1, kind, min(family, 0xfe), 2]) + struct.pack('<II', signature, 0) + b'\3\x8c'
                     + struct.pack('<HHH', clock, 4000, 2000) + bytes([status, 1]) + b'\xff' * 6 + b'\4\0\5\4\4\x08\4\0'
                     + struct.pack('<H', family), *texts)


def memory(size=8192, form=9, kind=0x1a, detail=0x2080, speed=2656, extended=0, fast=0, texts=('DIMM 1', 'BANK 0', 'Maker', 'S', 'P')):
    return structure(17, bytes(4) + b'\x40\0\x40\0' + struct.pack('<HBBBBBHH', size, form, 0, 1, 2, kind, detail, speed)
                     + b'\3\4\0\5\0' + struct.pack('<I', extended) + bytes(52) + struct.pack('<II', fast, 0), *texts)


def oem(*texts, count=None):
    return structure(11, bytes([len(texts) if count is None else count]), *texts)


FILLED = (
    bios() + bios() + system() + board() + board() + chassis() + chassis()
    # Those with a signature first: the reference tells a processor without one that of the next.
    + b''.join(processor(f, signature=0x830f12 + f) for f in SIGNED if f != 0xfe)
    + b''.join(processor(0x83, signature=s) for s in (0x12345678, 0xffffffff, 0, 0xf654))
    + b''.join(processor(5, signature=s) for s in (0x12345678, 0xffffffff, 0, 0xf654))
    + b''.join(processor(0xbe, texts=('CPU0', m, 'Name', 'S', 'P')) for m in ('AMD', 'GenuineIntel', 'Weitek'))
    + b''.join(processor(kind=k) for k in range(8)) + b''.join(processor(status=s) for s in range(256))
    + b''.join(processor(1, texts=('CPU0', 'M', n, 'S', 'P')) for n in ('AMD Athlon(TM) 1', 'Intel(R) Core(TM)2 X'))
    + b''.join(processor(f) for f in (*range(0xfe), *range(0x103, 0x202)) if f not in SIGNED)
    + b''.join(memory(size=s) for s in (0, 0xffff, 1, 1024, 1025, 3000, 8192, 0x8001, 0x8400, 0xbfff))
    + b''.join(memory(size=0x7fff, extended=e) for e in (1, 1024, 65537, 1 << 20, 3 << 20, 1 << 30))
    + b''.join(memory(form=f) for f in range(18)) + b''.join(memory(kind=k) for k in range(0x24))
    + b''.join(memory(detail=d) for d in (0, 0xffff, *(1 << bit for bit in range(16))))
    + b''.join(memory(speed=s) for s in (0, 1, 0xfffe)) + memory(speed=0xffff, fast=70000)
    + oem('one', ' two ', '  ', 'x:y', count=6) + oem('three'))
UNSET = (
    bios((255, 255), ('',)) + system(bytes(16), ('a\xe9\x01b', '\t', ' ', "<&>\"'")) + board(('',)) + chassis(2, ())
    + processor(1, clock=0, texts=()) + memory(0) + memory(speed=0, texts=()) + oem())
# As the firmware of QEMU's guests has it.
GUEST = (
    bios((0, 0), ('SeaBIOS', 'rel-1', '04/01/2014')) + system(b'\xff' * 16, ('QEMU', 'PC', 'pc-i440fx-7.2'))
    + chassis(0, ('QEMU', 'pc-i440fx-7.2')) + processor(1, clock=0, texts=('CPU 0', 'QEMU', 'pc-i440fx-7.2'))
    + memory(128, kind=7, detail=2, speed=0, texts=('DIMM 0', '', 'QEMU')))
MACHINES = {'filled': FILLED, 'unset': UNSET, 'guest': GUEST, 'silent': b''}


def entry_point(tables):
    head = bytearray(b'_SM3_\0\x18\3\3\0\1\0' + struct.pack('<IQ', len(tables), 32))
    head[5] = -sum(head) & 0xff
    return bytes(head)


def dump(tables):
    """A file for dmidecode --from-dump."""
    return entry_point(tables).ljust(32, b'\0') + tables
