/* ops-memory.c - the machine's memory: how much, where, of what pages, what is shared */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "base/slot.h"
#include "facts.h"
#include "host/sysfs.h"
#include "rpc/params.h"

#include <fcntl.h>

#define NODE "/sys/devices/system/node"
#define KSM "/sys/kernel/mm/ksm"

/* ---- counters ---- */

bool noded_node_get_memory_stats(Call *call, const remote_node_get_memory_stats_args *in,
                                 remote_node_get_memory_stats_ret *out, GError **error)
{
    static const struct {
        const char *name;
        size_t offset;
    } rows[] = {
        { VIR_NODE_MEMORY_STATS_TOTAL, SLOT(NodeMemory, total, uint64_t) },
        { VIR_NODE_MEMORY_STATS_FREE, SLOT(NodeMemory, free, uint64_t) },
        { VIR_NODE_MEMORY_STATS_BUFFERS, SLOT(NodeMemory, buffers, uint64_t) },
        { VIR_NODE_MEMORY_STATS_CACHED, SLOT(NodeMemory, cached, uint64_t) },
    };
    bool all = in->cell_num == VIR_NODE_MEMORY_STATS_ALL_CELLS;
    int count = all ? G_N_ELEMENTS(rows) : 2;
    NodeMemory memory;

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    out->nparams = count;
    if (!all && !facts_cell_memory(in->cell_num, &memory))
        return fail(error, ERR_INVALID_ARG, "there is no memory node %d", in->cell_num);
    if (in->nparams == 0)
        return true;
    if (in->nparams != count)
        return fail(error, ERR_INVALID_ARG, "there are %d statistics of this memory, not %d", count,
                    in->nparams);
    if (all)
        memory = facts_memory();
    out->params.params_val = g_new0(remote_node_get_memory_stats, count);
    for (; out->params.params_len < (unsigned) count; out->params.params_len++) {
        remote_node_get_memory_stats *param = &out->params.params_val[out->params.params_len];

        param->field = g_strdup(rows[out->params.params_len].name);
        param->value = *(uint64_t *) slot_at(&memory, rows[out->params.params_len].offset);
    }
    return true;
}

bool noded_node_get_free_memory(Call *, const none *, remote_node_get_free_memory_ret *out,
                                GError **error)
{
    g_autoptr(Layout) layout = layout_get(error);

    if (!layout)
        return false;
    out->free_mem = facts_all_cells_memory(layout).free * 1024;
    return true;
}

/* ---- nodes from one number on ---- */

static const HostCell *cell_at(const Layout *layout, guint i)
{
    return layout->topology->cells->pdata[i];
}

/* Where the node with this number, or the next higher one, stands in the layout. */
static bool find_cell(const Layout *layout, int id, guint *index, GError **error)
{
    const GPtrArray *cells = layout->topology->cells;

    for (*index = 0; *index < cells->len; (*index)++) {
        if (id >= 0 && cell_at(layout, *index)->id >= (unsigned) id)
            return true;
    }
    return fail(error, ERR_INTERNAL, "there is no memory node %d, the last one is %u", id,
                cell_at(layout, cells->len - 1)->id);
}

bool noded_node_get_cells_free_memory(Call *, const remote_node_get_cells_free_memory_args *in,
                                      remote_node_get_cells_free_memory_ret *out, GError **error)
{
    g_autoptr(Layout) layout = layout_get(error);
    guint first, count;

    if (in->maxcells <= 0 || in->maxcells > REMOTE_NODE_MAX_CELLS)
        return fail(error, ERR_INVALID_ARG, "%d nodes cannot be asked for", in->maxcells);
    if (!layout || !find_cell(layout, in->start_cell, &first, error))
        return false;
    count = MIN((guint) in->maxcells, layout->topology->cells->len - first);
    out->cells.cells_len = count;
    out->cells.cells_val = g_new0(u_quad_t, count);
    for (guint i = 0; i < count; i++) {
        NodeMemory memory;

        if (!facts_cell_memory(cell_at(layout, first + i)->id, &memory))
            memory = facts_memory();
        out->cells.cells_val[i] = memory.free * 1024;
    }
    return true;
}

/* ---- pages ---- */

/* Where the huge pages of a node are counted; cell -1: those of the whole machine. */
static char *pool_of(int cell, unsigned page_kib)
{
    if (cell < 0)
        return g_strdup_printf("%s/sys/kernel/mm/hugepages/hugepages-%ukB", facts_root(), page_kib);
    return g_strdup_printf("%s" NODE "/node%d/hugepages/hugepages-%ukB", facts_root(), cell,
                           page_kib);
}

