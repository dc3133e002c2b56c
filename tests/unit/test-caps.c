/* test-caps.c - a binary is asked once, what it said is kept as long as it holds, and what cannot
 * be asked is refused with what it printed
 *
 * The fake QEMU of tests/fake answers; where a real one is installed, it is asked, too. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"
#include "unit.h"

#include "base/file.h"
#include "caps-probe.h"
#include "caps-store.h"
#include "caps.h"

#include <string.h>

#define REAL_QEMU "/usr/bin/qemu-system-x86_64"

/* ---- what is known of a binary ---- */

static void test_answers(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Caps) caps = caps_of(binary, &error);
    const CapsMachine *machine;

    g_assert_no_error(error);
    g_assert_cmpstr(caps->arch, ==, "x86_64");
    g_assert_cmpuint(caps->version, ==, 7002000);
    g_assert_cmpstr(caps->package, ==, "fake");
    g_assert_cmpuint(caps->machines->len, ==, 3);
    machine = caps_machine(caps, "q35");
    g_assert_cmpstr(machine->name, ==, "pc-q35-7.2");
    g_assert_cmpuint(machine->max_cpus, ==, 288);
    g_assert_cmpstr(machine->default_ram, ==, "pc.ram");
    g_assert_true(machine->hotpluggable_cpus);
    g_assert_true(caps_machine(caps, NULL) == caps_machine(caps, "pc"));
    g_assert_true(caps_machine(caps, "pc-i440fx-1.4")->deprecated);
    g_assert_null(caps_machine(caps, "none"));
    g_assert_null(caps_machine(caps, "virt"));
    g_assert_false(caps->kvm);
}

/* The fake has all that caps.def asks for but what is in the schema's paths. */
static void test_every_row(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, NULL);
    g_autoptr(Caps) caps = caps_of(binary, NULL);
    g_autofree char *poor_binary = fake_qemu(directory, "* qom-list-types return []\n"
                                                        "* qom-list-properties return []\n"
                                                        "* query-qmp-schema return []\n"
                                                        "* query-command-line-options return []\n");
    g_autoptr(Caps) poor = caps_probe(poor_binary, NULL);

