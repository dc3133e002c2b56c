/* limit.c - what a container may use, as files of its control group */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit.h"

#include "host/cgroup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* ---- values as the kernel writes them; NULL: not said ---- */

static char *bytes(uint64_t kib)
{
    if (!kib)
        return NULL;
    return kib >= LIMIT_NONE ? g_strdup("max") : g_strdup_printf("%" G_GUINT64_FORMAT, kib * 1024);
}

static char *memory(const Domain *domain)
{
    return domain->memory_tune.hard_limit ? NULL : bytes(domain->current_memory);
}

static char *hard_limit(const Domain *domain) { return bytes(domain->memory_tune.hard_limit); }

static char *soft_limit(const Domain *domain) { return bytes(domain->memory_tune.soft_limit); }

/* Definitions count memory and swap together. */
static char *swap_limit(const Domain *domain)
{
    uint64_t both = domain->memory_tune.swap_hard_limit;
    uint64_t hard =
        domain->memory_tune.hard_limit ? domain->memory_tune.hard_limit : domain->current_memory;

    if (!both || both >= LIMIT_NONE)
        return bytes(both);
    return g_strdup_printf("%" G_GUINT64_FORMAT, both > hard ? (both - hard) * 1024 : 0);
}

static char *shares(const Domain *domain)
{
    uint64_t shares = domain->cpu_tune.shares;

    return shares ? g_strdup_printf("%" G_GUINT64_FORMAT, shares) : NULL;
}

static char *quota(const Domain *domain)
{
    uint64_t period = domain->cpu_tune.period ? domain->cpu_tune.period : 100000;

    if (!domain->cpu_tune.period && !domain->cpu_tune.quota)
        return NULL;
    if (domain->cpu_tune.quota <= 0)
        return g_strdup_printf("max %" G_GUINT64_FORMAT, period);
    return g_strdup_printf("%" G_GINT64_FORMAT " %" G_GUINT64_FORMAT, domain->cpu_tune.quota,
                           period);
}

static char *processors(const Domain *domain)
{
    return domain->vcpu_set ? bitmap_print(domain->vcpu_set) : NULL;
}

static char *nodes(const Domain *domain)
{
    return domain->numa_tune.nodes ? bitmap_print(domain->numa_tune.nodes) : NULL;
}

static char *weight(const Domain *domain)
{
    return domain->blkio_tune.weight ? g_strdup_printf("default %u", domain->blkio_tune.weight)
                                     : NULL;
}

/* A line for each device, by its number. */
static char *each_device(const Domain *domain, char *(*line)(const BlkioDevice *, const char *) )
{
    g_autoptr(GString) lines = g_string_new(NULL);

    for (LIST_EACH(BlkioDevice, device, domain->blkio_tune.devices)) {
        g_autofree char *number = NULL, *text = NULL;
        struct stat file;

        if (stat(device->path, &file) < 0 || !S_ISBLK(file.st_mode))
            number = g_strdup(device->path); /* the kernel's refusal will name it */
        else
            number = g_strdup_printf("%u:%u", major(file.st_rdev), minor(file.st_rdev));
        text = line(device, number);
        if (text)
            g_string_append_printf(lines, "%s%s", lines->len ? "\n" : "", text);
    }
    return lines->len ? g_string_free(g_steal_pointer(&lines), FALSE) : NULL;
}

static char *device_weight(const BlkioDevice *device, const char *number)
{
    return device->weight ? g_strdup_printf("%s %u", number, device->weight) : NULL;
}

static char *device_weights(const Domain *domain) { return each_device(domain, device_weight); }

static char *device_limit(const BlkioDevice *device, const char *number)
{
    const struct {
        const char *name;
        uint64_t value;
    } limits[] = {
        { "rbps", device->read_bytes },
        { "wbps", device->write_bytes },
        { "riops", device->read_iops },
        { "wiops", device->write_iops },
    };
    GString *line = g_string_new(number);

    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        if (limits[i].value)
            g_string_append_printf(line, " %s=%" G_GUINT64_FORMAT, limits[i].name, limits[i].value);
        else
            g_string_append_printf(line, " %s=max", limits[i].name);
    }
    return g_string_free(line, FALSE);
}

static char *device_limits(const Domain *domain) { return each_device(domain, device_limit); }

/* ---- the table ---- */

static const struct {
    const char *path;     /* in the definition; NULL: nobody has asked */
    const char *files[2]; /* the first that is there */
    char *(*text)(const Domain *domain);
} limits[] = {
    { NULL, { "memory.max" }, memory },
    { "memtune/hard_limit", { "memory.max" }, hard_limit },
    { "memtune/soft_limit", { "memory.high" }, soft_limit },
    { "memtune/swap_hard_limit", { "memory.swap.max" }, swap_limit },
    { "cputune/shares", { "cpu.weight" }, shares },
    { "cputune/quota", { "cpu.max" }, quota },
    { "vcpu/@cpuset", { "cpuset.cpus" }, processors },
    { "numatune/memory/@nodeset", { "cpuset.mems" }, nodes },
    { "blkiotune/weight", { "io.weight", "io.bfq.weight" }, weight },
    { "blkiotune/device", { "io.weight", "io.bfq.weight" }, device_weights },
    { "blkiotune/device", { "io.max" }, device_limits },
};

const char *limit_asked(const Domain *domain)
{
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *text = limits[i].path ? limits[i].text(domain) : NULL;

        if (text)
            return limits[i].path;
    }
    return NULL;
}

static bool write_lines(const char *group, const char *file, const char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        if (!cgroup_write(group, file, *line, error))
            return false;
    }
    return true;
}

static bool apply(const Domain *domain, const char *group, size_t i, GError **error)
{
    g_autofree char *text = limits[i].text(domain);
    const char *const *files = limits[i].files;

    if (!text)
        return true;
    for (size_t j = 0; j < G_N_ELEMENTS(limits[i].files) && files[j]; j++) {
        if (cgroup_has(group, files[j]))
            return write_lines(group, files[j], text, error);
    }
    return !limits[i].path ||
           fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not supported: this host has no %s",
                limits[i].path, files[0]);
}

bool limit_apply(const Domain *domain, const char *group, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        if (!apply(domain, group, i, error))
            return false;
    }
    return true;
}

bool limit_check(const Domain *domain, GError **error)
{
    const CpuTune *cpu = &domain->cpu_tune;
    const struct {
        const char *name;
        int64_t value, min, max;
    } ranges[] = {
        { "shares", cpu->shares, 1, 10000 },
        { "period", cpu->period, 1000, 1000000 },
        { "quota", cpu->quota, 1000, INT64_MAX },
        { "weight", domain->blkio_tune.weight, 1, 10000 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        if (ranges[i].value > 0 &&
            (ranges[i].value < ranges[i].min || ranges[i].value > ranges[i].max))
            return fail(error, ERR_XML, "value of '%s' is out of range [%d, %" G_GINT64_FORMAT "]",
                        ranges[i].name, (int) ranges[i].min, ranges[i].max);
    }
    return true;
}
