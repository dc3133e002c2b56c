/* caps-cpu.c - which processors a QEMU can give to a guest
 *
 * Clients want "the host's processor" told as a named model with features added and taken away.
 * QEMU tells the features of each named model and of the most that an accelerator can do; the named
 * model that differs least is taken. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps-cpu.h"

#include "caps-probe.h"
#include "caps-store.h"
#include "host/cpu-models.h"

#include <string.h>

enum { TIME_LIMIT = 30000 }; /* of an answer, in milliseconds */

/* ---- sets of features: sorted arrays ended by NULL ---- */

/* What a has and b has not. */
static char **difference(char *const *a, char *const *b)
{
    GPtrArray *only = g_ptr_array_new();

    for (; *a; a++) {
        while (*b && strcmp(*b, *a) < 0)
            b++;
        if (!*b || strcmp(*b, *a) != 0)
            g_ptr_array_add(only, g_strdup(*a));
    }
    g_ptr_array_add(only, NULL);
    return (char **) g_ptr_array_free(only, FALSE);
}

/* What the hypervisor adds by itself is no property of a processor. */
static bool is_feature(const char *name)
{
    static const char *const others[] = { "kvm", "hv-", "vmx-" };

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (g_str_has_prefix(name, others[i]))
            return false;
    }
    return true;
}

/* ---- a processor as QEMU tells it ---- */

typedef struct Expansion {
    const CapsCpu *cpu; /* NULL: not a named model */
    char *vendor;
    char **features; /* sorted */
} Expansion;

static void expansion_free(Expansion *expansion)
{
    if (!expansion)
        return;
    g_free(expansion->vendor);
    g_strfreev(expansion->features);
    g_free(expansion);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Expansion, expansion_free)

static QmpRequest *ask_expansion(Qmp *qmp, const char *model)
{
    return qmp_send(qmp, "query-cpu-model-expansion",
                    json_build("sj", "type", "static", "model", json_build("s", "name", model)));
}

static char **features_in(Json *properties)
{
    g_autoptr(Json) names = json_object_new_array();

    json_object_object_foreach(properties, name, value)
    {
        if (json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value) &&
            is_feature(name))
            json_object_array_add(names, json_object_new_string(name));
    }
    return caps_texts(names);
}

/* NULL when QEMU does not tell. */
static Expansion *take_expansion(QmpRequest *request, const CapsCpu *cpu)
{
    g_autoptr(Json) answer = qmp_wait(request, TIME_LIMIT, NULL);
    Json *properties = json_at(answer, "model/props");
    Expansion *expansion;

    if (!json_object_is_type(properties, json_type_object))
        return NULL;
    expansion = g_new0(Expansion, 1);
    expansion->cpu = cpu;
    expansion->vendor = g_strdup(json_text(properties, "vendor"));
    expansion->features = features_in(properties);
    return expansion;
}

/* ---- definitions ---- */

static bool is_version(const Caps *caps, const char *name)
{
    const char *mark = g_strrstr(name, "-v");
    g_autofree char *plain = mark ? g_strndup(name, mark - name) : NULL;

    return plain && g_ascii_isdigit(mark[2]) && caps_cpu(caps, plain);
}

static void add_definition(Caps *caps, Json *from, CapsAccel accel)
{
    CapsCpu *cpu = (CapsCpu *) caps_cpu(caps, json_text(from, "name"));
    Json *missing = json_member(from, "unavailable-features");

    if (!cpu)
        cpu = caps_add_cpu(caps, from);
    cpu->named = json_flag(from, "migration-safe") && !json_flag(from, "static");
    if (!missing)
        return;
    cpu->usable[accel] = json_length(missing) > 0 ? USABLE_NO : USABLE_YES;
    if (!cpu->blockers[accel])
        cpu->blockers[accel] = caps_texts(missing);
}

