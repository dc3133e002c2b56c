/* ops-tuning.c - limits of a container: told, and changed in the definition and while it runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container.h"
#include "driver.h"
#include "guest/ops.h"
#include "host/cgroup.h"
#include "limit.h"
#include "rpc/params.h"

#include <string.h>

/* ---- parameters: members of a definition by the names of the API ---- */

typedef struct Parameter {
    const char *name;
    int type;    /* REMOTE_TYPED_PARAM_* */
    size_t slot; /* in Domain */
    /* of a number: what the kernel keeps the container to; false: the host has no such limit */
    bool (*now)(const char *group, uint64_t *value);
    /* of a string: how it is told and taken; else NULL */
    char *(*tell)(const Domain *domain);
    bool (*take)(Domain *domain, const char *text, GError **error);
} Parameter;

static uint64_t number_of(const Domain *domain, const Parameter *parameter, const char *group)
{
    const void *slot = slot_at(domain, parameter->slot);
    uint64_t value;

    if (group && parameter->now && parameter->now(group, &value))
        return value;
    return parameter->type == VIR_TYPED_PARAM_UINT ? *(const unsigned *) slot
                                                   : *(const uint64_t *) slot;
}

static void set_number(Domain *domain, const Parameter *parameter, uint64_t value)
{
    void *slot = slot_at(domain, parameter->slot);

    if (parameter->type == VIR_TYPED_PARAM_UINT)
        *(unsigned *) slot = value;
    else
        *(uint64_t *) slot = value;
}

/* group: of what runs; NULL: the definition is told. */
static void tell(const Domain *domain, const Parameter *parameter, const char *group,
                 Params *params)
{
    g_autofree char *text = parameter->tell ? parameter->tell(domain) : NULL;

    switch (parameter->type) {
    case VIR_TYPED_PARAM_STRING:
        params_add_string(params, text, "%s", parameter->name);
        break;
    case VIR_TYPED_PARAM_UINT:
        params_add_uint(params, number_of(domain, parameter, group), "%s", parameter->name);
        break;
    case VIR_TYPED_PARAM_LLONG:
        params_add_llong(params, number_of(domain, parameter, group), "%s", parameter->name);
        break;
    default:
        params_add_ullong(params, number_of(domain, parameter, group), "%s", parameter->name);
    }
}

static bool value_of(const remote_typed_param *param, uint64_t *value)
{
    const remote_typed_param_value *given = &param->value;

    switch (given->type) {
    case VIR_TYPED_PARAM_INT:
        *value = given->remote_typed_param_value_u.i;
        return true;
    case VIR_TYPED_PARAM_UINT:
        *value = given->remote_typed_param_value_u.ui;
        return true;
    case VIR_TYPED_PARAM_LLONG:
    case VIR_TYPED_PARAM_ULLONG:
        *value = given->remote_typed_param_value_u.ul;
        return true;
    default:
        return false;
    }
}

static bool take(Domain *domain, const Parameter *table, const remote_typed_param *param,
                 GError **error)
{
    uint64_t value;

    while (table->name && !g_str_equal(table->name, param->field))
        table++;
    if (!table->name)
        return fail(error, ERR_INVALID_ARG, "parameter '%s' not supported", param->field);
    if ((int) param->value.type != table->type)
        return fail(error, ERR_INVALID_ARG, "invalid type of parameter '%s'", param->field);
    if (table->take)
        return table->take(domain, param->value.remote_typed_param_value_u.s, error);
    if (value_of(param, &value))
        set_number(domain, table, value);
    return true;
}

typedef struct Wish {
    const Parameter *table;
    const remote_typed_param *params;
    unsigned count;
} Wish;

/* All of it or nothing. */
static bool apply_to_group(Machine *vm, const Domain *domain, GError **error)
{
    g_autoptr(Container) container = container_of(vm, error);
    g_autoptr(View) view = machine_view(vm);

    if (!container)
        return false;
    if (!container->group)
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "the container has no control group to limit it by");
    if (limit_apply(domain, container->group, error))
        return true;
    (void) limit_apply(view->live->domain, container->group, NULL);
    return false;
}

static bool change(Machine *vm, Domain *domain, bool live, const void *data, GError **error)
{
    const Wish *wish = data;

    for (unsigned i = 0; i < wish->count; i++) {
        if (!take(domain, wish->table, &wish->params[i], error))
            return false;
    }
    return limit_check(domain, error) && (!live || apply_to_group(vm, domain, error));
}

