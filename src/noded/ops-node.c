/* ops-node.c - the machine and its processors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "base/slot.h"
#include "facts.h"
#include "host/cpu.h"
#include "host/sysinfo.h"

bool noded_node_get_info(Call *, const none *, remote_node_get_info_ret *out, GError **error)
{
    g_autoptr(Layout) layout = layout_get(error);
    const HostTopology *topology;

    if (!layout)
        return false;
    topology = layout->topology;
    g_strlcpy(out->model, host_arch(), sizeof(out->model));
    out->memory = facts_all_cells_memory(layout).total;
    out->cpus = layout->online;
    out->mhz = facts_mhz();
    out->nodes = topology->cells->len;
    out->sockets = topology->sockets;
    out->cores = topology->dies * topology->cores;
    out->threads = topology->threads;
    /* Clients multiply these: where the parts are not alike they would count wrong. */
    if (out->nodes * out->sockets * out->cores * out->threads != out->cpus) {
        out->nodes = out->sockets = out->threads = 1;
        out->cores = out->cpus;
    }
    return true;
}

bool noded_node_get_cpu_map(Call *call, const remote_node_get_cpu_map_args *in,
                            remote_node_get_cpu_map_ret *out, GError **error)
{
    g_autoptr(Bitmap) present = facts_present_cpus(), online = facts_online_cpus();
    int count = bitmap_last(present) + 1;

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    if (count == 0)
        return fail(error, ERR_OPERATION_FAILED, "cannot find the processors of this machine");
    if (in->need_map) {
        out->cpumap.cpumap_len = (count + 7) / 8;
        out->cpumap.cpumap_val = g_malloc0(out->cpumap.cpumap_len);
        bitmap_to_bytes(online, (uint8_t *) out->cpumap.cpumap_val, out->cpumap.cpumap_len);
    }
    if (in->need_online)
        out->online = bitmap_count(online);
    out->ret = count;
    return true;
}

bool noded_node_get_cpu_stats(Call *call, const remote_node_get_cpu_stats_args *in,
                              remote_node_get_cpu_stats_ret *out, GError **error)
{
    static const struct {
        const char *name;
        size_t offset;
    } rows[] = {
        { VIR_NODE_CPU_STATS_KERNEL, SLOT(CpuTimes, kernel, uint64_t) },
        { VIR_NODE_CPU_STATS_USER, SLOT(CpuTimes, user, uint64_t) },
        { VIR_NODE_CPU_STATS_IDLE, SLOT(CpuTimes, idle, uint64_t) },
        { VIR_NODE_CPU_STATS_IOWAIT, SLOT(CpuTimes, iowait, uint64_t) },
    };
    enum { ROWS = G_N_ELEMENTS(rows) };
    CpuTimes times;

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    out->nparams = ROWS;
    if (in->nparams == 0)
        return true;
    if (in->nparams != ROWS)
        return fail(error, ERR_INVALID_ARG, "there are %d statistics of a processor, not %d", ROWS,
                    in->nparams);
    if (in->cpu_num < VIR_NODE_CPU_STATS_ALL_CPUS || !facts_cpu_times(in->cpu_num, &times))
        return fail(error, ERR_INVALID_ARG, "there is no processor %d at work", in->cpu_num);
    out->params.params_val = g_new0(remote_node_get_cpu_stats, ROWS);
    for (; out->params.params_len < ROWS; out->params.params_len++) {
        remote_node_get_cpu_stats *param = &out->params.params_val[out->params.params_len];

        param->field = g_strdup(rows[out->params.params_len].name);
        param->value = *(uint64_t *) slot_at(&times, rows[out->params.params_len].offset);
    }
    return true;
}

bool noded_connect_get_sysinfo(Call *call, const remote_connect_get_sysinfo_args *in,
                               remote_connect_get_sysinfo_ret *out, GError **error)
{
    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    out->sysinfo = host_sysinfo(facts_root(), error);
    return out->sysinfo != NULL;
}
