/* ops-stats.c - what a guest uses: processors, memory, disks
 *
 * Questions to many guests are all sent before the first answer is read. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"
#include "image.h"
#include "guest/ops-iface.h"
#include "guest/ops.h"
#include "machine.h"
#include "qmp-events.h"
#include "rpc/params.h"
#include "threads.h"

#include <string.h>
#include <unistd.h>

enum {
    BULK_MS = 2000, /* for the slowest guest's answer in bulk statistics */
    GROUPS = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON |
             VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK,
};

/* ---- processors ---- */

bool qemu_domain_get_info(Call *call, const remote_domain_get_info_args *,
                          remote_domain_get_info_ret *out, GError **)
{
    g_autoptr(View) view = machine_view(machine_of(call));
    const Domain *domain = view_current(view);

    out->state = view->state;
    out->max_mem = domain->memory;
    out->memory = view->balloon ? view->balloon : domain->current_memory;
    out->nr_virt_cpu = ops_current_vcpus(domain);
    out->cpu_time = process_time(view->pid);
    return true;
}

/* ---- memory ---- */

static uint64_t resident_kib(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/statm", pid);
    g_autofree char *text = NULL;
    unsigned long long size, resident = 0;

    if (g_file_get_contents(path, &text, NULL, NULL))
        (void) sscanf(text, "%llu %llu", &size, &resident);
    return resident * sysconf(_SC_PAGESIZE) / 1024;
}

static const Balloon *balloon_of(const Domain *live)
{
    const Balloon *balloon = list_length(live->balloons) ? live->balloons->pdata[0] : NULL;

    return balloon && balloon->model != BALLOON_NONE ? balloon : NULL;
}

/* The guest's own figures come through the balloon, which is asked as an object. */
static QmpRequest *ask_balloon(Qmp *monitor, const Domain *live)
{
    const Balloon *balloon = balloon_of(live);
    g_autofree char *path = NULL;

    if (!balloon)
        return NULL;
    path = g_strdup_printf("/machine/peripheral/%s", balloon->info.alias);
    return qmp_send(monitor, "qom-get", json_build("ss", "path", path, "property", "guest-stats"));
}

static const struct {
    const char *name;  /* as QEMU calls it */
    const char *field; /* of bulk statistics */
    int tag;           /* virDomainMemoryStatTags */
    unsigned unit;     /* that QEMU counts by over the one that the API does */
} memory_figures[] = {
    { "stat-swap-in", "balloon.swap_in", VIR_DOMAIN_MEMORY_STAT_SWAP_IN, 1024 },
    { "stat-swap-out", "balloon.swap_out", VIR_DOMAIN_MEMORY_STAT_SWAP_OUT, 1024 },
    { "stat-major-faults", "balloon.major_fault", VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT, 1 },
    { "stat-minor-faults", "balloon.minor_fault", VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT, 1 },
    { "stat-free-memory", "balloon.unused", VIR_DOMAIN_MEMORY_STAT_UNUSED, 1024 },
    { "stat-total-memory", "balloon.available", VIR_DOMAIN_MEMORY_STAT_AVAILABLE, 1024 },
    { "stat-available-memory", "balloon.usable", VIR_DOMAIN_MEMORY_STAT_USABLE, 1024 },
    { "stat-disk-caches", "balloon.disk_caches", VIR_DOMAIN_MEMORY_STAT_DISK_CACHES, 1024 },
    { "stat-htlb-pgalloc", "balloon.hugetlb_pgalloc", VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGALLOC, 1 },
    { "stat-htlb-pgfail", "balloon.hugetlb_pgfail", VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGFAIL, 1 },
};

/* A figure that the guest has not told is the greatest number there is. */
static bool memory_figure(Json *stats, const char *name, unsigned unit, uint64_t *value)
{
    Json *member = json_member(stats, name);

    *value = member ? json_object_get_uint64(member) / unit : 0;
    return member && json_object_get_uint64(member) != UINT64_MAX;
}

