/* network.c - a virtual network */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network.h"

const char *const forward_mode_names[] = {
    [FORWARD_NONE] = NULL,
    [FORWARD_NAT] = "nat",
    [FORWARD_ROUTE] = "route",
    [FORWARD_OPEN] = "open",
    [FORWARD_BRIDGE] = "bridge",
    [FORWARD_PRIVATE] = "private",
    [FORWARD_VEPA] = "vepa",
    [FORWARD_PASSTHROUGH] = "passthrough",
    [FORWARD_HOSTDEV] = "hostdev",
    [FORWARD_SAYS_NONE] = "none",
    NULL,
};
static const char *const mac_table_names[] = {
    [MAC_TABLE_ABSENT] = NULL,
    [MAC_TABLE_KERNEL] = "kernel",
    [MAC_TABLE_LIBVIRT] = "libvirt",
    NULL,
};
static const char *const lease_unit_names[] = {
    [LEASE_UNIT_ABSENT] = NULL,
    [LEASE_SECONDS] = "seconds",
    [LEASE_MINUTES] = "minutes",
    [LEASE_HOURS] = "hours",
    NULL,
};

/* ---- addresses as values ---- */

static bool ip_read(const XmlInput *input, void *slot)
{
    g_autofree char *trimmed = g_strstrip(g_strdup(input->text));

    return ip_parse(trimmed, slot);
}

static bool ip_present(const void *slot, const XmlField *) { return ip_is_set(slot); }

static void ip_write(GString *out, const void *slot, const XmlField *)
{
    char text[IP_TEXT];

    g_string_append(out, ip_print(slot, text));
}

const XmlType xml_ip = {
    .size = sizeof(Ip), .parse = ip_read, .present = ip_present, .write = ip_write
};

/* ---- forward ---- */

// clang-format off
static const XmlField interface_fields[] = {
    XML_STRING("@dev", ForwardInterface, dev, .required = true),
    XML_NUMBER("@connections", ForwardInterface, connections, .live = true),
    {},
};
XmlElement forward_interface_element = {
    .name = "interface",
    .size = sizeof(ForwardInterface),
    .fields = interface_fields,
};

static const XmlField forward_address_fields[] = {
    XML_STRING("@type", ForwardAddress, type),
    XML_PART(".", ForwardAddress, pci, &pci_address_element),
    XML_NUMBER("@connections", ForwardAddress, connections, .live = true),
    {},
};
static XmlElement forward_address_element = {
    .name = "address",
    .size = sizeof(ForwardAddress),
    .fields = forward_address_fields,
};

static const XmlField forward_fields[] = {
    XML_FLAG(".", Forward, given),
    XML_STRING("@dev", Forward, dev),
    XML_ENUM("@mode", Forward, mode, forward_mode_names, .code = ERR_CONFIG_UNSUPPORTED),
    XML_YES_NO("@managed", Forward, managed, .when = WHEN(FORWARD_HOSTDEV)),
    XML_YES_NO("nat/@ipv6", Forward, nat_ipv6),
    XML_IP("nat/address/@start", Forward, nat_start),
    XML_IP("nat/address/@end", Forward, nat_end),
    XML_NUMBER("nat/port/@start", Forward, port_start, .code = ERR_XML_DETAIL),
    XML_NUMBER("nat/port/@end", Forward, port_end, .code = ERR_XML_DETAIL),
    XML_STRING("driver/@name", Forward, driver, .when = WHEN(FORWARD_HOSTDEV)),
    XML_STRING("pf/@dev", Forward, pf),
    XML_NUMBER("pf/@connections", Forward, pf_connections, .live = true),
    XML_LIST("interface", Forward, interfaces, &forward_interface_element),
    XML_LIST("address", Forward, addresses, &forward_address_element),
    {},
};
XmlElement forward_element = {
    .name = "forward",
    .size = sizeof(Forward),
    .fields = forward_fields,
    .variant = offsetof(Forward, mode),
};

/* ---- DNS ---- */

static const XmlField forwarder_fields[] = {
    XML_STRING("@domain", DnsForwarder, domain),
    XML_IP("@addr", DnsForwarder, address),
    {},
};
static XmlElement forwarder_element = {
    .name = "forwarder",
    .size = sizeof(DnsForwarder),
    .fields = forwarder_fields,
};

static const XmlField dns_text_fields[] = {
    XML_STRING("@name", DnsText, name),
    XML_STRING("@value", DnsText, value),
    {},
};

static bool dns_text_finish(void *object, unsigned, GError **error)
{
    return ((DnsText *) object)->name ||
           fail(error, ERR_XML_DETAIL, "missing required name attribute in DNS TXT record");
}

XmlElement dns_text_element = {
    .name = "txt",
    .size = sizeof(DnsText),
    .fields = dns_text_fields,
    .finish = dns_text_finish,
};

