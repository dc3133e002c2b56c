/* job.c - a guest's long job: what is told of it while it runs and when it has ended */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job.h"

/* What Machine.job points to. */
typedef struct Jobs {
    int operation; /* of the one that runs; 0: there is none */
    gint64 since;  /* monotonic time */
    bool aborted;
    JobFigures completed;
} Jobs;

/* The object's lock is held. */
static Jobs *jobs_of(Machine *vm)
{
    if (!vm->job)
        vm->job = g_new0(Jobs, 1);
    return vm->job;
}

void job_begin(Machine *vm, int operation)
{
    LOCKED(&vm->object.lock);
    Jobs *jobs = jobs_of(vm);

    *jobs = (Jobs){ .operation = operation, .since = g_get_monotonic_time() };
}

void job_end(Machine *vm, const JobFigures *completed)
{
    LOCKED(&vm->object.lock);
    Jobs *jobs = jobs_of(vm);

    *jobs = (Jobs){};
    if (completed)
        jobs->completed = *completed;
}

JobFigures job_running(Machine *vm)
{
    LOCKED(&vm->object.lock);
    Jobs *jobs = jobs_of(vm);

    if (!jobs->operation)
        return (JobFigures){ .type = VIR_DOMAIN_JOB_NONE };
    return (JobFigures){ .type = VIR_DOMAIN_JOB_UNBOUNDED,
                         .operation = jobs->operation,
                         .elapsed = (g_get_monotonic_time() - jobs->since) / 1000 };
}

JobFigures job_completed(Machine *vm, bool keep)
{
    LOCKED(&vm->object.lock);
    Jobs *jobs = jobs_of(vm);
    JobFigures completed = jobs->completed;

    if (!keep)
        jobs->completed = (JobFigures){};
    return completed;
}

bool job_abort(Machine *vm, GError **error)
{
    LOCKED(&vm->object.lock);
    Jobs *jobs = jobs_of(vm);

    if (!jobs->operation)
        return fail(error, ERR_OPERATION_INVALID, "no job is active on the domain");
    if (jobs->operation != VIR_DOMAIN_JOB_OPERATION_SAVE)
        return fail(error, ERR_OPERATION_INVALID,
                    "a restore cannot be aborted: destroy the domain instead");
    jobs->aborted = true;
    return true;
}

bool job_is_aborted(Machine *vm)
{
    LOCKED(&vm->object.lock);

    return jobs_of(vm)->aborted;
}

/* ---- figures ---- */

typedef struct Figure {
    const char *name;   /* of the parameter */
    const char *source; /* in QEMU's answer */
    size_t offset;
    bool if_known; /* left out while it is 0 */
} Figure;

// clang-format off
#define FIGURE(name, source, member, ...) \
    { name, source, SLOT(JobFigures, member, uint64_t), __VA_ARGS__ }
static const Figure figures_of_qemu[] = {
    FIGURE(VIR_DOMAIN_JOB_DOWNTIME, "expected-downtime", down, true),
    FIGURE(VIR_DOMAIN_JOB_SETUP_TIME, "setup-time", setup),
    FIGURE(VIR_DOMAIN_JOB_DATA_TOTAL, "ram/total", total),
    FIGURE(VIR_DOMAIN_JOB_DATA_PROCESSED, "ram/transferred", processed),
    FIGURE(VIR_DOMAIN_JOB_DATA_REMAINING, "ram/remaining", remaining),
    FIGURE(VIR_DOMAIN_JOB_MEMORY_TOTAL, "ram/total", total),
    FIGURE(VIR_DOMAIN_JOB_MEMORY_PROCESSED, "ram/transferred", processed),
    FIGURE(VIR_DOMAIN_JOB_MEMORY_REMAINING, "ram/remaining", remaining),
    FIGURE(VIR_DOMAIN_JOB_MEMORY_BPS, NULL, speed, true),
    FIGURE(VIR_DOMAIN_JOB_MEMORY_CONSTANT, "ram/duplicate", constant),
    FIGURE(VIR_DOMAIN_JOB_MEMORY_NORMAL, "ram/normal", normal),
    FIGURE(VIR_DOMAIN_JOB_MEMORY_NORMAL_BYTES, "ram/normal-bytes", normal_bytes),
    FIGURE(VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE, "ram/dirty-pages-rate", dirty_rate),
    FIGURE(VIR_DOMAIN_JOB_MEMORY_ITERATION, "ram/dirty-sync-count", iteration),
    FIGURE(VIR_DOMAIN_JOB_MEMORY_POSTCOPY_REQS, "ram/postcopy-requests", requests),
    FIGURE(VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE, "ram/page-size", page_size, true),
};
// clang-format on

void job_measure(JobFigures *figures, Json *answer)
{
    Json *down = json_member(answer, "downtime"), *speed = json_at(answer, "ram/mbps");

    for (size_t i = 0; i < G_N_ELEMENTS(figures_of_qemu); i++) {
        const Figure *figure = &figures_of_qemu[i];
        Json *value = figure->source ? json_at(answer, figure->source) : NULL;

        if (value)
            *(uint64_t *) slot_at(figures, figure->offset) = json_object_get_int64(value);
    }
    if (down)
        figures->down = json_object_get_int64(down);
    if (speed)
        figures->speed = json_object_get_double(speed) * 1e6 / 8;
    figures->measured = true;
}

void job_list(const JobFigures *figures, Params *params)
{
    params_add_int(params, figures->operation, VIR_DOMAIN_JOB_OPERATION);
    params_add_ullong(params, figures->elapsed, VIR_DOMAIN_JOB_TIME_ELAPSED);
    for (size_t i = 0; figures->measured && i < G_N_ELEMENTS(figures_of_qemu); i++) {
        const Figure *figure = &figures_of_qemu[i];
        uint64_t value = *(const uint64_t *) slot_at((void *) figures, figure->offset);

        if (value || !figure->if_known)
            params_add_ullong(params, value, "%s", figure->name);
    }
}
