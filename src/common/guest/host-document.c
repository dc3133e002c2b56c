/* host-document.c - the host's part of <capabilities>, the same for every kind of guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/host-document.h"

#include "host/resctrl.h"
#include "host/sleep.h"

/* A number as text that lives as long as the calling function's block. */
#define NUMBER(value) number((char[24]){ 0 }, value)

static const char *number(char text[24], uint64_t value)
{
    g_snprintf(text, 24, "%" G_GUINT64_FORMAT, value);
    return text;
}

void host_write_pages(Writer *w, const HostTopology *topology)
{
    const HostCell *cell = topology->cells->pdata[0];

    for (guint i = 0; i < cell->pages->len; i++)
        write_leaf(w, "pages", NULL, "unit", "KiB", "size",
                   NUMBER(g_array_index(cell->pages, HostPages, i).size), NULL);
}

/* ---- memory nodes ---- */

static void write_cell_pages(Writer *w, const HostCell *cell)
{
    for (guint i = 0; i < cell->pages->len; i++) {
        const HostPages *pages = &g_array_index(cell->pages, HostPages, i);

        write_leaf(w, "pages", NUMBER(pages->count), "unit", "KiB", "size", NUMBER(pages->size),
                   NULL);
    }
}

static void write_distances(Writer *w, const HostCell *cell)
{
    if (cell->distances->len == 0)
        return;
    write_start(w, "distances", NULL);
    for (guint i = 0; i < cell->distances->len; i++) {
        const HostDistance *distance = &g_array_index(cell->distances, HostDistance, i);

        write_leaf(w, "sibling", NULL, "id", NUMBER(distance->cell), "value",
                   NUMBER(distance->value), NULL);
    }
    write_close(w, "distances", false);
}

static void write_threads(Writer *w, const HostCell *cell)
{
    write_start(w, "cpus", "num", NUMBER(cell->threads->len), NULL);
    for (guint i = 0; i < cell->threads->len; i++) {
        const HostThread *thread = &g_array_index(cell->threads, HostThread, i);

        write_leaf(w, "cpu", NULL, "id", NUMBER(thread->id), "socket_id", NUMBER(thread->socket),
                   "die_id", NUMBER(thread->die), "core_id", NUMBER(thread->core), "siblings",
                   thread->siblings, NULL);
    }
    write_close(w, "cpus", false);
}

void host_write_cells(Writer *w, const HostTopology *topology)
{
    write_start(w, "topology", NULL);
    write_start(w, "cells", "num", NUMBER(topology->cells->len), NULL);
    for (guint i = 0; i < topology->cells->len; i++) {
        const HostCell *cell = topology->cells->pdata[i];

        write_start(w, "cell", "id", NUMBER(cell->id), NULL);
        write_leaf(w, "memory", NUMBER(cell->memory), "unit", "KiB", NULL);
        write_cell_pages(w, cell);
        write_distances(w, cell);
        write_threads(w, cell);
        write_close(w, "cell", false);
    }
    write_close(w, "cells", false);
    write_close(w, "topology", false);
}

/* ---- caches and memory bandwidth ---- */

static const char *in_unit(uint64_t kib, bool mib, char text[24])
{
    return number(text, mib ? kib / 1024 : kib);
}
#define IN_UNIT(kib, mib) in_unit(kib, mib, (char[24]){ 0 })

static void write_share(Writer *w, const HostCache *cache, const HostShare *share)
{
    uint64_t granularity = cache->size / share->parts, least = granularity * share->least;
    bool mib = granularity % 1024 == 0;

    write_leaf(w, "control", NULL, "granularity", IN_UNIT(granularity, mib), "min",
               least != granularity ? IN_UNIT(least, mib) : NULL, "unit", mib ? "MiB" : "KiB",
               "type", share->type, "maxAllocs", NUMBER(share->groups), NULL);
}

static void write_bank(Writer *w, const HostCache *cache, const HostShare *shares, unsigned count)
{
    bool mib = cache->size % 1024 == 0;

    write_start(w, "bank", "id", NUMBER(cache->id), "level", NUMBER(cache->level), "type",
                cache->type, "size", IN_UNIT(cache->size, mib), "unit", mib ? "MiB" : "KiB", "cpus",
                cache->cpus, NULL);
    for (unsigned i = 0; i < count; i++)
        write_share(w, cache, &shares[i]);
    write_close(w, "bank", false);
}

