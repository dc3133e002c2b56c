/* served.h - which elements of a definition a driver serves, by a table of paths
 *
 * The tables of the model know all that definitions may hold. What a driver does not list is
 * refused by its name, so that nobody gets a guest without something that he asked for. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* An element, and what may be in it: paths, each with the values that it may have ("=a|b") or
 * without, which means any. "driver/" followed by a star stands for all below driver. */
typedef struct ServedRow {
    const char *element;
    const char *paths;
} ServedRow;

typedef struct ServedTable {
    const ServedRow *rows; /* closed by an empty one; an element may have several */
    GHashTable *paths;     /* made from the rows at first use: path -> its values, or NULL */
} ServedTable;

/* ERR_CONFIG_UNSUPPORTED, naming it, for an element or a value that is not listed. */
bool served_table_check(ServedTable *table, const Domain *domain, GError **error);
/* Whether an element or attribute is listed ("devices/graphics/@type"), with that value (NULL:
 * with any). */
bool served_table_has(ServedTable *table, const char *path, const char *value);
GHashTable *served_table_paths(ServedTable *table);
