/* iface.c - a guest's network interface */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/iface.h"

#include "base/ip.h"

#include <string.h>

const char *const iface_type_names[] = {
    [IFACE_NONE] = NULL,
    [IFACE_USER] = "user",
    [IFACE_ETHERNET] = "ethernet",
    [IFACE_VHOST_USER] = "vhostuser",
    [IFACE_SERVER] = "server",
    [IFACE_CLIENT] = "client",
    [IFACE_MCAST] = "mcast",
    [IFACE_NETWORK] = "network",
    [IFACE_BRIDGE] = "bridge",
    [IFACE_INTERNAL] = "internal",
    [IFACE_DIRECT] = "direct",
    [IFACE_HOSTDEV] = "hostdev",
    [IFACE_UDP] = "udp",
    [IFACE_VDPA] = "vdpa",
    [IFACE_NULL] = "null",
    [IFACE_VDS] = "vds",
    NULL,
};
const char *const direct_mode_names[] = {
    [DIRECT_MODE_ABSENT] = NULL,          [DIRECT_VEPA] = "vepa",
    [DIRECT_PRIVATE] = "private",         [DIRECT_BRIDGE] = "bridge",
    [DIRECT_PASSTHROUGH] = "passthrough", NULL,
};
const char *const iface_backend_names[] = {
    [IFACE_BACKEND_ABSENT] = NULL,
    [IFACE_BACKEND_QEMU] = "qemu",
    [IFACE_BACKEND_VHOST] = "vhost",
    NULL,
};
static const char *const tx_mode_names[] = {
    [TX_MODE_ABSENT] = NULL,
    [TX_MODE_IOTHREAD] = "iothread",
    [TX_MODE_TIMER] = "timer",
    NULL,
};
const char *const link_state_names[] = {
    [LINK_ABSENT] = NULL,
    [LINK_UP] = "up",
    [LINK_DOWN] = "down",
    NULL,
};
const char *const teaming_names[] = {
    [TEAMING_NONE] = NULL,
    [TEAMING_PERSISTENT] = "persistent",
    [TEAMING_TRANSIENT] = "transient",
    NULL,
};
static const char *const mac_type_names[] = {
    [MAC_TYPE_ABSENT] = NULL,
    [MAC_GENERATED] = "generated",
    [MAC_STATIC] = "static",
    NULL,
};
static const char *const native_vlan_names[] = {
    [VLAN_NOT_NATIVE] = NULL,
    [VLAN_TAGGED] = "tagged",
    [VLAN_UNTAGGED] = "untagged",
    NULL,
};

#define BANDWIDTH .code = ERR_CONFIG_UNSUPPORTED

static const XmlField bandwidth_fields[] = {
    XML_NUMBER("inbound/@average", Bandwidth, inbound.average, BANDWIDTH),
    XML_NUMBER("inbound/@peak", Bandwidth, inbound.peak, BANDWIDTH),
    XML_NUMBER("inbound/@floor", Bandwidth, inbound.floor, BANDWIDTH),
    XML_NUMBER("inbound/@burst", Bandwidth, inbound.burst, BANDWIDTH),
    XML_NUMBER("outbound/@average", Bandwidth, outbound.average, BANDWIDTH),
    XML_NUMBER("outbound/@peak", Bandwidth, outbound.peak, BANDWIDTH),
    XML_NUMBER("outbound/@burst", Bandwidth, outbound.burst, BANDWIDTH),
    XML_UNSUPPORTED("outbound/@floor"),
    {},
};

static bool bandwidth_finish(void *object, unsigned, GError **error)
{
    const Bandwidth *bandwidth = object;

    if ((bandwidth->inbound.peak || bandwidth->inbound.burst) && !bandwidth->inbound.average)
        return fail(error, ERR_XML_DETAIL, "missing 'inbound/@average'");
    if ((bandwidth->outbound.peak || bandwidth->outbound.burst) && !bandwidth->outbound.average)
        return fail(error, ERR_XML_DETAIL, "missing 'outbound/@average'");
    return true;
}

