/* ops-link.c - other daemons ask for their guests' links on the host
 *
 * What a guest's <interface> says is turned into the definition of a port, also where it is in no
 * network of ours, and the port into a link. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"
#include "lend.h"
#include "model/list.h"
#include "plug.h"
#include "port.h"

#include <string.h>

/* Whose link it is. */
typedef struct Guest {
    const Uuid *uuid;
    const char *name;
} Guest;

static Iface *parse(const char *xml, GError **error)
{
    return xml_parse(&iface_element, xml, XML_LIVE, NULL, error);
}

/* ---- from an interface to a port ---- */

static void *copy_vlan_tags(const Vlan *vlan)
{
    GPtrArray *tags = NULL;

    for (LIST_EACH(VlanTag, tag, vlan->tags))
        list_add(&tags, g_memdup2(tag, sizeof(*tag)));
    return tags;
}

static NetworkPort *port_of(const Iface *iface, const Guest *guest)
{
    NetworkPort *port = g_new0(NetworkPort, 1);

    port->uuid = iface->port_id;
    port->owner = *guest->uuid;
    port->owner_name = g_strdup(guest->name);
    port->group = g_strdup(iface->portgroup);
    port->mac = iface->mac;
    port->bandwidth = iface->bandwidth;
    port->virtualport =
        iface->virtualport ? xml_copy(&virtualport_element, iface->virtualport) : NULL;
    port->vlan = (Vlan){ iface->vlan.trunk, copy_vlan_tags(&iface->vlan) };
    port->trust_guest = iface->trust_guest_rx_filters;
    port->isolated = iface->port_isolated;
    return port;
}

/* What an interface in no network of ours is plugged into. */
static bool set_plug(NetworkPort *port, const Iface *iface, GError **error)
{
    switch (iface->type) {
    case IFACE_BRIDGE:
        port->plug = PLUG_BRIDGE;
        port->bridge = g_strdup(iface->bridge);
        return true;
    case IFACE_DIRECT:
        port->plug = PLUG_DIRECT;
        port->dev = g_strdup(iface->dev);
        port->mode = iface->mode;
        return true;
    case IFACE_ETHERNET:
        return true;
    case IFACE_HOSTDEV:
        port->plug = PLUG_HOSTDEV;
        port->pci = iface->host_device->pci;
        return true;
    default:
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "interfaces of type '%s' have no link that could be opened",
                    iface_type_names[iface->type]);
    }
}

static Net *find_net(const Iface *iface, GError **error)
{
    Net *net = (Net *) registry_find_name(nets, iface->network);

    return net ? net
               : fail(error, ERR_NO_NETWORK, "no network with matching name '%s'", iface->network);
}

static bool check_iface(const Iface *iface, GError **error)
{
    return !iface->filterref ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "filter '%s' of an interface cannot be applied: network filters are not supported",
                iface->filterref->filter);
}

static void describe_function(Iface *iface, const NetworkPort *port)
{
    iface->managed = port->managed;
    iface->device_driver = g_strdup(port->driver);
    iface->host_device = g_new0(Address, 1);
    iface->host_device->type = ADDRESS_PCI;
    iface->host_device->pci = port->pci;
}

/* Nothing where the network's own bridge is all that there is to it. */
static const IfaceType actual_types[] = {
    [PLUG_BRIDGE] = IFACE_BRIDGE,
    [PLUG_DIRECT] = IFACE_DIRECT,
    [PLUG_HOSTDEV] = IFACE_HOSTDEV,
};

/* What the live definition tells of the link. */
static void describe(Iface *iface, const Plug *plug)
{
    g_free(iface->target);
    iface->target = *plug->link ? g_strdup(plug->link) : NULL;
    if (iface->type != IFACE_NETWORK)
        return;
    iface->port_id = plug->port->uuid;
    iface->actual = actual_types[plug->port->plug];
    g_free(iface->bridge);
    iface->bridge = g_strdup(plug->port->bridge);
    g_free(iface->dev);
    iface->dev = g_strdup(plug->port->dev);
    iface->mode = plug->port->mode;
    iface->bandwidth = plug->port->bandwidth;
    if (plug->port->plug == PLUG_HOSTDEV)
        describe_function(iface, plug->port);
}

