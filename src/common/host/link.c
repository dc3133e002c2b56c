/* link.c - network links of the host: made, changed, looked for, ended */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/link.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "host/netlink.h"
#include "loop/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

enum {
    NAME_NUMBERS = 100000, /* in names made from a pattern */
    LOST_RACES = 1000,
};

/* ---- looking ---- */

static void take_kind(struct nlattr *info, Link *link)
{
    struct nlattr *kind = nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND);
    struct nlattr *data = nla_find(nla_data(info), nla_len(info), IFLA_INFO_DATA), *filters = NULL;

    if (kind)
        g_strlcpy(link->kind, nla_get_string(kind), sizeof(link->kind));
    if (data && g_str_equal(link->kind, "bridge"))
        filters = nla_find(nla_data(data), nla_len(data), IFLA_BR_VLAN_FILTERING);
    link->filters_vlans = filters && nla_get_u8(filters);
}

static void read_link(struct nlmsghdr *answer, Link *link)
{
    const struct ifinfomsg *header = nlmsg_data(answer);
    struct nlattr *at;
    int left;

    *link = (Link){ .index = header->ifi_index, .up = header->ifi_flags & IFF_UP };
    nlmsg_for_each_attr(at, answer, sizeof(*header), left)
    {
        switch (nla_type(at)) {
        case IFLA_IFNAME:
            g_strlcpy(link->name, nla_get_string(at), sizeof(link->name));
            break;
        case IFLA_IFALIAS:
            nla_strlcpy(link->alias, at, sizeof(link->alias));
            break;
        case IFLA_ADDRESS:
            if (nla_len(at) == MAC_SIZE)
                memcpy(link->mac.bytes, nla_data(at), MAC_SIZE);
            break;
        case IFLA_MTU:
            link->mtu = nla_get_u32(at);
            break;
        case IFLA_MASTER:
            link->master = nla_get_u32(at);
            break;
        case IFLA_LINK:
            link->below = nla_get_u32(at);
            break;
        case IFLA_LINKINFO:
            take_kind(at, link);
            break;
        }
    }
}

static struct nl_msg *link_message(int type, int flags, const char *name)
{
    struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
    struct nl_msg *message = netlink_new(type, flags, &header, sizeof(header));

    if (name)
        nla_put_string(message, IFLA_IFNAME, name);
    return message;
}

static void take_link(struct nlmsghdr *answer, void *data)
{
    if (answer->nlmsg_type == RTM_NEWLINK)
        read_link(answer, data);
}

bool link_find(const char *name, Link *link, GError **error)
{
    struct nl_msg *message = link_message(RTM_GETLINK, 0, name);
    int errnum;

    *link = (Link){};
    nlmsg_hdr(message)->nlmsg_flags |= NLM_F_ACK;
    errnum = netlink_ask(message, take_link, link);
    if (errnum == 0 || errnum == ENODEV)
        return true;
    return fail_errno(error, errnum, "cannot look for link '%s'", name);
}

/* ---- counters ---- */

typedef struct Counters {
    LinkTraffic *received, *sent;
    bool told;
} Counters;

static void take_counters(struct nlmsghdr *answer, void *data)
{
    Counters *counters = data;
    struct nlattr *stats = nlmsg_find_attr(answer, sizeof(struct ifinfomsg), IFLA_STATS64);
    struct rtnl_link_stats64 all = {};

    if (answer->nlmsg_type != RTM_NEWLINK || !stats)
        return;
    nla_memcpy(&all, stats, sizeof(all));
    *counters->received =
        (LinkTraffic){ all.rx_bytes, all.rx_packets, all.rx_errors, all.rx_dropped };
    *counters->sent = (LinkTraffic){ all.tx_bytes, all.tx_packets, all.tx_errors, all.tx_dropped };
    counters->told = true;
}

bool link_count(const char *name, LinkTraffic *received, LinkTraffic *sent, GError **error)
{
    struct nl_msg *message = link_message(RTM_GETLINK, 0, name);
    Counters counters = { received, sent, false };
    int errnum;

    nlmsg_hdr(message)->nlmsg_flags |= NLM_F_ACK;
    errnum = netlink_ask(message, take_counters, &counters);
    return counters.told ||
           fail_errno(error, errnum ? errnum : ENODEV, "link '%s' has no counters", name);
}

