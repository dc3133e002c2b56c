/* limit.c - what a container may use, as files of its control group */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit.h"

#include "host/cgroup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* ---- values as the kernel writes them; NULL: nothing is limited ---- */

static bool is_limit(uint64_t kib) { return kib && kib < LIMIT_NONE; }

static char *bytes(uint64_t kib)
{
    return is_limit(kib) ? g_strdup_printf("%" G_GUINT64_FORMAT, kib * 1024) : NULL;
}

static uint64_t most_memory(const Domain *domain)
{
    uint64_t hard = domain->memory_tune.hard_limit;

    return hard ? hard : domain->current_memory;
}

static char *memory(const Domain *domain) { return bytes(most_memory(domain)); }

static char *hard_limit(const Domain *domain) { return bytes(domain->memory_tune.hard_limit); }

static char *soft_limit(const Domain *domain) { return bytes(domain->memory_tune.soft_limit); }

/* Definitions count memory and swap together. */
static char *swap_limit(const Domain *domain)
{
    uint64_t both = domain->memory_tune.swap_hard_limit, of_memory = most_memory(domain);

    if (!is_limit(both))
        return NULL;
    if (!is_limit(of_memory))
        return bytes(both);
    return g_strdup_printf("%" G_GUINT64_FORMAT, both > of_memory ? (both - of_memory) * 1024 : 0);
}

static char *shares(const Domain *domain)
{
    uint64_t shares = domain->cpu_tune.shares;

    return shares ? g_strdup_printf("%" G_GUINT64_FORMAT, shares) : NULL;
}

static char *quota(const Domain *domain)
{
    uint64_t period = domain->cpu_tune.period ? domain->cpu_tune.period : 100000;

    if (domain->cpu_tune.quota > 0)
        return g_strdup_printf("%" G_GINT64_FORMAT " %" G_GUINT64_FORMAT, domain->cpu_tune.quota,
                               period);
    return domain->cpu_tune.period ? g_strdup_printf("max %" G_GUINT64_FORMAT, period) : NULL;
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

static char *device_weight(const BlkioDevice *device)
{
    return device->weight ? g_strdup_printf("%u", device->weight) : NULL;
}

static char *device_limits(const BlkioDevice *device)
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
    g_autoptr(GString) line = g_string_new(NULL);
    bool any = false;

    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        any |= limits[i].value > 0;
        g_string_append_printf(line, "%s%s=", i ? " " : "", limits[i].name);
        if (limits[i].value)
            g_string_append_printf(line, "%" G_GUINT64_FORMAT, limits[i].value);
        else
            g_string_append(line, "max");
    }
    return any ? g_string_free(g_steal_pointer(&line), FALSE) : NULL;
}

/* ---- the tables ---- */

typedef struct Limit {
    const char *path;     /* in the definition; NULL: nobody has asked */
    const char *files[2]; /* those that are there */
    char *(*text)(const Domain *domain);
    char *(*line)(const BlkioDevice *device); /* or this: a line for each device */
    const char *none;                         /* what takes it back; NULL: another row does */
} Limit;

static const Limit limits[] = {
    { NULL, { "memory.max" }, memory, NULL, "max" },
    { "memtune/hard_limit", { "memory.max" }, hard_limit, NULL, NULL },
    { "memtune/soft_limit", { "memory.high" }, soft_limit, NULL, "max" },
    { "memtune/swap_hard_limit", { "memory.swap.max" }, swap_limit, NULL, "max" },
    { "cputune/shares", { "cpu.weight" }, shares, NULL, "100" },
    { "cputune/quota", { "cpu.max" }, quota, NULL, "max 100000" },
    { "vcpu/@cpuset", { "cpuset.cpus" }, processors, NULL, "\n" },
    { "numatune/memory/@nodeset", { "cpuset.mems" }, nodes, NULL, "\n" },
    { "blkiotune/weight", { "io.weight", "io.bfq.weight" }, weight, NULL, "default 100" },
    { "blkiotune/device", { "io.weight", "io.bfq.weight" }, NULL, device_weight, "default" },
    { "blkiotune/device",
      { "io.max" },
      NULL,
      device_limits,
      "rbps=max wbps=max riops=max wiops=max" },
};

