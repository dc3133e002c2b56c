/* sleep.c - putting this machine to sleep */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/sleep.h"

#include "host/logind.h"
#include "host/sysfs.h"

#include <time.h>
#include <unistd.h>

#define STATE "/sys/power/state"
#define DISK "/sys/power/disk"

/* ---- by the kernel's files ---- */

/* "freeze mem disk"; what is chosen now stands in brackets: "[platform] shutdown suspend". */
static bool has_word(const char *root, const char *path, const char *word)
{
    g_autofree char *text = sysfs_text_of(root, "%s", path);
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " []", -1);

    return g_strv_contains((const char *const *) words, word);
}

static unsigned kernel_kinds(const char *root)
{
    bool disk = has_word(root, STATE, "disk");

    return (has_word(root, STATE, "mem") ? 1u << SLEEP_MEMORY : 0) | (disk ? 1u << SLEEP_DISK : 0) |
           (disk && has_word(root, DISK, "suspend") ? 1u << SLEEP_HYBRID : 0);
}

static bool write_word(const char *root, const char *path, const char *word, GError **error)
{
    g_autofree char *whole = g_strconcat(root, path, NULL);

    return sysfs_write(whole, word, error);
}

/* What stands in brackets; NULL: nothing does. */
static char *chosen_word(const char *root, const char *path)
{
    g_autofree char *text = sysfs_text_of(root, "%s", path);
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", "[]", 3);

    return g_strv_length(words) == 3 ? g_strdup(words[1]) : NULL;
}

/* A picture of the memory goes to the disk, and then the machine sleeps as with SLEEP_MEMORY. */
static bool kernel_hybrid(const char *root, GError **error)
{
    g_autofree char *former = chosen_word(root, DISK);
    bool done = write_word(root, DISK, "suspend", error) && write_word(root, STATE, "disk", error);

    if (former)
        (void) write_word(root, DISK, former, NULL);
    return done;
}

static bool kernel_sleep(const char *root, HostSleep kind, GError **error)
{
    if (kind == SLEEP_HYBRID)
        return kernel_hybrid(root, error);
    return write_word(root, STATE, kind == SLEEP_MEMORY ? "mem" : "disk", error);
}

/* ---- by whoever is responsible ---- */

static Logind *logind_of(const char *root) { return *root ? NULL : logind_open(); }

unsigned host_sleep_kinds(const char *root)
{
    g_autoptr(Logind) logind = logind_of(root);

    return logind ? logind_sleep_kinds(logind) : kernel_kinds(root);
}

bool host_sleep_allowed(const char *root, GError **error)
{
    g_autoptr(Logind) logind = logind_of(root);

    return !logind || logind_sleep_allowed(logind, error);
}

void host_sleep_prepare(const char *root)
{
    if (!*root)
        sync();
}

unsigned host_sleep_delay(const char *root)
{
    g_autoptr(Logind) logind = logind_of(root);

    return logind ? logind_sleep_delay(logind) : 0;
}

bool host_sleep_begins(const char *root)
{
    g_autoptr(Logind) logind = logind_of(root);

    return logind && logind_sleep_begins(logind);
}

bool host_sleep(const char *root, HostSleep kind, GError **error)
{
    g_autoptr(Logind) logind = logind_of(root);

    return logind ? logind_sleep(logind, kind, error) : kernel_sleep(root, kind, error);
}

static double seconds_of(clockid_t clock)
{
    struct timespec now = { 0 };

    (void) clock_gettime(clock, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

/* One of the two clocks stands still meanwhile. */
double host_slept(void) { return seconds_of(CLOCK_BOOTTIME) - seconds_of(CLOCK_MONOTONIC); }
