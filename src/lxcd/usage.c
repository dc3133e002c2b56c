/* usage.c - what a container uses of the host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usage.h"

#include "base/file.h"
#include "host/cgroup.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *read_of_init(const Container *container, const char *file)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", container->pid, file);

    return file_read(path, 4096, NULL);
}

/* Of it and of the children that it has waited for. */
static uint64_t cpu_of_init(const Container *container)
{
    g_autofree char *text = read_of_init(container, "stat");
    const char *at = text ? strrchr(text, ')') : NULL;
    unsigned long long user = 0, system = 0, of_children[2] = {};

    if (at)
        (void) sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
                      &user, &system, &of_children[0], &of_children[1]);
    return (user + system + of_children[0] + of_children[1]) * 1000000000ull / sysconf(_SC_CLK_TCK);
}

static uint64_t memory_of_init(const Container *container)
{
    g_autofree char *text = read_of_init(container, "statm");
    unsigned long long size, resident = 0;

    if (text)
        (void) sscanf(text, "%llu %llu", &size, &resident);
    return resident * sysconf(_SC_PAGESIZE) / 1024;
}

uint64_t usage_cpu(const Container *container)
{
    uint64_t used;

    if (container->group && cgroup_number(container->group, "cpu.stat", "usage_usec", &used))
        return used * 1000;
    return cpu_of_init(container);
}

uint64_t usage_memory(const Container *container)
{
    uint64_t used;

    if (container->group && cgroup_number(container->group, "memory.current", NULL, &used))
        return used / 1024;
    return memory_of_init(container);
}
