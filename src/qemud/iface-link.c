/* iface-link.c - links of the host's as QEMU takes them: by descriptors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iface-link.h"

#include "rpc/call.h"

static bool wants_vhost(const Domain *live, const Iface *iface)
{
    return iface_is_virtio(iface) && iface->driver != IFACE_BACKEND_QEMU &&
           (live->type == DOMAIN_KVM || iface->driver == IFACE_BACKEND_VHOST);
}

static unsigned flags_of(const Domain *live, const Iface *iface)
{
    return (iface_is_virtio(iface) ? OSTLER_LINK_VNET_HDR : 0) |
           (wants_vhost(live, iface) ? OSTLER_LINK_VHOST : 0);
}

static bool check_vhost(const Iface *iface, const IfaceEnd *end, GError **error)
{
    return iface->driver != IFACE_BACKEND_VHOST || end->vhosts ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "vhost-net was requested for an interface, but is unavailable");
}

IfaceEnd *iface_open(const Domain *live, Iface *iface, GError **error)
{
    g_autoptr(IfaceEnd) end = NULL;
    IfaceGot got = {};
    bool linked;

    if (!iface_is_netds(iface))
        return NULL;
    linked = iface_link(live, iface, flags_of(live, iface), NULL, &got, error);
    end = g_new0(IfaceEnd, 1);
    *end = (IfaceEnd){ got.fds, got.taps, got.vhosts };
    if (!linked || iface_is_device(iface))
        return NULL;
    if (!check_vhost(iface, end, error)) {
        iface_close(live, iface);
        return NULL;
    }
    return g_steal_pointer(&end);
}

GPtrArray *ifaces_open(Domain *live, GError **error)
{
    g_autoptr(GPtrArray) ends =
        g_ptr_array_new_with_free_func((GDestroyNotify) (void *) iface_end_free);
    GError *problem = NULL;

    for (LIST_EACH(Iface, iface, live->interfaces)) {
        g_ptr_array_add(ends, iface_open(live, iface, &problem));
        if (!problem)
            continue;
        for (guint i = 0; i + 1 < ends->len; i++)
            iface_close(live, live->interfaces->pdata[i]);
        g_propagate_error(error, problem);
        return NULL;
    }
    return g_steal_pointer(&ends);
}
