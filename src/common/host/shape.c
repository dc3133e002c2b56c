/* shape.c - how much a link may send: queues in front of it
 *
 * One tree of hierarchical token buckets: the root's only class 1:1 has the rate of the link; below
 * it 1:2 is for all that no other class, made for a floor, takes. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/shape.h"

#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <netlink/route/class.h>
#include <netlink/route/classifier.h>
#include <netlink/route/cls/u32.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/qdisc/htb.h>
#include <netlink/route/tc.h>

enum { ROOT = TC_H_MAKE(1 << 16, 0), WHOLE = ROOT | 1, REST = ROOT | 2, LEAST_BURST = 1600 };

typedef struct nl_sock Socket;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Socket, nl_socket_free)
typedef struct rtnl_qdisc Qdisc;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qdisc, rtnl_qdisc_put)
typedef struct rtnl_class Class;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Class, rtnl_class_put)
typedef struct nl_cache Classes;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Classes, nl_cache_free)
typedef struct rtnl_cls Filter;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Filter, rtnl_cls_put)

static Socket *connect_socket(GError **error)
{
    g_autoptr(Socket) sock = nl_socket_alloc();

    if (nl_connect(sock, NETLINK_ROUTE) < 0)
        return fail(error, ERR_INTERNAL, "cannot connect to the kernel's queues");
    return g_steal_pointer(&sock);
}

static bool check(int result, const char *link, GError **error)
{
    return result >= 0 || fail(error, ERR_INTERNAL, "cannot limit what goes to link '%s': %s", link,
                               nl_geterror(result));
}

static Qdisc *root_of(unsigned index)
{
    Qdisc *qdisc = rtnl_qdisc_alloc();

    rtnl_tc_set_ifindex(TC_CAST(qdisc), index);
    rtnl_tc_set_parent(TC_CAST(qdisc), TC_H_ROOT);
    return qdisc;
}

static int add_root(Socket *sock, unsigned index)
{
    g_autoptr(Qdisc) qdisc = root_of(index);

    rtnl_tc_set_handle(TC_CAST(qdisc), ROOT);
    (void) rtnl_tc_set_kind(TC_CAST(qdisc), "htb");
    (void) rtnl_htb_set_defcls(qdisc, 2);
    return rtnl_qdisc_add(sock, qdisc, NLM_F_CREATE | NLM_F_EXCL);
}

/* Rates in bytes a second, buffers in bytes. */
static int add_class(Socket *sock, unsigned index, uint32_t parent, uint32_t handle, uint64_t rate,
                     uint64_t ceiling, uint64_t burst)
{
    g_autoptr(Class) class = rtnl_class_alloc();

    rtnl_tc_set_ifindex(TC_CAST(class), index);
    rtnl_tc_set_parent(TC_CAST(class), parent);
    rtnl_tc_set_handle(TC_CAST(class), handle);
    (void) rtnl_tc_set_kind(TC_CAST(class), "htb");
    (void) rtnl_htb_set_rate64(class, rate);
    (void) rtnl_htb_set_ceil64(class, ceiling);
    (void) rtnl_htb_set_rbuffer(class, MAX(burst, LEAST_BURST));
    (void) rtnl_htb_set_cbuffer(class, MAX(burst, LEAST_BURST));
    return rtnl_class_add(sock, class, NLM_F_CREATE);
}

bool shape_set(const char *link, const Rate *rate, GError **error)
{
    g_autoptr(Socket) sock = connect_socket(error);
    unsigned index = if_nametoindex(link);
    g_autoptr(Qdisc) former = root_of(index);
    uint64_t average = rate->average * 1000, peak = MAX(rate->peak * 1000, average);
    uint64_t burst = rate->burst ? rate->burst * 1024 : average / 100;
    int result;

    if (!sock)
        return false;
    (void) rtnl_qdisc_delete(sock, former);
    if (!rate->average)
        return true;
    result = add_root(sock, index);
    if (result >= 0)
        result = add_class(sock, index, ROOT, WHOLE, average, peak, burst);
    if (result >= 0)
        result = add_class(sock, index, WHOLE, REST, average, peak, burst);
    return check(result, link, error);
}

