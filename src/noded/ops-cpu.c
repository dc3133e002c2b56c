/* ops-cpu.c - processors by name: which there are, whether this host has one, what several share */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "host/cpu-models.h"
#include "host/cpu.h"
#include "model/hostcpu.h"
#include "model/list.h"

#include <string.h>

/* ---- which there are ---- */

typedef enum ArchKind {
    ARCH_UNKNOWN,
    ARCH_SILENT,   /* nothing is known of its processors */
    ARCH_NAMELESS, /* only their emulator knows names: any may be right */
    ARCH_ANY,      /* as well, and a name is all there is to one */
    ARCH_POWER,
    ARCH_X86,
} ArchKind;

static const struct {
    ArchKind kind;
    const char *names;
} archs[] = {
    { ARCH_X86, "i686 x86_64" },
    { ARCH_POWER, "ppc64 ppc64le" },
    { ARCH_ANY, "aarch64 armv6l armv7b armv7l" },
    { ARCH_NAMELESS, "s390 s390x" },
    { ARCH_SILENT,
      "alpha cris ia64 lm32 loongarch64 m68k microblaze microblazeel mips mips64 mips64el "
      "mipsel openrisc parisc parisc64 ppc ppcemb ppcle riscv32 riscv64 sh4 sh4eb sparc "
      "sparc64 unicore32 xtensa xtensaeb" },
};

static ArchKind arch_kind(const char *arch)
{
    for (size_t i = 0; i < G_N_ELEMENTS(archs); i++) {
        g_auto(GStrv) names = g_strsplit(archs[i].names, " ", -1);

        if (g_strv_contains((const char *const *) names, arch))
            return archs[i].kind;
    }
    return ARCH_UNKNOWN;
}

static bool fail_silent(const char *arch, GError **error)
{
    return fail(error, ERR_NO_SUPPORT, "the processors of architecture '%s' are not known", arch);
}

static const struct {
    const char *name, *vendor;
} power_models[] = {
    { "POWER6", "IBM" },
    { "POWER7", "IBM" },
    { "POWER8", "IBM" },
    { "POWER9", "IBM" },
    { "POWER10", "IBM" },
    { "POWERPC_e5500", "Freescale" },
    { "POWERPC_e6500", "Freescale" },
};

static GPtrArray *model_names(ArchKind kind)
{
    GPtrArray *names = g_ptr_array_new();

    for (size_t i = 0; kind == ARCH_POWER && i < G_N_ELEMENTS(power_models); i++)
        g_ptr_array_add(names, (char *) power_models[i].name);
    for (const CpuModel *model = cpu_models(); kind == ARCH_X86 && model->name; model++)
        g_ptr_array_add(names, (char *) model->name);
    return names;
}

bool noded_connect_get_cpu_model_names(Call *call,
                                       const remote_connect_get_cpu_model_names_args *in,
                                       remote_connect_get_cpu_model_names_ret *out, GError **error)
{
    ArchKind kind = arch_kind(in->arch);
    g_autoptr(GPtrArray) names = model_names(kind);

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    if (kind == ARCH_UNKNOWN)
        return fail(error, ERR_INVALID_ARG, "cannot find architecture %s", in->arch);
    if (kind == ARCH_SILENT)
        return fail_silent(in->arch, error);
    out->ret = names->len;
    if (!in->need_results)
        return true;
    out->models.models_val = g_new0(remote_nonnull_string, names->len);
    out->models.models_len = names->len;
    for (guint i = 0; i < names->len; i++)
        out->models.models_val[i] = g_strdup(names->pdata[i]);
    return true;
}

/* ---- what a definition asks for ---- */

/* A processor, as far as it matters here. */
typedef struct Processor {
    const CpuModel *model; /* NULL: none was given */
    char *vendor;          /* that was given */
    CpuFeatures features;  /* that it has */
    CpuFeatures forced, forbidden;
} Processor;

static void processor_clear(Processor *processor) { g_free(processor->vendor); }
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Processor, processor_clear)

