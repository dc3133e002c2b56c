/* start.c - from a definition to a running guest: steps, each beside what takes it back
 *
 * What is to be known after a crash is on disk before it is done to the host: first the state file
 * with the run's directory, then, by the child itself, its pid. The monitor's socket is connected
 * to before QEMU runs, so that nobody has to wait for it to appear. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "start.h"

#include "argv.h"
#include "base/file.h"
#include "base/socket.h"
#include "base/steps.h"
#include "caps.h"
#include "daemon/daemon.h"
#include "guest/exit.h"
#include "guest/files.h"
#include "firmware.h"
#include "guest/device-link.h"
#include "host/scope.h"
#include "hostdev-link.h"
#include "iface-link.h"
#include "loop/spawn.h"
#include "ops-device.h"
#include "qmp-events.h"
#include "save.h"
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

typedef struct Launch {
    Machine *vm;
    const Domain *config;
    unsigned flags;
    const Restore *from; /* NULL: it boots */
    bool paused;         /* afterwards */
    bool kept;           /* a state of it is, which must not outlive the start */
    bool ran;            /* QEMU was told to let it, and has not refused */
    char *name;
    Domain *live;
    Caps *caps;
    GPtrArray *ends; /* of its interfaces, as Args has them */
    GArray *usb;     /* descriptors of its USB devices of the host */
    Args *args;
    Fd listener; /* of the monitor */
    Qmp *monitor;
    Fd log;
    off_t log_start;
    Fd pid_file;
    Fd pidfd;
    pid_t pid;
} Launch;

/* ---- the log ---- */

static bool open_log(Launch *l, GError **error)
{
    g_autofree char *path = files_log(l->name);

    l->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (l->log < 0)
        return fail_errno(error, errno, "cannot open '%s'", path);
    return true;
}

static void log_command_line(Launch *l)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%F %T");
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "%s+0000: starting\n", time);
    for (guint i = 0; i < l->args->argv->len && l->args->argv->pdata[i]; i++)
        g_string_append_printf(text, "%s%s", i ? " \\\n" : "", (char *) l->args->argv->pdata[i]);
    g_string_append_c(text, '\n');
    (void) file_write_all(l->log, text->str, text->len);
    l->log_start = lseek(l->log, 0, SEEK_END);
}

static void close_log(Launch *l) { fd_close(g_steal_fd(&l->log)); }

/* ---- before the process ---- */

static bool check_state(Launch *l, GError **error)
{
    g_autoptr(View) view = machine_view(l->vm);

    if (l->vm->gone)
        return fail(error, ERR_NO_DOMAIN, "domain '%s' has been removed", l->name);
    if (!view_check_off(view, error))
        return false;
    l->kept = view->saved;
    return geteuid() != 0 || qemu_user.given || settings_find_user(error);
}

static bool prepare_definition(Launch *l, GError **)
{
    l->live = domain_copy(l->config);
    l->live->id = optional(machine_next_id());
    return true;
}

static void drop_definition(Launch *l) { g_clear_pointer(&l->live, domain_free); }

static bool find_capabilities(Launch *l, GError **error)
{
    l->caps = caps_of(l->live->emulator, error);
    return l->caps != NULL;
}

static bool find_firmware(Launch *l, GError **error)
{
    return firmware_fill(l->live, caps_machine(l->caps, l->live->os.machine)->name, NULL, error);
}

static void drop_capabilities(Launch *l) { g_clear_pointer(&l->caps, caps_unref); }

static char *monitor_path(const char *directory)
{
    return g_build_filename(directory, "monitor.sock", NULL);
}

static bool make_directory(Launch *l, GError **error)
{
    g_autofree char *directory = files_directory(l->vm);

    if (!files_make(directory, error))
        return false;
    if (qemu_user.given && chown(directory, qemu_user.uid, qemu_user.gid) < 0)
        return fail_errno(error, errno, "cannot give '%s' to QEMU's user", directory);
    g_free(l->vm->directory);
    l->vm->directory = g_steal_pointer(&directory);
    return true;
}

