/* caps-probe.c - ask a QEMU binary what it can do, by running it
 *
 * It is started without a machine, once with emulation and, where there is a /dev/kvm, once with
 * KVM beside it: which processor models are usable depends on it. All questions are sent before
 * the first answer is read. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps-probe.h"

#include "base/cleanup.h"
#include "caps-cpu.h"
#include "caps-store.h"
#include "loop/spawn.h"
#include "qmp.h"
#include "settings.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
    TIME_LIMIT = 30000, /* of an answer, in milliseconds */
    OLDEST = 6002000,   /* the first version that takes -device as JSON */
    ERRORS_LIMIT = 4096,
};

/* ---- what is asked ---- */

typedef enum How { TYPE = 1, PROPERTY, COMMAND, EVENT, OPTION, SCHEMA } How;

static const struct {
    const char *name;
    How how;
    const char *where, *what;
} questions[CAP_COUNT] = {
#define CAP(name, how, where, what) [CAP_##name] = { #name, how, where, what },
#include "caps.def"
#undef CAP
};

const char *caps_name(Cap cap) { return questions[cap].name; }

const char *caps_questions(void)
{
    static const char *checksum;

    if (g_once_init_enter(&checksum)) {
        g_autoptr(GString) all = g_string_new(NULL);

        for (Cap cap = CAP_NONE + 1; cap < CAP_COUNT; cap++)
            g_string_append_printf(all, "%s %d %s %s\n", questions[cap].name, questions[cap].how,
                                   questions[cap].where, questions[cap].what);
        g_once_init_leave(&checksum,
                          g_compute_checksum_for_string(G_CHECKSUM_SHA256, all->str, -1));
    }
    return checksum;
}

const char *caps_arch(const char *qemu_name)
{
    static const char *const other_names[][2] = { { "i386", "i686" }, { "arm", "armv7l" } };

    for (size_t i = 0; i < G_N_ELEMENTS(other_names); i++) {
        if (strcmp(qemu_name, other_names[i][0]) == 0)
            return other_names[i][1];
    }
    return qemu_name;
}

/* ---- a QEMU that runs ---- */

typedef struct Probe {
    Qmp *qmp; /* NULL: it does not run */
    pid_t pid;
    Fd errors; /* what it writes into its standard error stream */
} Probe;

static void probe_clear(Probe *probe)
{
    if (!probe->qmp)
        return;
    kill(probe->pid, SIGKILL);
    (void) waitpid(probe->pid, NULL, 0);
    qmp_close(probe->qmp);
    qmp_unref(probe->qmp);
    fd_close(probe->errors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Probe, probe_clear)

static bool run(Probe *probe, const Spawn *what, const int sockets[2], GError **error)
{
    probe->pid = spawn(what, NULL, error);
    fd_close(sockets[1]);
    if (probe->pid < 0) {
        fd_close(sockets[0]);
        fd_close(probe->errors);
        return false;
    }
    probe->qmp = qmp_open(sockets[0], NULL, NULL);
    return true;
}

static bool probe_start(Probe *probe, const char *binary, const char *machine, GError **error)
{
    int sockets[2];
    g_autofree char *monitor = NULL;
    const char *argv[] = { binary,
                           "-S",
                           "-no-user-config",
                           "-nodefaults",
                           "-nographic",
                           "-machine",
                           machine,
                           "-chardev",
                           NULL,
                           "-mon",
                           "chardev=monitor,mode=control",
                           NULL };
    Spawn what = { .ends_with_us = true,
                   .as_user = qemu_user.given,
                   .uid = qemu_user.uid,
                   .gid = qemu_user.gid,
                   .groups = qemu_user.groups,
                   .group_count = qemu_user.group_count };

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets) < 0)
        return fail_errno(error, errno, "cannot make a socket for QEMU's monitor");
    probe->errors = memfd_create("errors", MFD_CLOEXEC);
    argv[8] = monitor = g_strdup_printf("socket,id=monitor,fd=%d", sockets[1]);
    what.argv = argv;
    what.in = what.out = -1;
    what.err = probe->errors;
    what.keep = &sockets[1];
    what.kept = 1;
    return run(probe, &what, sockets, error);
}

/* What QEMU had to say last goes before what became of a question. */
static void *explain(const Probe *probe, const char *binary, GError **error, const GError *problem)
{
    char text[ERRORS_LIMIT + 1] = "";

    (void) !pread(probe->errors, text, ERRORS_LIMIT, 0);
    return fail(error, ERR_INTERNAL, "Failed to start QEMU binary %s for probing: %s", binary,
                *g_strstrip(text) ? text : problem->message);
}

