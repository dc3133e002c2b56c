/* recover.c - find running guests again after a restart of the daemon
 *
 * A start that was not finished is undone before anybody can ask. Each other guest is published as
 * its state file says, then its process is asked: it may run, or have ended meanwhile. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/recover.h"

#include "daemon/daemon.h"
#include "guest/define.h"
#include "guest/device-link.h"
#include "guest/exit.h"
#include "guest/files.h"
#include "guest/hypervisor.h"
#include "guest/iface-link.h"
#include "guest/ops.h"
#include "guest/state.h"
#include "loop/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

enum { KILLED_MS = 10000 };

/* ---- loading ---- */

static bool check_file_name(const char *file, const Domain *domain, GError **error)
{
    return g_str_equal(file, domain->name) ||
           fail(error, ERR_XML, "the file is of domain '%s'", domain->name);
}

/* A saved state that a guest has gone on from is of no use: the guest's disks have changed. */
static bool find_saved(const char *name)
{
    g_autofree char *saved = files_saved(name), *restored = files_restored(name);

    (void) unlink(restored);
    return hypervisor.start_saved && access(saved, F_OK) == 0;
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
    view->saved = find_saved(name);
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

typedef struct Recovery {
    Machine *vm;
    pid_t pid;
    int pidfd; /* -1: its process has ended */
} Recovery;

static void recover_one(void *data);

/* Its process is known at once, so that it can be ended even if it does not answer. */
static void begin(Machine *vm, pid_t pid)
{
    Recovery *r = g_new0(Recovery, 1);

    *r = (Recovery){ machine_ref(vm), pid, -1 };
    r->pidfd = files_process(vm->directory, vm->started, &r->pid);
    machine_set_process(vm, NULL, r->pidfd);
    strand_do(vm->object.strand, MODE_JOB, "the recovery after a restart", recover_one, r);
}

static bool is_unfinished(const State *state)
{
    return state->state == VIR_DOMAIN_PAUSED && state->reason == VIR_DOMAIN_PAUSED_STARTING_UP;
}

typedef struct Undo {
    Machine *vm;
    Domain *live;
} Undo;

/* Whoever starts the guest, or makes one of its name, waits for this. */
static void give_back(void *data)
{
    g_autofree Undo *undo = data;
    g_autoptr(Machine) vm = undo->vm;
    g_autoptr(Domain) live = undo->live;
    g_autoptr(GError) error = NULL;

    devices_close(live);
    ifaces_close(live);
    if (!store_drop_state(&machine_store, live->name, &error))
        g_warning("%s", error->message);
    define_undo(vm);
}

/* Nobody has been told of the run, and its guest has done nothing yet. What it had of other daemons
 * is given back in its time; until then the state stays, for a daemon that comes after us. */
static void undo_start(Machine *vm, const State *state)
{
    pid_t pid = state->pid;
    g_auto(Fd) process = files_process(state->directory, state->started, &pid);
    Undo *undo = g_new(Undo, 1);

    if (process >= 0) {
        (void) pidfd_send_signal(process, SIGKILL, NULL, 0);
        (void) process_wait(process, KILLED_MS);
    }
    hypervisor.clean(&(Ended){ state->live, state->directory, state->init, state->init_started });
    files_remove(state->directory);
    *undo = (Undo){ machine_ref(vm), domain_copy(state->live) };
    strand_do(vm->object.strand, MODE_CHANGE, "the end of an unfinished start", give_back, undo);
    g_warning("%s: its start was not finished and has been undone", state->live->name);
}

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
    if (is_unfinished(state)) {
        undo_start(vm, state);
        return true;
    }
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
    vm->saving = g_steal_pointer(&state->saving);
    vm->destroy_with_client = state->destroy_with_client;
    vm->started = state->started;
    machine_used_id(view->id);
    (void) registry_set_id(machines, &vm->object, view->id);
    object_swap_view(&vm->object, view);
    begin(vm, view->pid);
    return true;
}

/* A directory that was made just before we were killed, and that no state speaks of. */
static void remove_strays(void)
{
    g_autofree char *folder = daemon_path("run/ostler/%s/guest", hypervisor.folder);
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    const char *name;

    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *directory = g_build_filename(folder, name, NULL);
        g_autoptr(Object) vm = registry_find_name(machines, name);
        g_autoptr(View) view = vm ? object_view(vm) : NULL;
        pid_t pid = 0;
        g_auto(Fd) process = files_process(directory, 0, &pid);

        if ((view && view_is_active(view)) || process >= 0)
            continue;
        hypervisor.clean(&(Ended){ .directory = directory });
        files_remove(directory);
    }
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
    remove_strays();
    return true;
}

/* ---- going on with the process ---- */

static void recover_one(void *data)
{
    g_autofree Recovery *r = data;
    g_autoptr(Machine) vm = r->vm;
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(GError) error = NULL;
    g_auto(Fd) pidfd = r->pidfd;

    if (pidfd < 0) {
        exit_finish(vm, view->run);
    } else {
        if (hypervisor.adopt(vm, view, pidfd, &error))
            machine_log(vm, G_LOG_LEVEL_INFO, "found running, as process %d", r->pid);
        else
            machine_log(vm, G_LOG_LEVEL_WARNING, "runs, but does not answer: %s", error->message);
        exit_watch(vm, g_steal_fd(&pidfd));
    }
}

/* ---- autostart ---- */

static void autostart(void *data)
{
    g_autoptr(Machine) vm = data;
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(GError) error = NULL;

    if (view->config && !view_is_active(view) && !ops_start(vm, 0, NULL, &error))
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
    marked = ops_list(NULL, VIR_CONNECT_LIST_DOMAINS_AUTOSTART | VIR_CONNECT_LIST_DOMAINS_INACTIVE);
    for (guint i = 0; i < marked->len; i++) {
        Machine *vm = machine_ref(marked->pdata[i]);

        strand_do(vm->object.strand, MODE_JOB, "the start with the host", autostart, vm);
    }
}
