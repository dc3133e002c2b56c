/* ops-runstate.c - shut down, reboot, suspend, resume */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"
#include "guest/ops.h"
#include "machine.h"
#include "qmp-events.h"

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