/* That of a host: all that it names it has. */
static bool is_of_host(const HostCpuXml *given) { return given->arch; }

static bool take_feature(Processor *processor, const char *name, CpuPolicy policy, GError **error)
{
    CpuFeatures one = cpu_feature(name);
    CpuFeatures *set = &processor->features;

    if (!cpu_features_count(&one))
        return fail(error, ERR_INTERNAL, "unknown CPU feature %s", name);
    switch (policy) {
    case CPU_DISABLE:
        *set = cpu_features_without(set, &one);
        break;
    case CPU_FORBID_FEATURE:
        *set = cpu_features_without(set, &one);
        processor->forbidden = cpu_features_or(&processor->forbidden, &one);
        break;
    case CPU_FORCE:
        processor->forced = cpu_features_or(&processor->forced, &one);
        break;
    case CPU_OPTIONAL:
        break;
    default:
        *set = cpu_features_or(set, &one);
    }
    return true;
}

static bool take_definition(Processor *processor, const HostCpuXml *given, GError **error)
{
    processor->model = given->model ? cpu_model_find(given->model) : NULL;
    if (given->model && !processor->model)
        return fail(error, ERR_INTERNAL, "unknown CPU model %s", given->model);
    processor->vendor = g_strdup(given->vendor);
    if (processor->model)
        processor->features = processor->model->features;
    for (LIST_EACH(CpuFeature, feature, given->features)) {
        CpuPolicy policy = is_of_host(given) ? CPU_REQUIRE : feature->policy;

        if (!take_feature(processor, feature->name, policy, error))
            return false;
    }
    return true;
}

static bool check_names(const HostCpuXml *given, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (LIST_EACH(CpuFeature, feature, given->features)) {
        if (!*feature->name)
            return fail(error, ERR_XML, "invalid CPU feature name");
        if (!g_hash_table_add(seen, feature->name))
            return fail(error, ERR_XML, "CPU feature '%s' specified more than once", feature->name);
    }
    return true;
}

static bool check_model(const HostCpuXml *given, GError **error)
{
    if (given->model)
        return true;
    if (is_of_host(given))
        return fail(error, ERR_XML, "missing CPU model name");
    if (given->vendor)
        return fail(error, ERR_XML, "CPU vendor specified without CPU model");
    return !given->features || given->mode > CPU_CUSTOM ||
           fail(error, ERR_XML, "CPU features specified without CPU model");
}

static HostCpuXml *parse(const char *xml, bool validate, GError **error)
{
    g_autoptr(HostCpuXml) given =
        xml_parse(&host_cpu_element, xml, validate ? XML_VALIDATE : 0, NULL, error);

    if (!given || !check_names(given, error))
        return NULL;
    if (given->arch && arch_kind(given->arch) == ARCH_UNKNOWN) {
        fail(error, ERR_CONFIG_UNSUPPORTED, "unknown architecture %s", given->arch);
        return NULL;
    }
    return g_steal_pointer(&given);
}

/* ---- comparison ---- */

static bool check_none(const CpuFeatures *set, const char *what, GError **error)
{
    g_auto(GStrv) names = cpu_features_list(set);
    g_autofree char *list = g_strjoinv(", ", names);

    return !*names || fail(error, ERR_CPU_INCOMPATIBLE, "%s: %s", what, list);
}

static bool check_vendor(const char *vendor, const HostCpu *host, GError **error)
{
    return !vendor || g_strcmp0(vendor, cpu_vendor_name(host->vendor)) == 0 ||
           fail(error, ERR_CPU_INCOMPATIBLE,
                "host CPU vendor does not match required CPU vendor %s", vendor);
}

