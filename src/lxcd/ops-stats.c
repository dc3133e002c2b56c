/* ops-stats.c - what containers use: processors, memory, disks */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container.h"
#include "driver.h"
#include "guest/ops-iface.h"
#include "guest/ops.h"
#include "nic.h"
#include "rpc/params.h"
#include "usage.h"

#include <string.h>
#include <unistd.h>

enum {
    GROUPS = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON |
             VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK,
};

/* ---- processors ---- */

static void add_times(const Container *container, Params *params, const char *const names[3])
{
    uint64_t user, system;

    params_add_ullong(params, usage_cpu(container), "%s", names[0]);
    if (!usage_cpu_parts(container, &user, &system))
        return;
    params_add_ullong(params, user, "%s", names[1]);
    params_add_ullong(params, system, "%s", names[2]);
}

/* The unified hierarchy does not count by processor: there are so many of them, and of each nothing
 * is known. */
static bool answer_by_processor(const remote_domain_get_cpu_stats_args *in,
                                remote_domain_get_cpu_stats_ret *out, GError **error)
{
    if (in->nparams)
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "processor time is known for all processors together only: the unified "
                    "hierarchy of control groups does not count it for each");
    out->nparams = in->ncpus ? 0 : sysconf(_SC_NPROCESSORS_ONLN);
    return true;
}

bool lxc_domain_get_cpu_stats(Call *call, const remote_domain_get_cpu_stats_args *in,
                              remote_domain_get_cpu_stats_ret *out, GError **error)
{
    static const char *const names[] = { "cpu_time", "user_time", "system_time" };
    g_autoptr(Container) container = container_of(machine_of(call), error);
    g_auto(Params) params = {};

    if (!container || !call_check_flags(call, in->flags, VIR_TYPED_PARAM_STRING_OKAY, error))
        return false;
    if (in->start_cpu != -1)
        return answer_by_processor(in, out, error);
    add_times(container, &params, names);
    out->params.params_len =
        params_answer(&params, in->nparams, &out->params.params_val, &out->nparams);
    if (in->nparams)
        out->nparams = out->params.params_len;
    return true;
}

/* ---- memory ---- */

bool lxc_domain_memory_stats(Call *call, const remote_domain_memory_stats_args *in,
                             remote_domain_memory_stats_ret *out, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Container) container = container_of(vm, error);
    remote_domain_memory_stat stats[] = {
        { VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON, view_current(view)->current_memory },
        { VIR_DOMAIN_MEMORY_STAT_SWAP_IN, 0 },
        { VIR_DOMAIN_MEMORY_STAT_RSS, 0 },
    };

    if (!container || !call_check_flags(call, in->flags, 0, error))
        return false;
    stats[1].val = usage_swap(container);
    stats[2].val = usage_memory(container);
    out->stats.stats_len = MIN(in->max_stats, G_N_ELEMENTS(stats));
    out->stats.stats_val = g_memdup2(stats, sizeof(stats));
    return true;
}

/* ---- disks ---- */

static const struct {
    const char *name;   /* as the kernel calls it */
    const char *field;  /* of bulk statistics: block.N.<field> */
    const char *single; /* of the call for one disk */
} block_figures[USAGE_BLOCK_FIGURES] = {
    { "rios", "rd.reqs", VIR_DOMAIN_BLOCK_STATS_READ_REQ },
    { "rbytes", "rd.bytes", VIR_DOMAIN_BLOCK_STATS_READ_BYTES },
    { "wios", "wr.reqs", VIR_DOMAIN_BLOCK_STATS_WRITE_REQ },
    { "wbytes", "wr.bytes", VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES },
};

static const Disk *find_disk(const Domain *domain, const char *name)
{
    for (LIST_EACH(Disk, disk, domain->disks)) {
        if (g_strcmp0(disk->target, name) == 0 || g_strcmp0(disk->source.path, name) == 0)
            return disk;
    }
    return NULL;
}

/* One disk's figures, or with an empty name those of all that the container uses. */
static bool block_stats(Machine *vm, const char *name, uint64_t *figures, GError **error)
{
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Container) container = container_of(vm, error);
    const Disk *disk = container && *name ? find_disk(view->live->domain, name) : NULL;

    if (!container)
        return false;
    if (*name && !disk)
        return fail(error, ERR_INVALID_ARG, "invalid path: %s", name);
    return usage_block(container, disk ? disk->source.path : NULL, figures, error);
}

bool lxc_domain_block_stats(Call *call, const remote_domain_block_stats_args *in,
                            remote_domain_block_stats_ret *out, GError **error)
{
    uint64_t figures[USAGE_BLOCK_FIGURES] = {};

    if (!block_stats(machine_of(call), in->path, figures, error))
        return false;
    *out = (remote_domain_block_stats_ret){ .rd_req = figures[0],
                                            .rd_bytes = figures[1],
                                            .wr_req = figures[2],
                                            .wr_bytes = figures[3],
                                            .errs = -1 };
    return true;
}

