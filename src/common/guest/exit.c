/* exit.c - what happens when a guest ends, whoever ended it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/exit.h"

#include "base/file.h"
#include "guest/files.h"
#include "guest/hypervisor.h"
#include "guest/iface-link.h"
#include "loop/spawn.h"
#include "rpc/event.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

/* Long enough for what a guest's process has to write; QEMU 7.2 may then wait for its own monitor
 * for ever, when it is asked to end just after a command. */
enum { FIRST_LOOK_MS = 200, ASKED_MS = 1000, GRACE_MS = 15000, KILLED_MS = 10000 };

/* ---- making it end ---- */

static pid_t pid_of(int pidfd)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fdinfo/%d", pidfd);
    g_autofree char *text = file_read(path, 4096, NULL);
    const char *line = text ? strstr(text, "\nPid:") : NULL;

    return line ? atoi(line + strlen("\nPid:")) : -1;
}

static bool is_stopped(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *text = file_read(path, 4096, NULL);
    const char *name_end = text ? strrchr(text, ')') : NULL;

    return name_end && strchr("Tt", name_end[2]) && name_end[2];
}

/* What was sent a stop just before may still have looked as if it listened. */
static bool ends(int pidfd, pid_t pid, unsigned milliseconds)
{
    return process_wait(pidfd, FIRST_LOOK_MS) ||
           (!is_stopped(pid) && process_wait(pidfd, milliseconds - FIRST_LOOK_MS));
}

bool exit_kill(int pidfd, bool gracefully, GError **error)
{
    pid_t pid = pid_of(pidfd);
    bool deaf = is_stopped(pid);

    if (deaf && gracefully)
        return fail(error, ERR_OPERATION_FAILED, "process %d is stopped and cannot end gracefully",
                    pid);
    if (!deaf && pidfd_send_signal(pidfd, SIGTERM, NULL, 0) < 0 && errno != ESRCH)
        return fail_errno(error, errno, "cannot end process %d", pid);
    if (!deaf && ends(pidfd, pid, gracefully ? GRACE_MS : ASKED_MS))
        return true;
    if (gracefully)
        return fail(error, ERR_OPERATION_FAILED, "process %d did not end within %d seconds", pid,
                    GRACE_MS / 1000);
    (void) pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    if (process_wait(pidfd, KILLED_MS))
        return true;
    return fail(error, ERR_OPERATION_FAILED,
                "process %d cannot be ended: the kernel is waiting for its input or output", pid);
}

/* ---- publishing ---- */

static void set_off(View *view, int reason)
{
    view->state = VIR_DOMAIN_SHUTOFF;
    view->reason = reason;
    view->id = -1;
    view->pid = 0;
    view->init = 0;
    view->init_started = 0;
    view->balloon = 0;
    view->updated = false;
    view->run++;
    view_set_live(view, NULL);
}

void exit_publish(Machine *vm, int reason)
{
    g_autoptr(View) now = machine_view(vm);
    g_autoptr(GError) error = NULL;
    g_autofree char *name = object_name(&vm->object);
    View *view;

    if (!now->config)
        machine_remove(vm);
    view = machine_edit(vm);
    set_off(view, reason);
    if (now->config) {
        machine_publish_anyway(vm, view);
        return;
    }
    if (!store_drop_state(&machine_store, name, &error))
        machine_log(vm, G_LOG_LEVEL_WARNING, "%s", error->message);
    object_swap_view(&vm->object, view);
}

/* ---- after the end ---- */

/* How the end is told: the reason of the state, the detail of the event. */
typedef struct Ending {
    int reason, detail;
    const char *text;
} Ending;

