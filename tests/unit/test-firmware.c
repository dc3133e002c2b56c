/* test-firmware.c - which image stands for <os firmware='...'>, and what becomes of the definition
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/error.h"
#include "firmware.h"

#include <string.h>

/* The images that a distribution brings: enrolled keys first, plain last. */
#define IMAGE(code, variables, machines, features)                                 \
    "{\"description\":\"x\",\"interface-types\":[\"uefi\"],"                       \
    "\"mapping\":{\"device\":\"flash\","                                           \
    "\"executable\":{\"filename\":\"/fw/" code "\",\"format\":\"raw\"},"           \
    "\"nvram-template\":{\"filename\":\"/fw/" variables "\",\"format\":\"raw\"}}," \
    "\"targets\":[{\"architecture\":\"x86_64\",\"machines\":[" machines "]}],"     \
    "\"features\":[\"acpi-s3\"" features "],\"tags\":[]}"
#define Q35 "\"pc-q35-*\""
#define BOTH "\"pc-i440fx-*\",\"pc-q35-*\""

static const struct {
    const char *name, *text;
} files[] = {
    { "40-enrolled.json",
      IMAGE("MS.fd", "MS_VARS.fd", Q35, ",\"enrolled-keys\",\"requires-smm\",\"secure-boot\"") },
    { "50-secure.json", IMAGE("SB.fd", "VARS.fd", Q35, ",\"requires-smm\",\"secure-boot\"") },
    { "60-plain.json", IMAGE("CODE.fd", "VARS.fd", BOTH, "") },
    { "70-stateless.json",
      "{\"interface-types\":[\"uefi\"],\"mapping\":{\"device\":\"flash\",\"mode\":\"stateless\","
      "\"executable\":{\"filename\":\"/fw/STATELESS.fd\",\"format\":\"raw\"}},"
      "\"targets\":[{\"architecture\":\"x86_64\",\"machines\":[\"pc-q35-*\"]}]}" },
    { "80-bios.json", "{\"interface-types\":[\"bios\"],\"mapping\":{\"device\":\"memory\","
                      "\"filename\":\"/fw/bios.bin\"},"
                      "\"targets\":[{\"architecture\":\"i386\",\"machines\":[\"pc-i440fx-*\"]}]}" },
    /* What follows is of no use. */
    { "10-qcow2.json", "{\"interface-types\":[\"uefi\"],\"mapping\":{\"device\":\"flash\","
                       "\"executable\":{\"filename\":\"/fw/A\",\"format\":\"qcow2\"}},"
                       "\"targets\":[{\"architecture\":\"x86_64\",\"machines\":[\"*\"]}]}" },
    { "11-combined.json",
      "{\"interface-types\":[\"uefi\"],\"mapping\":{\"device\":\"flash\",\"mode\":\"combined\","
      "\"executable\":{\"filename\":\"/fw/B\",\"format\":\"raw\"}},"
      "\"targets\":[{\"architecture\":\"x86_64\",\"machines\":[\"*\"]}]}" },
    { "12-kernel.json",
      "{\"interface-types\":[\"uefi\"],\"mapping\":{\"device\":\"kernel\",\"filename\":\"/fw/C\"},"
      "\"targets\":[{\"architecture\":\"x86_64\",\"machines\":[\"*\"]}]}" },
    { "13-nothing.json", "{}" },
    { "14-empty.json", "" },
    { "15-broken.json", "{\"interface-types\":" },
    { "16-other-types.json", "{\"targets\":{},\"mapping\":[],\"features\":[1,null]}" },
    { ".17-hidden.json", IMAGE("HIDDEN.fd", "V", BOTH, "") },
    { "18-backup.json~", IMAGE("BACKUP.fd", "V", BOTH, "") },
};

