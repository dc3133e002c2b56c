/* scope.c - a unit of systemd's own for what a daemon has started and what is to outlive it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scope.h"

#include "loop/workers.h"

#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

enum { PATIENCE_SECONDS = 5 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus, sd_bus_flush_close_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

static int append_properties(sd_bus_message *message, const Scope *what)
{
    return sd_bus_message_append(message, "a(sv)a(sa(sv))", 6, "Description", "s",
                                 what->description, "Slice", "s", "machine.slice", "PIDs", "au", 1,
                                 (uint32_t) what->pid, "Delegate", "b", 1, "CollectMode", "s",
                                 "inactive-or-failed", "Before", "as", 1, what->before, 0);
}

static int ask(const Scope *what, sd_bus_error *problem)
{
    g_autoptr(sd_bus) bus = NULL;
    g_autoptr(sd_bus_message) message = NULL;
    g_autofree char *unit = g_strconcat(what->name, ".scope", NULL);
    int result = sd_bus_open_system(&bus);

    if (result >= 0)
        result = sd_bus_message_new_method_call(
            bus, &message, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
            "org.freedesktop.systemd1.Manager", "StartTransientUnit");
    if (result >= 0)
        result = sd_bus_message_append(message, "ss", unit, "fail");
    if (result >= 0)
        result = append_properties(message, what);
    if (result >= 0)
        result = sd_bus_call(bus, message, PATIENCE_SECONDS * G_USEC_PER_SEC, problem, NULL);
    return result;
}

bool scope_begin(const Scope *what, GError **error)
{
    sd_bus_error problem __attribute__((cleanup(sd_bus_error_free))) = {};
    int result;

    if (sd_booted() <= 0)
        return true;
    worker_waits();
    result = ask(what, &problem);
    worker_resumes();
    return result >= 0 || fail(error, ERR_SYSTEM, "systemd does not make a scope: %s",
                               problem.message ? problem.message : g_strerror(-result));
}
