/* plug.c - a guest's interface and its link on the host
 *
 * A tap ends by itself with the last of its descriptors, also when we are killed half way. A
 * macvtap or one end of a pair does not: it is known by the guest's address, which it is made with.
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plug.h"

#include "base/cleanup.h"
#include "firewall.h"
#include "host/bridge.h"
#include "host/link.h"
#include "host/shape.h"
#include "host/tap.h"
#include "model/list.h"
#include "protocol/ostler.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

/* Bytes that no guest's address begins with: a bridge takes the lowest address of its ports. */
static Mac host_mac(const Mac *guest)
{
    Mac mac = *guest;

    mac.bytes[0] = 0xfe;
    return mac;
}

static bool is_bridged(const NetworkPort *port)
{
    return port->plug == PLUG_NETWORK || port->plug == PLUG_BRIDGE;
}

/* A name of our own kind is given anew each time. */
static const char *pattern_of(const Iface *iface, const char *standard)
{
    static const char *const ours[] = { "vnet", "macvtap", "veth" };

    if (!iface->target)
        return standard;
    for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
        if (g_str_has_prefix(iface->target, ours[i]))
            return standard;
    }
    return iface->target;
}

static Rate rate_of(const BandwidthLimit *limit)
{
    return (Rate){ limit->average, limit->peak, limit->burst };
}

/* ---- what a port of a bridge is made to be ---- */

static bool set_vlans(const char *link, const NetworkPort *port, GError **error)
{
    unsigned tags[64], count = 0, untagged = 0;
    Link bridge;

    if (!list_length(port->vlan.tags))
        return true;
    if (!link_find(port->bridge, &bridge, error))
        return false;
    if (!bridge.filters_vlans)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "bridge '%s' does not filter VLANs: an interface in it can have no <vlan>",
                    port->bridge);
    for (LIST_EACH(VlanTag, tag, port->vlan.tags)) {
        if (tag->native || port->vlan.trunk != SWITCH_ON)
            untagged = tag->id;
        if (count < G_N_ELEMENTS(tags))
            tags[count++] = tag->id;
    }
    return bridge_set_vlans(link, tags, count, untagged, error);
}

bool plug_join(const char *link, const NetworkPort *port, GError **error)
{
    BridgePort settings = { port->isolated == SWITCH_ON, port->mac_table == MAC_TABLE_LIBVIRT };
    const char *type = port->virtualport ? port->virtualport->type : NULL;

    if (type)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "virtualport type '%s' is not supported on "
                    "bridge '%s'",
                    type, port->bridge);
    if (!link_set_master(link, port->bridge, error))
        return false;
    if ((settings.isolated || settings.fixed_table) && !bridge_set_port(link, &settings, error))
        return false;
    if (settings.fixed_table && !bridge_add_address(link, &port->mac, error))
        return false;
    return set_vlans(link, port, error);
}

/* Frames of the bridge's size must fit. */
static unsigned mtu_of(const Iface *iface, const NetworkPort *port)
{
    Link bridge = {};

    if (iface->mtu || !is_bridged(port) || !link_find(port->bridge, &bridge, NULL))
        return iface->mtu;
    return bridge.mtu == 1500 ? 0 : bridge.mtu;
}

static bool limit(const char *link, const Bandwidth *bandwidth, GError **error)
{
    Rate in = rate_of(&bandwidth->inbound), out = rate_of(&bandwidth->outbound);

    return (!in.average || shape_set(link, &in, error)) &&
           (!out.average || firewall_limit(link, &out, error));
}

static bool set_up(Plug *plug, GError **error)
{
    const Iface *iface = plug->iface;
    unsigned mtu = mtu_of(iface, plug->port);

    /* The host does not speak by it: no addresses, no neighbours to ask for, nobody to be told. */
    if (plug->port->plug != PLUG_NONE)
        (void) link_write_setting("ipv6", plug->link, "disable_ipv6", "1");
    if (mtu && !link_set_mtu(plug->link, mtu, error))
        return false;
    if (is_bridged(plug->port) && !plug_join(plug->link, plug->port, error))
        return false;
    return limit(plug->link, &plug->port->bandwidth, error) &&
           (iface->link == LINK_DOWN || link_set_up(plug->link, true, error));
}

