/* test-strand.c - which calls on one object run side by side, wait, overtake or expire */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/loop.h"
#include "loop/strand.h"

/* A task that runs until the test lets it end. */
typedef struct Probe {
    Task task;
    GMutex lock;
    GCond changed;
    bool running, released, done;
    GError *expired;
} Probe;

static void probe_run(Task *task, const GError *expired)
{
    Probe *probe = (Probe *) task;

    g_mutex_lock(&probe->lock);
    probe->running = true;
    probe->expired = expired ? g_error_copy(expired) : NULL;
    g_cond_broadcast(&probe->changed);
    while (!probe->released && !expired)
        g_cond_wait(&probe->changed, &probe->lock);
    probe->done = true;
    g_cond_broadcast(&probe->changed);
    g_mutex_unlock(&probe->lock);
}

static void probe_init(Probe *probe, Mode mode)
{
    *probe = (Probe){ .task = { .mode = mode, .what = "a probe", .run = probe_run } };
    g_mutex_init(&probe->lock);
    g_cond_init(&probe->changed);
}

static void wait_for(Probe *probe, bool *flag)
{
    g_mutex_lock(&probe->lock);
    while (!*flag)
        g_cond_wait(&probe->changed, &probe->lock);
    g_mutex_unlock(&probe->lock);
}

static bool is_running(Probe *probe)
{
    bool running;

    g_mutex_lock(&probe->lock);
    running = probe->running;
    g_mutex_unlock(&probe->lock);
    return running;
}

static void release(Probe *probe)
{
    g_mutex_lock(&probe->lock);
    probe->released = true;
    g_cond_broadcast(&probe->changed);
    g_mutex_unlock(&probe->lock);
}

static void finish(Probe *probe)
{
    release(probe);
    wait_for(probe, &probe->done);
    g_clear_error(&probe->expired);
}

/* Whether a task of the second mode starts while one of the first runs. That it does not start is
 * known without waiting: another strand's task, pushed later, has run by then on the only worker
 * that is free. */
static bool side_by_side(Mode first_mode, Mode second_mode)
{
    g_autoptr(Strand) strand = strand_new(), other = strand_new();
    Probe first, second, marker;
    bool beside;

    probe_init(&first, first_mode);
    probe_init(&second, second_mode);
    probe_init(&marker, MODE_CHANGE);
    strand_push(strand, &first.task);
    wait_for(&first, &first.running);
    release(&second);
    strand_push(strand, &second.task);
    strand_push(other, &marker.task);
    finish(&marker);
    beside = is_running(&second);
    finish(&first);
    finish(&second);
    return beside;
}

static const struct {
    Mode first, second;
    bool beside;
} pairs[] = {
    { MODE_CHANGE, MODE_CHANGE, false }, { MODE_QUERY, MODE_CHANGE, false },
    { MODE_QUERY, MODE_QUERY, false },   { MODE_CHANGE, MODE_QUERY, false },
    { MODE_JOB, MODE_CHANGE, false },    { MODE_JOB, MODE_JOB, false },
    { MODE_CHANGE, MODE_JOB, false },    { MODE_AGENT, MODE_AGENT, false },
    { MODE_JOB, MODE_QUERY, true },      { MODE_AGENT, MODE_CHANGE, true },
    { MODE_AGENT, MODE_QUERY, true },    { MODE_CHANGE, MODE_AGENT, true },
    { MODE_CHANGE, MODE_ABORT, true },   { MODE_JOB, MODE_ABORT, true },
    { MODE_CHANGE, MODE_SURVEY, true },  { MODE_ABORT, MODE_CHANGE, true },
};

static void test_modes(void)
{
    workers_limit(2, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_test_message("%d beside %d", pairs[i].second, pairs[i].first);
        g_assert_cmpint(side_by_side(pairs[i].first, pairs[i].second), ==, pairs[i].beside);
    }
    workers_limit(20, 5);
}

/* A query that comes after a change waits for it, but not when the change waits for a job. */
static void test_order(void)
{
    g_autoptr(Strand) strand = strand_new();
    Probe query, change, late_query;

    probe_init(&query, MODE_QUERY);
    probe_init(&change, MODE_CHANGE);
    probe_init(&late_query, MODE_QUERY);
    strand_push(strand, &query.task);
    wait_for(&query, &query.running);
    strand_push(strand, &change.task);
    strand_push(strand, &late_query.task);
    finish(&query);
    wait_for(&change, &change.running);
    g_assert_false(is_running(&late_query));
    finish(&change);
    finish(&late_query);
}

static void test_overtaking_beside_a_job(void)
{
    g_autoptr(Strand) strand = strand_new();
    Probe job, change, query;

    probe_init(&job, MODE_JOB);
    probe_init(&change, MODE_CHANGE);
    probe_init(&query, MODE_QUERY);
    strand_push(strand, &job.task);
    wait_for(&job, &job.running);
    strand_push(strand, &change.task);
    strand_push(strand, &query.task);
    finish(&query);
    g_assert_false(is_running(&change));
    finish(&job);
    finish(&change);
}

/* Runs the loop, as its timer looks for late tasks, until the probe is done. */
static void *quit_when_done(void *data)
{
    Probe *probe = data;

    wait_for(probe, &probe->done);
    loop_quit();
    return NULL;
}