/* ---- answers ---- */

/* Types by name, and what is unnamed by number. */
static GHashTable *index_schema(Json *schema)
{
    GHashTable *index = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < json_length(schema); i++) {
        Json *entry = json_object_array_get_idx(schema, i);
        const char *name = json_text(entry, "name");

        if (name)
            g_hash_table_insert(index, (char *) name, entry);
    }
    return index;
}

/* The entry of an array whose member "key" is text, or which is that text itself. */
static Json *find_entry(Json *array, const char *key, const char *text)
{
    for (size_t i = 0; i < json_length(array); i++) {
        Json *entry = json_object_array_get_idx(array, i);
        const char *name = json_object_is_type(entry, json_type_string)
                               ? json_object_get_string(entry)
                               : json_text(entry, key);

        if (g_strcmp0(name, text) == 0)
            return entry;
    }
    return NULL;
}

static Json *type_named(GHashTable *schema, const char *name)
{
    Json *type = name ? g_hash_table_lookup(schema, name) : NULL;
    const char *element = json_text(type, "element-type");

    return element ? type_named(schema, element) : type;
}

/* One part of a path in the schema, as caps.def explains it. */
static Json *step_in_schema(GHashTable *schema, Json *from, const char *part)
{
    switch (*part) {
    case '=':
        return find_entry(json_member(from, "values"), NULL, part + 1);
    case '$':
        return find_entry(json_member(from, "features"), NULL, part + 1);
    case '+':
        return type_named(
            schema, json_text(find_entry(json_member(from, "variants"), "case", part + 1), "type"));
    case '@':
        return type_named(schema, json_text(from, part + 1));
    default:
        return type_named(
            schema, json_text(find_entry(json_member(from, "members"), "name", part), "type"));
    }
}

static bool is_in_schema(GHashTable *schema, const char *where, const char *what)
{
    g_auto(GStrv) parts = g_strsplit(what, "/", -1);
    Json *at = g_hash_table_lookup(schema, where);

    for (char **part = parts; at && *part; part++)
        at = step_in_schema(schema, at, *part);
    return at != NULL;
}

/* What was asked of the whole binary. */
typedef enum Answer { VERSION, TARGET, MACHINES, TYPES, OPTIONS, COMMANDS, ANSWERS } Answer;

static const char *const commands[ANSWERS] = {
    "query-version",
    "query-target",
    "query-machines",
    "qom-list-types",
    "query-command-line-options",
    "query-qmp-schema",
};

typedef struct Answers {
    Json *of[ANSWERS];
    Json *properties[CAP_COUNT]; /* of the type that a PROPERTY names; NULL: no such type */
} Answers;

