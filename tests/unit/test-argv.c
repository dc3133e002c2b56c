/* test-argv.c - definitions and the command lines that they become
 *
 * Each tests/data/argv/CASE.xml stands beside CASE.argv.json, or CASE.error with the code and a
 * part of the message. In all of them @DIR@ is the directory where this test makes the files that
 * guests have, and a descriptor has the name of what it is open on. Where a QEMU is installed, it
 * has to take each command line. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-file.h"
#include "unit.h"

#include "argv.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/socket.h"
#include "loop/spawn.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define QEMU "/usr/bin/qemu-system-x86_64"

enum { TEXT_LIMIT = 1 << 20, PATIENCE_S = 60, NOBODY = 65534 };

/* ---- what the guests have ---- */

static char *at(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static void make(const char *directory, const char *name, size_t size)
{
    g_autofree char *path = at(directory, name);
    g_auto(Fd) fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    g_assert_cmpint(ftruncate(fd, size), ==, 0);
}

static void make_image(const char *directory, const char *name, const Qcow2 *what)
{
    g_autofree char *path = at(directory, name);

    make_qcow2(path, what);
}

/* As much of a kernel as QEMU looks at: the header of the boot protocol. */
static void make_kernel(const char *directory)
{
    g_autofree char *path = at(directory, "kernel"), *bytes = g_malloc0(16384);

    bytes[0x1f1] = 4; /* sectors of setup */
    memcpy(bytes + 0x202, "HdrS\x0c\x02", 6);
    bytes[0x211] = 1;                             /* loaded high */
    memcpy(bytes + 0x22c, "\xff\xff\xff\x37", 4); /* where an initrd ends at most */
    memcpy(bytes + 0x238, "\x00\x08", 2);         /* of the command line */
    g_assert_true(g_file_set_contents_full(path, bytes, 16384, 0, 0600, NULL));
}

static void make_files(const char *directory)
{
    static const char *const raw[] = { "a.raw", "b.raw",  "c.raw",  "d.raw",  "e.raw",
                                       "f.raw", "cd.iso", "initrd", "config", "card.rom" };
    enum { MIB = 1 << 20, CODE = 3584 << 10, VARIABLES = 512 << 10, FLOPPY = 1440 << 10 };
    g_autofree char *run = at(directory, "run");

    for (size_t i = 0; i < G_N_ELEMENTS(raw); i++)
        make(directory, raw[i], MIB);
    make(directory, "floppy.img", FLOPPY);
    make_kernel(directory);
    make(directory, "bios.bin", 256 << 10);
    make(directory, "CODE.fd", CODE);
    make(directory, "T.fd", VARIABLES);
    make(directory, "RW.fd", VARIABLES);
    make_image(directory, "base.qcow2", &(Qcow2){ 0 });
    make_image(directory, "mid.qcow2",
               &(Qcow2){ .backing = "base.qcow2", .backing_format = "qcow2" });
    make_image(directory, "top.qcow2",
               &(Qcow2){ .backing = "mid.qcow2", .backing_format = "qcow2" });
    g_assert_cmpint(mkdir(run, 0700), ==, 0);
}

static const Caps *fixed_caps(void)
{
    static CapsMachine machines[] = {
        { .name = "pc-i440fx-7.2", .default_ram = "pc.ram", .default_cpu = "qemu64-x86_64-cpu" },
        { .name = "pc-q35-7.2", .default_ram = "pc.ram", .default_cpu = "qemu64-x86_64-cpu" },
    };
    static char *missing[] = { "vme", "rdseed", NULL };
    static CapsCpu cpus[] = {
        { .name = "qemu64" },
        { .name = "Nehalem" },
        { .name = "EPYC", .blockers = { [ACCEL_TCG] = missing } },
    };
    static char *required[] = { "lahf-lm", "monitor", "ss", NULL },
                *disabled[] = { "fxsr-opt", "vme", NULL };
    static Caps caps = {
        .binary = QEMU,
        .arch = "x86_64",
        .version = 7002000,
        .model[ACCEL_TCG] = { .name = "EPYC", .required = required, .disabled = disabled },
    };

    if (caps.machines)
        return &caps;
    caps.machines = g_ptr_array_new();
    caps.cpus = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++)
        g_ptr_array_add(caps.machines, &machines[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(cpus); i++)
        g_ptr_array_add(caps.cpus, &cpus[i]);
    for (size_t i = 0; i < CAP_COUNT; i++)
        caps.has[i] = true;
    return &caps;
}

/* One guest, from its file to its command line. */
typedef struct Guest {
    Scratch *directory;
    char *run;
    Fd peer; /* listens, for a guest that connects */
    Domain *domain;
    GArray *usb; /* what stands for its USB devices of the host */
    Args *args;
} Guest;

static void guest_clear(Guest *guest)
{
    g_clear_pointer(&guest->args, args_free);
    g_clear_pointer(&guest->usb, g_array_unref);
    g_clear_pointer(&guest->domain, domain_free);
    g_clear_pointer(&guest->run, g_free);
    if (guest->peer >= 0)
        fd_close(guest->peer);
    g_clear_pointer(&guest->directory, scratch_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)

static char *read_case(const char *name, const char *suffix)
{
    g_autofree char *path = g_strconcat(TEST_DATA "/argv/", name, suffix, NULL);

    return file_read(path, TEXT_LIMIT, NULL);
}

static char *replace(const char *text, const char *what, const char *by)
{
    g_auto(GStrv) parts = g_strsplit(text, what, -1);

    return g_strjoinv(by, parts);
}

static bool prepare(Guest *guest, const char *name, GError **error)
{
    g_autofree char *raw = read_case(name, ".xml"), *text = NULL, *peer = NULL;

    guest->directory = scratch_new();
    guest->run = at(guest->directory, "run");
    peer = at(guest->directory, "peer.sock");
    guest->peer = unix_listen(peer, SOCK_STREAM, 0600, NULL);
    make_files(guest->directory);
    g_assert_nonnull(raw);
    text = replace(raw, "@DIR@", guest->directory);
    guest->domain = domain_parse(text, 0, NULL, error);
    return guest->domain && driver_check(guest->domain, error);
}

/* A file in the place of each USB device of the host. */
static void open_devices(Guest *guest)
{
    g_autofree char *path = at(guest->directory, "a.raw");

    guest->usb = g_array_new(false, false, sizeof(int));
    for (LIST_EACH(Hostdev, hostdev, guest->domain->hostdevs)) {
        int fd = open(path, O_RDWR | O_CLOEXEC);

        if (hostdev->type == HOSTDEV_USB)
            g_array_append_val(guest->usb, fd);
        else
            fd_close(fd);
    }
}

static bool build(Guest *guest, int monitor, uid_t user, GError **error)
{
    open_devices(guest);
    guest->args = args_new();
    guest->args->usb = guest->usb;
    guest->args->caps = fixed_caps();
    guest->args->directory = guest->run;
    guest->args->monitor = monitor;
    guest->args->uid = user;
    guest->args->gid = user;
    guest->args->sandbox = true;
    guest->args->vnc_listen = "127.0.0.1";
    return argv_build(guest->args, guest->domain, error);
}

/* ---- the command line, comparable ---- */

/* What a descriptor is open on. */
static char *descriptor_name(int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *target = g_file_read_link(link, NULL);
    g_autofree char *base = target ? g_path_get_basename(target) : NULL;
    bool writes = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;

    if (!target)
        return g_strdup("monitor");
    if (g_str_has_prefix(target, "socket:"))
        return g_strdup("socket");
    if (g_str_has_prefix(target, "/memfd:"))
        return g_strdup_printf("memory of %s", strchr(target, ':') + 1);
    return g_strdup_printf("%s %s", base, writes ? "w" : "r");
}

static gboolean name_descriptor(const GMatchInfo *match, GString *out, void *)
{
    g_autofree char *before = g_match_info_fetch(match, 1), *number = g_match_info_fetch(match, 2);
    g_autofree char *name = descriptor_name(atoi(number));

    g_string_append_printf(out, "%s<%s>", before, name);
    return false;
}

static Json *comparable(const char *argument, const char *directory)
{
    g_autoptr(GRegex) regex = g_regex_new("(\\bfd=|/proc/self/fd/)(\\d+)", 0, 0, NULL);
    g_autofree char *named =
        g_regex_replace_eval(regex, argument, -1, 0, 0, name_descriptor, NULL, NULL);
    g_autofree char *text = replace(named, directory, "@DIR@");

    return *text == '{' ? json_parse(text, strlen(text), NULL) : json_object_new_string(text);
}

static Json *comparable_list(const GPtrArray *list, const char *directory)
{
    Json *json = json_object_new_array();

    for (guint i = 0; i + 1 < list->len; i++)
        json_object_array_add(json, comparable(list->pdata[i], directory));
    return json;
}

static Json *result(const Guest *guest)
{
    g_autoptr(Json) commands = argv_commands(guest->domain);
    Json *json = json_build("j", "argv", comparable_list(guest->args->argv, guest->directory));

    if (guest->domain->clock.timezone || list_length(guest->domain->commandline.variables))
        json_object_object_add(json, "environment",
                               comparable_list(guest->args->environment, guest->directory));
    if (json_length(commands))
        json_object_object_add(json, "commands", g_steal_pointer(&commands));
    return json;
}

static void compare(const Guest *guest, const char *name)
{
    g_autofree char *expected = read_case(name, ".argv.json");
    g_autoptr(Json) want = expected ? json_parse(expected, strlen(expected), NULL) : NULL;
    g_autoptr(Json) got = result(guest);

    if (json_object_equal(got, want))
        return;
    g_test_message("%s", json_object_to_json_string_ext(got, JSON_C_TO_STRING_PRETTY |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE));
    g_test_fail_printf("the command line of '%s' is not the expected one", name);
}

static void check_error(const char *name, const GError *error)
{
    g_autofree char *expected = read_case(name, ".error");
    char *text = NULL;
    long code = expected ? strtol(expected, &text, 10) : 0;

    g_assert_nonnull(error);
    if (!expected || code != (long) error_code(error) || !strstr(error->message, g_strstrip(text)))
        g_test_fail_printf("'%s' is refused with %d: %s", name, error_code(error), error->message);
}

static void test_case(const void *data)
{
    g_auto(Guest) guest = { .peer = -1 };
    g_autoptr(GError) error = NULL;
    const char *name = data;

    g_autofree char *before = NULL, *after = NULL;

    if (!prepare(&guest, name, &error)) {
        check_error(name, error);
        return;
    }
    before = scratch_list(guest.directory);
    if (build(&guest, 9999, geteuid(), &error)) {
        compare(&guest, name);
    } else {
        g_autofree char *left = scratch_list(guest.run);

        check_error(name, error);
        after = scratch_list(guest.directory);
        g_assert_cmpstr(left, ==, "");
        g_assert_cmpstr(after, ==, before);
    }
}

/* ---- a real QEMU ---- */

/* Ports of guests are nobody else's in a network of our own. */
static bool enter_network(void)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
    g_auto(Fd) fd = -1;

    if (unshare(CLONE_NEWNET) < 0)
        return false;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

/* QEMU runs as somebody who may make files in the run's directory and has no right to any other. */
static void give_directories(const Guest *guest)
{
    g_assert_cmpint(chown(guest->directory, NOBODY, NOBODY), ==, 0);
    g_assert_cmpint(chown(guest->run, NOBODY, NOBODY), ==, 0);
}

static pid_t run(const Guest *guest, int monitor, int log, int *pidfd)
{
    g_autoptr(GArray) keep = g_array_copy(guest->args->fds);
    g_autoptr(GError) error = NULL;
    const Spawn what = {
        .argv = (const char *const *) guest->args->argv->pdata,
        .environment = (const char *const *) guest->args->environment->pdata,
        .in = -1,
        .out = log,
        .err = log,
        .keep = (const int *) (void *) g_array_append_val(keep, monitor)->data,
        .kept = keep->len,
        .as_user = true,
        .uid = NOBODY,
        .gid = NOBODY,
    };
    pid_t pid;

    g_array_set_clear_func(keep, NULL);
    pid = spawn(&what, pidfd, &error);
    g_assert_no_error(error);
    return pid;
}

static void ask(FILE *monitor, const char *command)
{
    dprintf(fileno(monitor), "{\"execute\":\"%s\"}\n", command);
}

/* The next answer; NULL when QEMU has refused or has ended. */
static Json *answer(FILE *monitor)
{
    char *line = NULL;
    size_t size = 0;

    for (;;) {
        g_autoptr(Json) json = NULL;
        Json *value;

        if (getline(&line, &size, monitor) <= 0)
            break;
        json = json_parse(line, strlen(line), NULL);
        if ((value = json_member(json, "return"))) {
            free(line);
            return json_object_get(value);
        }
        if (json_member(json, "error")) {
            g_test_message("%s", line);
            break;
        }
    }
    free(line);
    return NULL;
}

static Json *call(FILE *monitor, const char *command)
{
    ask(monitor, command);
    return answer(monitor);
}

/* All that the daemon does with a fresh QEMU, but for letting the guest run. */
static bool converse(Guest *guest, FILE *monitor)
{
    g_autoptr(Json) hello = call(monitor, "qmp_capabilities");
    g_autoptr(Json) status = call(monitor, "query-status"), chardevs = NULL, vnc = NULL;
    g_autoptr(Json) commands = argv_commands(guest->domain);

    if (!hello || !status)
        return false;
    g_assert_cmpstr(json_text(status, "status"), ==, "prelaunch");
    for (size_t i = 0; i < json_length(commands); i++) {
        g_autoptr(Json) done = NULL;

        dprintf(fileno(monitor), "%s\n",
                json_object_to_json_string(json_object_array_get_idx(commands, i)));
        if (!(done = answer(monitor)))
            return false;
    }
    chardevs = call(monitor, "query-chardev");
    vnc = list_length(guest->domain->graphics) ? call(monitor, "query-vnc-servers") : NULL;
    return argv_learn(guest->domain, chardevs, vnc, NULL);
}

static void check_learnt(const Domain *live)
{
    for (LIST_EACH(Serial, serial, live->serials)) {
        if (serial->source.type == CHAR_PTY)
            g_assert_true(g_str_has_prefix(serial->source.path, "/dev/pts/"));
    }
    for (LIST_EACH(Console, console, live->consoles)) {
        if (console->source.type == CHAR_PTY)
            g_assert_true(g_str_has_prefix(console->source.path, "/dev/pts/"));
    }
    for (LIST_EACH(Channel, channel, live->channels))
        g_assert_cmpint(channel->state, ==, CHANNEL_DISCONNECTED);
    for (LIST_EACH(Graphics, graphics, live->graphics)) {
        const GraphicsListen *listen = graphics->listens->pdata[0];

        g_assert_cmpint(graphics->port > 0, ==, listen->type == LISTEN_ADDRESS);
        g_assert_cmpint(graphics->websocket, >=, 0);
    }
}

static FILE *connect_monitor(const char *path)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    int fd = unix_connect(path, SOCK_STREAM, NULL);

    g_assert_cmpint(fcntl(fd, F_SETFL, 0), ==, 0);
    g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), ==, 0);
    return fdopen(fd, "r");
}

