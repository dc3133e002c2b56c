/* test-sysinfo.c - SMBIOS tables as text, whole, cut off and broken */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/file.h"
#include "host/sysinfo.h"

#include <string.h>

#define END "\x7f\x04\x01\x00\0\0"
#define DOCUMENT(text) "<sysinfo type='smbios'>\n" text "</sysinfo>\n"

typedef struct Case {
    const char *name, *tables;
    size_t size;
    unsigned version;
    const char *want;
} Case;

#define NOTHING "<sysinfo type='smbios'/>\n"
#define ROW(name, tables, version, want)                \
    {                                                   \
        name, tables, sizeof(tables) - 1, version, want \
    }
#define CASE(name, tables, want) ROW(name, tables, 0x0300, DOCUMENT(want))
#define EMPTY(name, tables) ROW(name, tables, 0x0300, NOTHING)

// clang-format off
#define SYSTEM(uuid) "\x01\x19\x00\x01" "\x01\x01\x01\x01" uuid "\x06" "M\0\0" END
#define SYSTEM_IS(uuid)                         \
    "  <system>\n"                                \
    "    <entry name='manufacturer'>M</entry>\n"  \
    "    <entry name='product'>M</entry>\n"       \
    "    <entry name='version'>M</entry>\n"       \
    "    <entry name='serial'>M</entry>\n"        \
    "    <entry name='uuid'>" uuid "</entry>\n"   \
    "  </system>\n"
#define BOARD_IS(maker)                                   \
    "  <baseBoard>\n"                                       \
    "    <entry name='manufacturer'>" maker "</entry>\n"    \
    "    <entry name='product'>Not Specified</entry>\n"     \
    "    <entry name='version'>Not Specified</entry>\n"     \
    "    <entry name='serial'>Not Specified</entry>\n"
#define CHASSIS_IS                                        \
    "  <chassis>\n"                                         \
    "    <entry name='manufacturer'>Maker</entry>\n"        \
    "    <entry name='version'>Not Specified</entry>\n"     \
    "    <entry name='serial'>Not Specified</entry>\n"      \
    "    <entry name='asset'>Not Specified</entry>\n"
#define PROCESSOR(type, family, signature, version, clock, status, family2)                        \
    "\x04\x2a\x00\x04" "\x01" type family "\x02" signature "\0\0\0\0" "\x03\x00" clock "\xa0\x0f"    \
    "\0\0" status "\0\0\0\0\0\0\0" "\x04\x00\x05" "\0\0\0\x04\0" family2                             \
    "CPU0\0Intel(R)\0" version "\0N1\0P1\0\0" END
#define SIGNED(signature) "    <entry name='signature'>" signature "</entry>\n"
#define PROCESSOR_IS(type, family, signed, version, clock, status)    \
    "  <processor>\n"                                                   \
    "    <entry name='socket_destination'>CPU0</entry>\n"               \
    "    <entry name='type'>" type "</entry>\n"                         \
    "    <entry name='family'>" family "</entry>\n"                     \
    "    <entry name='manufacturer'>Intel(R)</entry>\n" signed          \
    "    <entry name='version'>" version "</entry>\n"                   \
    "    <entry name='external_clock'>" clock "</entry>\n"              \
    "    <entry name='max_speed'>4000 MHz</entry>\n"                    \
    "    <entry name='status'>" status "</entry>\n"                     \
    "    <entry name='serial_number'>N1</entry>\n"                      \
    "    <entry name='part_number'>P1</entry>\n"                        \
    "  </processor>\n"
#define MEMORY_IS(size)                                       \
    "  <memory_device>\n"                                       \
    "    <entry name='size'>" size "</entry>\n"                 \
    "    <entry name='form_factor'>&lt;OUT OF SPEC&gt;</entry>\n" \
    "    <entry name='locator'>Not Specified</entry>\n"         \
    "    <entry name='bank_locator'>Not Specified</entry>\n"    \
    "    <entry name='type'>&lt;OUT OF SPEC&gt;</entry>\n"      \
    "    <entry name='type_detail'>None</entry>\n"
#define MEMORY_ENDS(speed)                                    \
    "    <entry name='speed'>" speed "</entry>\n"               \
    "    <entry name='manufacturer'>Not Specified</entry>\n"    \
    "    <entry name='serial_number'>Not Specified</entry>\n"   \
    "    <entry name='part_number'>Not Specified</entry>\n"     \
    "  </memory_device>\n"