#define TYPE true
#define PROPERTY true
#define COMMAND true
#define EVENT true
#define OPTION true
#define SCHEMA false
#define CAP(name, how, ...)                          \
    g_assert_cmpint(caps->has[CAP_##name], ==, how); \
    g_assert_false(poor->has[CAP_##name]);           \
    g_assert_cmpstr(caps_name(CAP_##name), ==, #name);
#include "caps.def"
#undef CAP
}

#define SCHEMA_START                                                         \
    "* query-qmp-schema return ["                                            \
    "{\"name\":\"query-tpm-types\",\"ret-type\":\"[1]\"},"                   \
    "{\"name\":\"[1]\",\"element-type\":\"1\"},"                             \
    "{\"name\":\"screendump\",\"arg-type\":\"2\"},"                          \
    "{\"name\":\"2\",\"members\":[{\"name\":\"filename\",\"type\":\"str\"}," \
    "{\"name\":\"format\",\"type\":\"1\"}]},"                                \
    "{\"name\":\"query-display-options\",\"ret-type\":\"3\"},"               \
    "{\"name\":\"3\",\"members\":[{\"name\":\"type\",\"type\":\"4\"}]},"

static const struct Schema {
    const char *name, *script;
    bool tpm, sdl, screendump;
} schemas[] = {
    { "values",
      SCHEMA_START "{\"name\":\"1\",\"values\":[\"passthrough\",\"other\"]},"
                   "{\"name\":\"4\",\"values\":[\"sdl\"]}]\n",
      true, true, true },
    { "other-values",
      SCHEMA_START "{\"name\":\"1\",\"values\":[\"other\"]},"
                   "{\"name\":\"4\",\"values\":[]}]\n",
      false, false, true },
    { "types-missing", SCHEMA_START "{\"name\":\"5\"}]\n", false, false, false },
    { "no-array", "* query-qmp-schema return {}\n", false, false, false },
};

static void test_schema(const void *data)
{
    const struct Schema *row = data;
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, row->script);
    g_autoptr(Caps) caps = caps_probe(binary, NULL);

    g_assert_cmpint(caps_has(caps, CAP_TPM_PASSTHROUGH), ==, row->tpm);
    g_assert_cmpint(caps_has(caps, CAP_SDL), ==, row->sdl);
    g_assert_cmpint(caps_has(caps, CAP_SCREENDUMP_PNG), ==, row->screendump);
}

static void test_processors(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, NULL);
    g_autoptr(Caps) caps = caps_of(binary, NULL);
    const CapsCpu *epyc = caps_cpu(caps, "EPYC"), *generic = caps_cpu(caps, "qemu64");

    g_assert_cmpuint(caps->cpus->len, ==, 5);
    g_assert_true(epyc->named);
    g_assert_cmpint(epyc->usable[ACCEL_TCG], ==, USABLE_NO);
    g_assert_cmpint(epyc->usable[ACCEL_KVM], ==, USABLE_UNKNOWN);
    g_assert_cmpuint(g_strv_length(epyc->blockers[ACCEL_TCG]), ==, 2);
    g_assert_cmpstr(epyc->blockers[ACCEL_TCG][0], ==, "sha-ni");
    g_assert_cmpstr(epyc->vendor, ==, "AuthenticAMD");
    g_assert_true(generic->named);
    g_assert_cmpint(generic->usable[ACCEL_TCG], ==, USABLE_YES);
    g_assert_null(generic->vendor);
    g_assert_false(caps_cpu(caps, "EPYC-v1")->named);
    g_assert_false(caps_cpu(caps, "max")->named);
    g_assert_cmpstr(caps->model[ACCEL_TCG].name, ==, "EPYC");
    g_assert_cmpuint(g_strv_length(caps->model[ACCEL_TCG].required), ==, 1);
    g_assert_cmpstr(caps->model[ACCEL_TCG].required[0], ==, "lahf-lm");
    g_assert_cmpuint(g_strv_length(caps->model[ACCEL_TCG].disabled), ==, 0);
    g_assert_null(caps->model[ACCEL_KVM].name);
}

static void test_through_json(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, NULL);
    g_autoptr(Caps) caps = caps_of(binary, NULL);
    g_autoptr(Json) json = caps_to_json(caps);
    g_autofree char *text = json_print(json);
    g_autoptr(Json) read = json_parse(text, strlen(text), NULL);
    g_autoptr(Caps) copy = caps_from_json(read);
    g_autoptr(Json) again = caps_to_json(copy);

    g_assert_true(json_object_equal(json, again));
    g_assert_cmpmem(caps->has, sizeof(caps->has), copy->has, sizeof(copy->has));
}

static void test_no_capabilities(void)
{
    static const char *const texts[] = { "{}", "[]", "{\"binary\":\"/q\",\"arch\":\"x86_64\"}",
                                         "{\"binary\":1,\"arch\":\"x\",\"machines\":[{}]}" };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(Json) json = json_parse(texts[i], strlen(texts[i]), NULL);

        g_assert_null(caps_from_json(json));
    }
}

/* ---- what is refused ---- */

static const struct Refusal {
    const char *name, *script;
    int code;
    const char *why;
} refusals[] = {
    { "too-old", "* query-version return {\"qemu\":{\"major\":6,\"minor\":1,\"micro\":1}}\n",
      ERR_CONFIG_UNSUPPORTED, "QEMU 6.2 or newer is needed, '*' is 6.1.1" },
    { "says-why", "none start print cannot do that\nnone start exit 1\n", ERR_INTERNAL,
      "Failed to start QEMU binary * for probing: cannot do that" },
    { "ends-silently", "none start exit 0\n", ERR_INTERNAL, "*QEMU has ended" },
    { "ends-while-asked", "none qom-list-types exit 3\n", ERR_INTERNAL,
      "*'qom-list-types': QEMU has ended" },
    { "refuses", "none query-machines error no machines here\n", ERR_INTERNAL,
      "*'query-machines': no machines here" },
};

static void test_refusal(const void *data)
{
    const struct Refusal *row = data;
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, row->script);
    g_autoptr(GError) error = NULL;

    g_assert_null(caps_of(binary, &error));
    g_assert_error(error, ERR_DOMAIN, row->code);
    if (!g_pattern_match_simple(row->why, error->message))
        g_assert_cmpstr(error->message, ==, row->why);
}