XmlElement bandwidth_element = {
    .name = "bandwidth",
    .size = sizeof(Bandwidth),
    .fields = bandwidth_fields,
    .finish = bandwidth_finish,
};

const BandwidthFigure bandwidth_figures[BANDWIDTH_FIGURES] = {
    { "inbound.average", SLOT(Bandwidth, inbound.average, uint64_t) },
    { "inbound.peak", SLOT(Bandwidth, inbound.peak, uint64_t) },
    { "inbound.burst", SLOT(Bandwidth, inbound.burst, uint64_t) },
    { "inbound.floor", SLOT(Bandwidth, inbound.floor, uint64_t) },
    { "outbound.average", SLOT(Bandwidth, outbound.average, uint64_t) },
    { "outbound.peak", SLOT(Bandwidth, outbound.peak, uint64_t) },
    { "outbound.burst", SLOT(Bandwidth, outbound.burst, uint64_t) },
};

void bandwidth_settle(Bandwidth *bandwidth)
{
    if (!bandwidth->inbound.average && !bandwidth->inbound.floor)
        bandwidth->inbound = (BandwidthLimit){};
    if (!bandwidth->outbound.average)
        bandwidth->outbound = (BandwidthLimit){};
}

bool bandwidth_is_limited(const Bandwidth *bandwidth)
{
    return bandwidth->inbound.average || bandwidth->inbound.floor || bandwidth->outbound.average;
}

static const XmlField vlan_tag_fields[] = {
    XML_NUMBER("@id", VlanTag, id, .required = true, .always = true, .max = 4095),
    XML_ENUM("@nativeMode", VlanTag, native, native_vlan_names),
    {},
};
static XmlElement vlan_tag_element = {
    .name = "tag",
    .size = sizeof(VlanTag),
    .fields = vlan_tag_fields,
};

static const XmlField vlan_fields[] = {
    XML_FLAG(".", Vlan, given),
    XML_YES_NO("@trunk", Vlan, trunk),
    XML_LIST("tag", Vlan, tags, &vlan_tag_element),
    {},
};

static bool vlan_finish(void *object, unsigned, GError **error)
{
    Vlan *vlan = object;

    if (!vlan->tags || vlan->tags->len == 1)
        return vlan->tags || !vlan->given || fail(error, ERR_XML, "a vlan has no 'tag/@id'");
    if (vlan->trunk == SWITCH_OFF)
        return fail(error, ERR_XML, "a vlan with several tags is a trunk");
    vlan->trunk = SWITCH_ON;
    return true;
}

XmlElement vlan_element = {
    .name = "vlan",
    .size = sizeof(Vlan),
    .fields = vlan_fields,
    .finish = vlan_finish,
};

static const char *const virtualport_type_names[] = { NULL,          "802.1Qbg", "802.1Qbh",
                                                      "openvswitch", "midonet",  NULL };

static const XmlField virtualport_fields[] = {
    XML_WORD("@type", Virtualport, type, virtualport_type_names, .code = ERR_CONFIG_UNSUPPORTED),
    XML_NUMBER("parameters/@managerid", Virtualport, manager, .max = 255),
    XML_NUMBER("parameters/@typeid", Virtualport, type_id, .max = 0xffffff),
    XML_NUMBER("parameters/@typeidversion", Virtualport, type_version, .max = 255),
    XML_UUID("parameters/@instanceid", Virtualport, instance),
    XML_UUID("parameters/@interfaceid", Virtualport, interface),
    XML_STRING("parameters/@profileid", Virtualport, profile),
    {},
};

/* What a port of each kind needs of its switch, and what else it may have; the other parameters
 * are those of another kind. */
enum { MANAGER = 1, TYPE_ID = 2, TYPE_VERSION = 4, INSTANCE = 8, INTERFACE = 16, PROFILE = 32 };

