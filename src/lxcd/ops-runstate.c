/* ops-runstate.c - shut down, reboot, suspend, resume, signals */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container.h"
#include "driver.h"
#include "freeze.h"
#include "guest/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

/* ---- asking init to go ---- */

/* What one writes into /dev/initctl: the request that init(8) has understood since System V. */
typedef struct InitRequest {
    int magic, command, runlevel, sleep;
    char data[368];
} InitRequest;

enum { INIT_MAGIC = 0x03091969, INIT_RUNLEVEL = 1 };

/* False, with nothing done, when nobody reads such requests. */
static bool ask_by_pipe(const Container *container, bool reboot)
{
    static const char *const paths[] = { "/run/initctl", "/dev/initctl", "/etc/.initctl" };
    InitRequest request = { INIT_MAGIC, INIT_RUNLEVEL, reboot ? '6' : '0', 0, {} };
    struct stat file;

    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_auto(Fd) fd = container_open(container, paths[i], O_WRONLY | O_NONBLOCK | O_NOFOLLOW);

        if (fd >= 0 && fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode) &&
            write(fd, &request, sizeof(request)) == sizeof(request))
            return true;
    }
    return false;
}

/* How init programs want to be told, by the name of theirs; the last row is for all others. */
static const struct {
    const char *name;
    int shutdown, reboot; /* -: from SIGRTMIN on */
} inits[] = {
    { "systemd", -4, -5 },
    { "init", SIGUSR2, SIGTERM }, /* busybox */
    { "linuxrc", SIGUSR2, SIGTERM },
    { NULL, SIGTERM, SIGHUP },
};

static bool is_busybox(pid_t pid)
{
    g_autofree char *link = g_strdup_printf("/proc/%d/exe", pid);
    g_autofree char *path = g_file_read_link(link, NULL);

    return path && g_str_has_suffix(path, "busybox");
}

static int signal_for(const Container *container, bool reboot)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/comm", container->pid);
    g_autofree char *name = NULL;
    size_t i = 0;
    int number;

    (void) g_file_get_contents(path, &name, NULL, NULL);
    g_strchomp(name ? name : (name = g_strdup("")));
    while (inits[i].name &&
           (!g_str_equal(name, inits[i].name) || (i > 0 && !is_busybox(container->pid))))
        i++;
    number = reboot ? inits[i].reboot : inits[i].shutdown;
    return number < 0 ? SIGRTMIN - number : number;
}

static bool ask_by_signal(const Container *container, bool reboot, GError **error)
{
    return pidfd_send_signal(container->init, signal_for(container, reboot), NULL, 0) == 0 ||
           fail_errno(error, errno, "cannot signal the container's init");
}

static bool go_down(Call *call, unsigned flags, bool reboot, GError **error)
{
    g_autoptr(Container) container = container_of(machine_of(call), error);
    bool either = flags == 0;

    if (!container ||
        !call_check_flags(call, flags, VIR_DOMAIN_SHUTDOWN_INITCTL | VIR_DOMAIN_SHUTDOWN_SIGNAL,
                          error))
        return false;
    if ((either || flags & VIR_DOMAIN_SHUTDOWN_INITCTL) && ask_by_pipe(container, reboot))
        return true;
    if (either || flags & VIR_DOMAIN_SHUTDOWN_SIGNAL)
        return ask_by_signal(container, reboot, error);
    return fail(error, ERR_OPERATION_UNSUPPORTED, "Container does not provide an initctl pipe");
}

bool lxc_domain_shutdown(Call *call, const remote_domain_shutdown_args *, none *, GError **error)
{
    return go_down(call, 0, false, error);
}

bool lxc_domain_shutdown_flags(Call *call, const remote_domain_shutdown_flags_args *in, none *,
                               GError **error)
{
    return go_down(call, in->flags, false, error);
}

bool lxc_domain_reboot(Call *call, const remote_domain_reboot_args *in, none *, GError **error)
{
    return go_down(call, in->flags, true, error);
}

/* ---- suspend and resume ---- */

static bool publish(Machine *vm, int state, int reason, GError **error)
{
    View *view = machine_edit(vm);

    view->state = state;
    view->reason = reason;
    return machine_publish(vm, view, error);
}

bool lxc_domain_suspend(Call *call, const remote_domain_suspend_args *, none *, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Container) container = container_of(vm, error);

    if (!container)
        return false;
    if (view->state == VIR_DOMAIN_PAUSED)
        return true;
    if (!freeze(container, true, error) ||
        !publish(vm, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, error))
        return false;
    machine_tell(vm, VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
    return true;
}

bool lxc_domain_resume(Call *call, const remote_domain_resume_args *, none *, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Container) container = container_of(vm, error);

    if (!container)
        return false;
    if (view->state == VIR_DOMAIN_RUNNING)
        return fail(error, ERR_OPERATION_INVALID, "domain '%s' is already running",
                    view->live->domain->name);
    if (!freeze(container, false, error) ||
        !publish(vm, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED, error))
        return false;
    machine_tell(vm, VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED);
    return true;
}

/* ---- signals ---- */

/* Of virDomainProcessSignal, which numbers them as Linux does up to 31, then from SIGRTMIN on. */
static int number_of(unsigned number)
{
    return number <= VIR_DOMAIN_PROCESS_SIGNAL_SYS
               ? (int) number
               : SIGRTMIN + (int) number - VIR_DOMAIN_PROCESS_SIGNAL_RT0;
}

bool lxc_domain_send_process_signal(Call *call, const remote_domain_send_process_signal_args *in,
                                    none *, GError **error)
{
    g_autoptr(Container) container = container_of(machine_of(call), error);

    if (!container || !call_check_flags(call, in->flags, 0, error))
        return false;
    if (in->signum > VIR_DOMAIN_PROCESS_SIGNAL_RT32)
        return fail(error, ERR_INVALID_ARG, "signum value %u is out of range", in->signum);
    if (in->pid_value != 1)
        return fail(error, ERR_ARGUMENT_UNSUPPORTED, "Only the init process may be killed");
    return pidfd_send_signal(container->init, number_of(in->signum), NULL, 0) == 0 ||
           fail_errno(error, errno, "cannot send signal %u to the container's init", in->signum);
}
