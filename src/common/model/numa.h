/* numa.h - the guest's NUMA cells and where their memory lies on the host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml/bind.h"

typedef enum NumaMode {
    NUMA_MODE_ABSENT,
    NUMA_STRICT,
    NUMA_PREFERRED,
    NUMA_INTERLEAVE,
    NUMA_RESTRICTIVE,
} NumaMode;
extern const char *const numa_mode_names[];

typedef enum Placement { PLACEMENT_ABSENT, PLACEMENT_STATIC, PLACEMENT_AUTO } Placement;
extern const char *const placement_names[];

typedef struct NumaDistance {
    unsigned cell, value;
} NumaDistance;

typedef struct NumaCache {
    unsigned level;
    char *associativity; /* "none", "direct", "full" */
    char *policy;        /* "none", "writeback", "writethrough" */
    uint64_t size;       /* KiB */
    uint64_t line;       /* bytes */
} NumaCache;

typedef struct NumaCell {
    Optional id; /* its place in the list when not said */
    Bitmap *cpus;
    uint64_t memory; /* KiB */
    char *access;    /* "shared", "private" */
    Switch discard;
    GPtrArray *distances; /* of NumaDistance */
    GPtrArray *caches;    /* of NumaCache */
} NumaCell;

typedef struct NumaLatency {
    unsigned initiator, target;
    Optional cache;
    char *type; /* "access", "read", "write" */
    unsigned value;
} NumaLatency;

typedef struct NumaBandwidth {
    unsigned initiator, target;
    Optional cache;
    char *type;
    uint64_t value; /* KiB/s */
} NumaBandwidth;

typedef struct GuestNuma {
    GPtrArray *cells;      /* of NumaCell */
    GPtrArray *latencies;  /* of NumaLatency */
    GPtrArray *bandwidths; /* of NumaBandwidth */
} GuestNuma;

typedef struct NumaNode {
    unsigned cell;
    NumaMode mode;
    Bitmap *nodes;
} NumaNode;

/* <numatune> */
typedef struct NumaTune {
    NumaMode mode;
    Bitmap *nodes;
    Placement placement;
    GPtrArray *cells; /* of NumaNode */
} NumaTune;

extern XmlElement guest_numa_element, numa_tune_element;
