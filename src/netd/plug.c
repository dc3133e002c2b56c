/* plug.c - a guest's interface and its link on the host
 *
 * A tap ends by itself with the last of its descriptors, also when we are killed half way. A
 * macvtap or one end of a pair does not: it is known by the guest's address, which it is made with.
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plug.h"

#include "base/cleanup.h"
#include "host/bridge.h"
#include "host/link.h"
#include "host/shape.h"
#include "host/tap.h"
#include "model/list.h"
#include "network.h"
#include "police.h"
#include "protocol/ostler.h"
#include "rpc/call.h"

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

/* Of our own kind: given anew each time. */
static bool is_ours(const char *name)
{
    static const char *const ours[] = { "vnet", "macvtap", "veth" };

    for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
        if (g_str_has_prefix(name, ours[i]))
            return true;
    }
    return false;
}

static const char *pattern_of(const Iface *iface, const char *standard)
{
    return !iface->target || is_ours(iface->target) ? standard : iface->target;
}

/* For messages: where it is. */
static const char *place_of(const NetworkPort *port)
{
    static const char *const types[] = { [PLUG_NONE] = "ethernet", [PLUG_HOSTDEV] = "hostdev" };

    if (is_bridged(port))
        return port->bridge;
    return port->plug == PLUG_DIRECT ? port->dev : types[port->plug];
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
    /* an address is known in the VLANs that there are by then */
    return set_vlans(link, port, error) &&
           (!settings.fixed_table || bridge_add_address(link, &port->mac, error));
}

/* Frames of the bridge's size must fit. */
static unsigned mtu_of(const Iface *iface, const NetworkPort *port)
{
    Link bridge = {};

    if (iface->mtu || !is_bridged(port) || !link_find(port->bridge, &bridge, NULL))
        return iface->mtu;
    return bridge.mtu == 1500 ? 0 : bridge.mtu;
}

/* ---- bandwidth ---- */

/* What a link sends its guest receives; a macvtap is the guest's own end. */
static Rate sends(const NetworkPort *port)
{
    const Bandwidth *b = &port->bandwidth;

    return rate_of(port->plug == PLUG_DIRECT ? &b->outbound : &b->inbound);
}

static Rate receives(const NetworkPort *port)
{
    const Bandwidth *b = &port->bandwidth;

    return rate_of(port->plug == PLUG_DIRECT ? &b->inbound : &b->outbound);
}

static bool limit_received(const char *link, const Rate *rate, GError **error)
{
    if (rate->average)
        return police_limit(link, rate, error);
    police_unlimit(link);
    return true;
}

static bool limit(const char *link, const NetworkPort *port, GError **error)
{
    Rate sent = sends(port), received = receives(port);

    return (!sent.average || shape_set(link, &sent, error)) &&
           (!received.average || limit_received(link, &received, error));
}

static bool same(const Rate *a, const Rate *b)
{
    return a->average == b->average && a->peak == b->peak && a->burst == b->burst;
}

static bool change_limits(const char *link, const NetworkPort *from, const NetworkPort *to,
                          GError **error)
{
    Rate sent[] = { sends(from), sends(to) }, received[] = { receives(from), receives(to) };

    return (same(&sent[0], &sent[1]) || shape_set(link, &sent[1], error)) &&
           (same(&received[0], &received[1]) || limit_received(link, &received[1], error));
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
    return limit(plug->link, plug->port, error) &&
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
        Ip address, peer;

        if (!ip_parse(ip->address, &address))
            return fail(error, ERR_XML, "'%s' is no address", ip->address);
        if (!link_add_address(
                plug->link, &address, ip->peer && ip_parse(ip->peer, &peer) ? &peer : NULL,
                ip->prefix.given ? ip->prefix.value : ip_usual_prefix(&address), error))
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

/* ---- on a device of the host ---- */

static LinkBelow below_of(const NetworkPort *port)
{
    static const unsigned modes[] = {
        [DIRECT_MODE_ABSENT] = MACVLAN_MODE_VEPA,     [DIRECT_VEPA] = MACVLAN_MODE_VEPA,
        [DIRECT_PRIVATE] = MACVLAN_MODE_PRIVATE,      [DIRECT_BRIDGE] = MACVLAN_MODE_BRIDGE,
        [DIRECT_PASSTHROUGH] = MACVLAN_MODE_PASSTHRU,
    };

    return (LinkBelow){ if_nametoindex(port->dev), modes[port->mode] };
}

static bool check_device(const NetworkPort *port, GError **error)
{
    return if_nametoindex(port->dev) ||
           fail_errno(error, ENODEV, "cannot find device '%s'", port->dev);
}

static int create_macvtap(const char *name, void *data)
{
    const Plug *plug = data;
    LinkBelow below = below_of(plug->port);

    return link_create_macvtap(name, &plug->iface->mac, &below);
}

static bool make_macvtap(Plug *plug, GError **error)
{
    if (!check_device(plug->port, error))
        return false;
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

/* ---- containers ---- */

static const char *name_inside(const Plug *plug)
{
    return plug->iface->guest_dev ? plug->iface->guest_dev : "eth0";
}

/* It is in the container from the begin, and ends with it: there is nothing of it on the host. */
static bool make_macvlan(Plug *plug, GError **error)
{
    LinkBelow below = below_of(plug->port);
    int errnum;

    if (!check_device(plug->port, error))
        return false;
    if (bandwidth_is_limited(&plug->port->bandwidth))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "the bandwidth of a container's interface on device '%s' cannot be limited",
                    plug->port->dev);
    errnum = link_create_macvlan(name_inside(plug), &plug->iface->mac, &below, plug->namespace);
    return !errnum || fail_errno(error, errnum, "cannot create link '%s' on '%s' in the container",
                                 name_inside(plug), plug->port->dev);
}

static int create_veth(const char *name, void *data)
{
    const Plug *plug = data;
    Mac mac = host_mac(&plug->iface->mac);
    int errnum =
        link_create_veth(name, &mac, name_inside(plug), &plug->iface->mac, plug->namespace);

    /* it is the other end whose name somebody has: no other one will do */
    return errnum == EEXIST && !if_nametoindex(name) ? ENOTUNIQ : errnum;
}

static bool make_veth(Plug *plug, GError **error)
{
    if (link_create_named(pattern_of(plug->iface, "veth%d"), create_veth, plug, plug->link, error))
        return set_up(plug, error);
    if (error_errno(*error) == ENOTUNIQ)
        g_prefix_error(error, "the container has a link '%s': ", name_inside(plug));
    *plug->link = '\0';
    return false;
}

/* ---- from outside ---- */

/* What only a bridge can do. */
static bool check_wishes(const NetworkPort *port, GError **error)
{
    const char *type = port->plug == PLUG_DIRECT ? "direct" : "ethernet";
    char mac[MAC_TEXT];

    if (is_bridged(port))
        return true;
    mac_print(&port->mac, mac);
    if (port->virtualport)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "interface %s - virtualport type '%s' is not supported for network interfaces "
                    "with type='%s'",
                    mac, port->virtualport->type, type);
    if (list_length(port->vlan.tags))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "interface %s - vlan tag not supported for this connection type", mac);
    return port->isolated != SWITCH_ON ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "interface %s - <port isolated='yes'/> is not supported for network interfaces "
                "with type='%s'",
                mac, type);
}

