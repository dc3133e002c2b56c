/* topology.c - processors, memory nodes and caches of this machine, as sysfs tells them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/topology.h"

#include "base/bitmap.h"
#include "base/cleanup.h"
#include "host/sysfs.h"

#include <stdlib.h>
#include <string.h>

#define CPU "/sys/devices/system/cpu"
#define NODE "/sys/devices/system/node"

/* ---- texts ---- */

static uint64_t number_in(char *text)
{
    g_autofree char *owned = text;

    return owned ? g_ascii_strtoull(owned, NULL, 10) : 0;
}

static Bitmap *set_in(char *text)
{
    g_autofree char *owned = text;

    return owned ? bitmap_parse(owned) : NULL;
}

/* The number behind "name:" in a table as /proc/meminfo is one. */
static uint64_t value_of(const char *table, const char *name)
{
    const char *at = table ? strstr(table, name) : NULL;

    return at ? g_ascii_strtoull(at + strlen(name), NULL, 10) : 0;
}

/* ---- one memory node ---- */

static void cell_free(void *data)
{
    HostCell *cell = data;

    for (guint i = 0; i < cell->threads->len; i++)
        g_free(g_array_index(cell->threads, HostThread, i).siblings);
    g_array_unref(cell->pages);
    g_array_unref(cell->distances);
    g_array_unref(cell->threads);
    g_free(cell);
}

static HostCell *cell_new(unsigned id)
{
    HostCell *cell = g_new0(HostCell, 1);

    cell->id = id;
    cell->pages = g_array_new(FALSE, FALSE, sizeof(HostPages));
    cell->distances = g_array_new(FALSE, FALSE, sizeof(HostDistance));
    cell->threads = g_array_new(FALSE, FALSE, sizeof(HostThread));
    return cell;
}

static void add_threads(HostCell *cell, const char *root, const Bitmap *cpus)
{
    for (int id = 0; id <= bitmap_last(cpus); id++) {
        HostThread thread = { .id = id };

        if (!bitmap_has(cpus, id))
            continue;
        thread.socket =
            number_in(sysfs_text_of(root, CPU "/cpu%d/topology/physical_package_id", id));
        thread.die = number_in(sysfs_text_of(root, CPU "/cpu%d/topology/die_id", id));
        thread.core = number_in(sysfs_text_of(root, CPU "/cpu%d/topology/core_id", id));
        thread.siblings = sysfs_text_of(root, CPU "/cpu%d/topology/thread_siblings_list", id);
        if (!thread.siblings)
            thread.siblings = g_strdup_printf("%d", id);
        g_array_append_val(cell->threads, thread);
    }
}

static int compare_pages(const void *a, const void *b)
{
    uint64_t x = ((const HostPages *) a)->size, y = ((const HostPages *) b)->size;

    return x < y ? -1 : x > y;
}

/* What huge pages take is no longer there as plain ones. directory holds "hugepages-2048kB" ... */
static void add_pages(HostCell *cell, const char *root, const char *directory)
{
    g_autofree char *path = g_strconcat(root, directory, NULL);
    g_autoptr(GDir) sizes = g_dir_open(path, 0, NULL);
    HostPages plain = { .size = sysconf(_SC_PAGESIZE) / 1024 };
    uint64_t huge = 0;

    for (const char *name; sizes && (name = g_dir_read_name(sizes));) {
        HostPages pages = { 0 };

        if (!g_str_has_prefix(name, "hugepages-"))
            continue;
        pages.size = g_ascii_strtoull(name + strlen("hugepages-"), NULL, 10);
        pages.count = number_in(sysfs_text_of(root, "%s/%s/nr_hugepages", directory, name));
        huge += pages.size * pages.count;
        g_array_append_val(cell->pages, pages);
    }
    plain.count = (cell->memory - MIN(huge, cell->memory)) / plain.size;
    g_array_append_val(cell->pages, plain);
    g_array_sort(cell->pages, compare_pages);
}

static void add_distances(HostCell *cell, const char *root, const Bitmap *nodes)
{
    g_autofree char *text = sysfs_text_of(root, NODE "/node%u/distance", cell->id);
    g_auto(GStrv) values = g_strsplit(text ? text : "", " ", -1);
    char **value = values;

    for (int id = 0; id <= bitmap_last(nodes) && *value; id++) {
        HostDistance distance = { .cell = id };

        if (!bitmap_has(nodes, id))
            continue;
        distance.value = strtoul(*value++, NULL, 10);
        g_array_append_val(cell->distances, distance);
    }
}

static HostCell *read_node(const char *root, unsigned id, const Bitmap *nodes)
{
    HostCell *cell = cell_new(id);
    g_autofree char *memory = sysfs_text_of(root, NODE "/node%u/meminfo", id);
    g_autofree char *sizes = g_strdup_printf(NODE "/node%u/hugepages", id);
    g_autoptr(Bitmap) cpus = set_in(sysfs_text_of(root, NODE "/node%u/cpulist", id));

    cell->memory = value_of(memory, "MemTotal:");
    add_pages(cell, root, sizes);
    add_distances(cell, root, nodes);
    if (cpus)
        add_threads(cell, root, cpus);
    return cell;
}