static void add_memory(remote_domain_memory_stats_ret *out, unsigned most, int tag, uint64_t value)
{
    if (out->stats.stats_len < most)
        out->stats.stats_val[out->stats.stats_len++] = (remote_domain_memory_stat){ tag, value };
}

bool qemu_domain_memory_stats(Call *call, const remote_domain_memory_stats_args *in,
                              remote_domain_memory_stats_ret *out, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);
    unsigned most = MIN(in->max_stats, REMOTE_DOMAIN_MEMORY_STATS_MAX);
    QmpRequest *request;
    g_autoptr(Json) answer = NULL;
    Json *stats;

    if (!monitor || !call_check_flags(call, in->flags, 0, error))
        return false;
    request = ask_balloon(monitor, view->live->domain);
    if (request && !(answer = qmp_wait(request, 0, error)))
        return false;
    stats = json_member(answer, "stats");
    out->stats.stats_val = g_new0(remote_domain_memory_stat, most);
    add_memory(out, most, VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON, view->balloon);
    for (size_t i = 0; i < G_N_ELEMENTS(memory_figures); i++) {
        uint64_t value;

        if (memory_figure(stats, memory_figures[i].name, memory_figures[i].unit, &value))
            add_memory(out, most, memory_figures[i].tag, value);
    }
    if (json_number(answer, "last-update", 0))
        add_memory(out, most, VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE,
                   json_number(answer, "last-update", 0));
    add_memory(out, most, VIR_DOMAIN_MEMORY_STAT_RSS, resident_kib(view->pid));
    return true;
}

/* ---- disks ---- */

/* By target or by path of its source. */
static const Disk *find_disk(const Domain *domain, const char *name)
{
    for (LIST_EACH(Disk, disk, domain->disks)) {
        if (g_strcmp0(disk->target, name) == 0 || g_strcmp0(disk->source.path, name) == 0)
            return disk;
    }
    return NULL;
}

static const Disk *require_disk(const Domain *domain, const char *name, GError **error)
{
    const Disk *disk = find_disk(domain, name);

    return disk ? disk : fail(error, ERR_INVALID_ARG, "invalid path: %s", name);
}

/* The entry of query-blockstats for a disk, told by the device that QEMU names after the alias. */
static Json *block_entry(Json *answer, const char *alias)
{
    for (size_t i = 0; i < json_length(answer); i++) {
        Json *entry = json_object_array_get_idx(answer, i);
        const char *device = json_text(entry, "qdev");
        g_auto(GStrv) parts = device ? g_strsplit(device, "/", -1) : NULL;

        if (parts && g_strv_contains((const char *const *) parts, alias))
            return entry;
    }
    return NULL;
}

static const struct {
    const char *name;   /* as QEMU calls it */
    const char *field;  /* of bulk statistics: block.N.<field> */
    const char *single; /* of the call for one disk */
} block_figures[] = {
    { "rd_operations", "rd.reqs", VIR_DOMAIN_BLOCK_STATS_READ_REQ },
    { "rd_bytes", "rd.bytes", VIR_DOMAIN_BLOCK_STATS_READ_BYTES },
    { "rd_total_time_ns", "rd.times", VIR_DOMAIN_BLOCK_STATS_READ_TOTAL_TIMES },
    { "wr_operations", "wr.reqs", VIR_DOMAIN_BLOCK_STATS_WRITE_REQ },
    { "wr_bytes", "wr.bytes", VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES },
    { "wr_total_time_ns", "wr.times", VIR_DOMAIN_BLOCK_STATS_WRITE_TOTAL_TIMES },
    { "flush_operations", "fl.reqs", VIR_DOMAIN_BLOCK_STATS_FLUSH_REQ },
    { "flush_total_time_ns", "fl.times", VIR_DOMAIN_BLOCK_STATS_FLUSH_TOTAL_TIMES },
};

