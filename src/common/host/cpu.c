/* cpu.c - the processor of this machine */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cpu.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

/* 0: the kernel does not tell, or the processor has no such register. */
static uint32_t read_msr(unsigned number)
{
    g_auto(Fd) fd = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
    uint64_t value = 0;

    if (fd < 0 || pread(fd, &value, sizeof(value), number) != sizeof(value))
        return 0;
    return value;
}

static uint32_t read_word(const CpuWord *word)
{
    unsigned registers[4] = { 0 };

    if (word->in == CPU_MSR)
        return read_msr(word->leaf);
    __get_cpuid_count(word->leaf, word->subleaf, &registers[CPU_EAX], &registers[CPU_EBX],
                      &registers[CPU_ECX], &registers[CPU_EDX]);
    return registers[word->in];
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
    for (unsigned i = 0; i < CPU_WORDS; i++)
        cpu->features.words[i] = read_word(&cpu_words[i]) & cpu_word_named(&cpu_words[i]);
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
    g_free(cpu);
}
