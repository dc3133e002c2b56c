/* print.c - what people read: times, sizes, columns */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "print.h"

#include <stdio.h>

static char *next_buffer(void)
{
    static char buffers[8][32];
    static unsigned turn;

    return buffers[turn++ % G_N_ELEMENTS(buffers)];
}

const char *print_duration(int64_t microseconds)
{
    char *text = next_buffer();
    double seconds = microseconds / 1e6;

    if (seconds < 1e-3)
        g_snprintf(text, 32, "%d us", (int) microseconds);
    else if (seconds < 1)
        g_snprintf(text, 32, "%.1f ms", seconds * 1e3);
    else if (seconds < 600)
        g_snprintf(text, 32, "%.1f s", seconds);
    else
        g_snprintf(text, 32, "%.0f min", seconds / 60);
    return text;
}

const char *print_size(int64_t bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
    char *text = next_buffer();
    double size = bytes;
    unsigned unit = 0;

    while (size >= 1024 && unit + 1 < G_N_ELEMENTS(units)) {
        size /= 1024;
        unit++;
    }
    g_snprintf(text, 32, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
    return text;
}

void print_json(Json *json)
{
    puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                  JSON_C_TO_STRING_NOSLASHESCAPE));
    fflush(stdout);
}

static void print_cell(const Column *column, const char *text)
{
    printf(column->width < 0 ? "%*s  " : "%-*s  ", ABS(column->width), text ? text : "-");
}

void print_table(const char *heading, const Column *columns, Json *rows, size_t most)
{
    if (!json_length(rows))
        return;
    printf("\n%s\n", heading);
    for (const Column *column = columns; column->title; column++)
        print_cell(column, column->title);
    putchar('\n');
    for (size_t i = 0; i < json_length(rows) && i < most; i++) {
        for (const Column *column = columns; column->title; column++)
            print_cell(column, column->text(json_object_array_get_idx(rows, i)));
        putchar('\n');
    }
    if (json_length(rows) > most)
        printf("... and %zu more\n", json_length(rows) - most);
}
