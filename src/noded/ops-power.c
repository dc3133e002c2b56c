/* ops-power.c - sleep */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "facts.h"
#include "power.h"

bool noded_node_suspend_for_duration(Call *call, const remote_node_suspend_for_duration_args *in,
                                     none *, GError **error)
{
    static const char *const names[] = {
        [VIR_NODE_SUSPEND_TARGET_MEM] = "Suspend-to-RAM",
        [VIR_NODE_SUSPEND_TARGET_DISK] = "Suspend-to-Disk",
        [VIR_NODE_SUSPEND_TARGET_HYBRID] = "Hybrid-Suspend",
    };

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    if (in->target >= G_N_ELEMENTS(names))
        return fail(error, ERR_INVALID_ARG, "unknown suspend target %u", in->target);
    if (!(host_sleep_kinds(facts_root()) & 1u << in->target))
        return fail(error, ERR_ARGUMENT_UNSUPPORTED, "%s", names[in->target]);
    return power_nap((HostSleep) in->target, in->duration, error);
}