static void answers_clear(Answers *answers)
{
    for (size_t i = 0; i < ANSWERS; i++)
        json_unref(answers->of[i]);
    for (size_t i = 0; i < CAP_COUNT; i++)
        json_unref(answers->properties[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answers, answers_clear)

static bool has_option(Json *options, const char *name, const char *parameter)
{
    Json *option = find_entry(options, "option", name);

    return option &&
           (!parameter || find_entry(json_member(option, "parameters"), "name", parameter));
}

static bool is_there(Cap cap, const Answers *answers, GHashTable *types, GHashTable *schema)
{
    const char *where = questions[cap].where, *what = questions[cap].what;

    switch (questions[cap].how) {
    case TYPE:
        return g_hash_table_contains(types, where);
    case PROPERTY:
        return find_entry(answers->properties[cap], "name", what);
    case COMMAND:
    case EVENT:
        return g_hash_table_contains(schema, where);
    case OPTION:
        return has_option(answers->of[OPTIONS], where, what);
    case SCHEMA:
        return is_in_schema(schema, where, what);
    }
    g_assert_not_reached();
}

static void fill_has(Caps *caps, const Answers *answers)
{
    g_autoptr(GHashTable) types = index_schema(answers->of[TYPES]);
    g_autoptr(GHashTable) schema = index_schema(answers->of[COMMANDS]);

    for (Cap cap = CAP_NONE + 1; cap < CAP_COUNT; cap++)
        caps->has[cap] = is_there(cap, answers, types, schema);
}

static void fill_version(Caps *caps, Json *answer)
{
    Json *qemu = json_member(answer, "qemu");

    caps->package = g_strdup(json_text(answer, "package"));
    caps->version = json_number(qemu, "major", 0) * 1000000 + json_number(qemu, "minor", 0) * 1000 +
                    json_number(qemu, "micro", 0);
}

static bool check_version(const Caps *caps, GError **error)
{
    if (caps->version >= OLDEST)
        return true;
    return fail(error, ERR_CONFIG_UNSUPPORTED, "QEMU 6.2 or newer is needed, '%s' is %u.%u.%u",
                caps->binary, caps->version / 1000000, caps->version / 1000 % 1000,
                caps->version % 1000);
}

static void fill_machines(Caps *caps, Json *answer)
{
    for (size_t i = 0; i < json_length(answer); i++) {
        Json *machine = json_object_array_get_idx(answer, i);

        if (g_strcmp0(json_text(machine, "name"), "none") != 0)
            caps_add_machine(caps, machine);
    }
}

/* ---- asking ---- */

static bool ask(Probe *probe, Answers *answers, GError **error)
{
    QmpRequest *requests[ANSWERS], *properties[CAP_COUNT] = { NULL };
    bool answered = true;

    for (size_t i = 0; i < ANSWERS; i++)
        requests[i] = qmp_send(probe->qmp, commands[i], NULL);
    for (Cap cap = CAP_NONE + 1; cap < CAP_COUNT; cap++) {
        if (questions[cap].how == PROPERTY)
            properties[cap] = qmp_send(probe->qmp, "qom-list-properties",
                                       json_build("s", "typename", questions[cap].where));
    }
    for (size_t i = 0; i < ANSWERS; i++) {
        answers->of[i] = qmp_wait(requests[i], TIME_LIMIT, answered ? error : NULL);
        answered = answered && answers->of[i];
    }
    for (Cap cap = CAP_NONE + 1; cap < CAP_COUNT; cap++) {
        if (properties[cap])
            answers->properties[cap] = qmp_wait(properties[cap], TIME_LIMIT, NULL);
    }
    return answered;
}

static bool fill(Caps *caps, Probe *probe, GError **error)
{
    g_auto(Answers) answers = { 0 };
    const char *target;

    if (!ask(probe, &answers, error))
        return false;
    target = json_text(answers.of[TARGET], "arch");
    caps->arch = g_strdup(caps_arch(target ? target : "unknown"));
    fill_version(caps, answers.of[VERSION]);
    fill_machines(caps, answers.of[MACHINES]);
    fill_has(caps, &answers);
    return true;
}

/* KVM counts as usable when QEMU says so after it has opened the device and made a virtual machine
 * with it. That is no proof that a guest boots: there are hosts whose KVM is itself emulated and
 * hangs as soon as a guest enters 64-bit mode, and no cheaper proof than booting one. So no more is
 * said here than that QEMU would not refuse. */
static bool is_kvm_usable(Json *answer)
{
    return json_flag(answer, "present") && json_flag(answer, "enabled");
}

static bool has_kvm(Probe *probe)
{
    g_autoptr(Json) answer =
        probe->qmp ? qmp_wait(qmp_send(probe->qmp, "query-kvm", NULL), TIME_LIMIT, NULL) : NULL;

    return is_kvm_usable(answer);
}

/* Most machines cannot, which QEMU tells as an error. */
static void fill_sev(Caps *caps, Probe *probe)
{
    g_autoptr(Json) answer =
        qmp_wait(qmp_send(probe->qmp, "query-sev-capabilities", NULL), TIME_LIMIT, NULL);

    caps_set_sev(caps, answer);
}

Caps *caps_probe(const char *binary, GError **error)
{
    g_autoptr(Caps) caps = caps_new();
    g_autoptr(GError) problem = NULL;
    g_auto(Probe) tcg = { 0 }, kvm = { 0 };

    caps->binary = g_strdup(binary);
    if (!probe_start(&tcg, binary, "none,accel=tcg", error))
        return NULL;
    if (access("/dev/kvm", F_OK) == 0)
        (void) probe_start(&kvm, binary, "none,accel=kvm:tcg", NULL);
    if (!fill(caps, &tcg, &problem))
        return explain(&tcg, binary, error, problem);
    if (!check_version(caps, error))
        return NULL;
    caps->kvm = has_kvm(&kvm);
    if (caps->kvm)
        fill_sev(caps, &kvm);
    caps_probe_cpus(caps, tcg.qmp, caps->kvm ? kvm.qmp : NULL);
    return g_steal_pointer(&caps);
}
