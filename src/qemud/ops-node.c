/* ops-node.c - what of the host only its hypervisor knows */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "caps.h"
#include "host/cpu.h"
#include "rpc/params.h"

#if defined(__i386__) || defined(__x86_64__)
#include <cpuid.h>
#endif

/* How many guests with encrypted memory may run at once, of the older kind and of SEV-ES. The
 * processor has so many keys, of which the first ones are for SEV-ES. */
static void add_limits(Params *params)
{
#if defined(__i386__) || defined(__x86_64__)
    enum { ENCRYPTED_MEMORY = 0x8000001f };
    unsigned eax, ebx, keys, first = 0;

    if (!__get_cpuid_count(ENCRYPTED_MEMORY, 0, &eax, &ebx, &keys, &first) || first == 0)
        return;
    params_add_uint(params, keys >= first ? keys - first + 1 : 0, VIR_NODE_SEV_MAX_GUESTS);
    params_add_uint(params, first - 1, VIR_NODE_SEV_MAX_ES_GUESTS);
#else
    (void) params;
#endif
}

bool qemu_node_get_sev_info(Call *call, const remote_node_get_sev_info_args *in,
                            remote_node_get_sev_info_ret *out, GError **error)
{
    g_autofree char *binary = NULL;
    g_autoptr(Caps) caps = NULL;
    g_auto(Params) params = {};

    if (!call_check_flags(call, in->flags, VIR_TYPED_PARAM_STRING_OKAY, error))
        return false;
    binary = caps_find_binary(host_arch(), error);
    caps = binary ? caps_of(binary, error) : NULL;
    if (!caps)
        return false;
    if (!caps->sev.pdh)
        return fail(error, ERR_OPERATION_UNSUPPORTED, "QEMU does not support SEV guest");
    params_add_string(&params, caps->sev.pdh, VIR_NODE_SEV_PDH);
    params_add_string(&params, caps->sev.cert_chain, VIR_NODE_SEV_CERT_CHAIN);
    params_add_string(&params, caps->sev.cpu0_id, VIR_NODE_SEV_CPU0_ID);
    params_add_uint(&params, caps->sev.cbitpos, VIR_NODE_SEV_CBITPOS);
    params_add_uint(&params, caps->sev.reduced_phys_bits, VIR_NODE_SEV_REDUCED_PHYS_BITS);
    add_limits(&params);
    out->nparams = out->params.params_len = params_take(&params, &out->params.params_val);
    return true;
}
