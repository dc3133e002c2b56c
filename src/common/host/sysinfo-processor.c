/* sysinfo-processor.c - what the firmware tells of processors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/sysinfo-structure.h"

#include <string.h>

/* Of a structure, where SMBIOS has them. */
enum {
    FAMILY = 0x06,
    MANUFACTURER = 0x07,
    VERSION = 0x10,
    TRAITS = 0x26,
    FAMILY_2 = 0x28,
    WITH_FAMILY_2 = 0x2a, /* as long is a structure that has it */
};

static const char *const types[] = { [1] = "Other",    "Unknown",       "Central Processor",
                                     "Math Processor", "DSP Processor", "Video Processor" };

static char *text_at(const Structure *from, size_t offset)
{
    GString *text = g_string_new("");

    sysinfo_text(text, from, offset);
    return g_string_free(text, FALSE);
}

/* ---- families ---- */

enum { SEE_FAMILY_2 = 0xfe, CORE_2_OR_K7 = 0xbe, OTHER = 1, UNKNOWN = 2 };

static unsigned family_of(const Structure *from)
{
    unsigned family = byte_at(from, FAMILY);

    return family == SEE_FAMILY_2 && from->length >= WITH_FAMILY_2 ? word_at(from, FAMILY_2)
                                                                   : family;
}

// clang-format off
static const char *const families[] = {
    [0x01] = "Other", "Unknown", "8086", "80286", "80386", "80486", "8087", "80287", "80387",
    "80487", "Pentium", "Pentium Pro", "Pentium II", "Pentium MMX", "Celeron", "Pentium II Xeon",
    "Pentium III", "M1", "M2", "Celeron M", "Pentium 4 HT",
    [0x18] = "Duron", "K5", "K6", "K6-2", "K6-3", "Athlon", "AMD29000", "K6-2+", "Power PC",
    "Power PC 601", "Power PC 603", "Power PC 603+", "Power PC 604", "Power PC 620",
    "Power PC x704", "Power PC 750", "Core Duo", "Core Duo Mobile", "Core Solo Mobile", "Atom",
    "Core M", "Core m3", "Core m5", "Core m7", "Alpha", "Alpha 21064", "Alpha 21066", "Alpha 21164",
    "Alpha 21164PC", "Alpha 21164a", "Alpha 21264", "Alpha 21364",
    "Turion II Ultra Dual-Core Mobile M", "Turion II Dual-Core Mobile M", "Athlon II Dual-Core M",
    "Opteron 6100", "Opteron 4100", "Opteron 6200", "Opteron 4200", "FX", "MIPS", "MIPS R4000",
    "MIPS R4200", "MIPS R4400", "MIPS R4600", "MIPS R10000", "C-Series", "E-Series", "A-Series",
    "G-Series", "Z-Series", "R-Series", "Opteron 4300", "Opteron 6300", "Opteron 3300", "FirePro",
    "SPARC", "SuperSPARC", "MicroSPARC II", "MicroSPARC IIep", "UltraSPARC", "UltraSPARC II",
    "UltraSPARC IIi", "UltraSPARC III", "UltraSPARC IIIi",
    [0x60] = "68040", "68xxx", "68000", "68010", "68020", "68030", "Athlon X4", "Opteron X1000",
    "Opteron X2000", "Opteron A-Series", "Opteron X3000", "Zen",
    [0x70] = "Hobbit",
    [0x78] = "Crusoe TM5000", "Crusoe TM3000", "Efficeon TM8000",
    [0x80] = "Weitek",
    [0x82] = "Itanium", "Athlon 64", "Opteron", "Sempron", "Turion 64", "Dual-Core Opteron",
    "Athlon 64 X2", "Turion 64 X2", "Quad-Core Opteron", "Third-Generation Opteron", "Phenom FX",
    "Phenom X4", "Phenom X2", "Athlon X2", "PA-RISC", "PA-RISC 8500", "PA-RISC 8000",
    "PA-RISC 7300LC", "PA-RISC 7200", "PA-RISC 7100LC", "PA-RISC 7100",
    [0xa0] = "V30", "Quad-Core Xeon 3200", "Dual-Core Xeon 3000", "Quad-Core Xeon 5300",
    "Dual-Core Xeon 5100", "Dual-Core Xeon 5000", "Dual-Core Xeon LV", "Dual-Core Xeon ULV",
    "Dual-Core Xeon 7100", "Quad-Core Xeon 5400", "Quad-Core Xeon", "Dual-Core Xeon 5200",
    "Dual-Core Xeon 7200", "Quad-Core Xeon 7300", "Quad-Core Xeon 7400", "Multi-Core Xeon 7400",
    "Pentium III Xeon", "Pentium III Speedstep", "Pentium 4", "Xeon", "AS400", "Xeon MP",
    "Athlon XP", "Athlon MP", "Itanium 2", "Pentium M", "Celeron D", "Pentium D", "Pentium EE",
    "Core Solo", "Core 2 or K7", "Core 2 Duo", "Core 2 Solo", "Core 2 Extreme", "Core 2 Quad",
    "Core 2 Extreme Mobile", "Core 2 Duo Mobile", "Core 2 Solo Mobile", "Core i7",
    "Dual-Core Celeron", "IBM390", "G4", "G5", "ESA/390 G6", "z/Architecture", "Core i5", "Core i3",
    "Core i9",
    [0xd2] = "C7-M", "C7-D", "C7", "Eden", "Multi-Core Xeon", "Dual-Core Xeon 3xxx",
    "Quad-Core Xeon 3xxx", "Nano", "Dual-Core Xeon 5xxx", "Quad-Core Xeon 5xxx",
    [0xdd] = "Dual-Core Xeon 7xxx", "Quad-Core Xeon 7xxx", "Multi-Core Xeon 7xxx",
    "Multi-Core Xeon 3400",
    [0xe4] = "Opteron 3000", "Sempron II", "Embedded Opteron Quad-Core", "Phenom Triple-Core",
    "Turion Ultra Dual-Core Mobile", "Turion Dual-Core Mobile", "Athlon Dual-Core", "Sempron SI",
    "Phenom II", "Athlon II", "Six-Core Opteron", "Sempron M",
    [0xfa] = "i860", "i960",
    [0x100] = "ARMv7", "ARMv8", "ARMv9",
    [0x104] = "SH-3", "SH-4",
    [0x118] = "ARM", "StrongARM",
    [0x12c] = "6x86", "MediaGX", "MII",
    [0x140] = "WinChip",
    [0x15e] = "DSP",
    [0x1f4] = "Video Processor",
    [0x200] = "RV32", "RV64", "RV128",
};
// clang-format on

