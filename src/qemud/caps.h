/* caps.h - what a QEMU binary can do
 *
 * Found out once per binary by running it, kept in memory and on disk. Whatever is returned is
 * immutable and may be used by any thread; the functions that may have to ask QEMU wait, and belong
 * into workers. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json.h"

/* One bit for each line of caps.def. */
typedef enum Cap {
    CAP_NONE,
#define CAP(name, ...) CAP_##name,
#include "caps.def"
#undef CAP
    CAP_COUNT,
} Cap;

typedef struct CapsMachine {
    char *name;
    char *alias; /* NULL: none */
    unsigned max_cpus;
    char *default_cpu; /* its type; NULL: none */
    char *default_ram; /* id of the memory backend that stands for the guest's memory; NULL: none */
    bool is_default;   /* of the binary */
    bool deprecated;
    bool hotpluggable_cpus;
    bool has_acpi;
} CapsMachine;

/* Whether a processor model runs under an accelerator. */
typedef enum CapsUsable {
    USABLE_UNKNOWN,
    USABLE_YES,
    USABLE_NO,
} CapsUsable;

typedef enum CapsAccel {
    ACCEL_TCG,
    ACCEL_KVM,
    ACCEL_COUNT,
} CapsAccel;

typedef struct CapsCpu {
    char *name;
    char *type;
    bool deprecated;
    CapsUsable usable[ACCEL_COUNT];
    char **blockers[ACCEL_COUNT]; /* features that are missing, ended by NULL; NULL: none */
} CapsCpu;

/* What a guest sees of a processor that is as much like the host's as the accelerator allows. */
typedef struct CapsHostModel {
    char *model;     /* the named model that is nearest; NULL: none known */
    char **required; /* further features */
    char **disabled; /* features that the model has and the host has not */
} CapsHostModel;

typedef struct Caps {
    gatomicrefcount count;
    char *binary;
    char *arch;          /* as domain definitions name it: x86_64, i686, aarch64, ... */
    char *package;       /* the distribution's version; NULL: none told */
    unsigned version;    /* major * 1000000 + minor * 1000 + micro */
    GPtrArray *machines; /* of CapsMachine, in QEMU's order, without "none" */
    GPtrArray *cpus;     /* of CapsCpu, by name */
    CapsHostModel host_model[ACCEL_COUNT];
    bool kvm; /* guests of type kvm may be started */
    bool has[CAP_COUNT];
} Caps;

/* Where to keep what was found out, before the first caps_of(); made when it is not there. */
void caps_open(const char *directory);
/* Fails when the binary is not there, is no QEMU, or one that is too old (before 6.2). While one
 * thread finds out, others that want the same binary wait for it. */
Caps *caps_of(const char *binary, GError **error);
Caps *caps_ref(Caps *caps);
void caps_unref(Caps *caps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Caps, caps_unref)

static inline bool caps_has(const Caps *caps, Cap cap) { return caps->has[cap]; }
const char *caps_name(Cap cap); /* as in caps.def, for messages */
/* By name or alias, NULL: the binary's default; NULL when it has none of that name. Borrowed. */
const CapsMachine *caps_machine(const Caps *caps, const char *name);
const CapsCpu *caps_cpu(const Caps *caps, const char *name);

/* The emulator for guests of that architecture: path, or NULL and ERR_CONFIG_UNSUPPORTED. Does not
 * run it. */
char *caps_find_binary(const char *arch, GError **error);
/* Those of all known architectures that are installed: pairs of architecture and path. */
typedef struct CapsEmulator {
    const char *arch;
    unsigned bits; /* of an address */
    char *binary;
} CapsEmulator;
GArray *caps_emulators(void); /* of CapsEmulator; g_array_unref() frees it whole */
