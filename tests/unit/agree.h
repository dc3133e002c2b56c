/* agree.h - whether two documents say the same: their trees of elements do */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml/document.h"

#include <string.h>

static inline bool agree_is_element(const xmlNode *node) { return node->type == XML_ELEMENT_NODE; }

static inline const xmlNode *agree_next_element(const xmlNode *node)
{
    while (node && !agree_is_element(node))
        node = node->next;
    return node;
}

/* An address that the input did not say is random. */
static inline bool agree_is_random_mac(const xmlNode *node, const char *input)
{
    g_autofree xmlChar *address = NULL;
    g_autofree char *known = NULL;

    if (!g_str_equal((const char *) node->name, "mac"))
        return false;
    address = xmlGetProp(node, (const xmlChar *) "address");
    known = g_ascii_strdown(input, -1);
    return !strstr(known, (const char *) address);
}

static inline char *agree_where(const xmlNode *node, const char *what)
{
    g_autofree char *place = document_place(node);

    return g_strdup_printf("%s: %s", place, what);
}

static inline char *agree_compare_attributes(const xmlNode *ours, const xmlNode *theirs)
{
    unsigned count = 0;

    for (const xmlAttr *at = theirs->properties; at; at = at->next, count++) {
        g_autofree xmlChar *value = xmlGetProp(ours, at->name);
        g_autofree xmlChar *expected = xmlGetProp(theirs, at->name);

        if (g_strcmp0((char *) value, (char *) expected) != 0) {
            g_autofree char *what =
                g_strdup_printf("@%s is '%s', not '%s'", at->name, value, expected);

            return agree_where(theirs, what);
        }
    }
    for (const xmlAttr *at = ours->properties; at; at = at->next)
        count--;
    return count ? agree_where(ours, "other attributes") : NULL;
}

static inline char *agree_trimmed_text(const xmlNode *node)
{
    g_autofree char *owned = NULL;

    return g_strstrip(g_strdup(document_text(node->children, &owned)));
}

static inline bool agree_text_is_same(const xmlNode *ours, const xmlNode *theirs)
{
    g_autofree char *one = NULL, *other = NULL;

    one = agree_trimmed_text(ours);
    other = agree_trimmed_text(theirs);
    return g_str_equal(one, other);
}

/* What they differ in, or NULL. */
static inline char *agree(const xmlNode *ours, const xmlNode *theirs, const char *input)
{
    const xmlNode *a, *b;
    char *difference = NULL;

    if (!xmlStrEqual(ours->name, theirs->name))
        return agree_where(theirs, (const char *) ours->name);
    if (!agree_is_random_mac(theirs, input) &&
        (difference = agree_compare_attributes(ours, theirs)))
        return difference;
    if (!agree_text_is_same(ours, theirs))
        return agree_where(theirs, "other text");
    a = agree_next_element(ours->children);
    b = agree_next_element(theirs->children);
    while (a && b && !difference) {
        difference = agree(a, b, input);
        a = agree_next_element(a->next);
        b = agree_next_element(b->next);
    }
    if (!difference && (a || b))
        return agree_where(a ? a : b, a ? "is too much" : "is missing");
    return difference;
}