static const struct {
    const char *type;
    unsigned needs, may;
} virtualport_kinds[] = {
    { "802.1Qbg", MANAGER | TYPE_ID | TYPE_VERSION, INSTANCE },
    { "802.1Qbh", PROFILE, 0 },
    { "openvswitch", 0, INTERFACE | PROFILE },
    { "midonet", INTERFACE, MANAGER | TYPE_ID | TYPE_VERSION | INSTANCE | PROFILE },
};

static const char *name_parameter(unsigned parameters)
{
    static const char *const names[] = { "managerid",  "typeid",      "typeidversion",
                                         "instanceid", "interfaceid", "profileid" };

    return names[g_bit_nth_lsf(parameters, -1)];
}

static unsigned parameters_of(const Virtualport *port)
{
    return (port->manager.given ? MANAGER : 0) | (port->type_id.given ? TYPE_ID : 0) |
           (port->type_version.given ? TYPE_VERSION : 0) |
           (uuid_is_zero(&port->instance) ? 0 : INSTANCE) |
           (uuid_is_zero(&port->interface) ? 0 : INTERFACE) | (port->profile ? PROFILE : 0);
}

static bool virtualport_finish(void *object, unsigned, GError **error)
{
    const Virtualport *port = object;
    unsigned given = parameters_of(port);

    for (size_t i = 0; port->type && i < G_N_ELEMENTS(virtualport_kinds); i++) {
        unsigned extra = given & ~(virtualport_kinds[i].needs | virtualport_kinds[i].may);

        if (g_str_equal(port->type, virtualport_kinds[i].type) && extra)
            return fail(error, ERR_XML, "extra %s unsupported in <virtualport type='%s'>",
                        name_parameter(extra), port->type);
    }
    return true;
}

bool virtualport_check_whole(const Virtualport *port, GError **error)
{
    unsigned given = parameters_of(port);

    if (!port->type)
        return fail(error, ERR_XML, "missing required virtualport type");
    for (size_t i = 0; i < G_N_ELEMENTS(virtualport_kinds); i++) {
        unsigned missing = virtualport_kinds[i].needs & ~given;

        if (g_str_equal(port->type, virtualport_kinds[i].type) && missing)
            return fail(error, ERR_XML, "missing %s in <virtualport type='%s'>",
                        name_parameter(missing), port->type);
    }
    return true;
}

XmlElement virtualport_element = {
    .name = "virtualport",
    .size = sizeof(Virtualport),
    .fields = virtualport_fields,
    .finish = virtualport_finish,
};

static const XmlField parameter_fields[] = {
    XML_STRING("@name", FilterParameter, name, .required = true),
    XML_STRING("@value", FilterParameter, value, .required = true),
    {},
};
static XmlElement parameter_element = {
    .name = "parameter",
    .size = sizeof(FilterParameter),
    .fields = parameter_fields,
};

static const XmlField filterref_fields[] = {
    XML_STRING("@filter", Filterref, filter, .required = true),
    XML_LIST("parameter", Filterref, parameters, &parameter_element),
    {},
};
XmlElement filterref_element = {
    .name = "filterref",
    .size = sizeof(Filterref),
    .fields = filterref_fields,
};

static const XmlField ip_fields[] = {
    XML_STRING("@address", IfaceIp, address, .required = true),
    XML_STRING("@family", IfaceIp, family),
    XML_NUMBER("@prefix", IfaceIp, prefix, .max = 128),
    XML_STRING("@peer", IfaceIp, peer),
    {},
};
static bool ip_finish(void *object, unsigned, GError **error)
{
    IfaceIp *ip = object;
    Ip own, peer;

    if (!ip->family)
        ip->family = g_strdup(strchr(ip->address, ':') ? "ipv6" : "ipv4");
    if (ip->peer &&
        (!ip_parse(ip->peer, &peer) || (ip_parse(ip->address, &own) && own.family != peer.family)))
        return fail(error, ERR_INVALID_ARG, "Invalid peer '%s' in <ip>", ip->peer);
    return true;
}

XmlElement iface_ip_element = {
    .name = "ip",
    .size = sizeof(IfaceIp),
    .fields = ip_fields,
    .finish = ip_finish,
};

