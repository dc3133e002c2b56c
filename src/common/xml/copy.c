/* copy.c - copies, compares and frees structs by their elements' plans */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/plan.h"

#include <string.h>

void *xml_copy(XmlElement *element, const void *object)
{
    const XmlPlan *plan = plan_of(element);
    void *copy = g_memdup2(object, element->size);

    for (guint i = 0; i < plan->owners->len; i++) {
        const XmlField *row = &((const PlanField *) plan->owners->pdata[i])->row;
        void *slot = slot_at(copy, row->offset);

        if (*(void **) slot)
            row->type->copy(slot, row);
    }
    return copy;
}

void xml_clear(XmlElement *element, void *object)
{
    const XmlPlan *plan = plan_of(element);

    for (guint i = 0; i < plan->owners->len; i++) {
        const XmlField *row = &((const PlanField *) plan->owners->pdata[i])->row;
        void *slot = slot_at(object, row->offset);

        if (*(void **) slot)
            row->type->clear(slot, row);
    }
    memset(object, 0, element->size);
}

void xml_free(XmlElement *element, void *object)
{
    if (!object)
        return;
    xml_clear(element, object);
    g_free(object);
}

static char *compare_children(XmlElement *element, const char *path, const void *a, const void *b)
{
    g_autofree char *below = a && b ? xml_compare(element, a, b) : NULL;

    if (a && b)
        return below ? g_strconcat(path, "/", below, NULL) : NULL;
    return a == b ? NULL : g_strdup(path);
}

static char *compare_lists(const XmlField *row, const GPtrArray *a, const GPtrArray *b)
{
    guint length = a ? a->len : 0;

    if (length != (b ? b->len : 0))
        return g_strdup(row->path);
    for (guint i = 0; i < length; i++) {
        g_autofree char *member = g_strdup_printf("%s[%u]", row->path, i);
        char *path = compare_children((XmlElement *) row->detail, member, a->pdata[i], b->pdata[i]);

        if (path)
            return path;
    }
    return NULL;
}

static char *compare_fields(const XmlField *row, const void *a, const void *b)
{
    if (row->type == &xml_child)
        return compare_children((XmlElement *) row->detail, row->path, *(void *const *) a,
                                *(void *const *) b);
    if (row->type == &xml_list)
        return compare_lists(row, *(GPtrArray *const *) a, *(GPtrArray *const *) b);
    if (row->type->equal ? row->type->equal(a, b) : memcmp(a, b, row->type->size) == 0)
        return NULL;
    return g_strdup(row->path);
}

char *xml_compare(XmlElement *element, const void *a, const void *b)
{
    const XmlPlan *plan = plan_of(element);

    for (guint i = 0; i < plan->fields->len; i++) {
        const PlanField *field = plan->fields->pdata[i];
        char *path;

        if (!field_applies(field, a))
            continue;
        path = compare_fields(&field->row, slot_at(a, field->row.offset),
                              slot_at(b, field->row.offset));
        if (path)
            return path;
    }
    return NULL;
}
