/* start.c - from a definition to a running network: steps, each beside what takes it back
 *
 * What is to be known after a crash is on disk before it is done to the host: the state file names
 * the bridge, and the bridge is made with the network's address, so that it can be told from a
 * bridge of somebody else with the same name. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "start.h"

#include "base/file.h"
#include "base/steps.h"
#include "bus.h"
#include "conflict.h"
#include "define.h"
#include "dhcp.h"
#include "firewall.h"
#include "function.h"
#include "host/bridge.h"
#include "host/link.h"
#include "model/list.h"
#include "port.h"
#include "resolver.h"
#include "zone.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct Launch {
    Net *net;
    const Network *config;
    Network *live; /* the view's, once it is published */
} Launch;

static bool has_bridge(const Launch *l) { return forward_has_bridge(l->config->forward.mode); }

static bool has_family(const Network *network, int family)
{
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        if (ip->address.family == family)
            return true;
    }
    return false;
}

/* ---- before anything is done ---- */

static bool check_state(Launch *l, GError **error)
{
    g_autoptr(View) view = net_view(l->net);

    if (l->net->gone)
        return fail(error, ERR_NO_NETWORK, "network '%s' has been removed", l->config->name);
    if (view_is_active(view))
        return fail(error, ERR_OPERATION_INVALID, "network is already active");
    return true;
}

static bool check_conflicts(Launch *l, GError **error)
{
    return !has_bridge(l) ||
           (link_check_name(l->config->bridge, error) && define_check_bridge(l->config, error) &&
            conflict_check(l->config, error));
}

static bool forwards(const Network *network, int family)
{
    ForwardMode mode = network->forward.mode;

    return (mode == FORWARD_NAT || mode == FORWARD_ROUTE || mode == FORWARD_OPEN) &&
           has_family(network, family);
}

static bool check_routers(Launch *l, GError **error)
{
    return !forwards(l->config, AF_INET6) || conflict_check_routers(error);
}

/* From here on a daemon that finds the state file knows of the run. */
static bool publish_starting(Launch *l, GError **error)
{
    g_autoptr(Network) live = xml_copy(&network_element, l->config);
    View *view;

    if (!function_fill_pool(live, error))
        return false;
    view = net_edit(l->net);
    l->live = g_steal_pointer(&live);
    view_set_live(view, l->live);
    view->starting = true;
    l->net->class_ids = 0;
    return net_publish(l->net, view, error);
}

static void set_stopped(Net *net)
{
    View *view = net_edit(net);

    view_set_live(view, NULL);
    view->starting = false;
    view_clear_messages(view);
    net_publish_anyway(net, view);
}

static void publish_stopped(Launch *l) { set_stopped(l->net); }

/* ---- the bridge ---- */

static bool make_bridge(Launch *l, GError **error)
{
    Bridge bridge = { l->config->mac, l->config->mtu, g_strcmp0(l->config->stp, "off") != 0,
                      l->config->delay.value, l->config->mac_table == MAC_TABLE_LIBVIRT };
    int errnum = has_bridge(l) ? bridge_create(l->config->bridge, &bridge) : 0;

    if (errnum == EINVAL && l->config->mtu)
        return fail_errno(error, errnum, "cannot create bridge '%s' with MTU %u", l->config->bridge,
                          l->config->mtu);
    return !errnum ||
           fail_errno(error, errnum, "error creating bridge interface %s", l->config->bridge);
}

static void delete_bridge(Launch *l)
{
    if (has_bridge(l))
        (void) link_delete(l->config->bridge, NULL);
}

/* Without an address of its own the host does not speak IPv6 there; it never listens to routers. */
static bool set_up_ipv6(Launch *l, GError **)
{
    bool speaks = has_family(l->config, AF_INET6);

    if (!has_bridge(l))
        return true;
    (void) link_write_setting("ipv6", l->config->bridge, "disable_ipv6", speaks ? "0" : "1");
    (void) link_write_setting("ipv6", l->config->bridge, "accept_ra", "0");
    (void) link_write_setting("ipv6", l->config->bridge, "autoconf", "0");
    return true;
}

static bool add_addresses(Launch *l, GError **error)
{
    for (LIST_EACH(NetworkIp, ip, has_bridge(l) ? l->config->ips : NULL)) {
        if (ip_is_set(&ip->netmask) && ip_mask_prefix(&ip->netmask) < 0)
            return fail(error, ERR_INTERNAL, "bridge '%s' has an invalid netmask or IP address",
                        l->config->bridge);
        if (!link_add_address(l->config->bridge, &ip->address, NULL, network_ip_prefix(ip), error))
            return false;
    }
    return true;
}

static bool raise_bridge(Launch *l, GError **error)
{
    return !has_bridge(l) || link_set_up(l->config->bridge, true, error);
}

