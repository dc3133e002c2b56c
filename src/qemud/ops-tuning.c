/* ops-tuning.c - memory that is given and taken, statistics of it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"
#include "guest/ops.h"
#include "machine.h"
#include "qmp-events.h"

/* ---- memory ---- */

static bool set_memory(Machine *vm, Domain *domain, bool live, const void *data, GError **error)
{
    uint64_t memory = *(const uint64_t *) data;
    g_autoptr(Qmp) monitor = NULL;
    g_autoptr(Json) done = NULL;

    if (memory > domain->memory)
        return fail(error, ERR_INVALID_ARG, "cannot set memory higher than max memory");
    if (live) {
        monitor = machine_monitor(vm, error);
        done = monitor ? qmp_call(monitor, "balloon",
                                  json_build("i", "value", (int64_t) memory * 1024), error)
                       : NULL;
        return done != NULL;
    }
    domain->current_memory = memory;
    return true;
}

static bool set_max_memory(Machine *, Domain *domain, bool live, const void *data, GError **error)
{
    uint64_t memory = *(const uint64_t *) data;

    if (live)
        return fail(error, ERR_OPERATION_INVALID,
                    "cannot resize the maximum memory on an active domain");
    domain->memory = memory;
    domain->current_memory = MIN(domain->current_memory, memory);
    return true;
}

bool qemu_domain_set_memory_flags(Call *call, const remote_domain_set_memory_flags_args *in, none *,
                                  GError **error)
{
    uint64_t memory = in->memory;

    return call_check_flags(call, in->flags, 7, error) &&
           ops_change(machine_of(call), in->flags,
                      in->flags & VIR_DOMAIN_MEM_MAXIMUM ? set_max_memory : set_memory, &memory,
                      error);
}

bool qemu_domain_set_memory(Call *call, const remote_domain_set_memory_args *in, none *,
                            GError **error)
{
    uint64_t memory = in->memory;

    return ops_change(machine_of(call), VIR_DOMAIN_AFFECT_LIVE, set_memory, &memory, error);
}

bool qemu_domain_set_max_memory(Call *call, const remote_domain_set_max_memory_args *in, none *,
                                GError **error)
{
    uint64_t memory = in->memory;

    return ops_change(machine_of(call), 0, set_max_memory, &memory, error);
}

static bool set_period(Machine *vm, Domain *domain, bool live, const void *data, GError **error)
{
    int period = *(const int *) data;
    Balloon *balloon = list_length(domain->balloons) ? domain->balloons->pdata[0] : NULL;
    g_autoptr(Qmp) monitor = NULL;

    if (period < 0 || !balloon || balloon->model == BALLOON_NONE)
        return fail(error, ERR_OPERATION_INVALID,
                    "Memory balloon model must be virtio to set the collection period");
    if (live) {
        monitor = machine_monitor(vm, error);
        if (!monitor || !monitor_set_stats_period(monitor, domain, period, error))
            return false;
    }
    balloon->stats_period = period;
    return true;
}

bool qemu_domain_set_memory_stats_period(Call *call,
                                         const remote_domain_set_memory_stats_period_args *in,
                                         none *, GError **error)
{
    return call_check_flags(call, in->flags, 3, error) &&
           ops_change(machine_of(call), in->flags, set_period, &in->period, error);
}

/* ---- processors ---- */

bool qemu_domain_get_scheduler_type(Call *, const remote_domain_get_scheduler_type_args *,
                                    remote_domain_get_scheduler_type_ret *out, GError **)
{
    out->type = g_strdup("posix");
    out->nparams = 0;
    return true;
}