static const XmlField dns_service_fields[] = {
    XML_STRING("@service", DnsService, service),
    XML_STRING("@protocol", DnsService, protocol),
    XML_STRING("@domain", DnsService, domain),
    XML_STRING("@target", DnsService, target),
    XML_NUMBER("@port", DnsService, port, .code = ERR_XML_DETAIL),
    XML_NUMBER("@priority", DnsService, priority, .code = ERR_XML_DETAIL),
    XML_NUMBER("@weight", DnsService, weight, .code = ERR_XML_DETAIL),
    {},
};
XmlElement dns_service_element = {
    .name = "srv",
    .size = sizeof(DnsService),
    .fields = dns_service_fields,
};

static const XmlField dns_name_fields[] = {
    XML_STRING(".", DnsName, name),
    {},
};
static XmlElement dns_name_element = {
    .name = "hostname",
    .size = sizeof(DnsName),
    .fields = dns_name_fields,
};

static const XmlField dns_host_fields[] = {
    XML_IP("@ip", DnsHost, ip, .code = ERR_XML_DETAIL),
    XML_LIST("hostname", DnsHost, names, &dns_name_element),
    {},
};
XmlElement dns_host_element = {
    .name = "host",
    .size = sizeof(DnsHost),
    .fields = dns_host_fields,
};

static const XmlField dns_fields[] = {
    XML_YES_NO("@enable", Dns, enable),
    XML_YES_NO("@forwardPlainNames", Dns, forward_plain_names),
    XML_LIST("forwarder", Dns, forwarders, &forwarder_element),
    XML_LIST("txt", Dns, texts, &dns_text_element),
    XML_LIST("srv", Dns, services, &dns_service_element),
    XML_LIST("host", Dns, hosts, &dns_host_element),
    {},
};
static XmlElement dns_element = {
    .name = "dns",
    .size = sizeof(Dns),
    .fields = dns_fields,
};

/* ---- addresses and DHCP ---- */

static const XmlField lease_time_fields[] = {
    XML_NUMBER("@expiry", LeaseTime, expiry),
    XML_ENUM("@unit", LeaseTime, unit, lease_unit_names),
    {},
};

/* Without a time a unit says nothing, and no unit is minutes. */
static bool lease_time_finish(void *object, unsigned, GError **error)
{
    LeaseTime *lease = object;

    if (!lease->expiry.given || !lease->expiry.value)
        lease->unit = LEASE_UNIT_ABSENT;
    else if (!lease->unit)
        lease->unit = LEASE_MINUTES;
    if (lease->expiry.given && lease->expiry.value && lease_seconds(lease) < 120)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "the minimum lease time should be greater than 2 minutes");
    return true;
}

static XmlElement lease_time_element = {
    .name = "lease",
    .size = sizeof(LeaseTime),
    .fields = lease_time_fields,
    .finish = lease_time_finish,
};

static const XmlField dhcp_range_fields[] = {
    XML_IP("@start", DhcpRange, start, .required = true, .code = ERR_SYSTEM),
    XML_IP("@end", DhcpRange, end, .required = true, .code = ERR_SYSTEM),
    XML_PART("lease", DhcpRange, lease, &lease_time_element),
    {},
};
XmlElement dhcp_range_element = {
    .name = "range",
    .size = sizeof(DhcpRange),
    .fields = dhcp_range_fields,
};

static const XmlField dhcp_host_fields[] = {
    XML_STRING("@mac", DhcpHost, mac),
    XML_STRING("@id", DhcpHost, id),
    XML_STRING("@name", DhcpHost, name),
    XML_IP("@ip", DhcpHost, ip),
    XML_PART("lease", DhcpHost, lease, &lease_time_element),
    {},
};
XmlElement dhcp_host_element = {
    .name = "host",
    .size = sizeof(DhcpHost),
    .fields = dhcp_host_fields,
};

static const XmlField ip_fields[] = {
    XML_STRING("@family", NetworkIp, family),
    XML_IP("@address", NetworkIp, address, .required = true),
    XML_IP("@netmask", NetworkIp, netmask),
    XML_NUMBER("@prefix", NetworkIp, prefix),
    XML_YES_NO("@localPtr", NetworkIp, local_ptr),
    XML_STRING("tftp/@root", NetworkIp, tftp_root),
    XML_LIST("dhcp/range", NetworkIp, ranges, &dhcp_range_element),
    XML_LIST("dhcp/host", NetworkIp, hosts, &dhcp_host_element),
    XML_STRING("dhcp/bootp/@file", NetworkIp, bootp_file),
    XML_STRING("dhcp/bootp/@server", NetworkIp, bootp_server),
    {},
};
static XmlElement ip_element = {
    .name = "ip",
    .size = sizeof(NetworkIp),
    .fields = ip_fields,
};