static bool add_routes(Launch *l, GError **error)
{
    for (LIST_EACH(NetworkRoute, route, has_bridge(l) ? l->config->routes : NULL)) {
        if (!link_add_route(l->config->bridge, &route->address, network_route_prefix(route),
                            &route->gateway, route->metric.given ? route->metric.value : 1, error))
            return false;
    }
    return true;
}

/* ---- what it does to the host ---- */

static void forward_family(Net *net, const char *name, const char *path)
{
    g_autofree char *former = file_read(path, 16, NULL);
    g_autoptr(GError) why = NULL;

    if (!former || former[0] != '0')
        return;
    if (g_str_equal(name, "ipv6") && !conflict_check_routers(&why))
        net_log(net, G_LOG_LEVEL_WARNING, "%s stays off: %s", path, why->message);
    else if (link_write_setting(name, NULL,
                                strstr(path, "ip_forward") ? "ip_forward" : "conf/all/forwarding",
                                "1"))
        net_log(net, G_LOG_LEVEL_INFO, "%s has been switched on for it: the host forwards packets",
                path);
    else
        net_log(net, G_LOG_LEVEL_WARNING, "%s is off and cannot be switched on", path);
}

/* It stays on: others may have come to rely on it. */
static bool switch_forwarding(Launch *l, GError **)
{
    if (forwards(l->config, AF_INET))
        forward_family(l->net, "ipv4", "/proc/sys/net/ipv4/ip_forward");
    if (forwards(l->config, AF_INET6))
        forward_family(l->net, "ipv6", "/proc/sys/net/ipv6/conf/all/forwarding");
    return true;
}

static bool add_rules(Launch *l, GError **error) { return firewall_add(l->net, l->config, error); }

static void remove_rules(Launch *l) { firewall_remove(l->net); }

/* A network without it works, and says what is missing. */
static void register_domain(Net *net)
{
    View *view = net_edit(net);
    const Network *network = view->live->network;
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&view->messages[MESSAGE_RESOLVER], g_free);
    if (network->domain_register == SWITCH_ON && dhcp_serves_names(network) &&
        !resolver_register(network, &error)) {
        net_log(net, G_LOG_LEVEL_WARNING, "%s", error->message);
        view->messages[MESSAGE_RESOLVER] = g_strdup(error->message);
    }
    net_publish_anyway(net, view);
}

static bool join_zone(Launch *l, GError **error)
{
    return !has_bridge(l) || zone_join(l->config, error);
}

/* Our own end with what limits them. */
static void unlimit_bridge(const Network *network)
{
    if (network->bridge && !forward_has_bridge(network->forward.mode) &&
        network->bandwidth.inbound.average)
        (void) shape_set(network->bridge, &(Rate){}, NULL);
}

/* Of a bridge of the host's it limits what the host itself sends and gets by it: what guests and
 * the bridge's other links say to one another does not pass here. */
static bool limit_bandwidth(Launch *l, GError **error)
{
    const Network *network = l->config;
    Rate rate = rate_of(&network->bandwidth.inbound);

    if (!network->bridge || (!rate.average && !network->bandwidth.outbound.average))
        return true;
    if (!if_nametoindex(network->bridge))
        return fail(error, ERR_INTERNAL, "bridge '%s', whose bandwidth is limited, is not there",
                    network->bridge);
    if (!rate.average || shape_set(network->bridge, &rate, error))
        return true;
    unlimit_bridge(network);
    return false;
}

static void unlimit_bandwidth(Launch *l) { unlimit_bridge(l->config); }

static bool serve_dhcp(Launch *l, GError **error) { return dhcp_start(l->net, l->config, error); }

static void end_dhcp(Launch *l) { dhcp_stop(l->net); }

static bool publish_running(Launch *l, GError **error)
{
    View *view = net_edit(l->net);

    view->starting = false;
    return net_publish(l->net, view, error);
}

STEPS(Launch)

static const Step steps[] = {
    { "see whether it may", check_state, NULL },
    { "see whether the host has room for it", check_conflicts, NULL },
    { "see whether the host may forward for it", check_routers, NULL },
    { "note that it starts", publish_starting, publish_stopped },
    { "make its bridge", make_bridge, delete_bridge },
    { "set up IPv6", set_up_ipv6, NULL },
    { "give the bridge its addresses", add_addresses, NULL },
    { "raise the bridge", raise_bridge, NULL },
    { "add its routes", add_routes, NULL },
    { "limit its bandwidth", limit_bandwidth, unlimit_bandwidth },
    { "let the host forward", switch_forwarding, NULL },
    { "add its firewall rules", add_rules, remove_rules },
    { "join its firewall zone", join_zone, NULL },
    { "serve DHCP and DNS", serve_dhcp, end_dhcp },
    { "note that it runs", publish_running, NULL },
};

