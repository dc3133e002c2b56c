/* sysinfo.c - what the firmware of this machine tells of it (SMBIOS)
 *
 * The tables are a row of structures, each with a type, a length, members at fixed offsets and a
 * set of texts behind it, which members name by number. All numbers are little endian. What a
 * structure is too short for is left out. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/sysinfo.h"

#include "base/cleanup.h"
#include "host/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { TABLES_LIMIT = 1 << 20, END_OF_TABLES = 127, OEM_STRINGS = 11 };

#define TABLES "/sys/firmware/dmi/tables/DMI"

typedef struct Structure {
    unsigned type;
    const unsigned char *bytes; /* the formatted part, header included */
    size_t length;
    const char *texts; /* each ends with a zero byte, all with an empty one */
    size_t texts_size;
} Structure;

/* Prints the value at an offset; false when there is none. */
typedef bool Print(GString *out, const Structure *from, size_t offset);

typedef struct Entry {
    const char *name;
    size_t offset;
    size_t size; /* of the member: a structure that is shorter does not have it */
    Print *print;
} Entry;

typedef struct Element {
    unsigned type;
    const char *tag;
    const Entry *entries; /* closed by an empty one */
} Element;

/* ---- values ---- */

static unsigned byte_at(const Structure *from, size_t offset) { return from->bytes[offset]; }

static unsigned word_at(const Structure *from, size_t offset)
{
    return byte_at(from, offset) | byte_at(from, offset + 1) << 8;
}

static guint64 long_at(const Structure *from, size_t offset)
{
    return word_at(from, offset) | (guint64) word_at(from, offset + 2) << 16;
}

static bool print_text(GString *out, const Structure *from, unsigned number)
{
    const char *at = from->texts, *end = from->texts + from->texts_size;
    g_autofree char *stripped = NULL, *escaped = NULL;

    for (unsigned i = 1; at < end && *at && i < number; i++)
        at += strlen(at) + 1;
    if (number == 0 || at >= end || !*at)
        return false;
    stripped = sysfs_printable(at);
    escaped = g_markup_escape_text(stripped, -1);
    g_string_append(out, escaped);
    return *stripped;
}

static bool text(GString *out, const Structure *from, size_t offset)
{
    return print_text(out, from, byte_at(from, offset));
}

static bool release(GString *out, const Structure *from, size_t offset)
{
    unsigned major = byte_at(from, offset), minor = byte_at(from, offset + 1);

    g_string_append_printf(out, "%u.%u", major, minor);
    return major != 0xff && minor != 0xff;
}

/* Its first three groups are numbers, and so little endian. */
static bool uuid(GString *out, const Structure *from, size_t offset)
{
    static const int order[] = { 3,  2, 1, 0,  -1, 5,  4,  -1, 7,  6,
                                 -1, 8, 9, -1, 10, 11, 12, 13, 14, 15 };
    unsigned all_set = 0xff, any_set = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        unsigned byte;

        if (order[i] < 0) {
            g_string_append_c(out, '-');
            continue;
        }
        byte = byte_at(from, offset + order[i]);
        all_set &= byte;
        any_set |= byte;
        g_string_append_printf(out, "%02x", byte);
    }
    return any_set && all_set != 0xff;
}

/* Behind a list of records, whose count and length stand before it. */
static bool chassis_sku(GString *out, const Structure *from, size_t offset)
{
    size_t at = offset + 2 + byte_at(from, offset) * byte_at(from, offset + 1);

    return at < from->length && text(out, from, at);
}

static bool choose(GString *out, const char *const *names, size_t count, unsigned value)
{
    if (value >= count || !names[value])
        return false;
    g_string_append(out, names[value]);
    return true;
}

#define CHOOSE(out, names, value) choose(out, names, G_N_ELEMENTS(names), value)

static bool megahertz(GString *out, const Structure *from, size_t offset)
{
    g_string_append_printf(out, "%u MHz", word_at(from, offset));
    return word_at(from, offset) != 0;
}

/* ---- processors ---- */

