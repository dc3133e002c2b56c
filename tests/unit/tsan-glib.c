/* tsan-glib.c - tells the thread sanitizer of GLib's locks and hand-overs, which it cannot see
 *
 * Part of every program of a build that sanitizes threads: the linker's --wrap puts these in the
 * place of GLib's own (src/common/base/meson.build names them once more). */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void) { return "called_from_lib:libglib-2.0.so\n"; }

#define WRAP(Result, name, ...)        \
    Result __real_##name(__VA_ARGS__); \
    Result __wrap_##name(__VA_ARGS__); \
    Result __wrap_##name(__VA_ARGS__)

/* ---- locks ---- */

WRAP(void, g_mutex_lock, GMutex *mutex)
{
    __real_g_mutex_lock(mutex);
    __tsan_acquire(mutex);
}

WRAP(gboolean, g_mutex_trylock, GMutex *mutex)
{
    gboolean taken = __real_g_mutex_trylock(mutex);

    if (taken)
        __tsan_acquire(mutex);
    return taken;
}

WRAP(void, g_mutex_unlock, GMutex *mutex)
{
    __tsan_release(mutex);
    __real_g_mutex_unlock(mutex);
}

WRAP(void, g_cond_wait, GCond *cond, GMutex *mutex)
{
    __tsan_release(mutex);
    __real_g_cond_wait(cond, mutex);
    __tsan_acquire(mutex);
}

WRAP(gboolean, g_cond_wait_until, GCond *cond, GMutex *mutex, gint64 until)
{
    gboolean in_time;

    __tsan_release(mutex);
    in_time = __real_g_cond_wait_until(cond, mutex, until);
    __tsan_acquire(mutex);
    return in_time;
}

WRAP(gboolean, g_once_init_enter, volatile void *location)
{
    gboolean first = __real_g_once_init_enter(location);

    __tsan_acquire((void *) location);
    return first;
}

WRAP(void, g_once_init_leave, volatile void *location, gsize result)
{
    __tsan_release((void *) location);
    __real_g_once_init_leave(location, result);
}

/* ---- what is counted ---- */

/* Whoever clears it comes after all who gave it up: one at a time, by a lock that the sanitizer
 * does not see. */
static GRecMutex giving_up;

static void begin_to_give_up(void *counted)
{
    g_rec_mutex_lock(&giving_up);
    __tsan_release(counted);
    __tsan_acquire(counted);
}

#define WRAP_UNREF(name, Counted)       \
    WRAP(void, name, Counted *counted)  \
    {                                   \
        begin_to_give_up(counted);      \
        __real_##name(counted);         \
        g_rec_mutex_unlock(&giving_up); \
    }

WRAP_UNREF(g_array_unref, GArray)
WRAP_UNREF(g_byte_array_unref, GByteArray)
WRAP_UNREF(g_bytes_unref, GBytes)
WRAP_UNREF(g_ptr_array_unref, GPtrArray)

WRAP(void, g_atomic_rc_box_release_full, void *box, GDestroyNotify clear)
{
    begin_to_give_up(box);
    __real_g_atomic_rc_box_release_full(box, clear);
    g_rec_mutex_unlock(&giving_up);
}

/* ---- queues ---- */

WRAP(void, g_async_queue_push, GAsyncQueue *queue, void *item)
{
    __tsan_release(queue);
    __real_g_async_queue_push(queue, item);
}

WRAP(void *, g_async_queue_pop, GAsyncQueue *queue)
{
    void *item = __real_g_async_queue_pop(queue);

    __tsan_acquire(queue);
    return item;
}

/* ---- threads and the main loop ---- */

typedef struct Start {
    GThreadFunc work;
    void *data;
} Start;

static void *acquire_and_work(void *data)
{
    g_autofree Start *start = data;
    void *result;

    __tsan_acquire(start);
    result = start->work(start->data);
    __tsan_release(g_thread_self());
    return result;
}

WRAP(GThread *, g_thread_new, const char *name, GThreadFunc work, void *data)
{
    Start *start = g_new(Start, 1);

    *start = (Start){ work, data };
    __tsan_release(start);
    return __real_g_thread_new(name, acquire_and_work, start);
}

WRAP(void *, g_thread_join, GThread *thread)
{
    void *result = __real_g_thread_join(thread);

    __tsan_acquire(thread);
    return result;
}