/* One disk's figures, or with an empty name those of all disks together. */
static bool block_stats(Machine *vm, const char *name, int64_t *figures, GError **error)
{
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);
    g_autoptr(Json) answer = NULL;

    if (!monitor || (*name && !require_disk(view->live->domain, name, error)))
        return false;
    answer = qmp_call(monitor, "query-blockstats", NULL, error);
    if (!answer)
        return false;
    for (LIST_EACH(Disk, disk, view->live->domain->disks)) {
        Json *stats = json_member(block_entry(answer, disk->info.alias), "stats");

        if (*name && disk != find_disk(view->live->domain, name))
            continue;
        for (size_t i = 0; i < G_N_ELEMENTS(block_figures); i++)
            figures[i] += json_number(stats, block_figures[i].name, 0);
    }
    return true;
}

bool qemu_domain_block_stats(Call *call, const remote_domain_block_stats_args *in,
                             remote_domain_block_stats_ret *out, GError **error)
{
    int64_t figures[G_N_ELEMENTS(block_figures)] = {};

    if (!block_stats(machine_of(call), in->path, figures, error))
        return false;
    *out = (remote_domain_block_stats_ret){ .rd_req = figures[0],
                                            .rd_bytes = figures[1],
                                            .wr_req = figures[3],
                                            .wr_bytes = figures[4],
                                            .errs = -1 };
    return true;
}

bool qemu_domain_block_stats_flags(Call *call, const remote_domain_block_stats_flags_args *in,
                                   remote_domain_block_stats_flags_ret *out, GError **error)
{
    int64_t figures[G_N_ELEMENTS(block_figures)] = {};
    g_auto(Params) params = {};

    if (!call_check_flags(call, in->flags, VIR_TYPED_PARAM_STRING_OKAY, error) ||
        !block_stats(machine_of(call), in->path, figures, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(block_figures); i++)
        params_add_llong(&params, figures[i], "%s", block_figures[i].single);
    out->params.params_len =
        params_answer(&params, in->nparams, &out->params.params_val, &out->nparams);
    return true;
}

/* What QEMU says of a disk that does not work, as virDomainDiskErrorCode. */
static int disk_error(Json *entry)
{
    const char *status = json_text(entry, "io-status");

    return !status || g_str_equal(status, "ok") ? VIR_DOMAIN_DISK_ERROR_NONE
           : g_str_equal(status, "nospace")     ? VIR_DOMAIN_DISK_ERROR_NO_SPACE
                                                : VIR_DOMAIN_DISK_ERROR_UNSPEC;
}

bool qemu_domain_get_disk_errors(Call *call, const remote_domain_get_disk_errors_args *in,
                                 remote_domain_get_disk_errors_ret *out, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);
    unsigned disks = view->live ? list_length(view->live->domain->disks) : 0;
    g_autoptr(Json) answer = NULL;

    if (!monitor || !call_check_flags(call, in->flags, 0, error))
        return false;
    out->nerrors = disks;
    if (!in->maxerrors)
        return true;
    answer = qmp_call(monitor, "query-block", NULL, error);
    out->errors.errors_val = g_new0(remote_domain_disk_error, disks);
    out->nerrors = 0;
    for (LIST_EACH(Disk, disk, answer ? view->live->domain->disks : NULL)) {
        int code = disk_error(block_entry(answer, disk->info.alias));

        if (code != VIR_DOMAIN_DISK_ERROR_NONE && out->nerrors < (int) in->maxerrors)
            out->errors.errors_val[out->nerrors++] =
                (remote_domain_disk_error){ g_strdup(disk->target), code };
    }
    out->errors.errors_len = out->nerrors;
    return answer != NULL;
}

static const char *disk_format(const Disk *disk)
{
    return disk->format ? source_format_names[disk->format] : "raw";
}

bool qemu_domain_get_block_info(Call *call, const remote_domain_get_block_info_args *in,
                                remote_domain_get_block_info_ret *out, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));
    const Disk *disk = require_disk(view_current(view), in->path, error);
    ImageSize size;

    if (!disk || !call_check_flags(call, in->flags, 0, error))
        return false;
    if (!disk->source.path)
        return fail(error, ERR_INVALID_ARG, "disk '%s' does not currently have a source assigned",
                    in->path);
    if (!image_size(disk->source.path, disk_format(disk), &size, error))
        return false;
    out->capacity = size.capacity;
    out->allocation = size.allocation;
    out->physical = size.physical;
    return true;
}

