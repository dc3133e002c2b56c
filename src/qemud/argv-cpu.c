/* argv-cpu.c - the guest's processors on the command line */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "argv-cpu.h"

#include "device.h"
#include "host/cpu-models.h"

#include <string.h>

CapsAccel cpu_accel(const Domain *guest)
{
    return guest->type == DOMAIN_KVM ? ACCEL_KVM : ACCEL_TCG;
}

/* ---- what the processor is ---- */

static CpuFeature *find_feature(const Cpu *cpu, const char *name)
{
    for (LIST_EACH(CpuFeature, feature, cpu->features)) {
        if (g_str_equal(feature->name, name))
            return feature;
    }
    return NULL;
}

static void add_feature(Cpu *cpu, const char *name, CpuPolicy policy)
{
    CpuFeature *feature;

    name = cpu_feature_name(name);
    if (find_feature(cpu, name))
        return;
    feature = g_new0(CpuFeature, 1);
    feature->name = g_strdup(name);
    feature->policy = policy;
    list_add(&cpu->features, feature);
}

/* Features that QEMU's model has and that definitions with this model do not mean. */
static char **surplus_of(const char *name)
{
    const CpuModel *model = name ? cpu_model_find(name) : NULL;

    return model ? cpu_features_list(&model->surplus) : g_new0(char *, 1);
}

/* The host's model is QEMU's own. */
static void keep_surplus(Cpu *cpu)
{
    g_auto(GStrv) names = surplus_of(cpu->model);

    for (char **name = names; *name; name++)
        add_feature(cpu, *name, CPU_REQUIRE);
}

/* The host's processor, told as a model with features added and taken away; what the definition
 * says of a feature goes before it. */
static bool be_the_host(Cpu *cpu, const CapsModel *model, GError **error)
{
    if (!model->name)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "cpu mode 'host-model' is not supported: QEMU knows no model like the host's");
    cpu->mode = CPU_CUSTOM;
    cpu->match = CPU_EXACT;
    cpu->fallback = CPU_FORBID;
    g_free(cpu->model);
    cpu->model = g_strdup(model->name);
    for (char **name = model->required; name && *name; name++)
        add_feature(cpu, *name, CPU_REQUIRE);
    for (char **name = model->disabled; name && *name; name++)
        add_feature(cpu, *name, CPU_DISABLE);
    keep_surplus(cpu);
    return true;
}

/* Which of a model's missing features the definition does not do without. */
static char *missing_features(const Cpu *cpu, const CapsCpu *model, CapsAccel accel)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new();

    for (char **name = model->blockers[accel]; name && *name; name++) {
        const CpuFeature *feature = find_feature(cpu, cpu_feature_name(*name));

        if (!feature || feature->policy == CPU_REQUIRE)
            g_ptr_array_add(missing, (char *) cpu_feature_name(*name));
    }
    g_ptr_array_add(missing, NULL);
    return missing->len > 1 ? g_strjoinv(", ", (char **) missing->pdata) : NULL;
}

static bool check_model(const Cpu *cpu, const Caps *caps, CapsAccel accel, GError **error)
{
    const CapsCpu *model = caps_cpu(caps, cpu->model);
    g_autofree char *missing = NULL;

    if (!model)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "this QEMU knows no CPU model '%s'", cpu->model);
    if (cpu->match != CPU_MINIMUM && cpu->check <= CPU_CHECK_NONE)
        return true;
    missing = missing_features(cpu, model, accel);
    return !missing || fail(error, ERR_CPU_INCOMPATIBLE,
                            "Host CPU does not provide required features: %s", missing);
}

static bool check_mode(const Domain *live, GError **error)
{
    return live->cpu->mode != CPU_HOST_PASSTHROUGH || live->type == DOMAIN_KVM ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "CPU mode 'host-passthrough' for %s %s domain on this host is not supported by "
                "hypervisor",
                live->os.arch, domain_type_names[live->type]);
}

