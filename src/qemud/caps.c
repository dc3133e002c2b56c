/* caps.c - what a QEMU binary can do: where it is, what is kept of it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "caps-probe.h"
#include "caps-store.h"
#include "host/cpu.h"
#include "loop/workers.h"
#include "settings.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

enum { FILE_LIMIT = 16 << 20, SETTING_LIMIT = 64 };

/* A binary that somebody has asked for. */
typedef struct Known {
    char *key;
    Caps *caps;   /* NULL: not known yet */
    bool probing; /* by a thread; the others wait */
} Known;

static struct {
    GMutex lock; /* of known */
    GCond probed;
    GHashTable *known; /* path -> Known */
    char *directory;   /* NULL: nothing is kept on disk */
} cache;

/* ---- what holds as long as the binary and the machine are the same ---- */

static void append_file(GString *key, const char *path, bool only_rights)
{
    struct stat info;

    if (stat(path, &info) < 0)
        g_string_append_printf(key, "%s none\n", path);
    else if (only_rights)
        g_string_append_printf(key, "%s %o %u %u\n", path, info.st_mode, info.st_uid, info.st_gid);
    else
        g_string_append_printf(key, "%s %lld %llu %lld.%09ld\n", path, (long long) info.st_size,
                               (unsigned long long) info.st_ino, (long long) info.st_mtim.tv_sec,
                               info.st_mtim.tv_nsec);
}

/* The machine's part, which does not change while it runs. */
static const char *machine_key(void)
{
    static const char *key;

    if (g_once_init_enter(&key)) {
        g_autoptr(HostCpu) cpu = host_cpu_read("");
        g_auto(GStrv) names = cpu_features_list(&cpu->features);
        g_autofree char *features = g_strjoinv(" ", names);
        struct utsname kernel;

        uname(&kernel);
        g_once_init_leave(&key, g_strdup_printf("%s\n%s %s\n%s %u %u %u %s\n", caps_questions(),
                                                kernel.release, kernel.version, cpu->vendor,
                                                cpu->family, cpu->model, cpu->stepping, features));
    }
    return key;
}

static char *make_key(const char *binary, GError **error)
{
    /* Devices may come as modules, in packages of their own. */
    static const char *const modules[] = { "/usr/lib/qemu", "/usr/lib64/qemu",
                                           "/usr/lib/x86_64-linux-gnu/qemu",
                                           "/usr/lib/aarch64-linux-gnu/qemu" };
    g_autoptr(GString) key = g_string_new(machine_key());
    g_autofree char *sev = NULL;

    if (access(binary, X_OK) < 0)
        return fail_errno(error, errno, "Cannot check QEMU binary %s", binary);
    append_file(key, binary, false);
    for (size_t i = 0; i < G_N_ELEMENTS(modules); i++)
        append_file(key, modules[i], false);
    append_file(key, "/dev/kvm", true);
    append_file(key, "/dev/sev", true);
    sev = file_read("/sys/module/kvm_amd/parameters/sev", SETTING_LIMIT, NULL);
    g_string_append_printf(key, "sev %s\n", sev ? g_strstrip(sev) : "none");
    g_string_append_printf(key, "%d %u %u\n", qemu_user.given, qemu_user.uid, qemu_user.gid);
    return g_string_free(g_steal_pointer(&key), FALSE);
}

/* ---- on disk ---- */

static char *cache_path(const char *binary)
{
    g_autofree char *name = g_compute_checksum_for_string(G_CHECKSUM_SHA256, binary, -1);

    return g_strdup_printf("%s/%s.json", cache.directory, name);
}

/* NULL when nothing is kept that still holds. */
static Caps *load(const char *binary, const char *key)
{
    g_autofree char *path = cache.directory ? cache_path(binary) : NULL;
    g_autofree char *text = path ? file_read(path, FILE_LIMIT, NULL) : NULL;
    g_autoptr(Json) json = text ? json_parse(text, strlen(text), NULL) : NULL;

    if (g_strcmp0(json_text(json, "key"), key) != 0)
        return NULL;
    return caps_from_json(json_member(json, "caps"));
}

static void save(const Caps *caps, const char *key)
{
    g_autofree char *path = cache.directory ? cache_path(caps->binary) : NULL;
    g_autoptr(Json) json = json_build("sj", "key", key, "caps", caps_to_json(caps));
    g_autofree char *text = json_print(json);
    g_autoptr(GError) error = NULL;

    /* What is lost can be found out again. */
    if (path && !file_save_volatile(path, text, &error))
        g_warning("cannot keep the capabilities of '%s': %s", caps->binary, error->message);
}

static Caps *find_out(const char *binary, const char *key, GError **error)
{
    Caps *caps = load(binary, key);

    if (!caps && (caps = caps_probe(binary, error)))
        save(caps, key);
    (void) malloc_trim(0); /* the answers took many times what is kept of them */
    return caps;
}

/* ---- in memory ---- */

static void known_free(void *data)
{
    Known *known = data;

    caps_unref(known->caps);
    g_free(known->key);
    g_free(known);
}