static void remove_directory(Launch *l)
{
    files_remove(l->vm->directory);
    g_clear_pointer(&l->vm->directory, g_free);
}

/* From here on a daemon that finds the state file knows of the run. */
static bool publish_starting(Launch *l, GError **error)
{
    View *view = machine_edit(l->vm);

    view->state = VIR_DOMAIN_PAUSED;
    view->reason = VIR_DOMAIN_PAUSED_STARTING_UP;
    view->id = l->live->id.value;
    view->balloon = l->live->memory;
    view->updated = false;
    view_set_live(view, domain_copy(l->live));
    view->begun = ++view->run;
    l->vm->started = 0;
    g_atomic_int_set(&l->vm->stop_reason, 0);
    l->vm->is_shut_down = false;
    return machine_publish(l->vm, view, error);
}

static void publish_stopped(Launch *l) { exit_publish(l->vm, VIR_DOMAIN_SHUTOFF_FAILED); }

static bool publish_live(Launch *l, GError **error)
{
    View *view = machine_edit(l->vm);

    view_set_live(view, domain_copy(l->live));
    return machine_publish(l->vm, view, error);
}

/* Their names are on disk before a process has them: a macvtap would outlive us. */
static bool plug_in(Launch *l, GError **error)
{
    if (!list_length(l->live->interfaces))
        return true;
    l->ends = ifaces_open(l->live, error);
    if (!l->ends)
        return false;
    if (publish_live(l, error))
        return true;
    ifaces_close(l->live);
    return false;
}

static void unplug(Launch *l)
{
    g_clear_pointer(&l->ends, g_ptr_array_unref);
    ifaces_close(l->live);
}

/* noded notes by itself who has what; which of several devices it is is noted here. */
static bool take_devices(Launch *l, GError **error)
{
    if (!hostdevs_open(l->live, &l->usb, error))
        return false;
    if (!list_length(l->live->hostdevs) || publish_live(l, error))
        return true;
    hostdevs_release(l->live);
    devices_close(l->live);
    return false;
}

static void give_devices_back(Launch *l)
{
    g_clear_pointer(&l->usb, g_array_unref);
    hostdevs_release(l->live);
    devices_close(l->live);
}

static bool open_pid_file(Launch *l, GError **error)
{
    l->pid_file = files_open_pid(l->vm->directory, error);
    return l->pid_file >= 0;
}

static void close_pid_file(Launch *l) { fd_close(g_steal_fd(&l->pid_file)); }

static bool listen_for_monitor(Launch *l, GError **error)
{
    g_autofree char *path = monitor_path(l->vm->directory);
    int fd;

    l->listener = unix_listen(path, SOCK_STREAM, 0600, error);
    if (l->listener < 0)
        return false;
    fd = unix_connect(path, SOCK_STREAM, error);
    if (fd < 0)
        return false;
    l->monitor = monitor_open(l->vm, fd);
    return true;
}

static void close_monitor(Launch *l)
{
    if (l->listener >= 0)
        fd_close(g_steal_fd(&l->listener));
    qmp_close(l->monitor);
    g_clear_pointer(&l->monitor, qmp_unref);
}

static bool build_command_line(Launch *l, GError **error)
{
    l->args = args_new();
    l->args->caps = l->caps;
    l->args->ends = l->ends;
    l->args->usb = l->usb;
    l->args->directory = l->vm->directory;
    l->args->monitor = l->listener;
    l->args->uid = qemu_user.given ? qemu_user.uid : geteuid();
    l->args->gid = qemu_user.given ? qemu_user.gid : getegid();
    l->args->sandbox = settings.sandbox;
    l->args->vnc_listen = settings.vnc_listen;
    l->args->incoming = l->from != NULL;
    l->args->reset_nvram = l->flags & VIR_DOMAIN_START_RESET_NVRAM;
    return argv_build(l->args, l->live, error);
}

