/* job.h - a guest's long job: what is told of it while it runs and when it has ended */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"
#include "rpc/params.h"

#include <stdint.h>

/* Times are in milliseconds, amounts in bytes. All zero: there is none. */
typedef struct JobFigures {
    int type;      /* virDomainJobType */
    int operation; /* virDomainJobOperation */
    bool measured; /* QEMU has told the rest, from down on */
    uint64_t elapsed;
    uint64_t down, setup, total, processed, remaining, speed, constant, normal, normal_bytes,
        dirty_rate, iteration, requests, page_size;
} JobFigures;

/* From any thread, as all of these. One job at a time: they are JOBs of the guest's strand. */
void job_begin(Machine *vm, int operation);
/* It came to nothing; or, with what is told of it from now on, to its end. */
void job_end(Machine *vm, const JobFigures *completed);
/* The one that runs, as far as it is known without asking QEMU. */
JobFigures job_running(Machine *vm);
/* The last one that was completed; forgotten unless it is to be kept. */
JobFigures job_completed(Machine *vm, bool keep);
/* Asks the one that runs to give up. ERR_OPERATION_INVALID when there is none that can. */
bool job_abort(Machine *vm, GError **error);
bool job_is_aborted(Machine *vm);

/* What QEMU answered to query-migrate. */
void job_measure(JobFigures *figures, Json *answer);
/* As typed parameters, all but the type. */
void job_list(const JobFigures *figures, Params *params);
