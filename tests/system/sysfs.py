#!/usr/bin/python3
"""sysfs.py - plants a machine that is not there: ROOT/sys and ROOT/proc from a short description

usage: sysfs.py FILE ROOT

A line that begins in the first column names a directory below ROOT/sys, or with a leading slash below
ROOT; "@ bus/pci" behind it says of what subsystem that device is. Indented lines are what is in it:

    name = text                 a file with this text (\\n is a new line) and a new line
    name : 0=8680 34=40 size=256   a file of bytes; hexadecimal, behind the offset where they begin
    name -> bus/pci/drivers/x   a link to that directory, which is made if it is missing
    name/                       a directory
    + other                     what was planted as that device goes here, too: its attributes
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import sys


def link(at, target):
    os.makedirs(os.path.dirname(at), exist_ok=True)
    if not os.path.lexists(at):
        os.symlink(os.path.relpath(target, os.path.dirname(at)), at)


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(data)


def image(words):
    """Bytes from "OFFSET=HEX" words; "size=N" makes them so many."""
    data = bytearray()
    for word in words:
        key, _, value = word.partition('=')
        end = int(value) if key == 'size' else int(key, 16) + len(value) // 2
        data.extend(bytes(max(0, end - len(data))))
        if key != 'size':
            data[int(key, 16):end] = bytes.fromhex(value)
    return bytes(data)


class Planter:
    def __init__(self, root):
        self.root = root
        self.sys = os.path.join(root, 'sys')
        self.attributes = {}
        self.at = None

    def place(self, path):
        return self.root + path if path.startswith('/') else os.path.join(self.sys, path)

    def device(self, path, subsystem=None):
        """A directory of its own; with a subsystem, a device that its subsystem knows."""
        self.at = path
        self.attributes[path] = []
        where = self.place(path)
        os.makedirs(where, exist_ok=True)
        if subsystem:
            link(where + '/subsystem', self.place(subsystem))
            folder = subsystem if subsystem.startswith('class/') else subsystem + '/devices'
            os.makedirs(self.place(subsystem), exist_ok=True)
            link(os.path.join(self.place(folder), os.path.basename(path)), where)
            if not os.path.exists(where + '/uevent'):
                write(where + '/uevent', b'')

    def attribute(self, line):
        self.attributes[self.at].append(line)
        name, sign, value = (line.split(None, 2) + ['', ''])[:3]
        path = os.path.join(self.place(self.at), name)
        if sign == '=':
            write(path, value.replace('\\n', '\n').encode() + b'\n')
        elif sign == ':':
            write(path, image(value.split()))
        elif sign == '->':
            os.makedirs(self.place(value), exist_ok=True)
            link(path, self.place(value))
        elif name.endswith('/') and not sign:
            os.makedirs(path, exist_ok=True)
        elif name == '+':
            for inherited in self.attributes[sign]:
                self.attribute(inherited)
        else:
            raise ValueError(f'not understood: {line}')

    def plant(self, text):
        for line in text.split('\n'):
            line = line.split(' # ')[0].rstrip()
            if not line or line.startswith('#'):
                continue
            if line[0] == ' ':
                self.attribute(line.strip())
            else:
                path, _, subsystem = line.partition(' @ ')
                self.device(path.strip(), subsystem.strip() or None)


def plant(text, root):
    """text: a description; more may be planted later on the same root."""
    planter = Planter(root)
    for folder in ('sys/bus', 'sys/class', 'sys/devices', 'proc'):
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    planter.plant(text)
    return planter


if __name__ == '__main__':
    with open(sys.argv[1]) as tree:
        plant(tree.read(), sys.argv[2])