/* A minimum is met by all that the host has. */
static bool settle(Domain *live, const Caps *caps, GError **error)
{
    CapsAccel accel = cpu_accel(live);
    Cpu *cpu = live->cpu;

    if (!check_mode(live, error))
        return false;
    if (cpu->mode == CPU_CUSTOM && cpu->model && !check_model(cpu, caps, accel, error))
        return false;
    if (cpu->mode == CPU_HOST_MODEL || (cpu->mode == CPU_CUSTOM && cpu->match == CPU_MINIMUM))
        return be_the_host(cpu, &caps->model[accel], error);
    return true;
}

/* ---- the option ---- */

/* Features that definitions keep elsewhere. */
typedef struct Flag {
    const char *name;
    size_t offset; /* of a Switch in Features */
} Flag;

#define FLAG(n, member)                   \
    {                                     \
        n, SLOT(Features, member, Switch) \
    }

static const Flag flags[] = {
    FLAG("kvm-pv-eoi", apic_eoi),
    FLAG("kvm-pv-unhalt", pvspinlock),
    FLAG("hv-relaxed", hyperv.relaxed),
    FLAG("hv-vapic", hyperv.vapic),
    FLAG("hv-vpindex", hyperv.vpindex),
    FLAG("hv-runtime", hyperv.runtime),
    FLAG("hv-synic", hyperv.synic),
    FLAG("hv-stimer", hyperv.stimer),
    FLAG("hv-stimer-direct", hyperv.stimer_direct),
    FLAG("hv-reset", hyperv.reset),
    FLAG("hv-frequencies", hyperv.frequencies),
    FLAG("hv-reenlightenment", hyperv.reenlightenment),
    FLAG("hv-tlbflush", hyperv.tlbflush),
    FLAG("hv-ipi", hyperv.ipi),
    FLAG("hv-evmcs", hyperv.evmcs),
    FLAG("hv-avic", hyperv.avic),
    FLAG("kvm-hint-dedicated", kvm.hint_dedicated),
    FLAG("kvm-poll-control", kvm.poll_control),
    FLAG("kvm-pv-ipi", kvm.pv_ipi),
};

/* Only what is on is said of these. */
static void add_flags(GString *option, const Domain *live)
{
    const HypervFeatures *hyperv = &live->features.hyperv;

    if (g_strcmp0(hyperv->mode, "passthrough") == 0)
        option_set(option, "hv-passthrough", "on");
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        Switch value = *(const Switch *) slot_at(&live->features, flags[i].offset);

        if (value == SWITCH_ON || !g_str_has_prefix(flags[i].name, "hv-"))
            option_switch(option, flags[i].name, value);
    }
    option_switch(option, "pmu", stated(live->features.pmu_given, live->features.pmu));
    if (hyperv->spinlocks == SWITCH_ON)
        option_printf(option, "hv-spinlocks", "0x%x", hyperv->spinlock_retries);
    if (hyperv->vendor_id == SWITCH_ON)
        option_set(option, "hv-vendor-id", hyperv->vendor);
    if (live->features.kvm.hidden == SWITCH_ON)
        option_set(option, "kvm", "off");
    for (LIST_EACH(Panic, panic, live->panics)) {
        if (panic->model == PANIC_HYPERV)
            option_set(option, "hv-crash", "on");
    }
}

static void add_timers(GString *option, const Domain *live)
{
    for (LIST_EACH(Timer, timer, live->clock.timers)) {
        if (timer->name == TIMER_KVMCLOCK && timer->present)
            option_switch(option, "kvmclock", timer->present);
        if (timer->name == TIMER_HYPERVCLOCK && timer->present == SWITCH_ON)
            option_set(option, "hv-time", "on");
        if (timer->name == TIMER_TSC && timer->frequency)
            option_printf(option, "tsc-frequency", "%" G_GUINT64_FORMAT, timer->frequency);
    }
}

static void add_cache(GString *option, const Cpu *cpu)
{
    bool whole = cpu->mode == CPU_MAXIMUM || cpu->mode == CPU_HOST_PASSTHROUGH;
    CpuCacheMode mode = cpu->cache ? cpu->cache->mode : CPU_CACHE_ABSENT;

    if (mode == CPU_CACHE_ABSENT)
        return;
    option_set(option, "l3-cache", mode == CPU_CACHE_EMULATE ? "on" : "off");
    if (whole)
        option_set(option, "host-cache-info", mode == CPU_CACHE_PASSTHROUGH ? "on" : "off");
}