/* One number has been given away twice. */
static const char *core_2_or_k7(const Structure *from)
{
    g_autofree char *maker = text_at(from, MANUFACTURER), *folded = g_ascii_strdown(maker, -1);

    return strstr(folded, "intel") ? "Core 2" : strstr(folded, "amd") ? "K7" : "Core 2 or K7";
}

static void family(GString *out, const Structure *from, size_t)
{
    unsigned number = family_of(from);

    g_string_append(out,
                    number == CORE_2_OR_K7 ? core_2_or_k7(from) : SYSINFO_CHOOSE(families, number));
}

/* ---- signatures: as each line of processors has them ---- */

static void intel_386(GString *out, const Structure *from, size_t offset)
{
    unsigned word = word_at(from, offset);

    g_string_append_printf(out, "Type %u, Family %u, Major Stepping %u, Minor Stepping %u",
                           word >> 12, word >> 8 & 0xf, word >> 4 & 0xf, word & 0xf);
}

static void intel_486(GString *out, const Structure *from, size_t offset)
{
    unsigned word = word_at(from, offset);

    g_string_append_printf(out, "Type %u, Family %u, Model %u, Stepping %u", word >> 12 & 3,
                           word >> 8 & 0xf, word >> 4 & 0xf, word & 0xf);
}

static void intel(GString *out, const Structure *from, size_t offset)
{
    guint32 word = long_at(from, offset);

    g_string_append_printf(out, "Type %u, Family %u, Model %u, Stepping %u", word >> 12 & 3,
                           (word >> 20 & 0xff) + (word >> 8 & 0xf),
                           (word >> 12 & 0xf0) | (word >> 4 & 0xf), word & 0xf);
}

/* The further bits count only where the first ones are full. */
static void amd(GString *out, const Structure *from, size_t offset)
{
    guint32 word = long_at(from, offset);
    unsigned family = word >> 8 & 0xf, model = word >> 4 & 0xf;

    if (family == 0xf) {
        family += word >> 20 & 0xff;
        model |= word >> 12 & 0xf0;
    }
    g_string_append_printf(out, "Family %u, Model %u, Stepping %u", family, model, word & 0xf);
}

