/* power.c - the machine sleeps for a while, and wakes by itself
 *
 * The alarm comes first: a machine that would not wake must not sleep. When it rings is kept in a
 * file, so that whoever comes after a daemon that was killed can take it back. As long as the
 * machine may still fall asleep, nobody takes it back. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "power.h"

#include "base/file.h"
#include "daemon/daemon.h"
#include "device.h"
#include "facts.h"
#include "guests.h"
#include "host/alarm.h"
#include "rpc/event.h"

#include <unistd.h>

enum {
    LEAST_SECONDS = 60, /* to fall asleep may take more than twenty, to a disk longer */
    LEAST_LEFT = 30,    /* of them, when it begins: an alarm that has rung wakes nobody */
    ANSWER_MS = 1000,   /* the answer reaches the client meanwhile, whatever way it takes */
    NOTE_LIMIT = 32,
};

typedef struct Nap {
    HostSleep kind;
    int64_t alarm, seconds; /* when it rings; from the call on */
    unsigned least;         /* of them must be left */
} Nap;

typedef enum Stage {
    AWAKE,
    WAITS, /* for the call's answer, and for guests */
    FALLS, /* the kernel, or logind, has been asked: that cannot be called back */
    ENDS,  /* this daemon */
} Stage;

static gint stage;

static bool advance(Stage from, Stage to)
{
    return g_atomic_int_compare_and_exchange(&stage, (int) from, (int) to);
}

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

/* Whoever was here before us may have been killed behind the last step. */
static void forget_former(void)
{
    g_autofree char *path = note_path();

    if (access(path, F_OK) == 0 && !host_sleep_begins(facts_root()))
        forget_alarm();
}

void power_open(void)
{
    forget_former();
    strand_do(call_host_strand(), MODE_CHANGE, "guests that go on", go_on, NULL);
}

void power_close(void)
{
    if (advance(WAITS, ENDS))
        forget_alarm();
}

bool power_is_busy(void) { return g_atomic_int_get(&stage) != AWAKE; }

/* ---- in the thread that sleeps ---- */

static bool fall_asleep(const Nap *nap, GError **error)
{
    int64_t left;

    if (!advance(WAITS, FALLS))
        return fail(error, ERR_OPERATION_FAILED, "this daemon ends");
    left = alarm_left(facts_root(), nap->alarm);
    if (left < nap->least)
        return fail(error, ERR_OPERATION_FAILED, "the alarm would ring too soon, or is gone");
    if (left > nap->seconds)
        return fail(error, ERR_OPERATION_FAILED, "the real-time clock has been set back");
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
    host_sleep_prepare(facts_root());
    if (fall_asleep(nap, &error))
        g_info("the machine has slept for %.0f seconds and is awake",
               MAX(host_slept() - before, 0));
    else
        g_warning("the machine does not sleep: %s", error->message);
    if (g_error_matches(error, ERR_DOMAIN, ERR_OPERATION_TIMEOUT))
        g_warning("it may still fall asleep: its alarm stays");
    else
        forget_alarm();
    guests_go_on();
    if (!error)
        tell_of_waking();
    (void) advance(FALLS, AWAKE);
    return NULL;
}

/* ---- in the call ---- */

/* What may still pass before it sleeps must fit, too. */
static bool check_seconds(uint64_t seconds, unsigned least, GError **error)
{
    unsigned shortest = MAX(LEAST_SECONDS, least + ANSWER_MS / 1000);

    if (seconds < shortest)
        return fail(error, ERR_INVALID_ARG,
                    "suspend duration is too short, must be at least %u seconds", shortest);
    return seconds <= G_MAXINT32 ||
           fail(error, ERR_INVALID_ARG, "no alarm rings in %" G_GUINT64_FORMAT " seconds", seconds);
}

static Nap *nap_new(HostSleep kind, uint64_t seconds, GError **error)
{
    g_autofree Nap *nap = g_new0(Nap, 1);
    int64_t now;

    nap->kind = kind;
    nap->least = LEAST_LEFT + host_sleep_delay(facts_root());
    if (!check_seconds(seconds, nap->least, error) || !host_sleep_allowed(facts_root(), error))
        return NULL;
    if (host_sleep_begins(facts_root()))
        return fail(error, ERR_OPERATION_INVALID, "the machine is about to sleep already");
    forget_alarm(); /* of a nap of which nobody could say whether it would come */
    if (!alarm_now(facts_root(), &now, error))
        return NULL;
    nap->seconds = (int64_t) seconds;
    nap->alarm = now + nap->seconds;
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

    if (!advance(AWAKE, WAITS))
        return fail(error, ERR_OPERATION_INVALID, "suspend operation already in progress");
    nap = nap_new(kind, seconds, error);
    if (!nap) {
        (void) advance(WAITS, AWAKE);
        return false;
    }
    g_thread_unref(g_thread_new("sleep", run, nap));
    return true;
}
