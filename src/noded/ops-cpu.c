/* ops-cpu.c - processors by name: which there are, whether this host has one, what several share */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "host/cpu-models.h"
#include "host/cpu.h"
#include "model/hostcpu.h"
#include "model/list.h"

#include <string.h>

static bool is_x86(const char *arch)
{
    return strcmp(arch, "x86_64") == 0 || strcmp(arch, "i686") == 0;
}

bool noded_connect_get_cpu_model_names(Call *call,
                                       const remote_connect_get_cpu_model_names_args *in,
                                       remote_connect_get_cpu_model_names_ret *out, GError **error)
{
    /* Whose models only their emulator knows: none is told, which means that any name will do. */
    static const char *const others[] = { "aarch64", "armv7l",  "loongarch64", "ppc64",
                                          "ppc64le", "riscv64", "s390x",       NULL };
    const CpuModel *models = cpu_models();
    unsigned count = 0;

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    if (g_strv_contains(others, in->arch))
        return true;
    if (!is_x86(in->arch))
        return fail(error, ERR_INVALID_ARG, "cannot find architecture %s", in->arch);
    while (models[count].name)
        count++;
    out->ret = count;
    if (!in->need_results)
        return true;
    out->models.models_val = g_new0(remote_nonnull_string, count);
    for (; out->models.models_len < count; out->models.models_len++)
        out->models.models_val[out->models.models_len] =
            g_strdup(models[out->models.models_len].name);
    return true;
}

/* ---- what a definition asks for ---- */

/* A processor, as far as it matters here. */
typedef struct Processor {
    const CpuModel *model;
    char *vendor;         /* that was given */
    CpuFeatures features; /* that it has */
    CpuFeatures forced, forbidden;
} Processor;

static void processor_clear(Processor *processor) { g_free(processor->vendor); }
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Processor, processor_clear)

