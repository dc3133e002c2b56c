/* config.h - *.conf files by table: key = value, strings in quotes, lists in brackets, # comments
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json.h"
#include "base/slot.h"

#include <stdint.h>

typedef enum ConfigType {
    CONFIG_STRING = 1, /* char *; NULL when empty */
    CONFIG_NUMBER,     /* int64_t, or uint64_t where min is not negative */
    CONFIG_FLAG,       /* bool, written 0 or 1 */
    CONFIG_LIST, /* char **, closed by NULL; NULL unless the file sets it. One string may stand for
                    a list */
} ConfigType;

/* One key; a table of them ends with an empty one. */
typedef struct ConfigKey {
    const char *name;
    ConfigType type;
    size_t offset;       /* SLOT() in the struct of settings */
    int64_t min, max;    /* of a number */
    const char *initial; /* as in the file, a string without its quotes; NULL: empty or 0 */
    const char *text;    /* for the manual: one or two sentences */
} ConfigKey;

/* A table and the struct that it fills in; several make one file. Closed by an empty one. */
typedef struct ConfigTable {
    const ConfigKey *keys;
    void *settings;
} ConfigTable;

/* Sets every key to what the file at path says, or to its initial value: all of them when the whole
 * file is right, none when it is not. That there is no file is right. Strings and lists are never
 * freed, so that workers may read their settings while the file is loaded again. */
bool config_load(const ConfigTable *tables, const char *path, GError **error);

/* What is in force: an array of { key, value, origin, text }, where origin is "default", the file
 * and line that set it, or "changed" since. path: of the file. */
Json *config_describe(const ConfigTable *tables, const char *path);

/* The file that says nothing: each key with its text and initial value, commented out. */
char *config_print_example(const ConfigTable *tables);
/* The manual page of that file, in section 5; the daemon's short name is "qemud". */
char *config_print_manual(const ConfigTable *tables, const char *daemon);
