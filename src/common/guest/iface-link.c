/* iface-link.c - the host's ends of a guest's interfaces
 *
 * A daemon with guests has no right to the host's network: it asks netd, and gets descriptors. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/iface-link.h"

#include "rpc/peer.h"

#include <string.h>

/* Of a network that another guest's interface was shown to be of. */
static void drop_network(Iface *iface)
{
    iface->port_id = (Uuid){};
    g_clear_pointer(&iface->network, g_free);
    g_clear_pointer(&iface->portgroup, g_free);
}

/* What netd decides. */
static bool take_over(Iface *iface, const char *xml, GError **error)
{
    g_autoptr(Iface) opened = xml_parse(&iface_element, xml, XML_LIVE, NULL, error);

    if (!opened)
        return false;
    g_free(iface->target);
    iface->target = g_steal_pointer(&opened->target);
    if (iface->type != IFACE_NETWORK) {
        drop_network(iface);
        return true;
    }
    iface->port_id = opened->port_id;
    iface->actual = opened->actual;
    g_free(iface->dev);
    iface->dev = g_steal_pointer(&opened->dev);
    iface->mode = opened->mode;
    iface->bandwidth = opened->bandwidth;
    iface->managed = opened->managed;
    g_clear_pointer(&iface->host_device, g_free);
    iface->host_device = g_steal_pointer(&opened->host_device);
    g_free(iface->device_driver);
    iface->device_driver = g_steal_pointer(&opened->device_driver);
    g_free(iface->bridge);
    iface->bridge = g_steal_pointer(&opened->bridge);
    return true;
}

bool iface_is_netds(const Iface *iface) { return iface_has_link(iface) || iface_is_device(iface); }

bool iface_link(const Domain *live, Iface *iface, unsigned flags, GArray *with, IfaceGot *got,
                GError **error)
{
    g_autofree char *xml = xml_format(&iface_element, iface, XML_LIVE);
    ostler_link_open_args in = { .owner_name = live->name, .xml = xml, .flags = flags };
    ostler_link_open_ret out = {};
    bool taken;

    memcpy(in.owner, live->uuid.bytes, UUID_SIZE);
    if (!peer_link_open(&in, with, &out, got ? &got->fds : NULL, error)) {
        iface_close(live, iface); /* it may have been made all the same: netd was killed */
        return false;
    }
    if (got)
        *got = (IfaceGot){ got->fds, out.taps, out.vhosts };
    taken = take_over(iface, out.xml, error);
    if (!taken)
        iface_close(live, iface);
    peer_link_open_free(&out);
    return taken;
}

void iface_close(const Domain *live, const Iface *iface)
{
    g_autofree char *xml = NULL;
    g_autoptr(GError) error = NULL;
    ostler_link_close_args in = {};
    none out;

    if (!iface_is_netds(iface))
        return;
    xml = xml_format(&iface_element, iface, XML_LIVE);
    in.xml = xml;
    memcpy(in.owner, live->uuid.bytes, UUID_SIZE);
    if (!peer_link_close(&in, NULL, &out, NULL, &error))
        g_warning("link '%s' is not known to have ended: %s",
                  iface->target ? iface->target : "(unnamed)", error->message);
}

bool iface_change(const Domain *live, const Iface *from, Iface *to, unsigned flags, GError **error)
{
    g_autofree char *from_xml = NULL, *to_xml = NULL;
    ostler_link_change_args in = { .owner_name = live->name, .flags = flags };
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

void ifaces_close(const Domain *live)
{
    for (LIST_EACH(Iface, iface, live->interfaces))
        iface_close(live, iface);
}