/* ---- neighbours ---- */

typedef struct Acquaintance {
    const Mac *mac;
    void (*visit)(const Ip *ip, void *data);
    void *data;
} Acquaintance;

/* What has not been confirmed for long may still be true; what did not answer is not. */
static void visit_neighbour(struct nlmsghdr *answer, void *data)
{
    const Acquaintance *who = data;
    const struct ndmsg *header = nlmsg_data(answer);
    struct nlattr *mac = nlmsg_find_attr(answer, sizeof(*header), NDA_LLADDR);
    struct nlattr *to = nlmsg_find_attr(answer, sizeof(*header), NDA_DST);
    Ip ip = { .family = header->ndm_family };

    if (answer->nlmsg_type != RTM_NEWNEIGH || !mac || !to || nla_len(mac) != MAC_SIZE ||
        memcmp(nla_data(mac), who->mac->bytes, MAC_SIZE) != 0 ||
        header->ndm_state & (NUD_FAILED | NUD_INCOMPLETE) ||
        nla_len(to) != (int) ip_size(ip.family))
        return;
    memcpy(ip.bytes, nla_data(to), nla_len(to));
    who->visit(&ip, who->data);
}

bool link_foreach_neighbour(const Mac *mac, void (*visit)(const Ip *ip, void *data), void *data,
                            GError **error)
{
    static const int families[] = { AF_INET, AF_INET6 };
    Acquaintance who = { mac, visit, data };

    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        struct ndmsg header = { .ndm_family = families[i] };
        int errnum = netlink_ask(netlink_new(RTM_GETNEIGH, NLM_F_DUMP, &header, sizeof(header)),
                                 visit_neighbour, &who);

        if (errnum)
            return fail_errno(error, errnum, "cannot list the host's neighbours");
    }
    return true;
}

typedef struct Visit {
    void (*link)(const Link *link, void *data);
    bool (*route)(const HostRoute *route, void *data);
    void *data;
    bool enough;
} Visit;

static void visit_link(struct nlmsghdr *answer, void *data)
{
    Visit *visit = data;
    Link link;

    if (answer->nlmsg_type != RTM_NEWLINK)
        return;
    read_link(answer, &link);
    visit->link(&link, visit->data);
}

bool link_foreach(void (*visit)(const Link *link, void *data), void *data, GError **error)
{
    Visit with = { .link = visit, .data = data };
    int errnum = netlink_ask(link_message(RTM_GETLINK, NLM_F_DUMP, NULL), visit_link, &with);

    return !errnum || fail_errno(error, errnum, "cannot list the host's links");
}

/* ---- names ---- */

bool link_check_name(const char *name, GError **error)
{
    if (!*name || strlen(name) >= IFNAMSIZ)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "'%s' cannot be the name of a link: it needs 1 to %d bytes", name,
                    IFNAMSIZ - 1);
    if (strpbrk(name, "/: \t\n\r\f\v%\"*") || g_str_equal(name, ".") || g_str_equal(name, ".."))
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' cannot be the name of a link", name);
    return true;
}

/* Numbers go up, so that a name does not mean another link a moment later. */
static unsigned next_number(const char *pattern)
{
    static GMutex lock;
    static GHashTable *numbers;
    unsigned number;

    g_mutex_lock(&lock);
    if (!numbers)
        numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    number = GPOINTER_TO_UINT(g_hash_table_lookup(numbers, pattern));
    g_hash_table_insert(numbers, g_strdup(pattern), GUINT_TO_POINTER((number + 1) % NAME_NUMBERS));
    g_mutex_unlock(&lock);
    return number;
}

static bool make_name(const char *pattern, char name[IFNAMSIZ])
{
    const char *number = strstr(pattern, "%d");

    return snprintf(name, IFNAMSIZ, "%.*s%u%s", (int) (number - pattern), pattern,
                    next_number(pattern), number + 2) < IFNAMSIZ;
}