static bool processor_type(GString *out, const Structure *from, size_t offset)
{
    static const char *const names[] = { [1] = "Other",    "Unknown",       "Central Processor",
                                         "Math Processor", "DSP Processor", "Video Processor" };

    return CHOOSE(out, names, byte_at(from, offset));
}

static bool processor_family(GString *out, const Structure *from, size_t offset)
{
    static const char *const names[] = {
        [0x01] = "Other",   [0x02] = "Unknown",
        [0x0b] = "Pentium", [0x28] = "Core Duo",
        [0x2b] = "Atom",    [0x66] = "Athlon X4",
        [0x6b] = "Zen",     [0x83] = "Athlon 64",
        [0x84] = "Opteron", [0x8a] = "Third-Generation Opteron",
        [0xb3] = "Xeon",    [0xbf] = "Core 2 Duo",
        [0xc6] = "Core i7", [0xcd] = "Core i5",
        [0xce] = "Core i3", [0xcf] = "Core i9",
        [0x100] = "ARMv7",  [0x101] = "ARMv8",
        [0x102] = "ARMv9",
    };
    enum { SEE_FAMILY_2 = 0xfe, FAMILY_2 = 0x28 };
    unsigned family = byte_at(from, offset);

    if (family == SEE_FAMILY_2 && from->length >= FAMILY_2 + 2)
        family = word_at(from, FAMILY_2);
    return CHOOSE(out, names, family);
}

/* What the instruction CPUID tells of an x86 processor. */
static bool processor_signature(GString *out, const Structure *from, size_t offset)
{
    guint64 word = long_at(from, offset);
    unsigned family = word >> 8 & 0xf, model = word >> 4 & 0xf;

    if (family == 6 || family == 15)
        model += (word >> 16 & 0xf) << 4;
    if (family == 15)
        family += word >> 20 & 0xff;
    g_string_append_printf(out, "Type %u, Family %u, Model %u, Stepping %u",
                           (unsigned) (word >> 12 & 3), family, model, (unsigned) (word & 0xf));
    return word != 0;
}

static bool processor_status(GString *out, const Structure *from, size_t offset)
{
    static const char *const names[] = { "Unknown", "Enabled", "Disabled By User",
                                         "Disabled By BIOS", "Idle" };
    unsigned status = byte_at(from, offset);

    if (!(status & 1 << 6)) {
        g_string_append(out, "Unpopulated");
        return true;
    }
    g_string_append(out, "Populated, ");
    return CHOOSE(out, names, status & 7);
}

/* ---- memory ---- */

static bool memory_size(GString *out, const Structure *from, size_t offset)
{
    enum { UNKNOWN = 0xffff, SEE_EXTENDED = 0x7fff, EXTENDED = 0x1c, IN_KILOBYTES = 0x8000 };
    static const char *const units[] = { "kB", "MB", "GB", "TB" };
    guint64 size = word_at(from, offset);
    size_t unit = 1;

    if (size == 0) {
        g_string_append(out, "No Module Installed");
        return true;
    }
    if (size == SEE_EXTENDED && from->length >= EXTENDED + 4) {
        size = long_at(from, EXTENDED);
    } else if (size != UNKNOWN && size & IN_KILOBYTES) {
        size &= ~IN_KILOBYTES;
        unit = 0;
    }
    for (; unit + 1 < G_N_ELEMENTS(units) && size >= 1024 && size % 1024 == 0; unit++)
        size /= 1024;
    g_string_append_printf(out, "%" G_GUINT64_FORMAT " %s", size, units[unit]);
    return word_at(from, offset) != UNKNOWN;
}

static bool memory_form(GString *out, const Structure *from, size_t offset)
{
    static const char *const names[] = {
        [1] = "Other",      "Unknown", "SIMM", "SIP",          "Chip", "DIP",    "ZIP",
        "Proprietary Card", "DIMM",    "TSOP", "Row Of Chips", "RIMM", "SODIMM", "SRIMM",
        "FB-DIMM",          "Die",
    };

    return CHOOSE(out, names, byte_at(from, offset));
}

