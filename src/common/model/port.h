/* port.h - a guest's place in a virtual network, as its definition describes it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network.h"

/* What the interface is plugged into. */
typedef enum PlugType { PLUG_NONE, PLUG_NETWORK, PLUG_BRIDGE, PLUG_DIRECT, PLUG_HOSTDEV } PlugType;
extern const char *const plug_type_names[];

typedef struct NetworkPort {
    Uuid uuid;
    char *owner_name;
    Uuid owner;
    char *group;
    Mac mac;
    Virtualport *virtualport;
    Bandwidth bandwidth;
    unsigned class_id; /* of the floor, among those of the bridge */
    Vlan vlan;
    Switch trust_guest;
    Switch isolated;
    PlugType plug;
    char *bridge; /* of PLUG_NETWORK and PLUG_BRIDGE */
    MacTableManager mac_table;
    char *dev; /* of PLUG_DIRECT */
    DirectMode mode;
    Switch managed; /* of PLUG_HOSTDEV */
    char *driver;
    PciAddress pci;
} NetworkPort;

extern XmlElement port_element;
XML_STRUCT(NetworkPort, network_port, port_element)