/* ---- taps ---- */

static unsigned queues_of(const Iface *iface) { return iface->queues ? iface->queues : 1; }

static void open_vhost(Plug *plug)
{
    unsigned queues = queues_of(plug->iface);

    if (plug->flags & OSTLER_LINK_VHOST && tap_open_vhost(queues, plug->fds))
        plug->vhosts = queues;
}

static bool add_host_addresses(const Plug *plug, GError **error)
{
    for (LIST_EACH(IfaceIp, ip, plug->iface->source_ips)) {
        Ip address;

        if (!ip_parse(ip->address, &address))
            return fail(error, ERR_XML, "'%s' is no address", ip->address);
        if (!link_add_address(plug->link, &address,
                              ip->prefix.given ? ip->prefix.value : ip_usual_prefix(&address),
                              error))
            return false;
    }
    return true;
}

static bool make_tap(Plug *plug, GError **error)
{
    Mac mac = host_mac(&plug->iface->mac);

    if (plug->iface->script || plug->iface->downscript)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "scripts of interfaces are not supported");
    if (!tap_create(pattern_of(plug->iface, "vnet%d"), queues_of(plug->iface),
                    plug->flags & OSTLER_LINK_VNET_HDR, plug->link, plug->fds, error))
        return false;
    plug->taps = queues_of(plug->iface);
    open_vhost(plug);
    return link_set_mac(plug->link, &mac, error) && set_up(plug, error) &&
           add_host_addresses(plug, error);
}

/* ---- macvtap ---- */

static int create_macvtap(const char *name, void *data)
{
    static const unsigned modes[] = {
        [DIRECT_MODE_ABSENT] = MACVLAN_MODE_VEPA,     [DIRECT_VEPA] = MACVLAN_MODE_VEPA,
        [DIRECT_PRIVATE] = MACVLAN_MODE_PRIVATE,      [DIRECT_BRIDGE] = MACVLAN_MODE_BRIDGE,
        [DIRECT_PASSTHROUGH] = MACVLAN_MODE_PASSTHRU,
    };
    const Plug *plug = data;

    return link_create_macvtap(name, &plug->iface->mac, if_nametoindex(plug->port->dev),
                               modes[plug->port->mode]);
}

static bool make_macvtap(Plug *plug, GError **error)
{
    if (plug->port->virtualport)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "virtualport type '%s' is not supported on '%s'",
                    plug->port->virtualport->type, plug->port->dev);
    if (!if_nametoindex(plug->port->dev))
        return fail_errno(error, ENODEV, "cannot find device '%s'", plug->port->dev);
    if (!link_create_named(pattern_of(plug->iface, "macvtap%d"), create_macvtap, plug, plug->link,
                           error))
        return false;
    /* What passes all through has its device's address, until it is told another one. */
    if (plug->port->mode == DIRECT_PASSTHROUGH &&
        !link_set_mac(plug->link, &plug->iface->mac, error))
        return false;
    plug->taps = queues_of(plug->iface);
    if (!tap_open_macvtap(plug->link, plug->taps, plug->flags & OSTLER_LINK_VNET_HDR, plug->fds,
                          error))
        return false;
    open_vhost(plug);
    return set_up(plug, error);
}

/* ---- a pair ---- */

static int create_veth(const char *name, void *data)
{
    const Plug *plug = data;
    Mac mac = host_mac(&plug->iface->mac);
    g_autofree char *peer = g_strdup_printf("vp%s", name + strcspn(name, "0123456789"));

    return link_create_veth(name, &mac, peer, &plug->iface->mac);
}

