/* ops-runstate.c - start, stop, suspend, reboot */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "define.h"
#include "driver.h"
#include "exit.h"
#include "ops.h"
#include "qmp-events.h"
#include "rpc/client.h"
#include "start.h"

#include <string.h>
#include <unistd.h>

enum {
    START_FLAGS = VIR_DOMAIN_START_PAUSED | VIR_DOMAIN_START_AUTODESTROY |
                  VIR_DOMAIN_START_BYPASS_CACHE | VIR_DOMAIN_START_FORCE_BOOT |
                  VIR_DOMAIN_START_RESET_NVRAM,
};

/* ---- start ---- */

static void destroy_now(void *data)
{
    g_autoptr(Machine) vm = data;
    g_auto(Fd) process = machine_process(vm, NULL);

    g_atomic_int_set(&vm->stop_reason, VIR_DOMAIN_SHUTOFF_DESTROYED);
    if (process >= 0)
        (void) exit_kill(process, false, NULL);
}

/* In the loop: the client that wanted it has gone. */
static void client_gone(void *data)
{
    Machine *vm = data;

    strand_do(vm->object.strand, MODE_ABORT, "the end of its client", destroy_now, vm);
}

static bool start(Call *call, Machine *vm, const Domain *config, unsigned flags, GError **error)
{
    vm->destroy_with_client = flags & VIR_DOMAIN_START_AUTODESTROY;
    if (!start_machine(vm, config, flags, error))
        return false;
    if (vm->destroy_with_client)
        client_when_gone(call->client, client_gone, machine_ref(vm));
    return true;
}

static bool start_config(Call *call, unsigned flags, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);

    return view_check_off(view, error) && start(call, vm, view->config->domain, flags, error);
}

bool qemu_domain_create(Call *call, const remote_domain_create_args *, none *, GError **error)
{
    return start_config(call, 0, error);
}

bool qemu_domain_create_with_flags(Call *call, const remote_domain_create_with_flags_args *in,
                                   remote_domain_create_with_flags_ret *out, GError **error)
{
    if (!call_check_flags(call, in->flags, START_FLAGS, error) ||
        !start_config(call, in->flags, error))
        return false;
    out->dom = ops_reference(machine_of(call));
    return true;
}

static bool create(Call *call, const char *xml, unsigned flags, remote_nonnull_domain *reference,
                   GError **error)
{
    g_autoptr(Definition) definition = NULL;
    g_autoptr(Machine) vm = NULL;
    g_autoptr(Stay) stay = NULL;

    if (!call_check_flags(call, flags, START_FLAGS | VIR_DOMAIN_START_VALIDATE, error))
        return false;
    definition = define_parse(xml, flags & VIR_DOMAIN_START_VALIDATE, error);
    vm = definition ? define_machine(definition->domain, error) : NULL;
    if (!vm)
        return false;
    stay = strand_enter(vm->object.strand, MODE_JOB, "domain_create_xml", error);
    if (!stay || !start(call, vm, definition->domain, flags, error)) {
        define_undo(vm);
        return false;
    }
    *reference = ops_reference(vm);
    return true;
}

bool qemu_domain_create_xml(Call *call, const remote_domain_create_xml_args *in,
                            remote_domain_create_xml_ret *out, GError **error)
{
    return create(call, in->xml_desc, in->flags, &out->dom, error);
}

/* ---- stop ---- */

/* Runs beside whatever is stuck. The process is ended first; the call is answered when the guest's
 * end has been published, by us or by who noticed it. */
/* What only begins to run has no process yet: its start is waited for. */
static bool destroy(Machine *vm, unsigned flags, GError **error)
{
    g_autoptr(View) view = machine_view(vm);
    g_auto(Fd) process = -1;
    g_autoptr(Stay) stay = NULL;

    if (!view_check_active(view, error))
        return false;
    process = machine_process(vm, NULL);
    if (process < 0) {
        stay = strand_enter(vm->object.strand, MODE_CHANGE, "the end of the guest", error);
        process = stay ? machine_process(vm, error) : -1;
    }
    if (process < 0)
        return false;
    g_atomic_int_set(&vm->stop_reason, VIR_DOMAIN_SHUTOFF_DESTROYED);
    if (!exit_kill(process, flags & VIR_DOMAIN_DESTROY_GRACEFUL, error)) {
        g_atomic_int_set(&vm->stop_reason, 0);
        return false;
    }
    if (!stay)
        stay = strand_enter(vm->object.strand, MODE_CHANGE, "the end of the guest", error);
    if (!stay)
        return false;
    exit_finish(vm, view->run);
    return true;
}

static void remove_logs(Machine *vm)
{
    g_autofree char *name = object_name(&vm->object);
    g_autofree char *path = start_log_path(name);

    (void) unlink(path);
}

bool qemu_domain_destroy(Call *call, const remote_domain_destroy_args *, none *, GError **error)
{
    return destroy(machine_of(call), 0, error);
}

