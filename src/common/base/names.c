/* names.c - enum <-> text */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/names.h"

#include <glib.h>
#include <string.h>

int names_find(const char *const *names, const char *text)
{
    for (int value = names[0] ? 0 : 1; names[value]; value++) {
        if (strcmp(names[value], text) == 0)
            return value;
    }
    return -1;
}

unsigned names_distance(const char *a, const char *b, unsigned limit)
{
    size_t columns = strlen(b);
    unsigned row[64]; /* of the edit matrix: from a's first i letters to b's first j */

    if (strlen(a) >= G_N_ELEMENTS(row) || columns >= G_N_ELEMENTS(row))
        return limit + 1;
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            unsigned changed = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            row[j] = MIN(changed, 1 + MIN(row[j], row[j - 1]));
        }
    }
    return MIN(row[columns], limit + 1);
}

const char *names_nearest(const char *const *names, const char *text)
{
    const char *nearest = NULL;
    unsigned least = MIN(3, strlen(text)); /* not a word of which no letter is left */

    for (int value = names[0] ? 0 : 1; names[value]; value++) {
        unsigned distance = names_distance(text, names[value], least);

        if (distance < least) {
            least = distance;
            nearest = names[value];
        }
    }
    return nearest;
}
