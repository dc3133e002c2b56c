/* ops-run.c - guests start and are ended */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/define.h"
#include "guest/exit.h"
#include "guest/files.h"
#include "guest/hypervisor.h"
#include "guest/ops.h"
#include "rpc/client.h"

#include <string.h>
#include <unistd.h>

/* ---- start ---- */

/* What is to end with a client. */
typedef struct Tie {
    Machine *vm;
    unsigned begun; /* as in its view: not what has been started since */
} Tie;

/* The process is taken first: it is of that run, or of one that has ended before. */
static void destroy_now(void *data)
{
    g_autofree Tie *tie = data;
    g_autoptr(Machine) vm = tie->vm;
    g_auto(Fd) process = machine_process(vm, NULL);
    g_autoptr(View) view = machine_view(vm);

    if (process < 0 || view->begun != tie->begun)
        return;
    g_atomic_int_set(&vm->stop_reason, VIR_DOMAIN_SHUTOFF_DESTROYED);
    (void) exit_kill(process, false, NULL);
}

/* In the loop: the client that wanted it has gone. */
static void client_gone(void *data)
{
    Tie *tie = data;

    strand_do(tie->vm->object.strand, MODE_ABORT, "the end of its client", destroy_now, tie);
}

static bool tie_to_client(Call *call, Machine *vm)
{
    g_autoptr(View) view = machine_view(vm);
    Tie *tie;

    if (!vm->destroy_with_client)
        return true;
    tie = g_new(Tie, 1);
    *tie = (Tie){ machine_ref(vm), view->begun };
    client_when_gone(call->client, client_gone, tie);
    return true;
}

/* Descriptors that came with the call are for the guest's program. */
static bool start(Call *call, Machine *vm, const Domain *config, unsigned flags, GError **error)
{
    g_autoptr(View) view = machine_view(vm);

    if (!view_check_off(view, error))
        return false;
    vm->destroy_with_client = flags & VIR_DOMAIN_START_AUTODESTROY;
    return hypervisor.start(vm, config, flags, call->fds, error) && tie_to_client(call, vm);
}

bool ops_start(Machine *vm, unsigned flags, const GArray *fds, GError **error)
{
    g_autoptr(View) view = machine_view(vm);
    const Domain *config;

    if (!view_check_off(view, error))
        return false;
    config = view->config->domain;
    return view->saved ? hypervisor.start_saved(vm, config, flags, fds, error)
                       : hypervisor.start(vm, config, flags, fds, error);
}

static bool start_config(Call *call, unsigned flags, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);

    if (!view_check_off(view, error))
        return false;
    vm->destroy_with_client = flags & VIR_DOMAIN_START_AUTODESTROY;
    return ops_start(vm, flags, call->fds, error) && tie_to_client(call, vm);
}

bool guest_domain_create(Call *call, const remote_domain_create_args *, none *, GError **error)
{
    return start_config(call, 0, error);
}

bool guest_domain_create_with_flags(Call *call, const remote_domain_create_with_flags_args *in,
                                    remote_domain_create_with_flags_ret *out, GError **error)
{
    if (!call_check_flags(call, in->flags, hypervisor.start_flags, error) ||
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

    if (!call_check_flags(call, flags, hypervisor.start_flags | VIR_DOMAIN_START_VALIDATE, error))
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

bool guest_domain_create_xml(Call *call, const remote_domain_create_xml_args *in,
                             remote_domain_create_xml_ret *out, GError **error)
{
    return create(call, in->xml_desc, in->flags, &out->dom, error);
}

bool guest_domain_create_xml_with_files(Call *call,
                                        const remote_domain_create_xml_with_files_args *in,
                                        remote_domain_create_xml_with_files_ret *out,
                                        GError **error)
{
    return create(call, in->xml_desc, in->flags, &out->dom, error);
}

bool guest_domain_create_with_files(Call *call, const remote_domain_create_with_files_args *in,
                                    remote_domain_create_with_files_ret *out, GError **error)
{
    if (!call_check_flags(call, in->flags, hypervisor.start_flags, error) ||
        !start_config(call, in->flags, error))
        return false;
    out->dom = ops_reference(machine_of(call));
    return true;
}

/* ---- stop ---- */

/* Runs beside whatever is stuck. The process is ended first; the call is answered when the guest's
 * end has been published, by us or by who noticed it. What only begins to run has no process yet:
 * its start is waited for. */
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
    g_autofree char *path = files_log(name);

    (void) unlink(path);
}

bool guest_domain_destroy(Call *call, const remote_domain_destroy_args *, none *, GError **error)
{
    return destroy(machine_of(call), 0, error);
}

bool guest_domain_destroy_flags(Call *call, const remote_domain_destroy_flags_args *in, none *,
                                GError **error)
{
    if (!call_check_flags(call, in->flags, 3, error) ||
        !destroy(machine_of(call), in->flags, error))
        return false;
    if (in->flags & VIR_DOMAIN_DESTROY_REMOVE_LOGS)
        remove_logs(machine_of(call));
    return true;
}
