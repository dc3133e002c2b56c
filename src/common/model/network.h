/* network.h - a virtual network as its definition describes it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ip.h"
#include "model/iface.h"

typedef enum ForwardMode {
    FORWARD_NONE, /* isolated */
    FORWARD_NAT,
    FORWARD_ROUTE,
    FORWARD_OPEN,
    FORWARD_BRIDGE, /* a bridge of the host's, or macvtap in bridge mode */
    FORWARD_PRIVATE,
    FORWARD_VEPA,
    FORWARD_PASSTHROUGH,
    FORWARD_HOSTDEV,
    FORWARD_SAYS_NONE, /* as it is read only */
} ForwardMode;
extern const char *const forward_mode_names[];

/* A device of the host that guests are connected through. */
typedef struct ForwardInterface {
    char *dev;
    unsigned connections; /* live */
} ForwardInterface;

typedef struct ForwardAddress {
    char *type; /* "pci" */
    PciAddress pci;
    unsigned connections; /* live */
} ForwardAddress;

typedef struct Forward {
    bool given; /* the element is there: without a mode it says nat */
    ForwardMode mode;
    char *dev; /* the first of the interfaces */
    Switch managed;
    Switch nat_ipv6;
    Ip nat_start, nat_end;
    Optional port_start, port_end;
    char *driver; /* of hostdev */
    char *pf;     /* device whose virtual functions are handed out */
    unsigned pf_connections;
    GPtrArray *interfaces; /* of ForwardInterface */
    GPtrArray *addresses;  /* of ForwardAddress */
} Forward;

typedef enum MacTableManager {
    MAC_TABLE_ABSENT,
    MAC_TABLE_KERNEL,
    MAC_TABLE_LIBVIRT
} MacTableManager;

typedef struct DnsForwarder {
    char *domain;
    Ip address;
} DnsForwarder;

typedef struct DnsText {
    char *name, *value;
} DnsText;

typedef struct DnsService {
    char *service, *protocol, *domain, *target;
    Optional port, priority, weight;
} DnsService;

typedef struct DnsName {
    char *name;
} DnsName;

typedef struct DnsHost {
    Ip ip;
    GPtrArray *names; /* of DnsName */
} DnsHost;

typedef struct Dns {
    Switch enable, forward_plain_names;
    GPtrArray *forwarders; /* of DnsForwarder */
    GPtrArray *texts;      /* of DnsText */
    GPtrArray *services;   /* of DnsService */
    GPtrArray *hosts;      /* of DnsHost */
} Dns;

typedef enum LeaseUnit { LEASE_UNIT_ABSENT, LEASE_SECONDS, LEASE_MINUTES, LEASE_HOURS } LeaseUnit;

/* How long an address is lent; 0 for ever. */
typedef struct LeaseTime {
    Optional expiry;
    LeaseUnit unit;
} LeaseTime;

typedef struct DhcpRange {
    Ip start, end;
    LeaseTime lease;
} DhcpRange;

typedef struct DhcpHost {
    char *mac, *id, *name; /* the MAC address as it was written */
    Ip ip;
    LeaseTime lease;
} DhcpHost;

typedef struct NetworkIp {
    char *family; /* NULL: ipv4 */
    Ip address;
    Ip netmask; /* or prefix */
    Optional prefix;
    Switch local_ptr;
    char *tftp_root;
    GPtrArray *ranges; /* of DhcpRange */
    GPtrArray *hosts;  /* of DhcpHost */
    char *bootp_file;
    char *bootp_server; /* an address; it says nothing without a file */
} NetworkIp;

typedef struct NetworkRoute {
    char *family;
    Ip address, netmask;
    Optional prefix;
    Ip gateway;
    Optional metric;
} NetworkRoute;

typedef struct Portgroup {
    char *name;
    Switch is_default;
    Switch trust_guest_rx_filters;
    Vlan vlan;
    Virtualport *virtualport;
    Bandwidth bandwidth;
} Portgroup;

typedef struct DnsmasqOption {
    char *value;
} DnsmasqOption;

typedef struct DnsmasqOptions {
    GPtrArray *list; /* of DnsmasqOption */
} DnsmasqOptions;

typedef struct Network {
    char *name;
    Uuid uuid;
    char *title, *description, *metadata;
    Switch ipv6; /* guests may speak IPv6 to one another without an address of the network */
    Switch trust_guest_rx_filters;
    unsigned connections; /* live */
    Forward forward;
    char *bridge, *zone, *stp;
    Optional delay;
    MacTableManager mac_table;
    unsigned mtu;
    Mac mac;
    char *domain;
    Switch domain_local, domain_register;
    Dns dns;
    Vlan vlan;
    Bandwidth bandwidth;
    Switch port_isolated;
    GPtrArray *ips;    /* of NetworkIp */
    GPtrArray *routes; /* of NetworkRoute */
    Virtualport *virtualport;
    GPtrArray *portgroups; /* of Portgroup */
    DnsmasqOptions *dnsmasq;
} Network;

extern XmlElement network_element, portgroup_element, forward_element, forward_interface_element;
extern XmlElement dhcp_range_element, dhcp_host_element;
extern XmlElement dns_host_element, dns_text_element, dns_service_element;
XML_STRUCT(Network, network, network_element)
XML_STRUCT(Portgroup, portgroup, portgroup_element)

/* An address as text; of the type Ip. */
extern const XmlType xml_ip;
#define XML_IP(p, Struct, member, ...)                                              \
    {                                                                               \
        .path = p, .type = &xml_ip, .offset = SLOT(Struct, member, Ip), __VA_ARGS__ \
    }

/* Whether netd makes the bridge, and gives it addresses, rules, DHCP and DNS. */
static inline bool forward_has_bridge(ForwardMode mode) { return mode <= FORWARD_OPEN; }
unsigned network_ip_prefix(const NetworkIp *ip);
unsigned network_route_prefix(const NetworkRoute *route);
/* Seconds; 0: for ever. lease->expiry is given. */
uint64_t lease_seconds(const LeaseTime *lease);
/* Whether ip takes part in DHCP. */
static inline bool network_ip_has_dhcp(const NetworkIp *ip) { return ip->ranges || ip->hosts; }

/* What is to be true of a definition, however it came to be: when it was read, and after each
 * update. Brings it into its normal form; live: with what its start has made of it. */
bool network_check(Network *network, bool live, GError **error);
/* One item by itself; partial: it says no more than which one is meant. */
bool network_check_host(const Network *network, const NetworkIp *ip, const DhcpHost *host,
                        bool partial, GError **error);
bool network_check_range(const NetworkIp *ip, const DhcpRange *range, GError **error);
bool network_check_dns_host(const Network *network, const DnsHost *host, bool partial,
                            GError **error);
bool network_check_text(const Network *network, const DnsText *text, bool partial, GError **error);
bool network_check_service(const Network *network, const DnsService *service, bool partial,
                           GError **error);
/* The group of that name, or the default one when name is NULL; NULL when there is none. */
const Portgroup *network_portgroup(const Network *network, const char *name);
