/* cpu.h - the processor of this machine */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/cpu-features.h"

#include <glib.h>

typedef struct HostCpu {
    const char *arch; /* as domain definitions name it */
    char *vendor; /* as the processor says: "GenuineIntel"; NULL: unknown, as all that follows */
    unsigned family, model, stepping;
    unsigned microcode;    /* 0: unknown */
    unsigned address_bits; /* of physical addresses */
    CpuFeatures features;  /* none: unknown */
} HostCpu;

/* cpuinfo: content of /proc/cpuinfo, for what the processor does not tell itself. */
HostCpu *host_cpu_read(const char *cpuinfo);
void host_cpu_free(HostCpu *cpu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostCpu, host_cpu_free)

/* The architecture that this machine runs, as domain definitions name it. */
const char *host_arch(void);
