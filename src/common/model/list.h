/* list.h - the lists of definitions: GPtrArrays that are NULL while they are empty */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

static inline unsigned list_length(const GPtrArray *list) { return list ? list->len : 0; }

static inline void list_add(GPtrArray **list, void *item)
{
    if (!*list)
        *list = g_ptr_array_new();
    g_ptr_array_add(*list, item);
}

/* Before the item at this place; -1: at the end. */
static inline void list_insert(GPtrArray **list, int at, void *item)
{
    if (!*list)
        *list = g_ptr_array_new();
    g_ptr_array_insert(*list, at, item);
}

// clang-format off
/* for (LIST_EACH(Disk, disk, domain->disks)) ... */
#define LIST_EACH(Struct, item, list)                                                       \
    Struct **item##_at = (list) ? (Struct **) (list)->pdata : NULL,                         \
           **item##_end = item##_at ? item##_at + (list)->len : NULL,                       \
           *item = item##_at != item##_end ? *item##_at : NULL;                             \
    item##_at != item##_end;                                                                \
    item = ++item##_at != item##_end ? *item##_at : NULL
// clang-format on
