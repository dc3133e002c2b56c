/* facts.h - processors, memory and their counters, as they are at this moment
 *
 * From any thread. Nothing here is remembered but what costs much to find out and says itself when
 * it has changed: where the processors sit. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/bitmap.h"
#include "base/error.h"
#include "host/topology.h"

typedef struct NodeMemory {
    uint64_t total, free; /* in KiB */
    uint64_t buffers, cached;
} NodeMemory;

/* In nanoseconds since the machine's start. */
typedef struct CpuTimes {
    uint64_t user, kernel, idle, iowait;
} CpuTimes;

/* How nodes, processors and their parts were laid out when it was read; counted. */
typedef struct Layout {
    char *processors, *nodes; /* those online, as the kernel writes them */
    HostTopology *topology;
    unsigned online; /* how many processors */
} Layout;

/* root: "" for this machine, else a directory with "sys" and "proc". Once, before all others. */
void facts_open(const char *root);
const char *facts_root(void);

/* The layout now; NULL and an error when the kernel tells of no processor. */
Layout *layout_get(GError **error);
void layout_unref(Layout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_unref)

Bitmap *facts_present_cpus(void); /* never NULL; freed by the caller */
Bitmap *facts_online_cpus(void);
unsigned facts_mhz(void); /* of the first processor; 0: unknown */
/* False when there is no such processor, or it is not online; cpu -1: all together. In the loop. */
bool facts_cpu_times(int cpu, CpuTimes *times);

/* The machine's memory as a whole, with buffers and cached. */
NodeMemory facts_memory(void);
/* That of one node (buffers and cached stay 0); false when there is no such node. */
bool facts_cell_memory(unsigned cell, NodeMemory *memory);
/* The sum over all nodes. */
NodeMemory facts_all_cells_memory(const Layout *layout);