static void drop_command_line(Launch *l)
{
    args_undo(l->args);
    g_clear_pointer(&l->args, args_free);
}

/* ---- the process ---- */

/* The same descriptors, which this array does not close. */
static GArray *kept_by_qemu(const Launch *l)
{
    GArray *keep = g_array_new(FALSE, FALSE, sizeof(int));

    g_array_append_vals(keep, l->args->fds->data, l->args->fds->len);
    return g_array_append_val(keep, l->listener);
}

static bool run_qemu(Launch *l, GError **error)
{
    g_autoptr(GArray) keep = kept_by_qemu(l);
    const Spawn what = {
        .argv = (const char *const *) l->args->argv->pdata,
        .in = -1,
        .out = l->log,
        .err = l->log,
        .environment = (const char *const *) l->args->environment->pdata,
        .keep = (const int *) (void *) keep->data,
        .kept = keep->len,
        .as_user = qemu_user.given,
        .uid = qemu_user.uid,
        .gid = qemu_user.gid,
        .groups = qemu_user.groups,
        .group_count = qemu_user.group_count,
        .locked = hostdevs_locked_memory(l->live),
        .directory = l->vm->directory,
        .pid_file = l->pid_file,
    };

    log_command_line(l);
    l->pid = spawn(&what, &l->pidfd, error);
    if (l->pid < 0)
        return false;
    machine_log(l->vm, G_LOG_LEVEL_DEBUG, "QEMU is process %d", l->pid);
    g_array_set_size(l->args->fds, 0); /* what is QEMU's now is not kept open here */
    fd_close(g_steal_fd(&l->listener));
    return true;
}

static void end_qemu(Launch *l)
{
    (void) pidfd_send_signal(l->pidfd, SIGKILL, NULL, 0);
    (void) process_wait(l->pidfd, 10000);
    (void) waitpid(l->pid, NULL, 0);
    fd_close(g_steal_fd(&l->pidfd));
}

static bool publish_pid(Launch *l, GError **error)
{
    View *view = machine_edit(l->vm);

    view->pid = l->pid;
    l->vm->started = process_start(l->pid);
    machine_set_process(l->vm, l->monitor, l->pidfd);
    return machine_publish(l->vm, view, error);
}

/* What goes on without us does not belong to our unit; that it cannot leave it does no harm now. */
static bool leave_service(Launch *l, GError **)
{
    char uuid[UUID_TEXT];
    g_autofree char *unit =
        g_strdup_printf("ostler-qemu-%s-%d.scope", uuid_print(&l->vm->object.uuid, uuid), l->pid);
    g_autofree char *description = g_strdup_printf("Guest %s", l->name);
    const Scope scope = { unit, "machine.slice", description, l->pid };
    g_autoptr(GError) error = NULL;

    if (sd_booted() > 0 && !scope_begin(&scope, &error))
        machine_log(l->vm, G_LOG_LEVEL_WARNING, "its process stays in our unit: %s",
                    error->message);
    return true;
}

static void forget_process(Launch *l) { machine_set_process(l->vm, NULL, -1); }

/* Why a QEMU that has closed its monitor did so is in its log. */
static void explain(Launch *l, GError **error)
{
    bool ended =
        g_error_matches(*error, ERR_DOMAIN, ERR_OPERATION_FAILED) && process_wait(l->pidfd, 1000);
    g_autofree char *tail = ended ? files_log_tail(l->name, l->log_start) : NULL;

    if (!tail || !*tail)
        return;
    g_clear_error(error);
    fail(error, ERR_INTERNAL, "QEMU ended while it was starting: %s", tail);
}

/* Gives the step's result back, with the reason from the log when QEMU has ended in it. */
static bool explained(Launch *l, bool done, GError **error)
{
    if (!done)
        explain(l, error);
    return done;
}

static bool learn(Launch *l, GError **error)
{
    return explained(l, monitor_learn(l->monitor, l->live, error), error);
}

