/* facts.c - processors, memory and their counters, as they are at this moment */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "facts.h"

#include "host/sysfs.h"
#include "object/object.h"

#include <string.h>

enum { NODE_LIMIT = 1024, CPUINFO_HEAD = 2048, ONE_LINE = 512 };

#define CPU "/sys/devices/system/cpu"
#define NODE "/sys/devices/system/node"

static struct {
    const char *root;
    KeptFile stat, meminfo, cpuinfo, present, online, nodes;
    KeptFile cells[NODE_LIMIT]; /* meminfo of each node; the paths are there from the start */
    Object layout;              /* its view is the Layout */
    gint mhz, mhz_second;       /* the speed, and when it was looked at */
} facts;

const char *facts_root(void) { return facts.root; }

static void layout_clear(void *data)
{
    Layout *layout = data;

    g_free(layout->processors);
    g_free(layout->nodes);
    host_topology_free(layout->topology);
}

void layout_unref(Layout *layout)
{
    if (layout)
        g_atomic_rc_box_release_full(layout, layout_clear);
}

void facts_open(const char *root)
{
    static const Uuid no_uuid;

    facts.root = root;
    facts.stat = kept_file(root, "/proc/stat");
    facts.meminfo = kept_file(root, "/proc/meminfo");
    facts.cpuinfo = kept_file(root, "/proc/cpuinfo");
    facts.present = kept_file(root, CPU "/present");
    facts.online = kept_file(root, CPU "/online");
    facts.nodes = kept_file(root, NODE "/online");
    for (unsigned id = 0; id < NODE_LIMIT; id++)
        facts.cells[id] = kept_file(root, NODE "/node%u/meminfo", id);
    object_init(&facts.layout, &no_uuid, "layout");
    facts.layout.clear_view = layout_clear;
}

/* ---- where the processors sit ---- */

static unsigned count_threads(const HostTopology *topology)
{
    unsigned count = 0;

    for (guint i = 0; i < topology->cells->len; i++)
        count += ((const HostCell *) topology->cells->pdata[i])->threads->len;
    return count;
}

static Layout *layout_new(char *processors, char *nodes, GError **error)
{
    g_autoptr(Layout) layout = g_atomic_rc_box_new0(Layout);

    layout->processors = processors;
    layout->nodes = nodes;
    layout->topology = host_topology_read(facts.root, error);
    if (!layout->topology)
        return NULL;
    layout->online = count_threads(layout->topology);
    return g_steal_pointer(&layout);
}

/* Two small files tell whether a processor or a node has come or gone. */
Layout *layout_get(GError **error)
{
    g_autoptr(Layout) layout = object_view(&facts.layout);
    g_autofree char *processors = kept_file_read(&facts.online, 0);
    g_autofree char *nodes = kept_file_read(&facts.nodes, 0);

    if (layout && g_strcmp0(layout->processors, processors) == 0 &&
        g_strcmp0(layout->nodes, nodes) == 0)
        return g_steal_pointer(&layout);
    layout_unref(layout);
    layout = layout_new(g_steal_pointer(&processors), g_steal_pointer(&nodes), error);
    if (layout)
        object_swap_view(&facts.layout, g_atomic_rc_box_acquire(layout));
    return g_steal_pointer(&layout);
}

/* ---- processors ---- */

static Bitmap *read_set(KeptFile *file)
{
    g_autofree char *text = kept_file_read(file, 0);
    Bitmap *set = text ? bitmap_parse(g_strchomp(text)) : NULL;

    return set ? set : bitmap_new();
}

Bitmap *facts_present_cpus(void) { return read_set(&facts.present); }

Bitmap *facts_online_cpus(void) { return read_set(&facts.online); }

/* The head of the table is enough: of the other processors nothing is asked then. */
static unsigned read_mhz(void)
{
    static const char *const names[] = { "cpu MHz\t", "clock\t", "CPU MHz" };
    g_autofree char *text = kept_file_read(&facts.cpuinfo, CPUINFO_HEAD);

    for (size_t i = 0; text && i < G_N_ELEMENTS(names); i++) {
        const char *line = strstr(text, names[i]);
        const char *colon = line ? strchr(line, ':') : NULL;

        if (colon)
            return g_ascii_strtoull(colon + 1, NULL, 10);
    }
    return 0;
}

