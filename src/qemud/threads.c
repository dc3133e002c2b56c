/* threads.c - what the kernel tells of the threads of a QEMU */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "threads.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A file of /proc, whole or as much as there is room for. */
static bool read_small(int directory, const char *path, char *text, size_t size)
{
    g_auto(Fd) fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

    if (got < 0)
        return false;
    text[got] = '\0';
    return true;
}

static void read_thread(int tasks, const char *id, ThreadTime *times, unsigned count)
{
    char path[64], text[128];
    unsigned vcpu;

    g_snprintf(path, sizeof(path), "%s/comm", id);
    if (!read_small(tasks, path, text, sizeof(text)) || sscanf(text, "CPU %u/", &vcpu) != 1 ||
        vcpu >= count)
        return;
    g_snprintf(path, sizeof(path), "%s/schedstat", id);
    times[vcpu].known =
        read_small(tasks, path, text, sizeof(text)) &&
        sscanf(text, "%" SCNu64 " %" SCNu64, &times[vcpu].ran, &times[vcpu].waited) == 2;
}

void threads_of_vcpus(pid_t pid, ThreadTime *times, unsigned count)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task", pid);
    g_autoptr(Directory) tasks = opendir(path);
    struct dirent *entry;

    memset(times, 0, count * sizeof(*times));
    while (tasks && (entry = readdir(tasks))) {
        if (g_ascii_isdigit(entry->d_name[0]))
            read_thread(dirfd(tasks), entry->d_name, times, count);
    }
}

uint64_t process_time(pid_t pid)
{
    struct timespec used;
    clockid_t clock;

    if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) < 0)
        return 0;
    return used.tv_sec * 1000000000ull + used.tv_nsec;
}

void process_times(pid_t pid, uint64_t *user, uint64_t *system)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    uint64_t tick = 1000000000 / sysconf(_SC_CLK_TCK);
    char text[1024];
    const char *rest = read_small(AT_FDCWD, path, text, sizeof(text)) ? strrchr(text, ')') : NULL;

    *user = *system = 0;
    if (rest)
        sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, user,
               system);
    *user *= tick;
    *system *= tick;
}