static bool load_state(Launch *l, GError **error)
{
    return !l->from || explained(l, restore_load(l->vm, l->from, l->monitor, error), error);
}

static bool set_up(Launch *l, GError **error)
{
    return explained(l, monitor_begin(l->monitor, l->live, error), error);
}

/* It has all that it needs, so a daemon that comes after us lets it go on: the reason says whether
 * it is to run. */
static bool publish_ready(Launch *l, GError **error)
{
    View *view = machine_edit(l->vm);

    view->reason = l->paused ? VIR_DOMAIN_PAUSED_MIGRATION : VIR_DOMAIN_PAUSED_SAVE;
    view_set_live(view, domain_copy(l->live));
    return machine_publish(l->vm, view, error);
}

/* Whatever the guest goes on from: it will alter its disks, so what is kept must not be found by a
 * later start, wherever we are killed. */
static bool put_state_aside(Launch *l, GError **error)
{
    return !l->kept || (publish_ready(l, error) && restore_put_aside(l->vm, error));
}

static void publish_and_forget(Launch *l, View *view)
{
    view->saved = false;
    machine_publish_anyway(l->vm, view);
    restore_forget(l->vm);
}

static void put_state_back(Launch *l)
{
    if (l->kept && l->ran)
        publish_and_forget(l, machine_edit(l->vm));
    else if (l->kept)
        restore_put_back(l->vm);
}

/* Without an answer it may have run. */
static bool let_run(Launch *l, GError **error)
{
    g_autoptr(Json) answer = NULL;

    if (l->paused)
        return true;
    answer = qmp_call(l->monitor, "cont", NULL, error);
    l->ran = answer || !g_error_matches(*error, ERR_DOMAIN, ERR_INTERNAL);
    return explained(l, answer != NULL, error);
}

/* A guest that goes on has its balloon as it was, and nothing tells of it. */
static uint64_t memory_now(const Launch *l)
{
    g_autoptr(Json) answer = l->from ? qmp_call(l->monitor, "query-balloon", NULL, NULL) : NULL;

    return json_number(answer, "actual", l->live->memory * 1024) / 1024;
}

static bool publish_running(Launch *l, GError **error)
{
    static const int reasons[2][2] = {
        { VIR_DOMAIN_RUNNING_BOOTED, VIR_DOMAIN_RUNNING_RESTORED },
        { VIR_DOMAIN_PAUSED_USER, VIR_DOMAIN_PAUSED_MIGRATION },
    };
    View *view = machine_edit(l->vm);

    view->state = l->paused ? VIR_DOMAIN_PAUSED : VIR_DOMAIN_RUNNING;
    view->reason = reasons[l->paused][l->from != NULL];
    view->balloon = memory_now(l);
    view_set_live(view, g_steal_pointer(&l->live));
    if (!l->kept)
        return machine_publish(l->vm, view, error);
    publish_and_forget(l, view); /* there is nothing to go back to */
    return true;
}

STEPS(Launch)

static const Step steps[] = {
    { "see whether it may", check_state, NULL },
    { "prepare its definition", prepare_definition, drop_definition },
    { "find out what its QEMU can do", find_capabilities, drop_capabilities },
    { "find its firmware", find_firmware, NULL },
    { "open its log", open_log, close_log },
    { "make its runtime directory", make_directory, remove_directory },
    { "note that it starts", publish_starting, publish_stopped },
    { "plug in its interfaces", plug_in, unplug },
    { "take its devices of the host", take_devices, give_devices_back },
    { "make its pid file", open_pid_file, close_pid_file },
    { "listen for its monitor", listen_for_monitor, close_monitor },
    { "build its command line", build_command_line, drop_command_line },
    { "run QEMU", run_qemu, end_qemu },
    { "note its process", publish_pid, forget_process },
    { "give it a scope", leave_service, NULL },
    { "learn from QEMU", learn, NULL },
    { "give it its state", load_state, NULL },
    { "set it up", set_up, NULL },
    { "put its saved state aside", put_state_aside, put_state_back },
    { "let it run", let_run, NULL },
    { "note that it runs", publish_running, NULL },
};

