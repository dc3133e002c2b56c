/* start.c - from a definition to a running container: steps, each beside what takes it back
 *
 * What is to be known after a crash is on disk before it is done to the host: first the state file
 * with the run's directory, then, by the child itself, its pid. The controller waits for the
 * daemon before it lets the container begin, and ends when the daemon is not there. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "start.h"

#include "base/file.h"
#include "base/steps.h"
#include "container.h"
#include "define.h"
#include "group.h"
#include "guest/exit.h"
#include "guest/files.h"
#include "guest/hypervisor.h"
#include "guest/iface-link.h"
#include "host/cpu.h"
#include "loop/spawn.h"
#include "nbd.h"
#include "nic.h"
#include "plan-write.h"
#include "quota.h"
#include "rights.h"
#include "rootfs.h"
#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { ANSWER_MS = 60000, END_MS = 10000 };

typedef struct Launch {
    Machine *vm;
    const Domain *config;
    unsigned flags;
    const GArray *given;
    char *name;
    Domain *live;
    GByteArray *plan;
    GArray *fds;  /* that must be open until the controller has done its part */
    GArray *kept; /* that the controller gets */
    Fd plan_file;
    Fd socket, its_socket;
    Fd log, pid_file;
    Fd pidfd;
    pid_t pid;
    char *group;
    PlanAnswer answer;
    Container *container;
} Launch;

/* ---- before the process ---- */

static bool check_state(Launch *l, GError **error)
{
    g_autoptr(View) view = machine_view(l->vm);

    if (l->vm->gone)
        return fail(error, ERR_NO_DOMAIN, "domain '%s' has been removed", l->name);
    return l->flags & START_AGAIN || view_check_off(view, error);
}

static bool prepare_definition(Launch *l, GError **)
{
    l->live = domain_copy(l->config);
    l->live->id = (Optional){};
    container_name_devices(l->live);
    return true;
}

static void drop_definition(Launch *l) { g_clear_pointer(&l->live, domain_free); }

static bool open_log(Launch *l, GError **error)
{
    g_autofree char *path = files_log(l->name);

    l->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return l->log >= 0 || fail_errno(error, errno, "cannot open '%s'", path);
}

static bool make_directory(Launch *l, GError **error)
{
    g_autofree char *directory = files_directory(l->vm);
    g_autofree char *staging = g_build_filename(directory, ROOTFS_STAGING, NULL);

    (void) rmdir(staging);
    if (!files_make(directory, error))
        return false;
    if (g_mkdir(staging, 0700) < 0)
        return fail_errno(error, errno, "cannot create '%s'", staging);
    g_free(l->vm->directory);
    l->vm->directory = g_steal_pointer(&directory);
    return true;
}

static void remove_directory(Launch *l)
{
    start_clean(&(Ended){ .directory = l->vm->directory });
    files_remove(l->vm->directory);
    g_clear_pointer(&l->vm->directory, g_free);
}

/* From here on a daemon that finds the state file knows of the run. */
static bool publish_starting(Launch *l, GError **error)
{
    View *view = machine_edit(l->vm);

    view->state = VIR_DOMAIN_PAUSED;
    view->reason = VIR_DOMAIN_PAUSED_STARTING_UP;
    view->id = -1;
    view->pid = view->init = 0;
    view->updated = false;
    view_set_live(view, domain_copy(l->live));
    view->run++;
    if (!(l->flags & START_AGAIN))
        view->begun = view->run;
    l->vm->started = 0;
    g_atomic_int_set(&l->vm->stop_reason, 0);
    l->vm->is_shut_down = l->vm->starts_again = false;
    return machine_publish(l->vm, view, error);
}

static void publish_stopped(Launch *l) { exit_publish(l->vm, VIR_DOMAIN_SHUTOFF_FAILED); }

static bool open_pid_file(Launch *l, GError **error)
{
    l->pid_file = files_open_pid(l->vm->directory, error);
    return l->pid_file >= 0;
}

static void unlimit_space(Launch *l) { quota_end(l->live); }

static bool limit_space(Launch *l, GError **error)
{
    if (quota_set(l->live, error))
        return true;
    unlimit_space(l);
    return false;
}