/* ---- opening ---- */

/* What an earlier run has got. */
static void forget_former(Iface *iface)
{
    iface->port_id = (Uuid){};
    iface->actual = IFACE_NONE;
    iface->managed = SWITCH_ABSENT;
    g_clear_pointer(&iface->device_driver, g_free);
    g_clear_pointer(&iface->host_device, g_free);
}

/* A link of its own, or a device of the host's. */
static bool open_in_port(Net *net, Port *port, Plug *plug, GError **error)
{
    if (plug->port->plug == PLUG_HOSTDEV && plug->flags & OSTLER_LINK_INSIDE)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "a network that hands out devices of the host has no link for '%s'",
                    plug->port->owner_name);
    if (plug->port->plug == PLUG_HOSTDEV)
        return port_set_function(net, port, error);
    if (!plug_in(plug, error))
        return false;
    if (port_set_link(net, port, *plug->link ? plug->link : NULL, error))
        return true;
    if (*plug->link)
        (void) plug_out(plug->link, &plug->iface->mac);
    return false;
}

static bool open_in_network(Iface *iface, Plug *plug, const Guest *guest, GError **error)
{
    g_autoptr(Net) net = find_net(iface, error);
    g_autoptr(Stay) stay = NULL;
    g_autoptr(Port) port = NULL;
    g_autoptr(PortView) view = NULL;

    if (!net)
        return false;
    forget_former(iface);
    stay = strand_enter(net->object.strand, MODE_CHANGE, "link_open", error);
    port = stay ? port_create(net, port_of(iface, guest), PORT_OPENING, error) : NULL;
    if (!port)
        return false;
    view = port_view(port);
    plug->port = view->port;
    if (open_in_port(net, port, plug, error)) {
        describe(iface, plug);
        return true;
    }
    (void) port_delete(net, port, NULL);
    return false;
}

static bool open_alone(Iface *iface, Plug *plug, const Guest *guest, GError **error)
{
    g_autoptr(NetworkPort) port = port_of(iface, guest);
    char opening[UUID_TEXT];
    bool opened;

    plug->port = port;
    if (!set_plug(port, iface, error))
        return false;
    if (port->plug == PLUG_HOSTDEV)
        return port_set_function_alone(port, error);
    if (!port_begin_alone(port, opening, error))
        return false;
    opened = plug_in(plug, error);
    if (opened && *plug->link && !port_save_alone(plug->link, port, error)) {
        (void) plug_out(plug->link, &iface->mac);
        opened = false;
    }
    port_drop_alone(opening);
    if (opened)
        describe(iface, plug);
    return opened;
}

static int namespace_of(const Call *call)
{
    return call->fds && call->fds->len ? g_array_index(call->fds, int, 0) : -1;
}

bool net_link_open(Call *call, const ostler_link_open_args *in, ostler_link_open_ret *out,
                   GError **error)
{
    const Guest guest = { (const Uuid *) in->owner, in->owner_name };
    g_autoptr(Iface) iface = parse(in->xml, error);
    g_autoptr(GArray) fds = fds_new();
    Plug plug = { .iface = iface, .flags = in->flags, .namespace = namespace_of(call), .fds = fds };
    bool opened;

    if (!iface || !check_iface(iface, error))
        return false;
    if (in->flags & OSTLER_LINK_INSIDE && plug.namespace < 0)
        return fail(error, ERR_INVALID_ARG, "a link inside needs a network namespace to be in");
    opened = iface->type == IFACE_NETWORK ? open_in_network(iface, &plug, &guest, error)
                                          : open_alone(iface, &plug, &guest, error);
    if (!opened)
        return false;
    out->xml = xml_format(&iface_element, iface, XML_LIVE);
    out->taps = plug.taps;
    out->vhosts = plug.vhosts;
    call->reply_fds = fds->len ? g_steal_pointer(&fds) : NULL;
    return true;
}

