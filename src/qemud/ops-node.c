/* ops-node.c - what of the host only its hypervisor knows */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

/* No guest of ours is started with encrypted memory. */
bool qemu_node_get_sev_info(Call *call, const remote_node_get_sev_info_args *in,
                            remote_node_get_sev_info_ret *, GError **error)
{
    return call_check_flags(call, in->flags, VIR_TYPED_PARAM_STRING_OKAY, error) &&
           fail(error, ERR_OPERATION_UNSUPPORTED, "QEMU does not support SEV guest");
}
