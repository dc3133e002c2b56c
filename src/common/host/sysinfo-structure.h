/* sysinfo-structure.h - one structure of the firmware's tables, and how its members are told
 *
 * The words are those of dmidecode, which others read: also for what is not said, or makes no
 * sense. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define SYSINFO_NO_SENSE "<OUT OF SPEC>"

typedef struct Structure {
    unsigned type;
    unsigned version;           /* of the tables: major << 8 | minor */
    const unsigned char *bytes; /* the formatted part, header included */
    size_t length;
    const char *texts; /* each ends with a zero byte, all with an empty one */
    size_t texts_size;
} Structure;

/* Appends the value at an offset; nothing at all is left out of the document. */
typedef void Print(GString *out, const Structure *from, size_t offset);

typedef struct Entry {
    const char *name;
    size_t offset;
    size_t least; /* A structure that is shorter does not have it. */
    Print *print;
    const char *const *names; /* or what the byte there means */
    size_t count;             /* of the names */
} Entry;

#define SYSINFO_NAMES(names) NULL, names, G_N_ELEMENTS(names)

/* Closed by an empty one. */
extern const Entry sysinfo_processor[], sysinfo_memory_device[];

static inline unsigned byte_at(const Structure *from, size_t offset) { return from->bytes[offset]; }

static inline unsigned word_at(const Structure *from, size_t offset)
{
    return byte_at(from, offset) | byte_at(from, offset + 1) << 8;
}

static inline guint32 long_at(const Structure *from, size_t offset)
{
    return word_at(from, offset) | (guint32) word_at(from, offset + 2) << 16;
}

/* The text whose number stands at the offset. */
Print sysinfo_text;

static inline const char *sysinfo_choose(const char *const *names, size_t count, unsigned value)
{
    return value < count && names[value] ? names[value] : SYSINFO_NO_SENSE;
}

#define SYSINFO_CHOOSE(names, value) sysinfo_choose(names, G_N_ELEMENTS(names), value)