/* ---- bulk statistics ---- */

/* What was asked of one guest, and what it has answered. */
typedef struct Survey {
    Machine *vm;
    View *view;
    Qmp *monitor; /* NULL: it does not run */
    QmpRequest *ask_block, *ask_memory;
    Json *block, *memory;
} Survey;

static void survey_begin(Survey *s, Machine *vm, unsigned groups)
{
    *s = (Survey){ .vm = vm, .view = machine_view(vm), .monitor = machine_monitor(vm, NULL) };
    if (!s->monitor || !view_is_active(s->view))
        return;
    if (groups & VIR_DOMAIN_STATS_BLOCK && list_length(s->view->live->domain->disks))
        s->ask_block = qmp_send(s->monitor, "query-blockstats", NULL);
    if (groups & VIR_DOMAIN_STATS_BALLOON)
        s->ask_memory = ask_balloon(s->monitor, s->view->live->domain);
}

/* A guest whose QEMU does not answer in time is told of without what only QEMU knows. */
static void survey_collect(Survey *s, gint64 until)
{
    struct {
        QmpRequest **request;
        Json **answer;
    } both[] = { { &s->ask_block, &s->block }, { &s->ask_memory, &s->memory } };

    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        gint64 left = (until - g_get_monotonic_time()) / 1000;

        if (*both[i].request)
            *both[i].answer = qmp_wait(g_steal_pointer(both[i].request), MAX(left, 1), NULL);
    }
}

static void survey_end(Survey *s)
{
    json_unref(s->block);
    json_unref(s->memory);
    g_clear_pointer(&s->monitor, qmp_unref);
    view_unref(s->view);
}

static void add_state(const Survey *s, Params *params)
{
    params_add_int(params, s->view->state, "state.state");
    params_add_int(params, s->view->reason, "state.reason");
}

static void add_cpu_total(const Survey *s, Params *params)
{
    uint64_t user, system;

    if (!s->view->pid)
        return;
    process_times(s->view->pid, &user, &system);
    params_add_ullong(params, process_time(s->view->pid), "cpu.time");
    params_add_ullong(params, user, "cpu.user");
    params_add_ullong(params, system, "cpu.system");
}

static void add_balloon(const Survey *s, Params *params)
{
    Json *stats = json_member(s->memory, "stats");
    const Domain *domain = view_current(s->view);

    params_add_ullong(params, s->view->live ? s->view->balloon : domain->current_memory,
                      "balloon.current");
    params_add_ullong(params, domain->memory, "balloon.maximum");
    for (size_t i = 0; i < G_N_ELEMENTS(memory_figures); i++) {
        uint64_t value;

        if (memory_figure(stats, memory_figures[i].name, memory_figures[i].unit, &value))
            params_add_ullong(params, value, "%s", memory_figures[i].field);
    }
    if (s->memory)
        params_add_ullong(params, json_number(s->memory, "last-update", 0), "balloon.last-update");
    if (s->view->pid)
        params_add_ullong(params, resident_kib(s->view->pid), "balloon.rss");
}

static void add_vcpu(const Survey *s, Params *params)
{
    const Domain *domain = view_current(s->view);
    g_autofree ThreadTime *times = NULL;

    params_add_uint(params, domain->current_vcpus ? domain->current_vcpus : domain->vcpus,
                    "vcpu.current");
    params_add_uint(params, domain->vcpus, "vcpu.maximum");
    if (!s->view->pid)
        return;
    times = g_new(ThreadTime, domain->vcpus);
    threads_of_vcpus(s->view->pid, times, domain->vcpus);
    for (unsigned i = 0; i < domain->vcpus; i++) {
        if (!times[i].known)
            continue;
        params_add_int(params, VIR_VCPU_RUNNING, "vcpu.%u.state", i);
        params_add_ullong(params, times[i].ran, "vcpu.%u.time", i);
        params_add_ullong(params, times[i].waited, "vcpu.%u.delay", i);
    }
}

