/* uuid.h - 16 bytes that name an object for good */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { UUID_SIZE = 16, UUID_TEXT = 37 };

typedef struct Uuid {
    uint8_t bytes[UUID_SIZE];
} Uuid;

Uuid uuid_random(void);
bool uuid_is_zero(const Uuid *uuid);
bool uuid_equal(const Uuid *a, const Uuid *b);
/* Reads 16 pairs of hexadecimal digits; hyphens and blanks may stand before each pair, blanks
 * behind the last. Leaves *uuid alone when text is something else. */
bool uuid_parse(const char *text, Uuid *uuid);
/* Lower case with four hyphens; returns text. */
char *uuid_print(const Uuid *uuid, char text[UUID_TEXT]);

/* For GHashTable: keys are Uuid. */
unsigned uuid_hash(const void *uuid);
int uuid_same(const void *a, const void *b);