/* VIR_CPU_COMPARE_*; the error says why it is incompatible, which is one of them. */
static int compare(const HostCpu *host, const HostCpuXml *given, const Processor *wanted,
                   GError **error)
{
    CpuFeatures wants = cpu_features_without(&wanted->features, &wanted->forced);
    CpuFeatures missing = cpu_features_without(&wants, &host->features);
    CpuFeatures excess = cpu_features_without(&host->features, &wanted->features);
    CpuFeatures forbidden = cpu_features_and(&host->features, &wanted->forbidden);

    if (!check_vendor(wanted->vendor, host, error) ||
        !check_none(&forbidden, "host CPU provides forbidden features", error) ||
        !check_none(&missing, "host CPU does not provide required features", error) ||
        (given->match == CPU_STRICT &&
         !check_none(&excess, "host CPU does not strictly match guest CPU: extra features", error)))
        return VIR_CPU_COMPARE_INCOMPATIBLE;
    return cpu_features_count(&excess) ? VIR_CPU_COMPARE_SUPERSET : VIR_CPU_COMPARE_IDENTICAL;
}

/* A host's processor has neither, a guest's has no architecture. */
static bool check_attributes(const HostCpuXml *given, GError **error)
{
    if (is_of_host(given) && given->match)
        return fail(error, ERR_XML, "'arch' cannot be used together with attribute 'match'");
    return !is_of_host(given) || !given->mode ||
           fail(error, ERR_CONFIG_UNSUPPORTED, "attribute mode is only allowed for guest CPU");
}

static bool runs_here(const char *arch)
{
    return strcmp(arch, host_arch()) == 0 ||
           (arch_kind(arch) == ARCH_X86 && arch_kind(host_arch()) == ARCH_X86);
}

static int compare_given(const HostCpuXml *given, GError **error)
{
    g_autoptr(HostCpu) host = NULL;
    g_auto(Processor) wanted = { 0 };

    if (!check_attributes(given, error) || !check_model(given, error))
        return VIR_CPU_COMPARE_ERROR;
    if (given->arch && !runs_here(given->arch)) {
        fail(error, ERR_CPU_INCOMPATIBLE, "CPU arch %s does not match host arch", given->arch);
        return VIR_CPU_COMPARE_INCOMPATIBLE;
    }
    if (!take_definition(&wanted, given, error))
        return VIR_CPU_COMPARE_ERROR;
    host = host_cpu_read("");
    return compare(host, given, &wanted, error);
}

bool noded_connect_compare_cpu(Call *call, const remote_connect_compare_cpu_args *in,
                               remote_connect_compare_cpu_ret *out, GError **error)
{
    enum {
        STRICT = VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE,
        VALIDATE = VIR_CONNECT_COMPARE_CPU_VALIDATE_XML
    };
    g_autoptr(HostCpuXml) given = NULL;
    g_autoptr(GError) why = NULL;

    if (!call_check_flags(call, in->flags, STRICT | VALIDATE, error))
        return false;
    given = parse(in->xml, in->flags & VALIDATE, error);
    if (!given)
        return false;
    out->result = compare_given(given, &why);
    if (!why || (out->result == VIR_CPU_COMPARE_INCOMPATIBLE && !(in->flags & STRICT)))
        return true;
    g_propagate_error(error, g_steal_pointer(&why));
    return false;
}

/* ---- what several share ---- */

static bool parse_given(GPtrArray *all, const char *xml, GError **error)
{
    g_autoptr(HostCpuXml) given = parse(xml, false, error);

    if (!given)
        return false;
    if (given->mode)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "attribute mode is only allowed for guest CPU");
    if (!check_model(given, error))
        return false;
    if (!given->arch)
        return fail(error, ERR_XML, "missing CPU architecture");
    g_ptr_array_add(all, g_steal_pointer(&given));
    return true;
}

static char *answer(const char *model, bool exact, const char *vendor, GPtrArray *features)
{
    HostCpuXml cpu = {
        .mode = CPU_CUSTOM,
        .match = CPU_EXACT,
        .model = (char *) model,
        .fallback = exact ? "forbid" : "allow",
        .vendor = (char *) vendor,
        .features = features,
    };

    return xml_format(&host_cpu_element, &cpu, 0);
}

/* ---- of x86 ---- */

