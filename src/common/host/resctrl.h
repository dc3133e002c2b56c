/* resctrl.h - what of caches and memory bandwidth can be set aside, and what of them is measured
 *
 * As the file system "resctrl" tells it, where that is mounted. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct HostShare {
    const char *type;      /* of what: "both", "code" or "data" */
    unsigned parts, least; /* how many a cache has, and how many of them one group gets at least */
    unsigned groups;       /* at most */
} HostShare;
/* Those of caches of the third level: none, one, or one for code and one for data. */
unsigned host_cache_shares(const char *root, HostShare shares[2]);

typedef struct HostBandwidth {
    unsigned granularity, least; /* in percent */
    unsigned groups;
} HostBandwidth;
/* False when memory bandwidth cannot be limited. */
bool host_bandwidth(const char *root, HostBandwidth *bandwidth);

typedef struct HostMonitor {
    unsigned groups;    /* at most */
    uint64_t threshold; /* in bytes: what a group may still hold when its number is given away */
    char **features;    /* ended by NULL */
} HostMonitor;
/* NULL: nothing is measured. */
HostMonitor *host_monitor(const char *root);
void host_monitor_free(HostMonitor *monitor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostMonitor, host_monitor_free)