static const XmlField route_fields[] = {
    XML_STRING("@family", IfaceRoute, family),
    XML_STRING("@address", IfaceRoute, address),
    XML_STRING("@netmask", IfaceRoute, netmask),
    XML_NUMBER("@prefix", IfaceRoute, prefix, .max = 128),
    XML_STRING("@gateway", IfaceRoute, gateway),
    XML_NUMBER("@metric", IfaceRoute, metric, .min = 1, .max = UINT32_MAX),
    {},
};
XmlElement iface_route_element = {
    .name = "route",
    .size = sizeof(IfaceRoute),
    .fields = route_fields,
};

// clang-format off
#define OF(type) .when = WHEN(IFACE_##type)
#define FILTERED (WHEN(IFACE_NETWORK) | WHEN(IFACE_BRIDGE) | WHEN(IFACE_ETHERNET))
/* What an interface of a network may be in truth; shown as such, it still tells of the network. */
#define ACTUAL (WHEN(IFACE_BRIDGE) | WHEN(IFACE_DIRECT))
#define SOCKETS (WHEN(IFACE_SERVER) | WHEN(IFACE_CLIENT) | WHEN(IFACE_MCAST) | WHEN(IFACE_UDP))

static const XmlField iface_fields[] = {
    XML_ENUM("@type", Iface, type, iface_type_names, .required = true),
    XML_YES_NO("@managed", Iface, managed, OF(HOSTDEV)),
    XML_YES_NO("@managed", Iface, managed, .live = true, OF(NETWORK)),
    XML_YES_NO("@trustGuestRxFilters", Iface, trust_guest_rx_filters),
    XML_MAC("mac/@address", Iface, mac, .needed = true),
    XML_ENUM("mac/@type", Iface, mac_type, mac_type_names),
    XML_YES_NO("mac/@check", Iface, mac_check),
    XML_STRING("driver/@name", Iface, device_driver, OF(HOSTDEV)),
    XML_ENUM("actual/@type", Iface, actual, iface_type_names, .live = true, OF(NETWORK)),
    XML_STRING("source/@network", Iface, network, .required = true, OF(NETWORK)),
    XML_STRING("source/@network", Iface, network, .live = true, .when = ACTUAL),
    XML_STRING("source/@portgroup", Iface, portgroup, OF(NETWORK)),
    XML_STRING("source/@portgroup", Iface, portgroup, .live = true, .when = ACTUAL),
    XML_UUID("source/@portid", Iface, port_id, .live = true, .when = ACTUAL | WHEN(IFACE_NETWORK)),
    XML_STRING("source/@bridge", Iface, bridge, .required = true, OF(BRIDGE)),
    XML_STRING("source/@bridge", Iface, bridge, .live = true, OF(NETWORK)),
    XML_STRING("source/@dev", Iface, dev, .required = true, .when = WHEN(IFACE_DIRECT) | WHEN(IFACE_VDPA)),
    XML_STRING("source/@dev", Iface, dev, OF(USER)),
    XML_STRING("source/@dev", Iface, dev, .live = true, OF(NETWORK)),
    XML_ENUM("source/@mode", Iface, mode, direct_mode_names, OF(DIRECT)),
    XML_ENUM("source/@mode", Iface, mode, direct_mode_names, .live = true, OF(NETWORK)),
    XML_STRING("source/@name", Iface, internal, .required = true, OF(INTERNAL)),
    XML_STRING("source/@address", Iface, address, .required = true,
               .when = SOCKETS & ~WHEN(IFACE_SERVER)),
    XML_STRING("source/@address", Iface, address, OF(SERVER)),
    XML_NUMBER("source/@port", Iface, port, .required = true, .max = 65535, .when = SOCKETS),
    XML_STRING("source/local/@address", Iface, local_address, OF(UDP)),
    XML_NUMBER("source/local/@port", Iface, local_port, .max = 65535, OF(UDP)),
    XML_STRING("source/@type", Iface, socket_type, .required = true, OF(VHOST_USER)),
    XML_STRING("source/@path", Iface, socket, .required = true, OF(VHOST_USER)),
    XML_STRING("source/@mode", Iface, socket_mode, .required = true, OF(VHOST_USER)),
    XML_YES_NO("source/reconnect/@enabled", Iface, reconnect, .needed = true, OF(VHOST_USER)),
    XML_NUMBER("source/reconnect/@timeout", Iface, reconnect_timeout, OF(VHOST_USER)),
    XML_CHILD("source/address", Iface, host_device, &address_element, OF(HOSTDEV)),
    XML_STRING("source/@driver", Iface, device_driver, .live = true, OF(NETWORK)),
    XML_CHILD("source/address", Iface, host_device, &address_element, .live = true, OF(NETWORK)),
    XML_UUID("source/@switchid", Iface, switch_id, OF(VDS)),
    XML_NUMBER("source/@portid", Iface, vds_port, .always = true, OF(VDS)),
    XML_STRING("source/@portgroupid", Iface, vds_portgroup, OF(VDS)),
    XML_NUMBER("source/@connectionid", Iface, vds_connection, .always = true, OF(VDS)),
    XML_LIST("source/ip", Iface, source_ips, &iface_ip_element, OF(ETHERNET)),
    XML_LIST("source/route", Iface, source_routes, &iface_route_element, OF(ETHERNET)),
    XML_PART("vlan", Iface, vlan, &vlan_element),
    XML_CHILD("virtualport", Iface, virtualport, &virtualport_element),
    XML_PART("bandwidth", Iface, bandwidth, &bandwidth_element),
    XML_YES_NO("port/@isolated", Iface, port_isolated, .needed = true),
    XML_LIST("ip", Iface, ips, &iface_ip_element),
    XML_LIST("route", Iface, routes, &iface_route_element),
    XML_STRING("script/@path", Iface, script, .needed = true),
    XML_STRING("downscript/@path", Iface, downscript, .needed = true),
    XML_STRING("backenddomain/@name", Iface, backend_domain, .needed = true),
    XML_STRING("target/@dev", Iface, target),
    XML_YES_NO("target/@managed", Iface, target_managed, OF(ETHERNET)),
    XML_STRING("guest/@dev", Iface, guest_dev),
    XML_STRING("guest/@actual", Iface, guest_actual, .live = true),
    XML_STRING("model/@type", Iface, model, .needed = true),
    XML_ENUM("driver/@name", Iface, driver, iface_backend_names, .when = ~WHEN(IFACE_HOSTDEV)),
    XML_ENUM("driver/@txmode", Iface, tx_mode, tx_mode_names),
    XML_ON_OFF("driver/@ioeventfd", Iface, ioeventfd),
    XML_ON_OFF("driver/@event_idx", Iface, event_idx),
    XML_NUMBER("driver/@queues", Iface, queues),
    XML_NUMBER("driver/@rx_queue_size", Iface, rx_queue_size),
    XML_NUMBER("driver/@tx_queue_size", Iface, tx_queue_size),
    XML_ON_OFF("driver/@rss", Iface, rss),
    XML_ON_OFF("driver/@rss_hash_report", Iface, rss_hash_report),
    DEVICE_VIRTIO(Iface),
    XML_ON_OFF("driver/host/@csum", Iface, host_offloads.csum),
    XML_ON_OFF("driver/host/@gso", Iface, host_offloads.gso),
    XML_ON_OFF("driver/host/@tso4", Iface, host_offloads.tso4),
    XML_ON_OFF("driver/host/@tso6", Iface, host_offloads.tso6),
    XML_ON_OFF("driver/host/@ecn", Iface, host_offloads.ecn),
    XML_ON_OFF("driver/host/@ufo", Iface, host_offloads.ufo),
    XML_ON_OFF("driver/host/@mrg_rxbuf", Iface, host_offloads.mrg_rxbuf),
    XML_ON_OFF("driver/guest/@csum", Iface, guest_offloads.csum),
    XML_ON_OFF("driver/guest/@tso4", Iface, guest_offloads.tso4),
    XML_ON_OFF("driver/guest/@tso6", Iface, guest_offloads.tso6),
    XML_ON_OFF("driver/guest/@ecn", Iface, guest_offloads.ecn),
    XML_ON_OFF("driver/guest/@ufo", Iface, guest_offloads.ufo),
    XML_UNSUPPORTED("backend/@type", OF(USER)),
    XML_UNSUPPORTED("backend/@logFile", OF(USER)),
    XML_UNSUPPORTED("portForward", OF(USER)),
    XML_STRING("backend/@tap", Iface, backend_tap),
    XML_STRING("backend/@vhost", Iface, backend_vhost),
    XML_CHILD("filterref", Iface, filterref, &filterref_element, .when = FILTERED),
    XML_NUMBER("tune/sndbuf", Iface, sndbuf),
    XML_ENUM("link/@state", Iface, link, link_state_names, .needed = true),
    XML_NUMBER("mtu/@size", Iface, mtu, .needed = true),
    XML_NUMBER("coalesce/rx/frames/@max", Iface, coalesce_rx_frames),
    XML_ENUM("teaming/@type", Iface, teaming, teaming_names, .needed = true),
    XML_STRING("teaming/@persistent", Iface, teaming_persistent),
    DEVICE_BOOT(Iface),
    DEVICE_ALIAS(Iface),
    DEVICE_ROM(Iface),
    DEVICE_ACPI(Iface),
    DEVICE_ADDRESS(Iface),
    {},
};
// clang-format on