static bool set(Call *call, const Parameter *table, const remote_typed_param *params,
                unsigned count, unsigned flags, GError **error)
{
    Wish wish = { table, params, count };

    return call_check_flags(call, flags, 3, error) &&
           ops_change(machine_of(call), flags, change, &wish, error);
}

static bool get(Call *call, const Parameter *table, unsigned flags, Params *params, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));
    g_autofree char *name = object_name(call->object);
    g_autoptr(Container) container = NULL;
    const Domain *domain;

    if (!call_check_flags(call, flags, 7, error))
        return false;
    domain = view_definition(view, name, flags & 3, error);
    if (domain && view->live && domain == view->live->domain)
        container = container_of(machine_of(call), NULL);
    for (; domain && table->name; table++)
        tell(domain, table, container ? container->group : NULL, params);
    return domain != NULL;
}

/* ---- processors ---- */

static bool shares_now(const char *group, uint64_t *value)
{
    return cgroup_number(group, "cpu.weight", NULL, value);
}

/* "max 100000": the quota, and the period that it is of. */
static bool period_now(const char *group, uint64_t *value)
{
    g_autofree char *text = cgroup_read(group, "cpu.max");
    const char *period = text ? strchr(text, ' ') : NULL;

    return period && g_ascii_string_to_unsigned(period + 1, 10, 0, UINT64_MAX, value, NULL);
}

/* All that there is, is told as -1. */
static bool quota_now(const char *group, uint64_t *value)
{
    return cgroup_number(group, "cpu.max", NULL, value);
}

// clang-format off
static const Parameter cpu_parameters[] = {
    { "cpu_shares", VIR_TYPED_PARAM_ULLONG, SLOT(Domain, cpu_tune.shares, uint64_t), shares_now, NULL, NULL },
    { "vcpu_period", VIR_TYPED_PARAM_ULLONG, SLOT(Domain, cpu_tune.period, uint64_t), period_now, NULL, NULL },
    { "vcpu_quota", VIR_TYPED_PARAM_LLONG, SLOT(Domain, cpu_tune.quota, int64_t), quota_now, NULL, NULL },
    {},
};
// clang-format on

bool lxc_domain_get_scheduler_type(Call *, const remote_domain_get_scheduler_type_args *,
                                   remote_domain_get_scheduler_type_ret *out, GError **)
{
    out->type = g_strdup("posix");
    out->nparams = G_N_ELEMENTS(cpu_parameters) - 1;
    return true;
}

bool lxc_domain_get_scheduler_parameters_flags(
    Call *call, const remote_domain_get_scheduler_parameters_flags_args *in,
    remote_domain_get_scheduler_parameters_flags_ret *out, GError **error)
{
    g_auto(Params) params = {};
    int unused;

    if (!get(call, cpu_parameters, in->flags, &params, error))
        return false;
    out->params.params_len =
        params_answer(&params, MAX(in->nparams, 1), &out->params.params_val, &unused);
    return true;
}

bool lxc_domain_get_scheduler_parameters(Call *call,
                                         const remote_domain_get_scheduler_parameters_args *in,
                                         remote_domain_get_scheduler_parameters_ret *out,
                                         GError **error)
{
    g_auto(Params) params = {};
    int unused;

    if (!get(call, cpu_parameters, 0, &params, error))
        return false;
    out->params.params_len =
        params_answer(&params, MAX(in->nparams, 1), &out->params.params_val, &unused);
    return true;
}

bool lxc_domain_set_scheduler_parameters_flags(
    Call *call, const remote_domain_set_scheduler_parameters_flags_args *in, none *, GError **error)
{
    return set(call, cpu_parameters, in->params.params_val, in->params.params_len, in->flags,
               error);
}

bool lxc_domain_set_scheduler_parameters(Call *call,
                                         const remote_domain_set_scheduler_parameters_args *in,
                                         none *, GError **error)
{
    return set(call, cpu_parameters, in->params.params_val, in->params.params_len, 0, error);
}

/* ---- memory ---- */

/* What is not limited is told as the greatest number. */
static bool kib_now(const char *group, const char *file, uint64_t *value)
{
    if (!cgroup_number(group, file, NULL, value))
        return false;
    *value = *value == UINT64_MAX ? LIMIT_NONE : *value / 1024;
    return true;
}

static bool hard_limit_now(const char *group, uint64_t *value)
{
    return kib_now(group, "memory.max", value);
}

