/* sysinfo.c - what the firmware of this machine tells of it (SMBIOS)
 *
 * The tables are a row of structures, each with a type, a length, members at fixed offsets and a
 * set of texts behind it, which members name by number. All numbers are little endian. What a
 * structure is too short for is left out. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/sysinfo.h"

#include "base/cleanup.h"
#include "host/sysinfo-structure.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
    TABLES_LIMIT = 1 << 20,
    ENTRY_LIMIT = 64,
    END_OF_TABLES = 127,
    OEM_STRINGS = 11,
    MEMORY_DEVICE = 17,
    ASSUMED_VERSION = 0x0300, /* where the tables do not tell theirs */
};

#define TABLES "/sys/firmware/dmi/tables/DMI"
#define ENTRY_POINT "/sys/firmware/dmi/tables/smbios_entry_point"

typedef struct Element {
    unsigned type;
    const char *tag;
    const Entry *entries; /* closed by an empty one */
    bool one;             /* the first structure only */
} Element;

/* ---- values ---- */

static void append_text(GString *out, const Structure *from, unsigned number)
{
    const char *at = from->texts, *end = from->texts + from->texts_size;
    g_autofree char *plain = NULL;

    for (unsigned i = 1; at < end && *at && i < number; i++)
        at += strlen(at) + 1;
    if (number == 0)
        at = "Not Specified";
    else if (at >= end || !*at)
        at = "<BAD INDEX>";
    plain = g_strdup(at);
    for (char *c = plain; *c; c++) {
        if (!g_ascii_isprint(*c))
            *c = '.';
    }
    g_string_append(out, g_strchomp(plain));
}

void sysinfo_text(GString *out, const Structure *from, size_t offset)
{
    append_text(out, from, byte_at(from, offset));
}

static void release(GString *out, const Structure *from, size_t offset)
{
    unsigned major = byte_at(from, offset), minor = byte_at(from, offset + 1);

    if (major != 0xff && minor != 0xff)
        g_string_append_printf(out, "%u.%u", major, minor);
}

/* Its first three groups are numbers, and so little endian, which the first tables' makers did not
 * know. */
static void uuid(GString *out, const Structure *from, size_t offset)
{
    enum { KNOWN_SINCE = 0x0206 };
    static const int little[] = { 3, 2, 1, 0, 5, 4, 7, 6 };
    unsigned all_set = 0xff, any_set = 0;
    GString *text = g_string_new("");

    for (size_t i = 0; i < 16; i++) {
        bool swapped = i < G_N_ELEMENTS(little) && from->version >= KNOWN_SINCE;
        unsigned byte = byte_at(from, offset + (swapped ? (size_t) little[i] : i));

        all_set &= byte;
        any_set |= byte;
        g_string_append_printf(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                               byte);
    }
    g_string_append(out, all_set == 0xff ? "Not Present" : any_set ? text->str : "Not Settable");
    g_string_free(text, TRUE);
}

/* Behind a list of records, whose count and length stand before it. */
static void chassis_sku(GString *out, const Structure *from, size_t offset)
{
    size_t at = offset + 2 + byte_at(from, offset) * byte_at(from, offset + 1);

    if (at < from->length)
        sysinfo_text(out, from, at);
}

/* ---- the tables ---- */

// clang-format off
static const Entry bios[] = {
    { "vendor", 0x04, 0x12, sysinfo_text },
    { "version", 0x05, 0x12, sysinfo_text },
    { "date", 0x08, 0x12, sysinfo_text },
    { "release", 0x14, 0x18, release },
    {},
};

static const Entry machine[] = {
    { "manufacturer", 0x04, 0x08, sysinfo_text },
    { "product", 0x05, 0x08, sysinfo_text },
    { "version", 0x06, 0x08, sysinfo_text },
    { "serial", 0x07, 0x08, sysinfo_text },
    { "uuid", 0x08, 0x19, uuid },
    { "sku", 0x19, 0x1b, sysinfo_text },
    { "family", 0x1a, 0x1b, sysinfo_text },
    {},
};

static const Entry base_board[] = {
    { "manufacturer", 0x04, 0x08, sysinfo_text },
    { "product", 0x05, 0x08, sysinfo_text },
    { "version", 0x06, 0x08, sysinfo_text },
    { "serial", 0x07, 0x08, sysinfo_text },
    { "asset", 0x08, 0x09, sysinfo_text },
    { "location", 0x0a, 0x0e, sysinfo_text },
    {},
};

static const Entry chassis[] = {
    { "manufacturer", 0x04, 0x09, sysinfo_text },
    { "version", 0x06, 0x09, sysinfo_text },
    { "serial", 0x07, 0x09, sysinfo_text },
    { "asset", 0x08, 0x09, sysinfo_text },
    { "sku", 0x13, 0x15, chassis_sku },
    {},
};

/* In the order of the document. */
static const Element elements[] = {
    { 0, "bios", bios, true },
    { 1, "system", machine, true },
    { 2, "baseBoard", base_board, false },
    { 3, "chassis", chassis, true },
    { 4, "processor", sysinfo_processor, false },
    { MEMORY_DEVICE, "memory_device", sysinfo_memory_device, false },
};
// clang-format on

