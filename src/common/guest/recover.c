/* recover.c - find running guests again after a restart of the daemon
 *
 * Each guest is published as its state file says, then its process is looked for: it may run,
 * have ended meanwhile, or have been about to start when the daemon was killed. A start that was
 * not finished is undone. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/recover.h"

#include "base/file.h"
#include "daemon/daemon.h"
#include "guest/exit.h"
#include "loop/spawn.h"
#include "guest/hypervisor.h"
#include "guest/ops.h"
#include "guest/state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- loading ---- */

static bool check_file_name(const char *file, const Domain *domain, GError **error)
{
    return g_str_equal(file, domain->name) ||
           fail(error, ERR_XML, "the file is of domain '%s'", domain->name);
}

static bool take_definition(const char *name, const char *text, void *, GError **error)
{
    g_autoptr(Domain) domain = domain_parse(text, 0, NULL, error);
    g_autoptr(Machine) vm = NULL;
    g_autoptr(Object) other = NULL;
    View *view;

    if (!domain || !check_file_name(name, domain, error))
        return false;
    vm = machine_new(&domain->uuid, domain->name);
    view = machine_edit(vm);
    view->autostart = store_autostart(&machine_store, name);
    view_set_config(view, g_steal_pointer(&domain));
    object_swap_view(&vm->object, view);
    other = registry_add(machines, &vm->object);
    return !other || fail(error, ERR_XML, "its uuid is that of domain '%s'", other->name);
}

/* A state of the guest that its definition is of, or of a transient one. */
static Machine *machine_of_state(const State *state, GError **error)
{
    g_autoptr(Machine) vm = machine_new(&state->live->uuid, state->live->name);
    Machine *other = (Machine *) registry_add(machines, &vm->object);

    if (!other)
        return g_steal_pointer(&vm);
    if (uuid_equal(&other->object.uuid, &state->live->uuid) &&
        g_str_equal(other->object.name, state->live->name))
        return other;
    fail(error, ERR_XML, "its name or uuid is that of domain '%s'", other->object.name);
    machine_unref(other);
    return NULL;
}

static void recover_one(void *data);

static bool take_state(const char *name, const char *text, void *, GError **error)
{
    g_autoptr(State) state = state_parse(text, error);
    g_autoptr(Machine) vm = NULL;
    View *view;

    if (!state || !check_file_name(name, state->live, error))
        return false;
    vm = machine_of_state(state, error);
    if (!vm)
        return false;
    view = machine_edit(vm);
    view->state = state->state;
    view->reason = state->reason;
    view->id = state->id;
    view->pid = state->pid;
    view->init = state->init;
    view->init_started = state->init_started;
    view->balloon = state->balloon;
    view->updated = state->updated;
    view_set_live(view, g_steal_pointer(&state->live));
    vm->directory = g_steal_pointer(&state->directory);
    vm->destroy_with_client = state->destroy_with_client;
    vm->started = state->started;
    machine_used_id(view->id);
    (void) registry_set_id(machines, &vm->object, view->id);
    object_swap_view(&vm->object, view);
    strand_do(vm->object.strand, MODE_JOB, "the recovery after a restart", recover_one,
              machine_ref(vm));
    return true;
}

bool recover_all(GError **error)
{
    machines = registry_new();
    machine_store = (Store){
        .definitions = daemon_path("etc/ostler/%s", hypervisor.folder),
        .autostart = daemon_path("etc/ostler/%s/autostart", hypervisor.folder),
        .states = daemon_path("run/ostler/%s/state", hypervisor.folder),
    };
    if (!store_open(&machine_store, error))
        return false;
    store_load(machine_store.definitions, take_definition, NULL);
    store_load(machine_store.states, take_state, NULL);
    return true;
}

/* ---- looking for the process ---- */

/* The pid that a child noted before it became the guest's process; 0 when there was none. */
static pid_t noted_pid(const Machine *vm)
{
    g_autofree char *path = g_build_filename(vm->directory, "pid", NULL);
    g_autofree char *text = file_read(path, 64, NULL);

    return text ? atoi(text) : 0;
}

/* Whether it is the process of this run: it has the run's directory as its own. */
static bool is_ours(const Machine *vm, pid_t pid)
{
    g_autofree char *link = g_strdup_printf("/proc/%d/cwd", pid);
    struct stat its, ours;

    return stat(link, &its) == 0 && stat(vm->directory, &ours) == 0 && its.st_ino == ours.st_ino &&
           its.st_dev == ours.st_dev;
}

/* A pidfd of the guest's process, -1 when it has ended. */
static int find_process(const Machine *vm, pid_t *pid)
{
    g_auto(Fd) fd = -1;

    if (*pid == 0)
        *pid = noted_pid(vm);
    fd = *pid > 0 ? process_open(*pid, vm->started) : -1;
    return fd >= 0 && is_ours(vm, *pid) ? g_steal_fd(&fd) : -1;
}

static bool is_unfinished(const View *view)
{
    return view->state == VIR_DOMAIN_PAUSED && view->reason == VIR_DOMAIN_PAUSED_STARTING_UP;
}

static void undo_start(Machine *vm, const View *view, pid_t pid, int pidfd)
{
    g_autoptr(GError) error = NULL;

    if (pidfd >= 0 && !exit_kill(pidfd, pid, false, &error))
        machine_log(vm, G_LOG_LEVEL_WARNING, "%s", error->message);
    g_atomic_int_set(&vm->stop_reason, VIR_DOMAIN_SHUTOFF_DESTROYED);
    exit_finish(vm, view->run);
    machine_log(vm, G_LOG_LEVEL_WARNING, "its start was not finished and has been undone");
}

static void recover_one(void *data)
{
    g_autoptr(Machine) vm = data;
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(GError) error = NULL;
    pid_t pid = view->pid;
    g_auto(Fd) pidfd = find_process(vm, &pid);

    if (is_unfinished(view)) {
        undo_start(vm, view, pid, pidfd);
    } else if (pidfd < 0) {
        exit_finish(vm, view->run);
    } else if (hypervisor.adopt(vm, view, pidfd, &error)) {
        exit_watch(vm, g_steal_fd(&pidfd));
        machine_log(vm, G_LOG_LEVEL_INFO, "found running, as process %d", pid);
    } else {
        machine_log(vm, G_LOG_LEVEL_WARNING, "runs, but does not answer: %s", error->message);
        machine_set_process(vm, NULL, pidfd);
        exit_watch(vm, g_steal_fd(&pidfd));
    }
}

/* ---- autostart ---- */

static void autostart(void *data)
{
    g_autoptr(Machine) vm = data;
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(GError) error = NULL;

    if (view->config && !view_is_active(view) &&
        !hypervisor.start(vm, view->config->domain, 0, &error))
        machine_log(vm, G_LOG_LEVEL_WARNING, "cannot be started with the host: %s", error->message);
}

void recover_autostart(void)
{
    g_autofree char *mark = daemon_path("run/ostler/%s/autostarted", hypervisor.folder);
    g_autoptr(GPtrArray) marked = NULL;
    g_auto(Fd) first = -1;

    if (!*hypervisor.autostart)
        return;
    first = open(mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (first < 0)
        return;
    marked = ops_list(VIR_CONNECT_LIST_DOMAINS_AUTOSTART | VIR_CONNECT_LIST_DOMAINS_INACTIVE);
    for (guint i = 0; i < marked->len; i++) {
        Machine *vm = machine_ref(marked->pdata[i]);

        strand_do(vm->object.strand, MODE_JOB, "the start with the host", autostart, vm);
    }
}
