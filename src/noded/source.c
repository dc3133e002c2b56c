/* source.c - one device as the kernel and udev tell of it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "source.h"

#include "base/slot.h"
#include "facts.h"
#include "xml/value.h"

#include <fcntl.h>
#include <string.h>

bool source_has_udev(void) { return !*facts_root() && access("/run/udev/control", F_OK) == 0; }

/* Each line on its own, the list closed by an empty one. */
static char *read_uevent(int directory)
{
    g_autofree char *text = sysfs_text(directory, "uevent");
    size_t length = text ? strlen(text) : 0;
    char *lines = g_malloc0(length + 2);

    for (size_t i = 0; i < length; i++)
        lines[i] = text[i] == '\n' ? '\0' : text[i];
    return lines;
}

bool source_open(Source *source, const char *path)
{
    g_autofree char *whole = g_strconcat(facts_root(), path, NULL);

    *source = (Source){ .path = path, .name = strrchr(path, '/') + 1 };
    source->directory = sysfs_open(AT_FDCWD, whole);
    if (source->directory < 0 || !sysfs_exists(source->directory, "uevent"))
        return false;
    if (source_has_udev() && sd_device_new_from_syspath(&source->udev, path) >= 0)
        return true;
    source->uevent = read_uevent(source->directory);
    return true;
}

void source_close(Source *source)
{
    if (source->directory > 0)
        fd_close(source->directory);
    g_free(source->uevent);
    sd_device_unref(source->udev);
    *source = (Source){ 0 };
}

const char *source_property(const Source *source, const char *key)
{
    size_t length = strlen(key);
    const char *value;

    if (source->udev)
        return sd_device_get_property_value(source->udev, key, &value) >= 0 ? value : NULL;
    for (const char *line = source->uevent; *line; line += strlen(line) + 1) {
        if (strncmp(line, key, length) == 0 && line[length] == '=')
            return line + length + 1;
    }
    return NULL;
}

/* ---- rows ---- */

void source_read(const Source *source, const SourceRow *rows, void *object)
{
    for (const SourceRow *row = rows; row && row->key; row++) {
        g_autofree char *owned =
            row->from == ATTRIBUTE ? sysfs_text(source->directory, row->key) : NULL;
        const char *text = row->from == ATTRIBUTE ? owned : source_property(source, row->key);

        if (text)
            row->take(text, slot_at(object, row->offset));
    }
}

void take_string(const char *text, void *slot)
{
    char **string = slot;
    g_autofree char *value = sysfs_printable(text);

    if (!*string && *value)
        *string = g_steal_pointer(&value);
}

void take_decimal(const char *text, void *slot)
{
    unsigned *number = slot;

    if (!*number)
        *number = g_ascii_strtoull(text, NULL, 10);
}

void take_hex(const char *text, void *slot)
{
    unsigned *number = slot;

    if (!*number)
        *number = g_ascii_strtoull(text, NULL, 16);
}

void take_u64(const char *text, void *slot)
{
    uint64_t *number = slot;

    if (!*number)
        *number = g_ascii_strtoull(text, NULL, 10);
}

static void take_optional(const char *text, unsigned base, Optional *number)
{
    char *end;
    gint64 value = g_ascii_strtoll(text, &end, base);

    if (!number->given && end != text)
        *number = optional(value);
}

void take_number(const char *text, void *slot) { take_optional(text, 10, slot); }

void take_code(const char *text, void *slot) { take_optional(text, 16, slot); }
