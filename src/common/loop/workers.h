/* workers.h - the threads that run calls
 *
 * Ordinary workers take any task, high-priority ones first; extra ones take only those of high
 * priority. Threads are started when there is work and end when there has been none for a while. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Job Job;
struct Job {
    GList link; /* workers' own */
    bool high;  /* may be run by the extra workers */
    void (*run)(Job *job);
};

/* All from any thread. */
void workers_limit(unsigned most, unsigned extra); /* 20 and 5 until told otherwise */
void workers_keep(
    unsigned least); /* ordinary threads that are there without work too; 0 at first */
void workers_push(Job *job);

/* The running job is about to wait for somebody outside: its place is free until worker_resumes().
 * At most a thousand workers wait at once; more than that keep their places. */
void worker_waits(void);
void worker_resumes(void);

typedef struct WorkersState {
    unsigned least, most, extra;     /* the limits */
    unsigned threads, extra_threads; /* that there are */
    unsigned idle;                   /* of the former */
    unsigned busy, waiting, queued; /* of all of them: at work, in worker_waits(), jobs not begun */
} WorkersState;
WorkersState workers_state(void);