static bool measures(const HostMonitor *monitor, const char *prefix)
{
    for (char **name = monitor ? monitor->features : NULL; name && *name; name++) {
        if (g_str_has_prefix(*name, prefix))
            return true;
    }
    return false;
}

/* level: of a cache; NULL: of memory. */
static void write_monitor(Writer *w, const HostMonitor *monitor, const char *prefix,
                          const char *level)
{
    if (!measures(monitor, prefix))
        return;
    write_start(w, "monitor", "level", level, "reuseThreshold",
                level ? NUMBER(monitor->threshold) : NULL, "maxMonitors", NUMBER(monitor->groups),
                NULL);
    for (char **name = monitor->features; *name; name++) {
        if (g_str_has_prefix(*name, prefix))
            write_leaf(w, "feature", NULL, "name", *name, NULL);
    }
    write_close(w, "monitor", false);
}

static void write_bandwidth(Writer *w, const HostTopology *topology, const HostMonitor *monitor,
                            const char *root)
{
    HostBandwidth bandwidth;
    bool limited = host_bandwidth(root, &bandwidth);

    if (!limited && !measures(monitor, "mbm_"))
        return;
    write_start(w, "memory_bandwidth", NULL);
    for (guint i = 0; limited && i < topology->caches->len; i++) {
        const HostCache *cache = &g_array_index(topology->caches, HostCache, i);

        write_start(w, "node", "id", NUMBER(cache->id), "cpus", cache->cpus, NULL);
        write_leaf(w, "control", NULL, "granularity", NUMBER(bandwidth.granularity), "min",
                   NUMBER(bandwidth.least), "maxAllocs", NUMBER(bandwidth.groups), NULL);
        write_close(w, "node", false);
    }
    write_monitor(w, monitor, "mbm_", NULL);
    write_close(w, "memory_bandwidth", false);
}

void host_write_caches(Writer *w, const HostTopology *topology, const char *root)
{
    g_autoptr(HostMonitor) monitor = host_monitor(root);
    HostShare shares[2];
    unsigned count = host_cache_shares(root, shares);

    if (topology->caches->len == 0)
        return;
    write_start(w, "cache", NULL);
    for (guint i = 0; i < topology->caches->len; i++)
        write_bank(w, &g_array_index(topology->caches, HostCache, i), shares, count);
    write_monitor(w, monitor, "llc_", "3");
    write_close(w, "cache", false);
    write_bandwidth(w, topology, monitor, root);
}

/* ---- the rest of the host ---- */

void host_write_sleep(Writer *w, const char *root)
{
    static const char *const names[] = {
        [SLEEP_MEMORY] = "suspend_mem",
        [SLEEP_DISK] = "suspend_disk",
        [SLEEP_HYBRID] = "suspend_hybrid",
    };
    unsigned kinds = host_sleep_kinds(root);

    write_start(w, "power_management", NULL);
    for (HostSleep kind = 0; kind < SLEEP_KINDS; kind++) {
        if (kinds & 1u << kind)
            write_leaf(w, names[kind], NULL, NULL);
    }
    write_close(w, "power_management", false);
}

void host_write_iommu(Writer *w, const char *root)
{
    g_autofree char *path = g_strconcat(root, "/sys/kernel/iommu_groups", NULL);
    g_autoptr(GDir) groups = g_dir_open(path, 0, NULL);

    write_leaf(w, "iommu", NULL, "support", groups && g_dir_read_name(groups) ? "yes" : "no", NULL);
}

void host_write_secmodel(Writer *w, const char *model, const char *label)
{
    write_start(w, "secmodel", NULL);
    write_leaf(w, "model", model, NULL);
    write_leaf(w, "doi", "0", NULL);
    if (label) {
        write_leaf(w, "baselabel", label, "type", "kvm", NULL);
        write_leaf(w, "baselabel", label, "type", "qemu", NULL);
    }
    write_close(w, "secmodel", false);
}