static bool create_once(const char *given, LinkCreate *create, void *data, char name[IFNAMSIZ],
                        GError **error)
{
    int errnum;

    if (!link_check_name(given, error))
        return false;
    g_strlcpy(name, given, IFNAMSIZ);
    errnum = create(name, data);
    if (errnum == EEXIST || errnum == EBUSY)
        return fail(error, ERR_OPERATION_INVALID, "the link '%s' exists already", name);
    return !errnum || fail_errno(error, errnum, "cannot create link '%s'", name);
}

bool link_create_named(const char *pattern, LinkCreate *create, void *data, char name[IFNAMSIZ],
                       GError **error)
{
    unsigned lost = 0;

    if (!strstr(pattern, "%d"))
        return create_once(pattern, create, data, name, error);
    for (unsigned tries = 0; tries < NAME_NUMBERS && lost < LOST_RACES; tries++) {
        int errnum;

        if (!make_name(pattern, name) || if_nametoindex(name))
            continue;
        errnum = create(name, data);
        if (!errnum)
            return true;
        if (errnum != EEXIST && errnum != EBUSY)
            return fail_errno(error, errnum, "cannot create link '%s'", name);
        lost++;
    }
    return fail(error, ERR_RESOURCE_BUSY,
                lost < LOST_RACES ? "all names of links like '%s' are in use"
                                  : "others take the names of links like '%s' faster than we can",
                pattern);
}

/* ---- making and ending ---- */

static struct nl_msg *create_message(const char *name, const Mac *mac)
{
    struct nl_msg *message = link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);

    if (mac && !mac_is_zero(mac))
        nla_put(message, IFLA_ADDRESS, MAC_SIZE, mac->bytes);
    return message;
}

static void put_namespace(struct nl_msg *message, int namespace)
{
    if (namespace >= 0)
        nla_put_u32(message, IFLA_NET_NS_FD, namespace);
}

int link_create_veth(const char *name, const Mac *mac, const char *peer, const Mac *peer_mac,
                     int namespace)
{
    struct nl_msg *message = create_message(name, mac);
    struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO), *data, *end;

    nla_put_string(message, IFLA_INFO_KIND, "veth");
    data = nla_nest_start(message, IFLA_INFO_DATA);
    end = nla_nest_start(message, VETH_INFO_PEER);
    nlmsg_append(message, &(struct ifinfomsg){}, sizeof(struct ifinfomsg), NLMSG_ALIGNTO);
    nla_put_string(message, IFLA_IFNAME, peer);
    put_namespace(message, namespace);
    if (peer_mac && !mac_is_zero(peer_mac))
        nla_put(message, IFLA_ADDRESS, MAC_SIZE, peer_mac->bytes);
    nla_nest_end(message, end);
    nla_nest_end(message, data);
    nla_nest_end(message, info);
    return netlink_try(message);
}

static int create_macvlan(const char *kind, const char *name, const Mac *mac,
                          const LinkBelow *below, int namespace)
{
    struct nl_msg *message = create_message(name, mac);
    struct nlattr *info, *data;

    nla_put_u32(message, IFLA_LINK, below->index);
    put_namespace(message, namespace);
    info = nla_nest_start(message, IFLA_LINKINFO);
    nla_put_string(message, IFLA_INFO_KIND, kind);
    data = nla_nest_start(message, IFLA_INFO_DATA);
    nla_put_u32(message, IFLA_MACVLAN_MODE, below->mode);
    nla_nest_end(message, data);
    nla_nest_end(message, info);
    return netlink_try(message);
}

int link_create_macvtap(const char *name, const Mac *mac, const LinkBelow *below)
{
    return create_macvlan("macvtap", name, mac, below, -1);
}

int link_create_macvlan(const char *name, const Mac *mac, const LinkBelow *below, int namespace)
{
    return create_macvlan("macvlan", name, mac, below, namespace);
}

bool link_delete(const char *name, GError **error)
{
    int errnum = netlink_try(link_message(RTM_DELLINK, 0, name));

    return !errnum || errnum == ENODEV ||
           fail_errno(error, errnum, "cannot delete link '%s'", name);
}

/* ---- changing ---- */

