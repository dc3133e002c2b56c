/* test-served.c - what is listed as served is something that definitions can have
 *
 * The list itself is looked at, so it is part of this program. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "served.c"

#include "unit.h"
#include "xml/plan.h"

static void add_known(GHashTable *known, XmlElement *element, const char *path)
{
    const XmlPlan *plan = plan_of(element);

    g_hash_table_add(known, g_strdup(path));
    for (guint i = 0; i < plan->fields->len; i++) {
        const PlanField *field = plan->fields->pdata[i];
        const XmlField *row = &field->row;
        g_autofree char *inner = g_strconcat(path, *path ? "/" : "", row->path, NULL);

        if (row->detail == element)
            continue;
        if (field_is_nested(row))
            add_known(known, (XmlElement *) row->detail, inner);
        else
            g_hash_table_add(known, g_steal_pointer(&inner));
    }
}

/* Whether path is known or is the beginning of something that is; a star stands for anything. */
static bool is_known(GHashTable *known, const char *path)
{
    g_autofree char *above = g_str_has_suffix(path, "*") ? g_strndup(path, strlen(path) - 1)
                                                         : g_strconcat(path, "/", NULL);
    GHashTableIter all;
    const char *one;

    if (g_hash_table_contains(known, path))
        return true;
    g_hash_table_iter_init(&all, known);
    while (g_hash_table_iter_next(&all, (void **) &one, NULL)) {
        if (g_str_has_prefix(one, above))
            return true;
    }
    return false;
}

static void test_every_path(void)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter all;
    const char *path;

    add_known(known, &domain_element, "");
    g_hash_table_iter_init(&all, served_table_paths(&table));
    while (g_hash_table_iter_next(&all, (void **) &path, NULL)) {
        if (!is_known(known, path))
            g_test_fail_printf("no definition has '%s'", path);
    }
}

static const struct {
    const char *name, *path;
    bool served;
} paths[] = {
    { "listed", "devices/disk/@device", true },
    { "nested", "devices/disk", true },
    { "below-a-star", "devices/disk/iotune/total_bytes_sec", true },
    { "deep-below-a-star", "sysinfo/bios/entry/@name", true },
    { "not-listed", "devices/disk/@sgio", false },
    { "no-prefix-of-a-name", "devices/diskette", false },
    { "the-element-of-a-star", "devices/disk/iotune", false },
};

static void test_path(const void *row)
{
    const __typeof__(paths[0]) *c = row;

    g_assert_cmpint(served_has(c->path, NULL), ==, c->served);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/served/every-path", test_every_path);
    ADD_CASES("served/path", paths, test_path);
    return g_test_run();
}
