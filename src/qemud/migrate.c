/* migrate.c - a guest's state through a descriptor: out of one QEMU, into another
 *
 * The end is told by QEMU's event, which it must be asked for. The wait for it is begun first. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "migrate.h"

#include "base/cleanup.h"
#include "job.h"
#include "loop/spawn.h"

/* Bytes per second; what limits is the file. */
#define NO_LIMIT ((int64_t) 1 << 50)

enum { SETTLING_MS = 10000, LONGEST_PAUSE = 100 };

static const char fd_name[] = "saved-state", fd_uri[] = "fd:saved-state";

static QmpRequest *expect_end(Qmp *monitor)
{
    static const char *const ends[] = { "completed", "failed", "cancelled", NULL };

    return qmp_expect_any(monitor, "MIGRATION", "status", ends);
}

static Json *wanted_capabilities(void)
{
    Json *list = json_object_new_array();

    json_object_array_add(list, json_build("sb", "capability", "events", "state", 1));
    return json_build("j", "capabilities", list);
}

/* Sends what one after the other shall be done, and waits for all of it. */
static bool begin(Qmp *monitor, const char *command, int fd, GError **error)
{
    QmpRequest *requests[] = {
        qmp_send(monitor, "migrate-set-capabilities", wanted_capabilities()),
        qmp_send(monitor, "migrate-set-parameters", json_build("i", "max-bandwidth", NO_LIMIT)),
        qmp_send_fds(monitor, "getfd", json_build("s", "fdname", fd_name), &fd, 1),
        qmp_send(monitor, command, json_build("s", "uri", fd_uri)),
    };
    bool begun = true;

    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_autoptr(Json) answer = qmp_wait(requests[i], 0, begun ? error : NULL);

        begun &= answer != NULL;
    }
    if (!begun)
        qmp_forget(qmp_send(monitor, "closefd", json_build("s", "fdname", fd_name)));
    return begun;
}

static bool fail_with_reason(Qmp *monitor, const char *status, GError **error)
{
    g_autoptr(Json) answer = qmp_call(monitor, "query-migrate", NULL, NULL);
    const char *reason = json_text(answer, "error-desc");

    return fail(error, ERR_OPERATION_FAILED, "the guest's state could not be passed on: %s",
                reason ? reason : status);
}

/* Begins it and waits for the end; aborted: whether somebody wants none, once it has begun. */
static Json *run(Machine *vm, Qmp *monitor, const char *command, int fd, GError **error)
{
    QmpRequest *end = expect_end(monitor);

    if (!begin(monitor, command, fd, error)) {
        qmp_forget(end);
        return NULL;
    }
    if (vm && job_is_aborted(vm))
        migrate_cancel(monitor); /* what was sent by who aborted it may have come too early */
    return qmp_wait(end, 0, error);
}

static bool is_state(Qmp *monitor, const char *wanted)
{
    g_autoptr(Json) status = qmp_call(monitor, "query-status", NULL, NULL);

    return g_strcmp0(json_text(status, "status"), wanted) == 0;
}

/* QEMU tells the end before its guest may go on, and does not tell when it may. */
static void wait_until_settled(Qmp *monitor)
{
    gint64 until = g_get_monotonic_time() + SETTLING_MS * 1000ll;

    for (unsigned pause = 1; is_state(monitor, "finish-migrate");
         pause = MIN(2 * pause, LONGEST_PAUSE)) {
        if (g_get_monotonic_time() >= until)
            return;
        (void) process_wait(-1, pause);
    }
}

bool migrate_out(Machine *vm, Qmp *monitor, int fd, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(Json) end = run(vm, monitor, "migrate", fd, &problem);
    const char *status = end ? json_text(end, "status") : NULL;

    if (g_error_matches(problem, ERR_DOMAIN, ERR_OPERATION_FAILED))
        return fail(error, ERR_OPERATION_FAILED, "domain is not running: QEMU has ended");
    wait_until_settled(monitor);
    if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    if (!end || g_str_equal(status, "completed"))
        return end != NULL;
    if (job_is_aborted(vm))
        return fail(error, ERR_OPERATION_ABORTED, "job 'domain save' canceled by client");
    return fail_with_reason(monitor, status, error);
}

bool migrate_in(Qmp *monitor, int fd, GError **error)
{
    g_autoptr(Json) end = run(NULL, monitor, "migrate-incoming", fd, error);
    const char *status = end ? json_text(end, "status") : NULL;

    if (!end || g_str_equal(status, "completed"))
        return end != NULL;
    return fail_with_reason(monitor, status, error);
}

void migrate_cancel(Qmp *monitor) { qmp_forget(qmp_send(monitor, "migrate_cancel", NULL)); }

static bool is_going_on(Json *answer)
{
    static const char *const states[] = { "setup",          "active",     "device",
                                          "pre-switchover", "cancelling", NULL };
    const char *status = json_text(answer, "status");

    return status && g_strv_contains(states, status);
}

static bool cancel_and_wait(Qmp *monitor, GError **error)
{
    QmpRequest *end = expect_end(monitor);
    g_autoptr(Json) answer = qmp_call(monitor, "query-migrate", NULL, error);
    g_autoptr(Json) ended = NULL;

    if (!answer || !is_going_on(answer)) {
        qmp_forget(end);
        return answer != NULL;
    }
    migrate_cancel(monitor);
    ended = qmp_wait(end, 0, error);
    return ended != NULL;
}

bool migrate_end(Qmp *monitor, GError **error)
{
    if (!cancel_and_wait(monitor, error))
        return false;
    wait_until_settled(monitor);
    return true;
}

bool migrate_is_over(Qmp *monitor) { return is_state(monitor, "postmigrate"); }

char *migrate_blocker(Qmp *monitor)
{
    g_autoptr(Json) answer = qmp_call(monitor, "query-migrate", NULL, NULL);
    Json *reasons = json_member(answer, "blocked-reasons");

    if (migrate_is_over(monitor))
        return g_strdup("it is paused since a save that came to nothing; resume it first");
    if (!json_length(reasons))
        return NULL;
    return g_strdup(json_object_get_string(json_object_array_get_idx(reasons, 0)));
}
