/* cpu.h - the guest's processor */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/numa.h"

typedef enum CpuMode {
    CPU_MODE_ABSENT,
    CPU_CUSTOM,
    CPU_HOST_MODEL,
    CPU_HOST_PASSTHROUGH,
    CPU_MAXIMUM,
} CpuMode;
extern const char *const cpu_mode_names[];

typedef enum CpuMatch { CPU_MATCH_ABSENT, CPU_MINIMUM, CPU_EXACT, CPU_STRICT } CpuMatch;
extern const char *const cpu_match_names[];

typedef enum CpuCheck {
    CPU_CHECK_ABSENT,
    CPU_CHECK_NONE,
    CPU_CHECK_PARTIAL,
    CPU_CHECK_FULL,
} CpuCheck;
extern const char *const cpu_check_names[];

typedef enum CpuFallback { CPU_FALLBACK_ABSENT, CPU_ALLOW, CPU_FORBID } CpuFallback;

typedef enum CpuPolicy {
    CPU_POLICY_ABSENT,
    CPU_FORCE,
    CPU_REQUIRE,
    CPU_OPTIONAL,
    CPU_DISABLE,
    CPU_FORBID_FEATURE,
} CpuPolicy;
extern const char *const cpu_policy_names[];

typedef enum CpuCacheMode {
    CPU_CACHE_ABSENT,
    CPU_CACHE_EMULATE,
    CPU_CACHE_PASSTHROUGH,
    CPU_CACHE_DISABLE,
} CpuCacheMode;

typedef struct CpuFeature {
    CpuPolicy policy;
    char *name;
} CpuFeature;

typedef struct CpuCache {
    Optional level;
    CpuCacheMode mode;
} CpuCache;

typedef struct CpuTopology {
    unsigned sockets, dies, cores, threads; /* all 0: not said */
} CpuTopology;

typedef struct Cpu {
    CpuMode mode;
    CpuMatch match;
    CpuCheck check;
    Switch migratable;
    char *model;
    CpuFallback fallback;
    char *vendor_id;
    char *vendor;
    CpuTopology topology;
    CpuCache *cache;
    char *physical_address_mode; /* "emulate", "passthrough" */
    unsigned physical_address_bits;
    GPtrArray *features; /* of CpuFeature */
    GuestNuma numa;
} Cpu;

extern XmlElement cpu_element;
XML_STRUCT(Cpu, cpu, cpu_element)
