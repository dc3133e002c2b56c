/* loop.c - the main loop of a daemon
 *
 * GLib's loop, with one epoll set as its only source of descriptors, so that five thousand idle
 * clients cost a turn of the loop nothing, and one eventfd-like queue for what workers hand over.
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/loop.h"

#include "base/cleanup.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/eventfd.h>

enum { EVENTS_A_TURN = 64 };

struct Watch {
    int fd;
    uint32_t events;
    WatchReady *ready; /* NULL once it has ended */
    void *data;
    guint place; /* in loop.watches */
};

typedef struct Hop {
    LoopWork *work;
    void *data;
} Hop;

struct Timer {
    guint source;
    LoopWork *work;
    void *data;
};

static struct {
    GMainLoop *main;
    GThread *thread;
    int epoll;
    GPtrArray *watches; /* all, so that what they stand for is not lost to a search for leaks */
    GPtrArray *ended; /* watches to free when the turn is over, as it may still hold their events */
    Watch *hops_watch;
    GMutex lock; /* of hops */
    GArray *hops;
    bool woken; /* the loop knows of hops already */
    int wake;
} loop;

static void dispatch_watches(void)
{
    struct epoll_event events[EVENTS_A_TURN];
    int count = epoll_wait(loop.epoll, events, EVENTS_A_TURN, 0);

    for (int i = 0; i < count; i++) {
        Watch *watch = events[i].data.ptr;

        if (watch->ready)
            watch->ready(events[i].events, watch->data);
    }
    g_ptr_array_set_size(loop.ended, 0);
}

static gboolean epoll_ready(int, GIOCondition, gpointer)
{
    dispatch_watches();
    return G_SOURCE_CONTINUE;
}

static void run_hops(uint32_t, void *)
{
    g_autoptr(GArray) hops = NULL;
    uint64_t count;

    (void) !read(loop.wake, &count, sizeof(count));
    {
        LOCKED(&loop.lock);
        hops = loop.hops;
        loop.hops = g_array_new(FALSE, FALSE, sizeof(Hop));
        loop.woken = false;
    }
    for (guint i = 0; i < hops->len; i++) {
        const Hop *hop = &g_array_index(hops, Hop, i);

        hop->work(hop->data);
    }
}

/* GLib takes the descriptor of a source that may not recurse out of its poll while that is
 * dispatched, puts it back, and wakes itself for either: three system calls a turn. */
static void watch_epoll(void)
{
    g_autoptr(GSource) source = g_unix_fd_source_new(loop.epoll, G_IO_IN);

    g_source_set_can_recurse(source, TRUE);
    g_source_set_callback(source, G_SOURCE_FUNC(epoll_ready), NULL, NULL);
    g_source_attach(source, NULL);
}

/* The first use decides which thread the loop belongs to, until loop_run() does. */
static void ensure_loop(void)
{
    static gsize ready;

    if (!g_once_init_enter(&ready))
        return;
    loop.main = g_main_loop_new(NULL, FALSE);
    loop.thread = g_thread_self();
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    loop.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop.epoll < 0 || loop.wake < 0)
        g_error("no descriptors for the main loop: %s", g_strerror(errno));
    loop.watches = g_ptr_array_new();
    loop.ended = g_ptr_array_new_with_free_func(g_free);
    loop.hops = g_array_new(FALSE, FALSE, sizeof(Hop));
    watch_epoll();
    g_once_init_leave(&ready, 1);
    loop.hops_watch = watch_new(loop.wake, EPOLLIN, run_hops, NULL);
}

void loop_run(void)
{
    ensure_loop();
    loop.thread = g_thread_self();
    g_main_loop_run(loop.main);
}

void loop_quit(void)
{
    ensure_loop();
    g_main_loop_quit(loop.main);
}

bool loop_is_mine(void) { return g_thread_self() == loop.thread; }

void loop_hop(LoopWork *work, void *data)
{
    Hop hop = { work, data };
    bool wake;

    ensure_loop();
    {
        LOCKED(&loop.lock);
        g_array_append_val(loop.hops, hop);
        wake = !loop.woken;
        loop.woken = true;
    }
    if (wake)
        (void) !write(loop.wake, &(uint64_t){ 1 }, sizeof(uint64_t));
}

Watch *watch_new(int fd, uint32_t events, WatchReady *ready, void *data)
{
    Watch *watch = g_new(Watch, 1);
    struct epoll_event event = { .events = events, .data.ptr = watch };

    ensure_loop();
    *watch = (Watch){ fd, events, ready, data, loop.watches->len };
    g_ptr_array_add(loop.watches, watch);
    if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        g_error("cannot watch descriptor %d: %s", fd, g_strerror(errno));
    return watch;
}

void watch_set(Watch *watch, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = watch };

    if (watch->events == events)
        return;
    watch->events = events;
    epoll_ctl(loop.epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

void watch_end(Watch *watch)
{
    if (!watch)
        return;
    epoll_ctl(loop.epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->ready = NULL;
    g_ptr_array_remove_index_fast(loop.watches, watch->place);
    if (watch->place < loop.watches->len)
        ((Watch *) loop.watches->pdata[watch->place])->place = watch->place;
    g_ptr_array_add(loop.ended, watch);
}

static gboolean timer_fire(gpointer data)
{
    g_autofree Timer *timer = data;

    timer->work(timer->data);
    return G_SOURCE_REMOVE;
}

Timer *timer_new(unsigned milliseconds, LoopWork *work, void *data)
{
    Timer *timer = g_new(Timer, 1);

    timer->work = work;
    timer->data = data;
    timer->source = g_timeout_add(milliseconds, timer_fire, timer);
    return timer;
}

void timer_end(Timer *timer)
{
    if (!timer)
        return;
    g_source_remove(timer->source);
    g_free(timer);
}

typedef struct OnSignal {
    LoopWork *work;
    void *data;
} OnSignal;

static gboolean signal_arrived(gpointer data)
{
    const OnSignal *on = data;

    on->work(on->data);
    return G_SOURCE_CONTINUE;
}

void loop_on_signal(int signal, LoopWork *work, void *data)
{
    OnSignal *on = g_new(OnSignal, 1);

    *on = (OnSignal){ work, data };
    g_unix_signal_add_full(G_PRIORITY_DEFAULT, signal, signal_arrived, on, g_free);
}
