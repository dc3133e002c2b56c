/* network-check.c - what is to be true between the parts of a network's definition */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/list.h"
#include "model/network.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- prefixes and times ---- */

static unsigned prefix_of(const Ip *address, const Ip *netmask, const Optional *prefix)
{
    if (prefix->given)
        return prefix->value;
    if (ip_is_set(netmask))
        return MAX(ip_mask_prefix(netmask), 0);
    return ip_usual_prefix(address);
}

unsigned network_ip_prefix(const NetworkIp *ip)
{
    return prefix_of(&ip->address, &ip->netmask, &ip->prefix);
}

/* Without a prefix a route is to the one address, but for the route to everywhere. */
unsigned network_route_prefix(const NetworkRoute *route)
{
    static const uint8_t zero[16];

    if (route->prefix.given || ip_is_set(&route->netmask))
        return prefix_of(&route->address, &route->netmask, &route->prefix);
    if (memcmp(route->address.bytes, zero, sizeof(zero)) == 0)
        return 0;
    return ip_usual_prefix(&route->address);
}

uint64_t lease_seconds(const LeaseTime *lease)
{
    static const unsigned factors[] = { 60, 1, 60, 3600 };

    return lease->expiry.value * factors[lease->unit];
}

const Portgroup *network_portgroup(const Network *network, const char *name)
{
    for (LIST_EACH(Portgroup, group, network->portgroups)) {
        if (name ? g_str_equal(group->name, name) : group->is_default == SWITCH_ON)
            return group;
    }
    return NULL;
}

/* ---- names ---- */

static bool check_name(const Network *network, GError **error)
{
    const char *odd = network->name ? strpbrk(network->name, "/\n") : NULL;

    if (!network->name || !*network->name)
        return fail(error, ERR_NO_NAME, "missing name information");
    if (odd)
        return fail(error, ERR_XML_DETAIL, "invalid char in name: %c", *odd);
    return true;
}

/* ---- forward ---- */

static bool check_nat(const Network *network, GError **error)
{
    const Forward *forward = &network->forward;
    bool has_start = ip_is_set(&forward->nat_start), has_end = ip_is_set(&forward->nat_end);
    bool has_ports = forward->port_start.given || forward->port_end.given;

    if (!has_start && !has_end && !has_ports && !forward->nat_ipv6)
        return true;
    if (forward->mode != FORWARD_NAT)
        return fail(error, ERR_XML,
                    "the <nat> element can only be used when <forward> 'mode' is 'nat' in network "
                    "%s",
                    network->name);
    if (has_start != has_end)
        return fail(error, ERR_XML, "missing '%s' in <address> in <nat> of network %s",
                    has_start ? "end" : "start", network->name);
    if (has_start && forward->nat_start.family != forward->nat_end.family)
        return fail(error, ERR_XML, "the addresses in <nat> of network %s are of two families",
                    network->name);
    if (has_start && forward->nat_start.family != AF_INET)
        return fail(error, ERR_XML, "the addresses in <nat> of network %s are not IPv4 ones",
                    network->name);
    if (has_start && ip_compare(&forward->nat_start, &forward->nat_end) > 0)
        return fail(error, ERR_INTERNAL,
                    "the range of addresses in <nat> of network %s is reversed", network->name);
    if (has_ports && (!forward->port_start.given || forward->port_start.value > 65535))
        return fail(error, ERR_XML_DETAIL,
                    "missing or invalid 'start' in <port> in <nat> of network %s", network->name);
    if (has_ports && (!forward->port_end.given || forward->port_end.value > 65535 ||
                      forward->port_end.value < forward->port_start.value))
        return fail(error, ERR_XML_DETAIL,
                    "missing or invalid 'end' in <port> in <nat> of network %s", network->name);
    return true;
}

static bool check_interfaces(const Network *network, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (LIST_EACH(ForwardInterface, interface, network->forward.interfaces)) {
        if (!g_hash_table_add(seen, interface->dev))
            return fail(error, ERR_XML, "interface '%s' can only be listed once in network %s",
                        interface->dev, network->name);
    }
    return true;
}

/* What the interfaces are and what the attribute says is one. Where it is live they are the card's,
 * if there is one. */