static void add_address_bits(GString *option, const Cpu *cpu)
{
    if (g_strcmp0(cpu->physical_address_mode, "passthrough") == 0)
        option_set(option, "host-phys-bits", "on");
    else if (cpu->physical_address_bits)
        option_printf(option, "phys-bits", "%u", cpu->physical_address_bits);
}

static void drop_surplus(GString *option, const Cpu *cpu)
{
    g_auto(GStrv) names = surplus_of(cpu->model);

    for (char **name = names; *name; name++) {
        if (!find_feature(cpu, *name))
            option_set(option, cpu_feature_qemu_name(*name), "off");
    }
}

static void add_features(GString *option, const Cpu *cpu)
{
    for (LIST_EACH(CpuFeature, feature, cpu->features)) {
        bool on = feature->policy != CPU_DISABLE && feature->policy != CPU_FORBID_FEATURE;

        option_set(option, cpu_feature_qemu_name(feature->name), on ? "on" : "off");
    }
}

/* What the machine has when nobody says otherwise: its type without the type's suffix. */
static char *default_model(const Args *args, const Domain *live)
{
    const CapsMachine *machine = caps_machine(args->caps, live->os.machine);
    const char *type = machine ? machine->default_cpu : NULL;
    const char *end = type ? g_strrstr(type, "-cpu") : NULL;
    g_autofree char *arch = g_strdup_printf("-%s", args->caps->arch);
    const char *arch_end = type ? g_strrstr(type, arch) : NULL;

    if (!type)
        return NULL;
    end = arch_end ? arch_end : end;
    return end ? g_strndup(type, end - type) : g_strdup(type);
}

static char *model_of(const Args *args, const Domain *live)
{
    const Cpu *cpu = live->cpu;

    if (cpu && cpu->mode == CPU_HOST_PASSTHROUGH)
        return g_strdup("host");
    if (cpu && cpu->mode == CPU_MAXIMUM)
        return g_strdup("max");
    return cpu && cpu->model ? g_strdup(cpu->model) : default_model(args, live);
}

static void add_cpu_element(GString *option, const Cpu *cpu)
{
    option_set(option, "vendor", cpu->vendor_id);
    option_switch(option, "migratable", cpu->migratable);
    add_features(option, cpu);
    drop_surplus(option, cpu);
    add_cache(option, cpu);
    add_address_bits(option, cpu);
    if (cpu->check == CPU_CHECK_FULL)
        option_set(option, "enforce", "on");
}

bool cpu_add(Args *args, Domain *live, GError **error)
{
    g_autofree char *model = NULL;
    GString *option;

    if (live->cpu && !settle(live, args->caps, error))
        return false;
    model = model_of(args, live);
    if (!model)
        return true;
    option = option_new(model);
    if (live->cpu)
        add_cpu_element(option, live->cpu);
    add_timers(option, live);
    add_flags(option, live);
    args_option(args, "-cpu", option);
    return true;
}

void smp_add(Args *args, const Domain *live)
{
    const CpuTopology *topology = live->cpu ? &live->cpu->topology : NULL;
    unsigned current = live->current_vcpus ? live->current_vcpus : live->vcpus;
    g_autofree char *count = g_strdup_printf("%u", current);
    GString *option = option_new(count);

    if (current != live->vcpus)
        option_printf(option, "maxcpus", "%u", live->vcpus);
    if (topology && topology->sockets) {
        option_printf(option, "sockets", "%u", topology->sockets);
        option_printf(option, "dies", "%u", topology->dies);
        option_printf(option, "cores", "%u", topology->cores);
        option_printf(option, "threads", "%u", topology->threads);
    } else {
        option_printf(option, "sockets", "%u", live->vcpus);
        option_set(option, "cores", "1");
        option_set(option, "threads", "1");
    }
    args_option(args, "-smp", option);
}