static void add_definitions(Caps *caps, QmpRequest *request, CapsAccel accel)
{
    g_autoptr(Json) answer = qmp_wait(request, TIME_LIMIT, NULL);

    for (size_t i = 0; i < json_length(answer); i++)
        add_definition(caps, json_object_array_get_idx(answer, i), accel);
    for (guint i = 0; i < caps->cpus->len; i++) {
        CapsCpu *cpu = caps->cpus->pdata[i];

        cpu->named = cpu->named && !is_version(caps, cpu->name);
    }
}

/* ---- the nearest model ---- */

/* Those that stand for no maker's processor, whatever vendor QEMU gives them. */
static bool is_generic(const char *name)
{
    const CpuModel *model = cpu_model_find(name);

    return model && !model->vendor;
}

/* Whether model describes the processor with fewer words than what has been found so far does. */
static bool is_nearer(const CapsModel *model, const CapsModel *found)
{
    unsigned disabled = g_strv_length(model->disabled), fewest;
    unsigned words = g_strv_length(model->required) + disabled;

    if (!found->name)
        return true;
    fewest = g_strv_length(found->required) + g_strv_length(found->disabled);
    return words < fewest || (words == fewest && disabled < g_strv_length(found->disabled));
}

static void clear_model(CapsModel *model)
{
    g_strfreev(model->required);
    g_strfreev(model->disabled);
}

static CapsModel find_nearest(const GPtrArray *named, const char *vendor, char *const *features)
{
    CapsModel found = { 0 };

    for (guint i = 0; i < named->len; i++) {
        const Expansion *one = named->pdata[i];
        CapsModel model = { .name = one->cpu->name };

        if (one->cpu->vendor && g_strcmp0(one->cpu->vendor, vendor) != 0)
            continue;
        model.required = difference(features, one->features);
        model.disabled = difference(one->features, features);
        if (!is_nearer(&model, &found)) {
            clear_model(&model);
            continue;
        }
        clear_model(&found);
        found = model;
    }
    found.name = g_strdup(found.name);
    found.vendor = g_strdup(vendor);
    return found;
}

/* ---- all of it ---- */

/* What each named model has. */
static GPtrArray *expand_named(Caps *caps, Qmp *tcg)
{
    g_autofree QmpRequest **requests = g_new0(QmpRequest *, caps->cpus->len);
    GPtrArray *named = g_ptr_array_new_with_free_func((GDestroyNotify) expansion_free);

    for (guint i = 0; i < caps->cpus->len; i++) {
        const CapsCpu *cpu = caps->cpus->pdata[i];

        if (cpu->named)
            requests[i] = ask_expansion(tcg, cpu->name);
    }
    for (guint i = 0; i < caps->cpus->len; i++) {
        CapsCpu *cpu = caps->cpus->pdata[i];
        Expansion *expansion = requests[i] ? take_expansion(requests[i], cpu) : NULL;

        if (!expansion)
            continue;
        if (!is_generic(cpu->name))
            cpu->vendor = g_strdup(expansion->vendor);
        g_ptr_array_add(named, expansion);
    }
    return named;
}

static CapsModel describe(const GPtrArray *named, QmpRequest *request)
{
    g_autoptr(Expansion) most = take_expansion(request, NULL);

    return most ? find_nearest(named, most->vendor, most->features) : (CapsModel){ 0 };
}

void caps_probe_cpus(Caps *caps, Qmp *tcg, Qmp *kvm)
{
    QmpRequest *tcg_cpus = qmp_send(tcg, "query-cpu-definitions", NULL);
    QmpRequest *kvm_cpus = kvm ? qmp_send(kvm, "query-cpu-definitions", NULL) : NULL;
    QmpRequest *max = ask_expansion(tcg, "max");
    QmpRequest *host = kvm ? ask_expansion(kvm, "host") : NULL;
    g_autoptr(GPtrArray) named = NULL;

    add_definitions(caps, tcg_cpus, ACCEL_TCG);
    if (kvm)
        add_definitions(caps, kvm_cpus, ACCEL_KVM);
    named = expand_named(caps, tcg);
    caps->model[ACCEL_TCG] = describe(named, max);
    if (kvm)
        caps->model[ACCEL_KVM] = describe(named, host);
}