/* ---- the plan ---- */

static char *map_lines(const GPtrArray *ranges)
{
    GString *lines = g_string_new(NULL);

    for (LIST_EACH(IdmapRange, range, ranges))
        g_string_append_printf(lines, "%u %u %u\n", range->start, range->target, range->count);
    return g_string_free(lines, FALSE);
}

static void plan_users(Launch *l)
{
    g_autofree char *uids = map_lines(l->live->idmap_uids), *gids = map_lines(l->live->idmap_gids);

    if (!container_is_mapped(l->live))
        return;
    PLAN(l->plan, PLAN_UID_MAP, 0, uids);
    PLAN(l->plan, PLAN_GID_MAP, 0, gids);
}

/* Those that it shares are entered before the others are made. */
static bool plan_namespaces(Launch *l, GError **error)
{
    uint64_t made = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;

    if (container_has_network(l->live))
        made |= CLONE_NEWNET;
    if (container_is_mapped(l->live))
        made |= CLONE_NEWUSER;
    if (!share_namespaces(l->live, l->plan, l->kept, &made, error))
        return false;
    g_array_append_vals(l->fds, l->kept->data, l->kept->len);
    PLAN_NUMBERS(l->plan, PLAN_CLONE, made, 0);
    return true;
}

static void plan_variable(Launch *l, const char *name, const char *value)
{
    g_autofree char *variable = g_strconcat(name, "=", value, NULL);

    PLAN(l->plan, PLAN_VARIABLE, 0, variable);
}

/* As sd_listen_fds(3) looks for what is passed, and an init for terminals beside its console. */
static void plan_descriptors(Launch *l)
{
    g_autofree char *count = l->given ? g_strdup_printf("%u", l->given->len) : NULL;
    g_autoptr(GString) terminals = g_string_new(NULL);

    for (guint i = 1; i < list_length(l->live->consoles); i++)
        g_string_append_printf(terminals, "%spts/%u", terminals->len ? " " : "", i);
    if (terminals->len)
        plan_variable(l, "container_ttys", terminals->str);
    if (!count)
        return;
    plan_variable(l, "LISTEN_PID", "1");
    plan_variable(l, "LISTEN_FDS", count);
}

/* The names that programs know a container of this family by. */
static void plan_environment(Launch *l)
{
    g_autoptr(GString) words = g_string_new(NULL);
    char uuid[UUID_TEXT];

    uuid_print(&l->live->uuid, uuid);
    for (LIST_EACH(TextItem, item, l->live->os.init_arguments))
        g_string_append_printf(words, "%s%s", words->len ? " " : "", item->text);
    plan_variable(l, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    plan_variable(l, "TERM", "linux");
    plan_variable(l, "HOME", "/");
    plan_variable(l, "container", "lxc-libvirt");
    plan_variable(l, "container_uuid", uuid);
    plan_variable(l, "LIBVIRT_LXC_UUID", uuid);
    plan_variable(l, "LIBVIRT_LXC_NAME", l->name);
    if (words->len)
        plan_variable(l, "LIBVIRT_LXC_CMDLINE", words->str);
    plan_descriptors(l);
    for (LIST_EACH(InitVariable, variable, l->live->os.init_variables))
        plan_variable(l, variable->name, variable->value ? variable->value : "");
}

static void plan_program(Launch *l)
{
    const Os *os = &l->live->os;

    PLAN(l->plan, PLAN_ARGUMENT, 0, os->init);
    for (LIST_EACH(TextItem, item, os->init_arguments))
        PLAN(l->plan, PLAN_ARGUMENT, 0, item->text ? item->text : "");
    if (os->init_directory)
        PLAN(l->plan, PLAN_ENTER, 0, os->init_directory);
    if (os->init_user || os->init_group)
        PLAN(l->plan, PLAN_USER, 0, os->init_user ? os->init_user : "0",
             os->init_group ? os->init_group : "");
}

static bool plan_rights(Launch *l, GError **error)
{
    const void *program;
    size_t size;

    if (!rights_check(l->live, error) || !rights_filter(l->live, &program, &size, error))
        return false;
    PLAN_NUMBERS(l->plan, PLAN_CAPS, rights_capabilities(l->live), 0);
    plan_blob(l->plan, PLAN_SECCOMP, program, size);
    return true;
}

static void plan_given(Launch *l)
{
    for (guint i = 0; l->given && i < l->given->len; i++) {
        int fd = g_array_index(l->given, int, i);

        PLAN_NUMBERS(l->plan, PLAN_PASS, fd, 0);
        g_array_append_val(l->kept, fd);
    }
}

static bool make_plan(Launch *l, GError **error)
{
    const ImageRun run = { l->vm->directory, l->fds };

    plan_users(l);
    if (!plan_namespaces(l, error) || !rootfs_plan(l->plan, l->live, &run, error) ||
        !plan_rights(l, error))
        return false;
    if (!l->live->lxc_namespaces.uts.type)
        PLAN(l->plan, PLAN_HOSTNAME, 0, l->name);
    if (g_strcmp0(l->live->os.arch, host_arch()) != 0)
        PLAN_NUMBERS(l->plan, PLAN_PERSONALITY, PER_LINUX32, 0);
    plan_environment(l);
    plan_program(l);
    plan_given(l);
    l->plan_file = plan_file(l->plan, error);
    return l->plan_file >= 0;
}

/* ---- the processes ---- */

static bool open_sockets(Launch *l, GError **error)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_errno(error, errno, "cannot make a socket");
    l->socket = pair[0];
    l->its_socket = pair[1];
    return true;
}