/* Frames to the address: its last four bytes lie 12 before the payload, its first two 14. */
static int add_filter(Socket *sock, unsigned index, unsigned class, const Mac *to)
{
    g_autoptr(Filter) filter = rtnl_cls_alloc();
    const uint8_t *b = to->bytes;

    rtnl_tc_set_ifindex(TC_CAST(filter), index);
    rtnl_tc_set_parent(TC_CAST(filter), ROOT);
    rtnl_cls_set_prio(filter, class);
    rtnl_cls_set_protocol(filter, ETH_P_ALL);
    (void) rtnl_tc_set_kind(TC_CAST(filter), "u32");
    (void) rtnl_u32_set_classid(filter, ROOT | class);
    (void) rtnl_u32_add_key_uint32(filter, (uint32_t) b[2] << 24 | b[3] << 16 | b[4] << 8 | b[5],
                                   0xffffffff, -12, 0);
    (void) rtnl_u32_add_key_uint16(filter, b[0] << 8 | b[1], 0xffff, -14, 0);
    (void) rtnl_u32_set_cls_terminal(filter);
    return rtnl_cls_add(sock, filter, NLM_F_CREATE);
}

static void drop_filter(Socket *sock, unsigned index, unsigned class)
{
    g_autoptr(Filter) filter = rtnl_cls_alloc();

    rtnl_tc_set_ifindex(TC_CAST(filter), index);
    rtnl_tc_set_parent(TC_CAST(filter), ROOT);
    rtnl_cls_set_prio(filter, class);
    rtnl_cls_set_protocol(filter, ETH_P_ALL);
    (void) rtnl_cls_delete(sock, filter, 0);
}

bool shape_set_floor(const char *link, unsigned class, const Mac *to, uint64_t floor,
                     GError **error)
{
    g_autoptr(Socket) sock = connect_socket(error);
    unsigned index = if_nametoindex(link);
    int result;

    if (!sock)
        return false;
    drop_filter(sock, index, class);
    result = add_class(sock, index, WHOLE, ROOT | class, floor * 1000, UINT32_MAX, floor * 10);
    if (result >= 0)
        result = add_filter(sock, index, class, to);
    return check(result, link, error);
}

bool shape_drop_floor(const char *link, unsigned class, GError **error)
{
    g_autoptr(Socket) sock = connect_socket(error);
    g_autoptr(Class) bucket = rtnl_class_alloc();
    unsigned index = if_nametoindex(link);

    if (!sock)
        return false;
    drop_filter(sock, index, class);
    rtnl_tc_set_ifindex(TC_CAST(bucket), index);
    rtnl_tc_set_parent(TC_CAST(bucket), WHOLE);
    rtnl_tc_set_handle(TC_CAST(bucket), ROOT | class);
    return check(rtnl_class_delete(sock, bucket), link, error);
}

GArray *shape_list_floors(const char *link)
{
    g_autoptr(Socket) sock = connect_socket(NULL);
    g_autoptr(GArray) floors = g_array_new(false, false, sizeof(unsigned));
    g_autoptr(Classes) all = NULL;
    bool is_limited = false;

    if (!sock || rtnl_class_alloc_cache(sock, if_nametoindex(link), &all) < 0)
        return NULL;
    for (struct nl_object *at = nl_cache_get_first(all); at; at = nl_cache_get_next(at)) {
        uint32_t handle = rtnl_tc_get_handle(TC_CAST(at));
        unsigned class = TC_H_MIN(handle);

        if (handle == WHOLE)
            is_limited = true;
        else if (TC_H_MAJ(handle) == ROOT && handle != REST)
            g_array_append_val(floors, class);
    }
    return is_limited ? g_steal_pointer(&floors) : NULL;
}
