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
        { "ds-cpl", "ds_cpl" },
        { "sse4.1", "sse4.1" },
    };
    CpuFeatures none = cpu_feature("warp"), dash = cpu_feature("-");

    g_assert_cmpuint(cpu_features_count(&none), ==, 0);
    g_assert_cmpuint(cpu_features_count(&dash), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        CpuFeatures one = cpu_feature(same[i][1]);

        g_assert_cmpuint(cpu_features_count(&one), ==, 1);
        g_assert_cmpstr(cpu_feature_name(same[i][0]), ==, same[i][1]);
        g_assert_cmpstr(cpu_feature_qemu_name(same[i][1]), ==, same[i][0]);
    }
    g_assert_cmpstr(cpu_vendor_name("GenuineIntel"), ==, "Intel");
    g_assert_cmpstr(cpu_vendor_name("Other"), ==, "Other");
    g_assert_null(cpu_vendor_name(NULL));
    g_assert_true(cpu_vendor_is_known("Hygon"));
    g_assert_false(cpu_vendor_is_known("Other"));
}

/* Each name stands once, and no word has more names than bits. */
static void test_words(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (unsigned i = 0; i < CPU_WORDS; i++) {
        g_auto(GStrv) names = g_strsplit(cpu_words[i].names, " ", -1);

        g_assert_cmpuint(g_strv_length(names), <=, 32);
        for (char **name = names; *name; name++)
            g_assert_true(strcmp(*name, "-") == 0 || g_hash_table_add(seen, g_strdup(*name)));
    }
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
    g_assert_cmpstr(names[0], ==, "aes"); /* the order of the bits */
    g_assert_cmpstr(names[1], ==, "avx");
}

/* Every word of every row is a feature: what is not would be lost in silence. */
static void test_rows(void)
{
#define MODEL(name, vendor, base, features) { name, base, features },
#define KNOWN MODEL
    static const char *const rows[][3] = {
#include "host/cpu-models.def"
    };
#undef MODEL
#undef KNOWN

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) words = g_strsplit(rows[i][2], " ", -1);

        g_assert_nonnull(cpu_model_find(rows[i][0]));
        g_assert_true(!rows[i][1] || cpu_model_find(rows[i][1]) < cpu_model_find(rows[i][0]));
        for (char **word = words; *word && **word; word++) {
            CpuFeatures one = cpu_feature(*word + strspn(*word, "-?"));

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

/* ---- the nearest model ---- */

static CpuFeatures set_of(const char *model, const char *more)
{
    g_auto(GStrv) words = g_strsplit(more, " ", -1);
    CpuFeatures set = cpu_model_find(model)->features;

    for (char **word = words; *word; word++) {
        CpuFeatures one = cpu_feature(*word + (**word == '-'));

        set = **word == '-' ? cpu_features_without(&set, &one) : cpu_features_or(&set, &one);
    }
    return set;
}

static bool is_of(const CpuModel *model, const void *vendor)
{
    return !model->vendor || g_strcmp0(model->vendor, vendor) == 0;
}

static void test_nearest(void)
{
    static const struct {
        const char *vendor, *model, *more, *nearest;
        unsigned added, taken;
    } cases[] = {
        { "Intel", "Haswell", "", "Haswell", 0, 0 },
        { "Intel", "Haswell", "vme ht", "Haswell", 2, 0 },
        { "Intel", "Haswell", "spec-ctrl", "Haswell-IBRS", 0, 0 },
        { "Intel", "cpu64-rhel5", "", "kvm64", 0, 1 }, /* never proposed */
        { "AMD", "cpu64-rhel5", "", "Opteron_G1", 0, 0 },
        { "Intel", "Icelake-Server-noTSX", "", "Icelake-Server", 0, 3 },
        { "Intel", "Icelake-Server", "intel-pt", "Icelake-Server", 1, 0 },
        { "AMD", "EPYC", "monitor", "EPYC", 1, 0 },
        { "AMD", "Skylake-Client", "", "kvm64", 37, 0 }, /* eleven away are worth many words */
        { "AMD", "Skylake-Server", "", "EPYC", 14, 10 },
        { "Intel", "Opteron_G4", "", "SandyBridge", 8, 2 },
        { "Intel", "EPYC-Milan", "", "Broadwell-noTSX", 35, 2 },
        { "Hygon", "core2duo", "", "kvm64", 3, 1 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        CpuFeatures set = set_of(cases[i].model, cases[i].more);
        const CpuModel *nearest = cpu_model_nearest(&set, is_of, cases[i].vendor);
        CpuFeatures more = cpu_model_more(nearest, &set), less = cpu_model_less(nearest, &set);

        g_assert_cmpstr(nearest->name, ==, cases[i].nearest);
        g_assert_cmpuint(cpu_features_count(&more), ==, cases[i].added);
        g_assert_cmpuint(cpu_features_count(&less), ==, cases[i].taken);
    }
}

/* What is read from this processor's registers has a name. */
static void test_host(void)
{
    g_autoptr(HostCpu) cpu = host_cpu_read("");
    g_auto(GStrv) names = cpu_features_list(&cpu->features);

    g_assert_cmpuint(cpu_features_count(&cpu->features), ==, g_strv_length(names));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/names", test_names);
    g_test_add_func("/cpu/words", test_words);
    g_test_add_func("/cpu/sets", test_sets);
    g_test_add_func("/cpu/rows", test_rows);
    g_test_add_func("/cpu/models", test_models);
    g_test_add_func("/cpu/nearest", test_nearest);
    g_test_add_func("/cpu/host", test_host);
    return g_test_run();
}
