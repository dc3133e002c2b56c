/* ops-node.c - what of the host only its hypervisor knows */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include <string.h>

/* The text with its closing zero, as it travels. */
static char *letters(const char *text, unsigned *length)
{
    *length = strlen(text) + 1;
    return g_strdup(text);
}

/* The first of the models that the capabilities list: guests are confined by their user alone. */
bool qemu_node_get_security_model(Call *, const none *, remote_node_get_security_model_ret *out,
                                  GError **)
{
    out->model.model_val = letters("none", &out->model.model_len);
    out->doi.doi_val = letters("0", &out->doi.doi_len);
    return true;
}

/* No guest of ours is started with encrypted memory. */
bool qemu_node_get_sev_info(Call *call, const remote_node_get_sev_info_args *in,
                            remote_node_get_sev_info_ret *, GError **error)
{
    return call_check_flags(call, in->flags, VIR_TYPED_PARAM_STRING_OKAY, error) &&
           fail(error, ERR_OPERATION_UNSUPPORTED, "QEMU does not support SEV guest");
}