static void test_expiry(void)
{
    g_autoptr(Strand) strand = strand_new();
    Probe stuck, late;
    GThread *thread;

    probe_init(&stuck, MODE_CHANGE);
    probe_init(&late, MODE_CHANGE);
    stuck.task.what = "the stuck call";
    late.task.what = "the late call";
    strand_limit(40);
    strand_push(strand, &stuck.task);
    wait_for(&stuck, &stuck.running);
    strand_push(strand, &late.task);
    thread = g_thread_new("quit", quit_when_done, &late);
    loop_run();
    g_thread_join(thread);
    strand_limit(30000);
    g_assert_error(late.expired, ERR_DOMAIN, ERR_OPERATION_TIMEOUT);
    g_assert_nonnull(strstr(late.expired->message, "the stuck call"));
    g_assert_nonnull(strstr(late.expired->message, "the late call"));
    g_clear_error(&late.expired);
    finish(&stuck);
}

typedef struct Visit {
    Task task;
    Strand *other;
    GMutex lock;
    GCond changed;
    bool inside, leave, done;
} Visit;

static void visit_run(Task *task, const GError *)
{
    Visit *visit = (Visit *) task;
    g_autoptr(GError) error = NULL;
    Stay *stay = strand_enter(visit->other, MODE_CHANGE, "a visit", &error);

    g_assert_no_error(error);
    g_mutex_lock(&visit->lock);
    visit->inside = true;
    g_cond_broadcast(&visit->changed);
    while (!visit->leave)
        g_cond_wait(&visit->changed, &visit->lock);
    g_mutex_unlock(&visit->lock);
    strand_leave(stay);
    g_mutex_lock(&visit->lock);
    visit->done = true;
    g_cond_broadcast(&visit->changed);
    g_mutex_unlock(&visit->lock);
}

/* Who is inside keeps others out, and holds no place in the pool while it waits to get in. */
static void test_enter(void)
{
    g_autoptr(Strand) strand = strand_new(), other = strand_new(), third = strand_new();
    Visit visit = { .task = { .mode = MODE_SURVEY, .what = "visit", .run = visit_run },
                    .other = other };
    Probe first, second, marker;

    workers_limit(2, 0);
    probe_init(&marker, MODE_CHANGE);
    probe_init(&first, MODE_CHANGE);
    probe_init(&second, MODE_CHANGE);
    strand_push(other, &first.task);
    wait_for(&first, &first.running);
    strand_push(strand, &visit.task);
    strand_push(third, &marker.task);
    finish(&marker);
    finish(&first);
    g_mutex_lock(&visit.lock);
    while (!visit.inside)
        g_cond_wait(&visit.changed, &visit.lock);
    strand_push(other, &second.task);
    g_assert_false(is_running(&second));
    visit.leave = true;
    g_cond_broadcast(&visit.changed);
    while (!visit.done)
        g_cond_wait(&visit.changed, &visit.lock);
    g_mutex_unlock(&visit.lock);
    finish(&second);
    workers_limit(20, 5);
}

/* Calls that wait for somebody outside do not keep others from running. */
static void waiting_run(Task *task, const GError *expired)
{
    worker_waits();
    probe_run(task, expired);
    worker_resumes();
}

static void test_waiting_workers(void)
{
    Probe stuck[8], healthy;
    Strand *strands[8];
    g_autoptr(Strand) strand = strand_new();

    workers_limit(2, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(stuck); i++) {
        strands[i] = strand_new();
        probe_init(&stuck[i], MODE_QUERY);
        stuck[i].task.run = waiting_run;
        strand_push(strands[i], &stuck[i].task);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(stuck); i++)
        wait_for(&stuck[i], &stuck[i].running);
    g_assert_cmpuint(workers_state().waiting, ==, G_N_ELEMENTS(stuck));
    probe_init(&healthy, MODE_CHANGE);
    strand_push(strand, &healthy.task);
    finish(&healthy);
    for (size_t i = 0; i < G_N_ELEMENTS(stuck); i++) {
        finish(&stuck[i]);
        strand_unref(strands[i]);
    }
    workers_limit(20, 5);
}

/* With every ordinary worker taken, high priority still runs, and only that. */
static void test_priority(void)
{
    g_autoptr(Strand) a = strand_new(), b = strand_new(), c = strand_new();
    Probe busy, low, high;

    workers_limit(1, 1);
    probe_init(&busy, MODE_CHANGE);
    probe_init(&low, MODE_CHANGE);
    probe_init(&high, MODE_CHANGE);
    high.task.job.high = true;
    strand_push(a, &busy.task);
    wait_for(&busy, &busy.running);
    strand_push(b, &low.task);
    strand_push(c, &high.task);
    finish(&high);
    g_assert_false(is_running(&low));
    finish(&busy);
    finish(&low);
    workers_limit(20, 5);
}

/* Threads that are to be kept are there at once, and those over the number go on until idle. */
static void test_kept_workers(void)
{
    unsigned before = workers_state().threads;

    workers_keep(before + 3);
    g_assert_cmpuint(workers_state().threads, ==, before + 3);
    workers_keep(0);
    g_assert_cmpuint(workers_state().threads, ==, before + 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/strand/modes", test_modes);
    g_test_add_func("/strand/order", test_order);
    g_test_add_func("/strand/overtaking-beside-a-job", test_overtaking_beside_a_job);
    g_test_add_func("/strand/expiry", test_expiry);
    g_test_add_func("/strand/enter", test_enter);
    g_test_add_func("/strand/waiting-workers", test_waiting_workers);
    g_test_add_func("/strand/priority", test_priority);
    g_test_add_func("/strand/kept-workers", test_kept_workers);
    return g_test_run();
}
