/* differ.c - where two documents say different things */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/differ.h"

#include "xml/document.h"

/* Where the walk is: by what names, and as a reader is told. */
typedef struct Place {
    const char *const *ignored;
    const char *path; /* "devices/disk"; "" at the root */
    const char *told; /* "devices/disk[2]" */
    XmlDifference *difference;
} Place;

void xml_difference_clear(XmlDifference *difference)
{
    g_free(difference->path);
    g_free(difference->from);
    g_free(difference->to);
    *difference = (XmlDifference){};
}

static char *join(const char *above, const char *mark, const xmlChar *name)
{
    return g_strconcat(above, *above ? "/" : "", mark, (const char *) name, NULL);
}

static bool differs(const Place *place, const char *told, char *from, char *to)
{
    *place->difference = (XmlDifference){ g_strdup(told), from, to };
    return true;
}

static bool is_ignored(const Place *place, const char *mark, const xmlChar *name)
{
    g_autofree char *path = join(place->path, mark, name);

    return g_strv_contains(place->ignored, path);
}

/* ---- attributes and texts ---- */

static char *text_of(const xmlNode *children)
{
    g_autofree char *owned = NULL;

    return g_strstrip(g_strdup(document_text(children, &owned)));
}

static char *attribute(const xmlNode *node, const xmlChar *name)
{
    const xmlAttr *found = xmlHasProp(node, name);

    return found ? text_of(found->children) : NULL;
}

/* Of those that one of them has. */
static bool attributes_differ(const Place *place, const xmlNode *of, const xmlNode *from,
                              const xmlNode *to)
{
    for (const xmlAttr *at = of->properties; at; at = at->next) {
        g_autofree char *was = attribute(from, at->name), *is = attribute(to, at->name);
        g_autofree char *told = join(place->told, "@", at->name);

        if (g_strcmp0(was, is) != 0 && !is_ignored(place, "@", at->name))
            return differs(place, told, g_steal_pointer(&was), g_steal_pointer(&is));
    }
    return false;
}

static bool texts_differ(const Place *place, const xmlNode *from, const xmlNode *to)
{
    g_autofree char *was = text_of(from->children), *is = text_of(to->children);

    return !g_str_equal(was, is) &&
           differs(place, place->told, g_steal_pointer(&was), g_steal_pointer(&is));
}

/* ---- elements ---- */

static const xmlNode *next_that_counts(const Place *place, const xmlNode *node)
{
    while (node && (node->type != XML_ELEMENT_NODE || is_ignored(place, "", node->name)))
        node = node->next;
    return node;
}

/* "disk", or "disk[2]" for the second one. */
static char *numbered(const Place *place, const xmlNode *node)
{
    g_autofree char *told = join(place->told, "", node->name);
    unsigned number = 1;

    for (const xmlNode *before = node->prev; before; before = before->prev)
        number += before->type == XML_ELEMENT_NODE && xmlStrEqual(before->name, node->name);
    return number > 1 ? g_strdup_printf("%s[%u]", told, number) : g_steal_pointer(&told);
}

/* One of them alone is there, or it is another. */
static bool is_alone(const Place *place, const xmlNode *from, const xmlNode *to)
{
    g_autofree char *told = numbered(place, from ? from : to);

    return differs(place, told, from ? text_of(from->children) : NULL,
                   from ? NULL : text_of(to->children));
}

static bool nodes_differ(const Place *place, const xmlNode *from, const xmlNode *to);

static bool children_differ(const Place *place, const xmlNode *from, const xmlNode *to)
{
    from = next_that_counts(place, from->children);
    to = next_that_counts(place, to->children);
    while (from || to) {
        g_autofree char *path = NULL, *told = NULL;
        Place below = *place;

        if (!from || !to || !xmlStrEqual(from->name, to->name))
            return is_alone(place, from, to);
        below.path = path = join(place->path, "", from->name);
        below.told = told = numbered(place, from);
        if (nodes_differ(&below, from, to))
            return true;
        from = next_that_counts(place, from->next);
        to = next_that_counts(place, to->next);
    }
    return false;
}

static bool nodes_differ(const Place *place, const xmlNode *from, const xmlNode *to)
{
    return attributes_differ(place, from, from, to) || attributes_differ(place, to, from, to) ||
           texts_differ(place, from, to) || children_differ(place, from, to);
}

bool xml_differ(const char *from, const char *to, const char *const *ignored,
                XmlDifference *difference, GError **error)
{
    g_autoptr(xmlDoc) was = document_read(from, error);
    g_autoptr(xmlDoc) is = was ? document_read(to, error) : NULL;
    const Place place = { ignored, "", "", difference };

    *difference = (XmlDifference){};
    if (!is)
        return false;
    (void) nodes_differ(&place, xmlDocGetRootElement(was), xmlDocGetRootElement(is));
    return true;
}
