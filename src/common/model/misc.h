/* misc.h - devices of one or two attributes: hubs, leases, NVRAM */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum HubType { HUB_NONE, HUB_USB } HubType;

typedef struct Hub {
    DeviceInfo info;
    HubType type;
} Hub;

/* A lock on something shared, held while the guest runs. */
typedef struct Lease {
    DeviceInfo info; /* stays empty */
    char *lockspace, *key;
    char *path;
    uint64_t offset;
} Lease;

typedef struct Nvram {
    DeviceInfo info;
} Nvram;

extern XmlElement hub_element, lease_element, nvram_element;
XML_STRUCT(Hub, hub, hub_element)
XML_STRUCT(Lease, lease, lease_element)
XML_STRUCT(Nvram, nvram, nvram_element)