bool start_network(Net *net, const Network *config, GError **error)
{
    Launch l = { .net = net, .config = config };
    const char *failed;

    failed = steps_run(steps, G_N_ELEMENTS(steps), &l, error);
    if (failed) {
        net_log(net, G_LOG_LEVEL_DEBUG, "cannot %s", failed);
        return false;
    }
    if (config->domain_register == SWITCH_ON)
        register_domain(net);
    net_log(net, G_LOG_LEVEL_INFO, "started");
    net_tell(net, VIR_NETWORK_EVENT_STARTED);
    return true;
}

/* ---- the end ---- */

/* Only a bridge with the network's address is its own. */
static void end_bridge(const Network *network)
{
    Link link;

    if (forward_has_bridge(network->forward.mode) && link_find(network->bridge, &link, NULL) &&
        link.index && mac_equal(&link.mac, &network->mac))
        (void) link_delete(network->bridge, NULL);
}

void stop_network(Net *net)
{
    g_autoptr(View) now = net_view(net);
    const Network *live = now->live->network;

    port_drop_all(net);
    dhcp_stop(net);
    firewall_remove(net);
    unlimit_bridge(live);
    end_bridge(live);
    if (now->config) {
        set_stopped(net);
    } else {
        dhcp_forget(live->name);
        net_remove(net);
        (void) store_drop_state(&net_store, live->name, NULL);
    }
    net_log(net, G_LOG_LEVEL_INFO, "ended");
    net_tell(net, VIR_NETWORK_EVENT_STOPPED);
}

/* ---- after a restart ---- */

static bool bridge_is_there(const Network *network)
{
    Link link;

    return link_find(network->bridge, &link, NULL) && link.index &&
           mac_equal(&link.mac, &network->mac);
}

void start_repair_bridge(Net *net)
{
    static bool (*const made[])(Launch * l, GError * *error) = {
        make_bridge, set_up_ipv6, add_addresses, raise_bridge, add_routes, limit_bandwidth,
    };
    g_autoptr(View) view = net_view(net);
    const Network *network = view->live->network;
    Launch l = { .net = net, .config = network };

    if (!forward_has_bridge(network->forward.mode) || bridge_is_there(network))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(made); i++) {
        g_autoptr(GError) error = NULL;

        if (!made[i](&l, &error)) {
            net_log(net, G_LOG_LEVEL_WARNING, "its bridge cannot be made again: %s",
                    error->message);
            return;
        }
    }
    port_join_all(net);
    register_domain(net);
    net_log(net, G_LOG_LEVEL_WARNING, "its bridge was gone and has been made again");
}

/* Of a service that has been started since: zones and domains. */
static void tell_again(void *data)
{
    g_autoptr(Net) net = data;
    g_autoptr(View) view = net_view(net);
    g_autoptr(GError) error = NULL;

    if (!view->live || !forward_has_bridge(view->live->network->forward.mode))
        return;
    if (!zone_join(view->live->network, &error))
        net_log(net, G_LOG_LEVEL_WARNING, "%s", error->message);
    register_domain(net);
}

static void tell_all_again(void)
{
    g_autoptr(GPtrArray) active = net_list(true);

    for (guint i = 0; i < active->len; i++)
        strand_do(((Object *) active->pdata[i])->strand, MODE_CHANGE, "a service of the host",
                  tell_again, net_ref(active->pdata[i]));
}

void start_watch_services(void) { bus_watch(tell_all_again); }

/* They may have been gone before, or in the middle of a change. */
static void repair_limits(Launch *l)
{
    const Network *network = l->config;
    g_autoptr(GArray) floors = NULL;
    g_autoptr(GError) error = NULL;

    if (!network->bridge || !network->bandwidth.inbound.average)
        return;
    floors = shape_list_floors(network->bridge);
    if (!floors && !limit_bandwidth(l, &error))
        net_log(l->net, G_LOG_LEVEL_WARNING, "its bandwidth is not limited: %s", error->message);
    if (has_bridge(l))
        port_restore_floors(l->net, network->bridge, floors);
}

void start_repair(Net *net)
{
    g_autoptr(View) view = net_view(net);
    const Network *network = view->live->network;
    Launch l = { .net = net, .config = network };
    g_autoptr(GError) error = NULL;

    start_repair_bridge(net);
    repair_limits(&l);
    (void) switch_forwarding(&l, NULL);
    if (dhcp_is_needed(network) && !dhcp_adopt(net) && !dhcp_start(net, network, &error))
        net_log(net, G_LOG_LEVEL_WARNING, "it has no DHCP and DNS: %s", error->message);
    register_domain(net);
}