static bool merge_interfaces(Network *network, bool live, GError **error)
{
    Forward *forward = &network->forward;
    ForwardInterface *first;

    if (live && forward->pf)
        return true;
    if (forward->dev && !list_length(forward->interfaces)) {
        first = g_new0(ForwardInterface, 1);
        first->dev = g_strdup(forward->dev);
        list_add(&forward->interfaces, first);
    }
    if (!list_length(forward->interfaces))
        return true;
    g_clear_pointer(&forward->pf, g_free);
    first = forward->interfaces->pdata[0];
    if (forward->dev && !g_str_equal(forward->dev, first->dev))
        return fail(error, ERR_XML,
                    "<forward dev='%s'> must match first <interface dev='%s'/> in network %s",
                    forward->dev, first->dev, network->name);
    if (!forward->dev)
        forward->dev = g_strdup(first->dev);
    return true;
}

static bool check_forward(Network *network, bool live, GError **error)
{
    Forward *forward = &network->forward;
    unsigned interfaces;

    if (forward->mode == FORWARD_NONE && forward->given)
        forward->mode = FORWARD_NAT;
    if (!check_interfaces(network, error) || !check_nat(network, error))
        return false;
    if (forward->mode == FORWARD_SAYS_NONE)
        xml_clear(&forward_element, forward);
    forward->given = forward->mode != FORWARD_NONE;
    if (forward->mode == FORWARD_HOSTDEV && !forward->managed)
        forward->managed = SWITCH_OFF;
    if (!merge_interfaces(network, live, error))
        return false;
    interfaces = list_length(forward->interfaces);
    if (interfaces && forward->mode == FORWARD_OPEN)
        return fail(error, ERR_XML,
                    "forward dev not allowed for network '%s' with forward mode='open'",
                    network->name);
    if (interfaces > 1 && forward_has_bridge(forward->mode))
        return fail(error, ERR_XML,
                    "multiple forwarding interfaces specified for network '%s', only one is "
                    "supported",
                    network->name);
    if (interfaces + list_length(forward->addresses) + (forward->pf != NULL) > 0 &&
        forward->mode == FORWARD_BRIDGE && network->bridge)
        return fail(error, ERR_XML,
                    "a network with forward mode='bridge' can specify a bridge name or a forward "
                    "dev, but not both (network '%s')",
                    network->name);
    if (forward->mode != FORWARD_NONE && forward_has_bridge(forward->mode) &&
        !list_length(network->ips))
        return fail(error, ERR_XML,
                    "%s forwarding requested, but no IP address provided for network "
                    "'%s'",
                    forward_mode_names[forward->mode], network->name);
    return true;
}

/* ---- the bridge ---- */

static bool check_bridge(Network *network, GError **error)
{
    bool has_bridge = forward_has_bridge(network->forward.mode);

    if (network->delay.given && network->delay.value > INT_MAX)
        return fail(error, ERR_XML, "invalid delay value in network '%s'", network->name);
    if (mac_is_multicast(&network->mac))
        return fail(error, ERR_XML, "invalid multicast bridge mac address in network '%s'",
                    network->name);
    if (has_bridge && g_strcmp0(network->stp, "off") != 0) {
        g_free(network->stp);
        network->stp = g_strdup("on");
    }
    if (has_bridge && !network->delay.given)
        network->delay = optional(0);
    if (network->bridge && !*network->bridge)
        g_clear_pointer(&network->bridge, g_free);
    if (!network->domain)
        network->domain_local = network->domain_register = SWITCH_ABSENT;
    if (network->ipv6 == SWITCH_OFF)
        network->ipv6 = SWITCH_ABSENT;
    return true;
}

#define OWN_BRIDGE \
    (WHEN(FORWARD_NONE) | WHEN(FORWARD_NAT) | WHEN(FORWARD_ROUTE) | WHEN(FORWARD_OPEN))
#define ANY_BRIDGE (OWN_BRIDGE | WHEN(FORWARD_BRIDGE))