/* It changes all the time and is the dearest of all facts, so one look at it lasts a second. */
unsigned facts_mhz(void)
{
    int now = g_get_monotonic_time() / G_USEC_PER_SEC;

    if (g_atomic_int_get(&facts.mhz_second) != now) {
        g_atomic_int_set(&facts.mhz, read_mhz());
        g_atomic_int_set(&facts.mhz_second, now);
    }
    return g_atomic_int_get(&facts.mhz);
}

/* The line of a processor; the first line is that of all. */
static const char *find_times(const char *stat, int cpu)
{
    char name[32];

    if (cpu < 0)
        return g_str_has_prefix(stat, "cpu ") ? stat + strlen("cpu ") : NULL;
    g_snprintf(name, sizeof(name), "\ncpu%d ", cpu);
    stat = strstr(stat, name);
    return stat ? stat + strlen(name) : NULL;
}

/* The kernel counts in ticks, so that nothing new is to be seen within one; to ask for each of many
 * processors in turn costs one look then. */
static const char *read_stat(int cpu)
{
    static char *text;
    static gint64 until;
    static bool whole;
    gint64 now = g_get_monotonic_time();

    if (!text || now >= until || (cpu >= 0 && !whole)) {
        g_free(text);
        text = kept_file_read(&facts.stat, cpu < 0 ? ONE_LINE : 0);
        until = now + G_USEC_PER_SEC / sysconf(_SC_CLK_TCK);
        whole = cpu >= 0;
    }
    return text;
}

bool facts_cpu_times(int cpu, CpuTimes *times)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, COLUMNS };
    const char *stat = read_stat(cpu);
    const char *at = stat ? find_times(stat, cpu) : NULL;
    uint64_t ticks[COLUMNS], tick = G_GUINT64_CONSTANT(1000000000) / sysconf(_SC_CLK_TCK);
    char *end;

    for (int i = 0; at && i < COLUMNS; i++, at = end)
        ticks[i] = g_ascii_strtoull(at, &end, 10);
    if (!at)
        return false;
    *times = (CpuTimes){
        .user = (ticks[USER] + ticks[NICE]) * tick,
        .kernel = (ticks[SYSTEM] + ticks[IRQ] + ticks[SOFTIRQ]) * tick,
        .idle = ticks[IDLE] * tick,
        .iowait = ticks[IOWAIT] * tick,
    };
    return true;
}

/* ---- memory ---- */

/* The number behind "name:" in /proc/meminfo or a node's. */
static uint64_t value_of(const char *table, const char *name)
{
    const char *at = table ? strstr(table, name) : NULL;

    return at ? g_ascii_strtoull(at + strlen(name), NULL, 10) : 0;
}

NodeMemory facts_memory(void)
{
    g_autofree char *table = kept_file_read(&facts.meminfo, 0);

    return (NodeMemory){
        .total = value_of(table, "MemTotal:"),
        .free = value_of(table, "MemFree:"),
        .buffers = value_of(table, "Buffers:"),
        .cached = value_of(table, "\nCached:"),
    };
}

bool facts_cell_memory(unsigned cell, NodeMemory *memory)
{
    g_autofree char *table =
        cell < NODE_LIMIT ? kept_file_read(&facts.cells[cell], ONE_LINE) : NULL;

    *memory = (NodeMemory){
        .total = value_of(table, "MemTotal:"),
        .free = value_of(table, "MemFree:"),
    };
    return table != NULL;
}

NodeMemory facts_all_cells_memory(const Layout *layout)
{
    NodeMemory sum = { 0 }, cell;

    for (guint i = 0; i < layout->topology->cells->len; i++) {
        if (!facts_cell_memory(((const HostCell *) layout->topology->cells->pdata[i])->id, &cell))
            return facts_memory(); /* a kernel that knows no nodes */
        sum.total += cell.total;
        sum.free += cell.free;
    }
    return sum;
}