static bool run_controller(Launch *l, GError **error)
{
    g_autofree char *plan = g_strdup_printf("%d", l->plan_file);
    g_autofree char *socket = g_strdup_printf("%d", l->its_socket);
    const char *const argv[] = { container_controller(), l->name, plan, socket, NULL };
    const char *const environment[] = { NULL };
    const int own[] = { l->plan_file, l->its_socket };

    g_array_append_vals(l->kept, own, G_N_ELEMENTS(own));
    const Spawn what = {
        .argv = argv,
        .in = -1,
        .out = l->log,
        .err = l->log,
        .environment = environment,
        .keep = (const int *) (void *) l->kept->data,
        .kept = l->kept->len,
        .directory = l->vm->directory,
        .pid_file = l->pid_file,
    };

    l->pid = spawn(&what, &l->pidfd, error);
    if (l->pid < 0)
        return false;
    fd_close(g_steal_fd(&l->its_socket));
    fd_close(g_steal_fd(&l->plan_file));
    return true;
}

/* The container ends with its controller. */
static void end_controller(Launch *l)
{
    (void) pidfd_send_signal(l->pidfd, SIGKILL, NULL, 0);
    (void) process_wait(l->pidfd, END_MS);
    (void) waitpid(l->pid, NULL, 0);
    fd_close(g_steal_fd(&l->pidfd));
}

static bool make_group(Launch *l, GError **error)
{
    return group_make(l->live, l->vm->directory, l->pid, &l->group, error);
}

static void end_group(Launch *l)
{
    group_end(l->group);
    g_clear_pointer(&l->group, g_free);
}

static bool tell_begin(Launch *l, GError **error)
{
    g_autofree char *inside = l->group ? group_inside(l->group) : NULL;
    g_auto(Fd) fd = inside ? open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    struct iovec part = { (char[]){ 0 }, 1 };
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

    if (fd >= 0) {
        memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
    }
    return sendmsg(l->socket, &message, MSG_NOSIGNAL) == 1 ||
           fail_errno(error, errno, "cannot talk to the container's controller");
}

/* The next answer; without one (the socket has ended) state is PLAN_STARTED. */
static bool await(Launch *l, GError **error)
{
    struct pollfd ready = { .fd = l->socket, .events = POLLIN };
    ssize_t got = -1;

    worker_waits();
    if (poll(&ready, 1, ANSWER_MS) > 0)
        got = recv(l->socket, &l->answer, sizeof(l->answer), 0);
    worker_resumes();
    if (got < 0)
        return fail(error, ERR_OPERATION_TIMEOUT, "the container's controller does not answer");
    if (got == 0)
        l->answer.state = PLAN_STARTED;
    else if (l->answer.state == PLAN_FAILED)
        return fail_errno(error, l->answer.errnum, "cannot %s", l->answer.what);
    return true;
}