static void put(const char *directory, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static Scratch *put_all(void)
{
    Scratch *directory = scratch_new();

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        put(directory, files[i].name, files[i].text);
    return directory;
}

typedef struct Case {
    const char *name;
    const char *os; /* attributes of <os> */
    const char *machine;
    const char *inside;   /* of <os> */
    const char *features; /* <features> */
    const char *loader;   /* NULL: none is found */
    const char *variables, *kept;
    bool secure;
} Case;

#define EFI "firmware='efi'"
#define KEPT "/var/lib/ostler/qemu/nvram/guest_VARS.fd"

// clang-format off
static const Case cases[] = {
    { .name = "first", .os = EFI, .machine = "pc-q35-7.2",
      .loader = "/fw/MS.fd", .variables = "/fw/MS_VARS.fd", .kept = KEPT, .secure = true },
    { .name = "of-the-machine", .os = EFI, .machine = "pc-i440fx-7.2",
      .loader = "/fw/CODE.fd", .variables = "/fw/VARS.fd", .kept = KEPT },
    { .name = "no-machine", .os = EFI, .machine = "microvm" },
    { .name = "without-secure-boot", .os = EFI, .machine = "pc-q35-7.2",
      .inside = "<firmware><feature enabled='no' name='secure-boot'/></firmware>",
      .loader = "/fw/CODE.fd", .variables = "/fw/VARS.fd", .kept = KEPT },
    { .name = "without-keys", .os = EFI, .machine = "pc-q35-7.2",
      .inside = "<firmware><feature enabled='yes' name='secure-boot'/>"
                "<feature enabled='no' name='enrolled-keys'/></firmware>",
      .loader = "/fw/SB.fd", .variables = "/fw/VARS.fd", .kept = KEPT, .secure = true },
    { .name = "secure-boot-cannot-be", .os = EFI, .machine = "pc-i440fx-7.2",
      .inside = "<firmware><feature enabled='yes' name='secure-boot'/></firmware>" },
    { .name = "smm-off", .os = EFI, .machine = "pc-q35-7.2",
      .features = "<features><acpi/><smm state='off'/></features>",
      .loader = "/fw/CODE.fd", .variables = "/fw/VARS.fd", .kept = KEPT },
    { .name = "stateless", .os = EFI, .machine = "pc-q35-7.2", .inside = "<loader stateless='yes'/>",
      .loader = "/fw/STATELESS.fd" },
    { .name = "own-variables", .os = EFI, .machine = "pc-q35-7.2", .inside = "<nvram>/my.fd</nvram>",
      .loader = "/fw/MS.fd", .variables = "/fw/MS_VARS.fd", .kept = "/my.fd", .secure = true },
    { .name = "own-template", .os = EFI, .machine = "pc-q35-7.2",
      .inside = "<nvram template='/my.template'/>",
      .loader = "/fw/MS.fd", .variables = "/my.template", .kept = KEPT, .secure = true },
    { .name = "no-bios", .os = "firmware='bios'", .machine = "pc-q35-7.2" },
    { .name = "template-of-a-loader", .os = "", .machine = "pc-q35-7.2",
      .inside = "<loader readonly='yes' type='pflash'>/fw/SB.fd</loader><nvram>/my.fd</nvram>",
      .loader = "/fw/SB.fd", .variables = "/fw/VARS.fd", .kept = "/my.fd" },
    { .name = "own-loader", .os = "", .machine = "pc-q35-7.2",
      .inside = "<loader readonly='yes' type='pflash'>/my/CODE.fd</loader><nvram>/my.fd</nvram>",
      .loader = "/my/CODE.fd", .kept = "/my.fd" },
};
// clang-format on

static Domain *parse(const Case *row)
{
    g_autofree char *xml = g_strdup_printf(
        "<domain type='qemu'><name>guest</name><memory>65536</memory>"
        "<os %s><type arch='x86_64' machine='%s'>hvm</type>%s</os>%s</domain>",
        row->os, row->machine, row->inside ? row->inside : "", row->features ? row->features : "");
    g_autoptr(GError) error = NULL;
    Domain *domain = domain_parse(xml, 0, NULL, &error);

    g_assert_no_error(error);
    return domain;
}

static void test_case(const void *data)
{
    const Case *row = data;
    g_autoptr(Scratch) directory = put_all();
    const char *const directories[] = { directory, NULL };
    g_autoptr(Domain) domain = parse(row);
    g_autoptr(GError) error = NULL;
    bool filled = firmware_fill(domain, row->machine, directories, &error);
    const Os *os = &domain->os;

    if (!row->loader) {
        g_assert_false(filled);
        g_assert_error(error, ERR_DOMAIN, ERR_OPERATION_FAILED);
        return;
    }
    g_assert_no_error(error);
    g_assert_cmpint(os->firmware, ==, FIRMWARE_ABSENT);
    g_assert_cmpstr(os->loader, ==, row->loader);
    g_assert_cmpint(os->loader_type, ==, LOADER_PFLASH);
    g_assert_cmpint(os->loader_readonly, ==, SWITCH_ON);
    g_assert_cmpint(os->loader_secure == SWITCH_ON, ==, row->secure);
    g_assert_cmpint(domain->features.smm == SWITCH_ON, ==, row->secure);
    g_assert_cmpstr(os->nvram ? os->nvram->template_path : NULL, ==, row->variables);
    if (row->kept)
        g_assert_true(g_str_has_suffix(os->nvram->path, row->kept));
    else
        g_assert_null(os->nvram);
}

static void test_bios(void)
{
    g_autoptr(Scratch) directory = put_all();
    const char *const directories[] = { directory, NULL };
    g_autoptr(Domain) domain = domain_parse(
        "<domain type='qemu'><name>guest</name><memory>65536</memory><os firmware='bios'>"
        "<type arch='i686' machine='pc-i440fx-7.2'>hvm</type></os></domain>",
        0, NULL, NULL);

    g_assert_true(firmware_fill(domain, "pc-i440fx-7.2", directories, NULL));
    g_assert_cmpstr(domain->os.loader, ==, "/fw/bios.bin");
    g_assert_cmpint(domain->os.loader_type, ==, LOADER_ROM);
    g_assert_null(domain->os.nvram);
}

static void test_list(void)
{
    g_autoptr(Scratch) directory = put_all();
    const char *const directories[] = { "/nowhere", directory, NULL };
    g_autoptr(GPtrArray) images = firmware_list(directories);
    const FirmwareImage *first = images->pdata[0];

    g_assert_cmpuint(images->len, ==, 5);
    g_assert_true(firmware_has(first, "secure-boot"));
    g_assert_false(firmware_has(first, "amd-sev"));
    g_assert_true(firmware_suits(first, "x86_64", "pc-q35-7.2"));
    g_assert_false(firmware_suits(first, "x86_64", "q35"));
    g_assert_false(firmware_suits(first, "i686", "pc-q35-7.2"));
}

static void test_overridden(void)
{
    g_autoptr(Scratch) vendor = put_all(), admin = scratch_new();
    const char *const directories[] = { vendor, admin, NULL };
    g_autoptr(GPtrArray) images = NULL;

    put(admin, "40-enrolled.json", "");
    put(admin, "50-secure.json", IMAGE("OTHER.fd", "V", Q35, ""));
    images = firmware_list(directories);
    g_assert_cmpuint(images->len, ==, 4);
    g_assert_cmpstr(((const FirmwareImage *) images->pdata[0])->loader, ==, "/fw/OTHER.fd");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FLAG_FATAL);
    ADD_CASES("firmware", cases, test_case);
    g_test_add_func("/firmware/bios", test_bios);
    g_test_add_func("/firmware/list", test_list);
    g_test_add_func("/firmware/overridden", test_overridden);
    return g_test_run();
}