bool plug_in(Plug *plug, GError **error)
{
    guint before = plug->fds->len;
    bool done;

    plug->link[0] = '\0';
    if (!check_wishes(plug->port, error))
        return false;
    if (plug->flags & OSTLER_LINK_INSIDE)
        done = plug->port->plug == PLUG_DIRECT ? make_macvlan(plug, error) : make_veth(plug, error);
    else if (plug->port->plug == PLUG_DIRECT)
        done = make_macvtap(plug, error);
    else
        done = make_tap(plug, error);
    if (done)
        return true;
    g_array_set_size(plug->fds, before);
    if (*plug->link)
        (void) plug_out(plug->link, &plug->iface->mac);
    return false;
}

static void end_later(void *data)
{
    g_autofree char *link = data;

    (void) link_delete(link, NULL);
}

/* The kernel takes some 20 ms. Nobody need wait for one end of a pair, which ends with the other,
 * in a container that has gone, in any case; nor does its name come again soon. Its alias says that
 * it is to end, should we end first. */
static const char ends[] = "ostler: ends";

static void end_soon(const char *link)
{
    strand_do(call_host_strand(), MODE_SURVEY, "the end of a link", end_later, g_strdup(link));
}

static void end_if_begun(const Link *link, void *)
{
    if (g_str_equal(link->kind, "veth") && g_str_equal(link->alias, ends))
        end_soon(link->name);
}

bool plug_recover(GError **error) { return link_foreach(end_if_begun, NULL, error); }

bool plug_out(const char *link, const Mac *mac)
{
    Mac ours = host_mac(mac);
    Link there;
    bool exists = link_find(link, &there, NULL) && there.index;

    if (exists && !mac_equal(&there.mac, &ours) && !mac_equal(&there.mac, mac))
        return false;
    police_unlimit(link);
    if (!exists)
        return true;
    if (!g_str_equal(there.kind, "veth") || !is_ours(link)) {
        (void) link_delete(link, NULL);
        return true;
    }
    (void) link_set_alias(link, ends, NULL);
    end_soon(link);
    return true;
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

bool plug_change_state(const char *link, const Iface *from, const Iface *to, GError **error)
{
    return (from->link == LINK_DOWN) == (to->link == LINK_DOWN) ||
           link_set_up(link, to->link != LINK_DOWN, error);
}

/* A tap does not become a macvtap, nor one on another device. */
static bool check_change(const NetworkPort *from, const NetworkPort *to, GError **error)
{
    if (is_bridged(from) && is_bridged(to))
        return true;
    if (from->plug != to->plug || from->mode != to->mode || g_strcmp0(from->dev, to->dev) != 0)
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "a link cannot go over from '%s' to '%s': only from bridge to bridge",
                    place_of(from), place_of(to));
    return check_wishes(to, error);
}

static bool change_bridge(const char *link, const NetworkPort *from, const NetworkPort *to,
                          GError **error)
{
    bool other = g_strcmp0(from->bridge, to->bridge) != 0;
    BridgePort settings = { to->isolated == SWITCH_ON, to->mac_table == MAC_TABLE_LIBVIRT };

    if (other && !plug_join(link, to, error))
        return false;
    return (!other && from->isolated == to->isolated) || bridge_set_port(link, &settings, error);
}

static bool change(const char *link, const NetworkPort *from, const NetworkPort *to, GError **error)
{
    return (!is_bridged(to) || change_bridge(link, from, to, error)) &&
           change_limits(link, from, to, error);
}

bool plug_change(const char *link, const NetworkPort *from, const NetworkPort *to, GError **error)
{
    if (!check_change(from, to, error))
        return false;
    if (change(link, from, to, error))
        return true;
    (void) change(link, to, from, NULL);
    return false;
}

void plug_restore(const char *link, const NetworkPort *port)
{
    Rate rate = receives(port);

    if (rate.average)
        police_keep_limit(link, &rate);
}
