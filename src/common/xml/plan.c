/* plan.c - makes the tree of an element from the rows of its table */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/plan.h"

#include <string.h>

/* Where a table's rows go: the element's own, or those of a part of it. */
typedef struct Scope {
    XmlPlan *plan;
    XmlElement *element;
    size_t offset;  /* of the part in the element's struct */
    PlanNode *node; /* that the paths start from */
    Condition condition;
    bool conditional; /* the part itself is in some variants only */
} Scope;

static PlanNode *node_add(XmlPlan *plan, PlanNode *parent, const char *name, bool attribute)
{
    PlanNode *node = g_new0(PlanNode, 1);

    node->name = node->tag = name;
    node->parent = parent;
    node->attributes = g_ptr_array_new();
    node->children = g_ptr_array_new();
    node->index = plan->nodes->len;
    g_ptr_array_add(plan->nodes, node);
    if (!parent)
        return node;
    g_ptr_array_add(attribute ? parent->attributes : parent->children, node);
    if (!attribute) {
        node->prefix = parent->prefix;
        node->uri = parent->uri;
    }
    return node;
}

/* "prefix:name" belongs to the namespace of the element that reads it. */
static void node_set_tag(PlanNode *node, const XmlElement *element)
{
    const char *colon = node->name ? strchr(node->name, ':') : NULL;

    if (colon) {
        node->prefix = element->prefix;
        node->uri = element->uri;
        node->name = colon + 1;
    } else if (node->prefix && node->name) {
        g_autofree char *tag = g_strconcat(node->prefix, ":", node->name, NULL);

        node->tag = g_intern_string(tag);
    }
}

/* The element that holds others on the way to a leaf; one for all rows that pass through it. */
static PlanNode *node_enter(XmlPlan *plan, PlanNode *parent, const char *name,
                            const XmlElement *element)
{
    PlanNode *node;

    for (guint i = 0; i < parent->children->len; i++) {
        node = parent->children->pdata[i];
        if (!node->nested && node->uri == parent->uri && strcmp(node->name, name) == 0)
            return node;
    }
    node = node_add(plan, parent, name, false);
    node_set_tag(node, element);
    return node;
}

static PlanNode *node_walk(XmlPlan *plan, PlanNode *node, const char *path, const char **leaf)
{
    const char *slash;

    while ((slash = strchr(path, '/'))) {
        g_autofree char *name = g_strndup(path, slash - path);

        node = node_enter(plan, node, g_intern_string(name), NULL);
        path = slash + 1;
    }
    *leaf = path;
    return node;
}

static PlanNode *node_of_field(XmlPlan *plan, PlanNode *from, const XmlField *row)
{
    const char *leaf;
    PlanNode *parent = node_walk(plan, from, row->path, &leaf), *node;

    if (strcmp(leaf, ".") == 0)
        return parent;
    if (*leaf == '@')
        return node_add(plan, parent, leaf + 1, true);
    if (strcmp(leaf, "name()") == 0)
        return plan->own_name = node_add(plan, NULL, leaf, false);
    if (!field_is_nested(row) && row->type != &xml_unsupported) {
        node = node_enter(plan, parent, leaf, NULL);
        return node->field ? node_add(plan, parent, leaf, false) : node;
    }
    node = node_add(plan, parent, strcmp(leaf, "*") == 0 ? NULL : leaf, false);
    node->nested = true;
    node_set_tag(node, field_is_nested(row) ? row->detail : NULL);
    return node;
}

static void field_limit(PlanField *field, size_t variant, uint64_t when)
{
    g_assert(field->condition_count < CONDITION_LIMIT);
    field->conditions[field->condition_count++] = (Condition){ variant, when };
}

static PlanField *field_add(const Scope *scope, const XmlField *row)
{
    PlanField *field = g_new0(PlanField, 1);

    field->row = *row;
    field->row.offset += scope->offset;
    if (scope->conditional)
        field_limit(field, scope->condition.variant, scope->condition.when);
    if (row->when)
        field_limit(field, scope->offset + scope->element->variant, row->when);
    return field;
}

static void own(XmlPlan *plan, PlanField *field)
{
    for (guint i = 0; i < plan->owners->len; i++) {
        if (((PlanField *) plan->owners->pdata[i])->row.offset == field->row.offset)
            return;
    }
    if (field->row.type->clear)
        g_ptr_array_add(plan->owners, field);
}

