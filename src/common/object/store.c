/* store.c - definition and state files of a daemon's objects; autostart links; load all */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "object/store.h"

#include "base/file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SUFFIX ".xml"
#define BROKEN ".broken"
#define HALF SUFFIX ".new" /* what base/file writes before it renames */

enum {
    NAME_LIMIT = NAME_MAX - (sizeof(SUFFIX BROKEN) - 1),
    FILE_LIMIT = 16 << 20, /* four times the longest text that a client can send */
};

bool store_check_name(const char *name, GError **error)
{
    if (!*name)
        return fail(error, ERR_XML, "the name is empty");
    if (strchr(name, '/'))
        return fail(error, ERR_XML, "name %s cannot contain '/'", name);
    if (strpbrk(name, "\r\n"))
        return fail(error, ERR_XML, "name '%s' contains a line break", name);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return fail(error, ERR_XML, "name '%s' cannot be the name of a file", name);
    if (strlen(name) > NAME_LIMIT)
        return fail(error, ERR_XML, "name '%s' is longer than %d bytes", name, NAME_LIMIT);
    return true;
}

static char *path_of(const char *directory, const char *name, GError **error)
{
    if (!store_check_name(name, error))
        return NULL;
    return g_strconcat(directory, "/", name, SUFFIX, NULL);
}

/* What a daemon that was killed had begun to write. */
static void remove_halves(const char *directory)
{
    g_autoptr(GDir) files = g_dir_open(directory, 0, NULL);

    for (const char *file; files && (file = g_dir_read_name(files));) {
        g_autofree char *path = g_strconcat(directory, "/", file, NULL);

        if (g_str_has_suffix(file, HALF))
            (void) file_remove_volatile(path, NULL);
    }
}

bool store_open(const Store *store, GError **error)
{
    const char *const directories[] = { store->definitions, store->autostart, store->states };

    for (size_t i = 0; i < G_N_ELEMENTS(directories); i++) {
        if (!directories[i])
            continue;
        if (!file_make_directory(directories[i], 0700, error))
            return false;
        remove_halves(directories[i]);
    }
    return true;
}

bool store_define(const Store *store, const char *name, const char *xml, GError **error)
{
    g_autofree char *path = path_of(store->definitions, name, error);

    return path && file_save(path, xml, error);
}

bool store_undefine(const Store *store, const char *name, GError **error)
{
    g_autofree char *path = path_of(store->definitions, name, error);

    return path && store_set_autostart(store, name, false, error) && file_remove(path, error);
}

bool store_set_autostart(const Store *store, const char *name, bool on, GError **error)
{
    g_autofree char *path = path_of(store->definitions, name, error);
    g_autofree char *link = path ? path_of(store->autostart, name, error) : NULL;

    return link && (on ? file_link(link, path, error) : file_remove(link, error));
}

bool store_autostart(const Store *store, const char *name)
{
    g_autofree char *link = path_of(store->autostart, name, NULL);

    return link && g_file_test(link, G_FILE_TEST_IS_SYMLINK);
}

bool store_save_state(const Store *store, const char *name, const char *xml, GError **error)
{
    g_autofree char *path = path_of(store->states, name, error);

    return path && file_save_volatile(path, xml, error);
}

bool store_drop_state(const Store *store, const char *name, GError **error)
{
    g_autofree char *path = path_of(store->states, name, error);

    return path && file_remove_volatile(path, error);
}

static void set_aside(const char *path, const GError *error)
{
    g_autofree char *aside = g_strconcat(path, BROKEN, NULL);

    if (rename(path, aside) < 0)
        g_warning("'%s' is ignored: %s", path, error->message);
    else
        g_warning("'%s' is set aside as '%s': %s", path, aside, error->message);
}

static void load(const char *directory, const char *name, StoreTake *take, void *data)
{
    g_autofree char *path = g_strconcat(directory, "/", name, SUFFIX, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (!store_check_name(name, &error) || !(text = file_read(path, FILE_LIMIT, &error)) ||
        !take(name, text, data, &error))
        set_aside(path, error);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *list_names(const char *directory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) files = g_dir_open(directory, 0, &error);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    if (!files && !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_warning("%s", error->message);
    for (const char *file; files && (file = g_dir_read_name(files));) {
        if (g_str_has_suffix(file, SUFFIX))
            g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(SUFFIX)));
    }
    g_ptr_array_sort(names, compare);
    return names;
}

void store_load(const char *directory, StoreTake *take, void *data)
{
    g_autoptr(GPtrArray) names = list_names(directory);

    for (guint i = 0; i < names->len; i++)
        load(directory, g_ptr_array_index(names, i), take, data);
}
