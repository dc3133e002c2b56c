/* iface.h - a guest's network interface */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum IfaceType {
    IFACE_NONE,
    IFACE_USER,
    IFACE_ETHERNET,
    IFACE_VHOST_USER,
    IFACE_SERVER,
    IFACE_CLIENT,
    IFACE_MCAST,
    IFACE_NETWORK,
    IFACE_BRIDGE,
    IFACE_INTERNAL,
    IFACE_DIRECT,
    IFACE_HOSTDEV,
    IFACE_UDP,
    IFACE_VDPA,
    IFACE_NULL,
    IFACE_VDS,
} IfaceType;
extern const char *const iface_type_names[];

typedef enum DirectMode {
    DIRECT_MODE_ABSENT,
    DIRECT_VEPA,
    DIRECT_PRIVATE,
    DIRECT_BRIDGE,
    DIRECT_PASSTHROUGH,
} DirectMode;
extern const char *const direct_mode_names[];

typedef enum IfaceBackend {
    IFACE_BACKEND_ABSENT,
    IFACE_BACKEND_QEMU,
    IFACE_BACKEND_VHOST
} IfaceBackend;
extern const char *const iface_backend_names[];

typedef enum IfaceTxMode { TX_MODE_ABSENT, TX_MODE_IOTHREAD, TX_MODE_TIMER } IfaceTxMode;
typedef enum LinkState { LINK_ABSENT, LINK_UP, LINK_DOWN } LinkState;
extern const char *const link_state_names[];
typedef enum Teaming { TEAMING_NONE, TEAMING_PERSISTENT, TEAMING_TRANSIENT } Teaming;
extern const char *const teaming_names[];
typedef enum MacType { MAC_TYPE_ABSENT, MAC_GENERATED, MAC_STATIC } MacType;

/* One direction of <bandwidth>, in KiB/s and KiB; 0: no limit. */
typedef struct BandwidthLimit {
    uint64_t average, peak, burst, floor;
} BandwidthLimit;

typedef struct Bandwidth {
    BandwidthLimit inbound, outbound;
} Bandwidth;

/* The figures of a Bandwidth, as clients' parameters name them. */
typedef struct BandwidthFigure {
    const char *name;
    size_t offset; /* of a uint64_t in Bandwidth */
} BandwidthFigure;
enum { BANDWIDTH_FIGURES = 7 };
extern const BandwidthFigure bandwidth_figures[BANDWIDTH_FIGURES];

/* A direction without an average and without a floor has no limit at all. */
void bandwidth_settle(Bandwidth *bandwidth);
bool bandwidth_is_limited(const Bandwidth *bandwidth);

typedef enum NativeVlan { VLAN_NOT_NATIVE, VLAN_TAGGED, VLAN_UNTAGGED } NativeVlan;

typedef struct VlanTag {
    unsigned id;
    NativeVlan native;
} VlanTag;

typedef struct Vlan {
    Switch trunk;
    GPtrArray *tags; /* of VlanTag */
    bool given;      /* the element is there */
} Vlan;

typedef struct Virtualport {
    char *type; /* "802.1Qbg", "802.1Qbh", "openvswitch", "midonet" */
    Optional manager, type_id, type_version;
    Uuid instance, interface;
    char *profile;
} Virtualport;

/* Whether it has all that its type needs; what a guest asks a network for need not. */
bool virtualport_check_whole(const Virtualport *port, GError **error);

typedef struct FilterParameter {
    char *name, *value;
} FilterParameter;

typedef struct Filterref {
    char *filter;
    GPtrArray *parameters; /* of FilterParameter */
} Filterref;

typedef struct IfaceIp {
    char *family; /* "ipv4", "ipv6" */
    char *address;
    Optional prefix;
    char *peer;
} IfaceIp;

typedef struct IfaceRoute {
    char *family, *address;
    char *netmask; /* or prefix */
    Optional prefix;
    char *gateway;
    Optional metric;
} IfaceRoute;

/* driver/host and driver/guest: offloads; some names exist on one side only. */
typedef struct IfaceOffloads {
    Switch csum, gso, tso4, tso6, ecn, ufo, mrg_rxbuf;
} IfaceOffloads;

typedef struct Iface {
    DeviceInfo info;
    IfaceType type;
    Switch managed; /* of hostdev */
    Switch trust_guest_rx_filters;
    Mac mac;
    MacType mac_type;
    Switch mac_check;
    /* source/... */
    char *network, *portgroup;
    Uuid port_id;     /* live: netd's name of the interface's place in the network */
    IfaceType actual; /* live, of IFACE_NETWORK: what it is in truth, where that is another type */
    char *bridge;     /* of IFACE_BRIDGE; live: that of IFACE_NETWORK, too */
    char *dev;        /* of direct, vdpa, user; live: that of a network of such devices */
    DirectMode mode;  /* likewise */
    char *internal;   /* @name of IFACE_INTERNAL */
    char *address;    /* of server, client, mcast, udp */
    unsigned port;
    char *local_address; /* of udp */
    unsigned local_port;
    char *socket;      /* @path of vhostuser */
    char *socket_type; /* "unix" */
    char *socket_mode; /* "server", "client" */
    Switch reconnect;
    unsigned reconnect_timeout;
    Address *host_device; /* of IFACE_HOSTDEV; live: what IFACE_NETWORK was given */
    char *device_driver;  /* "vfio", likewise */
    Uuid switch_id;       /* of vds */
    int64_t vds_port;
    char *vds_portgroup;
    int64_t vds_connection;
    GPtrArray *source_ips, *source_routes; /* of the host's end */
    Vlan vlan;
    Virtualport *virtualport;
    GPtrArray *ips;    /* of IfaceIp */
    GPtrArray *routes; /* of IfaceRoute */
    char *script, *downscript, *backend_domain;
    char *target; /* the tap's name; NULL or "vnet%d" style: given at start */
    Switch target_managed;
    char *guest_dev, *guest_actual; /* of containers: the name inside */
    char *model;                    /* "virtio", "e1000", ... as QEMU knows it */
    IfaceBackend driver;
    IfaceTxMode tx_mode;
    Switch ioeventfd, event_idx;
    unsigned queues, rx_queue_size, tx_queue_size;
    Switch rss, rss_hash_report;
    VirtioOptions virtio;
    IfaceOffloads host_offloads, guest_offloads;
    char *backend_tap, *backend_vhost;
    Filterref *filterref;
    Teaming teaming;
    char *teaming_persistent;
    LinkState link;
    unsigned mtu;
    Optional sndbuf;
    Optional coalesce_rx_frames;
    Bandwidth bandwidth;
    Switch port_isolated;
} Iface;

/* A device of the host's: always, or live because its network hands out such. */
bool iface_is_device(const Iface *iface);
/* Its end on the host is a link. */
bool iface_has_link(const Iface *iface);

extern XmlElement iface_element, bandwidth_element, virtualport_element, vlan_element;
extern XmlElement filterref_element, iface_ip_element, iface_route_element;
XML_STRUCT(Iface, iface, iface_element)
