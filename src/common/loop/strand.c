/* strand.c - the queue of calls on one object
 *
 * No call ever blocks a worker while it waits for another: it stays queued here until the table
 * below lets it run. Handlers therefore take no lock. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/strand.h"

#include "base/cleanup.h"
#include "loop/loop.h"

#define BIT(mode) (1u << (mode))

/* A call starts only when no call of these modes runs on the same object. */
static const unsigned waits_for[] = {
    [MODE_PEEK] = 0,
    [MODE_SURVEY] = 0,
    [MODE_ABORT] = 0,
    [MODE_AGENT] = BIT(MODE_AGENT),
    [MODE_QUERY] = BIT(MODE_QUERY) | BIT(MODE_CHANGE),
    [MODE_CHANGE] = BIT(MODE_QUERY) | BIT(MODE_CHANGE) | BIT(MODE_JOB),
    [MODE_JOB] = BIT(MODE_QUERY) | BIT(MODE_CHANGE) | BIT(MODE_JOB),
};

struct Strand {
    gint references;
    GMutex lock;
    GQueue waiting;                    /* of Task, by its link, oldest first */
    const char *running[MODE_JOB + 1]; /* what runs now, of the modes that others wait for */
    bool timed;                        /* a timer will look for tasks that waited too long */
};

/* A task without run of its own: its worker is the thread that waits in strand_enter(). */
struct Stay {
    Task task;
    GCond changed; /* waits with the strand's lock */
    bool entered;
    GError *late;
};

static gint limit_ms = 30000;

void strand_limit(unsigned milliseconds) { g_atomic_int_set(&limit_ms, milliseconds); }

Strand *strand_new(void)
{
    Strand *strand = g_new0(Strand, 1);

    strand->references = 1;
    g_mutex_init(&strand->lock);
    return strand;
}

Strand *strand_ref(Strand *strand)
{
    g_atomic_int_inc(&strand->references);
    return strand;
}

void strand_unref(Strand *strand)
{
    if (!g_atomic_int_dec_and_test(&strand->references))
        return;
    g_mutex_clear(&strand->lock);
    g_free(strand);
}

static unsigned running_modes(const Strand *strand)
{
    unsigned running = 0;

    for (unsigned mode = 0; mode < G_N_ELEMENTS(strand->running); mode++) {
        if (strand->running[mode])
            running |= BIT(mode);
    }
    return running;
}

static bool is_waited_for(Mode mode) { return mode >= MODE_AGENT; }

static void start(Strand *strand, Task *task)
{
    g_queue_unlink(&strand->waiting, &task->link);
    if (is_waited_for(task->mode))
        strand->running[task->mode] = task->what;
    if (task->job.run) {
        workers_push(&task->job);
    } else {
        Stay *stay = (Stay *) task;

        stay->entered = true;
        g_cond_signal(&stay->changed);
    }
}

/* Oldest first. A younger task does not overtake an older one that it would have waited for, but
 * where the older one waits for a long job: then what may run beside the job goes ahead. */
static void start_what_may_run(Strand *strand)
{
    unsigned running = running_modes(strand), ahead = 0;

    for (GList *link = strand->waiting.head, *next; link; link = next) {
        Task *task = link->data;

        next = link->next;
        if ((running | ahead) & waits_for[task->mode]) {
            if (!(running & BIT(MODE_JOB)))
                ahead |= BIT(task->mode);
            continue;
        }
        running |= is_waited_for(task->mode) ? BIT(task->mode) : 0;
        start(strand, task);
    }
}

static void finish(Strand *strand, Mode mode)
{
    LOCKED(&strand->lock);

    if (!is_waited_for(mode))
        return;
    strand->running[mode] = NULL;
    start_what_may_run(strand);
}

static void task_work(Job *job)
{
    Task *task = (Task *) job;
    g_autoptr(Strand) strand = task->strand;
    Mode mode = task->mode;

    task->run(task, NULL);
    finish(strand, mode);
}

/* ---- waiting too long ---- */

