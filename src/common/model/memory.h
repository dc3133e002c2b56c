/* memory.h - how a guest's memory is made and limited */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml/bind.h"

typedef struct HugePage {
    uint64_t size; /* KiB */
    Bitmap *nodes; /* NULL: of the guest */
} HugePage;

typedef struct MemoryBacking {
    bool hugepages;
    GPtrArray *pages; /* of HugePage */
    bool nosharepages, locked;
    char *source;     /* "file", "anonymous", "memfd" */
    char *access;     /* "shared", "private" */
    char *allocation; /* "immediate", "ondemand" */
    unsigned allocation_threads;
    bool discard;
} MemoryBacking;

/* KiB; 0: not said */
typedef struct MemoryTune {
    uint64_t hard_limit, soft_limit, min_guarantee, swap_hard_limit;
} MemoryTune;

extern XmlElement memory_backing_element, memory_tune_element;