static bool soft_limit_now(const char *group, uint64_t *value)
{
    return kib_now(group, "memory.high", value);
}

/* Of memory and swap together. */
static bool swap_hard_limit_now(const char *group, uint64_t *value)
{
    uint64_t memory;

    if (!kib_now(group, "memory.swap.max", value) || !hard_limit_now(group, &memory))
        return false;
    *value = MIN(*value + memory, LIMIT_NONE);
    return true;
}

// clang-format off
static const Parameter memory_parameters[] = {
    { "hard_limit", VIR_TYPED_PARAM_ULLONG, SLOT(Domain, memory_tune.hard_limit, uint64_t), hard_limit_now, NULL, NULL },
    { "soft_limit", VIR_TYPED_PARAM_ULLONG, SLOT(Domain, memory_tune.soft_limit, uint64_t), soft_limit_now, NULL, NULL },
    { "swap_hard_limit", VIR_TYPED_PARAM_ULLONG, SLOT(Domain, memory_tune.swap_hard_limit, uint64_t), swap_hard_limit_now, NULL, NULL },
    {},
};
// clang-format on

bool lxc_domain_get_memory_parameters(Call *call,
                                      const remote_domain_get_memory_parameters_args *in,
                                      remote_domain_get_memory_parameters_ret *out, GError **error)
{
    g_auto(Params) params = {};

    if (!get(call, memory_parameters, in->flags, &params, error))
        return false;
    for (unsigned i = 0; i < params.count; i++) {
        if (params.list[i].value.remote_typed_param_value_u.ul == 0)
            params.list[i].value.remote_typed_param_value_u.ul = LIMIT_NONE;
    }
    out->params.params_len =
        params_answer(&params, in->nparams, &out->params.params_val, &out->nparams);
    return true;
}

bool lxc_domain_set_memory_parameters(Call *call,
                                      const remote_domain_set_memory_parameters_args *in, none *,
                                      GError **error)
{
    return set(call, memory_parameters, in->params.params_val, in->params.params_len, in->flags,
               error);
}

static bool change_memory(Machine *vm, Domain *domain, bool live, const void *data, GError **error)
{
    uint64_t memory = *(const uint64_t *) data;

    if (memory > domain->memory)
        return fail(error, ERR_INVALID_ARG, "cannot set memory higher than max memory");
    domain->current_memory = memory;
    return !live || apply_to_group(vm, domain, error);
}

static bool change_max_memory(Machine *, Domain *domain, bool live, const void *data,
                              GError **error)
{
    uint64_t memory = *(const uint64_t *) data;

    if (live)
        return fail(error, ERR_OPERATION_INVALID,
                    "cannot resize the maximum memory on an active domain");
    domain->memory = memory;
    domain->current_memory = MIN(domain->current_memory, memory);
    return true;
}

static bool set_memory(Call *call, uint64_t memory, unsigned flags, GError **error)
{
    bool most = flags & VIR_DOMAIN_MEM_MAXIMUM;

    return call_check_flags(call, flags, 7, error) &&
           ops_change(machine_of(call), flags & 3, most ? change_max_memory : change_memory,
                      &memory, error);
}

bool lxc_domain_set_memory(Call *call, const remote_domain_set_memory_args *in, none *,
                           GError **error)
{
    return set_memory(call, in->memory, VIR_DOMAIN_AFFECT_LIVE, error);
}

bool lxc_domain_set_memory_flags(Call *call, const remote_domain_set_memory_flags_args *in, none *,
                                 GError **error)
{
    return set_memory(call, in->memory, in->flags, error);
}

bool lxc_domain_set_max_memory(Call *call, const remote_domain_set_max_memory_args *in, none *,
                               GError **error)
{
    return set_memory(call, in->memory, VIR_DOMAIN_MEM_MAXIMUM, error);
}

/* ---- disks: lists of device,value pairs ---- */

static const struct {
    const char *name;
    size_t slot;
    bool wide;
} device_values[] = {
    { "device_weight", SLOT(BlkioDevice, weight, unsigned), false },
    { "device_read_iops_sec", SLOT(BlkioDevice, read_iops, unsigned), false },
    { "device_write_iops_sec", SLOT(BlkioDevice, write_iops, unsigned), false },
    { "device_read_bytes_sec", SLOT(BlkioDevice, read_bytes, uint64_t), true },
    { "device_write_bytes_sec", SLOT(BlkioDevice, write_bytes, uint64_t), true },
};

