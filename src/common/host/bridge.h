/* bridge.h - bridges, and the links that are their ports */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/mac.h"

typedef struct Bridge {
    Mac mac;      /* tells later whose the bridge is: it is made with it */
    unsigned mtu; /* 0: the kernel's own choice */
    bool stp;
    unsigned delay;     /* in seconds */
    bool filters_vlans; /* where the kernel can */
} Bridge;

/* 0 or an errno: EEXIST when the name is in use. The bridge is down. */
int bridge_create(const char *name, const Bridge *bridge);

typedef struct BridgePort {
    bool isolated;    /* reaches only ports that are not */
    bool fixed_table; /* learns nothing, gets no frames for unknown addresses */
} BridgePort;
bool bridge_set_port(const char *name, const BridgePort *port, GError **error);
/* The VLANs that the port carries; untagged: the one that its frames without a tag are of, 0: none.
 * Replaces those that it has. The bridge must filter VLANs. */
bool bridge_set_vlans(const char *port, const unsigned *tags, unsigned count, unsigned untagged,
                      GError **error);
/* Where the frames for an address go, where the table of the bridge is ours. */
bool bridge_add_address(const char *port, const Mac *mac, GError **error);
