/* document.c - text to a tree of nodes, bounded against hostile input */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/document.h"

#include "xml/bind.h"
#include "xml/writer.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlParserCtxt, xmlFreeParserCtxt)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlBuffer, xmlBufferFree)

/* What the parser comes upon. */
typedef struct Reading {
    bool has_doctype;
    int line;
    char *problem; /* the first that ends the reading: others follow from it */
} Reading;

/* Called at "<!DOCTYPE", before anything in it is read. */
static void refuse_doctype(void *context, const xmlChar *, const xmlChar *, const xmlChar *)
{
    xmlParserCtxt *parser = context;
    Reading *reading = parser->_private;

    reading->has_doctype = true;
    xmlStopParser(parser);
}

#if LIBXML_VERSION >= 21200
typedef const xmlError Problem;
#else
typedef xmlError Problem;
#endif

static void keep_first(void *context, Problem *problem)
{
    xmlParserCtxt *parser = context;
    Reading *reading = parser->_private;

    if (problem->level != XML_ERR_FATAL || reading->problem)
        return;
    reading->line = problem->line;
    reading->problem = g_strchomp(g_strdup(problem->message));
}

xmlDoc *document_read(const char *text, GError **error)
{
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA;
    g_autoptr(xmlParserCtxt) parser = NULL;
    g_autoptr(xmlDoc) document = NULL;
    g_autofree char *problem = NULL;
    size_t length = strnlen(text, XML_SIZE_LIMIT + 1);
    Reading reading = { .line = 1 };

    if (length > XML_SIZE_LIMIT)
        return fail(error, ERR_XML, "the document is larger than %d bytes", XML_SIZE_LIMIT);
    xmlInitParser();
    parser = xmlNewParserCtxt();
    parser->_private = &reading;
    parser->sax->internalSubset = refuse_doctype;
    parser->sax->serror = keep_first;
    document = xmlCtxtReadMemory(parser, text, length, NULL, NULL, options);
    problem = reading.problem;
    if (reading.has_doctype)
        return fail(error, ERR_XML, "line %d: a document type is not accepted",
                    xmlSAX2GetLineNumber(parser));
    if (!document || !xmlDocGetRootElement(document))
        return fail(error, ERR_XML_DETAIL, "line %d: %s", reading.line,
                    problem ? problem : "not a document");
    return g_steal_pointer(&document);
}

char *document_place(const xmlNode *node)
{
    long line = xmlGetLineNo(node);
    g_autofree char *path = g_strdup((const char *) node->name);

    for (node = node->parent; node && node->type == XML_ELEMENT_NODE; node = node->parent) {
        char *longer = g_strconcat((const char *) node->name, "/", path, NULL);

        g_free(path);
        path = longer;
    }
    return g_strdup_printf("line %ld: %s", line, path);
}

static bool is_text(const xmlNode *node)
{
    return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}

const char *document_text(const xmlNode *children, char **owned)
{
    GString *text;

    if (!children)
        return "";
    if (is_text(children) && !children->next)
        return (const char *) children->content;
    text = g_string_new(NULL);
    for (; children; children = children->next) {
        if (is_text(children))
            g_string_append(text, (const char *) children->content);
    }
    return *owned = g_string_free(text, FALSE);
}

/* A copy of the node brings the declarations along that it finds above the original. */
char *document_print(const xmlNode *node)
{
    g_autoptr(xmlDoc) document = xmlNewDoc((const xmlChar *) "1.0");
    g_autoptr(xmlBuffer) buffer = xmlBufferCreate();
    xmlNode *copy = xmlDocCopyNode((xmlNode *) node, document, 1);

    xmlDocSetRootElement(document, copy);
    xmlNodeDump(buffer, document, copy, 0, 0);
    return g_strdup((const char *) xmlBufferContent(buffer));
}

char *document_inside(const xmlNode *node)
{
    g_autoptr(GString) out = g_string_new(NULL);
    bool has_element = false;

    for (const xmlNode *child = node->children; child; child = child->next) {
        bool is_shown = child->type == XML_ELEMENT_NODE || child->type == XML_COMMENT_NODE;
        g_autofree char *text = is_shown ? document_print(child) : NULL;

        if (is_text(child))
            write_escaped(out, (const char *) child->content, false);
        else if (text)
            g_string_append(out, text);
        has_element = has_element || child->type == XML_ELEMENT_NODE;
    }
    return has_element ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

static bool take_text(const xmlNode *element, char **out, GError **error)
{
    g_autofree char *owned = NULL, *place = NULL;

    if (*out) {
        place = document_place(element);
        return fail(error, ERR_XML, "%s: there is one already", place);
    }
    *out = g_strstrip(g_strdup(document_text(element->children, &owned)));
    return true;
}

bool document_identity(const char *text, char **name, char **uuid, GError **error)
{
    g_autoptr(xmlDoc) document = document_read(text, error);
    g_autofree char *found_name = NULL, *found_uuid = NULL;

    if (!document)
        return false;
    for (const xmlNode *child = xmlDocGetRootElement(document)->children; child;
         child = child->next) {
        char **out = NULL;

        if (child->type == XML_ELEMENT_NODE && xmlStrEqual(child->name, BAD_CAST "name"))
            out = &found_name;
        else if (child->type == XML_ELEMENT_NODE && xmlStrEqual(child->name, BAD_CAST "uuid"))
            out = &found_uuid;
        if (out && !take_text(child, out, error))
            return false;
    }
    *name = g_steal_pointer(&found_name);
    *uuid = g_steal_pointer(&found_uuid);
    return true;
}