static uint64_t *wide(const BlkioDevice *device, size_t i)
{
    return slot_at(device, device_values[i].slot);
}

static uint64_t device_value(const BlkioDevice *device, size_t i)
{
    const unsigned *narrow = slot_at(device, device_values[i].slot);

    return device_values[i].wide ? *wide(device, i) : *narrow;
}

static void set_device_value(BlkioDevice *device, size_t i, uint64_t value)
{
    unsigned *narrow = slot_at(device, device_values[i].slot);

    if (device_values[i].wide)
        *wide(device, i) = value;
    else
        *narrow = value;
}

static char *tell_devices(const Domain *domain, size_t i)
{
    GString *text = g_string_new(NULL);

    for (LIST_EACH(BlkioDevice, device, domain->blkio_tune.devices)) {
        if (device_value(device, i))
            g_string_append_printf(text, "%s%s,%" G_GUINT64_FORMAT, text->len ? "," : "",
                                   device->path, device_value(device, i));
    }
    return g_string_free(text, FALSE);
}

static BlkioDevice *device_of(Domain *domain, const char *path)
{
    BlkioDevice *made;

    for (LIST_EACH(BlkioDevice, device, domain->blkio_tune.devices)) {
        if (g_str_equal(device->path, path))
            return device;
    }
    made = g_new0(BlkioDevice, 1);
    made->path = g_strdup(path);
    list_add(&domain->blkio_tune.devices, made);
    return made;
}

static bool take_devices(Domain *domain, size_t i, const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);

    for (char **word = words; *word && **word; word += 2) {
        guint64 value;

        if (**word != '/' || !word[1] ||
            !g_ascii_string_to_unsigned(
                word[1], 10, 0, device_values[i].wide ? G_MAXUINT64 : G_MAXUINT, &value, NULL))
            return fail(error, ERR_INVALID_ARG, "unable to parse %s '%s'", device_values[i].name,
                        text);
        set_device_value(device_of(domain, *word), i, value);
    }
    return true;
}

static bool weight_now(const char *group, uint64_t *value)
{
    return cgroup_number(group, "io.weight", "default", value) ||
           cgroup_number(group, "io.bfq.weight", "default", value);
}

// clang-format off
#define DEVICE_PARAMETER(i, what)                                                            \
    static char *tell_##what(const Domain *domain) { return tell_devices(domain, i); }       \
    static bool take_##what(Domain *domain, const char *text, GError **error)                \
    {                                                                                        \
        return take_devices(domain, i, text, error);                                         \
    }
DEVICE_PARAMETER(0, weight)
DEVICE_PARAMETER(1, read_iops)
DEVICE_PARAMETER(2, write_iops)
DEVICE_PARAMETER(3, read_bytes)
DEVICE_PARAMETER(4, write_bytes)

static const Parameter blkio_parameters[] = {
    { "weight", VIR_TYPED_PARAM_UINT, SLOT(Domain, blkio_tune.weight, unsigned), weight_now, NULL, NULL },
    { "device_weight", VIR_TYPED_PARAM_STRING, 0, NULL, tell_weight, take_weight },
    { "device_read_iops_sec", VIR_TYPED_PARAM_STRING, 0, NULL, tell_read_iops, take_read_iops },
    { "device_write_iops_sec", VIR_TYPED_PARAM_STRING, 0, NULL, tell_write_iops, take_write_iops },
    { "device_read_bytes_sec", VIR_TYPED_PARAM_STRING, 0, NULL, tell_read_bytes, take_read_bytes },
    { "device_write_bytes_sec", VIR_TYPED_PARAM_STRING, 0, NULL, tell_write_bytes, take_write_bytes },
    {},
};
// clang-format on

bool lxc_domain_get_blkio_parameters(Call *call, const remote_domain_get_blkio_parameters_args *in,
                                     remote_domain_get_blkio_parameters_ret *out, GError **error)
{
    g_auto(Params) params = {};

    if (!get(call, blkio_parameters, in->flags, &params, error))
        return false;
    out->params.params_len =
        params_answer(&params, in->nparams, &out->params.params_val, &out->nparams);
    return true;
}

bool lxc_domain_set_blkio_parameters(Call *call, const remote_domain_set_blkio_parameters_args *in,
                                     none *, GError **error)
{
    return set(call, blkio_parameters, in->params.params_val, in->params.params_len, in->flags,
               error);
}
