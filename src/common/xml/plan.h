/* plan.h - an element's table, arranged as the tree that its paths describe
 *
 * Parse and format walk this tree; copy, compare and free walk the list of fields. Parts are
 * dissolved: their rows are fields of the element that contains them. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml/bind.h"

enum { CONDITION_LIMIT = 2 };

/* That a variant is one of these. */
typedef struct Condition {
    size_t variant; /* offset in the element's struct */
    uint64_t when;
} Condition;

typedef struct PlanField {
    XmlField row; /* its offset is one in the element's struct, its path the whole one */
    Condition conditions[CONDITION_LIMIT];
    unsigned condition_count;
} PlanField;

/* An attribute or an element of the tree. */
typedef struct PlanNode {
    const char *name; /* without prefix; NULL: elements of any name */
    const char *tag;  /* with it */
    const char *prefix, *uri;
    PlanField *field; /* of an attribute or element that is a value, child or list; or its text */
    bool nested;      /* field is a child or a list, which reads the element by its own table */
    struct PlanNode *parent;
    GPtrArray *attributes, *children; /* of PlanNode */
    unsigned index;                   /* its bit in the set of those that were seen */
} PlanNode;

typedef struct PlanPart {
    size_t offset;
    XmlElement *element;
} PlanPart;

typedef struct XmlPlan {
    PlanNode *root;
    GPtrArray *nodes;    /* all of the tree, in the order of their index */
    GPtrArray *fields;   /* of PlanField, in the order of the rows */
    GPtrArray *owners;   /* those of them whose slot owns memory, each slot once */
    GPtrArray *variants; /* of PlanNode: what conditions speak of, outer ones first */
    GPtrArray *required; /* of PlanNode */
    GArray *parts;       /* of PlanPart that finish: inner ones first, the element itself last */
    PlanNode *own_name;  /* "name()", or NULL */
} XmlPlan;

/* From any thread; made once. */
const XmlPlan *plan_of(XmlElement *element);

static inline bool field_is_nested(const XmlField *row)
{
    return row->type == &xml_child || row->type == &xml_list;
}

static inline bool field_applies(const PlanField *field, const void *object)
{
    for (unsigned i = 0; i < field->condition_count; i++) {
        const Condition *condition = &field->conditions[i];

        if (!(condition->when >> *(const unsigned *) slot_at(object, condition->variant) & 1))
            return false;
    }
    return true;
}

/* Whether a row's value counts under these flags; text is that of a string. */
static inline bool field_exists(const XmlField *row, unsigned flags, const char *text)
{
    return !row->live || flags & XML_LIVE ||
           (row->lasting && text && g_str_has_prefix(text, row->lasting));
}

/* Of a size: the attribute beside it. */
extern const XmlType xml_unit;
