/* workers.c - the threads that run calls */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/workers.h"

#include "base/cleanup.h"

enum {
    IDLE_SECONDS = 20, /* after which a thread with nothing to do ends */
    WAITING_LIMIT = 1000,
};

/* Of ordinary and of extra workers. */
typedef struct Crew {
    unsigned least, limit;
    unsigned threads, idle;
    unsigned waiting; /* in worker_waits(): not counted against the limit */
    GCond wanted;
} Crew;

static struct {
    GMutex lock;
    GQueue high, normal; /* of Job, by its link */
    Crew ordinary, extra;
} pool = { .ordinary.limit = 20, .extra.limit = 5 };

static GPrivate own_crew; /* the Crew of the calling thread; NULL when it is no worker */

static Job *take_job(const Crew *crew)
{
    GList *link = g_queue_pop_head_link(&pool.high);

    if (!link && crew == &pool.ordinary)
        link = g_queue_pop_head_link(&pool.normal);
    return link ? link->data : NULL;
}

static bool is_crowded(const Crew *crew) { return crew->threads - crew->waiting > crew->limit; }

/* The next job, or NULL when this thread is to end. The lock is held. */
static Job *wait_for_job(Crew *crew)
{
    gint64 until = g_get_monotonic_time() + IDLE_SECONDS * G_TIME_SPAN_SECOND;

    for (;;) {
        Job *job = is_crowded(crew) ? NULL : take_job(crew);
        bool in_time = true;

        if (job || is_crowded(crew))
            return job;
        crew->idle++;
        if (crew->threads > crew->least)
            in_time = g_cond_wait_until(&crew->wanted, &pool.lock, until);
        else
            g_cond_wait(&crew->wanted, &pool.lock);
        crew->idle--;
        if (!in_time && crew->threads > crew->least)
            return take_job(crew);
    }
}

static void *work(void *data)
{
    Crew *crew = data;

    g_private_set(&own_crew, crew);
    g_mutex_lock(&pool.lock);
    for (Job *job; (job = wait_for_job(crew));) {
        g_mutex_unlock(&pool.lock);
        job->run(job);
        g_mutex_lock(&pool.lock);
    }
    crew->threads--;
    g_mutex_unlock(&pool.lock);
    return NULL;
}

/* The lock is held. */
static void start_thread(Crew *crew)
{
    crew->threads++;
    g_thread_unref(g_thread_new("worker", work, crew));
}

/* Makes sure that somebody of the crew comes for a job. The lock is held. */
static bool call_worker(Crew *crew)
{
    if (crew->idle) {
        g_cond_signal(&crew->wanted);
        return true;
    }
    if (crew->threads - crew->waiting >= crew->limit)
        return false;
    start_thread(crew);
    return true;
}

void workers_push(Job *job)
{
    LOCKED(&pool.lock);

    job->link = (GList){ .data = job };
    g_queue_push_tail_link(job->high ? &pool.high : &pool.normal, &job->link);
    if (!call_worker(&pool.ordinary) && job->high)
        call_worker(&pool.extra);
}

void worker_waits(void)
{
    Crew *crew = g_private_get(&own_crew);

    if (!crew)
        return;
    LOCKED(&pool.lock);
    crew->waiting++;
    if (crew->waiting <= WAITING_LIMIT && (pool.high.length || pool.normal.length))
        call_worker(crew);
}

void worker_resumes(void)
{
    Crew *crew = g_private_get(&own_crew);

    if (!crew)
        return;
    LOCKED(&pool.lock);
    crew->waiting--;
}

void workers_limit(unsigned most, unsigned extra)
{
    LOCKED(&pool.lock);

    pool.ordinary.limit = most;
    pool.extra.limit = extra;
    for (unsigned i = 0; i < pool.high.length + pool.normal.length; i++)
        call_worker(&pool.ordinary);
    g_cond_broadcast(&pool.ordinary.wanted);
    g_cond_broadcast(&pool.extra.wanted);
}

void workers_keep(unsigned least)
{
    LOCKED(&pool.lock);

    pool.ordinary.least = least;
    while (pool.ordinary.threads < least)
        start_thread(&pool.ordinary);
    g_cond_broadcast(&pool.ordinary.wanted);
}

WorkersState workers_state(void)
{
    LOCKED(&pool.lock);

    return (WorkersState){
        .least = pool.ordinary.least,
        .most = pool.ordinary.limit,
        .extra = pool.extra.limit,
        .threads = pool.ordinary.threads,
        .extra_threads = pool.extra.threads,
        .idle = pool.ordinary.idle,
        .waiting = pool.ordinary.waiting + pool.extra.waiting,
        .busy = pool.ordinary.threads - pool.ordinary.idle + pool.extra.threads - pool.extra.idle,
        .queued = pool.high.length + pool.normal.length,
    };
}
