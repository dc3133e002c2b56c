/* power.c - the machine sleeps for a while, and wakes by itself
 *
 * The alarm comes first: a machine that would not wake must not sleep. When it rings is kept in a
 * file, so that whoever comes after a daemon that was killed can take it back. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "power.h"

#include "base/file.h"
#include "daemon/daemon.h"
#include "device.h"
#include "facts.h"
#include "guests.h"
#include "host/alarm.h"
#include "rpc/event.h"

enum {
    LEAST_SECONDS = 60, /* to fall asleep may take more than twenty, to a disk longer */
    LEAST_LEFT = 10,    /* of them, when it begins: an alarm that has rung wakes nobody */
    ANSWER_MS = 1000,   /* the answer reaches the client meanwhile, whatever way it takes */
    NOTE_LIMIT = 32,
};

typedef struct Nap {
    HostSleep kind;
    int64_t alarm;
} Nap;

static gint busy;

static char *note_path(void) { return daemon_path("run/ostler/noded.alarm"); }

static bool write_note(int64_t alarm, GError **error)
{
    g_autofree char *path = note_path(), *text = g_strdup_printf("%" G_GINT64_FORMAT "\n", alarm);

    return file_save_volatile(path, text, error);
}

/* Takes back the alarm that the note tells of, and the note. */
static void forget_alarm(void)
{
    g_autofree char *path = note_path(), *text = file_read(path, NOTE_LIMIT, NULL);

    if (!text)
        return;
    alarm_clear(facts_root(), g_ascii_strtoll(text, NULL, 10));
    (void) file_remove_volatile(path, NULL);
}

static void go_on(void *) { guests_go_on(); }

void power_open(void)
{
    forget_alarm();
    strand_do(call_host_strand(), MODE_CHANGE, "guests that go on", go_on, NULL);
}

void power_close(void) { forget_alarm(); }

bool power_is_busy(void) { return g_atomic_int_get(&busy); }

/* ---- in the thread that sleeps ---- */

static bool fall_asleep(const Nap *nap, GError **error)
{
    if (alarm_left(facts_root(), nap->alarm) < LEAST_LEFT)
        return fail(error, ERR_OPERATION_FAILED, "the alarm would ring too soon, or is gone");
    return host_sleep(facts_root(), nap->kind, error);
}

/* Clients hear of it as of a change of the machine itself. */
static void tell_of_waking(void)
{
    g_autoptr(Device) computer = device_find("computer");
    remote_node_device_event_update_msg message = { .dev.name = computer->object.name };

    emit_node_device_event_update(&computer->object, &message);
}

static void *run(void *data)
{
    g_autofree Nap *nap = data;
    g_autoptr(GError) error = NULL;
    double before = host_slept();

    g_usleep(ANSWER_MS * 1000);
    guests_rest();
    if (fall_asleep(nap, &error))
        g_info("the machine has slept for %.0f seconds and is awake",
               MAX(host_slept() - before, 0));
    else
        g_warning("the machine does not sleep: %s", error->message);
    forget_alarm();
    guests_go_on();
    if (!error)
        tell_of_waking();
    g_atomic_int_set(&busy, 0);
    return NULL;
}

/* ---- in the call ---- */

static Nap *nap_new(HostSleep kind, uint64_t seconds, GError **error)
{
    g_autofree Nap *nap = g_new0(Nap, 1);
    int64_t now;

    if (seconds < LEAST_SECONDS)
        return fail(error, ERR_INVALID_ARG,
                    "suspend duration is too short, must be at least %d seconds", LEAST_SECONDS);
    if (seconds > G_MAXINT32)
        return fail(error, ERR_INVALID_ARG, "no alarm rings in %" G_GUINT64_FORMAT " seconds",
                    seconds);
    if (!host_sleep_allowed(facts_root(), error) || !alarm_now(facts_root(), &now, error))
        return NULL;
    nap->kind = kind;
    nap->alarm = now + (int64_t) seconds;
    if (!write_note(nap->alarm, error))
        return NULL;
    if (!alarm_set(facts_root(), nap->alarm, error)) {
        forget_alarm();
        return NULL;
    }
    return g_steal_pointer(&nap);
}

bool power_nap(HostSleep kind, uint64_t seconds, GError **error)
{
    Nap *nap;

    if (!g_atomic_int_compare_and_exchange(&busy, 0, 1))
        return fail(error, ERR_OPERATION_INVALID, "suspend operation already in progress");
    nap = nap_new(kind, seconds, error);
    if (!nap) {
        g_atomic_int_set(&busy, 0);
        return false;
    }
    g_thread_unref(g_thread_new("sleep", run, nap));
    return true;
}
