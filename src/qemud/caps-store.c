/* caps-store.c - capabilities of a binary as JSON, for the file that keeps them
 *
 * A table for each struct tells its members; reading, writing and freeing walk it. Where QEMU tells
 * of a member itself, the table has QEMU's name for it and reads its answers, too. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps-store.h"

#include "base/slot.h"

#include <stdlib.h>
#include <string.h>

typedef enum Kind {
    TEXT = 1, /* char * */
    TEXTS,    /* char ** */
    FLAG,     /* bool */
    NUMBER,   /* unsigned, or an enum */
} Kind;

typedef struct Member {
    const char *name;
    Kind kind;
    size_t offset;
} Member;

// clang-format off
#define TEXT_OF(name, S, member) { name, TEXT, SLOT(S, member, char *) }
#define TEXTS_OF(name, S, member) { name, TEXTS, SLOT(S, member, char **) }
#define FLAG_OF(name, S, member) { name, FLAG, SLOT(S, member, bool) }
#define NUMBER_OF(name, S, member) { name, NUMBER, SLOT(S, member, unsigned) }
#define ENUM_OF(name, S, member) { name, NUMBER, SLOT_ENUM(S, member) }

static const Member machine_members[] = {
    TEXT_OF("name", CapsMachine, name),
    TEXT_OF("alias", CapsMachine, alias),
    NUMBER_OF("cpu-max", CapsMachine, max_cpus),
    TEXT_OF("default-cpu-type", CapsMachine, default_cpu),
    TEXT_OF("default-ram-id", CapsMachine, default_ram),
    FLAG_OF("is-default", CapsMachine, is_default),
    FLAG_OF("deprecated", CapsMachine, deprecated),
    FLAG_OF("hotpluggable-cpus", CapsMachine, hotpluggable_cpus),
    {},
};

static const Member cpu_members[] = {
    TEXT_OF("name", CapsCpu, name),
    TEXT_OF("typename", CapsCpu, type),
    TEXT_OF("vendor", CapsCpu, vendor),
    FLAG_OF("deprecated", CapsCpu, deprecated),
    FLAG_OF("named", CapsCpu, named),
    ENUM_OF("usable-tcg", CapsCpu, usable[ACCEL_TCG]),
    ENUM_OF("usable-kvm", CapsCpu, usable[ACCEL_KVM]),
    TEXTS_OF("blockers-tcg", CapsCpu, blockers[ACCEL_TCG]),
    TEXTS_OF("blockers-kvm", CapsCpu, blockers[ACCEL_KVM]),
    {},
};

static const Member model_members[] = {
    TEXT_OF("name", CapsModel, name),
    TEXT_OF("vendor", CapsModel, vendor),
    TEXTS_OF("required", CapsModel, required),
    TEXTS_OF("disabled", CapsModel, disabled),
    {},
};

static const Member sev_members[] = {
    TEXT_OF("pdh", CapsSev, pdh),
    TEXT_OF("cert-chain", CapsSev, cert_chain),
    TEXT_OF("cpu0-id", CapsSev, cpu0_id),
    NUMBER_OF("cbitpos", CapsSev, cbitpos),
    NUMBER_OF("reduced-phys-bits", CapsSev, reduced_phys_bits),
    {},
};

static const Member caps_members[] = {
    TEXT_OF("binary", Caps, binary),
    TEXT_OF("arch", Caps, arch),
    TEXT_OF("package", Caps, package),
    NUMBER_OF("version", Caps, version),
    FLAG_OF("kvm", Caps, kvm),
    {},
};

/* The processors that capabilities tell of. */
static const struct {
    const char *name;
    size_t offset;
} models[] = {
    { "model-tcg", SLOT(Caps, model[ACCEL_TCG], CapsModel) },
    { "model-kvm", SLOT(Caps, model[ACCEL_KVM], CapsModel) },
};
// clang-format on

/* ---- one struct ---- */

static void clear(const Member *members, void *object)
{
    for (const Member *m = members; m->name; m++) {
        if (m->kind == TEXT)
            g_clear_pointer((char **) slot_at(object, m->offset), g_free);
        if (m->kind == TEXTS)
            g_clear_pointer((char ***) slot_at(object, m->offset), g_strfreev);
    }
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static char *text_at(Json *array, size_t i)
{
    const char *text = json_object_get_string(json_object_array_get_idx(array, i));

    return g_strdup(text ? text : "");
}

char **caps_texts(Json *array)
{
    size_t count = json_length(array), kept = 0;
    char **texts = g_new0(char *, count + 1);

    for (size_t i = 0; i < count; i++)
        texts[i] = text_at(array, i);
    qsort(texts, count, sizeof(*texts), compare_texts);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && strcmp(texts[kept - 1], texts[i]) == 0)
            g_free(texts[i]);
        else
            texts[kept++] = texts[i];
    }
    texts[kept] = NULL;
    return texts;
}