/* What says nothing is left out; false then. */
static bool append_entry(GString *out, const char *name, const char *value)
{
    g_autofree char *escaped = g_markup_escape_text(value, -1);

    if (!*value)
        return false;
    if (name)
        g_string_append_printf(out, "    <entry name='%s'>%s</entry>\n", name, escaped);
    else
        g_string_append_printf(out, "    <entry>%s</entry>\n", escaped);
    return true;
}

/* A slot without a module is not told of. */
static bool is_empty_slot(const Structure *from)
{
    enum { SIZE = 0x0c };

    return from->type == MEMORY_DEVICE && from->length >= SIZE + 2 && word_at(from, SIZE) == 0;
}

static void print_entry(GString *out, const Entry *entry, const Structure *from)
{
    if (entry->names)
        g_string_append(out,
                        sysinfo_choose(entry->names, entry->count, byte_at(from, entry->offset)));
    else
        entry->print(out, from, entry->offset);
}

static void format_structure(GString *out, const Element *element, const Structure *from)
{
    size_t before = out->len;
    bool any = false;

    if (is_empty_slot(from))
        return;
    g_string_append_printf(out, "  <%s>\n", element->tag);
    for (const Entry *entry = element->entries; entry->name; entry++) {
        GString *value = g_string_new("");

        if (from->length >= entry->least)
            print_entry(value, entry, from);
        any |= append_entry(out, entry->name, value->str);
        g_string_free(value, TRUE);
    }
    if (any)
        g_string_append_printf(out, "  </%s>\n", element->tag);
    else
        g_string_truncate(out, before);
}

/* The structure at *at, which moves behind it; false at the end, or where the tables are broken. */
static bool next_structure(const unsigned char **at, const unsigned char *end, Structure *found)
{
    const unsigned char *texts;

    if (end - *at < 4 || (*at)[1] < 4 || end - *at < (*at)[1] + 2 || **at == END_OF_TABLES)
        return false;
    found->type = (*at)[0];
    found->bytes = *at;
    found->length = (*at)[1];
    texts = *at + found->length;
    found->texts = (const char *) texts;
    for (*at = texts + 2; (*at)[-2] || (*at)[-1]; (*at)++) {
        if (*at >= end)
            return false;
    }
    found->texts_size = *at - texts;
    return true;
}

/* The next one of a type. */
static bool next_of(unsigned type, const unsigned char **at, const unsigned char *end,
                    Structure *found)
{
    while (next_structure(at, end, found)) {
        if (found->type == type)
            return true;
    }
    return false;
}

/* Those of all structures in one element. */
static void format_oem_strings(GString *out, const unsigned char *at, const unsigned char *end)
{
    Structure structure = {};
    bool any = false;

    for (; next_of(OEM_STRINGS, &at, end, &structure); any = true) {
        g_string_append(out, any ? "" : "  <oemStrings>\n");
        for (unsigned i = 1; structure.length > 4 && i <= byte_at(&structure, 4); i++) {
            GString *value = g_string_new("");

            append_text(value, &structure, i);
            append_entry(out, NULL, value->str);
            g_string_free(value, TRUE);
        }
    }
    g_string_append(out, any ? "  </oemStrings>\n" : "");
}

char *host_sysinfo_format(const unsigned char *tables, size_t size, unsigned version)
{
    GString *out = g_string_new("<sysinfo type='smbios'>\n");
    size_t nothing = out->len;

    for (const Element *element = elements; element < elements + G_N_ELEMENTS(elements);
         element++) {
        const unsigned char *at = tables;
        Structure structure = { .version = version };

        while (next_of(element->type, &at, tables + size, &structure)) {
            format_structure(out, element, &structure);
            if (element->one)
                break;
        }
    }
    format_oem_strings(out, tables, tables + size);
    if (out->len == nothing)
        g_string_assign(out, "<sysinfo type='smbios'/>\n");
    else
        g_string_append(out, "</sysinfo>\n");
    return g_string_free(out, FALSE);
}

/* ---- files ---- */

static bool read_table(const char *path, unsigned char *into, size_t limit, size_t *size,
                       GError **error)
{
    g_auto(Fd) fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0 && errno == ENOENT)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "Host SMBIOS information is not available");
    if (fd < 0)
        return fail_errno(error, errno, "cannot open '%s'", path);
    for (*size = 0; (got = read(fd, into + *size, limit - *size)) > 0;)
        *size += got;
    return got == 0 || fail_errno(error, errno, "cannot read '%s'", path);
}

/* Two kinds of entry points have it in different places. */
static unsigned version_of(const unsigned char *entry, size_t size)
{
    if (size >= 9 && memcmp(entry, "_SM3_", 5) == 0)
        return entry[7] << 8 | entry[8];
    if (size >= 8 && memcmp(entry, "_SM_", 4) == 0)
        return entry[6] << 8 | entry[7];
    return ASSUMED_VERSION;
}

char *host_sysinfo(const char *root, GError **error)
{
    g_autofree char *path = g_strconcat(root, TABLES, NULL);
    g_autofree char *entry_path = g_strconcat(root, ENTRY_POINT, NULL);
    g_autofree unsigned char *tables = g_malloc(TABLES_LIMIT);
    unsigned char entry[ENTRY_LIMIT];
    size_t size, entry_size = 0;

    if (!read_table(path, tables, TABLES_LIMIT, &size, error))
        return NULL;
    (void) read_table(entry_path, entry, sizeof(entry), &entry_size, NULL);
    return host_sysinfo_format(tables, size, version_of(entry, entry_size));
}
