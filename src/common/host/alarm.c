/* alarm.c - the alarm of the real-time clock, which wakes a sleeping machine
 *
 * The kernel's file "wakealarm" holds the second at which it rings, by the clock itself, whatever
 * time that thinks it is. The file is empty when no alarm is set, and after it has rung. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/alarm.h"

#include "base/cleanup.h"
#include "host/sysfs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define CLOCKS "/sys/class/rtc"

/* The first clock that can wake the machine; -1: there is none. */
static int open_clock(const char *root)
{
    enum { MOST = 8 };

    for (int i = 0; i < MOST; i++) {
        g_autofree char *path = g_strdup_printf("%s" CLOCKS "/rtc%d", root, i);
        g_auto(Fd) clock = sysfs_open(AT_FDCWD, path);
        g_autofree char *wakes = sysfs_text(clock, "device/power/wakeup");

        if (clock >= 0 && sysfs_exists(clock, "wakealarm") && g_strcmp0(wakes, "enabled") == 0)
            return g_steal_fd(&clock);
    }
    return -1;
}

/* 0: none is set. */
static int64_t read_alarm(int clock)
{
    int64_t at = 0;

    (void) sysfs_number(clock, "wakealarm", 10, &at);
    return at;
}

static bool write_alarm(int clock, int64_t at, GError **error)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, at);

    return sysfs_write_at(clock, "wakealarm", text, error);
}

/* Some clocks round: what they made of it must not ring when nobody waits for it. */
static bool check_kept(int clock, int64_t at, GError **error)
{
    if (read_alarm(clock) == at)
        return true;
    (void) write_alarm(clock, 0, NULL);
    return fail(error, ERR_OPERATION_FAILED, "the real-time clock did not keep its alarm");
}

bool alarm_now(const char *root, int64_t *now, GError **error)
{
    g_auto(Fd) clock = open_clock(root);

    if (clock < 0 || !sysfs_number(clock, "since_epoch", 10, now))
        return fail(error, ERR_OPERATION_FAILED,
                    "there is no real-time clock that could wake this machine");
    if (read_alarm(clock) > *now)
        return fail(error, ERR_OPERATION_FAILED,
                    "the alarm of the real-time clock is in use: it rings in %" G_GINT64_FORMAT
                    " seconds",
                    read_alarm(clock) - *now);
    return true;
}

bool alarm_set(const char *root, int64_t at, GError **error)
{
    g_auto(Fd) clock = open_clock(root);

    return write_alarm(clock, at, error) && check_kept(clock, at, error);
}

int64_t alarm_left(const char *root, int64_t at)
{
    g_auto(Fd) clock = open_clock(root);
    int64_t now;

    if (clock < 0 || read_alarm(clock) != at || !sysfs_number(clock, "since_epoch", 10, &now))
        return -1;
    return MAX(at - now, -1);
}

void alarm_clear(const char *root, int64_t at)
{
    g_auto(Fd) clock = open_clock(root);

    if (clock >= 0 && read_alarm(clock) == at)
        (void) write_alarm(clock, 0, NULL);
}