static bool make_veth(Plug *plug, GError **error)
{
    const char *inside = plug->iface->guest_dev ? plug->iface->guest_dev : "eth0";
    g_autofree char *peer = NULL;

    if (!link_create_named("veth%d", create_veth, plug, plug->link, error))
        return false;
    peer = g_strdup_printf("vp%s", plug->link + strlen("veth"));
    return link_move(peer, plug->namespace, inside, error) && set_up(plug, error);
}

/* ---- from outside ---- */

bool plug_in(Plug *plug, GError **error)
{
    guint before = plug->fds->len;
    bool done;

    plug->link[0] = '\0';
    if (plug->flags & OSTLER_LINK_VETH)
        done = make_veth(plug, error);
    else if (plug->port->plug == PLUG_DIRECT)
        done = make_macvtap(plug, error);
    else
        done = make_tap(plug, error);
    if (done)
        return true;
    g_array_set_size(plug->fds, before);
    if (*plug->link)
        plug_out(plug->link, &plug->iface->mac);
    return false;
}

void plug_out(const char *link, const Mac *mac)
{
    Mac ours = host_mac(mac);
    Link there;

    firewall_unlimit(link);
    if (link_find(link, &there, NULL) && there.index &&
        (mac_equal(&there.mac, &ours) || mac_equal(&there.mac, mac)))
        (void) link_delete(link, NULL);
}

typedef struct Unnamed {
    const Mac *mac;
    GPtrArray *names;
} Unnamed;

static void note_if_meant(const Link *link, void *data)
{
    const Unnamed *meant = data;
    Mac ours = host_mac(meant->mac);

    if ((g_str_equal(link->kind, "macvtap") && mac_equal(&link->mac, meant->mac)) ||
        (g_str_equal(link->kind, "veth") && mac_equal(&link->mac, &ours)))
        g_ptr_array_add(meant->names, g_strdup(link->name));
}

void plug_end_unnamed(const Mac *mac)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    Unnamed meant = { mac, names };

    (void) link_foreach(note_if_meant, &meant, NULL);
    for (guint i = 0; i < names->len; i++)
        (void) link_delete(names->pdata[i], NULL);
}

static bool same_limit(const BandwidthLimit *a, const BandwidthLimit *b)
{
    return a->average == b->average && a->peak == b->peak && a->burst == b->burst;
}

bool plug_change_limits(const char *link, const Bandwidth *from, const Bandwidth *to,
                        GError **error)
{
    Rate in = rate_of(&to->inbound), out = rate_of(&to->outbound);

    if (!same_limit(&from->inbound, &to->inbound) && !shape_set(link, &in, error))
        return false;
    if (same_limit(&from->outbound, &to->outbound))
        return true;
    if (out.average)
        return firewall_limit(link, &out, error);
    firewall_unlimit(link);
    return true;
}

bool plug_change_state(const char *link, const Iface *from, const Iface *to, GError **error)
{
    return (from->link == LINK_DOWN) == (to->link == LINK_DOWN) ||
           link_set_up(link, to->link != LINK_DOWN, error);
}

bool plug_change(const char *link, const Iface *from, const NetworkPort *from_port, const Iface *to,
                 const NetworkPort *to_port, GError **error)
{
    bool other_bridge = is_bridged(to_port) && g_strcmp0(from_port->bridge, to_port->bridge) != 0;
    bool other_port = other_bridge || from_port->isolated != to_port->isolated;
    BridgePort settings = { to_port->isolated == SWITCH_ON,
                            to_port->mac_table == MAC_TABLE_LIBVIRT };

    if (other_bridge && !plug_join(link, to_port, error))
        return false;
    if (other_port && is_bridged(to_port) && !bridge_set_port(link, &settings, error))
        return false;
    return plug_change_limits(link, &from_port->bandwidth, &to_port->bandwidth, error) &&
           plug_change_state(link, from, to, error);
}

void plug_restore(const char *link, const NetworkPort *port)
{
    Rate out = rate_of(&port->bandwidth.outbound);

    if (out.average)
        firewall_keep_limit(link, &out);
}
