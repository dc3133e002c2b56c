/* served.c - which elements of a definition a driver serves, by a table of paths */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/served.h"

#include "xml/plan.h"

#include <string.h>

/* ---- the table, arranged for look-up ---- */

static void add_path(GHashTable *paths, const char *element, const char *word)
{
    char **parts = g_strsplit(word, "=", 2);
    char *path = g_strconcat(element, *element ? "/" : "", parts[0], NULL);

    g_hash_table_insert(paths, path, parts[1] ? g_strdup(parts[1]) : NULL);
    g_strfreev(parts);
}

/* path -> the values that it may have, or NULL */
static GHashTable *arrange(const ServedRow *rows)
{
    GHashTable *paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (; rows->element; rows++) {
        g_auto(GStrv) words = g_strsplit(rows->paths, " ", -1);

        g_hash_table_insert(paths, g_strdup(rows->element), NULL);
        for (char **word = words; *word; word++)
            add_path(paths, rows->element, *word);
    }
    return paths;
}

GHashTable *served_table_paths(ServedTable *table)
{
    if (g_once_init_enter(&table->paths))
        g_once_init_leave(&table->paths, arrange(table->rows));
    return table->paths;
}

/* Whether path, or all that is below an element that it is in, is listed. */
static bool find(ServedTable *table, const char *path, const char **values)
{
    g_autofree char *above = g_strdup(path);
    char *slash;

    if (g_hash_table_lookup_extended(served_table_paths(table), path, NULL, (void **) values))
        return true;
    while ((slash = strrchr(above, '/'))) {
        g_autofree char *all = NULL;

        *slash = '\0';
        all = g_strconcat(above, "/*", NULL);
        if (g_hash_table_contains(served_table_paths(table), all))
            return true;
    }
    return false;
}

static bool is_one_of(const char *values, const char *value)
{
    g_auto(GStrv) list = g_strsplit(values, "|", -1);

    return g_strv_contains((const char *const *) list, value);
}

bool served_table_has(ServedTable *table, const char *path, const char *value)
{
    const char *values = NULL;

    return find(table, path, &values) && (!values || !value || is_one_of(values, value));
}

/* ---- the walk over a definition ---- */

static bool check_value(ServedTable *table, const char *path, const XmlField *row, const void *slot,
                        GError **error)
{
    const char *values = NULL;
    g_autoptr(GString) text = NULL;

    if (!find(table, path, &values))
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not supported by this driver", path);
    if (!values)
        return true;
    text = g_string_new(NULL);
    row->type->write(text, slot, row);
    return is_one_of(values, text->str) ||
           fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not supported as value of '%s'", text->str,
                path);
}

static bool check_object(ServedTable *table, XmlElement *element, const void *object,
                         const char *path, GError **error);

static bool check_nested(ServedTable *table, const char *path, const XmlField *row,
                         const void *slot, GError **error)
{
    XmlElement *element = (XmlElement *) row->detail;
    void *content = *(void *const *) slot;
    const char *values;

    if (!find(table, path, &values))
        return fail(error, ERR_CONFIG_UNSUPPORTED, "element '%s' is not supported by this driver",
                    path);
    if (row->type == &xml_child)
        return check_object(table, element, content, path, error);
    for (LIST_EACH(void, item, (GPtrArray *) content)) {
        if (!check_object(table, element, item, path, error))
            return false;
    }
    return true;
}

static bool check_field(ServedTable *table, XmlElement *element, const PlanField *field,
                        const void *object, const char *path, GError **error)
{
    const XmlField *row = &field->row;
    const void *slot = slot_at(object, row->offset);
    g_autofree char *inner = NULL;

    if (row->live || row->type == &xml_unsupported || !field_applies(field, object) ||
        !row->type->present(slot, row))
        return true;
    if (row->detail == element)
        return check_nested(table, path, row, slot, error);
    inner = g_strconcat(path, *path ? "/" : "", row->path, NULL);
    return field_is_nested(row) ? check_nested(table, inner, row, slot, error)
                                : check_value(table, inner, row, slot, error);
}

static bool check_object(ServedTable *table, XmlElement *element, const void *object,
                         const char *path, GError **error)
{
    const XmlPlan *plan = plan_of(element);

    for (guint i = 0; i < plan->fields->len; i++) {
        if (!check_field(table, element, plan->fields->pdata[i], object, path, error))
            return false;
    }
    return true;
}

bool served_table_check(ServedTable *table, const Domain *domain, GError **error)
{
    return check_object(table, &domain_element, domain, "", error);
}
