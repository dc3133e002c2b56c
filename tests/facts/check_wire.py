#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Speak the RPC protocol from the tables alone and report OK/FAIL per step.

usage: check_wire.py [options] SOCKET

SOCKET is the read-write UNIX socket of a daemon that serves the "remote"
program.  Everything that is packed or unpacked comes from the TSV files next
to this script; the only knowledge in the code is how each wire type of
structs.tsv is laid out in bytes.

  --uri URI        URI given to connect_open      (default qemu:///system)
  --ro SOCKET      also check the read-only socket
  --admin SOCKET   also check the admin program on this socket
  --run            start the test domain and repeat the getters while it runs
  --xml FILE       domain XML template instead of the built-in one
                   (@NAME@ and @UUID@ are replaced)
  --storage DIR    create a pool in DIR, check streams on a volume in it, and give
                   the test domain a qcow2 disk there (snapshots, checkpoints)
  --active         also start the test network and bind the test filter to "lo"
                   (needs rights over the host's network)
  --no-fixtures    do not define a network, a secret and a filter
  --no-broad       only the basic steps, not every getter
  --verbose        print every reply
Exit status: 0 when no step failed.
"""
import argparse
import array
import csv
import os
import select
import socket
import struct
import sys
import tempfile
import time
import uuid as uuidlib

HERE = os.path.dirname(os.path.abspath(__file__))
CALL, REPLY, MESSAGE, STREAM, CALL_FDS, REPLY_FDS, HOLE = range(7)
ST_OK, ST_ERROR, ST_CONTINUE = range(3)
NUMBER = {
    "int32": ("i", 4), "uint32": ("I", 4), "int64": ("q", 8), "uint64": ("Q", 8),
    "double": ("d", 8), "int8": ("i", 4), "uint8": ("I", 4), "uint16": ("I", 4),
}


class WireError(Exception):
    pass


class RemoteError(Exception):
    def __init__(self, proc, err):
        self.proc, self.err = proc, err
        self.code, self.domain, self.level = err["code"], err["domain"], err["level"]
        Exception.__init__(self, "%s: code %d domain %d level %d: %s" % (
            proc, self.code, self.domain, self.level, err["message"]))


class Tables:
    """structs.tsv, procedures.tsv, limits.tsv and enums.tsv, and the codec."""

    def __init__(self, folder=HERE):
        self.structs, self.unions, self.procs, self.bynum = {}, {}, {}, {}
        for r in self.read(folder, "structs.tsv"):
            lim = int(r["limit"]) if r["limit"] else None
            if r["case"]:
                self.unions.setdefault(r["struct"], {})[int(r["case"])] = (r["field"], r["type"], lim)
            elif "discriminant" not in r["type"]:
                self.structs.setdefault(r["struct"], []).append((r["field"], r["type"], lim))
        for r in self.read(folder, "procedures.tsv"):
            r["number"] = int(r["number"])
            self.procs[r["program"], r["name"]] = r
            if (r["program"], r["number"]) in self.bynum:
                raise WireError("number used twice: %s %d" % (r["program"], r["number"]))
            self.bynum[r["program"], r["number"]] = r
        self.limit = {r["constant"]: int(r["value"]) for r in self.read(folder, "limits.tsv")}
        self.enum = {r["constant"]: int(r["value"]) for r in self.read(folder, "enums.tsv")}
        self.programs = {p: self.limit[p.upper() + "_PROGRAM"] for p in
                         ("remote", "qemu", "lxc", "admin", "keepalive")}
        self.progname = {v: k for k, v in self.programs.items()}
        for name in self.structs:
            for _f, t, _l in self.structs[name]:
                self.resolve(t)
        for r in self.procs.values():
            for col in ("args", "ret"):
                if r[col] != "-" and r[col] not in self.structs:
                    raise WireError("%s: no struct %s" % (r["name"], r[col]))

    @staticmethod
    def read(folder, name):
        with open(os.path.join(folder, name), newline="") as f:
            return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))

    def resolve(self, t):
        for p in ("optional ", "array of ", "fixed array of "):
            if t.startswith(p):
                return self.resolve(t[len(p):])
        if t.startswith("struct ") and t[7:] not in self.structs:
            raise WireError("no struct " + t[7:])
        if t.startswith("union ") and t[6:] not in self.unions:
            raise WireError("no union " + t[6:])
        if not t.startswith(("struct ", "union ")) and t not in NUMBER and t not in (
                "string", "opaque fixed", "opaque variable"):
            raise WireError("unknown wire type " + t)

    # -- packing
    def pack(self, t, lim, v):
        if t in NUMBER:
            return struct.pack(">" + NUMBER[t][0], v)
        if t == "string" or t == "opaque variable":
            b = v.encode("utf-8", "surrogateescape") if isinstance(v, str) else bytes(v)
            if lim is not None and len(b) > lim:
                raise WireError("%d bytes over the limit %d" % (len(b), lim))
            return struct.pack(">I", len(b)) + b + bytes(-len(b) % 4)
        if t == "opaque fixed":
            if len(v) != lim:
                raise WireError("fixed opaque needs %d bytes" % lim)
            return bytes(v) + bytes(-lim % 4)
        if t.startswith("optional "):
            return struct.pack(">I", 0) if v is None else struct.pack(">I", 1) + self.pack(t[9:], lim, v)
        if t.startswith("array of "):
            if len(v) > lim:
                raise WireError("%d items over the limit %d" % (len(v), lim))
            return struct.pack(">I", len(v)) + b"".join(self.pack(t[9:], self.inner(t[9:]), x) for x in v)
        if t.startswith("fixed array of "):
            return b"".join(self.pack(t[15:], None, x) for x in v)
        if t.startswith("struct "):
            return self.pack_struct(t[7:], v)
        if t.startswith("union "):
            kind, val = v
            _f, ty, li = self.unions[t[6:]][kind]
            return struct.pack(">i", kind) + self.pack(ty, li, val)
        raise WireError("cannot pack " + t)

    def inner(self, t):
        return self.limit["REMOTE_STRING_MAX"] if t == "string" else None

    def pack_struct(self, name, values):
        out, left = [], dict(values)
        for f, t, lim in self.structs[name]:
            if f not in left:
                if f == "flags":
                    left[f] = 0
                elif t.startswith("optional"):
                    left[f] = None
                else:
                    raise WireError("%s: no value for %s" % (name, f))
            out.append(self.pack(t, lim, left.pop(f)))
        if left:
            raise WireError("%s has no field %s" % (name, ", ".join(left)))
        return b"".join(out)

    # -- unpacking
    def take(self, b, o, n):
        if o + n > len(b):
            raise WireError("message ends early: need %d at %d of %d" % (n, o, len(b)))
        return b[o:o + n], o + n

    def unpack(self, t, lim, b, o):
        if t in NUMBER:
            raw, o = self.take(b, o, NUMBER[t][1])
            return struct.unpack(">" + NUMBER[t][0], raw)[0], o
        if t == "string" or t == "opaque variable":
            raw, o = self.take(b, o, 4)
            n = struct.unpack(">I", raw)[0]
            if lim is not None and n > lim:
                raise WireError("length %d over the limit %d" % (n, lim))
            raw, o = self.take(b, o, n)
            pad, o = self.take(b, o, -n % 4)
            if pad.strip(b"\0"):
                raise WireError("padding is not zero")
            return (raw.decode("utf-8", "surrogateescape") if t == "string" else raw), o
        if t == "opaque fixed":
            raw, o = self.take(b, o, lim)
            _p, o = self.take(b, o, -lim % 4)
            return raw, o
        if t.startswith("optional "):
            raw, o = self.take(b, o, 4)
            n = struct.unpack(">I", raw)[0]
            if n > 1:
                raise WireError("presence flag is %d" % n)
            return self.unpack(t[9:], lim, b, o) if n else (None, o)
        if t.startswith("array of ") or t.startswith("fixed array of "):
            fixed = t.startswith("fixed")
            n, et = lim, t[15:] if fixed else t[9:]
            if not fixed:
                raw, o = self.take(b, o, 4)
                n = struct.unpack(">I", raw)[0]
                if n > lim:
                    raise WireError("%d items over the limit %d" % (n, lim))
            out = []
            for _i in range(n):
                v, o = self.unpack(et, self.inner(et), b, o)
                out.append(v)
            return out, o
        if t.startswith("struct "):
            return self.unpack_struct(t[7:], b, o)
        if t.startswith("union "):
            raw, o = self.take(b, o, 4)
            kind = struct.unpack(">i", raw)[0]
            if kind not in self.unions[t[6:]]:
                raise WireError("union case %d" % kind)
            _f, ty, li = self.unions[t[6:]][kind]
            v, o = self.unpack(ty, li, b, o)
            return (kind, v), o
        raise WireError("cannot unpack " + t)

    def unpack_struct(self, name, b, o=0):
        out = {}
        for f, t, lim in self.structs[name]:
            out[f], o = self.unpack(t, lim, b, o)
        return out, o

    def unpack_all(self, name, b):
        if name == "-":
            if b:
                raise WireError("%d bytes where none were expected" % len(b))
            return {}
        v, o = self.unpack_struct(name, b)
        if o != len(b):
            raise WireError("%s: %d bytes left over" % (name, len(b) - o))
        return v


class Wire:
    """One connection."""
    answered, refused = set(), set()  # (program, procedure) over all connections

    def __init__(self, tables, path=None, sock=None, timeout=60):
        self.t, self.serial, self.events, self.stream, self.timeout = tables, 0, [], {}, timeout
        self.pongs, self.fds, self.lasttype = 0, [], None
        if sock is None:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.connect(path)
        self.s = sock

    def close(self):
        self.s.close()

    def send(self, prog, proc, typ, serial, status, payload=b"", fds=(), version=1):
        if fds:
            payload = struct.pack(">I", len(fds)) + payload
        head = self.t.pack_struct("net_message_header", dict(
            prog=prog, vers=version, proc=proc, type=typ, serial=serial, status=status))
        self.s.sendall(struct.pack(">I", 4 + len(head) + len(payload)) + head + payload)
        for fd in fds:  # each descriptor follows the message with one zero byte
            self.s.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])

    def get_fd(self, deadline):
        """Descriptors come after the message body, one zero byte each."""
        if not select.select([self.s], [], [], max(0, deadline - time.time()))[0]:
            raise WireError("no descriptor in time")
        data, anc, _f, _a = self.s.recvmsg(1, socket.CMSG_SPACE(4))
        if data != b"\0":
            raise WireError("descriptor byte is %r" % data)
        for lev, ty, d in anc:
            if lev == socket.SOL_SOCKET and ty == socket.SCM_RIGHTS:
                return struct.unpack("i", d[:4])[0]
        raise WireError("no descriptor in the ancillary data")

    def recv_exact(self, n, deadline):
        out = b""
        while len(out) < n:
            left = deadline - time.time()
            if left <= 0 or not select.select([self.s], [], [], left)[0]:
                raise WireError("no answer in time")
            d = self.s.recv(n - len(out))
            if not d:
                raise WireError("connection closed by the daemon")
            out += d
        return out

    def recv(self, timeout=None):
        """One message: (header dict, payload).  Never reads past it, so that
        descriptors that follow stay in the socket."""
        deadline = time.time() + (self.timeout if timeout is None else timeout)
        n = struct.unpack(">I", self.recv_exact(4, deadline))[0]
        if n < 28 or n > self.t.limit["VIR_NET_MESSAGE_MAX"] + 4:
            raise WireError("message length %d" % n)
        body = self.recv_exact(n - 4, time.time() + self.timeout)
        head, o = self.t.unpack_struct("net_message_header", body)
        payload = body[o:]
        if head["type"] in (CALL_FDS, REPLY_FDS):
            k = struct.unpack(">I", payload[:4])[0]
            payload = payload[4:]
            self.fds = [self.get_fd(time.time() + 5) for _i in range(k)]
        return head, payload

    def pump(self, timeout=None):
        """Next message that is not an event or keepalive; those are filed."""
        while True:
            head, payload = self.recv(timeout)
            prog = self.t.progname.get(head["prog"])
            if prog == "keepalive":
                if head["proc"] == self.t.procs["keepalive", "ping"]["number"]:
                    self.send(head["prog"], self.t.procs["keepalive", "pong"]["number"], MESSAGE, 0, ST_OK)
                else:
                    self.pongs += 1
                    if timeout is not None:
                        return head, payload
                continue
            if head["type"] == MESSAGE:
                p = self.t.bynum[prog, head["proc"]]
                if p["kind"] != "event":
                    raise WireError("unexpected message " + p["name"])
                if head["status"] != ST_OK:
                    raise WireError("event header %r" % head)
                self.events.append((p["name"], self.t.unpack_all(p["args"], payload)))
                self.answered.add((prog, p["name"]))
                if timeout is not None:
                    return head, payload
                continue
            return head, payload

    def wait_event(self, name, pred=lambda m: True, timeout=10):
        end = time.time() + timeout
        while True:
            for i, (n, m) in enumerate(self.events):
                if n == name and pred(m):
                    return self.events.pop(i)[1]
            left = end - time.time()
            if left <= 0:
                raise WireError("event %s did not come" % name)
            self.pump(left)

    def request(self, prog, name, values, fds=()):
        p = self.t.procs[prog, name]
        payload = b"" if p["args"] == "-" else self.t.pack_struct(p["args"], values)
        serial = self.serial
        self.serial += 1
        self.send(self.t.programs[prog], p["number"], CALL_FDS if fds else CALL, serial, ST_OK, payload, fds)
        return p, serial

    def call(self, procname, /, *, prog="remote", fds=(), **values):
        p, serial = self.request(prog, procname, values, fds)
        while True:
            head, payload = self.pump()
            if head["type"] in (STREAM, HOLE):
                self.stream.setdefault(head["serial"], []).append((head, payload))
                continue
            if head["type"] not in (REPLY, REPLY_FDS) or head["serial"] != serial or head["proc"] != p["number"]:
                raise WireError("unexpected answer %r" % head)
            self.lasttype = head["type"]
            if head["status"] == ST_ERROR:
                self.refused.add((prog, procname))
                raise RemoteError(procname, self.t.unpack_all("net_message_error", payload))
            if head["status"] != ST_OK:
                raise WireError("status %d" % head["status"])
            self.lastserial = serial
            ret = self.t.unpack_all(p["ret"], payload)
            self.answered.add((prog, procname))
            return ret

    # -- streams
    def stream_send(self, p, serial, data):
        self.send(self.t.programs[p["program"]], p["number"], STREAM, serial, ST_CONTINUE, data)

    def stream_finish(self, p, serial):
        self.send(self.t.programs[p["program"]], p["number"], STREAM, serial, ST_OK)
        head, payload = self.stream_next(serial)
        if head["status"] == ST_ERROR:
            raise RemoteError(p["name"], self.t.unpack_all("net_message_error", payload))
        return head

    def stream_next(self, serial):
        q = self.stream.get(serial)
        if q:
            return q.pop(0)
        while True:
            head, payload = self.pump()
            if head["type"] in (STREAM, HOLE) and head["serial"] == serial:
                return head, payload
            raise WireError("unexpected message while streaming: %r" % head)

    def stream_read_all(self, p, serial):
        """Data blocks until the daemon's empty block, then the handshake."""
        out, holes = b"", []
        while True:
            head, payload = self.stream_next(serial)
            if head["status"] == ST_ERROR:
                raise RemoteError(p["name"], self.t.unpack_all("net_message_error", payload))
            if head["type"] == HOLE:
                h = self.t.unpack_all("net_stream_hole", payload)
                holes.append((len(out), h["length"]))
                out += bytes(h["length"])
                continue
            if head["status"] == ST_OK:
                return out, holes
            if not payload:
                self.stream_finish(p, serial)
                return out, holes
            out += payload


# ---------------------------------------------------------------------------
DOMXML = """<domain type='qemu'><name>@NAME@</name><uuid>@UUID@</uuid>
<metadata><f:note xmlns:f='urn:check-wire'>x</f:note></metadata>
<memory unit='MiB'>64</memory><currentMemory unit='MiB'>48</currentMemory><vcpu current='1'>2</vcpu>
<iothreads>1</iothreads>
<os><type arch='x86_64'>hvm</type><boot dev='hd'/></os><features><acpi/></features>
<on_poweroff>destroy</on_poweroff>
<devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='@DISK@'/>
<target dev='vda' bus='virtio'/></disk>
<interface type='user'><mac address='52:54:00:aa:bb:cc'/><model type='virtio'/></interface>
<serial type='pty'/><console type='pty'/><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<graphics type='vnc' port='-1' autoport='yes'/><video><model type='vga'/></video><memballoon model='virtio'/></devices></domain>"""


class Check:
    def __init__(self, opt):
        self.opt, self.bad, self.good, self.skipped = opt, 0, 0, 0

    def step(self, name, fn, allow=()):
        try:
            r = fn()
            self.good += 1
            note = "" if r is None or not self.opt.verbose else "  %r" % (r,)
            print("OK   %s%s" % (name, note[:400]))
            return r
        except RemoteError as e:
            if e.code in allow:
                self.skipped += 1
                print("SKIP %s: %s" % (name, e))
                return None
            self.bad += 1
            print("FAIL %s: %s" % (name, e))
        except Exception as e:  # a broken table shows up as many kinds of exception
            self.bad += 1
            print("FAIL %s: %s: %s" % (name, type(e).__name__, e))
        return None


def want(cond, what):
    if not cond:
        raise WireError(what)


def open_conn(t, path, uri, ro=False):
    c = Wire(t, path)
    auth = c.call("auth_list")["types"]
    want(auth == [0], "daemon wants authentication %r" % auth)
    want(c.call("connect_supports_feature", feature=10)["supported"] == 1, "no keepalive")
    c.call("connect_open", name=uri, flags=1 if ro else 0)
    return c


class Fill:
    """Arguments for any getter, from the fields of its struct and a few objects."""

    def __init__(self, t, objs):
        self.t, self.o = t, objs

    def args(self, p):
        if p["args"] == "-":
            return {}
        out = {}
        for f, ty, lim in self.t.structs[p["args"]]:
            out[f] = self.value(p["name"], f, ty)
        out.update(self.o.get("over", {}).get(p["name"], {}))
        return out

    def value(self, name, f, ty):
        if ty.startswith("struct ") and ty[7:] in self.o:
            return self.o[ty[7:]]
        if ty.startswith("optional struct"):
            return None
        if ty.startswith("optional"):
            return None
        if ty.startswith("array of"):
            return []
        if ty == "opaque variable":
            return b"\1"
        if ty == "opaque fixed":
            return self.o.get("uuid:" + name.split("_lookup")[0], b"\0" * 16)
        if ty == "string":
            k = name + "." + f
            return self.o.get(k, self.o.get("str:" + f, ""))
        if f in ("maxids", "maxnames", "max_names", "max_uuids", "max_infos", "maxuuids"):
            return 64
        return self.o.get("num:" + f, 0)


# getters whose answer needs a guest agent, another host, a device or a job;
# an error answer is fine for them as long as it decodes
GETTER_WORDS = ("get_", "list_", "num_of", "lookup", "is_", "has_", "_stats", "supports_feature",
                "snapshot_num", "snapshot_current", "interface_addresses", "compare", "baseline",
                "block_peek", "memory_peek", "xml_from_native", "xml_to_native", "find_storage_pool_sources",
                "list_devices")


def is_getter(p):
    n = p["name"]
    if p["program"] != "remote" or p["kind"] != "call" or p["stream"] != "-" or n.startswith("auth_"):
        return False
    return any(w in n for w in GETTER_WORDS) and not any(
        w in n for w in ("_set_", "register", "pin_", "migrate_", "authorized_ssh_keys_set")) or n in (
        "domain_pin_info",)


def broad(ck, c, t, fill, label):
    ok = err = 0
    for p in sorted((p for p in t.procs.values() if is_getter(p)), key=lambda p: p["number"]):
        if p["since"] not in ("?", "-") and ck.libver and vernum(p["since"]) > ck.libver:
            continue
        try:
            r = exercise(c, t, fill, p)
            ok += 1
            if ck.opt.verbose:
                print("     %s -> %.300r" % (p["name"], r))
        except RemoteError as e:
            err += 1
            if ck.opt.verbose:
                print("     %s -> error %s" % (p["name"], e))
        except WireError as e:
            ck.bad += 1
            print("FAIL %s: %s: %s" % (label, p["name"], e))
            return
    ck.good += 1
    print("OK   %s: %d replies and %d error replies decoded to the last byte" % (label, ok, err))


def vernum(v):
    a = [int(x) for x in v.split(".")[:3]]
    return a[0] * 1000000 + a[1] * 1000 + a[2]


def exercise(c, t, fill, p):
    a = fill.args(p)
    r = c.call(p["name"], **a)
    # calls that answer a count when asked with room for none are asked again
    for key in ("nparams", "need_results", "need_map", "maxerrors", "max_errors"):
        if key in a and not a[key]:
            n = r.get("nparams") or r.get("nerrors") or 1
            a[key] = n if key == "nparams" else (8 if "errors" in key else 1)
            if "need_online" in a:
                a["need_online"] = 1
            r = c.call(p["name"], **a)
    return r


def basic(ck, t, opt):
    c = None

    def connect():
        nonlocal c
        c = Wire(t, opt.socket)
    ck.step("connect", connect)
    if c is None:
        return None
    auth = ck.step("auth_list", lambda: c.call("auth_list")["types"])
    ck.step("auth_list offers 'none' (0)", lambda: want(auth == [0], "offered %r" % auth))
    ck.step("supports_feature 10 (keepalive) before open",
            lambda: want(c.call("connect_supports_feature", feature=10)["supported"] == 1, "not supported"))
    ck.step("connect_open " + opt.uri, lambda: c.call("connect_open", name=opt.uri, flags=0))
    for n, what in ((14, "event callbacks"), (15, "remote close callback")):
        ck.step("supports_feature %d (%s)" % (n, what),
                lambda: want(c.call("connect_supports_feature", feature=n)["supported"] == 1, "not supported"))
    ck.step("connect_register_close_callback", lambda: c.call("connect_register_close_callback"))

    def ping():
        before = c.pongs
        c.send(t.programs["keepalive"], t.procs["keepalive", "ping"]["number"], MESSAGE, 0, ST_OK)
        end = time.time() + 5
        while c.pongs == before and time.time() < end:
            c.pump(5)
        want(c.pongs == before + 1, "no pong")
    ck.step("keepalive ping is answered by pong", ping)
    for n in ("connect_get_type", "connect_get_version", "connect_get_lib_version", "connect_get_hostname",
              "connect_get_uri", "connect_get_capabilities", "node_get_info"):
        ck.step(n, lambda: c.call(n))
    ck.libver = 0

    def libver():
        ck.libver = c.call("connect_get_lib_version")["lib_ver"]
        return ck.libver
    ck.step("daemon library version", libver)
    ck.step("connect_get_uri agrees", lambda: want(c.call("connect_get_uri")["uri"] == opt.uri, "differs"))
    return c


def errors(ck, c, t):
    def nodom():
        try:
            c.call("domain_lookup_by_name", name="no-such-domain-check-wire")
        except RemoteError as e:
            want(e.code == t.enum["VIR_ERR_NO_DOMAIN"], "code %d" % e.code)
            want(e.level == t.enum["VIR_ERR_ERROR"], "level %d" % e.level)
            want(e.domain == t.enum["VIR_FROM_QEMU"], "domain %d" % e.domain)
            want(e.err["message"], "no text")
            return e.err
        raise WireError("no error came back")
    ck.step("error reply: unknown domain is VIR_ERR_NO_DOMAIN", nodom)

    def raw(prog, proc, version, typ=CALL, payload=b""):
        serial = c.serial
        c.serial += 1
        c.send(prog, proc, typ, serial, ST_OK, payload, version=version)
        head, body = c.pump()
        want(head["serial"] == serial and head["status"] == ST_ERROR, "answer %r" % head)
        return t.unpack_all("net_message_error", body)
    P = t.programs["remote"]

    def unknown_proc():
        e = raw(P, 60000, 1)
        want(e["code"] == t.enum["VIR_ERR_RPC"], "code %d" % e["code"])
        return e
    ck.step("error reply: unknown procedure is VIR_ERR_RPC", unknown_proc)

    def short():
        e = raw(P, t.procs["remote", "domain_lookup_by_name"]["number"], 1, payload=b"\0\0")
        want(e["code"] == t.enum["VIR_ERR_RPC"], "code %d" % e["code"])
        return e
    ck.step("error reply: cut-off arguments are VIR_ERR_RPC", short)

    def unknown_prog():
        e = raw(0x12345678, 1, 1)
        want(e["code"] == t.enum["VIR_ERR_RPC"], "code %d" % e["code"])
        return e
    ck.step("error reply: unknown program is VIR_ERR_RPC", unknown_prog)

    def bad_version():
        e = raw(P, 1, 77)
        want(e["code"] == t.enum["VIR_ERR_RPC"], "code %d" % e["code"])
        return e
    ck.step("error reply: unknown program version is VIR_ERR_RPC", bad_version)
    ck.step("the connection still works after these errors", lambda: c.call("connect_get_type"))


def domain(ck, c, t, opt, tmpdisk, fix):
    name, uid = "check-wire-%d" % os.getpid(), uuidlib.uuid4()
    xml = open(opt.xml).read() if opt.xml else DOMXML
    xml = xml.replace("@NAME@", name).replace("@UUID@", str(uid)).replace("@DISK@", tmpdisk)
    if "pool" in fix:
        xml = xml.replace("type='raw'", "type='qcow2'")
    ids = {}

    def register():
        for what in ("LIFECYCLE", "REBOOT", "DEVICE_ADDED", "METADATA_CHANGE", "JOB_COMPLETED"):
            eid = t.enum["VIR_DOMAIN_EVENT_ID_" + what]
            ids[what] = c.call("connect_domain_event_callback_register_any", event_id=eid, dom=None)["callback_id"]
        return ids
    ck.step("register domain events", register)
    dom = ck.step("domain_define_xml_flags", lambda: c.call("domain_define_xml_flags", xml=xml)["dom"])
    if not dom:
        return
    try:
        ck.step("defined domain: name, uuid, id -1", lambda: want(
            dom == dict(name=name, uuid=uid.bytes, id=-1), "got %r" % dom))

        def life(event, detail=None):
            m = c.wait_event("domain_event_callback_lifecycle", lambda m: m["msg"]["dom"]["name"] == name
                             and m["msg"]["event"] == t.enum["VIR_DOMAIN_EVENT_" + event])
            want(m["callback_id"] == ids["LIFECYCLE"], "callback id")
            if detail:
                want(m["msg"]["detail"] == t.enum["VIR_DOMAIN_EVENT_" + detail], "detail %d" % m["msg"]["detail"])
            return m
        ck.step("event: defined/added", lambda: life("DEFINED", "DEFINED_ADDED"))

        def listed():
            r = c.call("connect_list_all_domains", need_results=1, flags=0)
            want(r["ret"] == len(r["domains"]), "count")
            want(name in [d["name"] for d in r["domains"]], "not listed")
            r = c.call("connect_list_all_domains", need_results=0, flags=t.enum["VIR_CONNECT_LIST_DOMAINS_INACTIVE"])
            want(r["domains"] == [] and r["ret"] >= 1, "count only")
        ck.step("connect_list_all_domains, with and without results", listed)
        ck.step("lookup by name and uuid", lambda: want(
            c.call("domain_lookup_by_name", name=name)["dom"] == dom
            and c.call("domain_lookup_by_uuid", uuid=uid.bytes)["dom"] == dom, "differs"))
        ck.step("domain_get_xml_desc", lambda: want(
            name in c.call("domain_get_xml_desc", dom=dom)["xml"], "no name in it"))
        ck.step("domain_get_state is shutoff", lambda: want(
            c.call("domain_get_state", dom=dom)["state"] == t.enum["VIR_DOMAIN_SHUTOFF"], "state"))
        ck.step("set/get autostart", lambda: (
            c.call("domain_set_autostart", dom=dom, autostart=1),
            want(c.call("domain_get_autostart", dom=dom)["autostart"] == 1, "not set"),
            c.call("domain_set_autostart", dom=dom, autostart=0)))

        def meta():
            c.call("domain_set_metadata", dom=dom, type=t.enum["VIR_DOMAIN_METADATA_TITLE"], metadata="a title",
                   key=None, uri=None, flags=t.enum["VIR_DOMAIN_AFFECT_CONFIG"])
            r = c.call("domain_get_metadata", dom=dom, type=t.enum["VIR_DOMAIN_METADATA_TITLE"], uri=None,
                       flags=t.enum["VIR_DOMAIN_AFFECT_CONFIG"])
            want(r["metadata"] == "a title", "got %r" % r)
            m = c.wait_event("domain_event_callback_metadata_change", lambda m: m["dom"]["name"] == name)
            want(m["type"] == t.enum["VIR_DOMAIN_METADATA_TITLE"] and m["nsuri"] is None, "event %r" % m)
        ck.step("set/get metadata and its event (optional strings)", meta)

        def typed():
            c.call("domain_set_memory_parameters", dom=dom, flags=t.enum["VIR_DOMAIN_AFFECT_CONFIG"],
                   params=[dict(field="hard_limit", value=(4, 1 << 20))])
            r = c.call("domain_get_memory_parameters", dom=dom, nparams=3, flags=t.enum["VIR_DOMAIN_AFFECT_CONFIG"])
            want({p["field"]: p["value"] for p in r["params"]}["hard_limit"] == (4, 1 << 20), "got %r" % r)
            c.call("domain_set_memory_parameters", dom=dom, flags=t.enum["VIR_DOMAIN_AFFECT_CONFIG"], params=[
                dict(field="hard_limit", value=(4, t.enum["VIR_DOMAIN_MEMORY_PARAM_UNLIMITED"]))])
        ck.step("typed parameters there and back", typed, allow=(t.enum["VIR_ERR_OPERATION_INVALID"], 38, 67))

        def with_fds():
            r, w = os.pipe()
            try:
                c.call("domain_fd_associate", dom=dom, name="check", fds=(r, w))
            finally:
                os.close(r)
                os.close(w)
        ck.step("call with descriptors (domain_fd_associate)", with_fds,
                allow=(t.enum["VIR_ERR_NO_SUPPORT"], t.enum["VIR_ERR_RPC"], t.enum["VIR_ERR_OPERATION_INVALID"]))
        objs = objects(c, t, dom, uid, fix)
        fill = Fill(t, objs)
        if opt.broad:
            broad(ck, c, t, fill, "getters, domain defined")
        if "pool" in fix:
            snapshots(ck, c, t, opt, dom, fill, objs)
        if opt.run:
            run(ck, c, t, opt, dom, life, fill, objs)
    finally:
        ck.step("domain_undefine", lambda: c.call("domain_undefine_flags", dom=dom, flags=t.enum["VIR_DOMAIN_UNDEFINE_MANAGED_SAVE"]
                                                  | t.enum["VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA"]))
        ck.step("event: undefined/removed", lambda: life("UNDEFINED", "UNDEFINED_REMOVED"))

        def dereg():
            for i in ids.values():
                c.call("connect_domain_event_callback_deregister_any", callback_id=i)
        ck.step("deregister events", dereg)


def objects(c, t, dom, uid, fix):
    """What the getters are pointed at: our domain, and whatever the daemon has."""
    o = {"remote_nonnull_domain": dom, "uuid:domain": uid.bytes, "str:path": "vda", "str:disk": "vda",
         "num:size": 512, "num:ncpus": 1, "num:max_stats": 16, "num:maxinfo": 4, "num:maplen": 8, "num:ncpumaps": 2,
         "num:max_cells": 4, "num:maxcells": 4, "num:cell_num": -1, "num:cpu_num": -1, "num:cell_count": 1,
         "num:maxerrors": 8, "num:max_errors": 8, "num:nparams": 0,
         "str:arch": "x86_64", "str:name": dom["name"], "str:user": "root", "str:type": "dir",
         "str:mac": "00:00:00:00:00:00", "str:native_format": "qemu-argv", "str:native_config": "/usr/bin/qemu-system-x86_64",
         "fix": fix, "over": {
             "node_get_free_pages": {"pages": [4], "start_cell": 0, "cell_count": 1},
             "connect_baseline_cpu": {"xml_cpus": ["<cpu><arch>x86_64</arch><model>qemu64</model></cpu>"]},
             "connect_compare_cpu": {"xml": "<cpu><arch>x86_64</arch><model>qemu64</model></cpu>"},
             "connect_baseline_hypervisor_cpu": {"xml_cpus": ["<cpu><model>qemu64</model></cpu>"], "virttype": "qemu"},
             "connect_compare_hypervisor_cpu": {"xml_cpu": "<cpu><model>qemu64</model></cpu>", "virttype": "qemu"},
             "connect_get_domain_capabilities": {"virttype": "qemu", "arch": "x86_64"},
             "domain_memory_peek": {"flags": 1},
             "domain_get_cpu_stats": {"start_cpu": -1, "ncpus": 1, "nparams": 8},
             "domain_interface_addresses": {"source": 2},
             "connect_find_storage_pool_sources": {"type": "dir"},
             "connect_domain_xml_to_native": {"domain_xml": ""},
             "domain_get_scheduler_parameters": {"nparams": 16},
             "domain_get_scheduler_parameters_flags": {"nparams": 16},
             "domain_get_block_io_tune": {"disk": "vda", "nparams": 0},
             "domain_get_metadata": {"type": 2, "uri": "urn:check-wire"},
         }}

    def first(call, key, **kw):
        try:
            v = c.call(call, need_results=1, flags=0, **kw)[key]
            return v[0] if v else None
        except RemoteError:
            return None
    for call, key, st in (("connect_list_all_networks", "nets", "remote_nonnull_network"),
                          ("connect_list_all_storage_pools", "pools", "remote_nonnull_storage_pool"),
                          ("connect_list_all_interfaces", "ifaces", "remote_nonnull_interface"),
                          ("connect_list_all_nwfilters", "filters", "remote_nonnull_nwfilter"),
                          ("connect_list_all_nwfilter_bindings", "bindings", "remote_nonnull_nwfilter_binding"),
                          ("connect_list_all_secrets", "secrets", "remote_nonnull_secret"),
                          ("connect_list_all_node_devices", "devices", "remote_nonnull_node_device")):
        short = st[len("remote_nonnull_"):]
        v = fix.get({"network": "net", "nwfilter_binding": "binding", "storage_pool": "pool"}.get(short, short))
        v = v or first(call, key)
        if v is None:
            v = {f: ("none" if ty == "string" else b"\0" * 16 if ty == "opaque fixed" else 0)
                 for f, ty, _l in t.structs[st]}
        o[st] = v
        if "uuid" in v:
            o["uuid:" + short] = v["uuid"]
        for p in t.procs.values():
            if p["program"] == "remote" and p["name"].startswith(short + "_") and "name" in v:
                o[p["name"] + ".name"] = v["name"]
    if o["remote_nonnull_nwfilter_binding"]:
        o["nwfilter_binding_lookup_by_port_dev.name"] = o["remote_nonnull_nwfilter_binding"]["portdev"]
    if o["remote_nonnull_interface"]:
        o["interface_lookup_by_mac_string.mac"] = o["remote_nonnull_interface"]["mac"]
    s = o["remote_nonnull_secret"]
    o["over"]["secret_lookup_by_usage"] = {"usage_type": s["usage_type"], "usage_id": s["usage_id"]}
    vol = fix.get("vol") or first("storage_pool_list_all_volumes", "vols", pool=o["remote_nonnull_storage_pool"])
    o["remote_nonnull_storage_vol"] = vol or dict(pool="none", name="none", key="none")
    if vol:
        o["storage_vol_lookup_by_name.name"] = vol["name"]
        o["storage_vol_lookup_by_key.key"] = vol["key"]
        o["storage_vol_lookup_by_path.path"] = vol["key"]
    if "path" in fix:
        o["storage_pool_lookup_by_target_path.path"] = fix["path"]
    port = first("network_list_all_ports", "ports", network=o["remote_nonnull_network"])
    o["remote_nonnull_network_port"] = port or dict(net=o["remote_nonnull_network"], uuid=b"\0" * 16)
    if port:
        o["over"]["network_port_lookup_by_uuid"] = {"uuid": port["uuid"]}
    o["remote_nonnull_domain_snapshot"] = dict(name="none", dom=dom)
    o["remote_nonnull_domain_checkpoint"] = dict(name="none", dom=dom)
    try:
        o["over"]["connect_domain_xml_to_native"] = {
            "domain_xml": c.call("domain_get_xml_desc", dom=dom)["xml"], "native_format": "qemu-argv"}
    except RemoteError:
        pass
    return o


def snapshots(ck, c, t, opt, dom, fill, objs):
    def take(n):
        return c.call("domain_snapshot_create_xml", dom=dom,
                      xml_desc="<domainsnapshot><name>%s</name></domainsnapshot>" % n)["snap"]
    s1 = ck.step("domain_snapshot_create_xml", lambda: take("s1"),
                 allow=(t.enum["VIR_ERR_OPERATION_UNSUPPORTED"], t.enum["VIR_ERR_NO_SUPPORT"]))
    s2 = s1 and ck.step("domain_snapshot_create_xml, a child", lambda: take("s2"))
    if not s2:
        return
    ck.step("snapshot names its domain", lambda: want(
        s1 == dict(name="s1", dom=dom), "got %r" % s1))
    objs["remote_nonnull_domain_snapshot"] = s2
    objs["domain_snapshot_lookup_by_name.name"] = "s2"
    ck.step("domain_snapshot_get_parent", lambda: want(
        c.call("domain_snapshot_get_parent", snap=s2)["snap"] == s1, "differs"))
    if opt.broad:
        broad(ck, c, t, fill, "getters, domain with snapshots")
    ck.step("domain_revert_to_snapshot", lambda: c.call("domain_revert_to_snapshot", snap=s1))
    for s in (s2, s1):
        ck.step("domain_snapshot_delete " + s["name"], lambda: c.call("domain_snapshot_delete", snap=s))
    objs["remote_nonnull_domain_snapshot"] = dict(name="none", dom=dom)
    c.events.clear()


def run(ck, c, t, opt, dom, life, fill, objs):
    d = ck.step("domain_create_with_flags", lambda: c.call("domain_create_with_flags", dom=dom)["dom"])
    if not d:
        return
    try:
        ck.step("running domain has an id", lambda: want(d["id"] > 0, "id %d" % d["id"]))
        ck.step("event: resumed or started", lambda: c.wait_event(
            "domain_event_callback_lifecycle", lambda m: m["msg"]["dom"]["name"] == dom["name"]
            and m["msg"]["event"] == t.enum["VIR_DOMAIN_EVENT_STARTED"]))
        c.events.clear()
        ck.step("lookup by id", lambda: want(c.call("domain_lookup_by_id", id=d["id"])["dom"] == d, "differs"))
        objs["remote_nonnull_domain"] = d
        objs["num:id"] = d["id"]

        def device():
            x = c.call("domain_get_xml_desc", dom=d)["xml"]
            i = x.find("<target dev='vnet")
            return x[i + 13:].split("'")[0] if i >= 0 else "52:54:00:aa:bb:cc"
        objs["str:device"] = device()

        cp = None
        if "pool" in objs["fix"]:
            cp = ck.step("domain_checkpoint_create_xml", lambda: c.call(
                "domain_checkpoint_create_xml", dom=d,
                xml_desc="<domaincheckpoint><name>c1</name></domaincheckpoint>")["checkpoint"],
                allow=(t.enum["VIR_ERR_OPERATION_UNSUPPORTED"], t.enum["VIR_ERR_NO_SUPPORT"]))
            if cp:
                objs["remote_nonnull_domain_checkpoint"] = cp
                objs["domain_checkpoint_lookup_by_name.name"] = cp["name"]
        if opt.broad:
            broad(ck, c, t, fill, "getters, domain running")

        def stats():
            r = c.call("connect_get_all_domain_stats", doms=[], stats=0, flags=0)["ret_stats"]
            mine = [x for x in r if x["dom"]["name"] == d["name"]]
            want(len(mine) == 1 and len(mine[0]["params"]) > 10, "few parameters")
            return len(mine[0]["params"])
        ck.step("connect_get_all_domain_stats", stats)

        def screenshot():
            r = c.call("domain_screenshot", dom=d, screen=0)
            p = t.procs["remote", "domain_screenshot"]
            data, _h = c.stream_read_all(p, c.lastserial)
            want(r["mime"] and len(data) > 100, "mime %r, %d bytes" % (r["mime"], len(data)))
            return r["mime"], len(data)
        ck.step("stream from daemon: domain_screenshot", screenshot)

        def gfx():
            c.call("domain_open_graphics_fd", dom=d, idx=0, flags=t.enum["VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH"])
            want(c.lasttype == REPLY_FDS and len(c.fds) == 1, "type %d" % c.lasttype)
            s = socket.socket(fileno=c.fds[0])
            s.settimeout(5)
            b = s.recv(12)
            s.close()
            want(b.startswith(b"RFB"), "got %r" % b)
            return b
        ck.step("reply with a descriptor: domain_open_graphics_fd speaks RFB", gfx)

        def gfx_in():
            a, b = socket.socketpair()
            c.call("domain_open_graphics", dom=d, idx=0, flags=t.enum["VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH"], fds=(b.fileno(),))
            b.close()
            a.settimeout(5)
            got = a.recv(12)
            a.close()
            want(got.startswith(b"RFB"), "got %r" % got)
        ck.step("call with a descriptor: domain_open_graphics", gfx_in)

        def qmp():
            r = c.call("domain_monitor_command", prog="qemu", dom=d, cmd='{"execute":"query-status"}')
            want("running" in r["result"], r["result"])
            return r
        ck.step("qemu program: domain_monitor_command", qmp)

        def qev():
            i = c.call("connect_domain_monitor_event_register", prog="qemu", dom=None, event=None)["callback_id"]
            c.call("domain_suspend", dom=d)
            m = c.wait_event("domain_monitor_event", lambda m: m["dom"]["name"] == d["name"])
            want(m["callback_id"] == i and m["event"], "got %r" % m)
            c.call("domain_resume", dom=d)
            c.call("connect_domain_monitor_event_deregister", prog="qemu", callback_id=i)
            return m
        ck.step("qemu program: monitor event", qev)

        def saved():
            c.call("domain_managed_save", dom=d)
            want(c.call("domain_has_managed_save_image", dom=d)["result"] == 1, "no image")
            want(d["name"] in c.call("domain_managed_save_get_xml_desc", dom=d)["xml"], "no name in it")
            return c.call("domain_create_with_flags", dom=d, flags=t.enum["VIR_DOMAIN_START_PAUSED"])
        ck.step("managed save and start from it", saved)

        def console():
            c.call("domain_open_console", dom=d, dev_name=None, flags=t.enum["VIR_DOMAIN_CONSOLE_FORCE"])
            p, serial = t.procs["remote", "domain_open_console"], c.lastserial
            # the client gives the stream up: status error, no payload; the daemon
            # answers with an empty stream message
            c.send(t.programs["remote"], p["number"], STREAM, serial, ST_ERROR)
            while True:
                head, _b = c.stream_next(serial)
                if head["status"] != ST_CONTINUE:
                    break
            want(head["status"] in (ST_OK, ST_ERROR), "status %d" % head["status"])
            return head
        ck.step("stream abort: domain_open_console", console)
        c.events.clear()
        if cp:
            ck.step("domain_checkpoint_delete", lambda: c.call("domain_checkpoint_delete", checkpoint=cp))
    finally:
        ck.step("domain_destroy", lambda: c.call("domain_destroy", dom=d))
        ck.step("event: stopped/destroyed", lambda: life("STOPPED", "STOPPED_DESTROYED"))
        objs["remote_nonnull_domain"] = dom


def listen(ck, c, undo, kind, **what):
    """The callback id; None, and a step that failed, when nobody serves that kind of object."""
    call = "connect_%s_event_register_any" % kind
    number = ck.step(call, lambda: c.call(call, event_id=0, **what)["callback_id"])
    if number is not None:
        undo.append(lambda: c.call("connect_%s_event_deregister_any" % kind, callback_id=number))
    return number


def storage(ck, c, t, opt, undo):
    """A pool with a volume, the stream steps on it, and a qcow2 volume that
    becomes the disk of the test domain.  Returns (pool, path of the disk)."""
    name = "check-wire-%d" % os.getpid()
    path = os.path.join(opt.storage, name)
    os.makedirs(path, exist_ok=True)
    os.chmod(path, 0o755)
    ev = listen(ck, c, undo, "storage_pool", pool=None)
    pool = ck.step("storage_pool_define_xml", lambda: c.call(
        "storage_pool_define_xml",
        xml="<pool type='dir'><name>%s</name><target><path>%s</path></target></pool>" % (name, path))["pool"])
    if not pool:
        return None

    def cleanup():
        ck.step("storage_pool_destroy", lambda: c.call("storage_pool_destroy", pool=pool))
        ck.step("storage_pool_undefine", lambda: c.call("storage_pool_undefine", pool=pool))
        for f in os.listdir(path):
            os.unlink(os.path.join(path, f))
        os.rmdir(path)
    undo.append(cleanup)
    ck.step("storage_pool_create", lambda: c.call("storage_pool_create", pool=pool))

    def events():
        for what in ("DEFINED", "STARTED"):
            m = c.wait_event("storage_pool_event_lifecycle", lambda m: m["pool"]["name"] == name)
            want(m["callback_id"] == ev and m["event"] == t.enum["VIR_STORAGE_POOL_EVENT_" + what], "got %r" % m)
    ck.step("events: storage pool defined, started", events)
    size = 3 << 20
    vol = ck.step("storage_vol_create_xml", lambda: c.call(
        "storage_vol_create_xml", pool=pool,
        xml="<volume><name>v1</name><capacity>%d</capacity><allocation>0</allocation>"
            "<target><format type='raw'/></target></volume>" % size)["vol"])
    if not vol:
        return None
    data = os.urandom(1 << 20)
    up = t.procs["remote", "storage_vol_upload"]

    def upload():
        c.call("storage_vol_upload", vol=vol, offset=1 << 20, length=len(data))
        n = c.lastserial
        for i in range(0, len(data), 262120):
            c.stream_send(up, n, data[i:i + 262120])
        c.stream_finish(up, n)
    ck.step("stream to daemon: storage_vol_upload", upload)
    down = t.procs["remote", "storage_vol_download"]

    def download():
        c.call("storage_vol_download", vol=vol, offset=1 << 20, length=len(data))
        got, _h = c.stream_read_all(down, c.lastserial)
        want(got == data, "%d bytes came back, different" % len(got))
    ck.step("stream from daemon: storage_vol_download", download)

    def sparse():
        c.call("storage_vol_download", vol=vol, offset=0, length=0,
               flags=t.enum["VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM"])
        got, holes = c.stream_read_all(down, c.lastserial)
        want(len(got) == size and got[1 << 20:2 << 20] == data, "%d bytes" % len(got))
        want(holes, "no hole messages")
        return holes
    ck.step("sparse stream from daemon: hole messages", sparse)

    def sparse_up():
        # on a fresh volume: a hole skips forward and leaves what was there
        v3 = c.call("storage_vol_create_xml", pool=pool, xml=(
            "<volume><name>v3</name><capacity>%d</capacity><allocation>0</allocation></volume>" % size))["vol"]
        c.call("storage_vol_upload", vol=v3, offset=0, length=0,
               flags=t.enum["VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM"])
        n = c.lastserial
        c.stream_send(up, n, b"A" * 4096)
        c.send(t.programs["remote"], up["number"], HOLE, n, ST_CONTINUE,
               t.pack_struct("net_stream_hole", dict(length=size - 8192)))
        c.stream_send(up, n, b"B" * 4096)
        c.stream_finish(up, n)
        c.call("storage_vol_download", vol=v3, offset=0, length=0)
        got, _h = c.stream_read_all(down, c.lastserial)
        want(got == b"A" * 4096 + bytes(size - 8192) + b"B" * 4096, "content differs")
    ck.step("sparse stream to daemon", sparse_up)

    def abort():
        c.call("storage_vol_upload", vol=vol, offset=0, length=1 << 20)
        n = c.lastserial
        c.stream_send(up, n, b"C" * 512)
        c.send(t.programs["remote"], up["number"], STREAM, n, ST_ERROR)
        head, _b = c.stream_next(n)
        want(head["status"] in (ST_OK, ST_ERROR), "status %d" % head["status"])
        return head
    ck.step("stream given up by the client", abort)
    ck.step("storage_vol_get_info", lambda: want(
        c.call("storage_vol_get_info", vol=vol)["capacity"] == size, "capacity"))

    def resize():
        c.call("storage_vol_resize", vol=vol, capacity=size * 2)
        want(c.call("storage_vol_get_info_flags", vol=vol)["capacity"] == size * 2, "capacity")
    ck.step("storage_vol_resize", resize)
    ck.step("storage_vol_create_xml_from, storage_vol_wipe, storage_vol_delete", lambda: (
        c.call("storage_vol_create_xml_from", pool=pool, clonevol=vol,
               xml="<volume><name>v2</name><capacity>%d</capacity><target><format type='raw'/></target></volume>" % (size * 2)),
        c.call("storage_vol_wipe", vol=dict(vol, name="v2", key=os.path.join(path, "v2"))),
        c.call("storage_vol_delete", vol=dict(vol, name="v2", key=os.path.join(path, "v2")))))
    ck.step("storage_pool_refresh", lambda: c.call("storage_pool_refresh", pool=pool))
    disk = ck.step("storage_vol_create_xml qcow2", lambda: c.call(
        "storage_vol_create_xml", pool=pool,
        xml="<volume><name>disk.qcow2</name><capacity>%d</capacity><target><format type='qcow2'/><compat>1.1</compat></target></volume>" % size)["vol"])
    c.events.clear()
    return (pool, vol, disk["key"]) if disk else None


def fixtures(ck, c, t, opt, undo):
    """A network, a secret, a filter and a device to point getters at."""
    tag = "check-wire-%d" % os.getpid()
    out = {}
    nev = listen(ck, c, undo, "network", net=None)
    sev = listen(ck, c, undo, "secret", secret=None)
    net = ck.step("network_define_xml", lambda: c.call("network_define_xml", xml=(
        "<network><name>%s</name><bridge name='cwbr%d' stp='off'/><ip address='192.168.199.1' netmask='255.255.255.0'>"
        "<dhcp><range start='192.168.199.10' end='192.168.199.20'/></dhcp></ip></network>" % (tag, os.getpid() % 10000)))["net"])
    if net:
        out["net"] = net
        undo.append(lambda: ck.step("network_undefine", lambda: c.call("network_undefine", net=net)))
        ck.step("event: network defined", lambda: want(c.wait_event(
            "network_event_lifecycle", lambda m: m["net"] == net) == dict(
            callback_id=nev, net=net, event=t.enum["VIR_NETWORK_EVENT_DEFINED"], detail=0), "differs"))
        ck.step("network_set_autostart", lambda: (c.call("network_set_autostart", net=net, autostart=1), want(
            c.call("network_get_autostart", net=net)["autostart"] == 1, "not set"),
            c.call("network_set_autostart", net=net, autostart=0)))
        ck.step("supports_feature 16 (network_update argument order)", lambda: want(
            c.call("connect_supports_feature", feature=16)["supported"] == 1, "not supported"))
        ck.step("network_update", lambda: (c.call(
            "network_update", net=net, command=t.enum["VIR_NETWORK_UPDATE_COMMAND_ADD_LAST"],
            section=t.enum["VIR_NETWORK_SECTION_IP_DHCP_HOST"], parent_index=-1,
            xml="<host mac='52:54:00:11:22:33' ip='192.168.199.15'/>", flags=t.enum["VIR_NETWORK_UPDATE_AFFECT_CONFIG"]),
            want("192.168.199.15" in c.call("network_get_xml_desc", net=net)["xml"], "not there")))
        if opt.active and ck.step("network_create", lambda: c.call("network_create", net=net)) is not None:
            undo.append(lambda: ck.step("network_destroy", lambda: c.call("network_destroy", net=net)))
            port = ck.step("network_port_create_xml", lambda: c.call("network_port_create_xml", network=net, xml=(
                "<networkport><uuid>%s</uuid><owner><name>x</name><uuid>%s</uuid></owner>"
                "<mac address='52:54:00:7b:35:93'/></networkport>" % (uuidlib.uuid4(), uuidlib.uuid4())))["port"])
            if port:
                undo.append(lambda: ck.step("network_port_delete", lambda: c.call("network_port_delete", port=port)))
    sec = ck.step("secret_define_xml", lambda: c.call("secret_define_xml", xml=(
        "<secret ephemeral='yes' private='no'><description>d</description>"
        "<usage type='ceph'><name>%s</name></usage></secret>" % tag))["secret"])
    if sec:
        out["secret"] = sec
        undo.append(lambda: ck.step("secret_undefine", lambda: c.call("secret_undefine", secret=sec)))
        ck.step("event: secret defined", lambda: want(c.wait_event(
            "secret_event_lifecycle", lambda m: m["secret"] == sec) == dict(
            callback_id=sev, secret=sec, event=t.enum["VIR_SECRET_EVENT_DEFINED"], detail=0), "differs"))
        ck.step("secret value there and back (opaque)", lambda: (
            c.call("secret_set_value", secret=sec, value=b"\0\1\2xyz"),
            want(c.call("secret_get_value", secret=sec)["value"] == b"\0\1\2xyz", "differs")))
    flt = ck.step("nwfilter_define_xml", lambda: c.call("nwfilter_define_xml", xml=(
        "<filter name='%s' chain='root'><rule action='accept' direction='inout'><all/></rule></filter>" % tag))["nwfilter"])
    if flt:
        out["nwfilter"] = flt
        undo.append(lambda: ck.step("nwfilter_undefine", lambda: c.call("nwfilter_undefine", nwfilter=flt)))
        if opt.active:
            b = ck.step("nwfilter_binding_create_xml", lambda: c.call("nwfilter_binding_create_xml", xml=(
                "<filterbinding><owner><name>x</name><uuid>%s</uuid></owner><portdev name='lo'/>"
                "<mac address='52:54:00:7b:35:93'/><filterref filter='%s'/></filterbinding>" % (uuidlib.uuid4(), tag)))["nwfilter"])
            if b:
                out["binding"] = b
                undo.append(lambda: ck.step("nwfilter_binding_delete", lambda: c.call(
                    "nwfilter_binding_delete", nwfilter=b)))
    return out


def readonly(ck, t, opt):
    c = ck.step("read-only socket: connect and open", lambda: open_conn(t, opt.ro, opt.uri, ro=True))
    if not c:
        return
    ghost = dict(name="ghost", uuid=b"\1" * 16, id=-1)

    def denied():
        try:
            c.call("domain_create", dom=ghost)
        except RemoteError as e:
            want(e.code == t.enum["VIR_ERR_OPERATION_DENIED"], str(e))
            return e.err["message"]
        raise WireError("allowed")
    ck.step("read-only: domain_create is VIR_ERR_OPERATION_DENIED", denied)
    ck.step("read-only: connect_list_all_domains works", lambda: c.call("connect_list_all_domains", need_results=1))
    c.close()
    c = Wire(t, opt.ro)
    c.call("auth_list")

    def rw_open():
        c.call("connect_open", name=opt.uri, flags=0)
        c.call("domain_create", dom=ghost)
    def forced():
        try:
            rw_open()
        except RemoteError as e:
            want(e.code == t.enum["VIR_ERR_OPERATION_DENIED"], str(e))
            return
        raise WireError("allowed")
    ck.step("read-only: opening without the read-only flag gives no write access", forced)
    c.close()


def admin(ck, t, opt):
    c = Wire(t, opt.admin)

    def call(procname, /, **kw):
        r = c.call(procname, prog="admin", **kw)
        return r
    ck.step("admin: connect_open", lambda: call("connect_open"))
    ck.step("admin: connect_get_lib_version", lambda: call("connect_get_lib_version"))
    srv = ck.step("admin: connect_list_servers", lambda: call("connect_list_servers", need_results=1)["servers"])
    for s in srv or []:
        n = s["name"]
        ck.step("admin: connect_lookup_server " + n, lambda: want(
            call("connect_lookup_server", name=n)["srv"] == s, "differs"))
        ck.step("admin: server_get_threadpool_parameters " + n, lambda: call("server_get_threadpool_parameters", srv=s))
        ck.step("admin: server_get_client_limits " + n, lambda: call("server_get_client_limits", srv=s))
        cl = ck.step("admin: server_list_clients " + n,
                     lambda: call("server_list_clients", srv=s, need_results=1)["clients"])
        for k in (cl or [])[:1]:
            ck.step("admin: server_lookup_client", lambda: want(
                call("server_lookup_client", srv=s, id=k["id"])["clnt"]["id"] == k["id"], "differs"))
            ck.step("admin: client_get_info", lambda: call("client_get_info", clnt=k))
        ck.step("admin: server_set_client_limits (same value)", lambda: call(
            "server_set_client_limits", srv=s, params=[p for p in call("server_get_client_limits", srv=s)["params"]
                                                       if p["field"] == "nclients_max"]))
    ck.step("admin: get logging outputs and filters", lambda: (
        call("connect_get_logging_outputs"), call("connect_get_logging_filters")))
    ck.step("admin: connect_close", lambda: call("connect_close"))
    c.close()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("socket")
    ap.add_argument("--uri", default="qemu:///system")
    ap.add_argument("--ro")
    ap.add_argument("--admin")
    ap.add_argument("--run", action="store_true")
    ap.add_argument("--active", action="store_true")
    ap.add_argument("--no-fixtures", dest="fixtures", action="store_false")
    ap.add_argument("--xml")
    ap.add_argument("--storage")
    ap.add_argument("--no-broad", dest="broad", action="store_false")
    ap.add_argument("--verbose", action="store_true")
    opt = ap.parse_args()
    ck = Check(opt)
    ck.libver = 0
    t = ck.step("tables load and refer only to known structs", lambda: Tables())
    if t is None:
        return 1
    c = basic(ck, t, opt)
    if c:
        errors(ck, c, t)
        fd, disk = tempfile.mkstemp(prefix="check-wire-", suffix=".img")
        os.ftruncate(fd, 1 << 20)
        os.close(fd)
        os.chmod(disk, 0o666)
        undo, fix = [], {}
        try:
            if opt.fixtures:
                fix.update(fixtures(ck, c, t, opt, undo))
            got = storage(ck, c, t, opt, undo) if opt.storage else None
            if got:
                fix["pool"], fix["vol"] = got[:2]
                fix["path"] = os.path.dirname(got[2])
            domain(ck, c, t, opt, got[2] if got else disk, fix)
        finally:
            for f in reversed(undo):
                f()
            os.unlink(disk)
        ck.step("connect_unregister_close_callback", lambda: c.call("connect_unregister_close_callback"))
        ck.step("connect_close", lambda: c.call("connect_close"))
        c.close()
    if opt.ro:
        readonly(ck, t, opt)
    if opt.admin:
        admin(ck, t, opt)
    only = Wire.refused - Wire.answered
    print("%d steps OK, %d failed, %d skipped; %d procedures and events decoded, %d more only with an error reply" % (
        ck.good, ck.bad, ck.skipped, len(Wire.answered), len(only)))
    if opt.verbose:
        print("decoded: " + ", ".join(sorted("%s:%s" % k for k in Wire.answered)))
        print("only an error: " + ", ".join(sorted("%s:%s" % k for k in only)))
    return 1 if ck.bad else 0


if __name__ == "__main__":
    sys.exit(main())