/* ---- closing ---- */

/* The network may be gone, or another one have its name now: then its port is gone, too. */
static bool close_in_network(const Iface *iface, const Uuid *owner, GError **error)
{
    g_autoptr(Net) net = (Net *) registry_find_name(nets, iface->network);
    g_autoptr(Stay) stay = NULL;
    g_autoptr(Port) port = NULL;

    if (!net)
        return true;
    stay = strand_enter(net->object.strand, MODE_CHANGE, "link_close", error);
    if (!stay)
        return false;
    if (!iface->target || iface_is_device(iface))
        port_end_unnamed(net, owner, &iface->mac);
    port = port_find(net, &iface->port_id, NULL);
    return !port || port_delete(net, port, error);
}

bool net_link_close(Call *, const ostler_link_close_args *in, none *, GError **error)
{
    g_autoptr(Iface) iface = parse(in->xml, error);
    const Uuid *owner = (const Uuid *) in->owner;

    if (!iface)
        return false;
    if (iface->target && !iface_is_device(iface) && plug_out(iface->target, &iface->mac))
        port_drop_alone(iface->target);
    if (iface->type == IFACE_NETWORK)
        return close_in_network(iface, owner, error);
    if (!iface->target || iface_is_device(iface))
        port_end_unnamed(NULL, owner, &iface->mac);
    return true;
}

/* ---- changing ---- */

typedef struct Change {
    const Guest *guest;
    const Iface *from;
    Iface *to; /* becomes what is live then */
    NetworkPort *former;
    bool limits; /* OSTLER_CHANGE_LIMITS */
} Change;

static bool stays_in_network(const Iface *from, const Iface *to)
{
    return from->type == IFACE_NETWORK && to->type == IFACE_NETWORK &&
           g_strcmp0(from->network, to->network) == 0 &&
           g_strcmp0(from->portgroup, to->portgroup) == 0;
}

/* What the live definition tells after a change. */
static void describe_changed(const Change *change, Port *port)
{
    g_autoptr(PortView) view = port_view(port);
    Plug plug = { .port = view->port };

    g_strlcpy(plug.link, change->from->target, sizeof(plug.link));
    describe(change->to, &plug);
}

/* The same port. */
static bool change_port(const Change *change, GError **error)
{
    g_autoptr(Net) net = find_net(change->to, error);
    g_autoptr(NetworkPort) wanted = port_of(change->to, change->guest);
    g_autoptr(Stay) stay = NULL;
    g_autoptr(Port) port = NULL;

    if (!net)
        return false;
    stay = strand_enter(net->object.strand, MODE_CHANGE, "link_change", error);
    port = stay ? port_find(net, &change->from->port_id, error) : NULL;
    if (!port || !plug_change_state(change->from->target, change->from, change->to, error))
        return false;
    if (!port_change(net, port, wanted, change->limits, error)) {
        (void) plug_change_state(change->from->target, change->to, change->from, NULL);
        return false;
    }
    describe_changed(change, port);
    return true;
}

static bool go_over(const Change *change, const NetworkPort *to, GError **error)
{
    const char *link = change->from->target;

    if (!plug_change(link, change->former, to, error))
        return false;
    if (plug_change_state(link, change->from, change->to, error))
        return true;
    (void) plug_change(link, to, change->former, NULL);
    return false;
}

static void go_back(const Change *change, const NetworkPort *to)
{
    const char *link = change->from->target;

    (void) plug_change_state(link, change->to, change->from, NULL);
    (void) plug_change(link, to, change->former, NULL);
}