static void launch_clear(Launch *l)
{
    drop_definition(l);
    drop_capabilities(l);
    g_clear_pointer(&l->args, args_free);
    g_clear_pointer(&l->ends, g_ptr_array_unref);
    g_clear_pointer(&l->usb, g_array_unref);
    g_clear_pointer(&l->monitor, qmp_unref);
    g_clear_pointer(&l->name, g_free);
    if (l->listener >= 0)
        fd_close(l->listener);
    if (l->log >= 0)
        close_log(l);
    if (l->pid_file >= 0)
        close_pid_file(l);
    if (l->pidfd >= 0)
        fd_close(l->pidfd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Launch, launch_clear)

static void tell_restored(const Launch *l)
{
    machine_tell(l->vm, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_RESTORED);
    if (!l->paused)
        machine_tell(l->vm, VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT);
    else
        machine_tell(l->vm, VIR_DOMAIN_EVENT_SUSPENDED,
                     l->flags & VIR_DOMAIN_START_PAUSED ? VIR_DOMAIN_EVENT_SUSPENDED_PAUSED
                                                        : VIR_DOMAIN_EVENT_SUSPENDED_RESTORED);
}

static void tell_booted(const Launch *l)
{
    if (!l->paused)
        machine_tell(l->vm, VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED);
    machine_tell(l->vm, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED);
    if (l->paused)
        machine_tell(l->vm, VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
}

bool start_machine(Machine *vm, const Domain *config, unsigned flags, const GArray *,
                   GError **error)
{
    return start_restored(vm, config, NULL, flags, error);
}

bool start_restored(Machine *vm, const Domain *config, const Restore *from, unsigned flags,
                    GError **error)
{
    g_auto(Launch) l = { .vm = vm,
                         .config = config,
                         .flags = flags,
                         .from = from,
                         .paused = from ? from->paused : flags & VIR_DOMAIN_START_PAUSED,
                         .log = -1,
                         .listener = -1,
                         .pid_file = -1,
                         .pidfd = -1,
                         .name = object_name(&vm->object) };
    const char *failed;

    failed = steps_run(steps, G_N_ELEMENTS(steps), &l, error);
    if (failed) {
        machine_log(vm, G_LOG_LEVEL_DEBUG, "cannot %s", failed);
        return false;
    }
    exit_watch(vm, g_steal_fd(&l.pidfd));
    machine_log(vm, G_LOG_LEVEL_INFO, "started, as process %d", l.pid);
    if (from)
        tell_restored(&l);
    else
        tell_booted(&l);
    return true;
}

/* ---- after a restart of the daemon ---- */

/* QEMU goes on; what it tells now is what is true. */
bool start_adopt(Machine *vm, const View *view, int pidfd, GError **error)
{
    g_autofree char *path = monitor_path(vm->directory);
    g_autoptr(Qmp) monitor = monitor_reopen(vm, path, pidfd, view->live->domain->memory, error);
    g_autoptr(Domain) live = domain_copy(view->live->domain);
    g_autoptr(View) next = machine_edit(vm);
    bool ended = false;
    int state, reason;

    if (!monitor || !save_recover(vm, next, monitor, pidfd, &ended, error))
        return false;
    if (ended)
        return true;
    if (!monitor_state(monitor, &state, &reason, error) || !monitor_learn(monitor, live, error))
        return false;
    if (state != next->state) {
        next->state = state;
        next->reason = reason;
    }
    view_set_live(next, g_steal_pointer(&live));
    machine_set_process(vm, monitor, pidfd);
    devices_keep(view->live->domain, NULL); /* we may have been killed while one was plugged in */
    if (!machine_publish(vm, g_steal_pointer(&next), error))
        return false;
    devices_recover(vm, monitor);
    return true;
}