/* A kernel that knows no nodes: the whole machine is one. */
static HostCell *read_only_node(const char *root)
{
    HostCell *cell = cell_new(0);
    g_autofree char *memory = sysfs_text_of(root, "/proc/meminfo");
    g_autoptr(Bitmap) cpus = set_in(sysfs_text_of(root, CPU "/online"));

    cell->memory = value_of(memory, "MemTotal:");
    add_pages(cell, root, "/sys/kernel/mm/hugepages");
    if (cpus)
        add_threads(cell, root, cpus);
    return cell;
}

/* ---- how many of each ---- */

typedef enum Part { SOCKET, DIE, CORE, THREAD } Part;

/* The place of a thread down to a part: "socket/die/". */
static char *place_of(const HostThread *thread, int part)
{
    const unsigned numbers[] = { thread->socket, thread->die, thread->core, thread->id };
    g_autoptr(GString) place = g_string_new(NULL);

    for (int above = SOCKET; above <= part; above++)
        g_string_append_printf(place, "%u/", numbers[above]);
    return g_string_free(g_steal_pointer(&place), FALSE);
}

/* The most parts of one kind that one part of the kind above has. */
static unsigned count_parts(const GArray *threads, Part part)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    unsigned most = 0;

    for (guint i = 0; i < threads->len; i++) {
        const HostThread *thread = &g_array_index(threads, HostThread, i);
        char *above = place_of(thread, (int) part - 1);
        unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, above));

        if (!g_hash_table_add(seen, place_of(thread, part))) {
            g_free(above);
            continue;
        }
        most = MAX(most, count + 1);
        g_hash_table_replace(counts, above, GUINT_TO_POINTER(count + 1));
    }
    return most;
}

static void count_all(HostTopology *topology)
{
    unsigned *counts[] = { &topology->sockets, &topology->dies, &topology->cores,
                           &topology->threads };

    for (guint i = 0; i < topology->cells->len; i++) {
        const HostCell *cell = topology->cells->pdata[i];

        for (Part part = SOCKET; part <= THREAD; part++)
            *counts[part] = MAX(*counts[part], count_parts(cell->threads, part));
    }
}

/* ---- caches ---- */

static const char *type_of_cache(const char *kernel_name)
{
    if (g_strcmp0(kernel_name, "Data") == 0)
        return "data";
    return g_strcmp0(kernel_name, "Instruction") == 0 ? "code" : "both";
}

/* The cache of the last level that a processor has; its size is 0 when it has none. */
static HostCache read_last_cache(const char *root, unsigned cpu)
{
    HostCache last = { 0 };

    for (unsigned index = 0;; index++) {
        g_autofree char *directory = g_strdup_printf(CPU "/cpu%u/cache/index%u", cpu, index);
        g_autofree char *type = sysfs_text_of(root, "%s/type", directory);
        HostCache cache = { .level = number_in(sysfs_text_of(root, "%s/level", directory)) };

        if (!type)
            return last;
        if (cache.level < 3 || cache.level < last.level)
            continue;
        cache.id = number_in(sysfs_text_of(root, "%s/id", directory));
        cache.type = type_of_cache(type);
        cache.size = number_in(sysfs_text_of(root, "%s/size", directory)); /* ends in "K" */
        cache.cpus = sysfs_text_of(root, "%s/shared_cpu_list", directory);
        g_free(last.cpus);
        last = cache;
    }
}

static bool has_cache(const GArray *caches, const HostCache *cache)
{
    for (guint i = 0; i < caches->len; i++) {
        if (g_strcmp0(g_array_index(caches, HostCache, i).cpus, cache->cpus) == 0)
            return true;
    }
    return false;
}

static void add_caches(HostTopology *topology, const char *root, const HostCell *cell)
{
    for (guint i = 0; i < cell->threads->len; i++) {
        HostCache cache = read_last_cache(root, g_array_index(cell->threads, HostThread, i).id);

        if (cache.cpus && !has_cache(topology->caches, &cache))
            g_array_append_val(topology->caches, cache);
        else
            g_free(cache.cpus);
    }
}

/* ---- the whole ---- */

HostTopology *host_topology_read(const char *root, GError **error)
{
    g_autoptr(HostTopology) topology = g_new0(HostTopology, 1);
    g_autoptr(Bitmap) nodes = set_in(sysfs_text_of(root, NODE "/online"));

    topology->cells = g_ptr_array_new_with_free_func(cell_free);
    topology->caches = g_array_new(FALSE, FALSE, sizeof(HostCache));
    for (int id = 0; nodes && id <= bitmap_last(nodes); id++) {
        if (bitmap_has(nodes, id))
            g_ptr_array_add(topology->cells, read_node(root, id, nodes));
    }
    if (!nodes)
        g_ptr_array_add(topology->cells, read_only_node(root));
    count_all(topology);
    if (topology->threads == 0)
        return fail(error, ERR_OPERATION_FAILED, "cannot find the processors of this machine");
    for (guint i = 0; i < topology->cells->len; i++)
        add_caches(topology, root, topology->cells->pdata[i]);
    return g_steal_pointer(&topology);
}

void host_topology_free(HostTopology *topology)
{
    if (!topology)
        return;
    for (guint i = 0; i < topology->caches->len; i++)
        g_free(g_array_index(topology->caches, HostCache, i).cpus);
    g_array_unref(topology->caches);
    g_ptr_array_unref(topology->cells);
    g_free(topology);
}