bool link_set_up(const char *name, bool up, GError **error)
{
    struct nl_msg *message = link_message(RTM_NEWLINK, 0, name);
    struct ifinfomsg *header = nlmsg_data(nlmsg_hdr(message));

    header->ifi_change = IFF_UP;
    header->ifi_flags = up ? IFF_UP : 0;
    return netlink_do(message, error, "cannot set link '%s' %s", name, up ? "up" : "down");
}

bool link_set_mtu(const char *name, unsigned mtu, GError **error)
{
    struct nl_msg *message = link_message(RTM_NEWLINK, 0, name);

    nla_put_u32(message, IFLA_MTU, mtu);
    return netlink_do(message, error, "cannot set the MTU of link '%s' to %u", name, mtu);
}

bool link_set_mac(const char *name, const Mac *mac, GError **error)
{
    struct nl_msg *message = link_message(RTM_NEWLINK, 0, name);
    char text[MAC_TEXT];

    nla_put(message, IFLA_ADDRESS, MAC_SIZE, mac->bytes);
    return netlink_do(message, error, "cannot set the address of link '%s' to %s", name,
                      mac_print(mac, text));
}

bool link_set_alias(const char *name, const char *alias, GError **error)
{
    struct nl_msg *message = link_message(RTM_NEWLINK, 0, name);

    nla_put_string(message, IFLA_IFALIAS, alias);
    return netlink_do(message, error, "cannot give link '%s' the alias '%s'", name, alias);
}

bool link_set_master(const char *name, const char *bridge, GError **error)
{
    struct nl_msg *message;
    unsigned index = bridge ? if_nametoindex(bridge) : 0;

    if (bridge && !index)
        return fail_errno(error, ENODEV, "cannot find bridge '%s'", bridge);
    message = link_message(RTM_NEWLINK, 0, name);
    nla_put_u32(message, IFLA_MASTER, index);
    return netlink_do(message, error, "cannot put link '%s' into bridge '%s'", name,
                      bridge ? bridge : "(none)");
}

bool link_move(const char *name, int namespace, const char *new_name, GError **error)
{
    struct ifinfomsg header = { .ifi_index = if_nametoindex(name) };
    struct nl_msg *message = netlink_new(RTM_NEWLINK, 0, &header, sizeof(header));

    nla_put_u32(message, IFLA_NET_NS_FD, namespace);
    nla_put_string(message, IFLA_IFNAME, new_name);
    return netlink_do(message, error, "cannot move link '%s' as '%s' into its namespace", name,
                      new_name);
}

bool link_write_setting(const char *family, const char *name, const char *setting,
                        const char *value)
{
    g_autofree char *path =
        name ? g_strdup_printf("/proc/sys/net/%s/conf/%s/%s", family, name, setting)
             : g_strdup_printf("/proc/sys/net/%s/%s", family, setting);
    g_auto(Fd) fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd >= 0 && file_write_all(fd, value, strlen(value));
}

/* ---- addresses and routes ---- */

bool link_add_address(const char *name, const Ip *ip, const Ip *peer, unsigned prefix,
                      GError **error)
{
    struct ifaddrmsg header = {
        .ifa_family = ip->family,
        .ifa_prefixlen = prefix,
        .ifa_flags = ip->family == AF_INET6 ? IFA_F_NODAD : 0,
        .ifa_index = if_nametoindex(name),
    };
    struct nl_msg *message =
        netlink_new(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
    char text[IP_TEXT];

    nla_put(message, IFA_LOCAL, ip_size(ip->family), ip->bytes);
    nla_put(message, IFA_ADDRESS, ip_size(ip->family), (peer ? peer : ip)->bytes);
    if (ip->family == AF_INET && prefix < 31 && !peer) {
        Ip broadcast = ip_broadcast(ip, prefix);

        nla_put(message, IFA_BROADCAST, ip_size(AF_INET), broadcast.bytes);
    }
    return netlink_do(message, error, "cannot give link '%s' the address %s/%u", name,
                      ip_print(ip, text), prefix);
}

bool link_add_route(const char *name, const Ip *to, unsigned prefix, const Ip *gateway,
                    unsigned metric, GError **error)
{
    struct rtmsg header = {
        .rtm_family = to->family,
        .rtm_dst_len = prefix,
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = RTPROT_STATIC,
        .rtm_scope = RT_SCOPE_UNIVERSE,
        .rtm_type = RTN_UNICAST,
    };
    struct nl_msg *message =
        netlink_new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND, &header, sizeof(header));
    char text[IP_TEXT];

    nla_put(message, RTA_DST, ip_size(to->family), to->bytes);
    nla_put(message, RTA_GATEWAY, ip_size(to->family), gateway->bytes);
    nla_put_u32(message, RTA_OIF, if_nametoindex(name));
    if (metric)
        nla_put_u32(message, RTA_PRIORITY, metric);
    return netlink_do(message, error, "cannot make the route to %s/%u by link '%s'",
                      ip_print(to, text), prefix, name);
}

