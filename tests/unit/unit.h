/* unit.h - what unit tests share: a test for each row of a table, a directory for one test */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ftw.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

static inline void add_cases(const char *prefix, const void *table, size_t size, size_t count,
                             GTestDataFunc run)
{
    for (size_t i = 0; i < count; i++) {
        const char *const *row = (const void *) ((const char *) table + i * size);
        g_autofree char *path = g_strdup_printf("/%s/%s", prefix, *row);

        g_test_add_data_func(path, row, run);
    }
}

/* Adds run(row) for each row, as "/prefix/name"; the first member of a row is its name. */
#define ADD_CASES(prefix, table, run) \
    add_cases(prefix, table, sizeof((table)[0]), G_N_ELEMENTS(table), run)

/* The path of an empty directory; g_autoptr(Scratch) removes it and what is in it. */
typedef char Scratch;

static inline Scratch *scratch_new(void)
{
    g_autoptr(GError) error = NULL;
    char *path = g_dir_make_tmp("ostler-test-XXXXXX", &error);

    g_assert_no_error(error);
    return path;
}

static inline int scratch_remove(const char *path, const struct stat *, int, struct FTW *)
{
    return remove(path);
}

static inline void scratch_free(Scratch *path)
{
    (void) nftw(path, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
    g_free(path);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scratch, scratch_free)

static inline int scratch_compare(const void *a, const void *b)
{
    return g_strcmp0(*(const char *const *) a, *(const char *const *) b);
}

/* The names in a directory, sorted, with a blank between them. */
static inline char *scratch_list(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (const char *name; (name = g_dir_read_name(dir));)
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, scratch_compare);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **) names->pdata);
}