/* What only networks of some modes can have. */
static bool check_kind(const Network *network, GError **error)
{
    const Dns *dns = &network->dns;
    const Bandwidth *bandwidth = &network->bandwidth;
    const struct {
        const char *what;
        bool given;
        uint64_t modes;
        ErrorCode code;
    } parts[] = {
        { "<mtu>", network->mtu != 0, OWN_BRIDGE, ERR_XML },
        { "<bridge>", network->bridge != NULL, ANY_BRIDGE, ERR_XML },
        { "stp, delay or zone of <bridge>", network->stp || network->delay.given || network->zone,
          OWN_BRIDGE, ERR_XML },
        { "<ip>", list_length(network->ips) > 0, OWN_BRIDGE, ERR_CONFIG_UNSUPPORTED },
        { "<dns>", dns->forwarders || dns->texts || dns->services || dns->hosts, OWN_BRIDGE,
          ERR_CONFIG_UNSUPPORTED },
        { "<domain>", network->domain != NULL, OWN_BRIDGE, ERR_CONFIG_UNSUPPORTED },
        { "<mac>", !mac_is_zero(&network->mac), OWN_BRIDGE, ERR_CONFIG_UNSUPPORTED },
        { "<bandwidth>", bandwidth->inbound.average || bandwidth->outbound.average,
          network->bridge ? ANY_BRIDGE : OWN_BRIDGE, ERR_CONFIG_UNSUPPORTED },
        { "<interface> in <forward>", list_length(network->forward.interfaces) > 0,
          WHEN_NOT(WHEN(FORWARD_HOSTDEV)), ERR_CONFIG_UNSUPPORTED },
        { "<address> in <forward>", list_length(network->forward.addresses) > 0,
          WHEN(FORWARD_HOSTDEV), ERR_CONFIG_UNSUPPORTED },
    };
    ForwardMode mode = network->forward.mode;

    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i].given && !(parts[i].modes & WHEN(mode)))
            return fail(error, parts[i].code, "unsupported %s in network %s with forward mode='%s'",
                        parts[i].what, network->name, mode ? forward_mode_names[mode] : "none");
    }
    return true;
}

/* ---- DNS ---- */

bool network_check_text(const Network *network, const DnsText *text, bool partial, GError **error)
{
    if (strpbrk(text->name, " ,"))
        return fail(error, ERR_XML_DETAIL,
                    "prohibited character in DNS TXT record name '%s' of network %s", text->name,
                    network->name);
    return partial || text->value ||
           fail(error, ERR_XML_DETAIL,
                "missing required value attribute in DNS TXT record named '%s' of network %s",
                text->name, network->name);
}

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+/*"

bool network_check_service(const Network *network, const DnsService *service, bool partial,
                           GError **error)
{
    const struct {
        const char *name;
        const Optional *value;
        int64_t least;
    } numbers[] = {
        { "port", &service->port, 1 },
        { "priority", &service->priority, 0 },
        { "weight", &service->weight, 0 },
    };
    const char *name = service->service ? service->service : "";

    if (!partial && !service->service)
        return fail(error, ERR_XML_DETAIL,
                    "missing required service attribute in DNS SRV record of network '%s'",
                    network->name);
    if (service->service && service->service[strspn(service->service, NAME_CHARACTERS)])
        return fail(error, ERR_XML_DETAIL,
                    "invalid character in service attribute '%s' in DNS SRV record of network '%s'",
                    service->service, network->name);
    if (!partial && !service->protocol)
        return fail(error, ERR_XML_DETAIL,
                    "missing required protocol attribute in DNS SRV record '%s' of network '%s'",
                    service->service, network->name);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (!numbers[i].value->given)
            continue;
        if (!service->target)
            return fail(error, ERR_XML_DETAIL,
                        "DNS SRV %s attribute not permitted without target for service '%s' in "
                        "network '%s'",
                        numbers[i].name, name, network->name);
        if (numbers[i].value->value < numbers[i].least || numbers[i].value->value > 65535)
            return fail(error, ERR_XML_DETAIL,
                        "invalid DNS SRV %s attribute for service '%s' in network '%s'",
                        numbers[i].name, name, network->name);
    }
    return true;
}

bool network_check_dns_host(const Network *network, const DnsHost *host, bool partial,
                            GError **error)
{
    if (partial && (ip_is_set(&host->ip) || list_length(host->names)))
        return true;
    if (!ip_is_set(&host->ip))
        return fail(error, ERR_XML_DETAIL, "missing IP address in network '%s' DNS HOST record",
                    network->name);
    for (LIST_EACH(DnsName, name, host->names)) {
        if (!name->name)
            return fail(error, ERR_XML_DETAIL, "missing hostname in network '%s' DNS HOST record",
                        network->name);
    }
    return list_length(host->names) ||
           fail(error, ERR_XML_DETAIL, "missing hostname in network '%s' DNS HOST record",
                network->name);
}

static bool check_dns(const Network *network, GError **error)
{
    const Dns *dns = &network->dns;

    if (dns->enable == SWITCH_OFF && (dns->forwarders || dns->texts || dns->services || dns->hosts))
        return fail(error, ERR_XML, "extra data in disabled DNS of network '%s'", network->name);
    for (LIST_EACH(DnsForwarder, forwarder, dns->forwarders)) {
        if (!forwarder->domain && !ip_is_set(&forwarder->address))
            return fail(error, ERR_XML,
                        "invalid forwarder element, must contain at least one of addr or domain");
    }
    for (LIST_EACH(DnsText, text, dns->texts)) {
        if (!network_check_text(network, text, false, error))
            return false;
    }
    for (LIST_EACH(DnsService, service, dns->services)) {
        if (!network_check_service(network, service, false, error))
            return false;
    }
    for (LIST_EACH(DnsHost, host, dns->hosts)) {
        if (!network_check_dns_host(network, host, false, error))
            return false;
    }
    return true;
}

/* ---- addresses ---- */