static char *path_of(const PlanNode *node, const char *rest)
{
    g_autofree char *above = g_strdup(rest);

    for (; node->parent; node = node->parent) {
        char *path = g_strconcat(node->name, above ? "/" : NULL, above, NULL);

        g_free(above);
        above = path;
    }
    return g_steal_pointer(&above);
}

/* Beside a size stands its unit. */
static void unit_add(XmlPlan *plan, PlanNode *size, PlanField *field)
{
    PlanNode *element =
        field->row.path[0] == '@' || strstr(field->row.path, "/@") ? size->parent : size;
    PlanNode *node = node_add(plan, element, "unit", true);

    node->field = g_memdup2(field, sizeof(*field));
    node->field->row.type = &xml_unit;
    node->field->row.required = node->field->row.needed = false;
}

static void row_add(const Scope *scope, const XmlField *row)
{
    PlanField *field = field_add(scope, row);
    PlanNode *node = node_of_field(scope->plan, scope->node, row);
    g_autofree char *path = path_of(scope->node, row->path);

    g_assert(!node->field);
    node->field = field;
    field->row.path = g_intern_string(path);
    if (row->type == &xml_unsupported)
        return;
    g_ptr_array_add(scope->plan->fields, field);
    own(scope->plan, field);
    if (row->required)
        g_ptr_array_add(scope->plan->required, node);
    if (row->type == &xml_size)
        unit_add(scope->plan, node, field);
}

static void part_add(const Scope *scope, const XmlField *row);

static void rows_add(const Scope *scope)
{
    for (const XmlField *row = scope->element->fields; row->path; row++) {
        if (row->type == &xml_part)
            part_add(scope, row);
        else
            row_add(scope, row);
    }
    if (scope->element->finish) {
        PlanPart part = { scope->offset, scope->element };

        g_array_append_val(scope->plan->parts, part);
    }
}

static void part_add(const Scope *scope, const XmlField *row)
{
    Scope inner = { .plan = scope->plan,
                    .element = (XmlElement *) row->detail,
                    .offset = scope->offset + row->offset,
                    .condition = scope->condition,
                    .conditional = scope->conditional };
    const char *leaf;

    inner.node = node_walk(scope->plan, scope->node, row->path, &leaf);
    if (strcmp(leaf, ".") != 0)
        inner.node = node_enter(scope->plan, inner.node, leaf, inner.element);
    if (row->when) {
        g_assert(!scope->conditional);
        inner.conditional = true;
        inner.condition = (Condition){ scope->offset + scope->element->variant, row->when };
    }
    rows_add(&inner);
}

static bool is_variant(const XmlPlan *plan, size_t offset)
{
    for (guint i = 0; i < plan->fields->len; i++) {
        const PlanField *field = plan->fields->pdata[i];

        for (unsigned k = 0; k < field->condition_count; k++) {
            if (field->conditions[k].variant == offset)
                return true;
        }
    }
    return false;
}

static void variants_find(XmlPlan *plan)
{
    for (guint i = 0; i < plan->nodes->len; i++) {
        PlanNode *node = plan->nodes->pdata[i];

        if (node->field && node->field->row.type == &xml_enum &&
            is_variant(plan, node->field->row.offset))
            g_ptr_array_add(plan->variants, node);
    }
}

static XmlPlan *plan_make(XmlElement *element)
{
    XmlPlan *plan = g_new0(XmlPlan, 1);
    Scope scope = { .plan = plan, .element = element };

    plan->nodes = g_ptr_array_new();
    plan->fields = g_ptr_array_new();
    plan->owners = g_ptr_array_new();
    plan->variants = g_ptr_array_new();
    plan->required = g_ptr_array_new();
    plan->parts = g_array_new(FALSE, FALSE, sizeof(PlanPart));
    plan->root = node_add(plan, NULL, element->name, false);
    plan->root->prefix = element->prefix;
    plan->root->uri = element->uri;
    node_set_tag(plan->root, NULL);
    scope.node = plan->root;
    rows_add(&scope);
    variants_find(plan);
    return plan;
}

const XmlPlan *plan_of(XmlElement *element)
{
    if (g_once_init_enter(&element->plan))
        g_once_init_leave(&element->plan, plan_make(element));
    return element->plan;
}
