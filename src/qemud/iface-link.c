/* iface-link.c - the host's ends of a guest's interfaces
 *
 * qemud has no right to the host's network: it asks netd, and gets descriptors. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iface-link.h"

#include "rpc/peer.h"

#include <string.h>

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

/* What netd decides. */
static bool take_over(Iface *iface, const char *xml, GError **error)
{
    g_autoptr(Iface) opened = xml_parse(&iface_element, xml, XML_LIVE, NULL, error);

    if (!opened)
        return false;
    g_free(iface->target);
    iface->target = g_steal_pointer(&opened->target);
    iface->port_id = opened->port_id;
    if (iface->type != IFACE_NETWORK)
        return true;
    g_free(iface->bridge);
    iface->bridge = g_steal_pointer(&opened->bridge);
    return true;
}

static bool check_vhost(const Iface *iface, const IfaceEnd *end, GError **error)
{
    return iface->driver != IFACE_BACKEND_VHOST || end->vhosts ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "vhost-net was requested for an interface, but is unavailable");
}

IfaceEnd *iface_open(const Domain *live, Iface *iface, GError **error)
{
    g_autofree char *xml = NULL;
    ostler_link_open_args in = { .owner_name = live->name };
    ostler_link_open_ret out = {};
    g_autoptr(IfaceEnd) end = NULL;

    if (!iface_has_link(iface))
        return NULL;
    xml = xml_format(&iface_element, iface, XML_LIVE);
    memcpy(in.owner, live->uuid.bytes, UUID_SIZE);
    in.xml = xml;
    in.flags = flags_of(live, iface);
    end = g_new0(IfaceEnd, 1);
    if (!peer_link_open(&in, NULL, &out, &end->fds, error)) {
        iface_close(live, iface); /* it may have been made all the same: netd was killed */
        return NULL;
    }
    end->taps = out.taps;
    end->vhosts = out.vhosts;
    if (!take_over(iface, out.xml, error) || !check_vhost(iface, end, error)) {
        iface_close(live, iface);
        g_clear_pointer(&end, iface_end_free);
    }
    peer_link_open_free(&out);
    return g_steal_pointer(&end);
}

void iface_close(const Domain *live, const Iface *iface)
{
    g_autofree char *xml = NULL;
    g_autoptr(GError) error = NULL;
    ostler_link_close_args in = {};
    none out;

    if (!iface_has_link(iface))
        return;
    xml = xml_format(&iface_element, iface, XML_LIVE);
    in.xml = xml;
    memcpy(in.owner, live->uuid.bytes, UUID_SIZE);
    if (!peer_link_close(&in, NULL, &out, NULL, &error))
        g_warning("link '%s' is not known to have ended: %s",
                  iface->target ? iface->target : "(unnamed)", error->message);
}

bool iface_change(const Domain *live, const Iface *from, Iface *to, GError **error)
{
    g_autofree char *from_xml = NULL, *to_xml = NULL;
    ostler_link_change_args in = { .owner_name = live->name };
    ostler_link_change_ret out = {};
    bool changed;

    if (!iface_has_link(from))
        return true;
    in.from = from_xml = xml_format(&iface_element, from, XML_LIVE);
    in.to = to_xml = xml_format(&iface_element, to, XML_LIVE);
    memcpy(in.owner, live->uuid.bytes, UUID_SIZE);
    if (!peer_link_change(&in, NULL, &out, NULL, error))
        return false;
    changed = take_over(to, out.xml, error);
    peer_link_change_free(&out);
    return changed;
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

void ifaces_close(const Domain *live)
{
    for (LIST_EACH(Iface, iface, live->interfaces))
        iface_close(live, iface);
}