/* code: the errors about addresses and those about routes have different ones. */
static bool check_address(const char *where, const char *family, const Ip *address,
                          const Ip *netmask, const Optional *prefix, ErrorCode code, GError **error)
{
    char text[IP_TEXT];
    bool is_v6 = g_strcmp0(family, "ipv6") == 0;

    if (family && !is_v6 && !g_str_equal(family, "ipv4"))
        return fail(error, ERR_XML, "unrecognized family '%s' in %s", family, where);
    if ((address->family == AF_INET6) != is_v6)
        return fail(error, code, "%s family specified for address '%s' in %s",
                    family ? family : "no", ip_print(address, text), where);
    if (prefix->given && ip_is_set(netmask))
        return fail(error, code, "%s cannot have both a prefix and a netmask", where);
    if (prefix->given && prefix->value > 8 * ip_size(address->family))
        return fail(error, code, "invalid prefix %" G_GINT64_FORMAT " in %s, must be 0 - %u",
                    prefix->value, where, 8 * ip_size(address->family));
    if (ip_is_set(netmask) && (address->family != AF_INET || netmask->family != AF_INET))
        return fail(error, code, "a netmask is of IPv4 only, in %s", where);
    return true;
}

bool network_check_range(const NetworkIp *ip, const DhcpRange *range, GError **error)
{
    char from[IP_TEXT], to[IP_TEXT], own[IP_TEXT];
    unsigned prefix = network_ip_prefix(ip);
    Ip network = ip_network(&ip->address, prefix), last = ip_broadcast(&ip->address, prefix);

    ip_print(&range->start, from);
    ip_print(&range->end, to);
    ip_print(&ip->address, own);
    if (range->start.family != ip->address.family || range->end.family != ip->address.family)
        return fail(error, ERR_INTERNAL,
                    "mismatch of address family in range %s - %s for network %s", from, to, own);
    if (ip_compare(&range->start, &range->end) > 0)
        return fail(error, ERR_INTERNAL, "range %s - %s is reversed", from, to);
    if (!ip_in_network(&range->start, &network, prefix) ||
        !ip_in_network(&range->end, &network, prefix))
        return fail(error, ERR_INTERNAL, "range %s - %s is not entirely within network %s/%u", from,
                    to, own, prefix);
    if (ip->address.family == AF_INET && ip_equal(&range->start, &network))
        return fail(error, ERR_INTERNAL,
                    "start of range %s - %s in network %s/%u is the network address", from, to, own,
                    prefix);
    if (ip->address.family == AF_INET && ip_equal(&range->end, &last))
        return fail(error, ERR_INTERNAL,
                    "end of range %s - %s in network %s/%u is the broadcast address", from, to, own,
                    prefix);
    return ip_range_size(&range->start, &range->end) <= 65536 ||
           fail(error, ERR_INTERNAL, "range %s - %s is too large (> 65535)", from, to);
}

