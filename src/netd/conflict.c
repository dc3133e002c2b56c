/* conflict.c - what the host has already
 *
 * A range that the host reaches directly must not overlap with one of ours. One behind a gateway
 * may be larger - a VPN has 10.0.0.0/8, a guests' network a part of it - but not the same. And a
 * host that has its IPv6 routes of a router loses them when it becomes a router itself. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conflict.h"

#include "base/file.h"
#include "host/link.h"
#include "model/list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ipv6_route.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Search {
    const Ip *to;
    unsigned prefix;
    const char *bridge;
    char holder[IFNAMSIZ]; /* the link of what is in the way; "" when nothing is */
} Search;

static bool compare(const HostRoute *route, void *data)
{
    Search *search = data;
    unsigned common = MIN(route->prefix, search->prefix);
    char name[IFNAMSIZ] = "?";

    if (!route->prefix || !ip_in_network(&route->to, search->to, common) ||
        (!route->direct && route->prefix != search->prefix))
        return true;
    (void) if_indextoname(route->index, name);
    if (g_str_equal(name, search->bridge) ||
        (route->to.family == AF_INET6 && route->to.bytes[0] == 0xfe && route->to.bytes[1] == 0x80))
        return true;
    g_strlcpy(search->holder, name, sizeof(search->holder));
    return false;
}

static bool check(const Network *network, const Ip *to, unsigned prefix, GError **error)
{
    Search search = { to, prefix, network->bridge, "" };
    char text[IP_TEXT];

    if (!link_foreach_route(to->family, compare, &search, error))
        return false;
    if (!*search.holder)
        return true;
    return fail(error, ERR_INTERNAL,
                "Network is already in use by interface %s: %s/%u of network '%s'", search.holder,
                ip_print(to, text), prefix, network->name);
}

bool conflict_check(const Network *network, GError **error)
{
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        if (!check(network, &ip->address, network_ip_prefix(ip), error))
            return false;
    }
    for (LIST_EACH(NetworkRoute, route, network->routes)) {
        if (!check(network, &route->address, network_route_prefix(route), error))
            return false;
    }
    return true;
}

/* ---- routes of routers ---- */

typedef FILE Stream;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stream, fclose)

static bool listens_as_router(const char *link)
{
    g_autofree char *path = g_strdup_printf("/proc/sys/net/ipv6/conf/%s/accept_ra", link);
    g_autofree char *value = file_read(path, 16, NULL);

    return value && atoi(value) >= 2;
}

/* Only this list tells the kernel's own routes of a router from those that somebody else has made
 * of what a router said; those stay. */
bool conflict_check_routers(GError **error)
{
    g_autoptr(Stream) routes = fopen("/proc/net/ipv6_route", "re");
    char link[IFNAMSIZ];
    unsigned flags;

    if (!routes)
        return errno == ENOENT || fail_errno(error, errno, "cannot list the host's IPv6 routes");
    while (fscanf(routes, "%*s %*s %*s %*s %*s %*s %*s %*s %x %15s", &flags, link) == 2) {
        if (flags & RTF_ADDRCONF && !listens_as_router(link))
            return fail(error, ERR_INTERNAL,
                        "the host has IPv6 routes of a router by interface %s and would lose them "
                        "when it forwards IPv6: accept_ra of %s has to be 2",
                        link, link);
    }
    return true;
}
