/* ops-job.c - what is told of a guest's long job, and its early end */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "job.h"
#include "migrate.h"

/* Of the job that runs, with what QEMU says of it. */
static bool look(Machine *vm, JobFigures *figures, GError **error)
{
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Qmp) monitor = NULL;
    g_autoptr(Json) answer = NULL;

    if (!view_check_active(view, error))
        return false;
    *figures = job_running(vm);
    if (figures->operation != VIR_DOMAIN_JOB_OPERATION_SAVE)
        return true;
    monitor = machine_monitor(vm, error);
    answer = monitor ? qmp_call(monitor, "query-migrate", NULL, error) : NULL;
    if (answer)
        job_measure(figures, answer);
    return answer != NULL;
}

bool qemu_domain_get_job_info(Call *call, const remote_domain_get_job_info_args *,
                              remote_domain_get_job_info_ret *out, GError **error)
{
    JobFigures figures;

    if (!look(machine_of(call), &figures, error))
        return false;
    *out = (remote_domain_get_job_info_ret){
        .type = figures.type,
        .time_elapsed = figures.elapsed,
        .data_total = figures.total,
        .data_processed = figures.processed,
        .data_remaining = figures.remaining,
        .mem_total = figures.total,
        .mem_processed = figures.processed,
        .mem_remaining = figures.remaining,
    };
    return true;
}

bool qemu_domain_get_job_stats(Call *call, const remote_domain_get_job_stats_args *in,
                               remote_domain_get_job_stats_ret *out, GError **error)
{
    unsigned both = VIR_DOMAIN_JOB_STATS_COMPLETED | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED;
    g_auto(Params) params = {};
    JobFigures figures;

    if (!call_check_flags(call, in->flags, both, error))
        return false;
    if (in->flags & VIR_DOMAIN_JOB_STATS_COMPLETED)
        figures = job_completed(machine_of(call), in->flags & VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED);
    else if (!look(machine_of(call), &figures, error))
        return false;
    out->type = figures.type;
    if (figures.type == VIR_DOMAIN_JOB_NONE)
        return true;
    job_list(&figures, &params);
    out->params.params_len = params_take(&params, &out->params.params_val);
    return true;
}

static bool give_up(Machine *vm, GError **error)
{
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Qmp) monitor = NULL;

    if (!view_check_active(view, error) || !job_abort(vm, error))
        return false;
    monitor = machine_monitor(vm, error);
    if (monitor)
        migrate_cancel(monitor);
    return monitor != NULL;
}

bool qemu_domain_abort_job(Call *call, const remote_domain_abort_job_args *, none *, GError **error)
{
    return give_up(machine_of(call), error);
}

bool qemu_domain_abort_job_flags(Call *call, const remote_domain_abort_job_flags_args *in, none *,
                                 GError **error)
{
    if (!call_check_flags(call, in->flags, VIR_DOMAIN_ABORT_JOB_POSTCOPY, error))
        return false;
    if (in->flags)
        return fail(error, ERR_OPERATION_INVALID,
                    "current job is not outgoing migration in post-copy mode");
    return give_up(machine_of(call), error);
}