static bool check_host_mac(const Network *network, const DhcpHost *host, bool is_v6, GError **error)
{
    Mac mac;

    if (!host->mac)
        return true;
    if (!mac_parse(host->mac, &mac))
        return fail(error, ERR_XML, "cannot parse MAC address '%s' in network '%s'", host->mac,
                    network->name);
    if (is_v6)
        return fail(error, ERR_XML,
                    "invalid to specify MAC address '%s' in network '%s' IPv6 static host "
                    "definition",
                    host->mac, network->name);
    if (mac_is_multicast(&mac))
        return fail(error, ERR_XML,
                    "expected unicast mac address, found multicast '%s' in network "
                    "'%s'",
                    host->mac, network->name);
    return true;
}

bool network_check_host(const Network *network, const NetworkIp *ip, const DhcpHost *host,
                        bool partial, GError **error)
{
    bool is_v6 = ip->address.family == AF_INET6;
    const char *odd = host->id ? host->id + strspn(host->id, "0123456789abcdefABCDEF:") : "";

    if (!check_host_mac(network, host, is_v6, error))
        return false;
    if (is_v6 && *odd)
        return fail(error, ERR_XML, "invalid character '%c' in id '%s' of network '%s'", *odd,
                    host->id, network->name);
    if (host->name && (!*host->name || strpbrk(host->name, ",\n")))
        return fail(error, ERR_XML, "cannot use host name '%s' in network '%s'", host->name,
                    network->name);
    if (partial)
        return host->name || host->mac || ip_is_set(&host->ip) ||
               fail(error, ERR_XML,
                    "a static host of network '%s' is meant by its name, mac or ip attribute",
                    network->name);
    if (is_v6 ? !host->id && !host->name : !host->mac && !host->name)
        return fail(error, ERR_XML,
                    "static host definition in %s network '%s' must have %s or name attribute",
                    is_v6 ? "IPv6" : "IPv4", network->name, is_v6 ? "id" : "mac");
    if (!ip_is_set(&host->ip))
        return fail(error, ERR_XML, "missing IP address in static host definition for network '%s'",
                    network->name);
    return host->ip.family == ip->address.family ||
           fail(error, ERR_XML, "invalid IP address in static host definition for network '%s'",
                network->name);
}

static bool check_ip(const Network *network, NetworkIp *ip, GError **error)
{
    g_autofree char *where = g_strdup_printf("an address of network '%s'", network->name);
    Ip server;

    if (!check_address(where, ip->family, &ip->address, &ip->netmask, &ip->prefix,
                       ERR_CONFIG_UNSUPPORTED, error))
        return false;
    if (ip->address.family == AF_INET6 && ip->tftp_root)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "unsupported <tftp> element in an IPv6 element in network '%s'", network->name);
    for (LIST_EACH(DhcpRange, range, ip->ranges)) {
        if (!network_check_range(ip, range, error))
            return false;
    }
    for (LIST_EACH(DhcpHost, host, ip->hosts)) {
        if (!network_check_host(network, ip, host, false, error))
            return false;
    }
    if (ip->bootp_file && ip->bootp_server && !ip_parse(ip->bootp_server, &server))
        return fail(error, ERR_SYSTEM,
                    "cannot parse the address '%s' of a bootp server in network '%s'",
                    ip->bootp_server, network->name);
    if (!ip->bootp_file || !network_ip_has_dhcp(ip) || ip->address.family == AF_INET6) {
        g_clear_pointer(&ip->bootp_file, g_free);
        g_clear_pointer(&ip->bootp_server, g_free);
    }
    return true;
}

static bool check_ips(const Network *network, GError **error)
{
    unsigned with_dhcp[2] = {};

    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        bool is_v6 = ip->address.family == AF_INET6;

        if (!check_ip(network, ip, error))
            return false;
        if (network_ip_has_dhcp(ip) && with_dhcp[is_v6]++)
            return fail(error, ERR_CONFIG_UNSUPPORTED,
                        "multiple IPv%d dhcp sections found: dhcp is supported only for a single "
                        "IPv%d address on each network",
                        is_v6 ? 6 : 4, is_v6 ? 6 : 4);
    }
    return true;
}

/* ---- routes ---- */

static bool is_reachable(const Network *network, const Ip *gateway)
{
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        if (ip->address.family == gateway->family &&
            ip_in_network(gateway, &ip->address, network_ip_prefix(ip)))
            return true;
    }
    return false;
}

