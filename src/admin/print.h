/* print.h - what people read: times, sizes, columns */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json.h"

/* "1.2 s" of microseconds, "3.4 MiB" of bytes; in one of a few buffers that are used in turn. */
const char *print_duration(int64_t microseconds);
const char *print_size(int64_t bytes);
void print_json(Json *json); /* with line breaks, for --json */

/* A column of a table of JSON objects. */
typedef struct Column {
    const char *title;
    int width; /* at least; negative: to the right */
    const char *(*text)(Json *row);
} Column;

/* Nothing when there are no rows, or more of them than most, but for the first ones. */
void print_table(const char *heading, const Column *columns, Json *rows, size_t most);
