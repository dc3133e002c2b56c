/* writer.c - indentation and escaping */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/writer.h"

#include <string.h>

static void indent(Writer *writer)
{
    static const char blanks[] = "                                ";

    for (unsigned left = 2 * writer->depth; left > 0;) {
        unsigned part = MIN(left, sizeof(blanks) - 1);

        g_string_append_len(writer->out, blanks, part);
        left -= part;
    }
}

/* The end of the start tag that is open. */
static void end_tag(Writer *writer, const char *end)
{
    if (!writer->in_tag)
        return;
    if (!writer->root_end)
        writer->root_end = writer->out->len;
    g_string_append(writer->out, end);
    writer->in_tag = false;
}

void write_open(Writer *writer, const char *tag)
{
    end_tag(writer, ">\n");
    indent(writer);
    g_string_append_c(writer->out, '<');
    g_string_append(writer->out, tag);
    writer->in_tag = true;
    writer->depth++;
}

void write_attribute(Writer *writer, const char *name)
{
    g_string_append_c(writer->out, ' ');
    g_string_append(writer->out, name);
    g_string_append(writer->out, "='");
}

void write_end_attribute(Writer *writer) { g_string_append_c(writer->out, '\''); }

void write_text(Writer *writer) { end_tag(writer, ">"); }

void write_close(Writer *writer, const char *tag, bool after_text)
{
    writer->depth--;
    if (writer->in_tag) {
        end_tag(writer, "/>\n");
        return;
    }
    if (!after_text)
        indent(writer);
    g_string_append(writer->out, "</");
    g_string_append(writer->out, tag);
    g_string_append(writer->out, ">\n");
}

void write_namespace(Writer *writer, const char *prefix, const char *uri)
{
    g_autofree char *declaration = g_strdup_printf(" xmlns:%s='%s'", prefix, uri);

    for (unsigned i = 0; i < writer->declared_count; i++) {
        if (strcmp(writer->declared[i], prefix) == 0)
            return;
    }
    g_assert(writer->declared_count < G_N_ELEMENTS(writer->declared));
    writer->declared[writer->declared_count++] = prefix;
    if (!writer->root_end) {
        g_string_append(writer->out, declaration);
        return;
    }
    g_string_insert(writer->out, writer->root_end, declaration);
    writer->root_end += strlen(declaration);
}

static const char *escape_of(char c, bool in_attribute)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\'':
        return "&apos;";
    case '"':
        return "&quot;";
    case '\r':
        return "&#13;";
    case '\n':
        return in_attribute ? "&#10;" : NULL;
    case '\t':
        return in_attribute ? "&#9;" : NULL;
    default:
        return (unsigned char) c < ' ' ? "" : NULL;
    }
}

void write_escaped(GString *out, const char *text, bool in_attribute)
{
    const char *plain = text;

    for (; *text; text++) {
        const char *escape = escape_of(*text, in_attribute);

        if (!escape)
            continue;
        g_string_append_len(out, plain, text - plain);
        g_string_append(out, escape);
        plain = text + 1;
    }
    g_string_append_len(out, plain, text - plain);
}

void write_unsigned(GString *out, uint64_t value)
{
    char digits[20], *at = digits + sizeof(digits);

    do
        *--at = '0' + value % 10;
    while (value /= 10);
    g_string_append_len(out, at, digits + sizeof(digits) - at);
}

static void write_pairs(Writer *writer, va_list pairs)
{
    for (const char *name; (name = va_arg(pairs, const char *));) {
        const char *value = va_arg(pairs, const char *);

        if (!value)
            continue;
        write_attribute(writer, name);
        write_escaped(writer->out, value, true);
        write_end_attribute(writer);
    }
}

void write_start(Writer *writer, const char *tag, ...)
{
    va_list pairs;

    write_open(writer, tag);
    va_start(pairs, tag);
    write_pairs(writer, pairs);
    va_end(pairs);
}

void write_leaf(Writer *writer, const char *tag, const char *text, ...)
{
    va_list pairs;

    write_open(writer, tag);
    va_start(pairs, text);
    write_pairs(writer, pairs);
    va_end(pairs);
    if (text) {
        write_text(writer);
        write_escaped(writer->out, text, false);
    }
    write_close(writer, tag, text != NULL);
}

void write_signed(GString *out, int64_t value)
{
    if (value < 0)
        g_string_append_c(out, '-');
    write_unsigned(out, value < 0 ? -(uint64_t) value : (uint64_t) value);
}