static void add_interface(const Survey *s, Params *params)
{
    const Domain *domain = view_current(s->view);
    unsigned i = 0;

    if (!s->view->live)
        return;
    params_add_uint(params, list_length(domain->interfaces), "net.count");
    for (LIST_EACH(Iface, iface, domain->interfaces)) {
        LinkTraffic received, sent;

        params_add_string(params, iface->target, "net.%u.name", i);
        if (iface->target && iface_count(iface, &received, &sent, NULL)) {
            params_add_traffic(params, i, "rx", &received);
            params_add_traffic(params, i, "tx", &sent);
        }
        i++;
    }
}

static void add_sizes(const Disk *disk, unsigned i, Params *params)
{
    ImageSize size;

    if (!disk->source.path || !image_size(disk->source.path, disk_format(disk), &size, NULL))
        return;
    params_add_ullong(params, size.allocation, "block.%u.allocation", i);
    params_add_ullong(params, size.capacity, "block.%u.capacity", i);
    params_add_ullong(params, size.physical, "block.%u.physical", i);
}

static void add_block(const Survey *s, Params *params)
{
    const Domain *domain = view_current(s->view);
    unsigned i = 0;

    params_add_uint(params, list_length(domain->disks), "block.count");
    for (LIST_EACH(Disk, disk, domain->disks)) {
        Json *entry = s->block ? block_entry(s->block, disk->info.alias) : NULL;
        Json *stats = json_member(entry, "stats");

        params_add_string(params, disk->target, "block.%u.name", i);
        params_add_string(params, disk->source.path, "block.%u.path", i);
        for (size_t f = 0; stats && f < G_N_ELEMENTS(block_figures); f++)
            params_add_ullong(params, json_number(stats, block_figures[f].name, 0), "block.%u.%s",
                              i, block_figures[f].field);
        add_sizes(disk, i, params);
        i++;
    }
}

static const struct {
    unsigned bit; /* virDomainStatsTypes */
    void (*add)(const Survey *survey, Params *params);
} groups_of_figures[] = {
    { VIR_DOMAIN_STATS_STATE, add_state },         { VIR_DOMAIN_STATS_CPU_TOTAL, add_cpu_total },
    { VIR_DOMAIN_STATS_BALLOON, add_balloon },     { VIR_DOMAIN_STATS_VCPU, add_vcpu },
    { VIR_DOMAIN_STATS_INTERFACE, add_interface }, { VIR_DOMAIN_STATS_BLOCK, add_block },
};

static void fill_record(const Survey *s, unsigned groups, remote_domain_stats_record *record)
{
    g_auto(Params) params = {};

    for (size_t i = 0; i < G_N_ELEMENTS(groups_of_figures); i++) {
        if (groups & groups_of_figures[i].bit)
            groups_of_figures[i].add(s, &params);
    }
    record->dom = ops_reference(s->vm);
    record->params.params_len = params_take(&params, &record->params.params_val);
}

bool qemu_connect_get_all_domain_stats(Call *call,
                                       const remote_connect_get_all_domain_stats_args *in,
                                       remote_connect_get_all_domain_stats_ret *out, GError **error)
{
    gint64 until = g_get_monotonic_time() + BULK_MS * 1000;
    g_autoptr(GPtrArray) list = NULL;
    g_autofree Survey *surveys = NULL;
    unsigned groups;

    list = ops_surveyed(call, in, GROUPS, &groups, error);
    if (!list)
        return false;
    surveys = g_new0(Survey, list->len + 1);
    out->ret_stats.ret_stats_val = g_new0(remote_domain_stats_record, list->len);
    out->ret_stats.ret_stats_len = list->len;
    for (guint i = 0; i < list->len; i++)
        survey_begin(&surveys[i], list->pdata[i], groups);
    for (guint i = 0; i < list->len; i++) {
        survey_collect(&surveys[i], until);
        fill_record(&surveys[i], groups, &out->ret_stats.ret_stats_val[i]);
        survey_end(&surveys[i]);
    }
    return true;
}
