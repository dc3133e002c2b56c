/* logind.c - logind's part in putting this machine to sleep */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/logind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE "org.freedesktop.login1"
#define PATH "/org/freedesktop/login1"
#define MANAGER "org.freedesktop.login1.Manager"

enum {
    ANSWER_SECONDS = 5,
    BEGIN_SECONDS = 60, /* however busy it is: what it has been asked for it may do later */
    WAKE_SECONDS = 300, /* awake ones, between its word that we sleep and that we have slept */
};

/* With the flag root's requests, too, are refused while somebody inhibits sleep. */
enum { CHECK_INHIBITORS = 1 };

static const struct {
    const char *can, *request;
} methods[] = {
    [SLEEP_MEMORY] = { "CanSuspend", "SuspendWithFlags" },
    [SLEEP_DISK] = { "CanHibernate", "HibernateWithFlags" },
    [SLEEP_HYBRID] = { "CanHybridSleep", "HybridSleepWithFlags" },
};

typedef sd_bus_message BusMessage;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BusMessage, sd_bus_message_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)

static bool is_running(Logind *logind)
{
    g_autoptr(BusMessage) reply = NULL;
    int there = 0;

    return sd_bus_call_method(logind, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                              "org.freedesktop.DBus", "NameHasOwner", NULL, &reply, "s",
                              SERVICE) >= 0 &&
           sd_bus_message_read(reply, "b", &there) >= 0 && there;
}

Logind *logind_open(void)
{
    g_autoptr(Logind) logind = NULL;

    if (sd_bus_open_system(&logind) < 0 ||
        sd_bus_set_method_call_timeout(logind, ANSWER_SECONDS * G_USEC_PER_SEC) < 0 ||
        !is_running(logind))
        return NULL;
    return g_steal_pointer(&logind);
}

void logind_close(Logind *logind) { sd_bus_flush_close_unref(logind); }

static bool can(Logind *logind, HostSleep kind)
{
    g_autoptr(BusMessage) reply = NULL;
    const char *answer;

    return sd_bus_call_method(logind, SERVICE, PATH, MANAGER, methods[kind].can, NULL, &reply,
                              "") >= 0 &&
           sd_bus_message_read(reply, "s", &answer) >= 0 && strcmp(answer, "yes") == 0;
}

unsigned logind_sleep_kinds(Logind *logind)
{
    unsigned kinds = 0;

    for (HostSleep kind = 0; kind < SLEEP_KINDS; kind++)
        kinds |= can(logind, kind) ? 1u << kind : 0;
    return kinds;
}

/* "shutdown:sleep" */
bool logind_sleep_allowed(Logind *logind, GError **error)
{
    char *blocked = NULL;
    g_auto(GStrv) words = NULL;

    if (sd_bus_get_property_string(logind, SERVICE, PATH, MANAGER, "BlockInhibited", NULL,
                                   &blocked) < 0)
        return true;
    words = g_strsplit(blocked, ":", -1);
    free(blocked);
    return !g_strv_contains((const char *const *) words, "sleep") ||
           fail(error, ERR_OPERATION_DENIED,
                "somebody does not want this machine to sleep now (systemd-inhibit --list)");
}

static bool get_property(Logind *logind, const char *name, char type, void *value)
{
    return sd_bus_get_property_trivial(logind, SERVICE, PATH, MANAGER, name, NULL, type, value) >=
           0;
}

unsigned logind_sleep_delay(Logind *logind)
{
    uint64_t microseconds;

    if (!get_property(logind, "InhibitDelayMaxUSec", 't', &microseconds))
        return 0;
    return MIN((microseconds + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC, G_MAXINT32);
}

bool logind_sleep_begins(Logind *logind)
{
    int begins;

    return !get_property(logind, "PreparingForSleep", 'b', &begins) || begins;
}

/* ---- sleep itself ---- */

typedef struct Progress {
    bool sleeps, woke;
} Progress;

static int take_signal(sd_bus_message *signal, void *data, sd_bus_error *)
{
    Progress *progress = data;
    int sleeps;

    if (sd_bus_message_read(signal, "b", &sleeps) < 0)
        return 0;
    if (sleeps)
        progress->sleeps = true;
    else
        progress->woke = progress->sleeps;
    return 0;
}

/* The time that is counted is that of a clock which stands still while the machine sleeps. */
static bool wait_for(Logind *logind, const bool *done, unsigned seconds, const char *what,
                     GError **error)
{
    gint64 until = g_get_monotonic_time() + seconds * G_TIME_SPAN_SECOND;

    while (!*done) {
        gint64 left = until - g_get_monotonic_time();
        int result = sd_bus_process(logind, NULL);

        if (result < 0)
            return fail_errno(error, -result, "cannot hear logind");
        if (result == 0 && left <= 0)
            return fail(error, ERR_OPERATION_TIMEOUT, "%s within %u seconds", what, seconds);
        if (result == 0)
            (void) sd_bus_wait(logind, left);
    }
    return true;
}

static bool request(Logind *logind, HostSleep kind, GError **error)
{
    g_auto(sd_bus_error) refusal = SD_BUS_ERROR_NULL;
    int result;

    (void) sd_bus_set_method_call_timeout(logind, BEGIN_SECONDS * G_USEC_PER_SEC);
    result = sd_bus_call_method(logind, SERVICE, PATH, MANAGER, methods[kind].request, &refusal,
                                NULL, "t", (uint64_t) CHECK_INHIBITORS);
    if (result >= 0)
        return true;
    if (sd_bus_error_has_name(&refusal, SD_BUS_ERROR_NO_REPLY) || result == -ETIMEDOUT)
        return fail(error, ERR_OPERATION_TIMEOUT, "logind did not answer within %d seconds",
                    BEGIN_SECONDS);
    return fail(error, ERR_OPERATION_FAILED, "logind refuses: %s",
                refusal.message ? refusal.message : g_strerror(-result));
}

bool logind_sleep(Logind *logind, HostSleep kind, GError **error)
{
    Progress progress = { 0 };
    int result = sd_bus_match_signal(logind, NULL, SERVICE, PATH, MANAGER, "PrepareForSleep",
                                     take_signal, &progress);

    if (result < 0)
        return fail_errno(error, -result, "cannot hear logind");
    return request(logind, kind, error) &&
           wait_for(logind, &progress.sleeps, BEGIN_SECONDS, "logind did not begin", error) &&
           wait_for(logind, &progress.woke, WAKE_SECONDS, "logind did not wake up", error);
}