static void test_no_binary(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(caps_of("/nowhere/qemu", &error));
    g_assert_cmpint(error_code(error), ==, ERR_SYSTEM);
    g_assert_cmpstr(error->message, ==,
                    "Cannot check QEMU binary /nowhere/qemu: No such file or directory");
}

static void test_no_qemu(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(caps_of("/bin/sleep", &error));
    g_assert_error(error, ERR_DOMAIN, ERR_INTERNAL);
    g_assert_nonnull(strstr(error->message, "invalid option"));
}

/* ---- what is kept ---- */

/* From then on the binary can only be asked in vain. */
static void break_it(const char *binary)
{
    g_autofree char *script = g_strconcat(binary, ".script", NULL);

    g_assert_true(g_file_set_contents(script, "* start exit 1\n", -1, NULL));
}

static void test_kept_in_memory(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, NULL);
    g_autoptr(Caps) first = caps_of(binary, NULL), second = NULL;

    break_it(binary);
    second = caps_of(binary, NULL);
    g_assert_nonnull(first);
    g_assert_true(first == second);
}

static void test_asked_again_when_replaced(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, NULL);
    g_autoptr(Caps) first = caps_of(binary, NULL), second = NULL;

    break_it(binary);
    g_assert_cmpint(remove(binary), ==, 0);
    g_assert_true(g_file_set_contents(binary, "#!/bin/sh\necho replaced >&2\nexit 1\n", -1, NULL));
    g_assert_cmpint(chmod(binary, 0755), ==, 0);
    second = caps_of(binary, NULL);
    g_assert_nonnull(first);
    g_assert_null(second);
}

/* What the program is when test_kept_on_disk() runs it: another daemon. */
static int ask_once(const char *binary, const char *cache)
{
    g_autoptr(Caps) caps = NULL;

    caps_open(cache);
    fake_loop_begin();
    caps = caps_of(binary, NULL);
    return fake_loop_end(caps ? 0 : 1);
}

static int ask_elsewhere(const char *binary, const char *cache)
{
    const char *argv[] = { "/proc/self/exe", "--ask", binary, cache, NULL };
    int status;

    g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL,
                               &status, NULL));
    return status;
}

static void test_kept_on_disk(void)
{
    g_autoptr(Scratch) directory = scratch_new(), cache = scratch_new();
    g_autofree char *binary = fake_qemu(directory, NULL), *name = NULL, *path = NULL;

    g_assert_cmpint(ask_elsewhere(binary, cache), ==, 0);
    break_it(binary);
    g_assert_cmpint(ask_elsewhere(binary, cache), ==, 0);
    name = scratch_list(cache);
    path = g_build_filename(cache, name, NULL);
    g_assert_true(g_file_set_contents(path, "{\"key\":\"of another\",\"caps\":{}}", -1, NULL));
    g_assert_cmpint(ask_elsewhere(binary, cache), !=, 0);
    g_assert_true(g_file_set_contents(path, "not JSON", -1, NULL));
    g_assert_cmpint(ask_elsewhere(binary, cache), !=, 0);
}

/* ---- many at once ---- */

enum { ASKERS = 8 };

