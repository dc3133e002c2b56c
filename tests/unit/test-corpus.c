/* test-corpus.c - definitions from the field come out as clients know them
 *
 * Reads ../shared/corpus beside the project. The capabilities of the emulators that the corpus was
 * made with stand here, in place of those of the emulators that are installed. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address.h"
#include "caps.h"
#include "daemon/daemon.h"
#include "defaults.h"
#include "host/cpu.h"
#include "agree.h"

#include <string.h>

#define CORPUS TEST_DATA "/../../../shared/corpus/domain"

/* ---- the emulators ---- */

typedef struct Emulator {
    const char *path, *arch;
    CapsMachine machines[4];
    bool has_kvm;
} Emulator;

static const Emulator emulators[] = {
    { "/usr/bin/qemu-system-x86_64",
      "x86_64",
      { { .name = "pc-i440fx-7.2", .alias = "pc", .default_cpu = "qemu64-x86_64-cpu" },
        { .name = "pc-q35-7.2", .alias = "q35", .default_cpu = "qemu64-x86_64-cpu" },
        { .name = "pc-i440fx-6.1", .default_cpu = "qemu64-x86_64-cpu" },
        { .name = "pc-q35-3.1", .default_cpu = "qemu64-x86_64-cpu" } },
      true },
    { "/usr/bin/qemu-system-i386",
      "i686",
      { { .name = "pc-i440fx-7.2", .alias = "pc", .default_cpu = "qemu32-i386-cpu" },
        { .name = "pc-i440fx-6.1", .default_cpu = "qemu32-i386-cpu" } } },
    { "/usr/bin/qemu-system-aarch64", "aarch64", { { .name = "virt-7.2", .alias = "virt" } } },
    { "/usr/bin/qemu-system-arm", "armv7l", { { .name = "virt-7.2", .alias = "virt" } } },
    { "/usr/bin/qemu-system-s390x",
      "s390x",
      { { .name = "s390-ccw-virtio-7.2",
          .alias = "s390-ccw-virtio",
          .default_cpu = "qemu-s390x-cpu" } } },
};

static Caps caps_known[G_N_ELEMENTS(emulators)];

const char *host_arch(void) { return "x86_64"; }

/* Where the corpus's daemon kept what ours keeps. */
char *daemon_path(const char *format, ...)
{
    g_autofree char *path = NULL;
    va_list args;

    va_start(args, format);
    path = g_strdup_vprintf(format, args);
    va_end(args);
    g_assert_true(g_str_has_prefix(path, "var/lib/ostler/"));
    return g_strconcat("/var/lib/libvirt/", path + strlen("var/lib/ostler/"), NULL);
}

char *caps_find_binary(const char *arch, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(emulators); i++) {
        if (g_str_equal(emulators[i].arch, arch))
            return g_strdup(emulators[i].path);
    }
    return fail(error, ERR_CONFIG_UNSUPPORTED, "no emulator for '%s'", arch);
}

Caps *caps_of(const char *binary, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(emulators); i++) {
        Caps *caps = &caps_known[i];

        if (!g_str_equal(emulators[i].path, binary))
            continue;
        caps->binary = (char *) binary;
        caps->arch = (char *) emulators[i].arch;
        caps->has[CAP_RTL8139] = caps->has[CAP_CIRRUS_VGA] = caps->has[CAP_LSI_SCSI] = true;
        caps->kvm = emulators[i].has_kvm;
        return caps;
    }
    return fail(error, ERR_CONFIG_UNSUPPORTED, "no emulator '%s'", binary);
}

void caps_unref(Caps *) {}

const CapsMachine *caps_machine(const Caps *caps, const char *name)
{
    const CapsMachine *machines = emulators[caps - caps_known].machines;

    for (size_t i = 0; i < G_N_ELEMENTS(emulators[0].machines) && machines[i].name; i++) {
        if (!name || g_str_equal(name, machines[i].name) || g_strcmp0(name, machines[i].alias) == 0)
            return &machines[i];
    }
    return NULL;
}

/* ---- cases ---- */

static char *read_case(const char *name, const char *suffix)
{
    g_autofree char *path = g_strdup_printf("%s/%s.%s.xml", CORPUS, name, suffix);
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static char *complete(const char *in, GError **error)
{
    g_autoptr(Domain) domain = domain_parse(in, 0, NULL, error);

    if (!domain || !domain_defaults(domain, error) || !domain_addresses(domain, error))
        return NULL;
    return domain_format(domain, 0);
}

static char *difference_of(const char *in, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *out = complete(in, &error);
    g_autoptr(xmlDoc) ours = out ? document_read(out, &error) : NULL;
    g_autoptr(xmlDoc) theirs = ours ? document_read(expected, &error) : NULL;

    if (!theirs)
        return g_strdup(error->message);
    return agree(xmlDocGetRootElement(ours), xmlDocGetRootElement(theirs), in);
}

static void test_case(const void *data)
{
    g_autofree char *in = read_case(data, "in"), *expected = read_case(data, "out");
    g_autofree char *difference = difference_of(in, expected);

    if (difference) {
        g_test_message("%s", difference);
        g_test_fail();
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GDir) directory = NULL;
    const char *file;

    g_test_init(&argc, &argv, NULL);
    directory = g_dir_open(CORPUS, 0, NULL);
    if (!directory) {
        g_print("1..0 # SKIP ../shared/corpus is not there\n");
        return 0;
    }
    while ((file = g_dir_read_name(directory))) {
        const char *suffix = strstr(file, ".in.xml");
        g_autofree char *path = NULL, *name = NULL;

        if (!suffix)
            continue;
        name = g_strndup(file, suffix - file);
        path = g_strdup_printf("/corpus/%s", name);
        g_test_add_data_func_full(path, g_steal_pointer(&name), test_case, g_free);
    }
    return g_test_run();
}
