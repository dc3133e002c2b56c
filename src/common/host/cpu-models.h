/* cpu-models.h - x86 processors that have a name */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/cpu-features.h"

typedef struct CpuModel {
    const char *name;
    const char *vendor; /* "Intel"; NULL: any */
    CpuFeatures features;
} CpuModel;

/* From the oldest; closed by one without a name. */
const CpuModel *cpu_models(void);
const CpuModel *cpu_model_find(const char *name); /* NULL: there is none */