/* Another port, for the same link. */
static bool enter_network(const Change *change, GError **error)
{
    g_autoptr(Net) net = find_net(change->to, error);
    g_autoptr(Stay) stay = NULL;
    g_autoptr(Port) port = NULL;
    g_autoptr(PortView) view = NULL;
    bool over;

    if (!net)
        return false;
    change->to->port_id = (Uuid){};
    stay = strand_enter(net->object.strand, MODE_CHANGE, "link_change", error);
    port = stay ? port_create(net, port_of(change->to, change->guest), 0, error) : NULL;
    if (!port)
        return false;
    view = port_view(port);
    over = go_over(change, view->port, error);
    if (!over || !port_set_link(net, port, change->from->target, error)) {
        if (over)
            go_back(change, view->port);
        (void) port_delete(net, port, NULL);
        return false;
    }
    describe_changed(change, port);
    return true;
}

static bool change_alone(const Change *change, GError **error)
{
    g_autoptr(NetworkPort) port = port_of(change->to, change->guest);

    if (!set_plug(port, change->to, error) || !go_over(change, port, error))
        return false;
    if (port_save_alone(change->from->target, port, error))
        return true;
    go_back(change, port);
    return false;
}

static NetworkPort *port_in_network(const Iface *iface)
{
    g_autoptr(Net) net = (Net *) registry_find_name(nets, iface->network);
    g_autoptr(Port) port = net ? port_find(net, &iface->port_id, NULL) : NULL;
    g_autoptr(PortView) view = port ? port_view(port) : NULL;

    return view ? xml_copy(&port_element, view->port) : NULL;
}

/* What a live interface was plugged into. */
static NetworkPort *former_of(const Iface *from, const Guest *guest)
{
    NetworkPort *port = from->type == IFACE_NETWORK ? port_in_network(from) : NULL;

    if (port)
        return port;
    port = port_of(from, guest);
    if (from->type == IFACE_NETWORK && from->bridge) {
        port->plug = PLUG_NETWORK;
        port->bridge = g_strdup(from->bridge);
    } else {
        (void) set_plug(port, from, NULL);
    }
    return port;
}

static bool carry_out(const Change *change, GError **error)
{
    const Iface *from = change->from, *to = change->to;

    if (stays_in_network(from, to))
        return change_port(change, error);
    if (!(to->type == IFACE_NETWORK ? enter_network(change, error) : change_alone(change, error)))
        return false;
    if (from->type == IFACE_NETWORK)
        return close_in_network(from, change->guest->uuid, error);
    if (to->type == IFACE_NETWORK)
        port_drop_alone(from->target);
    return true;
}

bool net_link_change(Call *, const ostler_link_change_args *in, ostler_link_change_ret *out,
                     GError **error)
{
    const Guest guest = { (const Uuid *) in->owner, in->owner_name };
    g_autoptr(Iface) from = parse(in->from, error);
    g_autoptr(Iface) to = from ? parse(in->to, error) : NULL;
    g_autoptr(NetworkPort) former = to ? former_of(from, &guest) : NULL;
    Change change = { &guest, from, to, former, in->flags & OSTLER_CHANGE_LIMITS };

    if (!to || !check_iface(to, error))
        return false;
    if (!from->target)
        return fail(error, ERR_INVALID_ARG, "an interface without a link cannot be changed");
    g_free(to->target);
    to->target = g_strdup(from->target);
    if (!carry_out(&change, error))
        return false;
    out->xml = xml_format(&iface_element, to, XML_LIVE);
    return true;
}

/* ---- lending ---- */

bool net_link_lend(Call *call, const ostler_link_lend_args *in, none *, GError **error)
{
    const Borrower borrower = { (const Uuid *) in->owner, in->owner_name };
    int namespace = namespace_of(call);

    if (namespace < 0)
        return fail(error, ERR_INVALID_ARG, "a link needs a network namespace to go to");
    return lend_link(&borrower, in->name, namespace, error);
}

bool net_link_return(Call *call, const ostler_link_return_args *in, none *, GError **error)
{
    return lend_return((const Uuid *) in->owner, in->name, namespace_of(call), error);
}