static const Case cases[] = {
    EMPTY("nothing", ""),
    EMPTY("only-the-end", END),
    CASE("bios",
         "\x00\x18\x00\x00" "\x01\x02" "\x00\xe8\x03\xff" "\0\0\0\0\0\0\0\0" "\0\0" "\x04\x11" "\xff\xff"
         "Maker & Sons\0 1.2 \0" "01/02/2023\0\0" END,
         "  <bios>\n"
         "    <entry name='vendor'>Maker &amp; Sons</entry>\n"
         "    <entry name='version'> 1.2</entry>\n"
         "    <entry name='date'>01/02/2023</entry>\n"
         "    <entry name='release'>4.17</entry>\n"
         "  </bios>\n"),
    CASE("bios-without-a-release, and-a-second-one",
         "\x00\x18\x00\x00" "\x01\x00" "\x00\xe8\x09\xff" "\0\0\0\0\0\0\0\0" "\0\0" "\x04\xff" "\xff\xff" "\t \0\0"
         "\x00\x12\x01\x00" "\x01\x01" "\x00\xe8\x01\xff" "\0\0\0\0\0\0\0\0" "Second\0\0" END,
         "  <bios>\n"
         "    <entry name='vendor'>.</entry>\n"
         "    <entry name='version'>Not Specified</entry>\n"
         "    <entry name='date'>&lt;BAD INDEX&gt;</entry>\n"
         "  </bios>\n"),
    CASE("system",
         "\x01\x1b\x00\x01" "\x01\x02\x00\x03"
         "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff" "\x06\x00\x04"
         "Maker\0Box\0S1\0Family\0\0" END,
         "  <system>\n"
         "    <entry name='manufacturer'>Maker</entry>\n"
         "    <entry name='product'>Box</entry>\n"
         "    <entry name='version'>Not Specified</entry>\n"
         "    <entry name='serial'>S1</entry>\n"
         "    <entry name='uuid'>00112233-4455-6677-8899-aabbccddeeff</entry>\n"
         "    <entry name='sku'>Not Specified</entry>\n"
         "    <entry name='family'>Family</entry>\n"
         "  </system>\n"),
    ROW("system-of-old", SYSTEM("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"), 0x0205,
        DOCUMENT(SYSTEM_IS("00112233-4455-6677-8899-aabbccddeeff"))),
    CASE("system-without-uuid", SYSTEM("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), SYSTEM_IS("Not Settable")),
    CASE("system-with-no-uuid-yet",
         SYSTEM("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), SYSTEM_IS("Not Present")),
    CASE("board",
         "\x02\x0e\x00\x02" "\x01\x00\x00\x00\x00\x00\x02\0\0\0" "Maker\0Slot 1\0\0" END,
         BOARD_IS("Maker") "    <entry name='asset'>Not Specified</entry>\n"
         "    <entry name='location'>Slot 1</entry>\n"
         "  </baseBoard>\n"),
    CASE("chassis",
         "\x03\x19\x00\x03" "\x01\x01\x00\x00\x00" "\0\0\0\0\0\0\0\0\0\0" "\x01\x03" "\1\2\3" "\x02"
         "Maker\0SKU7\0\0" END,
         CHASSIS_IS "    <entry name='sku'>SKU7</entry>\n"
         "  </chassis>\n"),
    CASE("chassis-records-beyond-the-end",
         "\x03\x16\x00\x03" "\x01\x01\x00\x00\x00" "\0\0\0\0\0\0\0\0\0\0" "\xff\xff" "\1" "Maker\0\0" END,
         CHASSIS_IS "  </chassis>\n"),
    CASE("processor", PROCESSOR("\x03", "\xb3", "\x54\x06\x05\x00", "Xeon", "\x64\x00", "\x41", "\0\0"),
         PROCESSOR_IS("Central Processor", "Xeon", SIGNED("Type 0, Family 6, Model 85, Stepping 4"), "Xeon", "100 MHz",
                      "Populated, Enabled")),
    CASE("processor-of-amd", PROCESSOR("\x03", "\x6b", "\x12\x0f\x83\x00", "EPYC", "\0\0", "\x47", "\0\0"),
         PROCESSOR_IS("Central Processor", "Zen", SIGNED("Family 23, Model 49, Stepping 2"), "EPYC", "Unknown",
                      "Populated, Other")),
    CASE("processor-of-arm", PROCESSOR("\x03", "\xfe", "\x10\xd0\x0f\x41", "Neoverse", "\0\0", "\x45", "\x01\x01"),
         PROCESSOR_IS("Central Processor", "ARMv8",
                      SIGNED("Implementor 0x41, Variant 0x0, Architecture 15, Part 0xd01, Revision 0"), "Neoverse",
                      "Unknown", "Populated, &lt;OUT OF SPEC&gt;")),
    CASE("processor-of-80386", PROCESSOR("\x09", "\x05", "\x54\xf6\x00\x00", "386", "\0\0", "\x01", "\0\0"),
         PROCESSOR_IS("&lt;OUT OF SPEC&gt;", "80386",
                      SIGNED("Type 15, Family 6, Major Stepping 5, Minor Stepping 4"), "386", "Unknown", "Unpopulated")),
    CASE("processor-of-qemu", PROCESSOR("\x03", "\x01", "\x54\x06\x05\x00", "pc-q35", "\0\0", "\x41", "\0\0"),
         PROCESSOR_IS("Central Processor", "Other", "", "pc-q35", "Unknown", "Populated, Enabled")),
    CASE("processor-by-its-name", PROCESSOR("\x03", "\x02", "\x12\x0f\x83\x00", "AMD Opteron(tm) 1", "\0\0", "\x41", "\0\0"),
         PROCESSOR_IS("Central Processor", "Unknown", SIGNED("Family 23, Model 49, Stepping 2"), "AMD Opteron(tm) 1",
                      "Unknown", "Populated, Enabled")),
    CASE("processor-of-two-makers", PROCESSOR("\x03", "\xbe", "\x54\x06\x05\x00", "2", "\0\0", "\x41", "\0\0"),
         PROCESSOR_IS("Central Processor", "Core 2", SIGNED("Type 0, Family 6, Model 85, Stepping 4"), "2", "Unknown",
                      "Populated, Enabled")),
    CASE("memory",
         "\x11\x1b\x00\x11" "\0\0\0\0" "\x40\x00\x40\x00" "\x00\x20" "\x09" "\x00" "\x01\x02" "\x1a"
         "\x80\x20" "\x60\x0a" "\x03\x00\x00\x00" "DIMM 1\0BANK 0\0Maker\0\0" END,
         "  <memory_device>\n"
         "    <entry name='size'>8 GB</entry>\n"
         "    <entry name='form_factor'>DIMM</entry>\n"
         "    <entry name='locator'>DIMM 1</entry>\n"
         "    <entry name='bank_locator'>BANK 0</entry>\n"
         "    <entry name='type'>DDR4</entry>\n"
         "    <entry name='type_detail'>Synchronous Registered (Buffered)</entry>\n"
         "    <entry name='speed'>2656 MT/s</entry>\n"
         "    <entry name='manufacturer'>Maker</entry>\n"
         "    <entry name='serial_number'>Not Specified</entry>\n"
         "    <entry name='part_number'>Not Specified</entry>\n"
         "  </memory_device>\n"),
    CASE("memory-extended",
         "\x11\x20\x00\x11" "\0\0\0\0\0\0\0\0" "\xff\x7f" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "\x00\x00\x01\x00" "\0\0",
         MEMORY_IS("64 GB") MEMORY_ENDS("Unknown")),
    CASE("memory-faster-than-a-word-says",
         "\x11\x5c\x00\x11" "\0\0\0\0\0\0\0\0" "\xff\xff" "\0\0\0\0\0\0\0" "\xff\xff"
         "\0\0\0\0\0" "\0\0\0\0" "\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "\x70\x11\x01\x00" "\0\0\0\0" "\0\0",
         MEMORY_IS("Unknown") MEMORY_ENDS("70000 MT/s")),
    EMPTY("memory-none", "\x11\x15\x00\x11" "\0\0\0\0\0\0\0\0" "\x00\x00" "\0\0\0\0\0\0\0" "\0\0"),
    CASE("oem-strings",
         "\x0b\x05\x00\x0b" "\x03" "one\0two\0\0" "\x0b\x05\x00\x0b" "\x02" "three\0  \0\0" END,
         "  <oemStrings>\n"
         "    <entry>one</entry>\n"
         "    <entry>two</entry>\n"
         "    <entry>&lt;BAD INDEX&gt;</entry>\n"
         "    <entry>three</entry>\n"
         "  </oemStrings>\n"),
    CASE("no-oem-strings", "\x0b\x05\x00\x0b" "\x00" "\0\0" END, "  <oemStrings>\n  </oemStrings>\n"),
    CASE("sorted-by-kind",
         "\x0b\x05\x00\x0b" "\x01" "one\0\0" "\x02\x08\x00\x02" "\x01\0\0\0" "Maker\0\0" END,
         BOARD_IS("Maker") "  </baseBoard>\n"
         "  <oemStrings>\n"
         "    <entry>one</entry>\n"
         "  </oemStrings>\n"),
    CASE("no-end", "\x02\x08\x00\x02" "\x01\0\0\0" "Maker\0\0", BOARD_IS("Maker") "  </baseBoard>\n"),
    EMPTY("cut-in-texts", "\x02\x08\x00\x02" "\x01\0\0\0" "Maker"),
    EMPTY("cut-in-members", "\x02\x30\x00\x02" "\x01\0\0"),
    EMPTY("length-below-a-header", "\x02\x02\x00\x02" "\0\0"),
    EMPTY("too-short", "\x02\x07\x00\x02" "\x01\0\0" "Maker\0\0" END),
    EMPTY("blank", "\x02\x08\x00\x02" "\x01\x01\x01\x01" "  \0\0" END),
    CASE("bytes-that-are-no-text", "\x02\x08\x00\x02" "\x01\0\0\0" "\xff\x01z\0\0" END,
         BOARD_IS("..z") "  </baseBoard>\n"),
};
// clang-format on

/* A copy of just the size shows the sanitizer whatever is read beyond it. */
static void test_case(const void *data)
{
    const Case *row = data;
    g_autofree unsigned char *tables = g_memdup2(row->tables, row->size);
    g_autofree char *got = host_sysinfo_format(tables, row->size, row->version);

    g_assert_cmpstr(got, ==, row->want);
}

static void test_every_cut(void)
{
    for (size_t row = 0; row < G_N_ELEMENTS(cases); row++) {
        for (size_t size = 0; size < cases[row].size; size++) {
            g_autofree unsigned char *tables = g_memdup2(cases[row].tables, size);

            g_free(host_sysinfo_format(tables, size, 0x0300));
        }
    }
}

/* Whatever the firmware's bytes are, a document comes out of it. */
static void test_noise(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);

    for (int round = 0; round < 20000; round++) {
        const Case *row = &cases[g_rand_int_range(random, 2, G_N_ELEMENTS(cases))];
        g_autofree unsigned char *tables = g_memdup2(row->tables, row->size);
        const GMarkupParser anything = {};
        g_autoptr(GMarkupParseContext) document =
            g_markup_parse_context_new(&anything, 0, NULL, NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *got = NULL;

        for (int i = g_rand_int_range(random, 1, 6); i > 0; i--)
            tables[g_rand_int_range(random, 0, row->size)] = g_rand_int(random);
        got = host_sysinfo_format(tables, row->size, row->version);
        g_markup_parse_context_parse(document, got, -1, &error);
        if (!error)
            g_markup_parse_context_end_parse(document, &error);
        g_assert_no_error(error);
        for (const char *at = got; *at; at++) /* which GLib's parser would let pass */
            g_assert_true(*at == '\n' || !g_ascii_iscntrl(*at));
        g_assert_null(strstr(got, "&#x")); /* no less */
    }
}

static void test_files(void)
{
    g_autoptr(Scratch) root = scratch_new();
    g_autofree char *directory = g_strconcat(root, "/sys/firmware/dmi/tables", NULL);
    g_autofree char *path = g_strconcat(directory, "/DMI", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;

    g_assert_null(host_sysinfo(root, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_CONFIG_UNSUPPORTED);
    g_assert_cmpstr(error->message, ==, "Host SMBIOS information is not available");
    g_assert_true(file_make_directory(directory, 0755, NULL));
    g_assert_true(g_file_set_contents(path, "\x0b\x05\x00\x0b\x01one\0\0", 10, NULL));
    got = host_sysinfo(root, NULL);
    g_assert_nonnull(strstr(got, "<entry>one</entry>"));
}

/* The order of a UUID's bytes hangs on it. */
static void test_versions(void)
{
    static const struct {
        const char *entry, *uuid;
    } rows[] = {
        { "_SM_\0\0\x02\x05\0", "33221100-" },
        { "_SM_\0\0\x02\x06\0", "00112233-" },
        { "_SM3_\0\0\x03\x00", "00112233-" },
        { "_WHAT_\0\0\0", "00112233-" },
    };
    static const char table[] = SYSTEM("\x33\x22\x11\x00zyxwzyxwzyxw");
    g_autoptr(Scratch) root = scratch_new();
    g_autofree char *directory = g_strconcat(root, "/sys/firmware/dmi/tables", NULL);
    g_autofree char *path = g_strconcat(directory, "/DMI", NULL);
    g_autofree char *entry = g_strconcat(directory, "/smbios_entry_point", NULL);

    g_assert_true(file_make_directory(directory, 0755, NULL));
    g_assert_true(g_file_set_contents(path, table, sizeof(table), NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = NULL;

        g_assert_true(g_file_set_contents(entry, rows[i].entry, 9, NULL));
        got = host_sysinfo(root, NULL);
        g_assert_nonnull(strstr(got, rows[i].uuid));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("sysinfo", cases, test_case);
    g_test_add_func("/sysinfo/every-cut", test_every_cut);
    g_test_add_func("/sysinfo/noise", test_noise);
    g_test_add_func("/sysinfo/files", test_files);
    g_test_add_func("/sysinfo/versions", test_versions);
    return g_test_run();
}