static void visit_route(struct nlmsghdr *answer, void *data)
{
    const struct rtmsg *header = nlmsg_data(answer);
    HostRoute route = { .prefix = header->rtm_dst_len, .direct = true };
    Visit *visit = data;
    struct nlattr *at;
    int left;

    if (answer->nlmsg_type != RTM_NEWROUTE || header->rtm_table != RT_TABLE_MAIN ||
        header->rtm_type != RTN_UNICAST || visit->enough)
        return;
    route.to.family = header->rtm_family;
    nlmsg_for_each_attr(at, answer, sizeof(*header), left)
    {
        if (nla_type(at) == RTA_DST)
            memcpy(route.to.bytes, nla_data(at), MIN(nla_len(at), 16));
        else if (nla_type(at) == RTA_OIF)
            route.index = nla_get_u32(at);
        else if (nla_type(at) == RTA_GATEWAY || nla_type(at) == RTA_MULTIPATH)
            route.direct = false;
    }
    visit->enough = !visit->route(&route, visit->data);
}

bool link_foreach_route(int family, bool (*visit)(const HostRoute *route, void *data), void *data,
                        GError **error)
{
    struct rtmsg header = { .rtm_family = family };
    Visit with = { .route = visit, .data = data };
    int errnum = netlink_ask(netlink_new(RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header)),
                             visit_route, &with);

    return !errnum || fail_errno(error, errnum, "cannot list the host's routes");
}

/* ---- ends ---- */

static struct {
    struct nl_sock *socket;
    void (*gone)(const char *name);
    Watch *watch;
} watching;

/* A link that is made and put into a bridge is told of many times, to everybody: only the ends of
 * links wake us. The kernel loads in the order of bytes of networks. */
static bool hear_ends_only(int fd)
{
    const uint32_t heard = htons(RTM_DELLINK);
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, heard, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog program = { G_N_ELEMENTS(steps), steps };

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

/* A link that leaves its bridge is told in the same way, with the bridge's family. */
static int on_message(struct nl_msg *message, void *)
{
    struct nlmsghdr *header = nlmsg_hdr(message);
    const struct ifinfomsg *info = nlmsg_data(header);
    Link link;

    if (info->ifi_family != AF_UNSPEC)
        return NL_OK;
    read_link(header, &link);
    watching.gone(link.name);
    return NL_OK;
}

static void read_messages(uint32_t, void *)
{
    int result;

    do
        result = nl_recvmsgs_default(watching.socket);
    while (result >= 0);
    if (result != -NLE_AGAIN)
        watching.gone(NULL);
}

bool link_watch(void (*gone)(const char *name), GError **error)
{
    watching.socket = nl_socket_alloc();
    nl_socket_disable_seq_check(watching.socket);
    nl_socket_modify_cb(watching.socket, NL_CB_VALID, NL_CB_CUSTOM, on_message, NULL);
    if (nl_connect(watching.socket, NETLINK_ROUTE) < 0 ||
        !hear_ends_only(nl_socket_get_fd(watching.socket)) ||
        nl_socket_add_membership(watching.socket, RTNLGRP_LINK) < 0 ||
        nl_socket_set_nonblocking(watching.socket) < 0) {
        nl_socket_free(g_steal_pointer(&watching.socket));
        return fail(error, ERR_INTERNAL, "the ends of links cannot be watched");
    }
    watching.gone = gone;
    watching.watch = watch_new(nl_socket_get_fd(watching.socket), EPOLLIN, read_messages, NULL);
    return true;
}
