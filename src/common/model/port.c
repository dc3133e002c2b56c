/* port.c - a guest's place in a virtual network */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/port.h"

const char *const plug_type_names[] = {
    [PLUG_NONE] = NULL,       [PLUG_NETWORK] = "network",     [PLUG_BRIDGE] = "bridge",
    [PLUG_DIRECT] = "direct", [PLUG_HOSTDEV] = "hostdev-pci", NULL,
};
static const char *const mac_table_names[] = {
    [MAC_TABLE_ABSENT] = NULL,
    [MAC_TABLE_KERNEL] = "kernel",
    [MAC_TABLE_LIBVIRT] = "libvirt",
    NULL,
};

// clang-format off
#define BRIDGED .when = WHEN(PLUG_NETWORK) | WHEN(PLUG_BRIDGE)
#define DIRECT .when = WHEN(PLUG_DIRECT)
#define HOSTDEV .when = WHEN(PLUG_HOSTDEV)

static const XmlField port_fields[] = {
    XML_UUID("uuid", NetworkPort, uuid),
    XML_STRING("owner/name", NetworkPort, owner_name, .required = true),
    XML_UUID("owner/uuid", NetworkPort, owner, .required = true),
    XML_STRING("group", NetworkPort, group),
    XML_MAC("mac/@address", NetworkPort, mac, .required = true),
    XML_CHILD("virtualport", NetworkPort, virtualport, &virtualport_element),
    XML_NUMBER("bandwidth/@classID", NetworkPort, class_id),
    XML_PART("bandwidth", NetworkPort, bandwidth, &bandwidth_element),
    XML_PART("vlan", NetworkPort, vlan, &vlan_element),
    XML_YES_NO("rxfilters/@trustGuest", NetworkPort, trust_guest),
    XML_YES_NO("port/@isolated", NetworkPort, isolated),
    XML_ENUM("plug/@type", NetworkPort, plug, plug_type_names, .needed = true),
    XML_STRING("plug/@bridge", NetworkPort, bridge, .required = true, BRIDGED),
    XML_ENUM("plug/@macTableManager", NetworkPort, mac_table, mac_table_names, BRIDGED),
    XML_STRING("plug/@dev", NetworkPort, dev, .required = true, DIRECT),
    XML_ENUM("plug/@mode", NetworkPort, mode, direct_mode_names, DIRECT),
    XML_YES_NO("plug/@managed", NetworkPort, managed, HOSTDEV),
    XML_STRING("plug/driver/@name", NetworkPort, driver, HOSTDEV),
    XML_PART("plug/address", NetworkPort, pci, &pci_address_element, HOSTDEV),
    {},
};
// clang-format on

XmlElement port_element = {
    .name = "networkport",
    .size = sizeof(NetworkPort),
    .fields = port_fields,
    .variant = offsetof(NetworkPort, plug),
};
