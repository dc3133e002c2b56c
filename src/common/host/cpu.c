/* cpu.c - the processor of this machine */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cpu.h"

#include <string.h>
#include <sys/utsname.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

typedef enum Register { EAX, EBX, ECX, EDX } Register;

/* The bits of one register of one leaf, from the lowest; "-" where none has a name. */
typedef struct Word {
    unsigned leaf, subleaf;
    Register in;
    const char *names;
} Word;

// clang-format off
static const Word words[] = {
    { 0x1, 0, EDX, "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov "
                   "pat pse36 pn clflush - ds acpi mmx fxsr sse sse2 ss ht tm ia64 pbe" },
    { 0x1, 0, ECX, "pni pclmulqdq dtes64 monitor ds-cpl vmx smx est tm2 ssse3 cid - fma cx16 xtpr pdcm "
                   "- pcid dca sse4.1 sse4.2 x2apic movbe popcnt tsc-deadline aes xsave osxsave avx f16c "
                   "rdrand hypervisor" },
    { 0x6, 0, EAX, "- - arat" },
    { 0x7, 0, EBX, "fsgsbase tsc-adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm - - mpx - "
                   "avx512f avx512dq rdseed adx smap avx512ifma pcommit clflushopt clwb intel-pt avx512pf "
                   "avx512er avx512cd sha-ni avx512bw avx512vl" },
    { 0x7, 0, ECX, "- avx512vbmi umip pku ospke waitpkg avx512vbmi2 - gfni vaes vpclmulqdq avx512vnni "
                   "avx512bitalg - avx512-vpopcntdq - la57 - - - - - rdpid - bus-lock-detect cldemote - "
                   "movdiri movdir64b - sgxlc pks" },
    { 0x7, 0, EDX, "- - avx512-4vnniw avx512-4fmaps fsrm - - - avx512-vp2intersect - md-clear - - - "
                   "serialize - tsx-ldtrk - - arch-lbr - - amx-bf16 avx512-fp16 amx-tile amx-int8 "
                   "spec-ctrl stibp - arch-capabilities core-capability ssbd" },
    { 0x7, 1, EAX, "- - - - avx-vnni avx512-bf16 - - - - fzrm fsrs fsrc" },
    { 0xd, 1, EAX, "xsaveopt xsavec xgetbv1 xsaves xfd" },
    { 0x80000001, 0, EDX, "- - - - - - - - - - - syscall - - - - - - - - nx - mmxext - - fxsr-opt "
                          "pdpe1gb rdtscp - lm 3dnowext 3dnow" },
    { 0x80000001, 0, ECX, "lahf-lm cmp-legacy svm extapic cr8legacy abm sse4a misalignsse 3dnowprefetch "
                          "osvw ibs xop skinit wdt - lwp fma4 tce - nodeid-msr - tbm topoext "
                          "perfctr-core perfctr-nb" },
    { 0x80000007, 0, EDX, "- - - - - - - - invtsc" },
    { 0x80000008, 0, EBX, "clzero - xsaveerptr - - - - - - wbnoinvd - - ibpb - ibrs amd-stibp "
                          "- - - - - - - - amd-ssbd virt-ssbd amd-no-ssb - amd-psfd" },
    { 0x8000000a, 0, EDX, "npt lbrv svm-lock nrip-save tsc-scale vmcb-clean flushbyasid decodeassists "
                          "- - pause-filter - pfthreshold avic - v-vmsave-vmload vgif "
                          "- - - - - - - - - - - svme-addr-chk" },
};
// clang-format on

static void add_names(GPtrArray *features, const Word *word)
{
    g_auto(GStrv) names = g_strsplit(word->names, " ", -1);
    unsigned registers[4] = { 0 };

    if (!__get_cpuid_count(word->leaf, word->subleaf, &registers[EAX], &registers[EBX],
                           &registers[ECX], &registers[EDX]))
        return;
    for (unsigned bit = 0; names[bit]; bit++) {
        if (registers[word->in] >> bit & 1 && strcmp(names[bit], "-") != 0)
            g_ptr_array_add(features, g_strdup(names[bit]));
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static char **read_features(void)
{
    GPtrArray *features = g_ptr_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        add_names(features, &words[i]);
    g_ptr_array_sort(features, compare_names);
    g_ptr_array_add(features, NULL);
    return (char **) g_ptr_array_free(features, FALSE);
}

static void read_identity(HostCpu *cpu)
{
    unsigned eax = 0, vendor[3] = { 0 }, ignored;

    __get_cpuid(0, &eax, &vendor[0], &vendor[2], &vendor[1]);
    cpu->vendor = g_strndup((const char *) vendor, sizeof(vendor));
    __get_cpuid(1, &eax, &ignored, &ignored, &ignored);
    cpu->stepping = eax & 0xf;
    cpu->model = eax >> 4 & 0xf;
    cpu->family = eax >> 8 & 0xf;
    if (cpu->family == 6 || cpu->family == 15)
        cpu->model += (eax >> 16 & 0xf) << 4;
    if (cpu->family == 15)
        cpu->family += eax >> 20 & 0xff;
    if (__get_cpuid(0x80000008, &eax, &ignored, &ignored, &ignored))
        cpu->address_bits = eax & 0xff;
    cpu->features = read_features();
}
#else
static void read_identity(HostCpu *) {}
#endif

/* The value behind "name : " of the first processor. */
static const char *value_of(const char *cpuinfo, const char *name)
{
    const char *line = strstr(cpuinfo, name);
    const char *colon = line ? strchr(line, ':') : NULL;

    return colon ? colon + 1 : NULL;
}

const char *host_arch(void)
{
    static const char *const other_names[][2] = {
        { "i386", "i686" },     { "i486", "i686" },       { "i586", "i686" },
        { "arm64", "aarch64" }, { "ppc64el", "ppc64le" },
    };
    static struct utsname name;
    static const char *arch;

    if (!g_once_init_enter(&arch))
        return arch;
    uname(&name);
    for (size_t i = 0; i < G_N_ELEMENTS(other_names); i++) {
        if (strcmp(name.machine, other_names[i][0]) == 0)
            g_strlcpy(name.machine, other_names[i][1], sizeof(name.machine));
    }
    g_once_init_leave(&arch, name.machine);
    return arch;
}

HostCpu *host_cpu_read(const char *cpuinfo)
{
    HostCpu *cpu = g_new0(HostCpu, 1);
    const char *microcode = value_of(cpuinfo, "microcode");

    cpu->arch = host_arch();
    cpu->microcode = microcode ? g_ascii_strtoull(microcode, NULL, 0) : 0;
    read_identity(cpu);
    return cpu;
}

void host_cpu_free(HostCpu *cpu)
{
    if (!cpu)
        return;
    g_free(cpu->vendor);
    g_strfreev(cpu->features);
    g_free(cpu);
}