static void *ask(void *binary) { return caps_of(binary, NULL); }

/* Whoever ran it a second time would fail. */
static void test_asked_once(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, "none query-version slow 50\n");
    GThread *askers[ASKERS];
    Caps *first = NULL;

    for (int i = 0; i < ASKERS; i++)
        askers[i] = g_thread_new("asker", ask, binary);
    for (int i = 0; i < ASKERS; i++) {
        Caps *caps = g_thread_join(askers[i]);

        g_assert_nonnull(caps);
        g_assert_true(!first || caps == first);
        if (first)
            caps_unref(caps);
        else
            first = caps;
    }
    caps_unref(first);
}

/* ---- names ---- */

static void test_emulators(void)
{
    g_autoptr(GArray) emulators = caps_emulators();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < emulators->len; i++) {
        const CapsEmulator *emulator = &g_array_index(emulators, CapsEmulator, i);
        g_autofree char *binary = caps_find_binary(emulator->arch, NULL);

        g_assert_cmpstr(binary, ==, emulator->binary);
    }
    g_assert_null(caps_find_binary("pdp11", &error));
    g_assert_error(error, ERR_DOMAIN, ERR_INVALID_ARG);
}

static void test_archs(void)
{
    g_assert_cmpstr(caps_arch("i386"), ==, "i686");
    g_assert_cmpstr(caps_arch("arm"), ==, "armv7l");
    g_assert_cmpstr(caps_arch("x86_64"), ==, "x86_64");
}

/* ---- a real one ---- */

static void test_real(void)
{
    static const Cap sure[] = {
        CAP_VIRTIO_BLK,     CAP_ICH9_AHCI,       CAP_PCIE_ROOT_PORT, CAP_VNC,
        CAP_SANDBOX,        CAP_RNG_RANDOM,      CAP_DISK_DISCARD,   CAP_SET_ACTION,
        CAP_MEMORY_FAILURE, CAP_TPM_PASSTHROUGH, CAP_SCREENDUMP_PNG
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(Caps) caps = NULL;

    if (access(REAL_QEMU, X_OK) < 0) {
        g_test_skip("there is no " REAL_QEMU);
        return;
    }
    caps = caps_of(REAL_QEMU, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(sure); i++)
        g_assert_true(caps_has(caps, sure[i]));
    g_assert_nonnull(caps_machine(caps, "q35"));
    g_assert_nonnull(caps_machine(caps, NULL));
    g_assert_true(caps_cpu(caps, "EPYC")->named);
    g_assert_false(caps_cpu(caps, "EPYC-v1")->named);
    g_assert_nonnull(caps->model[ACCEL_TCG].name);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--ask") == 0)
        return ask_once(argv[2], argv[3]);
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FLAG_FATAL);
    fake_loop_begin();
    g_test_add_func("/caps/answers", test_answers);
    g_test_add_func("/caps/every-row", test_every_row);
    ADD_CASES("caps/schema", schemas, test_schema);
    g_test_add_func("/caps/processors", test_processors);
    g_test_add_func("/caps/through-json", test_through_json);
    g_test_add_func("/caps/no-capabilities", test_no_capabilities);
    ADD_CASES("caps/refusal", refusals, test_refusal);
    g_test_add_func("/caps/no-binary", test_no_binary);
    g_test_add_func("/caps/no-qemu", test_no_qemu);
    g_test_add_func("/caps/kept-in-memory", test_kept_in_memory);
    g_test_add_func("/caps/asked-again-when-replaced", test_asked_again_when_replaced);
    g_test_add_func("/caps/kept-on-disk", test_kept_on_disk);
    g_test_add_func("/caps/asked-once", test_asked_once);
    g_test_add_func("/caps/emulators", test_emulators);
    g_test_add_func("/caps/archs", test_archs);
    g_test_add_func("/caps/real", test_real);
    return fake_loop_end(g_test_run());
}