static bool memory_type(GString *out, const Structure *from, size_t offset)
{
    static const char *const names[] = {
        [0x01] = "Other",  [0x02] = "Unknown",      [0x03] = "DRAM",
        [0x07] = "RAM",    [0x0f] = "SDRAM",        [0x12] = "DDR",
        [0x13] = "DDR2",   [0x14] = "DDR2 FB-DIMM", [0x18] = "DDR3",
        [0x1a] = "DDR4",   [0x1b] = "LPDDR",        [0x1c] = "LPDDR2",
        [0x1d] = "LPDDR3", [0x1e] = "LPDDR4",       [0x1f] = "Logical non-volatile device",
        [0x20] = "HBM",    [0x21] = "HBM2",         [0x22] = "DDR5",
        [0x23] = "LPDDR5",
    };

    return CHOOSE(out, names, byte_at(from, offset));
}

static bool memory_detail(GString *out, const Structure *from, size_t offset)
{
    static const char *const names[] = {
        [1] = "Other",
        "Unknown",
        "Fast-paged",
        "Static Column",
        "Pseudo-static",
        "RAMBus",
        "Synchronous",
        "CMOS",
        "EDO",
        "Window DRAM",
        "Cache DRAM",
        "Non-Volatile",
        "Registered (Buffered)",
        "Unbuffered (Unregistered)",
        "LRDIMM",
    };
    size_t before = out->len;

    for (unsigned bit = 1; bit < G_N_ELEMENTS(names); bit++) {
        if (!(word_at(from, offset) >> bit & 1))
            continue;
        g_string_append(out, out->len > before ? " " : "");
        g_string_append(out, names[bit]);
    }
    return out->len > before;
}

static bool memory_speed(GString *out, const Structure *from, size_t offset)
{
    g_string_append_printf(out, "%u MT/s", word_at(from, offset));
    return word_at(from, offset) != 0;
}

/* ---- the tables ---- */

// clang-format off
static const Entry bios[] = {
    { "vendor", 0x04, 1, text },
    { "version", 0x05, 1, text },
    { "date", 0x08, 1, text },
    { "release", 0x14, 2, release },
    {},
};

static const Entry machine[] = {
    { "manufacturer", 0x04, 1, text },
    { "product", 0x05, 1, text },
    { "version", 0x06, 1, text },
    { "serial", 0x07, 1, text },
    { "uuid", 0x08, 16, uuid },
    { "sku", 0x19, 1, text },
    { "family", 0x1a, 1, text },
    {},
};

static const Entry base_board[] = {
    { "manufacturer", 0x04, 1, text },
    { "product", 0x05, 1, text },
    { "version", 0x06, 1, text },
    { "serial", 0x07, 1, text },
    { "asset", 0x08, 1, text },
    { "location", 0x0a, 1, text },
    {},
};

static const Entry chassis[] = {
    { "manufacturer", 0x04, 1, text },
    { "version", 0x06, 1, text },
    { "serial", 0x07, 1, text },
    { "asset", 0x08, 1, text },
    { "sku", 0x13, 2, chassis_sku },
    {},
};

static const Entry processor[] = {
    { "socket_destination", 0x04, 1, text },
    { "type", 0x05, 1, processor_type },
    { "family", 0x06, 1, processor_family },
    { "manufacturer", 0x07, 1, text },
    { "signature", 0x08, 4, processor_signature },
    { "version", 0x10, 1, text },
    { "external_clock", 0x12, 2, megahertz },
    { "max_speed", 0x14, 2, megahertz },
    { "status", 0x18, 1, processor_status },
    { "serial_number", 0x20, 1, text },
    { "part_number", 0x22, 1, text },
    {},
};

static const Entry memory_device[] = {
    { "size", 0x0c, 2, memory_size },
    { "form_factor", 0x0e, 1, memory_form },
    { "locator", 0x10, 1, text },
    { "bank_locator", 0x11, 1, text },
    { "type", 0x12, 1, memory_type },
    { "type_detail", 0x13, 2, memory_detail },
    { "speed", 0x15, 2, memory_speed },
    { "manufacturer", 0x17, 1, text },
    { "serial_number", 0x18, 1, text },
    { "part_number", 0x1a, 1, text },
    {},
};

