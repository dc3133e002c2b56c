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
/* Declares a namespace on the outermost element, unless it is. */
void write_namespace(Writer *writer, const char *prefix, const char *uri);

/* Characters that no document may hold are left out. */
void write_escaped(GString *out, const char *text, bool in_attribute);
void write_unsigned(GString *out, uint64_t value);
void write_signed(GString *out, int64_t value);
