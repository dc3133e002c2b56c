/* sysinfo-memory.c - what the firmware tells of memory modules */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/sysinfo-structure.h"

static void size(GString *out, const Structure *from, size_t offset)
{
    enum { UNKNOWN = 0xffff, SEE_EXTENDED = 0x7fff, EXTENDED = 0x1c, IN_KILOBYTES = 0x8000 };
    static const char *const units[] = { "kB", "MB", "GB", "TB" };
    unsigned amount = word_at(from, offset), unit = 1;

    if (amount == UNKNOWN) {
        g_string_append(out, "Unknown");
        return;
    }
    if (amount == SEE_EXTENDED && from->length >= EXTENDED + 4) {
        amount = long_at(from, EXTENDED) & G_MAXINT32;
    } else if (amount & IN_KILOBYTES) {
        amount &= ~IN_KILOBYTES;
        unit = 0;
    }
    for (; unit + 1 < G_N_ELEMENTS(units) && amount >= 1024 && amount % 1024 == 0; unit++)
        amount /= 1024;
    g_string_append_printf(out, "%u %s", amount, units[unit]);
}

static const char *const form_factors[] = {
    [1] = "Other",      "Unknown", "SIMM", "SIP",          "Chip", "DIP",    "ZIP",
    "Proprietary Card", "DIMM",    "TSOP", "Row Of Chips", "RIMM", "SODIMM", "SRIMM",
    "FB-DIMM",          "Die",
};

static const char *const types[] = {
    [1] = "Other",
    "Unknown",
    "DRAM",
    "EDRAM",
    "VRAM",
    "SRAM",
    "RAM",
    "ROM",
    "Flash",
    "EEPROM",
    "FEPROM",
    "EPROM",
    "CDRAM",
    "3DRAM",
    "SDRAM",
    "SGRAM",
    "RDRAM",
    "DDR",
    "DDR2",
    "DDR2 FB-DIMM",
    "Reserved",
    "Reserved",
    "Reserved",
    "DDR3",
    "FBD2",
    "DDR4",
    "LPDDR",
    "LPDDR2",
    "LPDDR3",
    "LPDDR4",
    "Logical non-volatile device",
    "HBM",
    "HBM2",
    "DDR5",
    "LPDDR5",
};

static void type_detail(GString *out, const Structure *from, size_t offset)
{
    static const char *const names[] = {
        [1] = "Other",
        "Unknown",
        "Fast-paged",
        "Static Column",
        "Pseudo-static",
        "RAMBus",
        "Synchronous",
        "CMOS",
        "EDO",
        "Window DRAM",
        "Cache DRAM",
        "Non-Volatile",
        "Registered (Buffered)",
        "Unbuffered (Unregistered)",
        "LRDIMM",
    };
    size_t before = out->len;

    for (unsigned bit = 1; bit < G_N_ELEMENTS(names); bit++) {
        if (!(word_at(from, offset) >> bit & 1))
            continue;
        g_string_append(out, out->len > before ? " " : "");
        g_string_append(out, names[bit]);
    }
    if (out->len == before)
        g_string_append(out, "None");
}

static void speed(GString *out, const Structure *from, size_t offset)
{
    enum { SEE_EXTENDED = 0xffff, EXTENDED = 0x54, EXTENDED_SINCE = 0x5c };
    guint32 rate = word_at(from, offset);

    if (rate == SEE_EXTENDED)
        rate = from->length >= EXTENDED_SINCE ? long_at(from, EXTENDED) : 0;
    if (rate)
        g_string_append_printf(out, "%u MT/s", rate);
    else
        g_string_append(out, "Unknown");
}

// clang-format off
const Entry sysinfo_memory_device[] = {
    { "size", 0x0c, 0x15, size },
    { "form_factor", 0x0e, 0x15, SYSINFO_NAMES(form_factors) },
    { "locator", 0x10, 0x15, sysinfo_text },
    { "bank_locator", 0x11, 0x15, sysinfo_text },
    { "type", 0x12, 0x15, SYSINFO_NAMES(types) },
    { "type_detail", 0x13, 0x15, type_detail },
    { "speed", 0x15, 0x17, speed },
    { "manufacturer", 0x17, 0x1b, sysinfo_text },
    { "serial_number", 0x18, 0x1b, sysinfo_text },
    { "part_number", 0x1a, 0x1b, sysinfo_text },
    {},
};
// clang-format on
