/* bitmap.c - a set of small numbers */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/bitmap.h"

void bitmap_set(Bitmap *map, unsigned n, bool member)
{
    uint64_t bit = 1ull << n % 64;

    g_assert(n < BITMAP_LIMIT);
    map->words[n / 64] = member ? map->words[n / 64] | bit : map->words[n / 64] & ~bit;
}

bool bitmap_is_empty(const Bitmap *map) { return bitmap_last(map) < 0; }

unsigned bitmap_count(const Bitmap *map)
{
    unsigned count = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(map->words); i++)
        count += __builtin_popcountll(map->words[i]);
    return count;
}

int bitmap_last(const Bitmap *map)
{
    for (int i = G_N_ELEMENTS(map->words) - 1; i >= 0; i--) {
        if (map->words[i])
            return 64 * i + 63 - __builtin_clzll(map->words[i]);
    }
    return -1;
}

static const char *after_blanks(const char *text)
{
    while (g_ascii_isspace(*text))
        text++;
    return text;
}

/* And the blanks behind it. */
static bool parse_number(const char **text, unsigned *n)
{
    char *end;
    guint64 value;

    if (!g_ascii_isdigit(**text))
        return false;
    value = g_ascii_strtoull(*text, &end, 10);
    *text = after_blanks(end);
    *n = value;
    return value < BITMAP_LIMIT;
}

/* One part between commas: "n", "n-m" or "^n". */
static bool parse_range(const char **text, Bitmap *map)
{
    bool member = **text != '^';
    unsigned first, last;

    *text += !member;
    if (!parse_number(text, &first))
        return false;
    last = first;
    if (**text == '-') {
        *text = after_blanks(*text + 1);
        if (!member || !parse_number(text, &last) || last < first)
            return false;
    }
    for (unsigned n = first; n <= last; n++)
        bitmap_set(map, n, member);
    return true;
}

Bitmap *bitmap_parse(const char *text)
{
    g_autoptr(Bitmap) map = bitmap_new();

    text = after_blanks(text);
    do {
        if (!parse_range(&text, map))
            return NULL;
    } while (*text == ',' && *(text = after_blanks(text + 1)));
    return *text ? NULL : g_steal_pointer(&map);
}

char *bitmap_print(const Bitmap *map)
{
    GString *out = g_string_new(NULL);

    for (unsigned first = 0; first < BITMAP_LIMIT; first++) {
        unsigned last = first;

        if (!bitmap_has(map, first))
            continue;
        while (bitmap_has(map, last + 1))
            last++;
        g_string_append_printf(out, last > first ? "%s%u-%u" : "%s%u", out->len ? "," : "", first,
                               last);
        first = last;
    }
    return g_string_free(out, FALSE);
}

void bitmap_to_bytes(const Bitmap *map, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = i * 8 < BITMAP_LIMIT ? map->words[i / 8] >> i % 8 * 8 : 0;
}
