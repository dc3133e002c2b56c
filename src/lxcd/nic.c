/* nic.c - a container's network: pairs of links, one end of each inside; links on a device of the
 * host; links of the host itself */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nic.h"

#include "base/cleanup.h"
#include "guest/iface-link.h"
#include "guest/ops-iface.h"
#include "host/link.h"
#include "host/netns.h"
#include "rpc/call.h"
#include "rpc/peer.h"

#include <fcntl.h>
#include <string.h>

enum { RETRY_MS = 1000 };

/* ---- inside ---- */

static bool parse_ip(const char *text, Ip *ip, GError **error)
{
    return ip_parse(text, ip) ||
           fail(error, ERR_XML, "'%s' is no address that an interface can have", text);
}

static bool add_address(const char *name, const IfaceIp *given, GError **error)
{
    unsigned prefix;
    Ip ip, peer;

    if (!parse_ip(given->address, &ip, error) ||
        (given->peer && !parse_ip(given->peer, &peer, error)))
        return false;
    prefix = given->prefix.given ? given->prefix.value : ip_usual_prefix(&ip);
    return link_add_address(name, &ip, given->peer ? &peer : NULL, prefix, error);
}

/* A route without an address is the default one; a netmask stands for its prefix. */
static bool add_route(const char *name, const IfaceRoute *route, GError **error)
{
    Ip to = {}, gateway = {}, mask;
    unsigned prefix = 0;

    if (!route->gateway)
        return fail(error, ERR_XML, "a route of an interface needs a gateway");
    if (!parse_ip(route->gateway, &gateway, error) ||
        (route->address && !parse_ip(route->address, &to, error)))
        return false;
    if (!route->address)
        to.family = gateway.family;
    if (route->prefix.given)
        prefix = route->prefix.value;
    else if (route->netmask && ip_parse(route->netmask, &mask) && ip_mask_prefix(&mask) >= 0)
        prefix = ip_mask_prefix(&mask);
    else if (route->address)
        prefix = ip_compare(&to, &(Ip){ .family = to.family }) ? ip_usual_prefix(&to) : 0;
    return link_add_route(name, &to, prefix, &gateway,
                          route->metric.given ? route->metric.value : 0, error);
}

typedef struct Inside {
    const char *name;
    const Mac *mac; /* NULL: its own */
    unsigned mtu;
    bool down;
    const GPtrArray *ips, *routes;
} Inside;

/* What passes all through has its device's address, until it is told another one. */
static bool set_up(void *data, GError **error)
{
    const Inside *inside = data;

    if ((inside->mac && !link_set_mac(inside->name, inside->mac, error)) ||
        (inside->mtu && !link_set_mtu(inside->name, inside->mtu, error)) ||
        (!inside->down && !link_set_up(inside->name, true, error)))
        return false;
    for (LIST_EACH(IfaceIp, ip, inside->ips)) {
        if (!add_address(inside->name, ip, error))
            return false;
    }
    for (LIST_EACH(IfaceRoute, route, inside->routes)) {
        if (!add_route(inside->name, route, error))
            return false;
    }
    return true;
}

/* One that is all inside has no link of the host's. */
static bool is_inside(const Iface *iface) { return iface_has_link(iface) && !iface->target; }

static bool set_up_inside(const Iface *iface, int namespace, GError **error)
{
    Inside inside = {
        .name = iface->guest_actual,
        .mac = is_inside(iface) ? &iface->mac : NULL,
        .mtu = iface->mtu,
        .down = iface->link == LINK_DOWN,
        .ips = iface->ips,
        .routes = iface->routes,
    };

    return netns_run(namespace, set_up, &inside, error);
}

static GArray *copy_of(int namespace)
{
    GArray *with = fds_new();
    int copy = fcntl(namespace, F_DUPFD_CLOEXEC, 3);

    if (copy >= 0)
        g_array_append_val(with, copy);
    return with;
}

/* ---- interfaces ---- */

static bool name_is_taken(const Domain *live, const char *name)
{
    for (LIST_EACH(Hostdev, hostdev, live->hostdevs)) {
        if (g_strcmp0(hostdev->interface, name) == 0)
            return true;
    }
    for (LIST_EACH(Iface, iface, live->interfaces)) {
        if (g_strcmp0(iface->guest_dev, name) == 0 || g_strcmp0(iface->guest_actual, name) == 0)
            return true;
    }
    return false;
}

/* The one that is asked for, or the first ethN that no other has. */
static char *name_inside(const Domain *live, const Iface *iface)
{
    for (unsigned i = 0; !iface->guest_dev; i++) {
        g_autofree char *name = g_strdup_printf("eth%u", i);

        if (!name_is_taken(live, name))
            return g_steal_pointer(&name);
    }
    return g_strdup(iface->guest_dev);
}

static bool ask(const Domain *live, Iface *iface, int namespace, GError **error)
{
    g_autoptr(GArray) with = copy_of(namespace);
    g_autofree char *asked = iface->guest_dev;
    bool linked;

    iface->guest_dev = iface->guest_actual; /* for as long as netd is asked */
    linked = iface_link(live, iface, OSTLER_LINK_INSIDE, with, NULL, error);
    iface->guest_dev = g_steal_pointer(&asked);
    return linked;
}