static const XmlField route_fields[] = {
    XML_STRING("@family", NetworkRoute, family),
    XML_IP("@address", NetworkRoute, address, .required = true),
    XML_IP("@netmask", NetworkRoute, netmask),
    XML_NUMBER("@prefix", NetworkRoute, prefix),
    XML_IP("@gateway", NetworkRoute, gateway, .required = true),
    XML_NUMBER("@metric", NetworkRoute, metric, .min = 1, .max = UINT32_MAX),
    {},
};
static XmlElement route_element = {
    .name = "route",
    .size = sizeof(NetworkRoute),
    .fields = route_fields,
};

/* ---- the network ---- */

static const XmlField portgroup_fields[] = {
    XML_STRING("@name", Portgroup, name, .required = true),
    XML_YES_NO("@default", Portgroup, is_default),
    XML_YES_NO("@trustGuestRxFilters", Portgroup, trust_guest_rx_filters),
    XML_PART("vlan", Portgroup, vlan, &vlan_element),
    XML_CHILD("virtualport", Portgroup, virtualport, &virtualport_element),
    XML_PART("bandwidth", Portgroup, bandwidth, &bandwidth_element),
    {},
};

static bool portgroup_finish(void *object, unsigned, GError **error)
{
    Portgroup *group = object;

    if (!*group->name)
        return fail(error, ERR_XML, "a portgroup has an empty '@name'");
    if (group->is_default == SWITCH_OFF)
        group->is_default = SWITCH_ABSENT;
    return true;
}

XmlElement portgroup_element = {
    .name = "portgroup",
    .size = sizeof(Portgroup),
    .fields = portgroup_fields,
    .finish = portgroup_finish,
};

static const XmlField dnsmasq_option_fields[] = {
    XML_STRING("@value", DnsmasqOption, value, .required = true),
    {},
};
static XmlElement dnsmasq_option_element = {
    .name = "option",
    .prefix = "dnsmasq",
    .uri = "http://libvirt.org/schemas/network/dnsmasq/1.0",
    .size = sizeof(DnsmasqOption),
    .fields = dnsmasq_option_fields,
};

static const XmlField dnsmasq_options_fields[] = {
    XML_LIST("option", DnsmasqOptions, list, &dnsmasq_option_element),
    {},
};
static XmlElement dnsmasq_options_element = {
    .name = "options",
    .prefix = "dnsmasq",
    .uri = "http://libvirt.org/schemas/network/dnsmasq/1.0",
    .size = sizeof(DnsmasqOptions),
    .fields = dnsmasq_options_fields,
};


static const XmlField network_fields[] = {
    XML_NUMBER("@connections", Network, connections, .live = true),
    XML_YES_NO("@ipv6", Network, ipv6),
    XML_YES_NO("@trustGuestRxFilters", Network, trust_guest_rx_filters),
    XML_STRING("name", Network, name),
    XML_UUID("uuid", Network, uuid, .code = ERR_INTERNAL),
    XML_STRING("title", Network, title),
    XML_STRING("description", Network, description),
    XML_RAW("metadata", Network, metadata),
    XML_PART("forward", Network, forward, &forward_element),
    XML_STRING("bridge/@name", Network, bridge),
    XML_STRING("bridge/@zone", Network, zone),
    XML_STRING("bridge/@stp", Network, stp),
    XML_NUMBER("bridge/@delay", Network, delay),
    XML_ENUM("bridge/@macTableManager", Network, mac_table, mac_table_names),
    XML_NUMBER("mtu/@size", Network, mtu),
    XML_MAC("mac/@address", Network, mac),
    XML_STRING("domain/@name", Network, domain),
    XML_YES_NO("domain/@localOnly", Network, domain_local),
    XML_YES_NO("domain/@register", Network, domain_register),
    XML_PART("dns", Network, dns, &dns_element),
    XML_PART("vlan", Network, vlan, &vlan_element),
    XML_PART("bandwidth", Network, bandwidth, &bandwidth_element),
    XML_YES_NO("port/@isolated", Network, port_isolated),
    XML_LIST("ip", Network, ips, &ip_element),
    XML_LIST("route", Network, routes, &route_element),
    XML_CHILD("virtualport", Network, virtualport, &virtualport_element),
    XML_LIST("portgroup", Network, portgroups, &portgroup_element),
    XML_CHILD("dnsmasq:options", Network, dnsmasq, &dnsmasq_options_element),
    {},
};
// clang-format on

static bool network_finish(void *object, unsigned flags, GError **error)
{
    return network_check(object, flags & XML_LIVE, error);
}

XmlElement network_element = {
    .name = "network",
    .size = sizeof(Network),
    .fields = network_fields,
    .finish = network_finish,
};
