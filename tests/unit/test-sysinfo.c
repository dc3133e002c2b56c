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
    const char *want;
} Case;

#define CASE(name, tables, want)                         \
    {                                                    \
        name, tables, sizeof(tables) - 1, DOCUMENT(want) \
    }

// clang-format off
static const Case cases[] = {
    CASE("nothing", "", ""),
    CASE("only-the-end", END, ""),
    CASE("bios",
         "\x00\x18\x00\x00" "\x01\x02" "\x00\xe8\x03\xff" "\0\0\0\0\0\0\0\0" "\0\0" "\x04\x11" "\xff\xff"
         "Maker & Sons\0 1.2 \0" "01/02/2023\0\0" END,
         "  <bios>\n"
         "    <entry name='vendor'>Maker &amp; Sons</entry>\n"
         "    <entry name='version'>1.2</entry>\n"
         "    <entry name='date'>01/02/2023</entry>\n"
         "    <entry name='release'>4.17</entry>\n"
         "  </bios>\n"),
    CASE("system",
         "\x01\x1b\x00\x01" "\x01\x02\x00\x03"
         "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff" "\x06\x00\x04"
         "Maker\0Box\0S1\0Family\0\0" END,
         "  <system>\n"
         "    <entry name='manufacturer'>Maker</entry>\n"
         "    <entry name='product'>Box</entry>\n"
         "    <entry name='serial'>S1</entry>\n"
         "    <entry name='uuid'>00112233-4455-6677-8899-aabbccddeeff</entry>\n"
         "    <entry name='family'>Family</entry>\n"
         "  </system>\n"),
    CASE("system-without-uuid",
         "\x01\x18\x00\x01" "\x01\x00\x00\x00" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "Maker\0\0" END,
         "  <system>\n"
         "    <entry name='manufacturer'>Maker</entry>\n"
         "  </system>\n"),
    CASE("board",
         "\x02\x0b\x00\x02" "\x01\x00\x00\x00\x00\x00\x02" "Maker\0Slot 1\0\0" END,
         "  <baseBoard>\n"
         "    <entry name='manufacturer'>Maker</entry>\n"
         "    <entry name='location'>Slot 1</entry>\n"
         "  </baseBoard>\n"),
    CASE("chassis",
         "\x03\x19\x00\x03" "\x01\x01\x00\x00\x00" "\0\0\0\0\0\0\0\0\0\0" "\x01\x03" "\1\2\3" "\x02"
         "Maker\0SKU7\0\0" END,
         "  <chassis>\n"
         "    <entry name='manufacturer'>Maker</entry>\n"
         "    <entry name='sku'>SKU7</entry>\n"
         "  </chassis>\n"),
    CASE("chassis-records-beyond-the-end",
         "\x03\x16\x00\x03" "\x01\x01\x00\x00\x00" "\0\0\0\0\0\0\0\0\0\0" "\xff\xff" "\1" "Maker\0\0" END,
         "  <chassis>\n"
         "    <entry name='manufacturer'>Maker</entry>\n"
         "  </chassis>\n"),
    CASE("processor",
         "\x04\x2a\x00\x04" "\x01\x03\xb3\x02" "\x54\x06\x05\x00\0\0\0\0" "\x03\x00" "\x64\x00" "\xa0\x0f"
         "\0\0" "\x41" "\0\0\0\0\0\0\0" "\x04\x00\x05" "\0\0\0\0\0" "\xb3\x00"
         "CPU0\0Intel(R)\0Xeon\0N1\0P1\0\0" END,
         "  <processor>\n"
         "    <entry name='socket_destination'>CPU0</entry>\n"
         "    <entry name='type'>Central Processor</entry>\n"
         "    <entry name='family'>Xeon</entry>\n"
         "    <entry name='manufacturer'>Intel(R)</entry>\n"
         "    <entry name='signature'>Type 0, Family 6, Model 85, Stepping 4</entry>\n"
         "    <entry name='version'>Xeon</entry>\n"
         "    <entry name='external_clock'>100 MHz</entry>\n"
         "    <entry name='max_speed'>4000 MHz</entry>\n"
         "    <entry name='status'>Populated, Enabled</entry>\n"
         "    <entry name='serial_number'>N1</entry>\n"
         "    <entry name='part_number'>P1</entry>\n"
         "  </processor>\n"),
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
         "  </memory_device>\n"),
    CASE("memory-extended",
         "\x11\x20\x00\x11" "\0\0\0\0\0\0\0\0" "\xff\x7f" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "\x00\x00\x01\x00"
         "\0\0" END,
         "  <memory_device>\n"
         "    <entry name='size'>64 GB</entry>\n"
         "  </memory_device>\n"),
    CASE("memory-none",
         "\x11\x0e\x00\x11" "\0\0\0\0\0\0\0\0" "\x00\x00" "\0\0" END,
         "  <memory_device>\n"
         "    <entry name='size'>No Module Installed</entry>\n"
         "  </memory_device>\n"),
    CASE("oem-strings",
         "\x0b\x05\x00\x0b" "\x03" "one\0two\0\0" END,
         "  <oemStrings>\n"
         "    <entry>one</entry>\n"
         "    <entry>two</entry>\n"
         "  </oemStrings>\n"),
    CASE("sorted-by-kind",
         "\x0b\x05\x00\x0b" "\x01" "one\0\0" "\x02\x05\x00\x02" "\x01" "Maker\0\0" END,
         "  <baseBoard>\n"
         "    <entry name='manufacturer'>Maker</entry>\n"
         "  </baseBoard>\n"
         "  <oemStrings>\n"
         "    <entry>one</entry>\n"
         "  </oemStrings>\n"),
    CASE("no-end", "\x02\x05\x00\x02" "\x01" "Maker\0\0",
         "  <baseBoard>\n"
         "    <entry name='manufacturer'>Maker</entry>\n"
         "  </baseBoard>\n"),
    CASE("cut-in-texts", "\x02\x05\x00\x02" "\x01" "Maker", ""),
    CASE("cut-in-members", "\x02\x30\x00\x02" "\x01\0\0", ""),
    CASE("length-below-a-header", "\x02\x02\x00\x02" "\0\0", ""),
    CASE("no-such-text", "\x02\x05\x00\x02" "\x09" "Maker\0\0" END, ""),
    CASE("bytes-that-are-no-text", "\x02\x05\x00\x02" "\x01" "\xff\0\0" END,
         "  <baseBoard>\n"
         "    <entry name='manufacturer'>\uFFFD</entry>\n"
         "  </baseBoard>\n"),
};
// clang-format on

/* A copy of just the size shows the sanitizer whatever is read beyond it. */
static void test_case(const void *data)
{
    const Case *row = data;
    g_autofree unsigned char *tables = g_memdup2(row->tables, row->size);
    g_autofree char *got = host_sysinfo_format(tables, row->size);

    g_assert_cmpstr(got, ==, row->want);
}

static void test_every_cut(void)
{
    for (size_t row = 0; row < G_N_ELEMENTS(cases); row++) {
        for (size_t size = 0; size < cases[row].size; size++) {
            g_autofree unsigned char *tables = g_memdup2(cases[row].tables, size);

            g_free(host_sysinfo_format(tables, size));
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
        got = host_sysinfo_format(tables, row->size);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("sysinfo", cases, test_case);
    g_test_add_func("/sysinfo/every-cut", test_every_cut);
    g_test_add_func("/sysinfo/noise", test_noise);
    g_test_add_func("/sysinfo/files", test_files);
    return g_test_run();
}
