/* scope.c - a unit of systemd's own for what a daemon has started and what is to outlive it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scope.h"

#include "loop/workers.h"

#include <systemd/sd-bus.h>

#define MANAGER \
    "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"

enum { SETTLE_US = 10000000 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus, sd_bus_flush_close_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

static int job_removed(sd_bus_message *message, void *data, sd_bus_error *)
{
    char **job = data; /* NULL when it is done */
    const char *path;

    if (*job && sd_bus_message_read(message, "uo", NULL, &path) >= 0 && g_str_equal(path, *job))
        g_clear_pointer(job, g_free);
    return 0;
}

static int ask(sd_bus *bus, const Scope *what, char **job, sd_bus_error *problem)
{
    g_autoptr(sd_bus_message) reply = NULL;
    const char *path;
    int result = sd_bus_call_method(bus, MANAGER, "StartTransientUnit", problem, &reply,
                                    "ssa(sv)a(sa(sv))", what->unit, "fail", 6, "PIDs", "au", 1,
                                    (uint32_t) what->pid, "Slice", "s", what->slice, "Delegate",
                                    "b", 1, "Description", "s", what->description, "CollectMode",
                                    "s", "inactive-or-failed", "Before", "as", 1, SCOPE_GUESTS, 0);

    if (result >= 0)
        result = sd_bus_message_read(reply, "o", &path);
    if (result >= 0)
        *job = g_strdup(path);
    return result;
}

static bool wait_for_job(sd_bus *bus, char **job)
{
    gint64 until = g_get_monotonic_time() + SETTLE_US;

    while (*job && g_get_monotonic_time() < until) {
        int done = sd_bus_process(bus, NULL);

        if (done < 0 || (done == 0 && sd_bus_wait(bus, until - g_get_monotonic_time()) < 0))
            break;
    }
    return !*job;
}

static bool begin(const Scope *what, GError **error)
{
    g_autoptr(sd_bus) bus = NULL;
    g_autofree char *job = NULL;
    sd_bus_error problem __attribute__((cleanup(sd_bus_error_free))) = {};
    int result = sd_bus_open_system(&bus);

    if (result >= 0)
        result = sd_bus_match_signal(bus, NULL, MANAGER, "JobRemoved", job_removed, &job);
    if (result >= 0)
        result = ask(bus, what, &job, &problem);
    if (result < 0)
        return fail(error, ERR_OPERATION_FAILED, "systemd does not make the scope '%s': %s",
                    what->unit, problem.message ? problem.message : g_strerror(-result));
    return wait_for_job(bus, &job) ||
           fail(error, ERR_OPERATION_TIMEOUT, "systemd does not finish the scope '%s'", what->unit);
}

bool scope_begin(const Scope *what, GError **error)
{
    bool begun;

    worker_waits();
    begun = begin(what, error);
    worker_resumes();
    return begun;
}