static bool take_feature(Processor *processor, const CpuFeature *feature, GError **error)
{
    CpuFeatures one = cpu_feature(feature->name);
    CpuFeatures *set = &processor->features;

    if (!cpu_features_count(&one))
        return fail(error, ERR_INTERNAL, "unknown CPU feature %s", feature->name);
    switch (feature->policy) {
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
    if (!given->model)
        return fail(error, ERR_XML, "missing CPU model name");
    processor->model = cpu_model_find(given->model);
    if (!processor->model)
        return fail(error, ERR_INTERNAL, "unknown CPU model %s", given->model);
    processor->vendor = g_strdup(given->vendor);
    processor->features = processor->model->features;
    for (LIST_EACH(CpuFeature, feature, given->features)) {
        if (!take_feature(processor, feature, error))
            return false;
    }
    return true;
}

/* ---- comparison ---- */

static CpuFeatures features_of_host(const HostCpu *cpu)
{
    CpuFeatures set = { 0 };

    for (char **name = cpu->features; name && *name; name++) {
        CpuFeatures one = cpu_feature(*name);

        set = cpu_features_or(&set, &one);
    }
    return set;
}

static bool check_none(const CpuFeatures *set, const char *what, GError **error)
{
    g_auto(GStrv) names = cpu_features_list(set);
    g_autofree char *list = NULL;

    if (!*names)
        return true;
    for (char **name = names; *name; name++) {
        const char *known = cpu_feature_name(*name);

        if (known != *name) {
            g_free(*name);
            *name = g_strdup(known);
        }
    }
    list = g_strjoinv(", ", names);
    return fail(error, ERR_CPU_INCOMPATIBLE, "%s: %s", what, list);
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
    CpuFeatures has = features_of_host(host);
    CpuFeatures wants = cpu_features_without(&wanted->features, &wanted->forced);
    CpuFeatures missing = cpu_features_without(&wants, &has);
    CpuFeatures excess = cpu_features_without(&has, &wanted->features);
    CpuFeatures forbidden = cpu_features_and(&has, &wanted->forbidden);

    if (!check_vendor(wanted->vendor, host, error) ||
        !check_none(&missing, "host CPU does not provide required features", error) ||
        !check_none(&forbidden, "host CPU provides forbidden features", error) ||
        (given->match == CPU_STRICT &&
         !check_none(&excess, "host CPU does not strictly match guest CPU: extra features", error)))
        return VIR_CPU_COMPARE_INCOMPATIBLE;
    return cpu_features_count(&excess) ? VIR_CPU_COMPARE_SUPERSET : VIR_CPU_COMPARE_IDENTICAL;
}

static int compare_given(const HostCpuXml *given, GError **error)
{
    g_autoptr(HostCpu) host = NULL;
    g_auto(Processor) wanted = { 0 };

    if (given->arch && strcmp(given->arch, host_arch()) != 0) {
        fail(error, ERR_CPU_INCOMPATIBLE, "CPU arch %s does not match host arch", given->arch);
        return VIR_CPU_COMPARE_INCOMPATIBLE;
    }
    if (given->mode != CPU_MODE_ABSENT && given->mode != CPU_CUSTOM)
        return VIR_CPU_COMPARE_SUPERSET; /* it will be what the host is */
    if (!take_definition(&wanted, given, error))
        return VIR_CPU_COMPARE_ERROR;
    host = host_cpu_read("");
    return compare(host, given, &wanted, error);
}

static HostCpuXml *parse(const char *xml, bool validate, GError **error)
{
    return xml_parse(&host_cpu_element, xml, validate ? XML_VALIDATE : 0, NULL, error);
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

/* That of the model counts where none was given. */
static const char *vendor_of(const Processor *processor)
{
    return processor->vendor ? processor->vendor : processor->model->vendor;
}

/* How many features must be named beside the model. */
static unsigned distance(const CpuModel *model, const CpuFeatures *features)
{
    CpuFeatures more = cpu_features_without(features, &model->features);
    CpuFeatures less = cpu_features_without(&model->features, features);

    return cpu_features_count(&more) + cpu_features_count(&less);
}

/* The one that needs the fewest; the newer of two. vendor NULL: only those that are of none. */
static const CpuModel *nearest(const CpuFeatures *features, const char *vendor)
{
    const CpuModel *best = cpu_models();

    for (const CpuModel *model = cpu_models(); model->name; model++) {
        if ((!model->vendor || g_strcmp0(model->vendor, vendor) == 0) &&
            distance(model, features) <= distance(best, features))
            best = model;
    }
    return best;
}

static void add_features(HostCpuXml *cpu, const CpuFeatures *set, CpuPolicy policy)
{
    g_auto(GStrv) names = cpu_features_list(set);

    for (char **name = names; *name; name++) {
        CpuFeature *feature = g_new0(CpuFeature, 1);

        feature->policy = policy;
        feature->name = g_strdup(cpu_feature_name(*name));
        list_add(&cpu->features, feature);
    }
}

static bool take_given(Processor *processor, const char *xml, GError **error)
{
    g_autoptr(HostCpuXml) given = parse(xml, false, error);

    if (!given)
        return false;
    if (given->mode)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "attribute mode is only allowed for guest CPU");
    if (!given->arch)
        return fail(error, ERR_XML, "missing CPU architecture");
    if (!is_x86(given->arch))
        return fail(error, ERR_NO_SUPPORT, "the processors of architecture '%s' are not known",
                    given->arch);
    return take_definition(processor, given, error);
}

/* What all have, in sum; its model is that of the first one while there is but one. */
static bool take_all(Processor *sum, const char **vendor,
                     const remote_connect_baseline_cpu_args *in, GError **error)
{
    for (unsigned i = 0; i < in->xml_cpus.xml_cpus_len; i++) {
        g_auto(Processor) one = { 0 };

        if (!take_given(&one, in->xml_cpus.xml_cpus_val[i], error))
            return false;
        if (i == 0) {
            *vendor = vendor_of(&one) ? g_intern_string(vendor_of(&one)) : NULL;
            *sum = one;
            one.vendor = NULL;
            continue;
        }
        if (one.vendor && sum->vendor && strcmp(one.vendor, sum->vendor) != 0)
            return fail(error, ERR_OPERATION_FAILED, "CPU vendors do not match");
        if (!one.vendor)
            g_clear_pointer(&sum->vendor, g_free);
        if (g_strcmp0(*vendor, vendor_of(&one)) != 0)
            *vendor = NULL;
        sum->features = cpu_features_and(&sum->features, &one.features);
    }
    return true;
}

/* What cannot follow a guest to another host. */
static void keep_migratable(CpuFeatures *features)
{
    static const char *const names[] = { "invtsc", "xsaves" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        CpuFeatures one = cpu_feature(names[i]);

        *features = cpu_features_without(features, &one);
    }
}

static char *describe(const CpuModel *model, const Processor *sum, bool is_one, bool expand)
{
    HostCpuXml cpu = {
        .mode = CPU_CUSTOM,
        .match = CPU_EXACT,
        .model = (char *) model->name,
        .fallback = is_one ? "forbid" : "allow",
        .vendor = sum->vendor,
    };
    CpuFeatures more = cpu_features_without(&sum->features, &model->features);
    CpuFeatures less = cpu_features_without(&model->features, &sum->features);
    char *xml;

    add_features(&cpu, expand ? &sum->features : &more, CPU_REQUIRE);
    add_features(&cpu, &less, CPU_DISABLE);
    xml = xml_format(&host_cpu_element, &cpu, 0);
    cpu.model = cpu.fallback = cpu.vendor = NULL; /* not its own */
    xml_clear(&host_cpu_element, &cpu);
    return xml;
}

bool noded_connect_baseline_cpu(Call *call, const remote_connect_baseline_cpu_args *in,
                                remote_connect_baseline_cpu_ret *out, GError **error)
{
    enum {
        EXPAND = VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES,
        MIGRATABLE = VIR_CONNECT_BASELINE_CPU_MIGRATABLE
    };
    g_auto(Processor) sum = { 0 };
    const char *vendor = NULL;
    bool is_one = in->xml_cpus.xml_cpus_len == 1;

    if (!call_check_flags(call, in->flags, EXPAND | MIGRATABLE, error))
        return false;
    if (in->xml_cpus.xml_cpus_len == 0)
        return fail(error, ERR_INVALID_ARG, "no CPU has been given");
    if (!take_all(&sum, &vendor, in, error))
        return false;
    if (in->flags & MIGRATABLE)
        keep_migratable(&sum.features);
    out->cpu = describe(is_one ? sum.model : nearest(&sum.features, vendor), &sum, is_one,
                        in->flags & EXPAND);
    return true;
}
