/* nic.c - a container's network interfaces: pairs of links, one end of each inside */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nic.h"

#include "base/cleanup.h"
#include "guest/iface-link.h"
#include "host/link.h"
#include "rpc/call.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

/* ---- inside ---- */

static bool parse_ip(const char *text, Ip *ip, GError **error)
{
    return ip_parse(text, ip) ||
           fail(error, ERR_XML, "'%s' is no address that an interface can have", text);
}

static bool add_address(const char *name, const IfaceIp *given, GError **error)
{
    Ip ip;

    return parse_ip(given->address, &ip, error) &&
           link_add_address(
               name, &ip, given->prefix.given ? given->prefix.value : ip_usual_prefix(&ip), error);
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

static bool set_up(const Iface *iface, GError **error)
{
    const char *name = iface->guest_actual;

    if (iface->mtu && !link_set_mtu(name, iface->mtu, error))
        return false;
    if (iface->link != LINK_DOWN && !link_set_up(name, true, error))
        return false;
    for (LIST_EACH(IfaceIp, ip, iface->ips)) {
        if (!add_address(name, ip, error))
            return false;
    }
    for (LIST_EACH(IfaceRoute, route, iface->routes)) {
        if (!add_route(name, route, error))
            return false;
    }
    return true;
}

typedef struct Inside {
    const Iface *iface;
    int namespace;
    GError *error;
} Inside;

/* A thread of its own, which ends in there: none has to find its way back. */
static void *work_inside(void *data)
{
    Inside *inside = data;

    if (setns(inside->namespace, CLONE_NEWNET) < 0)
        fail_errno(&inside->error, errno, "the container's network cannot be entered");
    else
        (void) set_up(inside->iface, &inside->error);
    return NULL;
}

static bool set_up_inside(const Iface *iface, int namespace, GError **error)
{
    Inside inside = { iface, namespace, NULL };

    g_thread_join(g_thread_new("inside", work_inside, &inside));
    if (inside.error)
        g_propagate_error(error, inside.error);
    return !inside.error;
}

/* ---- the pair ---- */

static bool name_is_taken(const Domain *live, const char *name)
{
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
    g_autoptr(GArray) with = fds_new();
    g_autofree char *asked = iface->guest_dev;
    int copy = fcntl(namespace, F_DUPFD_CLOEXEC, 3);
    bool linked;

    if (copy >= 0)
        g_array_append_val(with, copy);
    iface->guest_dev = iface->guest_actual; /* for as long as netd is asked */
    linked = iface_link(live, iface, OSTLER_LINK_INSIDE, with, NULL, error);
    iface->guest_dev = g_steal_pointer(&asked);
    return linked;
}

bool nic_open(const Domain *live, Iface *iface, pid_t init, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/ns/net", init);
    g_auto(Fd) namespace = open(path, O_RDONLY | O_CLOEXEC);

    if (namespace < 0)
        return fail_errno(error, errno, "'%s' cannot be opened", path);
    g_free(iface->guest_actual);
    iface->guest_actual = NULL;
    iface->guest_actual = name_inside(live, iface);
    if (!ask(live, iface, namespace, error))
        return false;
    if (set_up_inside(iface, namespace, error))
        return true;
    iface_close(live, iface);
    return false;
}

bool nics_open(Domain *live, pid_t init, GError **error)
{
    for (guint i = 0; i < list_length(live->interfaces); i++) {
        if (nic_open(live, live->interfaces->pdata[i], init, error))
            continue;
        while (i-- > 0)
            iface_close(live, live->interfaces->pdata[i]);
        return false;
    }
    return true;
}
