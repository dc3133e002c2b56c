/* scope.c - a container's group as a scope of systemd's */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scope.h"

#include "host/cgroup.h"
#include "loop/workers.h"

#include <string.h>
#include <systemd/sd-bus.h>

#define MANAGER \
    "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"

enum { SETTLE_US = 10000000 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus, sd_bus_flush_close_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

/* ---- names ---- */

/* As systemd escapes what is not allowed in the name of a unit. */
static char *escape(const char *text)
{
    GString *out = g_string_new(NULL);

    for (; *text; text++) {
        if (g_ascii_isalnum(*text) || *text == '_' || (*text == '.' && out->len))
            g_string_append_c(out, *text);
        else
            g_string_append_printf(out, "\\x%02x", (unsigned char) *text);
    }
    return g_string_free(out, FALSE);
}

/* The pid makes it another one than that of an earlier run, which systemd may not have forgotten.
 */
static char *unit_of(const Domain *domain, pid_t pid)
{
    g_autofree char *whole = g_strdup_printf("lxc-%d-%s", pid, domain->name);
    g_autofree char *name = escape(whole);

    return g_strconcat("machine-", name, ".scope", NULL);
}

/* "/machine/web" is the slice machine-web.slice, in machine.slice. */
static char *slice_of(const Domain *domain, bool as_path)
{
    const char *partition = domain->partition ? domain->partition : "/machine";
    g_auto(GStrv) parts = g_strsplit(partition + strspn(partition, "/"), "/", -1);
    g_autoptr(GString) name = g_string_new(NULL);
    GString *path = g_string_new(NULL);

    for (char **part = parts; *part; part++) {
        g_autofree char *escaped = escape(*part);

        g_string_append_printf(name, "%s%s", name->len ? "-" : "", escaped);
        g_string_append_printf(path, "/%s.slice", name->str);
    }
    if (as_path)
        return g_string_free(path, FALSE);
    g_string_free(path, TRUE);
    return g_strconcat(name->str, ".slice", NULL);
}

char *scope_path(const Domain *domain, pid_t pid)
{
    g_autofree char *slice = slice_of(domain, true), *unit = unit_of(domain, pid);

    return g_build_filename(cgroup_root(), slice, unit, NULL);
}

/* ---- the call ---- */

static int job_removed(sd_bus_message *message, void *data, sd_bus_error *)
{
    char **job = data; /* NULL when it is done */
    const char *path;

    if (*job && sd_bus_message_read(message, "uo", NULL, &path) >= 0 && g_str_equal(path, *job))
        g_clear_pointer(job, g_free);
    return 0;
}

static int ask(sd_bus *bus, const Domain *domain, const char *unit, pid_t pid, char **job,
               sd_bus_error *problem)
{
    g_autoptr(sd_bus_message) reply = NULL;
    g_autofree char *slice = slice_of(domain, false);
    g_autofree char *description = g_strdup_printf("Container %s", domain->name);
    const char *path;
    int result = sd_bus_call_method(
        bus, MANAGER, "StartTransientUnit", problem, &reply, "ssa(sv)a(sa(sv))", unit, "fail", 5,
        "PIDs", "au", 1, (uint32_t) pid, "Slice", "s", slice, "Delegate", "b", 1, "Description",
        "s", description, "CollectMode", "s", "inactive-or-failed", 0);

    if (result >= 0)
        result = sd_bus_message_read(reply, "o", &path);
    if (result >= 0)
        *job = g_strdup(path);
    return result;
}

static bool wait_for_job(sd_bus *bus, char **job)
{
    gint64 until = g_get_monotonic_time() + SETTLE_US;

    worker_waits();
    while (*job && g_get_monotonic_time() < until) {
        int done = sd_bus_process(bus, NULL);

        if (done < 0 || (done == 0 && sd_bus_wait(bus, until - g_get_monotonic_time()) < 0))
            break;
    }
    worker_resumes();
    return !*job;
}

bool scope_start(const Domain *domain, pid_t pid, GError **error)
{
    g_autoptr(sd_bus) bus = NULL;
    g_autofree char *unit = unit_of(domain, pid), *job = NULL;
    sd_bus_error problem = SD_BUS_ERROR_NULL;
    int result = sd_bus_open_system(&bus);

    if (result >= 0)
        result = sd_bus_match_signal(bus, NULL, MANAGER, "JobRemoved", job_removed, &job);
    if (result >= 0)
        result = ask(bus, domain, unit, pid, &job, &problem);
    if (result < 0) {
        fail(error, ERR_OPERATION_FAILED, "systemd does not make the scope '%s': %s", unit,
             problem.message ? problem.message : g_strerror(-result));
        sd_bus_error_free(&problem);
        return false;
    }
    return wait_for_job(bus, &job) ||
           fail(error, ERR_OPERATION_TIMEOUT, "systemd does not finish the scope '%s'", unit);
}
