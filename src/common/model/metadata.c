/* metadata.c - applications' own elements in a definition, one per namespace */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/metadata.h"

#include "xml/document.h"

static xmlDoc *read_raw(const char *raw, GError **error)
{
    g_autofree char *text = g_strconcat("<metadata>", raw, "</metadata>", NULL);

    return document_read(raw ? text : "<metadata/>", error);
}

static xmlNode *find(xmlDoc *document, const char *uri)
{
    for (xmlNode *node = xmlDocGetRootElement(document)->children; node; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && node->ns &&
            g_str_equal((const char *) node->ns->href, uri))
            return node;
    }
    return NULL;
}

/* Every element below that is in the namespace from is put into to; NULL means none. */
static void move(xmlNode *node, const char *from, xmlNs *to)
{
    for (; node; node = node->next) {
        const char *uri = node->ns ? (const char *) node->ns->href : NULL;

        if (node->type != XML_ELEMENT_NODE)
            continue;
        move(node->children, from, to);
        if (g_strcmp0(uri, from) == 0)
            xmlSetNs(node, to);
    }
}

/* No declaration of a namespace that nobody uses any longer. */
static void drop_declaration(xmlNode *node, const char *uri)
{
    for (xmlNs **at = &node->nsDef; *at; at = &(*at)->next) {
        xmlNs *unused = *at;

        if (g_str_equal((const char *) unused->href, uri)) {
            *at = unused->next;
            xmlFreeNs(unused);
            return;
        }
    }
}

char *metadata_get(const char *raw, const char *uri, GError **error)
{
    g_autoptr(xmlDoc) document = read_raw(raw, error), alone = NULL;
    xmlNode *node = document ? find(document, uri) : NULL, *copy;

    if (!node)
        return NULL;
    alone = xmlNewDoc((const xmlChar *) "1.0");
    copy = xmlDocCopyNode(node, alone, 1);
    xmlDocSetRootElement(alone, copy);
    move(copy, uri, NULL);
    drop_declaration(copy, uri);
    return document_print(copy);
}

char *metadata_set(const char *raw, const char *uri, const char *prefix, const char *xml,
                   GError **error)
{
    g_autoptr(xmlDoc) document = read_raw(raw, error), added = NULL;
    xmlNode *node, *root;

    if (!document)
        return NULL;
    while ((node = find(document, uri))) {
        xmlUnlinkNode(node);
        xmlFreeNode(node);
    }
    root = xmlDocGetRootElement(document);
    if (xml) {
        added = document_read(xml, error);
        if (!added)
            return NULL;
        node = xmlDocCopyNode(xmlDocGetRootElement(added), document, 1);
        xmlAddChild(root, node);
        move(node, NULL, xmlNewNs(node, (const xmlChar *) uri, (const xmlChar *) prefix));
    }
    return document_inside(root);
}
