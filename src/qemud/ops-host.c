/* ops-host.c - what the hypervisor tells about itself; the monitor for those who know it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capabilities.h"
#include "caps.h"
#include "driver.h"
#include "guest/ops.h"
#include "machine.h"

#include <string.h>

/* ---- versions and limits ---- */

/* That of the emulator for guests like the host. */
bool qemu_connect_get_version(Call *, const none *, remote_connect_get_version_ret *out,
                              GError **error)
{
    g_autofree char *binary = caps_find_binary("x86_64", error);
    g_autoptr(Caps) caps = binary ? caps_of(binary, error) : NULL;

    if (!caps)
        return false;
    out->hv_ver = caps->version;
    return true;
}

bool qemu_connect_get_max_vcpus(Call *, const remote_connect_get_max_vcpus_args *in,
                                remote_connect_get_max_vcpus_ret *out, GError **error)
{
    const char *type = in->type ? *in->type : "qemu";

    if (g_ascii_strcasecmp(type, "qemu") != 0 && g_ascii_strcasecmp(type, "kvm") != 0)
        return fail(error, ERR_INVALID_ARG, "unknown type '%s'", type);
    out->max_vcpus = 16;
    return true;
}

bool qemu_connect_get_capabilities(Call *, const none *, remote_connect_get_capabilities_ret *out,
                                   GError **error)
{
    out->capabilities = capabilities_format(error);
    return out->capabilities != NULL;
}

static const char *given(char *const *text) { return text ? *text : NULL; }

bool qemu_connect_get_domain_capabilities(Call *call,
                                          const remote_connect_get_domain_capabilities_args *in,
                                          remote_connect_get_domain_capabilities_ret *out,
                                          GError **error)
{
    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    out->capabilities = domain_capabilities_format(given(in->emulatorbin), given(in->arch),
                                                   given(in->machine), given(in->virttype), error);
    return out->capabilities != NULL;
}

/* ---- the monitor itself ---- */

static bool pass(Machine *vm, const char *text, unsigned flags, const GArray *fds, char **result,
                 GError **error)
{
    bool human = flags & VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP;
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);

    if (monitor)
        *result = (human ? qmp_human : qmp_pass)(monitor, text,
                                                 fds ? (const int *) (void *) fds->data : NULL,
                                                 fds ? fds->len : 0, error);
    return *result != NULL;
}

bool qemu_qemu_domain_monitor_command(Call *call, const qemu_domain_monitor_command_args *in,
                                      qemu_domain_monitor_command_ret *out, GError **error)
{
    return call_check_flags(call, in->flags, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP, error) &&
           pass(machine_of(call), in->cmd, in->flags, NULL, &out->result, error);
}

bool qemu_qemu_domain_monitor_command_with_files(
    Call *call, const qemu_domain_monitor_command_with_files_args *in,
    qemu_domain_monitor_command_with_files_ret *out, GError **error)
{
    return call_check_flags(call, in->flags, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP, error) &&
           pass(machine_of(call), in->cmd, in->flags, call->fds, &out->result, error);
}
