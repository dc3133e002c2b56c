/* cpu-models.c - x86 processors that have a name */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cpu-models.h"

#include <string.h>

#define MODEL(name, vendor, base, features) { name, vendor, base, features, true },
#define KNOWN(name, vendor, base, features) { name, vendor, base, features, false },
static const struct Row {
    const char *name, *vendor, *base, *features;
    bool proposed;
} rows[] = {
#include "host/cpu-models.def"
};
#undef MODEL
#undef KNOWN

static CpuModel models[G_N_ELEMENTS(rows) + 1];

static const CpuModel *find(const char *name)
{
    for (const CpuModel *model = models; model->name; model++) {
        if (strcmp(model->name, name) == 0)
            return model;
    }
    return NULL;
}

static void fill(CpuModel *model, const struct Row *row)
{
    g_auto(GStrv) words = g_strsplit(row->features, " ", -1);

    model->vendor = row->vendor;
    model->proposed = row->proposed;
    if (row->base)
        model->features = find(row->base)->features;
    for (char **word = words; *word; word++) {
        CpuFeatures one = cpu_feature(*word + strspn(*word, "-?"));

        if (**word == '-')
            model->features = cpu_features_without(&model->features, &one);
        else if (**word == '?')
            model->surplus = cpu_features_or(&model->surplus, &one);
        else
            model->features = cpu_features_or(&model->features, &one);
    }
    model->name = row->name;
}

const CpuModel *cpu_models(void)
{
    static gsize ready;

    if (g_once_init_enter(&ready)) {
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
            fill(&models[i], &rows[i]);
        g_once_init_leave(&ready, 1);
    }
    return models;
}

const CpuModel *cpu_model_find(const char *name)
{
    (void) cpu_models();
    return find(name);
}

CpuFeatures cpu_model_more(const CpuModel *model, const CpuFeatures *features)
{
    return cpu_features_without(features, &model->features);
}

CpuFeatures cpu_model_less(const CpuModel *model, const CpuFeatures *features)
{
    CpuFeatures all = cpu_features_or(&model->features, &model->surplus);

    return cpu_features_without(&all, features);
}

/* ---- the nearest ---- */

/* What it takes to say features by this model: a word for each that is added or taken away, and for
 * every second one that is taken away one word more than for those before. */
static unsigned distance(const CpuModel *model, const CpuFeatures *features)
{
    CpuFeatures more = cpu_model_more(model, features), less = cpu_model_less(model, features);
    unsigned away = cpu_features_count(&less), pairs = (away + 1) / 2;

    /* of two that take as many words, the one with fewer pairs */
    return (cpu_features_count(&more) + away + pairs * (pairs + 1) / 2) * 256 + pairs;
}

const CpuModel *cpu_model_nearest(const CpuFeatures *features,
                                  bool fits(const CpuModel *model, const void *data),
                                  const void *data)
{
    const CpuModel *nearest = NULL;

    for (const CpuModel *model = cpu_models(); model->name; model++) {
        if (model->proposed && fits(model, data) &&
            (!nearest || distance(model, features) <= distance(nearest, features)))
            nearest = model;
    }
    return nearest;
}
