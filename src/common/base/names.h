/* names.h - enum <-> text
 *
 * A table of names is indexed by the enum; entry 0 is NULL ("absent") or the default's name, and
 * the table ends with NULL after its last entry. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* The value whose name is text; -1 when there is none. */
int names_find(const char *const *names, const char *text);
/* The known name that a reader most likely meant by text: at most two edits away, and fewer than
 * text has letters; or NULL. */
const char *names_nearest(const char *const *names, const char *text);
/* How many single-letter edits lie between two words; at most limit + 1 is told, which is also the
 * answer for words of 64 letters and more. */
unsigned names_distance(const char *a, const char *b, unsigned limit);
