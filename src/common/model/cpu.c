/* cpu.c - the guest's processor */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/cpu.h"
#include "model/list.h"

#include <string.h>

const char *const cpu_mode_names[] = {
    [CPU_MODE_ABSENT] = NULL,        [CPU_CUSTOM] = "custom",
    [CPU_HOST_MODEL] = "host-model", [CPU_HOST_PASSTHROUGH] = "host-passthrough",
    [CPU_MAXIMUM] = "maximum",       NULL,
};
const char *const cpu_match_names[] = {
    [CPU_MATCH_ABSENT] = NULL,
    [CPU_MINIMUM] = "minimum",
    [CPU_EXACT] = "exact",
    [CPU_STRICT] = "strict",
    NULL,
};
const char *const cpu_check_names[] = {
    [CPU_CHECK_ABSENT] = NULL,
    [CPU_CHECK_NONE] = "none",
    [CPU_CHECK_PARTIAL] = "partial",
    [CPU_CHECK_FULL] = "full",
    NULL,
};
static const char *const fallback_names[] = {
    [CPU_FALLBACK_ABSENT] = NULL,
    [CPU_ALLOW] = "allow",
    [CPU_FORBID] = "forbid",
    NULL,
};
const char *const cpu_policy_names[] = {
    [CPU_POLICY_ABSENT] = NULL,
    [CPU_FORCE] = "force",
    [CPU_REQUIRE] = "require",
    [CPU_OPTIONAL] = "optional",
    [CPU_DISABLE] = "disable",
    [CPU_FORBID_FEATURE] = "forbid",
    NULL,
};
static const char *const cache_mode_names[] = {
    [CPU_CACHE_ABSENT] = NULL,
    [CPU_CACHE_EMULATE] = "emulate",
    [CPU_CACHE_PASSTHROUGH] = "passthrough",
    [CPU_CACHE_DISABLE] = "disable",
    NULL,
};
static const char *const address_words[] = { NULL, "emulate", "passthrough", NULL };

static const XmlField feature_fields[] = {
    XML_ENUM("@policy", CpuFeature, policy, cpu_policy_names),
    XML_STRING("@name", CpuFeature, name, .required = true),
    {},
};

static bool feature_finish(void *object, unsigned, GError **)
{
    CpuFeature *feature = object;

    if (!feature->policy)
        feature->policy = CPU_REQUIRE;
    return true;
}

static XmlElement feature_element = {
    .name = "feature",
    .size = sizeof(CpuFeature),
    .fields = feature_fields,
    .finish = feature_finish,
};

static const XmlField cache_fields[] = {
    XML_NUMBER("@level", CpuCache, level, .min = 1, .max = 3),
    XML_ENUM("@mode", CpuCache, mode, cache_mode_names, .required = true),
    {},
};
static XmlElement cache_element = {
    .name = "cache",
    .size = sizeof(CpuCache),
    .fields = cache_fields,
};

static const XmlField cpu_fields[] = {
    XML_ENUM("@mode", Cpu, mode, cpu_mode_names),
    XML_ENUM("@match", Cpu, match, cpu_match_names),
    XML_ENUM("@check", Cpu, check, cpu_check_names),
    XML_ON_OFF("@migratable", Cpu, migratable),
    XML_ENUM("model/@fallback", Cpu, fallback, fallback_names),
    XML_STRING("model/@vendor_id", Cpu, vendor_id),
    XML_STRING("model", Cpu, model),
    XML_STRING("vendor", Cpu, vendor),
    XML_NUMBER("topology/@sockets", Cpu, topology.sockets, .needed = true, .min = 1),
    XML_NUMBER("topology/@dies", Cpu, topology.dies, .min = 1),
    XML_NUMBER("topology/@cores", Cpu, topology.cores, .needed = true, .min = 1),
    XML_NUMBER("topology/@threads", Cpu, topology.threads, .needed = true, .min = 1),
    XML_CHILD("cache", Cpu, cache, &cache_element),
    XML_WORD("maxphysaddr/@mode", Cpu, physical_address_mode, address_words, .needed = true),
    XML_NUMBER("maxphysaddr/@bits", Cpu, physical_address_bits, .min = 1),
    XML_LIST("feature", Cpu, features, &feature_element),
    XML_PART("numa", Cpu, numa, &guest_numa_element),
    {},
};

static bool features_are_unique(const Cpu *cpu, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (LIST_EACH(CpuFeature, feature, cpu->features)) {
        if (!g_hash_table_add(names, feature->name))
            return fail(error, ERR_XML, "feature '%s' is there twice", feature->name);
    }
    return true;
}

static bool cpu_finish(void *object, unsigned, GError **error)
{
    Cpu *cpu = object;

    if (cpu->topology.sockets && !cpu->topology.dies)
        cpu->topology.dies = 1;
    if (!cpu->mode && (cpu->model || cpu->match))
        cpu->mode = CPU_CUSTOM;
    if (cpu->mode == CPU_CUSTOM) {
        if (!cpu->match)
            cpu->match = CPU_EXACT;
        if (!cpu->model && list_length(cpu->features))
            return fail(error, ERR_XML, "a cpu with features has a <model>");
    } else if (cpu->mode && cpu->match) {
        cpu->match = CPU_MATCH_ABSENT;
    }
    if (cpu->model && !cpu->fallback)
        cpu->fallback = CPU_ALLOW;
    if (cpu->vendor_id && strlen(cpu->vendor_id) != 12)
        return fail(error, ERR_XML, "'model/@vendor_id' has 12 characters, not '%s'",
                    cpu->vendor_id);
    return features_are_unique(cpu, error);
}

XmlElement cpu_element = {
    .name = "cpu",
    .size = sizeof(Cpu),
    .fields = cpu_fields,
    .finish = cpu_finish,
};
