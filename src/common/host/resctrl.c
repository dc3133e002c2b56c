/* resctrl.c - what of caches and memory bandwidth can be set aside, and what of them is measured */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/resctrl.h"

#include "base/cleanup.h"
#include "host/sysfs.h"

#include <fcntl.h>

static int open_info(const char *root, const char *name)
{
    g_autofree char *path = g_strconcat(root, "/sys/fs/resctrl/info/", name, NULL);

    return sysfs_open(AT_FDCWD, path);
}

static uint64_t number(int info, const char *name, unsigned base)
{
    int64_t value = 0;

    (void) sysfs_number(info, name, base, &value);
    return value;
}

static bool read_share(const char *root, const char *name, const char *type, HostShare *share)
{
    g_auto(Fd) info = open_info(root, name);

    if (info < 0)
        return false;
    *share = (HostShare){
        .type = type,
        .parts = __builtin_popcountll(number(info, "cbm_mask", 16)),
        .least = number(info, "min_cbm_bits", 10),
        .groups = number(info, "num_closids", 10),
    };
    return share->parts > 0;
}

unsigned host_cache_shares(const char *root, HostShare shares[2])
{
    static const char *const kinds[][2] = { { "L3", "both" },
                                            { "L3CODE", "code" },
                                            { "L3DATA", "data" } };
    unsigned count = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(kinds) && count < 2; i++)
        count += read_share(root, kinds[i][0], kinds[i][1], &shares[count]);
    return count;
}

bool host_bandwidth(const char *root, HostBandwidth *bandwidth)
{
    g_auto(Fd) info = open_info(root, "MB");

    if (info < 0)
        return false;
    *bandwidth = (HostBandwidth){
        .granularity = number(info, "bandwidth_gran", 10),
        .least = number(info, "min_bandwidth", 10),
        .groups = number(info, "num_closids", 10),
    };
    return true;
}

HostMonitor *host_monitor(const char *root)
{
    g_auto(Fd) info = open_info(root, "L3_MON");
    g_autofree char *features = NULL;
    HostMonitor *monitor;

    if (info < 0)
        return NULL;
    features = sysfs_text(info, "mon_features");
    monitor = g_new0(HostMonitor, 1);
    monitor->groups = number(info, "num_rmids", 10);
    monitor->threshold = number(info, "max_threshold_occupancy", 10);
    monitor->features = g_strsplit(features ? features : "", "\n", -1);
    return monitor;
}

void host_monitor_free(HostMonitor *monitor)
{
    if (!monitor)
        return;
    g_strfreev(monitor->features);
    g_free(monitor);
}