static bool is_asked(const Domain *domain, const Limit *limit)
{
    g_autofree char *text = limit->text ? limit->text(domain) : NULL;
    bool is = text;

    for (LIST_EACH(BlkioDevice, device, domain->blkio_tune.devices)) {
        g_autofree char *line = limit->line ? limit->line(device) : NULL;

        is |= line != NULL;
    }
    return is;
}

const char *limit_asked(const Domain *domain)
{
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        if (limits[i].path && is_asked(domain, &limits[i]))
            return limits[i].path;
    }
    return NULL;
}

/* ---- writing them ---- */

/* As the kernel names it; what is no device by its path, so that the refusal will name that. */
static char *number_of(const BlkioDevice *device)
{
    struct stat file;

    if (stat(device->path, &file) < 0 || !S_ISBLK(file.st_mode))
        return g_strdup(device->path);
    return g_strdup_printf("%u:%u", major(file.st_rdev), minor(file.st_rdev));
}

static bool has_line(const char *group, const char *file, const char *key)
{
    g_autofree char *text = cgroup_read(group, file);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    g_autofree char *start = g_strconcat(key, " ", NULL);

    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, start))
            return true;
    }
    return false;
}

/* key: only in files that have a line of it. One must take it: schedulers of disks have a file
 * each. */
static bool put(const Limit *limit, const char *group, const char *text, const char *key,
                GError **error)
{
    g_autoptr(GError) refusal = NULL;
    bool is_put = false;

    for (size_t i = 0; i < G_N_ELEMENTS(limit->files) && limit->files[i]; i++) {
        const char *file = limit->files[i];

        if (!cgroup_has(group, file) || (key && !has_line(group, file, key)))
            continue;
        g_clear_error(&refusal);
        is_put |= cgroup_write(group, file, text, &refusal);
    }
    if (is_put || !refusal)
        return true;
    g_propagate_error(error, g_steal_pointer(&refusal));
    return false;
}

/* Not every device can have every limit: none is taken from one that has none. */
static bool put_line(const Limit *limit, const BlkioDevice *device, const char *group,
                     GError **error)
{
    g_autofree char *number = number_of(device), *value = limit->line(device);
    g_autofree char *line = g_strdup_printf("%s %s", number, value ? value : limit->none);

    return put(limit, group, line, value ? NULL : number, error);
}

static bool put_limit(const Limit *limit, const Domain *domain, const char *group, bool all,
                      GError **error)
{
    g_autofree char *text = limit->text ? limit->text(domain) : NULL;
    const char *said = text ? text : all ? limit->none : NULL;

    if (limit->text)
        return !said || put(limit, group, said, NULL, error);
    for (LIST_EACH(BlkioDevice, device, domain->blkio_tune.devices)) {
        if (!put_line(limit, device, group, error))
            return false;
    }
    return true;
}

static bool has_file(const Limit *limit, const char *group)
{
    return cgroup_has(group, limit->files[0]) ||
           (limit->files[1] && cgroup_has(group, limit->files[1]));
}

static bool apply(const Domain *domain, const char *group, bool all, GError **error)
{
    for (const Limit *limit = limits; limit < limits + G_N_ELEMENTS(limits); limit++) {
        bool is = is_asked(domain, limit);

        if (is && limit->path && !has_file(limit, group))
            return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not supported: this host has no %s",
                        limit->path, limit->files[0]);
        if ((is || all) && !put_limit(limit, domain, group, all, error))
            return false;
    }
    return true;
}

bool limit_begin(const Domain *domain, const char *group, GError **error)
{
    return apply(domain, group, false, error);
}

bool limit_apply(const Domain *domain, const char *group, GError **error)
{
    return apply(domain, group, true, error);
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
