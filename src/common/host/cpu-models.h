/* cpu-models.h - x86 processors that have a name */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/cpu-features.h"

typedef struct CpuModel {
    const char *name;
    const char *vendor; /* "Intel"; NULL: any */
    CpuFeatures features;
    CpuFeatures surplus; /* that it lacks unless they are asked for, though QEMU's has them */
    bool proposed;       /* as the one that a processor is */
} CpuModel;

/* From the oldest; closed by one without a name. */
const CpuModel *cpu_models(void);
const CpuModel *cpu_model_find(const char *name); /* NULL: there is none */
/* What must be added to say features by this model, and what taken away. */
CpuFeatures cpu_model_more(const CpuModel *model, const CpuFeatures *features);
CpuFeatures cpu_model_less(const CpuModel *model, const CpuFeatures *features);
/* The model of those that fit by which features are said with the fewest words; the newest of
 * several; NULL: none fits. */
const CpuModel *cpu_model_nearest(const CpuFeatures *features,
                                  bool fits(const CpuModel *model, const void *data),
                                  const void *data);
