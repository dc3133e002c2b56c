/* cpu-features.c - what an x86 processor can do: names and sets of them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cpu-features.h"

#include <string.h>

// clang-format off
const CpuWord cpu_words[CPU_WORDS] = {
    { 0x1, 0, CPU_EDX, "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov "
                   "pat pse36 pn clflush - ds acpi mmx fxsr sse sse2 ss ht tm ia64 pbe" },
    { 0x1, 0, CPU_ECX, "pni pclmuldq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid - fma cx16 xtpr pdcm "
                   "- pcid dca sse4.1 sse4.2 x2apic movbe popcnt tsc-deadline aes xsave osxsave avx f16c "
                   "rdrand hypervisor" },
    { 0x6, 0, CPU_EAX, "- - arat" },
    { 0x7, 0, CPU_EBX, "fsgsbase tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm cmt - mpx - "
                   "avx512f avx512dq rdseed adx smap avx512ifma pcommit clflushopt clwb intel-pt avx512pf "
                   "avx512er avx512cd sha-ni avx512bw avx512vl" },
    { 0x7, 0, CPU_ECX, "- avx512vbmi umip pku ospke waitpkg avx512vbmi2 - gfni vaes vpclmulqdq avx512vnni "
                   "avx512bitalg - avx512-vpopcntdq - la57 - - - - - rdpid - bus-lock-detect cldemote - "
                   "movdiri movdir64b - sgxlc pks" },
    { 0x7, 0, CPU_EDX, "- - avx512-4vnniw avx512-4fmaps fsrm - - - avx512-vp2intersect - md-clear - - - "
                   "serialize - tsx-ldtrk - pconfig arch-lbr - - amx-bf16 avx512-fp16 amx-tile amx-int8 "
                   "spec-ctrl stibp - arch-capabilities core-capability ssbd" },
    { 0x7, 1, CPU_EAX, "- - - - avx-vnni avx512-bf16" },
    { 0xd, 1, CPU_EAX, "xsaveopt xsavec xgetbv1 xsaves xfd" },
    { 0xf, 1, CPU_EDX, "- mbm_total mbm_local" },
    { 0x12, 0, CPU_EAX, "sgx1 sgx2" },
    { 0x12, 0, CPU_EBX, "sgx-exinfo" },
    { 0x12, 1, CPU_EAX, "- sgx-debug sgx-mode64 - sgx-provisionkey sgx-tokenkey - sgx-kss" },
    { 0x14, 0, CPU_ECX, "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - intel-pt-lip" },
    { 0x80000001, 0, CPU_EDX, "- - - - - - - - - - - syscall - - - - - - - - nx - mmxext - - fxsr_opt "
                          "pdpe1gb rdtscp - lm 3dnowext 3dnow" },
    { 0x80000001, 0, CPU_ECX, "lahf_lm cmp_legacy svm extapic cr8legacy abm sse4a misalignsse 3dnowprefetch "
                          "osvw ibs xop skinit wdt - lwp fma4 tce cvt16 nodeid_msr - tbm topoext "
                          "perfctr_core perfctr_nb" },
    { 0x80000007, 0, CPU_EDX, "- - - - - - - - invtsc" },
    { 0x80000008, 0, CPU_EBX, "clzero - xsaveerptr - - - - - - wbnoinvd - - ibpb - ibrs amd-stibp "
                          "- - - - - - - - amd-ssbd virt-ssbd amd-no-ssb" },
    { 0x8000000a, 0, CPU_EDX, "npt lbrv svm-lock nrip-save tsc-scale vmcb-clean flushbyasid decodeassists "
                          "- - pause-filter - pfthreshold avic - v-vmsave-vmload vgif "
                          "- - - - - - - - - - - svme-addr-chk" },
    { 0x10a, 0, CPU_MSR, "rdctl-no ibrs-all rsba skip-l1dfl-vmentry ssb-no mds-no pschange-mc-no tsx-ctrl "
                     "taa-no" },
    { 0xcf, 0, CPU_MSR, "- - - - - split-lock-detect" },
};
// clang-format on

/* What a name is in the other column, or itself. */
static const char *translate(const char *const (*pairs)[2], size_t count, const char *name,
                             unsigned from)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i][from], name) == 0)
            return pairs[i][!from];
    }
    return name;
}

/* As definitions have them, and QEMU. */
static const char *const odd_names[][2] = {
    { "cmp_legacy", "cmp-legacy" },     { "ds_cpl", "ds-cpl" },
    { "fxsr_opt", "fxsr-opt" },         { "lahf_lm", "lahf-lm" },
    { "nodeid_msr", "nodeid-msr" },     { "pclmuldq", "pclmulqdq" },
    { "perfctr_core", "perfctr-core" }, { "perfctr_nb", "perfctr-nb" },
    { "tsc_adjust", "tsc-adjust" },
};

const char *cpu_feature_name(const char *qemu_name)
{
    return translate(odd_names, G_N_ELEMENTS(odd_names), qemu_name, 1);
}

const char *cpu_feature_qemu_name(const char *name)
{
    return translate(odd_names, G_N_ELEMENTS(odd_names), name, 0);
}

/* As definitions have them, and the processor. */
static const char *const vendors[][2] = {
    { "AMD", "AuthenticAMD" },
    { "Hygon", "HygonGenuine" },
    { "Intel", "GenuineIntel" },
};

const char *cpu_vendor_name(const char *vendor)
{
    return vendor ? translate(vendors, G_N_ELEMENTS(vendors), vendor, 1) : NULL;
}

bool cpu_vendor_is_known(const char *name)
{
    return strcmp(translate(vendors, G_N_ELEMENTS(vendors), name, 0), name) != 0;
}

/* name -> number of its bit + 1. */
static GHashTable *all_names(void)
{
    static GHashTable *names;
    GHashTable *table;

    if (!g_once_init_enter(&names))
        return names;
    table = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < CPU_WORDS; i++) {
        g_auto(GStrv) list = g_strsplit(cpu_words[i].names, " ", -1);

        for (unsigned bit = 0; list[bit]; bit++)
            g_hash_table_insert(table, (char *) g_intern_string(list[bit]),
                                GUINT_TO_POINTER(i * 32 + bit + 1));
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

uint32_t cpu_word_named(const CpuWord *word)
{
    g_auto(GStrv) names = g_strsplit(word->names, " ", -1);
    uint32_t bits = 0;

    for (unsigned bit = 0; names[bit]; bit++)
        bits |= (uint32_t) (strcmp(names[bit], "-") != 0) << bit;
    return bits;
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
