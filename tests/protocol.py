#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compare src/common/protocol with the facts of the protocol, row by row.

What is committed is read, not what the build makes of it. Each check turns both sides into the
same plain values; anything that only one side has is a difference. Prints TAP.
"""
import csv
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROTOCOL = ROOT / "src/common/protocol"
PROGRAMS = ["remote", "qemu", "lxc", "admin", "keepalive"]

# enumeration of the facts -> where it is, its name there, what its names begin with
ENUMS = [("message_type", "net", "net_message_type", "NET_"),
         ("message_status", "net", "net_message_status", "NET_"),
         ("auth_type", "remote", "remote_auth_type", "REMOTE_AUTH_"),
         ("typed_param_kind", "remote", "remote_typed_param_kind", "REMOTE_TYPED_PARAM_"),
         ("typed_param_kind", "admin", "admin_typed_param_kind", "ADMIN_TYPED_PARAM_")]

SCALARS = {"int": "int32", "unsigned": "uint32", "hyper": "int64", "unsigned hyper": "uint64",
           "double": "double", "char": "int8", "unsigned char": "uint8", "unsigned short": "uint16"}

# object of a .def row -> type of the member that it names
OBJECTS = {"DOMAIN": "struct remote_nonnull_domain",
           "NETWORK": "struct remote_nonnull_network",
           "POOL": "struct remote_nonnull_storage_pool",
           "VOLUME": "struct remote_nonnull_storage_vol",
           "SECRET": "struct remote_nonnull_secret",
           "INTERFACE": "struct remote_nonnull_interface",
           "NWFILTER": "struct remote_nonnull_nwfilter",
           "BINDING": "struct remote_nonnull_nwfilter_binding",
           "SERVER": "struct admin_nonnull_server",
           "CLIENT": "struct admin_nonnull_client",
           "NODE_DEVICE": "string"}
MODES = {"PEEK", "SURVEY", "ABORT", "AGENT", "QUERY", "CHANGE", "JOB"}
OWNERS = {"CORE", "SELF", "HYPERVISOR", "NETWORK", "NODE", "STORAGE", "SECRET", "NWFILTER",
          "INTERFACE"}
STREAMS = {"-": "NO_STREAM", "to_daemon": "TO_DAEMON", "to_client": "TO_CLIENT", "both": "BOTH"}
COLUMNS = {"PROC": "number name args ret object access acl filter priority mode owner "
                   "stream".split(),
           "EVENT": "number name msg filter".split(),
           "MESSAGE": "number name".split()}

# Asked for by procedures that came after 9.0.0, which the table of permissions describes.
LATER_PERMISSIONS = {("node_device", "save")}

# An event may reach who may see its object: the filter of the call that registers for such events.
EVENT_OBJECTS = ["domain", "network", "storage_pool", "node_device", "secret"]


def facts(name):
    with open(ROOT / "tests/facts" / (name + ".tsv"), newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def values(table):
    return {row["constant"]: int(row["value"]) for row in facts(table)}


def source(name):
    return re.sub(r"/\*.*?\*/", " ", (PROTOCOL / name).read_text(), flags=re.S)


class Tap:
    """check() takes two dictionaries: what the facts say and what the files say."""

    def __init__(self):
        self.count = self.failed = 0

    def check(self, title, expected, found, ordered=False):
        wrong = [f"{key}: the facts say {want}, found {found.get(key, 'nothing')}"
                 for key, want in expected.items() if found.get(key) != want]
        wrong += [f"{key}: not in the facts: {found[key]}" for key in found if key not in expected]
        if ordered and not wrong and list(expected) != list(found):
            wrong = ["the order differs"]
        self.report(title, wrong)

    def report(self, title, wrong):
        self.count += 1
        self.failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {self.count} - {title}")
        for line in wrong[:20]:
            print(f"# {line}")


# ---- .x


class Interface:
    """The declarations of one .x file: constants, enumerations, types of strings, structs."""

    DECLARATION = re.compile(r"""
          const\s+(?P<const>\w+)\s*=\s*(?P<value>\w+)\s*;
        | enum\s+(?P<enum>\w+)\s*\{(?P<names>[^}]*)\}\s*;
        | typedef\s+string\s+(?P<string>\w+)\s*<\s*(?P<limit>\w+)\s*>\s*;
        | typedef\s+(?P<target>\w+)\s*\*(?P<optional>\w+)\s*;
        | struct\s+(?P<struct>\w+)\s*\{(?P<fields>[^}]*)\}\s*;
        | union\s+(?P<union>\w+)\s+switch\s*\(int\s+type\)\s*\{(?P<arms>[^}]*)\}\s*;
        | (?P<end>$) | (?P<rest>.)""", re.X | re.S)

    def __init__(self, program, imports=()):
        self.consts, self.enums, self.strings, self.optionals, self.structs = {}, {}, {}, {}, {}
        for other in imports:
            self.strings.update(other.strings)
            self.optionals.update(other.optionals)
        self.kinds, self.unions = {}, set()
        text, at = re.sub(r"^%.*", "", source(program + ".x"), flags=re.M).strip(), 0
        while at < len(text):
            match = self.DECLARATION.match(text, at)
            self.declare(match)
            at = re.compile(r"\s*").match(text, match.end()).end()

    def declare(self, m):
        if m["rest"]:
            raise SystemExit(f"cannot read {m.string[m.start():m.start() + 60]!r}")
        if m["const"]:
            self.once(self.consts, m["const"], int(m["value"], 0))
        elif m["enum"]:
            self.once(self.enums, m["enum"], {})
            for name, value in re.findall(r"(\w+)\s*=\s*(-?\d+)", m["names"]):
                self.once(self.kinds, name, int(value))
                self.enums[m["enum"]][name] = int(value)
        elif m["string"]:
            self.once(self.strings, m["string"], m["limit"])
        elif m["optional"]:
            self.once(self.optionals, m["optional"], m["target"])
        elif m["struct"]:
            fields = [f.strip() for f in m["fields"].split(";") if f.strip()]
            self.once(self.structs, m["struct"], [("", *self.field(f)) for f in fields])
        elif m["union"]:
            self.unions.add(m["union"])
            arms = re.findall(r"case\s+(\w+):\s*([^;]*);", m["arms"])
            self.once(self.structs, m["union"],
                      [("", "type", "int32 (discriminant)", "")] +
                      [(str(self.kinds[kind]), *self.field(f)) for kind, f in arms])

    @staticmethod
    def once(table, name, value):
        if name in table:
            raise SystemExit(f"{name} is declared twice")
        table[name] = value

    def field(self, text):
        """'T name<LIMIT>' -> name, type in the words of the facts, limit"""
        m = re.fullmatch(r"((?:unsigned\s+)?\w+)\s+(\*?)(\w+)(?:([<[])(\w+)[\]>])?", text)
        if not m:
            raise SystemExit(f"cannot read the field {text!r}")
        base, star, name, bracket, limit = re.sub(r"\s+", " ", m[1]), m[2], m[3], m[4], m[5] or ""
        if base == "opaque":
            return name, "opaque fixed" if bracket == "[" else "opaque variable", limit
        kind = self.kind(base)
        if base in self.optionals:
            return name, kind, self.strings[self.optionals[base]]
        if star:
            return name, "optional " + kind, limit
        if bracket:
            return name, ("fixed array of " if bracket == "[" else "array of ") + kind, limit
        return name, kind, self.strings.get(base, "")

    def kind(self, base):
        if base in SCALARS:
            return SCALARS[base]
        if base in self.strings:
            return "string"
        if base in self.optionals:
            return "optional " + self.kind(self.optionals[base])
        return ("union " if base in self.unions else "struct ") + base


def expected_structs(program):
    structs = {}
    for row in facts("structs"):
        if row["program"] == program:
            field = row["case"], row["field"], row["type"], row["limit_name"] or row["limit"]
            structs.setdefault(row["struct"], []).append(field)
    return structs


def check_interfaces(tap):
    net = Interface("net")
    remote = Interface("remote", [net])
    files = {"net": net, "remote": remote, "qemu": Interface("qemu", [remote]),
             "lxc": Interface("lxc", [remote]), "admin": Interface("admin"),
             "keepalive": Interface("keepalive")}
    uuid = {"VIR_UUID_BUFLEN": values("enums")["VIR_UUID_BUFLEN"]}
    for name, file in files.items():
        limits = {row["constant"]: int(row["value"])
                  for row in facts("limits") if row["program"] == name}
        tap.check(f"{name}.x constants", limits | (uuid if name == "net" else {}), file.consts)
        tap.check(f"{name}.x structs", expected_structs(name), file.structs)
    for enum, name, type_name, prefix in ENUMS:
        expected = {prefix + row["name"].upper(): int(row["value"])
                    for row in facts("protocol_enums") if row["enum"] == enum}
        tap.check(f"{name}.x {type_name}", expected, files[name].enums.pop(type_name, {}))
    tap.report("no other enumerations", [e for file in files.values() for e in file.enums])
    known = values("limits") | uuid
    tap.report("limits of the struct table", [
        f"{row['struct']}.{row['field']}: {row['limit_name']} is not {row['limit']}"
        for row in facts("structs")
        if row["limit_name"] and known.get(row["limit_name"]) != int(row["limit"])])


# ---- .def


def cells(text):
    """Split at the commas outside of brackets."""
    out, depth, cell = [], 0, ""
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == "," and not depth:
            out.append(cell.strip())
            cell = ""
        else:
            cell += c
    return out + [cell.strip()]


def rows_of(program):
    """(kind, cells) of each row, in order; anything else in the file is an error."""
    rows = []
    for line in source(program + ".def").splitlines():
        if not line.strip():
            continue
        m = re.fullmatch(r"(PROC|EVENT|MESSAGE)\((.*)\)\s*", line)
        if not m:
            raise SystemExit(f"{program}.def: cannot read {line!r}")
        rows.append((m[1], cells(m[2])))
    return rows


def condition_of_facts(text, value):
    if m := re.fullmatch(r"flags&([\w|]+)", text):
        return "any of", "flags", mask(m[1], value)
    if m := re.fullmatch(r"flags-without:([\w|]+)", text):
        return "none of", "flags", mask(m[1], value)
    m = re.fullmatch(r"(\w+)==(\w+)", text)
    return "is", m[1], value[m[2]]


def condition_of_row(text):
    if m := re.fullmatch(r"in->(\w+) & (0x[0-9a-f]+)", text):
        return "any of", m[1], int(m[2], 16)
    if m := re.fullmatch(r"!\(in->(\w+) & (0x[0-9a-f]+)\)", text):
        return "none of", m[1], int(m[2], 16)
    if m := re.fullmatch(r"in->(\w+) == (\d+)", text):
        return "is", m[1], int(m[2])
    return "unreadable", text, 0


def mask(names, value):
    bits = 0
    for name in names.split("|"):
        bits |= value[name]
    return bits


def acl_of_facts(text, value):
    if text in ("none", "-"):
        return []
    out = []
    for one in text.split(", "):
        m = re.fullmatch(r"(\w+):(\w+)(?:\[(.*)\])?", one)
        out.append((m[1], m[2], condition_of_facts(m[3], value) if m[3] else None))
    return out


def acl_of_row(text):
    if text == "ANYONE":
        return []
    out = []
    for one in re.split(r" && (?=MAY|IF)", text):
        condition = None
        if m := re.fullmatch(r"IF\((.*), (MAY\(.*\))\)", one):
            condition, one = condition_of_row(m[1]), m[2]
        m = re.fullmatch(r"MAY\((\w+), (\w+)\)", one)
        out.append((m[1], m[2], condition) if m else ("unreadable", one, condition))
    return out


def access_of_facts(row, value):
    if row["readonly_allowed"] != "yes":  # nothing of admin is for read-only clients
        return "WRITE"
    if row["readonly_condition"] == "-":
        return "READ"
    names = row["readonly_condition"]
    if m := re.search(r"\[(\w+)==" + re.escape(names) + r"\]", row["acl"]):
        return "READ_UNLESS", ("is", m[1], value[names])
    return "READ_UNLESS", ("any of", "flags", mask(names, value))


def access_of_row(text):
    m = re.fullmatch(r"READ_UNLESS\((.*)\)", text)
    return ("READ_UNLESS", condition_of_row(m[1])) if m else text


def event_filter(row, rows):
    for kind in EVENT_OBJECTS:
        if re.match(kind + "_", row["name"]):
            register = re.compile(rf"connect_{kind}(_monitor)?_event(_callback)?_register(_any)?")
            return next(r["acl_filter"] for r in rows
                        if r["program"] == row["program"] and register.fullmatch(r["name"]))
    return "-"


def expected_row(row, rows, value):
    prefix = "" if row["program"] == "remote" else row["program"] + "_"
    payload = {column: row[column].replace("-", "none") for column in ("args", "ret")}
    expected = {"number": int(row["number"]), "name": prefix + row["name"]}
    if row["kind"] == "message":
        return "MESSAGE", expected
    if row["kind"] == "event":
        return "EVENT", {**expected, "msg": payload["args"],
                         "filter": acl_of_facts(event_filter(row, rows), value)}
    return "PROC", {**expected, **payload, "access": access_of_facts(row, value),
                    "acl": acl_of_facts(row["acl"], value),
                    "filter": acl_of_facts(row["acl_filter"], value),
                    "priority": row["priority"].upper(), "stream": STREAMS[row["stream"]]}


def found_row(kind, texts):
    row = dict(zip(COLUMNS[kind], texts, strict=True))
    row["number"] = int(row["number"])
    for column in ("acl", "filter"):
        if column in row:
            row[column] = acl_of_row(row[column])
    if "access" in row:
        row["access"] = access_of_row(row["access"])
    for ours in ("object", "mode", "owner"):  # the facts do not say; check_design() does
        row.pop(ours, None)
    return kind, row


def member_type(structs, name, path):
    for member in path.split("."):
        fields = {field: kind for _case, field, kind, _limit in structs.get(name, [])}
        kind = fields.get(member, "no member")
        name = kind.removeprefix("struct ")
    return kind


def check_design(tap, program, rows, structs):
    """What is ours: the object is a member of its type, and one is named wherever there is one."""
    wrong = []
    for kind, texts in rows:
        if kind != "PROC":
            continue
        row = dict(zip(COLUMNS[kind], texts))
        m = re.fullmatch(r"(\w+)\(([\w.]+)\)", row["object"])
        if m:
            if member_type(structs, row["args"], m[2]) != OBJECTS.get(m[1], "?"):
                wrong.append(f"{row['name']}: {row['object']} is not in {row['args']}")
        elif row["object"] != "HOST":
            wrong.append(f"{row['name']}: unknown object {row['object']}")
        elif "_lookup_" not in row["name"] and any(re.match(r"struct \w+_nonnull_", field[2])
                                                   for field in structs.get(row["args"], [])):
            wrong.append(f"{row['name']}: its arguments refer to an object")
        for column, known in (("mode", MODES), ("owner", OWNERS)):
            if row[column] not in known:
                wrong.append(f"{row['name']}: unknown {column} {row[column]}")
    tap.report(f"{program}.def objects, modes, owners", wrong)


def check_procedures(tap):
    value, table, names, structs = values("enums"), facts("procedures"), [], {}
    permissions = {(row["object"], row["permission"]) for row in facts("acl_permissions")}
    for program in PROGRAMS:
        rows, found = rows_of(program), {}
        structs |= expected_structs(program)
        expected = {row["name"]: expected_row(row, table, value)
                    for row in table if row["program"] == program}
        for kind, texts in rows:
            name = texts[1].removeprefix("" if program == "remote" else program + "_")
            Interface.once(found, name, found_row(kind, texts))
        names += [texts[1] for _kind, texts in rows]
        tap.check(f"{program}.def rows", expected, found, ordered=True)
        check_design(tap, program, rows, structs)
        tap.report(f"{program}.def permissions", [
            f"{name}: {one[0]}:{one[1]} does not exist" for name, (_kind, row) in found.items()
            for one in row.get("acl", []) + row.get("filter", [])
            if one[:2] not in permissions | LATER_PERMISSIONS])
    tap.report("every name once", sorted({name for name in names if names.count(name) > 1}))


def check_permissions(tap):
    rows = re.findall(r"^PERMISSION\((\w+), +(\w+), +(\w+)\)$", source("permissions.def"), re.M)
    expected = {f"{row['object']}.{row['permission']}": {"yes": "ALL", "no": "NOBODY"}[row["default"]]
                for row in facts("acl_permissions")}
    expected |= {f"{kind}.{name}": "NOBODY" for kind, name in LATER_PERMISSIONS}
    tap.check("permissions and whom they are given to", expected,
              {f"{kind}.{name}": given for kind, name, given in rows})


def check_events(tap):
    """events.def: the event with callback id of each public number, and the older one without."""
    value = values("enums")
    first = {row["struct"]: row["field"] for row in facts("structs") if row["position"] == "1"}
    expected, found = {}, {}
    for row in facts("procedures"):
        m = re.fullmatch(r"VIR_(\w+)_EVENT_ID_\w+", row["public_function"])
        if row["kind"] == "event" and m:
            key = m[1], value[row["public_function"]]
            event = expected.setdefault(key, {"message": None, "legacy": 0})
            if first[row["args"]] == "callback_id":
                event["message"] = row["name"]
            else:
                event["legacy"] = int(row["number"])
    for line in filter(str.strip, source("events.def").splitlines()):
        m = re.fullmatch(r"NAMED_EVENT\((\w+), (\d+), +(\w+), +(\d+)\)", line)
        Interface.once(found, (m[1], int(m[2])), {"message": m[3], "legacy": int(m[4])})
    kinds = {kind for kind, _id in found}  # those that a daemon of ours serves, but then all
    expected = {key: event for key, event in expected.items() if key[0] in kinds}
    tap.check("events.def rows", expected, found)


# ---- constants.h


def check_constants(tap):
    text = source("constants.h")
    expected, found, strings = {}, {}, {}
    for row in facts("enums"):
        if not row["constant"].endswith("_LAST"):
            value = int(row["value"])
            expected[row["constant"]] = ("macro" if value > 0x7fffffff else row["type"], value)
    for m in re.finditer(r"typedef enum (\w+) \{([^}]*)\} (\w+);", text):
        if m[1] != m[3]:
            raise SystemExit(f"constants.h: {m[1]} is called {m[3]}")
        for name, number in re.findall(r"(\w+)\s*=\s*(-?\w+)", m[2]):
            Interface.once(found, name, (m[1], int(number, 0)))
    macro = re.compile(r'^#define (\w+)\s+(?:(-?\w+)|"([^"]*)")$', re.M)
    for name, number, string in macro.findall(text):
        if number:
            Interface.once(found, name, ("macro", int(number.rstrip("UL"), 0)))
        else:
            Interface.once(strings, name, string)
    tap.check("constants.h numbers", expected, found)
    expected = {row["constant"]: row["string"] for row in facts("strings")}
    tap.check("constants.h strings", expected, strings)
    seen = r"typedef enum \w+ \{[^}]*\} \w+;|^#define .*|^#pragma once$|^// clang-format \w+$"
    left = re.sub(seen, "", text, flags=re.M)
    tap.report("constants.h holds nothing else", left.split())


def main():
    tap = Tap()
    check_interfaces(tap)
    check_procedures(tap)
    check_permissions(tap)
    check_events(tap)
    check_constants(tap)
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
