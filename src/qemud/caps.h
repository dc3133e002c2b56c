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

typedef enum CapsAccel {
    ACCEL_TCG,
    ACCEL_KVM,
    ACCEL_COUNT,
} CapsAccel;

typedef struct CapsMachine {
    char *name;
    char *alias; /* NULL: none */
    unsigned max_cpus;
    char *default_cpu; /* its type; NULL: none */
    char *default_ram; /* id of the memory backend that is the guest's memory; NULL: none */
    bool is_default;   /* of the binary */
    bool deprecated;
    bool hotpluggable_cpus;
} CapsMachine;

/* Whether a processor model runs under an accelerator. */
typedef enum CapsUsable {
    USABLE_UNKNOWN,
    USABLE_YES,
    USABLE_NO,
} CapsUsable;

typedef struct CapsCpu {
    char *name;
    char *type;
    char *vendor; /* as a processor says it: "GenuineIntel"; NULL: unknown, or of none */
    bool deprecated;
    bool named; /* a model of its own: no version of another one, not what the host has */
    CapsUsable usable[ACCEL_COUNT];
    char **blockers[ACCEL_COUNT]; /* features that are missing, ended by NULL; NULL: unknown */
} CapsCpu;

/* A processor told as the named model that is nearest, and what it has more and less. The features
 * have QEMU's names and are sorted. */
typedef struct CapsModel {
    char *name; /* NULL: unknown */
    char *vendor;
    char **required;
    char **disabled;
} CapsModel;

/* How the memory of guests can be encrypted on this machine (AMD's SEV). */
typedef struct CapsSev {
    char *pdh; /* NULL: it cannot */
    char *cert_chain;
    char *cpu0_id; /* NULL: QEMU is too old to tell */
    unsigned cbitpos;
    unsigned reduced_phys_bits;
} CapsSev;

typedef struct Caps {
    char *binary;
    char *arch;       /* as domain definitions name it: x86_64, i686, aarch64, ... */
    char *package;    /* the distribution's version; NULL: none told */
    unsigned version; /* major * 1000000 + minor * 1000 + micro */
    bool kvm;         /* guests of type kvm may be started */
    bool has[CAP_COUNT];
    GPtrArray *machines;          /* of CapsMachine, in QEMU's order, without "none" */
    GPtrArray *cpus;              /* of CapsCpu, in QEMU's order */
    CapsModel model[ACCEL_COUNT]; /* the most that a guest can have here */
    CapsSev sev;
} Caps;

/* Where to keep what was found out, made when it is not there; before the first caps_of(). Without
 * it nothing is kept on disk. QEMU is run as the user of guests (settings.h). */
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

/* An emulator that is installed. */
typedef struct CapsEmulator {
    const char *arch; /* as domain definitions name it */
    unsigned bits;    /* of an address */
    char *binary;     /* its path */
} CapsEmulator;

/* All of them, by architecture; g_array_unref() frees it whole. Does not run them. */
GArray *caps_emulators(void);
/* The path of the one for guests of that architecture. ERR_CONFIG_UNSUPPORTED when there is none,
 * ERR_INVALID_ARG for an architecture that does not exist. */
char *caps_find_binary(const char *arch, GError **error);