typedef struct Sum {
    CpuFeatures features; /* that all have */
    const char *vendor;   /* whose models may be taken; NULL: anybody's */
    bool told;            /* all say their vendor */
    const CpuModel *same; /* the model of all; NULL: they differ */
    GPtrArray *models;    /* of CpuModel: those of all */
} Sum;

static void sum_clear(Sum *sum) { g_ptr_array_unref(sum->models); }
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sum, sum_clear)

/* Where one says no vendor its model's counts. That of the first of several counts only where it is
 * said, and need not be its model's. */
static bool add_vendor(Sum *sum, const Processor *one, bool is_first, bool is_only, GError **error)
{
    const char *own = is_first && !is_only ? NULL : one->model->vendor;
    const char *vendor = one->vendor ? one->vendor : own;

    if (one->vendor && !cpu_vendor_is_known(one->vendor))
        return fail(error, ERR_OPERATION_FAILED, "unknown CPU vendor %s", one->vendor);
    if ((vendor && sum->vendor && strcmp(vendor, sum->vendor) != 0) ||
        (!is_first && own && strcmp(vendor, own) != 0))
        return fail(error, ERR_OPERATION_FAILED, "CPU vendors do not match");
    if (vendor && !sum->vendor)
        sum->vendor = g_intern_string(vendor);
    sum->told = sum->told && one->vendor;
    return true;
}

static bool add_processor(Sum *sum, const HostCpuXml *given, bool is_only, GError **error)
{
    g_auto(Processor) one = { 0 };
    bool is_first = sum->models->len == 0;

    if (!take_definition(&one, given, error) || !add_vendor(sum, &one, is_first, is_only, error))
        return false;
    sum->features = is_first ? one.features : cpu_features_and(&sum->features, &one.features);
    sum->same = is_first || sum->same == one.model ? one.model : NULL;
    g_ptr_array_add(sum->models, (void *) one.model);
    return true;
}

static void drop(CpuFeatures *features, const char *const *names)
{
    for (; *names; names++) {
        CpuFeatures one = cpu_feature(*names);

        *features = cpu_features_without(features, &one);
    }
}

static bool may_be_taken(const CpuModel *model, const void *data)
{
    const Sum *sum = data;

    return !sum->vendor || !model->vendor || strcmp(model->vendor, sum->vendor) == 0;
}

static bool is_one_of_all(const CpuModel *model, const void *data)
{
    const Sum *sum = data;
    CpuFeatures less = cpu_model_less(model, &sum->features);

    return may_be_taken(model, sum) && cpu_features_count(&less) == 0 &&
           g_ptr_array_find(sum->models, model, NULL);
}

static const CpuModel *choose(const Sum *sum)
{
    const CpuModel *nearest, *given;
    CpuFeatures less;

    if (sum->same && sum->same->proposed && may_be_taken(sum->same, sum))
        return sum->same;
    nearest = cpu_model_nearest(&sum->features, may_be_taken, sum);
    less = cpu_model_less(nearest, &sum->features);
    if (cpu_features_count(&less) == 0)
        return nearest;
    given = cpu_model_nearest(&sum->features, is_one_of_all, sum);
    return given ? given : nearest;
}

static void feature_free(void *data)
{
    CpuFeature *feature = data;

    g_free(feature->name);
    g_free(feature);
}

static void add_features(GPtrArray *list, const CpuFeatures *set, CpuPolicy policy)
{
    g_auto(GStrv) names = cpu_features_list(set);

    for (char **name = names; *name; name++) {
        CpuFeature *feature = g_new0(CpuFeature, 1);

        feature->policy = policy;
        feature->name = g_steal_pointer(name);
        g_ptr_array_add(list, feature);
    }
}

static int compare_features(const void *a, const void *b)
{
    return strcmp((*(CpuFeature *const *) a)->name, (*(CpuFeature *const *) b)->name);
}

