/* bitmap.h - a set of small numbers, written as "0-3,8,^2": processors, nodes */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { BITMAP_LIMIT = 16384 }; /* numbers are below it */

typedef struct Bitmap {
    uint64_t words[BITMAP_LIMIT / 64];
} Bitmap;

static inline Bitmap *bitmap_new(void) { return g_new0(Bitmap, 1); }
static inline void bitmap_free(Bitmap *map) { g_free(map); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bitmap, bitmap_free)

static inline bool bitmap_has(const Bitmap *map, unsigned n)
{
    return n < BITMAP_LIMIT && map->words[n / 64] >> n % 64 & 1;
}

void bitmap_set(Bitmap *map, unsigned n, bool member); /* n < BITMAP_LIMIT */
bool bitmap_is_empty(const Bitmap *map);
unsigned bitmap_count(const Bitmap *map);
int bitmap_last(const Bitmap *map); /* the greatest member; -1 when empty */
/* NULL when text is no such list. A later "^n" takes n out again; blanks and one last comma are
 * allowed, an empty text is not. */
Bitmap *bitmap_parse(const char *text);
char *bitmap_print(const Bitmap *map);
/* Members below 8 * size, least significant bit of byte 0 first, as CPU maps travel. */
void bitmap_to_bytes(const Bitmap *map, uint8_t *bytes, size_t size);
