/* usage.c - what a container uses of the host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usage.h"

#include "base/file.h"
#include "host/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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

bool usage_cpu_parts(const Container *container, uint64_t *user, uint64_t *system)
{
    if (!container->group || !cgroup_number(container->group, "cpu.stat", "user_usec", user) ||
        !cgroup_number(container->group, "cpu.stat", "system_usec", system))
        return false;
    *user *= 1000;
    *system *= 1000;
    return true;
}

uint64_t usage_swap(const Container *container)
{
    uint64_t used = 0;

    if (container->group)
        (void) cgroup_number(container->group, "memory.swap.current", NULL, &used);
    return used / 1024;
}

/* A line is "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ...". */
static void add_line(const char *line, uint64_t *figures)
{
    static const char *const names[USAGE_BLOCK_FIGURES] = { " rios=", " rbytes=", " wios=",
                                                            " wbytes=" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *at = strstr(line, names[i]);

        if (at)
            figures[i] += strtoull(at + strlen(names[i]), NULL, 10);
    }
}

bool usage_block(const Container *container, const char *device, uint64_t *figures, GError **error)
{
    g_autofree char *text = container->group ? cgroup_read(container->group, "io.stat") : NULL;
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    g_autofree char *number = NULL;
    struct stat file;

    if (!text)
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "this host does not count block input and "
                    "output of containers");
    if (device && stat(device, &file) < 0)
        return fail_errno(error, errno, "'%s' cannot be looked at", device);
    if (device)
        number = g_strdup_printf("%u:%u ", major(file.st_rdev), minor(file.st_rdev));
    for (char **line = lines; *line; line++) {
        if (!number || g_str_has_prefix(*line, number))
            add_line(*line, figures);
    }
    return true;
}
