/* slot.h - where a member lies in its struct, for tables that describe structs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

// clang-format off
/* Offset of the member; refuses to compile when the member is not of the given type. */
#define SLOT(Struct, member, ctype)                                                       \
    (offsetof(Struct, member) + 0 * sizeof(char[__builtin_types_compatible_p(             \
                                    __typeof__(((Struct *) 0)->member), ctype) ? 1 : -1]))

/* The same for an enum, which has the size of an int but a type of its own. */
#define SLOT_ENUM(Struct, member) \
    (offsetof(Struct, member) +   \
     0 * sizeof(char[sizeof(((Struct *) 0)->member) == sizeof(int) ? 1 : -1]))
// clang-format on

/* The member that a table's offset names, of whatever type the table says. */
static inline void *slot_at(const void *object, size_t offset) { return (char *) object + offset; }