bool qemu_domain_destroy_flags(Call *call, const remote_domain_destroy_flags_args *in, none *,
                               GError **error)
{
    if (!call_check_flags(call, in->flags, 3, error) ||
        !destroy(machine_of(call), in->flags, error))
        return false;
    if (in->flags & VIR_DOMAIN_DESTROY_REMOVE_LOGS)
        remove_logs(machine_of(call));
    return true;
}

/* Asks QEMU for something without arguments, on the strand. */
static bool ask(Machine *vm, const char *command, GError **error)
{
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);
    g_autoptr(Json) answer = monitor ? qmp_call(monitor, command, NULL, error) : NULL;

    return answer != NULL;
}

/* The ways that shutdown and reboot may be asked to go; only the power button is ours. */
static bool check_way(const Call *call, unsigned flags, GError **error)
{
    if (!call_check_flags(call, flags, 0x1f, error))
        return false;
    if (flags &
        (VIR_DOMAIN_SHUTDOWN_INITCTL | VIR_DOMAIN_SHUTDOWN_SIGNAL | VIR_DOMAIN_SHUTDOWN_PARAVIRT))
        return fail(error, ERR_INVALID_ARG, "unsupported flags (0x%x) in function %s", flags,
                    call->proc->name);
    if (flags & VIR_DOMAIN_SHUTDOWN_GUEST_AGENT && !(flags & VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN))
        return fail(error, ERR_ARGUMENT_UNSUPPORTED, "QEMU guest agent is not configured");
    return true;
}

static bool power_down(Call *call, unsigned flags, bool reboot, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);

    return check_way(call, flags, error) && view_check_active(view, error) &&
           monitor_set_reboot(vm, reboot, error) && ask(vm, "system_powerdown", error);
}

bool qemu_domain_shutdown(Call *call, const remote_domain_shutdown_args *, none *, GError **error)
{
    return power_down(call, 0, false, error);
}

bool qemu_domain_shutdown_flags(Call *call, const remote_domain_shutdown_flags_args *in, none *,
                                GError **error)
{
    return power_down(call, in->flags, false, error);
}

bool qemu_domain_reboot(Call *call, const remote_domain_reboot_args *in, none *, GError **error)
{
    return power_down(call, in->flags, true, error);
}

bool qemu_domain_reset(Call *call, const remote_domain_reset_args *in, none *, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    return call_check_flags(call, in->flags, 0, error) && view_check_active(view, error) &&
           ask(machine_of(call), "system_reset", error);
}

/* ---- suspend and resume ---- */

static bool publish(Machine *vm, int state, int reason, GError **error)
{
    View *view = machine_edit(vm);

    view->state = state;
    view->reason = reason;
    return machine_publish(vm, view, error);
}

bool qemu_domain_suspend(Call *call, const remote_domain_suspend_args *, none *, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);

    if (!view_check_active(view, error))
        return false;
    if (view->state == VIR_DOMAIN_PMSUSPENDED)
        return fail(error, ERR_OPERATION_INVALID, "domain is pmsuspended");
    if (view->state == VIR_DOMAIN_PAUSED)
        return true;
    if (!ask(vm, "stop", error) || !publish(vm, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, error))
        return false;
    machine_tell(vm, VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
    return true;
}

bool qemu_domain_resume(Call *call, const remote_domain_resume_args *, none *, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);

    if (!view_check_active(view, error))
        return false;
    if (view->state == VIR_DOMAIN_PMSUSPENDED)
        return fail(error, ERR_OPERATION_INVALID, "domain is pmsuspended");
    if (view->state == VIR_DOMAIN_RUNNING)
        return fail(error, ERR_OPERATION_INVALID, "domain '%s' is already running",
                    view->live->domain->name);
    if (view->state == VIR_DOMAIN_CRASHED && view->reason == VIR_DOMAIN_CRASHED_PANICKED)
        return fail(error, ERR_OPERATION_INVALID, "the guest has crashed: reset it first");
    if (!ask(vm, "cont", error) ||
        !publish(vm, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED, error))
        return false;
    machine_tell(vm, VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED);
    return true;
}

bool qemu_domain_pm_wakeup(Call *call, const remote_domain_pm_wakeup_args *in, none *,
                           GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);

    if (!call_check_flags(call, in->flags, 0, error) || !view_check_active(view, error))
        return false;
    if (view->state != VIR_DOMAIN_PMSUSPENDED)
        return fail(error, ERR_OPERATION_INVALID, "Unable to wake up domain: it is not suspended");
    return ask(vm, "system_wakeup", error);
}

bool qemu_domain_inject_nmi(Call *call, const remote_domain_inject_nmi_args *in, none *,
                            GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    return call_check_flags(call, in->flags, 0, error) && view_check_active(view, error) &&
           ask(machine_of(call), "inject-nmi", error);
}
