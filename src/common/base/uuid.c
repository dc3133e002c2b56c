/* uuid.c - 16 bytes that name an object for good */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/uuid.h"

#include <glib.h>
#include <string.h>
#include <sys/random.h>

Uuid uuid_random(void)
{
    Uuid uuid;

    if (getrandom(uuid.bytes, sizeof(uuid.bytes), 0) != sizeof(uuid.bytes))
        g_error("the kernel gives no random numbers");
    uuid.bytes[6] = (uuid.bytes[6] & 0x0f) | 0x40; /* RFC 4122: version 4, variant 1 */
    uuid.bytes[8] = (uuid.bytes[8] & 0x3f) | 0x80;
    return uuid;
}

bool uuid_is_zero(const Uuid *uuid) { return uuid_equal(uuid, &(Uuid){}); }

bool uuid_equal(const Uuid *a, const Uuid *b) { return memcmp(a, b, sizeof(*a)) == 0; }

bool uuid_parse(const char *text, Uuid *uuid)
{
    Uuid parsed;

    for (unsigned i = 0; i < UUID_SIZE; i++) {
        int high, low;

        text += strspn(text, "- \t\r\n");
        high = g_ascii_xdigit_value(text[0]);
        low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);
        if (low < 0)
            return false;
        parsed.bytes[i] = high << 4 | low;
        text += 2;
    }
    if (text[strspn(text, " \t\r\n")] != '\0')
        return false;
    *uuid = parsed;
    return true;
}

char *uuid_print(const Uuid *uuid, char text[UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    char *out = text;

    for (unsigned i = 0; i < UUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[uuid->bytes[i] >> 4];
        *out++ = digits[uuid->bytes[i] & 0xf];
    }
    *out = '\0';
    return text;
}

/* Random bytes are a hash already. */
unsigned uuid_hash(const void *uuid)
{
    unsigned hash;

    memcpy(&hash, uuid, sizeof(hash));
    return hash;
}

int uuid_same(const void *a, const void *b) { return uuid_equal(a, b); }