static void test_run(const void *data)
{
    g_auto(Guest) guest = { .peer = -1 };
    g_autofree char *path = NULL, *log_path = NULL, *log = NULL;
    g_auto(Fd) listener = -1, log_fd = -1, pidfd = -1;
    g_autoptr(GError) error = NULL;
    FILE *monitor;
    bool well;

    g_assert_true(prepare(&guest, data, NULL));
    path = at(guest.run, "monitor.sock");
    log_path = at(guest.directory, "log");
    listener = unix_listen(path, SOCK_STREAM, 0600, NULL);
    log_fd = open(log_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    monitor = connect_monitor(path);
    give_directories(&guest);
    (void) build(&guest, listener, NOBODY, &error);
    g_assert_no_error(error);
    pid_t pid = run(&guest, listener, log_fd, &pidfd);
    fd_close(g_steal_fd(&listener));
    well = converse(&guest, monitor);
    if (well)
        json_unref(call(monitor, "quit"));
    fclose(monitor);
    (void) kill(pid, well && process_wait(pidfd, PATIENCE_S * 1000) ? 0 : SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    log = file_read(log_path, TEXT_LIMIT, NULL);
    if (!well)
        g_error("%s", log);
    check_learnt(guest.domain);
    argv_clean(guest.domain);
    (void) unlink(path);
    g_autofree char *left = scratch_list(guest.run);
    g_assert_cmpstr(left, ==, "");
}

static void skip_run(const void *)
{
    g_test_skip(access(QEMU, X_OK) < 0 ? "there is no " QEMU
                                       : "a network of its own needs the right to make one");
}

/* ---- all cases ---- */

static void add_case(const char *name, GTestDataFunc run_it)
{
    g_autofree char *plain = g_strdup_printf("/argv/%s", name);
    g_autofree char *real = g_strdup_printf("/argv/run/%s", name);
    g_autofree char *refusal = g_strconcat(TEST_DATA "/argv/", name, ".error", NULL);

    g_test_add_data_func(plain, name, test_case);
    /* Devices of the host are given away where there are some: tests/system/hostdev. */
    if (access(refusal, F_OK) < 0 && !g_str_has_prefix(name, "hostdev"))
        g_test_add_data_func(real, name, run_it);
}

static GPtrArray *case_names(void)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) directory = g_dir_open(TEST_DATA "/argv", 0, NULL);

    for (const char *name; directory && (name = g_dir_read_name(directory));) {
        if (g_str_has_suffix(name, ".xml"))
            g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".xml")));
    }
    g_ptr_array_sort(names, scratch_compare);
    return names;
}

int main(int argc, char **argv)
{
    bool can_run = access(QEMU, X_OK) == 0 && enter_network();
    g_autoptr(GPtrArray) names = case_names();

    g_test_init(&argc, &argv, NULL);
    (void) signal(SIGPIPE, SIG_IGN);
    for (guint i = 0; i < names->len; i++)
        add_case(names->pdata[i], can_run ? test_run : skip_run);
    return names->len > 0 ? g_test_run() : 1;
}