const char *strand_blocker(Strand *strand, Mode mode)
{
    const char *blocker = NULL;

    LOCKED(&strand->lock);
    for (unsigned other = 0; other < G_N_ELEMENTS(strand->running) && !blocker; other++)
        blocker = waits_for[mode] & BIT(other) ? strand->running[other] : NULL;
    return blocker;
}

static void task_expire(Job *job)
{
    Task *task = (Task *) job;
    g_autoptr(Strand) strand = task->strand;
    g_autoptr(GError) error = NULL;
    const char *blocker = strand_blocker(strand, task->mode);

    fail(&error, ERR_OPERATION_TIMEOUT, "cannot begin %s: %s is still at work after %d seconds",
         task->what, blocker ? blocker : "another call", g_atomic_int_get(&limit_ms) / 1000);
    task->run(task, error);
}

static void look_for_late_tasks(void *data);

/* The lock is held. */
static void set_timer(Strand *strand)
{
    int limit = g_atomic_int_get(&limit_ms);

    if (strand->timed || limit == 0 || !strand->waiting.length)
        return;
    strand->timed = true;
    g_timeout_add_once(limit / 4 + 1, look_for_late_tasks, strand_ref(strand));
}

static void look_for_late_tasks(void *data)
{
    g_autoptr(Strand) strand = data;
    gint64 latest = g_get_monotonic_time() - g_atomic_int_get(&limit_ms) * 1000ll;

    LOCKED(&strand->lock);
    strand->timed = false;
    for (GList *link = strand->waiting.head, *next; link; link = next) {
        Task *task = link->data;

        next = link->next;
        if (task->since == 0 || task->since > latest)
            continue;
        g_queue_unlink(&strand->waiting, link);
        task->job.run = task_expire;
        workers_push(&task->job);
    }
    start_what_may_run(strand);
    set_timer(strand);
}

/* ---- queueing ---- */

static void enqueue(Strand *strand, Task *task)
{
    LOCKED(&strand->lock);

    task->strand = strand_ref(strand);
    task->link = (GList){ .data = task };
    g_queue_push_tail_link(&strand->waiting, &task->link);
    start_what_may_run(strand);
    set_timer(strand);
}

void strand_push(Strand *strand, Task *task)
{
    task->since = g_get_monotonic_time();
    task->job.run = task_work;
    enqueue(strand, task);
}

typedef struct Work {
    Task task;
    void (*work)(void *data);
    void *data;
} Work;

static void run_work(Task *task, const GError *)
{
    g_autofree Work *work = (Work *) task;

    work->work(work->data);
}

void strand_do(Strand *strand, Mode mode, const char *what, void (*work)(void *data), void *data)
{
    Work *task = g_new0(Work, 1);

    task->task = (Task){ .job.run = task_work, .mode = mode, .what = what, .run = run_work };
    task->work = work;
    task->data = data;
    enqueue(strand, &task->task);
}

/* ---- a worker that already runs one task and needs another object ---- */

static void turn_away(Task *task, const GError *expired)
{
    Stay *stay = (Stay *) task;

    LOCKED(&stay->task.strand->lock);
    stay->late = g_error_copy(expired);
    g_cond_signal(&stay->changed);
}

static void stay_free(Stay *stay)
{
    g_cond_clear(&stay->changed);
    g_free(stay);
}

Stay *strand_enter(Strand *strand, Mode mode, const char *what, GError **error)
{
    Stay *stay = g_new0(Stay, 1);

    stay->task = (Task){ .mode = mode, .what = what, .run = turn_away };
    stay->task.since = g_get_monotonic_time();
    g_cond_init(&stay->changed);
    enqueue(strand, &stay->task);

    worker_waits();
    g_mutex_lock(&strand->lock);
    while (!stay->entered && !stay->late)
        g_cond_wait(&stay->changed, &strand->lock);
    g_mutex_unlock(&strand->lock);
    worker_resumes();

    if (!stay->late)
        return stay;
    g_propagate_error(error, stay->late);
    stay_free(stay);
    return NULL;
}

void strand_leave(Stay *stay)
{
    g_autoptr(Strand) strand = stay ? stay->task.strand : NULL;

    if (!stay)
        return;
    finish(strand, stay->task.mode);
    stay_free(stay);
}