void caps_open(const char *directory)
{
    g_autoptr(GError) error = NULL;

    if (file_make_directory(directory, 0700, &error))
        cache.directory = g_strdup(directory);
    else
        g_warning("capabilities are not kept: %s", error->message);
}

/* The lock is held. */
static Known *known_of(const char *binary)
{
    Known *known;

    if (!cache.known)
        cache.known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free);
    known = g_hash_table_lookup(cache.known, binary);
    if (!known) {
        known = g_new0(Known, 1);
        g_hash_table_insert(cache.known, g_strdup(binary), known);
    }
    return known;
}

/* What is known under that key; NULL when the caller is to find out, and tell with tell(). */
static Caps *recall(const char *binary, const char *key)
{
    LOCKED(&cache.lock);
    Known *known = known_of(binary);

    while (known->probing) {
        worker_waits();
        g_cond_wait(&cache.probed, &cache.lock);
        worker_resumes();
    }
    if (known->caps && strcmp(known->key, key) == 0)
        return caps_ref(known->caps);
    known->probing = true;
    return NULL;
}

static void tell(const char *binary, char *key, Caps *caps)
{
    LOCKED(&cache.lock);
    Known *known = known_of(binary);

    g_clear_pointer(&known->caps, caps_unref);
    g_free(known->key);
    known->key = key;
    known->caps = caps ? caps_ref(caps) : NULL;
    known->probing = false;
    g_cond_broadcast(&cache.probed);
}

Caps *caps_of(const char *binary, GError **error)
{
    g_autofree char *key = make_key(binary, error);
    Caps *caps;

    if (!key)
        return NULL;
    caps = recall(binary, key);
    if (caps)
        return caps;
    caps = find_out(binary, key, error);
    tell(binary, g_steal_pointer(&key), caps);
    return caps;
}

const CapsMachine *caps_machine(const Caps *caps, const char *name)
{
    for (guint i = 0; i < caps->machines->len; i++) {
        const CapsMachine *machine = caps->machines->pdata[i];

        if (name ? g_strcmp0(machine->name, name) == 0 || g_strcmp0(machine->alias, name) == 0
                 : machine->is_default)
            return machine;
    }
    return NULL;
}

const CapsCpu *caps_cpu(const Caps *caps, const char *name)
{
    for (guint i = 0; i < caps->cpus->len; i++) {
        const CapsCpu *cpu = caps->cpus->pdata[i];

        if (g_strcmp0(cpu->name, name) == 0)
            return cpu;
    }
    return NULL;
}

/* ---- emulators ---- */

// clang-format off
static const struct {
    const char *arch;
    unsigned bits;
    const char *qemu_name; /* NULL: the same */
} archs[] = {
    { "aarch64", 64 }, { "alpha", 64 }, { "armv7l", 32, "arm" }, { "hppa", 32 }, { "i686", 32, "i386" },
    { "loongarch64", 64 }, { "m68k", 32 }, { "mips", 32 }, { "mips64", 64 }, { "mips64el", 64 },
    { "mipsel", 32 }, { "ppc", 32 }, { "ppc64", 64 }, { "ppc64le", 64, "ppc64" }, { "riscv32", 32 },
    { "riscv64", 64 }, { "s390x", 64 }, { "sparc", 32 }, { "sparc64", 64 }, { "x86_64", 64 },
};
// clang-format on

/* Where the emulator of archs[i] is; NULL: nowhere. */
static char *find_installed(size_t i)
{
    const char *name = archs[i].qemu_name ? archs[i].qemu_name : archs[i].arch;
    const char *other[] = { "/usr/libexec/qemu-kvm", "/usr/bin/qemu-kvm" }; /* of this machine's */
    g_autofree char *path = g_strconcat("/usr/bin/qemu-system-", name, NULL);

    if (access(path, X_OK) == 0)
        return g_steal_pointer(&path);
    for (size_t j = 0; j < G_N_ELEMENTS(other); j++) {
        if (strcmp(archs[i].arch, host_arch()) == 0 && access(other[j], X_OK) == 0)
            return g_strdup(other[j]);
    }
    return NULL;
}

static void clear_emulator(void *emulator) { g_free(((CapsEmulator *) emulator)->binary); }

GArray *caps_emulators(void)
{
    GArray *emulators = g_array_new(FALSE, FALSE, sizeof(CapsEmulator));

    g_array_set_clear_func(emulators, clear_emulator);
    for (size_t i = 0; i < G_N_ELEMENTS(archs); i++) {
        CapsEmulator emulator = { archs[i].arch, archs[i].bits, find_installed(i) };

        if (emulator.binary)
            g_array_append_val(emulators, emulator);
    }
    return emulators;
}

char *caps_find_binary(const char *arch, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(archs); i++) {
        char *path;

        if (strcmp(archs[i].arch, arch) != 0)
            continue;
        path = find_installed(i);
        if (path)
            return path;
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "unable to find any emulator to serve '%s' architecture", arch);
    }
    return fail(error, ERR_INVALID_ARG, "unknown architecture: %s", arch);
}