static void read_members(const Member *members, void *object, Json *from)
{
    for (const Member *m = members; m->name; m++) {
        void *slot = slot_at(object, m->offset);
        Json *value = json_member(from, m->name);

        if (m->kind == TEXT)
            *(char **) slot = g_strdup(json_text(from, m->name));
        else if (m->kind == TEXTS && value)
            *(char ***) slot = caps_texts(value);
        else if (m->kind == FLAG)
            *(bool *) slot = json_flag(from, m->name);
        else if (m->kind == NUMBER)
            *(unsigned *) slot = json_number(from, m->name, 0);
    }
}

static Json *texts_json(char *const *texts)
{
    Json *array = json_object_new_array();

    for (; *texts; texts++)
        json_object_array_add(array, json_object_new_string(*texts));
    return array;
}

static Json *members_json(const Member *members, const void *object)
{
    Json *json = json_object_new_object();

    for (const Member *m = members; m->name; m++) {
        const void *slot = slot_at(object, m->offset);
        Json *value = NULL;

        if (m->kind == TEXT && *(char *const *) slot)
            value = json_object_new_string(*(char *const *) slot);
        else if (m->kind == TEXTS && *(char **const *) slot)
            value = texts_json(*(char **const *) slot);
        else if (m->kind == FLAG && *(const bool *) slot)
            value = json_object_new_boolean(true);
        else if (m->kind == NUMBER && *(const unsigned *) slot)
            value = json_object_new_int64(*(const unsigned *) slot);
        if (value)
            json_object_object_add(json, m->name, value);
    }
    return json;
}

/* ---- the whole ---- */

static void machine_free(void *machine)
{
    clear(machine_members, machine);
    g_free(machine);
}

static void cpu_free(void *cpu)
{
    clear(cpu_members, cpu);
    g_free(cpu);
}

Caps *caps_new(void)
{
    Caps *caps = g_atomic_rc_box_new0(Caps);

    caps->machines = g_ptr_array_new_with_free_func(machine_free);
    caps->cpus = g_ptr_array_new_with_free_func(cpu_free);
    return caps;
}

Caps *caps_ref(Caps *caps) { return g_atomic_rc_box_acquire(caps); }

static void caps_clear(void *caps)
{
    Caps *old = caps;

    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        clear(model_members, slot_at(old, models[i].offset));
    clear(sev_members, &old->sev);
    g_ptr_array_unref(old->machines);
    g_ptr_array_unref(old->cpus);
    clear(caps_members, old);
}

void caps_unref(Caps *caps)
{
    if (caps)
        g_atomic_rc_box_release_full(caps, caps_clear);
}

void caps_add_machine(Caps *caps, Json *from)
{
    CapsMachine *machine = g_new0(CapsMachine, 1);

    read_members(machine_members, machine, from);
    g_ptr_array_add(caps->machines, machine);
}

CapsCpu *caps_add_cpu(Caps *caps, Json *from)
{
    CapsCpu *cpu = g_new0(CapsCpu, 1);

    read_members(cpu_members, cpu, from);
    g_ptr_array_add(caps->cpus, cpu);
    return cpu;
}

void caps_set_sev(Caps *caps, Json *from) { read_members(sev_members, &caps->sev, from); }

static Json *list_json(const Member *members, const GPtrArray *list)
{
    Json *array = json_object_new_array();

    for (guint i = 0; i < list->len; i++)
        json_object_array_add(array, members_json(members, list->pdata[i]));
    return array;
}

static Json *has_json(const Caps *caps)
{
    Json *array = json_object_new_array();

    for (Cap cap = CAP_NONE + 1; cap < CAP_COUNT; cap++) {
        if (caps->has[cap])
            json_object_array_add(array, json_object_new_string(caps_name(cap)));
    }
    return array;
}

Json *caps_to_json(const Caps *caps)
{
    Json *json = members_json(caps_members, caps);

    json_object_object_add(json, "has", has_json(caps));
    json_object_object_add(json, "sev", members_json(sev_members, &caps->sev));
    json_object_object_add(json, "machines", list_json(machine_members, caps->machines));
    json_object_object_add(json, "cpus", list_json(cpu_members, caps->cpus));
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        json_object_object_add(json, models[i].name,
                               members_json(model_members, slot_at(caps, models[i].offset)));
    return json;
}

static void read_has(Caps *caps, Json *array)
{
    g_auto(GStrv) names = caps_texts(array);

    for (Cap cap = CAP_NONE + 1; cap < CAP_COUNT; cap++)
        caps->has[cap] = g_strv_contains((const char *const *) names, caps_name(cap));
}

Caps *caps_from_json(Json *json)
{
    g_autoptr(Caps) caps = caps_new();
    Json *machines = json_member(json, "machines"), *cpus = json_member(json, "cpus");

    read_members(caps_members, caps, json);
    if (!caps->binary || !caps->arch || json_length(machines) == 0)
        return NULL;
    read_has(caps, json_member(json, "has"));
    caps_set_sev(caps, json_member(json, "sev"));
    for (size_t i = 0; i < json_length(machines); i++)
        caps_add_machine(caps, json_object_array_get_idx(machines, i));
    for (size_t i = 0; i < json_length(cpus); i++)
        caps_add_cpu(caps, json_object_array_get_idx(cpus, i));
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        read_members(model_members, slot_at(caps, models[i].offset),
                     json_member(json, models[i].name));
    return g_steal_pointer(&caps);
}
