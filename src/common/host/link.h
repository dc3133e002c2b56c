/* link.h - network links of the host: made, changed, looked for, ended
 *
 * A name is free when the kernel makes the link with that name: nobody looks first and hopes. All
 * functions may be called from any thread. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/ip.h"
#include "base/mac.h"

#include <net/if.h>

typedef struct Link {
    unsigned index; /* 0: there is no such link */
    char name[IFNAMSIZ];
    char kind[16]; /* "bridge", "tun", "veth", "macvtap", ... ; "" for a device */
    char alias[32];
    Mac mac;
    unsigned mtu, master;
    unsigned below; /* the link it is made on, or its peer */
    bool up;
    bool filters_vlans; /* a bridge that does */
} Link;

/* No link of that name is no error: its index is 0. */
bool link_find(const char *name, Link *link, GError **error);
/* What has come to the host by a link (received), and what the host has sent by it. */
typedef struct LinkTraffic {
    uint64_t bytes, packets, errors, drops;
} LinkTraffic;
bool link_count(const char *name, LinkTraffic *received, LinkTraffic *sent, GError **error);

/* Calls visit(ip, data) for each address that the host has heard of as that of mac. */
bool link_foreach_neighbour(const Mac *mac, void (*visit)(const Ip *ip, void *data), void *data,
                            GError **error);

/* Calls visit() for each link of the host. */
bool link_foreach(void (*visit)(const Link *link, void *data), void *data, GError **error);

/* Whether a link may have this name: the kernel's rules. */
bool link_check_name(const char *name, GError **error);
/* Calls create(name, data) with names made from a pattern with one %d until one is free: create()
 * gives 0, EEXIST or EBUSY for a name that somebody else has, or another errno, which ends it. The
 * numbers of one process never come twice before all have been. A pattern without %d is tried
 * once. */
typedef int LinkCreate(const char *name, void *data);
bool link_create_named(const char *pattern, LinkCreate *create, void *data, char name[IFNAMSIZ],
                       GError **error);

/* What a link is made on. */
typedef struct LinkBelow {
    unsigned index;
    unsigned mode; /* MACVLAN_MODE_* */
} LinkBelow;
/* 0 or an errno. Both ends of the pair get these addresses; the second may be zero. What is given
 * an open network namespace begins there: no name of the host's is taken on its way. -1: ours. */
int link_create_veth(const char *name, const Mac *mac, const char *peer, const Mac *peer_mac,
                     int namespace);
int link_create_macvtap(const char *name, const Mac *mac, const LinkBelow *below);
int link_create_macvlan(const char *name, const Mac *mac, const LinkBelow *below, int namespace);
/* That there is none is no error. */
bool link_delete(const char *name, GError **error);

bool link_set_up(const char *name, bool up, GError **error);
bool link_set_mtu(const char *name, unsigned mtu, GError **error);
bool link_set_mac(const char *name, const Mac *mac, GError **error);
/* A text for people and for whoever finds the link. */
bool link_set_alias(const char *name, const char *alias, GError **error);
/* NULL: out of its bridge. */
bool link_set_master(const char *name, const char *bridge, GError **error);
/* A setting below /proc/sys/net/FAMILY, of a link or, with NULL, of none. It may not be there. */
bool link_write_setting(const char *family, const char *name, const char *setting,
                        const char *value);
/* Into the network namespace of an open file of it, under a new name. */
bool link_move(const char *name, int namespace, const char *new_name, GError **error);

/* A bridge's address is used at once, without asking around whether another host has it. With a
 * peer, whose prefix it then is, the link leads to that one; NULL: to a network. */
bool link_add_address(const char *name, const Ip *ip, const Ip *peer, unsigned prefix,
                      GError **error);
bool link_add_route(const char *name, const Ip *to, unsigned prefix, const Ip *gateway,
                    unsigned metric, GError **error);

/* A range of addresses that the host already reaches. */
typedef struct HostRoute {
    Ip to;
    unsigned prefix;
    bool direct; /* not by a gateway */
    unsigned index;
} HostRoute;
bool link_foreach_route(int family, bool (*visit)(const HostRoute *route, void *data), void *data,
                        GError **error);

/* Calls gone(name), in the loop, when a link has ended; with NULL when it is not known which ones
 * have. */
bool link_watch(void (*gone)(const char *name), GError **error);