static unsigned plain_page_kib(void) { return sysconf(_SC_PAGESIZE) / 1024; }

static bool read_pool(int cell, unsigned page_kib, const char *name, int64_t *count, GError **error)
{
    g_autofree char *pool = pool_of(cell, page_kib);
    g_autofree char *path = g_build_filename(pool, name, NULL);

    return sysfs_number(AT_FDCWD, path, 10, count) ||
           fail(error, ERR_OPERATION_FAILED, "page size %u is not available on node %d", page_kib,
                cell);
}

static bool count_free(const Layout *layout, int cell, unsigned page_kib, u_quad_t *count,
                       GError **error)
{
    NodeMemory memory;
    int64_t huge;

    if (page_kib == plain_page_kib()) {
        if (cell < 0 || !facts_cell_memory(cell, &memory))
            memory = facts_all_cells_memory(layout);
        *count = memory.free / page_kib;
        return true;
    }
    if (!read_pool(cell, page_kib, "free_hugepages", &huge, error))
        return false;
    *count = huge;
    return true;
}

/* Calls work() for each node that a call names: count of them from start on, as far as there are
 * any; start -1 is the whole machine. */
typedef bool CellWork(const Layout *layout, int cell, void *data, GError **error);

static bool for_cells(int start, unsigned count, CellWork *work, void *data, GError **error)
{
    g_autoptr(Layout) layout = layout_get(error);
    guint first;

    if (!layout)
        return false;
    if (start == -1)
        return work(layout, -1, data, error);
    if (!find_cell(layout, start, &first, error))
        return false;
    for (guint i = first; i < layout->topology->cells->len && i - first < count; i++) {
        if (!work(layout, cell_at(layout, i)->id, data, error))
            return false;
    }
    return true;
}

typedef struct FreePages {
    const remote_node_get_free_pages_args *in;
    remote_node_get_free_pages_ret *out;
} FreePages;

static bool add_free_pages(const Layout *layout, int cell, void *data, GError **error)
{
    FreePages *pages = data;

    for (unsigned i = 0; i < pages->in->pages.pages_len; i++) {
        u_quad_t *count = &pages->out->counts.counts_val[pages->out->counts.counts_len];

        if (!count_free(layout, cell, pages->in->pages.pages_val[i], count, error))
            return false;
        pages->out->counts.counts_len++;
    }
    return true;
}

bool noded_node_get_free_pages(Call *call, const remote_node_get_free_pages_args *in,
                               remote_node_get_free_pages_ret *out, GError **error)
{
    FreePages pages = { in, out };

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    if (in->pages.pages_len == 0 || in->cell_count == 0 ||
        in->cell_count > REMOTE_NODE_MAX_CELLS / in->pages.pages_len)
        return fail(error, ERR_INVALID_ARG, "%u sizes of pages on %u nodes cannot be asked for",
                    in->pages.pages_len, in->cell_count);
    out->counts.counts_val = g_new0(u_quad_t, in->pages.pages_len * in->cell_count);
    return for_cells(in->start_cell, in->cell_count, add_free_pages, &pages, error);
}

/* The kernel gives what it can: that it gave less is found out by reading it back. */
static bool allocate(int cell, unsigned page_kib, uint64_t wanted, bool add, GError **error)
{
    g_autofree char *pool = NULL, *path = NULL, *text = NULL;
    int64_t now, before = 0;

    if (page_kib == plain_page_kib())
        return fail(error, ERR_OPERATION_UNSUPPORTED, "plain pages are not in a pool");
    if (!read_pool(cell, page_kib, "nr_hugepages", &now, error))
        return false;
    if (add)
        before = now;
    pool = pool_of(cell, page_kib);
    path = g_build_filename(pool, "nr_hugepages", NULL);
    text = g_strdup_printf("%" G_GUINT64_FORMAT, before + wanted);
    if (!sysfs_write(path, text, error) || !read_pool(cell, page_kib, "nr_hugepages", &now, error))
        return false;
    if ((uint64_t) now != before + wanted)
        return fail(error, ERR_OPERATION_FAILED,
                    "only %" G_GINT64_FORMAT " of %" G_GUINT64_FORMAT
                    " pages of %u KiB could be had on node %d",
                    now - before, wanted, page_kib, cell);
    return true;
}

typedef struct AllocPages {
    const remote_node_alloc_pages_args *in;
    int done; /* how many nodes */
} AllocPages;

