/* topology.h - processors, memory nodes and caches of this machine, as sysfs tells them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <stdint.h>

typedef struct HostThread {
    unsigned id;
    unsigned socket, die, core;
    char *siblings; /* threads of the same core, as a list: "0,4" */
} HostThread;

typedef struct HostPages {
    uint64_t size; /* in KiB */
    uint64_t count;
} HostPages;

typedef struct HostDistance {
    unsigned cell;
    unsigned value;
} HostDistance;

typedef struct HostCell {
    unsigned id;
    uint64_t memory;   /* in KiB */
    GArray *pages;     /* of HostPages, smallest first */
    GArray *distances; /* of HostDistance */
    GArray *threads;   /* of HostThread: those that are online */
} HostCell;

typedef struct HostCache {
    unsigned id, level;
    const char *type; /* "both", "code" or "data" */
    uint64_t size;    /* in KiB */
    char *cpus;       /* those that share it, as a list */
} HostCache;

typedef struct HostTopology {
    unsigned sockets, dies, cores, threads; /* sockets of a cell, dies of a socket, ... at most */
    GPtrArray *cells;                       /* of HostCell, by id */
    GArray *caches;                         /* of HostCache: those of the last level */
} HostTopology;

/* root: "" for this machine, a directory with "sys" and "proc" for a test. */
HostTopology *host_topology_read(const char *root, GError **error);
void host_topology_free(HostTopology *topology);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostTopology, host_topology_free)