static bool await_ready(Launch *l, GError **error)
{
    int init;

    if (!await(l, error))
        return false;
    init = l->answer.state == PLAN_READY ? pidfd_open(l->answer.init, 0) : -1;
    if (init < 0)
        return fail(error, ERR_INTERNAL, "the container's controller has ended by itself");
    l->container = container_new(l->answer.init, init, l->group);
    g_array_set_size(l->fds, 0); /* the controller has mounted what they keep */
    return true;
}

static void end_init(Launch *l)
{
    (void) pidfd_send_signal(l->container->init, SIGKILL, NULL, 0);
    (void) process_wait(l->container->init, END_MS);
    g_clear_pointer(&l->container, container_unref);
}

static void note_consoles(Launch *l)
{
    unsigned number = 0;

    for (LIST_EACH(Console, console, l->live->consoles)) {
        g_free(console->source.path);
        g_free(console->source.tty);
        console->source.path = g_strdup_printf("/dev/pts/%u", l->answer.consoles[number++]);
        console->source.tty = g_strdup(console->source.path);
    }
}

static bool plug_in(Launch *l, GError **error) { return nics_open(l->container, l->live, error); }

static void unplug(Launch *l)
{
    nics_end(l->container, l->live);
    ifaces_close(l->live);
}

static bool publish_process(Launch *l, GError **error)
{
    View *view = machine_edit(l->vm);

    note_consoles(l);
    l->live->id = optional(l->container->pid);
    view->pid = l->pid;
    view->init = view->id = l->container->pid;
    view->init_started = process_start(view->init);
    view_set_live(view, domain_copy(l->live));
    l->vm->started = process_start(l->pid);
    machine_set_process(l->vm, l->container, l->pidfd);
    return machine_publish(l->vm, view, error);
}

static void forget_process(Launch *l) { machine_set_process(l->vm, NULL, -1); }

/* Its program runs when the controller's socket ends without a word. */
static bool let_begin(Launch *l, GError **error)
{
    if (send(l->socket, "", 1, MSG_NOSIGNAL) != 1)
        return fail_errno(error, errno, "cannot talk to the container's controller");
    return await(l, error);
}

static bool publish_running(Launch *l, GError **error)
{
    View *view = machine_edit(l->vm);

    view->state = VIR_DOMAIN_RUNNING;
    view->reason = VIR_DOMAIN_RUNNING_BOOTED;
    return machine_publish(l->vm, view, error);
}

/* ---- all of it ---- */

STEPS(Launch)

static const Step steps[] = {
    { "see whether it may", check_state, NULL },
    { "prepare its definition", prepare_definition, drop_definition },
    { "open its log", open_log, NULL },
    { "make its runtime directory", make_directory, remove_directory },
    { "note that it starts", publish_starting, publish_stopped },
    { "make its pid file", open_pid_file, NULL },
    { "limit its space", limit_space, unlimit_space },
    { "plan it", make_plan, NULL },
    { "make a socket", open_sockets, NULL },
    { "run its controller", run_controller, end_controller },
    { "make its group", make_group, end_group },
    { "let its controller begin", tell_begin, NULL },
    { "wait for its controller", await_ready, end_init },
    { "plug in its interfaces", plug_in, unplug },
    { "note its processes", publish_process, forget_process },
    { "let it begin", let_begin, NULL },
    { "note that it runs", publish_running, NULL },
};

static void launch_clear(Launch *l)
{
    Fd *const open_ones[] = { &l->plan_file, &l->socket,   &l->its_socket,
                              &l->log,       &l->pid_file, &l->pidfd };

    drop_definition(l);
    g_byte_array_unref(l->plan);
    g_array_unref(l->fds);
    g_array_unref(l->kept);
    g_clear_pointer(&l->container, container_unref);
    g_clear_pointer(&l->name, g_free);
    g_free(l->group);
    for (size_t i = 0; i < G_N_ELEMENTS(open_ones); i++) {
        if (*open_ones[i] >= 0)
            fd_close(*open_ones[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Launch, launch_clear)

static void close_one(void *fd) { fd_close(*(int *) fd); }

static GArray *fd_array(void)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));

    g_array_set_clear_func(fds, close_one);
    return fds;
}

