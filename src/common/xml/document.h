/* document.h - text to a tree of nodes, bounded against hostile input */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <libxml/tree.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* No document type, so no entities, and nothing is fetched; at most XML_SIZE_LIMIT bytes and as
 * deep as libxml2 goes without being asked (256). ERR_XML with libxml2's own words. */
xmlDoc *document_read(const char *text, GError **error);
/* The texts of the name and uuid elements of a definition, freed by the caller; NULL: it has none.
 * Two of the same are refused, as readers may differ in which one they take. */
bool document_identity(const char *text, char **name, char **uuid, GError **error);
/* "line 12: domain/devices/disk", freed by the caller. */
char *document_place(const xmlNode *node);
/* The text of an attribute's or element's children, without that of elements inside. Valid until
 * *owned, which may be set, is freed by the caller. */
const char *document_text(const xmlNode *children, char **owned);
/* The element and all within, with the namespaces it needs declared. */
char *document_print(const xmlNode *node);
/* All that is inside the element, with the namespaces it needs declared; NULL when that is no
 * element at all. */
char *document_inside(const xmlNode *node);
