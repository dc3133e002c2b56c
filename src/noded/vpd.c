/* vpd.c - the vital product data of a PCI function
 *
 * A row of resources, each with a tag and a length: a name, then one with fields that can only be
 * read and perhaps one with fields that can be written. A field has a keyword of two letters, a
 * length and a text. All of it comes from the card's maker. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vpd.h"

#include "base/slot.h"
#include "host/sysfs.h"
#include "model/list.h"

#include <string.h>

enum {
    LARGEST = 32768,
    LARGE = 0x80, /* a tag with a length of two bytes behind it */
    NAME = 0x82,
    READ_ONLY = 0x90,
    READ_WRITE = 0x91,
    END = 0x0f << 3,
};

/* What a client may be shown of it. */
static bool is_plain(const uint8_t *text, size_t length)
{
    static const char others[] = " -_,.:;=";

    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isalnum(text[i]) && (!text[i] || !strchr(others, text[i])))
            return false;
    }
    return true;
}

static void add_field(GPtrArray **list, char index, const uint8_t *text, size_t length)
{
    NodeVpdField *field = g_new0(NodeVpdField, 1);

    field->index = g_strndup(&index, 1);
    field->text = g_strndup((const char *) text, length);
    list_add(list, field);
}

/* The fields that have a name of their own. */
static const struct {
    NodeVpdAccess access;
    char keyword[3];
    size_t offset;
} named[] = {
    { VPD_READ_ONLY, "EC", SLOT(NodeVpdFields, change_level, char *) },
    { VPD_READ_ONLY, "MN", SLOT(NodeVpdFields, manufacture_id, char *) },
    { VPD_READ_ONLY, "PN", SLOT(NodeVpdFields, part_number, char *) },
    { VPD_READ_ONLY, "SN", SLOT(NodeVpdFields, serial_number, char *) },
    { VPD_READ_WRITE, "YA", SLOT(NodeVpdFields, asset_tag, char *) },
};

static void take_field(NodeVpdFields *fields, const char *keyword, const uint8_t *text,
                       size_t length)
{
    if (!is_plain(text, length) || !g_ascii_isalnum(keyword[1]))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++) {
        if (named[i].access == fields->access && memcmp(named[i].keyword, keyword, 2) == 0) {
            char **slot = slot_at(fields, named[i].offset);

            g_free(*slot);
            *slot = g_strndup((const char *) text, length);
            return;
        }
    }
    if (keyword[0] == 'V')
        add_field(&fields->vendor, keyword[1], text, length);
    else if (keyword[0] == 'Y' && fields->access == VPD_READ_WRITE)
        add_field(&fields->system, keyword[1], text, length);
}

/* The byte behind "RV" makes the sum of all up to it 0. */
static bool sum_is_right(const uint8_t *bytes, size_t length)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < length; i++)
        sum += bytes[i];
    return sum == 0;
}

/* whole: where the data begins, for the checksum. False when a field does not fit. */
static bool take_fields(NodeVpdFields *fields, const uint8_t *whole, const uint8_t *at,
                        const uint8_t *end)
{
    enum { HEAD = 3 };

    for (size_t length; end - at >= HEAD; at += HEAD + length) {
        length = at[2];
        if (length > (size_t) (end - at - HEAD))
            return false;
        if (memcmp(at, "RV", 2) == 0)
            return length > 0 && sum_is_right(whole, at + HEAD + 1 - whole);
        if (memcmp(at, "RW", 2) == 0)
            return true;
        take_field(fields, (const char *) at, at + HEAD, length);
    }
    return fields->access == VPD_READ_WRITE;
}

static bool take_resource(NodeFeature *vpd, unsigned tag, const uint8_t *whole, const uint8_t *data,
                          size_t length)
{
    NodeVpdFields *fields;

    if (tag == NAME && !vpd->vpd_name && is_plain(data, length))
        vpd->vpd_name = g_strndup((const char *) data, length);
    if (tag != READ_ONLY && tag != READ_WRITE)
        return true;
    fields = g_new0(NodeVpdFields, 1);
    fields->access = tag == READ_ONLY ? VPD_READ_ONLY : VPD_READ_WRITE;
    list_add(&vpd->vpd, fields);
    return take_fields(fields, whole, data, data + length);
}

/* Whether the row is whole: it ends where it says, and each resource lies within it. */
static bool take_resources(NodeFeature *vpd, const uint8_t *bytes, size_t size)
{
    const uint8_t *at = bytes, *end = bytes + size;

    while (at < end && *at != END) {
        unsigned tag = *at;
        size_t head = tag & LARGE ? 3 : 1, length;

        if ((size_t) (end - at) < head)
            return false;
        length = tag & LARGE ? at[1] | (size_t) at[2] << 8 : tag & 7;
        if (length > (size_t) (end - at) - head ||
            !take_resource(vpd, tag, bytes, at + head, length))
            return false;
        at += head + length;
    }
    return at < end && vpd->vpd_name && vpd->vpd;
}

void vpd_parse(const uint8_t *bytes, size_t size, NodeCapability *pci)
{
    g_autoptr(NodeFeature) vpd = g_new0(NodeFeature, 1);

    vpd->type = NODE_VPD;
    if (take_resources(vpd, bytes, size))
        list_add(&pci->features, g_steal_pointer(&vpd));
}

void vpd_read(int directory, NodeCapability *pci)
{
    g_autofree uint8_t *bytes = NULL;
    size_t size;

    if (!sysfs_exists(directory, "vpd"))
        return;
    bytes = g_malloc(LARGEST);
    size = sysfs_bytes(directory, "vpd", bytes, LARGEST);
    vpd_parse(bytes, size, pci);
}