static Ending ending_of(const Machine *vm)
{
    static const Ending endings[] = {
        [VIR_DOMAIN_SHUTOFF_UNKNOWN] = { VIR_DOMAIN_SHUTOFF_CRASHED,
                                         VIR_DOMAIN_EVENT_STOPPED_FAILED, "has ended by itself" },
        [VIR_DOMAIN_SHUTOFF_SHUTDOWN] = { VIR_DOMAIN_SHUTOFF_SHUTDOWN,
                                          VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN, "shut down" },
        [VIR_DOMAIN_SHUTOFF_DESTROYED] = { VIR_DOMAIN_SHUTOFF_DESTROYED,
                                           VIR_DOMAIN_EVENT_STOPPED_DESTROYED, "destroyed" },
        [VIR_DOMAIN_SHUTOFF_CRASHED] = { VIR_DOMAIN_SHUTOFF_CRASHED,
                                         VIR_DOMAIN_EVENT_STOPPED_CRASHED, "crashed" },
        [VIR_DOMAIN_SHUTOFF_SAVED] = { VIR_DOMAIN_SHUTOFF_SAVED, VIR_DOMAIN_EVENT_STOPPED_SAVED,
                                       "saved" },
    };

    int announced = g_atomic_int_get(&vm->stop_reason);

    if (announced)
        return endings[announced];
    return endings[vm->is_shut_down ? VIR_DOMAIN_SHUTOFF_SHUTDOWN : VIR_DOMAIN_SHUTOFF_UNKNOWN];
}

/* Unless a start that came to nothing has done it. */
static void publish_end(Machine *vm, int reason)
{
    g_autoptr(View) view = machine_view(vm);

    if (view_is_active(view))
        exit_publish(vm, reason);
}

/* The guest has asked for it: to clients it has never been off. */
static bool start_again(Machine *vm, const View *ended)
{
    g_autofree char *name = object_name(&vm->object);
    g_autoptr(GError) error = NULL;
    remote_domain_event_callback_reboot_msg message = {};

    if (!hypervisor.start(vm, ended->live->domain, START_AGAIN, NULL, &error)) {
        machine_log(vm, G_LOG_LEVEL_WARNING, "cannot be started again: %s", error->message);
        return false;
    }
    message.msg.dom = event_domain(&vm->object, name, object_id(&vm->object));
    emit_domain_event_callback_reboot(&vm->object, &message);
    return true;
}

void exit_finish(Machine *vm, unsigned run)
{
    g_autoptr(View) view = machine_view(vm);
    g_autofree char *directory = NULL;
    void *control;
    Ending ending;

    if (view->run != run || !view_is_active(view))
        return;
    (void) waitpid(view->pid, NULL, WNOHANG);
    control = machine_control(vm, NULL);
    machine_set_process(vm, NULL, -1);
    if (hypervisor.note_end)
        hypervisor.note_end(vm, view);
    hypervisor.clean(
        &(Ended){ view->live->domain, vm->directory, view->init, view->init_started, control });
    if (control)
        hypervisor.drop(control);
    ending = ending_of(vm);
    directory = g_steal_pointer(&vm->directory);
    files_remove(directory);
    ifaces_close(view->live->domain); /* who hears of the end finds its networks unused */
    if (vm->starts_again && start_again(vm, view))
        return;
    publish_end(vm, ending.reason);
    machine_log(vm, G_LOG_LEVEL_INFO, "%s", ending.text);
    machine_tell(vm, VIR_DOMAIN_EVENT_STOPPED, ending.detail);
}

typedef struct Exit {
    Machine *vm;
    unsigned run;
    int pidfd;
    Watch *watch;
} Exit;

static void finish(void *data)
{
    g_autofree Exit *exit = data;

    exit_finish(exit->vm, exit->run);
    machine_unref(exit->vm);
}

static void process_ended(uint32_t, void *data)
{
    Exit *exit = data;

    watch_end(exit->watch);
    fd_close(exit->pidfd);
    strand_do(exit->vm->object.strand, MODE_CHANGE, "the end of the guest", finish, exit);
}

static void watch(void *data)
{
    Exit *exit = data;

    exit->watch = watch_new(exit->pidfd, EPOLLIN, process_ended, exit);
}

void exit_watch(Machine *vm, int pidfd)
{
    Exit *exit = g_new0(Exit, 1);
    g_autoptr(View) view = machine_view(vm);

    *exit = (Exit){ machine_ref(vm), view->run, pidfd, NULL };
    loop_hop(watch, exit);
}