bool nic_open(const Container *container, const Domain *live, Iface *iface, GError **error)
{
    if (!container_has_own_network(container, error))
        return false;
    g_free(iface->guest_actual);
    iface->guest_actual = NULL;
    iface->guest_actual = name_inside(live, iface);
    if (!ask(live, iface, container->network, error))
        return false;
    if (set_up_inside(iface, container->network, error))
        return true;
    nic_close(container, live, iface);
    return false;
}

static void end_if_meant(const Link *link, void *data)
{
    const Iface *iface = data;

    if (g_str_equal(link->kind, is_inside(iface) ? "macvlan" : "veth") &&
        mac_equal(&link->mac, &iface->mac))
        (void) link_delete(link->name, NULL);
}

static bool end_inside(void *iface, GError **error)
{
    return link_foreach(end_if_meant, iface, error);
}

void nic_close(const Container *container, const Domain *live, Iface *iface)
{
    (void) netns_run(container->network, end_inside, iface, NULL);
    iface_close(live, iface);
}

typedef struct Traffic {
    const char *name;
    LinkTraffic *received, *sent;
} Traffic;

static bool count_inside(void *data, GError **error)
{
    const Traffic *traffic = data;

    return link_count(traffic->name, traffic->received, traffic->sent, error);
}

bool nic_count(const Container *container, const Iface *iface, LinkTraffic *received,
               LinkTraffic *sent, GError **error)
{
    Traffic traffic = { iface->guest_actual, received, sent };

    return is_inside(iface) ? netns_run(container->network, count_inside, &traffic, error)
                            : iface_count(iface, received, sent, error);
}

/* ---- links of the host ---- */

bool nic_borrow(const Container *container, const Domain *live, const Hostdev *hostdev,
                GError **error)
{
    g_autoptr(GArray) with = copy_of(container->network);
    ostler_link_lend_args in = { .owner_name = live->name, .name = hostdev->interface };
    Inside inside = {
        .name = hostdev->interface,
        .ips = hostdev->ips,
        .routes = hostdev->routes,
    };
    none out;

    memcpy(in.owner, live->uuid.bytes, UUID_SIZE);
    if (!container_has_own_network(container, error))
        return false;
    if (peer_link_lend(&in, with, &out, NULL, error) &&
        netns_run(container->network, set_up, &inside, error))
        return true;
    nic_give_back(container, live, hostdev); /* it may have come all the same: netd was killed */
    return false;
}

/* What is to be given back when netd is there again. */
typedef struct Debt {
    Uuid owner;
    char *name;
    int namespace; /* held open; -1: the container has ended and nobody has */
} Debt;

static void give_back(void *data);

static void try_again(void *debt)
{
    strand_do(call_host_strand(), MODE_SURVEY, "the return of a link", give_back, debt);
}

static void wait_a_while(void *debt) { (void) timer_new(RETRY_MS, try_again, debt); }

static void give_back(void *data)
{
    Debt *debt = data;
    g_autoptr(GArray) with = copy_of(debt->namespace);
    g_autoptr(GError) error = NULL;
    ostler_link_return_args in = { .name = debt->name };
    none out;

    memcpy(in.owner, debt->owner.bytes, UUID_SIZE);
    if (!peer_link_return(&in, with, &out, NULL, &error)) {
        g_warning("link '%s' is not known to be back: %s", debt->name, error->message);
        loop_hop(wait_a_while, debt);
        return;
    }
    if (debt->namespace >= 0)
        fd_close(debt->namespace);
    g_free(debt->name);
    g_free(debt);
}

void nic_give_back(const Container *container, const Domain *live, const Hostdev *hostdev)
{
    Debt *debt = g_new0(Debt, 1);
    int namespace = container ? fcntl(container->network, F_DUPFD_CLOEXEC, 3) : -1;

    *debt = (Debt){ live->uuid, g_strdup(hostdev->interface), namespace };
    give_back(debt);
}

/* ---- all of a container ---- */

void nics_end(const Container *container, const Domain *live)
{
    for (LIST_EACH(Iface, iface, live->interfaces)) {
        if (container && is_inside(iface))
            (void) netns_run(container->network, end_inside, iface, NULL);
    }
    for (LIST_EACH(Hostdev, hostdev, live->hostdevs)) {
        if (hostdev->type == HOSTDEV_NET)
            nic_give_back(container, live, hostdev);
    }
}

static bool borrow_all(const Container *container, const Domain *live, GError **error)
{
    for (LIST_EACH(Hostdev, hostdev, live->hostdevs)) {
        if (hostdev->type == HOSTDEV_NET && !nic_borrow(container, live, hostdev, error)) {
            nics_end(container, live);
            return false;
        }
    }
    return true;
}

bool nics_open(const Container *container, Domain *live, GError **error)
{
    guint i = 0, count = list_length(live->interfaces);

    while (i < count && nic_open(container, live, live->interfaces->pdata[i], error))
        i++;
    if (i == count && borrow_all(container, live, error))
        return true;
    while (i-- > 0)
        iface_close(live, live->interfaces->pdata[i]);
    return false;
}
