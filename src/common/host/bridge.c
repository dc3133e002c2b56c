/* bridge.c - bridges, and the links that are their ports */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/bridge.h"

#include "host/netlink.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

enum { TICKS = 100 }; /* a second, as the kernel tells users its times */

static int create(const char *name, const Bridge *bridge, bool filters_vlans)
{
    struct ifinfomsg header = {};
    struct nl_msg *message =
        netlink_new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
    struct nlattr *info, *data;

    nla_put_string(message, IFLA_IFNAME, name);
    nla_put(message, IFLA_ADDRESS, MAC_SIZE, bridge->mac.bytes);
    if (bridge->mtu)
        nla_put_u32(message, IFLA_MTU, bridge->mtu);
    info = nla_nest_start(message, IFLA_LINKINFO);
    nla_put_string(message, IFLA_INFO_KIND, "bridge");
    data = nla_nest_start(message, IFLA_INFO_DATA);
    nla_put_u32(message, IFLA_BR_FORWARD_DELAY, bridge->delay * TICKS);
    nla_put_u32(message, IFLA_BR_STP_STATE, bridge->stp);
    if (filters_vlans)
        nla_put_u8(message, IFLA_BR_VLAN_FILTERING, 1);
    nla_nest_end(message, data);
    nla_nest_end(message, info);
    return netlink_try(message);
}

int bridge_create(const char *name, const Bridge *bridge)
{
    int errnum = create(name, bridge, bridge->filters_vlans);

    return errnum == EOPNOTSUPP && bridge->filters_vlans ? create(name, bridge, false) : errnum;
}

bool bridge_set_port(const char *name, const BridgePort *port, GError **error)
{
    struct ifinfomsg header = { .ifi_family = AF_BRIDGE, .ifi_index = if_nametoindex(name) };
    struct nl_msg *message = netlink_new(RTM_SETLINK, 0, &header, sizeof(header));
    struct nlattr *info = nla_nest_start(message, IFLA_PROTINFO | NLA_F_NESTED);

    nla_put_u8(message, IFLA_BRPORT_ISOLATED, port->isolated);
    nla_put_u8(message, IFLA_BRPORT_LEARNING, !port->fixed_table);
    nla_put_u8(message, IFLA_BRPORT_UNICAST_FLOOD, !port->fixed_table);
    nla_nest_end(message, info);
    return netlink_do(message, error, "cannot set up bridge port '%s'", name);
}

static struct nl_msg *vlan_message(int type, const char *port, struct nlattr **list)
{
    struct ifinfomsg header = { .ifi_family = AF_BRIDGE, .ifi_index = if_nametoindex(port) };
    struct nl_msg *message = netlink_new(type, 0, &header, sizeof(header));

    *list = nla_nest_start(message, IFLA_AF_SPEC);
    return message;
}

bool bridge_set_vlans(const char *port, const unsigned *tags, unsigned count, unsigned untagged,
                      GError **error)
{
    struct bridge_vlan_info first = { .vid = 1 };
    struct nlattr *list;
    struct nl_msg *message = vlan_message(RTM_DELLINK, port, &list);

    nla_put(message, IFLA_BRIDGE_VLAN_INFO, sizeof(first), &first);
    nla_nest_end(message, list);
    (void) netlink_try(message);
    message = vlan_message(RTM_SETLINK, port, &list);
    for (unsigned i = 0; i < count; i++) {
        struct bridge_vlan_info info = { .vid = tags[i] };

        if (tags[i] == untagged)
            info.flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED;
        nla_put(message, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info);
    }
    nla_nest_end(message, list);
    return netlink_do(message, error, "cannot set the VLANs of bridge port '%s'", port);
}

bool bridge_add_address(const char *port, const Mac *mac, GError **error)
{
    struct ndmsg header = {
        .ndm_family = AF_BRIDGE,
        .ndm_ifindex = if_nametoindex(port),
        .ndm_state = NUD_REACHABLE | NUD_NOARP,
        .ndm_flags = NTF_MASTER,
    };
    struct nl_msg *message =
        netlink_new(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof(header));
    char text[MAC_TEXT];

    nla_put(message, NDA_LLADDR, MAC_SIZE, mac->bytes);
    return netlink_do(message, error, "cannot tell the bridge that %s is behind '%s'",
                      mac_print(mac, text), port);
}
