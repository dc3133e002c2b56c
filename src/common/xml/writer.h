/* writer.h - indentation and escaping */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Writer {
    GString *out;
    unsigned depth;
    bool in_tag;             /* "<name" is written, its ">" is not */
    size_t root_end;         /* where a declaration of a namespace goes; 0: not known yet */
    const char *declared[4]; /* prefixes of namespaces */
    unsigned declared_count;
} Writer;

void write_open(Writer *writer, const char *tag);
/* "name='", for a value and writer_end_attribute(). */
void write_attribute(Writer *writer, const char *name);
void write_end_attribute(Writer *writer);
/* ">" of the start tag, without a new line: text follows. */
void write_text(Writer *writer);
void write_close(Writer *writer, const char *tag, bool after_text);
/* For documents that no table describes: attributes as pairs of name and value, ended by NULL; one
 * whose value is NULL is left out. write_close() ends what write_start() begins. */
void write_start(Writer *writer, const char *tag, ...) G_GNUC_NULL_TERMINATED;
/* A whole element; text NULL: it has none. */
void write_leaf(Writer *writer, const char *tag, const char *text, ...) G_GNUC_NULL_TERMINATED;
/* Declares a namespace on the outermost element, unless it is. */
void write_namespace(Writer *writer, const char *prefix, const char *uri);

/* Characters that no document may hold are left out. */
void write_escaped(GString *out, const char *text, bool in_attribute);
void write_unsigned(GString *out, uint64_t value);
void write_signed(GString *out, int64_t value);