/* Names that were given at start are given anew. */
static bool is_generated(const char *target)
{
    static const char *const prefixes[] = { "vnet", "macvtap", "macvlan" };

    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        size_t length = strlen(prefixes[i]);

        if (g_str_has_prefix(target, prefixes[i]) && g_ascii_isdigit(target[length]) &&
            target[length + strspn(target + length, "0123456789")] == '\0')
            return true;
    }
    return false;
}

/* Any device that QEMU may know. */
static bool is_model_name(const char *model)
{
    for (; *model; model++) {
        if (!g_ascii_isalnum(*model) && !strchr("-_.", *model))
            return false;
    }
    return true;
}

static bool iface_finish(void *object, unsigned flags, GError **error)
{
    Iface *iface = object;

    if (!(flags & XML_LIVE) && iface->target && is_generated(iface->target))
        g_clear_pointer(&iface->target, g_free);
    if (iface->type == IFACE_DIRECT && !iface->mode)
        iface->mode = DIRECT_VEPA;

    if (iface->model && !is_model_name(iface->model))
        return fail(error, ERR_XML, "invalid value '%s' for 'model/@type'", iface->model);
    if (mac_is_multicast(&iface->mac))
        return fail(error, ERR_XML, "expected a unicast 'mac/@address', found a multicast one");
    if (iface->type == IFACE_HOSTDEV &&
        (!iface->host_device || iface->host_device->type == ADDRESS_NONE))
        return fail(error, ERR_XML, "missing 'source/address'");
    /* What is missing here a network may have. */
    if (iface->virtualport && iface->type != IFACE_NETWORK &&
        !virtualport_check_whole(iface->virtualport, error))
        return false;
    if (iface->teaming == TEAMING_TRANSIENT && !iface->teaming_persistent)
        return fail(error, ERR_XML, "missing 'teaming/@persistent'");
    return true;
}

XmlElement iface_element = {
    .name = "interface",
    .size = sizeof(Iface),
    .fields = iface_fields,
    .variant = offsetof(Iface, type),
    .finish = iface_finish,
};

bool iface_is_device(const Iface *iface)
{
    return WHEN(iface->type) & (WHEN(IFACE_NETWORK) | WHEN(IFACE_HOSTDEV)) && iface->host_device;
}

bool iface_has_link(const Iface *iface)
{
    return WHEN(iface->type) & (WHEN(IFACE_NETWORK) | WHEN(IFACE_BRIDGE) | WHEN(IFACE_DIRECT) |
                                WHEN(IFACE_ETHERNET)) &&
           !iface_is_device(iface);
}
