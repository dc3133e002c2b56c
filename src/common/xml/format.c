/* format.c - writes a struct by its element's plan */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/plan.h"
#include "xml/writer.h"

#include <string.h>

static bool field_is_written(const PlanField *field, const void *object, unsigned flags)
{
    const XmlField *row = &field->row;
    const void *slot = slot_at(object, row->offset);

    if (row->type == &xml_unsupported || !field_applies(field, object) ||
        !row->type->present(slot, row) || (row->secure && !(flags & XML_SECURE)))
        return false;
    return field_exists(row, flags, row->lasting ? *(char *const *) slot : NULL);
}

static bool node_is_written(const PlanNode *node, const void *object, unsigned flags);

static bool any_is_written(const GPtrArray *nodes, const void *object, unsigned flags)
{
    for (guint i = 0; i < nodes->len; i++) {
        if (node_is_written(nodes->pdata[i], object, flags))
            return true;
    }
    return false;
}

static bool node_is_written(const PlanNode *node, const void *object, unsigned flags)
{
    return (node->field && field_is_written(node->field, object, flags)) ||
           any_is_written(node->attributes, object, flags) ||
           any_is_written(node->children, object, flags);
}

static void format_object(Writer *writer, XmlElement *element, const PlanNode *node,
                          const void *object, unsigned flags);

static void format_attributes(Writer *writer, const PlanNode *node, const void *object,
                              unsigned flags)
{
    for (guint i = 0; i < node->attributes->len; i++) {
        const PlanNode *attribute = node->attributes->pdata[i];
        const XmlField *row = &attribute->field->row;

        if (!field_is_written(attribute->field, object, flags))
            continue;
        write_attribute(writer, attribute->name);
        row->type->write(writer->out, slot_at(object, row->offset), row);
        write_end_attribute(writer);
    }
}

static void format_nested(Writer *writer, const PlanNode *node, const void *object, unsigned flags)
{
    const XmlField *row = &node->field->row;
    const void *slot = slot_at(object, row->offset);
    XmlElement *element = (XmlElement *) row->detail;

    if (!field_is_written(node->field, object, flags))
        return;
    if (row->type == &xml_child) {
        format_object(writer, element, node, *(void *const *) slot, flags);
        return;
    }
    for (guint i = 0; i < (*(GPtrArray *const *) slot)->len; i++)
        format_object(writer, element, node, (*(GPtrArray *const *) slot)->pdata[i], flags);
}

/* What is inside an element, after its "<tag"; true when that was text. */
static bool format_content(Writer *writer, const PlanNode *node, const void *object, unsigned flags)
{
    bool has_text = false;

    format_attributes(writer, node, object, flags);
    if (node->field && node->field->row.type != &xml_flag &&
        field_is_written(node->field, object, flags)) {
        const XmlField *row = &node->field->row;

        write_text(writer);
        row->type->write(writer->out, slot_at(object, row->offset), row);
        has_text = true;
    }
    for (guint i = 0; i < node->children->len; i++) {
        const PlanNode *child = node->children->pdata[i];

        if (child->nested) {
            if (child->field->row.type != &xml_unsupported)
                format_nested(writer, child, object, flags);
        } else if (node_is_written(child, object, flags)) {
            write_open(writer, child->tag);
            if (child->uri)
                write_namespace(writer, child->prefix, child->uri);
            write_close(writer, child->tag, format_content(writer, child, object, flags));
        }
    }
    return has_text;
}

/* The tag of an element whose name is a value of its own. */
static const char *tag_of(const XmlPlan *plan, const PlanNode *node, const void *object)
{
    const XmlField *row;

    if (node->tag)
        return node->tag;
    row = &plan->own_name->field->row;
    return ((const char *const *) row->detail)[*(const int *) slot_at(object, row->offset)];
}

/* node is where the element stands in another, or its own root. */
static void format_object(Writer *writer, XmlElement *element, const PlanNode *node,
                          const void *object, unsigned flags)
{
    const XmlPlan *plan = plan_of(element);
    const char *tag = tag_of(plan, node, object);

    write_open(writer, tag);
    if (node->uri)
        write_namespace(writer, node->prefix, node->uri);
    write_close(writer, tag, format_content(writer, plan->root, object, flags));
}

char *xml_format(XmlElement *element, const void *object, unsigned flags)
{
    Writer writer = { .out = g_string_sized_new(8192) };

    format_object(&writer, element, plan_of(element)->root, object, flags);
    return g_string_free(writer.out, FALSE);
}
