/* cpu-features.c - what an x86 processor can do: names and sets of them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cpu-features.h"

#include <string.h>

// clang-format off
const CpuWord cpu_words[CPU_WORDS] = {
    { 0x1, 0, CPU_EDX, "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov "
                   "pat pse36 pn clflush - ds acpi mmx fxsr sse sse2 ss ht tm ia64 pbe" },
    { 0x1, 0, CPU_ECX, "pni pclmulqdq dtes64 monitor ds-cpl vmx smx est tm2 ssse3 cid - fma cx16 xtpr pdcm "
                   "- pcid dca sse4.1 sse4.2 x2apic movbe popcnt tsc-deadline aes xsave osxsave avx f16c "
                   "rdrand hypervisor" },
    { 0x6, 0, CPU_EAX, "- - arat" },
    { 0x7, 0, CPU_EBX, "fsgsbase tsc-adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm - - mpx - "
                   "avx512f avx512dq rdseed adx smap avx512ifma pcommit clflushopt clwb intel-pt avx512pf "
                   "avx512er avx512cd sha-ni avx512bw avx512vl" },
    { 0x7, 0, CPU_ECX, "- avx512vbmi umip pku ospke waitpkg avx512vbmi2 - gfni vaes vpclmulqdq avx512vnni "
                   "avx512bitalg - avx512-vpopcntdq - la57 - - - - - rdpid - bus-lock-detect cldemote - "
                   "movdiri movdir64b - sgxlc pks" },
    { 0x7, 0, CPU_EDX, "- - avx512-4vnniw avx512-4fmaps fsrm - - - avx512-vp2intersect - md-clear - - - "
                   "serialize - tsx-ldtrk - - arch-lbr - - amx-bf16 avx512-fp16 amx-tile amx-int8 "
                   "spec-ctrl stibp - arch-capabilities core-capability ssbd" },
    { 0x7, 1, CPU_EAX, "- - - - avx-vnni avx512-bf16 - - - - fzrm fsrs fsrc" },
    { 0xd, 1, CPU_EAX, "xsaveopt xsavec xgetbv1 xsaves xfd" },
    { 0x80000001, 0, CPU_EDX, "- - - - - - - - - - - syscall - - - - - - - - nx - mmxext - - fxsr-opt "
                          "pdpe1gb rdtscp - lm 3dnowext 3dnow" },
    { 0x80000001, 0, CPU_ECX, "lahf-lm cmp-legacy svm extapic cr8legacy abm sse4a misalignsse 3dnowprefetch "
                          "osvw ibs xop skinit wdt - lwp fma4 tce - nodeid-msr - tbm topoext "
                          "perfctr-core perfctr-nb" },
    { 0x80000007, 0, CPU_EDX, "- - - - - - - - invtsc" },
    { 0x80000008, 0, CPU_EBX, "clzero - xsaveerptr - - - - - - wbnoinvd - - ibpb - ibrs amd-stibp "
                          "- - - - - - - - amd-ssbd virt-ssbd amd-no-ssb - amd-psfd" },
    { 0x8000000a, 0, CPU_EDX, "npt lbrv svm-lock nrip-save tsc-scale vmcb-clean flushbyasid decodeassists "
                          "- - pause-filter - pfthreshold avic - v-vmsave-vmload vgif "
                          "- - - - - - - - - - - svme-addr-chk" },
};
// clang-format on

static const char *other_name(const char *const (*pairs)[2], size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i][0], name) == 0)
            return pairs[i][1];
    }
    return name;
}

const char *cpu_feature_name(const char *qemu_name)
{
    static const char *const pairs[][2] = {
        { "cmp-legacy", "cmp_legacy" }, { "fxsr-opt", "fxsr_opt" },
        { "lahf-lm", "lahf_lm" },       { "nodeid-msr", "nodeid_msr" },
        { "pclmulqdq", "pclmuldq" },    { "perfctr-core", "perfctr_core" },
        { "perfctr-nb", "perfctr_nb" }, { "tsc-adjust", "tsc_adjust" },
    };

    return other_name(pairs, G_N_ELEMENTS(pairs), qemu_name);
}

const char *cpu_vendor_name(const char *vendor)
{
    static const char *const pairs[][2] = {
        { "AuthenticAMD", "AMD" },
        { "GenuineIntel", "Intel" },
        { "HygonGenuine", "Hygon" },
    };

    return vendor ? other_name(pairs, G_N_ELEMENTS(pairs), vendor) : NULL;
}

/* name -> number of its bit + 1, by both names. */
static GHashTable *all_names(void)
{
    static GHashTable *names;
    GHashTable *table;

    if (!g_once_init_enter(&names))
        return names;
    table = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < CPU_WORDS; i++) {
        g_auto(GStrv) list = g_strsplit(cpu_words[i].names, " ", -1);

        for (unsigned bit = 0; list[bit]; bit++) {
            void *number = GUINT_TO_POINTER(i * 32 + bit + 1);

            g_hash_table_insert(table, (char *) g_intern_string(list[bit]), number);
            g_hash_table_insert(table, (char *) g_intern_string(cpu_feature_name(list[bit])),
                                number);
        }
    }
    g_hash_table_remove(table, "-");
    g_once_init_leave(&names, table);
    return names;
}

CpuFeatures cpu_feature(const char *name)
{
    unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(all_names(), name));
    CpuFeatures set = { 0 };

    if (number)
        set.words[(number - 1) / 32] = 1u << (number - 1) % 32;
    return set;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void add_names(GPtrArray *list, const CpuWord *word, uint32_t bits)
{
    g_auto(GStrv) names = g_strsplit(word->names, " ", -1);

    for (unsigned bit = 0; names[bit]; bit++) {
        if (bits >> bit & 1 && strcmp(names[bit], "-") != 0)
            g_ptr_array_add(list, g_strdup(names[bit]));
    }
}

char **cpu_features_list(const CpuFeatures *set)
{
    GPtrArray *list = g_ptr_array_new();

    for (unsigned i = 0; i < CPU_WORDS; i++)
        add_names(list, &cpu_words[i], set->words[i]);
    g_ptr_array_sort(list, compare_names);
    g_ptr_array_add(list, NULL);
    return (char **) g_ptr_array_free(list, FALSE);
}

CpuFeatures cpu_features_or(const CpuFeatures *a, const CpuFeatures *b)
{
    CpuFeatures set;

    for (unsigned i = 0; i < CPU_WORDS; i++)
        set.words[i] = a->words[i] | b->words[i];
    return set;
}

CpuFeatures cpu_features_and(const CpuFeatures *a, const CpuFeatures *b)
{
    CpuFeatures set;

    for (unsigned i = 0; i < CPU_WORDS; i++)
        set.words[i] = a->words[i] & b->words[i];
    return set;
}

CpuFeatures cpu_features_without(const CpuFeatures *a, const CpuFeatures *b)
{
    CpuFeatures set;

    for (unsigned i = 0; i < CPU_WORDS; i++)
        set.words[i] = a->words[i] & ~b->words[i];
    return set;
}

unsigned cpu_features_count(const CpuFeatures *set)
{
    unsigned count = 0;

    for (unsigned i = 0; i < CPU_WORDS; i++)
        count += __builtin_popcount(set->words[i]);
    return count;
}
