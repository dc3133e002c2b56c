/* cpu-models.c - x86 processors that have a name */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cpu-models.h"

#include <string.h>

#define MODEL(name, vendor, base, features) { name, vendor, base, features },
static const struct Row {
    const char *name, *vendor, *base, *features;
} rows[] = {
#include "host/cpu-models.def"
};
#undef MODEL

static CpuModel models[G_N_ELEMENTS(rows) + 1];

static const CpuModel *find(const char *name)
{
    for (const CpuModel *model = models; model->name; model++) {
        if (strcmp(model->name, name) == 0)
            return model;
    }
    return NULL;
}

static CpuFeatures features_of(const struct Row *row)
{
    g_auto(GStrv) words = g_strsplit(row->features, " ", -1);
    CpuFeatures set = row->base ? find(row->base)->features : (CpuFeatures){ 0 };

    for (char **word = words; *word; word++) {
        CpuFeatures one = cpu_feature(**word == '-' ? *word + 1 : *word);

        set = **word == '-' ? cpu_features_without(&set, &one) : cpu_features_or(&set, &one);
    }
    return set;
}

const CpuModel *cpu_models(void)
{
    static gsize ready;

    if (g_once_init_enter(&ready)) {
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            models[i].vendor = rows[i].vendor;
            models[i].features = features_of(&rows[i]);
            models[i].name = rows[i].name;
        }
        g_once_init_leave(&ready, 1);
    }
    return models;
}

const CpuModel *cpu_model_find(const char *name)
{
    (void) cpu_models();
    return find(name);
}
