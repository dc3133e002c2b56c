/* identity.c - the uuid of this machine */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/identity.h"

#include "base/file.h"

#include <string.h>

enum { TEXT_LIMIT = 256 };

static bool read_uuid(const char *path, Uuid *uuid)
{
    g_autofree char *text = file_read(path, TEXT_LIMIT, NULL);

    return text && uuid_parse(g_strstrip(text), uuid);
}

/* Firmware whose maker did not care has 00000000-..., ffffffff-... or the like. */
static bool is_made_up(const Uuid *uuid)
{
    for (int i = 1; i < UUID_SIZE; i++) {
        if (uuid->bytes[i] != uuid->bytes[0])
            return false;
    }
    return true;
}

bool host_uuid(const char *root, const char *kept_at, Uuid *uuid, GError **error)
{
    g_autofree char *path = g_strconcat(root, "/sys/class/dmi/id/product_uuid", NULL);
    char text[UUID_TEXT];

    if (read_uuid(path, uuid) && !is_made_up(uuid))
        return true;
    if (read_uuid(kept_at, uuid))
        return true;
    *uuid = uuid_random();
    return file_save(kept_at, uuid_print(uuid, text), error);
}