static char *describe(const Sum *sum, unsigned flags)
{
    /* What cannot follow a guest to another host. */
    static const char *const not_migratable[] = { "invtsc", "xsaves", NULL };
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(feature_free);
    const CpuModel *model = choose(sum);
    CpuFeatures more = cpu_model_more(model, &sum->features);
    CpuFeatures less = cpu_features_without(&model->features, &sum->features);
    CpuFeatures surplus = cpu_features_without(&model->surplus, &sum->features);

    if (flags & VIR_CONNECT_BASELINE_CPU_MIGRATABLE)
        drop(&more, not_migratable);
    if (flags & VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES) {
        CpuFeatures own = cpu_features_and(&model->features, &sum->features);

        more = cpu_features_or(&more, &own);
    }
    add_features(list, &more, CPU_REQUIRE);
    add_features(list, &less, CPU_DISABLE);
    add_features(list, &surplus, CPU_DISABLE);
    if (flags & VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES)
        g_ptr_array_sort(list, compare_features);
    return answer(model->name, model == sum->same, sum->told ? sum->vendor : NULL, list);
}

static char *share_x86(const GPtrArray *all, unsigned flags, GError **error)
{
    /* No properties of a guest's processor. */
    static const char *const of_the_system[] = { "osxsave",   "ospke",     "cmt",
                                                 "mbm_total", "mbm_local", NULL };
    g_auto(Sum) sum = { .told = true, .models = g_ptr_array_new() };

    for (guint i = 0; i < all->len; i++) {
        if (!add_processor(&sum, all->pdata[i], all->len == 1, error))
            return NULL;
    }
    drop(&sum.features, of_the_system);
    return describe(&sum, flags);
}

/* ---- of others ---- */

static bool check_power(const HostCpuXml *given, GError **error)
{
    const char *vendor = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(power_models); i++) {
        if (strcmp(power_models[i].name, given->model) == 0)
            vendor = power_models[i].vendor;
    }
    if (!vendor)
        return fail(error, ERR_INTERNAL, "unknown CPU model %s", given->model);
    return !given->vendor || strcmp(given->vendor, vendor) == 0 ||
           fail(error, ERR_OPERATION_FAILED, "CPU vendor %s of model %s differs from vendor %s",
                vendor, given->model, given->vendor);
}

/* No model has what another one has. */
static char *share_power(const GPtrArray *all, GError **error)
{
    const HostCpuXml *first = all->pdata[0];

    if (!check_power(first, error))
        return NULL;
    for (guint i = 1; i < all->len; i++) {
        const HostCpuXml *one = all->pdata[i];

        if (strcmp(one->model, first->model) != 0) {
            fail(error, ERR_OPERATION_FAILED, "CPUs are incompatible");
            return NULL;
        }
    }
    return answer(first->model, true, NULL, NULL);
}

static char *share(const GPtrArray *all, unsigned flags, GError **error)
{
    const HostCpuXml *first = all->pdata[0];

    switch (arch_kind(first->arch)) {
    case ARCH_X86:
        return share_x86(all, flags, error);
    case ARCH_POWER:
        return share_power(all, error);
    case ARCH_ANY:
        return answer(first->model, false, NULL, NULL);
    default:
        fail_silent(first->arch, error);
        return NULL;
    }
}

bool noded_connect_baseline_cpu(Call *call, const remote_connect_baseline_cpu_args *in,
                                remote_connect_baseline_cpu_ret *out, GError **error)
{
    enum {
        EXPAND = VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES,
        MIGRATABLE = VIR_CONNECT_BASELINE_CPU_MIGRATABLE
    };
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify) host_cpu_xml_free);

    if (!call_check_flags(call, in->flags, EXPAND | MIGRATABLE, error))
        return false;
    if (in->xml_cpus.xml_cpus_len == 0)
        return fail(error, ERR_INVALID_ARG, "no CPU has been given");
    for (unsigned i = 0; i < in->xml_cpus.xml_cpus_len; i++) {
        if (!parse_given(all, in->xml_cpus.xml_cpus_val[i], error))
            return false;
    }
    out->cpu = share(all, in->flags, error);
    return out->cpu;
}