/* In the order of the document. */
static const Element elements[] = {
    { 0, "bios", bios },
    { 1, "system", machine },
    { 2, "baseBoard", base_board },
    { 3, "chassis", chassis },
    { 4, "processor", processor },
    { 17, "memory_device", memory_device },
    { OEM_STRINGS, "oemStrings", NULL },
};
// clang-format on

static void format_structure(GString *out, const Element *element, const Structure *from)
{
    size_t before = out->len, begin;

    g_string_append_printf(out, "  <%s>\n", element->tag);
    begin = out->len;
    for (const Entry *entry = element->entries; entry->name; entry++) {
        size_t whole = out->len;

        g_string_append_printf(out, "    <entry name='%s'>", entry->name);
        if (entry->offset + entry->size <= from->length && entry->print(out, from, entry->offset))
            g_string_append(out, "</entry>\n");
        else
            g_string_truncate(out, whole);
    }
    if (out->len == begin)
        g_string_truncate(out, before);
    else
        g_string_append_printf(out, "  </%s>\n", element->tag);
}

static void format_oem_strings(GString *out, const Structure *from)
{
    g_string_append(out, "  <oemStrings>\n");
    for (unsigned i = 1; from->length > 4 && i <= byte_at(from, 4); i++) {
        size_t whole = out->len;

        g_string_append(out, "    <entry>");
        if (print_text(out, from, i))
            g_string_append(out, "</entry>\n");
        else
            g_string_truncate(out, whole);
    }
    g_string_append(out, "  </oemStrings>\n");
}

/* The structure at *at, which moves behind it; false at the end, or where the tables are broken. */
static bool next_structure(const unsigned char **at, const unsigned char *end, Structure *found)
{
    const unsigned char *texts;

    if (end - *at < 4 || (*at)[1] < 4 || end - *at < (*at)[1] + 2 || **at == END_OF_TABLES)
        return false;
    *found = (Structure){ .type = (*at)[0], .bytes = *at, .length = (*at)[1] };
    texts = *at + found->length;
    found->texts = (const char *) texts;
    for (*at = texts + 2; (*at)[-2] || (*at)[-1]; (*at)++) {
        if (*at >= end)
            return false;
    }
    found->texts_size = *at - texts;
    return true;
}

static void format_type(GString *out, const Element *element, const unsigned char *tables,
                        size_t size)
{
    const unsigned char *at = tables;
    Structure structure;

    while (next_structure(&at, tables + size, &structure)) {
        if (structure.type != element->type)
            continue;
        if (element->type == OEM_STRINGS)
            format_oem_strings(out, &structure);
        else
            format_structure(out, element, &structure);
    }
}

char *host_sysinfo_format(const unsigned char *tables, size_t size)
{
    GString *out = g_string_new("<sysinfo type='smbios'>\n");

    for (size_t i = 0; i < G_N_ELEMENTS(elements); i++)
        format_type(out, &elements[i], tables, size);
    g_string_append(out, "</sysinfo>\n");
    return g_string_free(out, FALSE);
}

char *host_sysinfo(const char *root, GError **error)
{
    g_autofree char *path = g_strconcat(root, TABLES, NULL);
    g_auto(Fd) fd = open(path, O_RDONLY | O_CLOEXEC);
    g_autofree unsigned char *tables = g_malloc(TABLES_LIMIT);
    ssize_t size = 0, got;

    if (fd < 0 && errno != ENOENT)
        return fail_errno(error, errno, "cannot open '%s'", path);
    if (fd < 0)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "Host SMBIOS information is not available");
    while ((got = read(fd, tables + size, TABLES_LIMIT - size)) > 0)
        size += got;
    if (got < 0)
        return fail_errno(error, errno, "cannot read '%s'", path);
    return host_sysinfo_format(tables, size);
}