bool lxc_domain_block_stats_flags(Call *call, const remote_domain_block_stats_flags_args *in,
                                  remote_domain_block_stats_flags_ret *out, GError **error)
{
    uint64_t figures[USAGE_BLOCK_FIGURES] = {};
    g_auto(Params) params = {};

    if (!call_check_flags(call, in->flags, VIR_TYPED_PARAM_STRING_OKAY, error) ||
        !block_stats(machine_of(call), in->path, figures, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(block_figures); i++)
        params_add_llong(&params, figures[i], "%s", block_figures[i].single);
    out->params.params_len =
        params_answer(&params, in->nparams, &out->params.params_val, &out->nparams);
    return true;
}

/* ---- many at once ---- */

typedef struct Survey {
    const View *view;
    const Domain *domain;
    const Container *container; /* NULL: it does not run */
} Survey;

static void add_state(const Survey *s, Params *params)
{
    params_add_int(params, s->view->state, "state.state");
    params_add_int(params, s->view->reason, "state.reason");
}

static void add_cpu(const Survey *s, Params *params)
{
    static const char *const names[] = { "cpu.time", "cpu.user", "cpu.system" };

    if (s->container)
        add_times(s->container, params, names);
}

static void add_balloon(const Survey *s, Params *params)
{
    params_add_ullong(params, s->domain->current_memory, "balloon.current");
    params_add_ullong(params, s->domain->memory, "balloon.maximum");
    if (s->container)
        params_add_ullong(params, usage_memory(s->container), "balloon.rss");
}

static void add_vcpu(const Survey *s, Params *params)
{
    params_add_uint(params, ops_current_vcpus(s->domain), "vcpu.current");
    params_add_uint(params, s->domain->vcpus, "vcpu.maximum");
}

static void add_interface(const Survey *s, Params *params)
{
    unsigned number = 0;

    params_add_uint(params, list_length(s->domain->interfaces), "net.count");
    for (LIST_EACH(Iface, iface, s->domain->interfaces)) {
        LinkTraffic received, sent;

        params_add_string(params, iface->target ? iface->target : iface->guest_actual,
                          "net.%u.name", number);
        if (s->container && nic_count(s->container, iface, &received, &sent, NULL)) {
            params_add_traffic(params, number, "rx", &received);
            params_add_traffic(params, number, "tx", &sent);
        }
        number++;
    }
}

static void add_block(const Survey *s, Params *params)
{
    unsigned number = 0;

    params_add_uint(params, list_length(s->domain->disks), "block.count");
    for (LIST_EACH(Disk, disk, s->domain->disks)) {
        uint64_t figures[USAGE_BLOCK_FIGURES] = {};

        params_add_string(params, disk->target, "block.%u.name", number);
        params_add_string(params, disk->source.path, "block.%u.path", number);
        if (s->container && usage_block(s->container, disk->source.path, figures, NULL)) {
            for (size_t i = 0; i < G_N_ELEMENTS(block_figures); i++)
                params_add_ullong(params, figures[i], "block.%u.%s", number,
                                  block_figures[i].field);
        }
        number++;
    }
}

static const struct {
    unsigned bit;
    void (*add)(const Survey *s, Params *params);
} groups_of_figures[] = {
    { VIR_DOMAIN_STATS_STATE, add_state },         { VIR_DOMAIN_STATS_CPU_TOTAL, add_cpu },
    { VIR_DOMAIN_STATS_BALLOON, add_balloon },     { VIR_DOMAIN_STATS_VCPU, add_vcpu },
    { VIR_DOMAIN_STATS_INTERFACE, add_interface }, { VIR_DOMAIN_STATS_BLOCK, add_block },
};

static void fill_record(Machine *vm, unsigned groups, remote_domain_stats_record *record)
{
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Container) container = container_of(vm, NULL);
    Survey survey = { view, view_current(view), container };
    g_auto(Params) params = {};

    for (size_t i = 0; i < G_N_ELEMENTS(groups_of_figures); i++) {
        if (groups & groups_of_figures[i].bit)
            groups_of_figures[i].add(&survey, &params);
    }
    record->dom = ops_reference(vm);
    record->params.params_len = params_take(&params, &record->params.params_val);
}

bool lxc_connect_get_all_domain_stats(Call *call,
                                      const remote_connect_get_all_domain_stats_args *in,
                                      remote_connect_get_all_domain_stats_ret *out, GError **error)
{
    unsigned groups;
    g_autoptr(GPtrArray) list = ops_surveyed(call, in, GROUPS, &groups, error);

    if (!list)
        return false;
    out->ret_stats.ret_stats_val = g_new0(remote_domain_stats_record, list->len);
    out->ret_stats.ret_stats_len = list->len;
    for (guint i = 0; i < list->len; i++)
        fill_record(list->pdata[i], groups, &out->ret_stats.ret_stats_val[i]);
    return true;
}
