/* test-cpu.c - features of processors by name, sets of them, models */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "host/cpu-models.h"
#include "host/cpu.h"

#include <string.h>

static void test_names(void)
{
    static const char *const same[][2] = {
        { "pclmulqdq", "pclmuldq" },
        { "lahf-lm", "lahf_lm" },
        { "sse4.1", "sse4.1" },
    };
    CpuFeatures none = cpu_feature("warp"), dash = cpu_feature("-");

    g_assert_cmpuint(cpu_features_count(&none), ==, 0);
    g_assert_cmpuint(cpu_features_count(&dash), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        CpuFeatures a = cpu_feature(same[i][0]), b = cpu_feature(same[i][1]);

        g_assert_cmpuint(cpu_features_count(&a), ==, 1);
        g_assert_cmpmem(&a, sizeof(a), &b, sizeof(b));
        g_assert_cmpstr(cpu_feature_name(same[i][0]), ==, same[i][1]);
    }
    g_assert_cmpstr(cpu_vendor_name("GenuineIntel"), ==, "Intel");
    g_assert_cmpstr(cpu_vendor_name("Other"), ==, "Other");
    g_assert_null(cpu_vendor_name(NULL));
}

static void test_sets(void)
{
    CpuFeatures avx = cpu_feature("avx"), aes = cpu_feature("aes");
    CpuFeatures both = cpu_features_or(&avx, &aes), one = cpu_features_without(&both, &aes);
    CpuFeatures none = cpu_features_and(&avx, &aes);
    g_auto(GStrv) names = cpu_features_list(&both);

    g_assert_cmpuint(cpu_features_count(&both), ==, 2);
    g_assert_cmpmem(&one, sizeof(one), &avx, sizeof(avx));
    g_assert_cmpuint(cpu_features_count(&none), ==, 0);
    g_assert_cmpuint(g_strv_length(names), ==, 2);
    g_assert_cmpstr(names[0], ==, "aes");
    g_assert_cmpstr(names[1], ==, "avx");
}

/* Every word of every row is a feature: what is not would be lost in silence. */
static void test_rows(void)
{
#define MODEL(name, vendor, base, features) { name, base, features },
    static const char *const rows[][3] = {
#include "host/cpu-models.def"
    };
#undef MODEL

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) words = g_strsplit(rows[i][2], " ", -1);

        g_assert_nonnull(cpu_model_find(rows[i][0]));
        g_assert_true(!rows[i][1] || cpu_model_find(rows[i][1]) < cpu_model_find(rows[i][0]));
        for (char **word = words; *word && **word; word++) {
            CpuFeatures one = cpu_feature(**word == '-' ? *word + 1 : *word);

            g_assert_cmpuint(cpu_features_count(&one), ==, 1);
        }
    }
    g_assert_null(cpu_model_find("warp"));
}

static void test_models(void)
{
    static const struct {
        const char *model, *vendor, *has, *has_not;
    } cases[] = {
        { "486", NULL, "fpu", "tsc" },
        { "Haswell", "Intel", "avx2", "avx512f" },
        { "Haswell-noTSX", "Intel", "avx2", "rtm" },
        { "Skylake-Server", "Intel", "avx512f", "avx512-vnni" },
        { "EPYC", "AMD", "sha-ni", "clwb" },
        { "Opteron_G5", "AMD", "xop", "avx2" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CpuModel *model = cpu_model_find(cases[i].model);
        CpuFeatures has = cpu_feature(cases[i].has), has_not = cpu_feature(cases[i].has_not);

        g_assert_cmpstr(model->vendor, ==, cases[i].vendor);
        has = cpu_features_and(&has, &model->features);
        has_not = cpu_features_and(&has_not, &model->features);
        g_assert_cmpuint(cpu_features_count(&has), ==, 1);
        g_assert_cmpuint(cpu_features_count(&has_not), ==, 0);
    }
}

/* What is read from this processor's registers are known names, each once. */
static void test_host(void)
{
    g_autoptr(HostCpu) cpu = host_cpu_read("");

    for (char **name = cpu->features; name && *name; name++) {
        CpuFeatures one = cpu_feature(*name);

        g_assert_cmpuint(cpu_features_count(&one), ==, 1);
        g_assert_true(!name[1] || strcmp(name[0], name[1]) < 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/names", test_names);
    g_test_add_func("/cpu/sets", test_sets);
    g_test_add_func("/cpu/rows", test_rows);
    g_test_add_func("/cpu/models", test_models);
    g_test_add_func("/cpu/host", test_host);
    return g_test_run();
}
