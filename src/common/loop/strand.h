/* strand.h - the queue of calls on one object */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "loop/workers.h"

typedef enum Mode {
    MODE_PEEK,   /* reads one published view or a constant; runs in the main loop, never queued */
    MODE_SURVEY, /* reads the views of many objects */
    MODE_ABORT,  /* ends or steers what runs; never waits */
    MODE_AGENT,  /* talks to the guest agent, which may hang */
    MODE_QUERY,  /* asks the hypervisor */
    MODE_CHANGE, /* alters the object */
    MODE_JOB,    /* alters the object for long: start, migration, save, backup */
} Mode;

typedef struct Strand Strand;
typedef struct Task Task;

struct Task {
    Job job; /* run is the strand's own */
    Mode mode;
    Strand *strand;
    const char *what; /* what a later task that waits too long is told to have waited for */
    GList link;       /* the strand's own */
    gint64 since;     /* monotonic time of strand_push() */
    /* In a worker. May free the task. expired is NULL, or says that the task waited in vain longer
     * than the limit: then it must only answer. */
    void (*run)(Task *task, const GError *expired);
};

Strand *strand_new(void);
Strand *strand_ref(Strand *strand);
void strand_unref(Strand *strand);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Strand, strand_unref)

/* From any thread. The strand lives until the task has run. */
void strand_push(Strand *strand, Task *task);
/* The same for a short piece of work without an answer, which never expires. */
void strand_do(Strand *strand, Mode mode, const char *what, void (*work)(void *data), void *data);

/* What runs that a task of this mode would wait for; NULL: nothing. */
const char *strand_blocker(Strand *strand, Mode mode);

/* For a worker that runs a task of another object (a definition says only when it is read which
 * guest it is of): waits until a task of this mode may run, giving its place in the pool back,
 * and stays until strand_leave(). NULL when that took longer than the limit. */
typedef struct Stay Stay;
Stay *strand_enter(Strand *strand, Mode mode, const char *what, GError **error);
void strand_leave(Stay *stay); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stay, strand_leave)

/* How long a task may wait, in milliseconds, 30,000 until told otherwise; 0: for ever. */
void strand_limit(unsigned milliseconds);