static bool check_route(const Network *network, const NetworkRoute *route, GError **error)
{
    char text[IP_TEXT];
    g_autofree char *where = g_strdup_printf("a route definition of network '%s'", network->name);
    Ip first;

    if (!check_address(where, route->family, &route->address, &route->netmask, &route->prefix,
                       ERR_XML, error))
        return false;
    first = ip_network(&route->address, network_route_prefix(route));
    if (!ip_equal(&first, &route->address) ||
        (!route->prefix.given && !ip_is_set(&route->netmask) && network_route_prefix(route) != 0))
        return fail(error, ERR_XML, "address '%s' in %s is not a network address",
                    ip_print(&route->address, text), where);
    if (route->gateway.family != route->address.family)
        return fail(error, ERR_XML, "gateway '%s' in %s is of another family",
                    ip_print(&route->gateway, text), where);
    return is_reachable(network, &route->gateway) ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "unreachable static route gateway '%s' specified for network '%s'",
                ip_print(&route->gateway, text), network->name);
}

static bool check_routes(const Network *network, GError **error)
{
    for (LIST_EACH(NetworkRoute, route, network->routes)) {
        if (!check_route(network, route, error))
            return false;
    }
    return true;
}

/* ---- port groups, vlan, bandwidth ---- */

static bool may_have_vlan(const Network *network, const Virtualport *own)
{
    const Virtualport *port = own ? own : network->virtualport;

    return network->forward.mode == FORWARD_HOSTDEV ||
           network->forward.mode == FORWARD_PASSTHROUGH ||
           (network->forward.mode == FORWARD_BRIDGE && port &&
            g_strcmp0(port->type, "openvswitch") == 0);
}

static bool check_vlan(const Network *network, const Vlan *vlan, const Virtualport *own,
                       GError **error)
{
    return !list_length(vlan->tags) || may_have_vlan(network, own) ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "<vlan> element specified for network %s, whose type doesn't support vlan "
                "configuration",
                network->name);
}

static bool check_group_bandwidth(const Network *network, const Portgroup *group, GError **error)
{
    return network->forward.mode != FORWARD_HOSTDEV || !bandwidth_is_limited(&group->bandwidth) ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "unsupported <bandwidth> in portgroup '%s' of network '%s' with forward "
                "mode='hostdev'",
                group->name, network->name);
}

/* A floor is one guest's. */
static bool check_floor(const Bandwidth *bandwidth, GError **error)
{
    return !bandwidth->inbound.floor ||
           fail(error, ERR_CONFIG_UNSUPPORTED, "floor attribute is not supported for this config");
}

static bool check_virtualport(const Virtualport *port, GError **error)
{
    return !port || port->type || fail(error, ERR_XML, "missing required virtualport type");
}

static bool check_portgroups(const Network *network, GError **error)
{
    const Portgroup *standard = NULL;

    for (LIST_EACH(Portgroup, group, network->portgroups)) {
        if (network_portgroup(network, group->name) != group)
            return fail(error, ERR_CONFIG_UNSUPPORTED,
                        "multiple <portgroup> elements with the same name (%s) in network '%s'",
                        group->name, network->name);
        if (group->is_default == SWITCH_ON && standard)
            return fail(error, ERR_CONFIG_UNSUPPORTED,
                        "network '%s' has multiple default <portgroup> elements (%s and %s), but "
                        "only one default is allowed",
                        network->name, standard->name, group->name);
        if (group->is_default == SWITCH_ON)
            standard = group;
        if (!check_vlan(network, &group->vlan, group->virtualport, error) ||
            !check_virtualport(group->virtualport, error) ||
            !check_group_bandwidth(network, group, error) || !check_floor(&group->bandwidth, error))
            return false;
    }
    return true;
}

bool network_check(Network *network, bool live, GError **error)
{
    return check_name(network, error) && check_forward(network, live, error) &&
           check_kind(network, error) && check_bridge(network, error) &&
           check_dns(network, error) && check_ips(network, error) && check_routes(network, error) &&
           check_vlan(network, &network->vlan, NULL, error) &&
           check_virtualport(network->virtualport, error) &&
           check_floor(&network->bandwidth, error) && check_portgroups(network, error);
}