static bool alloc_on_cell(const Layout *, int cell, void *data, GError **error)
{
    AllocPages *pages = data;
    const remote_node_alloc_pages_args *in = pages->in;

    for (unsigned i = 0; i < in->page_sizes.page_sizes_len; i++) {
        if (!allocate(cell, in->page_sizes.page_sizes_val[i], in->page_counts.page_counts_val[i],
                      !(in->flags & VIR_NODE_ALLOC_PAGES_SET), error))
            return false;
        pages->done++;
    }
    return true;
}

bool noded_node_alloc_pages(Call *call, const remote_node_alloc_pages_args *in,
                            remote_node_alloc_pages_ret *out, GError **error)
{
    AllocPages pages = { .in = in };

    if (!call_check_flags(call, in->flags, VIR_NODE_ALLOC_PAGES_SET, error))
        return false;
    if (in->page_sizes.page_sizes_len == 0 || in->cell_count == 0 ||
        in->page_sizes.page_sizes_len != in->page_counts.page_counts_len)
        return fail(error, ERR_INVALID_ARG, "%u counts of %u sizes of pages on %u nodes",
                    in->page_counts.page_counts_len, in->page_sizes.page_sizes_len, in->cell_count);
    if (!for_cells(in->start_cell, in->cell_count, alloc_on_cell, &pages, error))
        return false;
    out->ret = pages.done;
    return true;
}

/* ---- pages that guests share ---- */

static const struct KsmRow {
    const char *name, *file;
    bool is_wide; /* 64 bits */
    bool settable;
} ksm_rows[] = {
    { VIR_NODE_MEMORY_SHARED_PAGES_TO_SCAN, "pages_to_scan", .settable = true },
    { VIR_NODE_MEMORY_SHARED_SLEEP_MILLISECS, "sleep_millisecs", .settable = true },
    { VIR_NODE_MEMORY_SHARED_PAGES_SHARED, "pages_shared", .is_wide = true },
    { VIR_NODE_MEMORY_SHARED_PAGES_SHARING, "pages_sharing", .is_wide = true },
    { VIR_NODE_MEMORY_SHARED_PAGES_UNSHARED, "pages_unshared", .is_wide = true },
    { VIR_NODE_MEMORY_SHARED_PAGES_VOLATILE, "pages_volatile", .is_wide = true },
    { VIR_NODE_MEMORY_SHARED_FULL_SCANS, "full_scans", .is_wide = true },
    { VIR_NODE_MEMORY_SHARED_MERGE_ACROSS_NODES, "merge_across_nodes", .settable = true },
};

bool noded_node_get_memory_parameters(Call *call, const remote_node_get_memory_parameters_args *in,
                                      remote_node_get_memory_parameters_ret *out, GError **error)
{
    g_autofree char *path = g_strconcat(facts_root(), KSM, NULL);
    g_auto(Fd) directory = sysfs_open(AT_FDCWD, path);
    g_auto(Params) params = { 0 };

    if (!call_check_flags(call, in->flags, VIR_TYPED_PARAM_STRING_OKAY, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(ksm_rows); i++) {
        int64_t value;

        if (!sysfs_number(directory, ksm_rows[i].file, 10, &value))
            continue; /* an older kernel */
        if (ksm_rows[i].is_wide)
            params_add_ullong(&params, value, "%s", ksm_rows[i].name);
        else
            params_add_uint(&params, value, "%s", ksm_rows[i].name);
    }
    out->params.params_len =
        params_answer(&params, in->nparams, &out->params.params_val, &out->nparams);
    return true;
}

static bool set_ksm(const remote_typed_param *param, bool really, GError **error)
{
    const struct KsmRow *row = NULL;
    g_autofree char *path = NULL, *text = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(ksm_rows); i++) {
        if (ksm_rows[i].settable && g_str_equal(ksm_rows[i].name, param->field))
            row = &ksm_rows[i];
    }
    if (!row)
        return fail(error, ERR_ARGUMENT_UNSUPPORTED, "parameter '%s' not supported", param->field);
    if (param->value.type != REMOTE_TYPED_PARAM_UINT)
        return fail(error, ERR_INVALID_ARG, "parameter '%s' must be an unsigned number",
                    param->field);
    if (!really)
        return true;
    path = g_strconcat(facts_root(), KSM "/", row->file, NULL);
    text = g_strdup_printf("%u", param->value.remote_typed_param_value_u.ui);
    return sysfs_write(path, text, error);
}

/* All are looked at before the first one is set. */
bool noded_node_set_memory_parameters(Call *call, const remote_node_set_memory_parameters_args *in,
                                      none *, GError **error)
{
    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    for (int really = 0; really <= 1; really++) {
        for (unsigned i = 0; i < in->params.params_len; i++) {
            if (!set_ksm(&in->params.params_val[i], really, error))
                return false;
        }
    }
    return true;
}