bool start_container(Machine *vm, const Domain *config, unsigned flags, const GArray *given,
                     GError **error)
{
    g_auto(Launch) l = { .vm = vm,
                         .config = config,
                         .flags = flags,
                         .given = given,
                         .name = object_name(&vm->object),
                         .plan = g_byte_array_new(),
                         .fds = fd_array(),
                         .kept = g_array_new(FALSE, FALSE, sizeof(int)),
                         .plan_file = -1,
                         .socket = -1,
                         .its_socket = -1,
                         .log = -1,
                         .pid_file = -1,
                         .pidfd = -1 };
    const char *failed;

    failed = steps_run(steps, G_N_ELEMENTS(steps), &l, error);
    if (failed) {
        machine_log(vm, G_LOG_LEVEL_DEBUG, "cannot %s", failed);
        return false;
    }
    machine_log(vm, G_LOG_LEVEL_INFO, "started, as process %d", l.container->pid);
    exit_watch(vm, g_steal_fd(&l.pidfd));
    if (!(flags & START_AGAIN))
        machine_tell(vm, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED);
    return true;
}

/* ---- after a restart of the daemon ---- */

bool start_adopt(Machine *vm, const View *view, int pidfd, GError **error)
{
    g_autoptr(Container) container = NULL;
    g_autoptr(View) next = machine_edit(vm);
    g_autofree char *group = group_of_run(vm->directory);
    g_auto(Fd) init = process_open(view->init, view->init_started);
    g_autoptr(GError) unlimited = NULL;

    /* a start with the same directories may have been undone before we were known */
    if (!quota_set(view->live->domain, &unlimited))
        machine_log(vm, G_LOG_LEVEL_WARNING, "%s", unlimited->message);
    if (init < 0)
        return fail(error, ERR_INTERNAL, "its first process is not there");
    container = container_new(view->init, g_steal_fd(&init), group);
    machine_set_process(vm, container, pidfd);
    return machine_publish(vm, g_steal_pointer(&next), error);
}

/* ---- its end ---- */

/* What its owner wants to be done at such an end. */
static void note(Machine *vm, LifecycleAction action, int reason)
{
    if (action == ACTION_RESTART && !g_atomic_int_get(&vm->stop_reason))
        vm->starts_again = true;
    (void) g_atomic_int_compare_and_exchange(&vm->stop_reason, 0, reason);
}

void start_note_end(Machine *vm, const View *view)
{
    g_autofree char *path = g_build_filename(vm->directory, PLAN_EXIT, NULL);
    g_autofree char *text = file_read(path, 64, NULL);
    const Domain *live = view->live->domain;

    if (!text)
        return;
    if (g_str_has_prefix(text, "reboot"))
        note(vm, live->on_reboot, VIR_DOMAIN_SHUTOFF_SHUTDOWN);
    else if (g_str_has_prefix(text, "killed"))
        note(vm, live->on_crash, VIR_DOMAIN_SHUTOFF_CRASHED);
    else
        note(vm, live->on_poweroff, VIR_DOMAIN_SHUTOFF_SHUTDOWN);
    machine_log(vm, G_LOG_LEVEL_DEBUG, "its first process: %s", g_strchomp(text));
}

/* One that the controller has left behind, because somebody has killed that. */
static void end_left_over(const Ended *run)
{
    g_auto(Fd) init =
        run->init > 0 && run->init_started ? process_open(run->init, run->init_started) : -1;

    if (init < 0)
        return;
    (void) pidfd_send_signal(init, SIGKILL, NULL, 0);
    (void) process_wait(init, END_MS);
}

void start_clean(const Ended *run)
{
    g_autofree char *staging = g_build_filename(run->directory, ROOTFS_STAGING, NULL);

    g_autofree char *group = group_of_run(run->directory);

    end_left_over(run);
    if (run->live)
        nics_end(run->control, run->live);
    group_end(group);
    nbd_end(run->directory);
    if (run->live)
        quota_end(run->live);
    (void) rmdir(staging);
}