static void arm(GString *out, const Structure *from, size_t offset)
{
    enum { IS_ON_CHIP = 1 << 9 };
    guint32 word = long_at(from, offset);

    if (word_at(from, TRAITS) & IS_ON_CHIP)
        g_string_append_printf(
            out, "JEP-106 Bank 0x%02x Manufacturer 0x%02x, SoC ID 0x%04x, SoC Revision 0x%08x",
            word >> 24 & 0x7f, word >> 16 & 0x7f, word & 0xffff, long_at(from, offset + 4));
    else if (word)
        g_string_append_printf(
            out, "Implementor 0x%02x, Variant 0x%x, Architecture %u, Part 0x%03x, Revision %u",
            word >> 24, word >> 20 & 0xf, word >> 16 & 0xf, word >> 4 & 0xfff, word & 0xf);
}

/* Families without a number of their own. */
static Print *by_name(const Structure *from)
{
    static const struct {
        const char *begins;
        Print *print;
    } rows[] = {
        { "Pentium III MMX", intel },
        { "Intel(R) Core(TM)2", intel },
        { "Intel(R) Pentium(R)", intel },
        { "Genuine Intel(R) CPU U1400", intel },
        { "AMD Athlon(TM)", amd },
        { "AMD Opteron(tm)", amd },
        { "Dual-Core AMD Opteron(tm)", amd },
    };
    g_autofree char *name = text_at(from, VERSION);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_str_has_prefix(name, rows[i].begins))
            return rows[i].print;
    }
    return NULL;
}

static Print *by_family(unsigned family)
{
    static const struct {
        unsigned first, last;
        Print *print;
    } rows[] = {
        { 0x05, 0x05, intel_386 }, { 0x06, 0x06, intel_486 }, { 0x0b, 0x15, intel },
        { 0x18, 0x1d, amd },       { 0x1f, 0x1f, amd },       { 0x28, 0x2f, intel },
        { 0x38, 0x3f, amd },       { 0x46, 0x4f, amd },       { 0x66, 0x6b, amd },
        { 0x83, 0x8f, amd },       { 0xa1, 0xb3, intel },     { 0xb5, 0xb5, intel },
        { 0xb6, 0xb7, amd },       { 0xb9, 0xc7, intel },     { 0xcd, 0xcf, intel },
        { 0xd2, 0xdb, intel },     { 0xdd, 0xe0, intel },     { 0xe4, 0xef, amd },
        { 0x100, 0x102, arm },     { 0x118, 0x119, arm },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (family >= rows[i].first && family <= rows[i].last)
            return rows[i].print;
    }
    return NULL;
}

static void signature(GString *out, const Structure *from, size_t offset)
{
    unsigned family = family_of(from);
    Print *print = family == OTHER || family == UNKNOWN ? by_name(from) : by_family(family);

    if (print)
        print(out, from, offset);
}

/* ---- the rest ---- */

static void megahertz(GString *out, const Structure *from, size_t offset)
{
    unsigned clock = word_at(from, offset);

    if (clock)
        g_string_append_printf(out, "%u MHz", clock);
    else
        g_string_append(out, "Unknown");
}

static void status(GString *out, const Structure *from, size_t offset)
{
    enum { POPULATED = 1 << 6 };
    static const char *const names[] = { "Unknown",          "Enabled", "Disabled By User",
                                         "Disabled By BIOS", "Idle",    [7] = "Other" };
    unsigned status = byte_at(from, offset);

    if (status & POPULATED)
        g_string_append_printf(out, "Populated, %s", SYSINFO_CHOOSE(names, status & 7));
    else
        g_string_append(out, "Unpopulated");
}

// clang-format off
const Entry sysinfo_processor[] = {
    { "socket_destination", 0x04, 0x1a, sysinfo_text },
    { "type", 0x05, 0x1a, SYSINFO_NAMES(types) },
    { "family", FAMILY, 0x1a, family },
    { "manufacturer", MANUFACTURER, 0x1a, sysinfo_text },
    { "signature", 0x08, 0x1a, signature },
    { "version", VERSION, 0x1a, sysinfo_text },
    { "external_clock", 0x12, 0x1a, megahertz },
    { "max_speed", 0x14, 0x1a, megahertz },
    { "status", 0x18, 0x1a, status },
    { "serial_number", 0x20, 0x23, sysinfo_text },
    { "part_number", 0x22, 0x23, sysinfo_text },
    {},
};
// clang-format on
