/* links.c - network links that go up and down, and change their address, speed or offloads
 *
 * Of these there are no events of devices; the kernel tells them by a netlink of its own. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor.h"

#include "base/cleanup.h"
#include "device.h"
#include "facts.h"
#include "loop/loop.h"

#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A link that is plugged in changes several times at once, and to look at it holds the kernel's
 * lock on all links: what is told is read, and looked at once, when it has settled. */
enum { MESSAGES = 64 << 10, SETTLE_MS = 30 };

static Watch *ear; /* none while it settles */

static void told(uint32_t events, void *data);

static const char *name_in(const struct nlmsghdr *message)
{
    const struct ifinfomsg *info = NLMSG_DATA(message);
    int left = IFLA_PAYLOAD(message);

    for (const struct rtattr *at = IFLA_RTA(info); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        if (at->rta_type == IFLA_IFNAME)
            return RTA_DATA(at);
    }
    return NULL;
}

/* On the strand of all devices. */
static void look_at(const char *name)
{
    g_autofree char *link = g_strconcat("/sys/class/net/", name, NULL);
    char path[PATH_MAX];
    g_autoptr(Device) device = realpath(link, path) ? device_at(path) : NULL;

    if (device)
        device_update(path, false);
}

static void look_at_all(void *data)
{
    g_autoptr(GHashTable) names = data;
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, names);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        look_at(name);
}

static void take(const struct nlmsghdr *message, GHashTable *names)
{
    const char *name = message->nlmsg_type == RTM_NEWLINK ? name_in(message) : NULL;

    if (name)
        g_hash_table_add(names, g_strdup(name));
}

static void receive(int fd, GHashTable *names)
{
    static char messages[MESSAGES] __attribute__((aligned(NLMSG_ALIGNTO)));
    ssize_t size;

    while ((size = recv(fd, messages, sizeof(messages), MSG_DONTWAIT)) > 0) {
        const struct nlmsghdr *at = (const void *) messages;

        for (; NLMSG_OK(at, size); at = NLMSG_NEXT(at, size))
            take(at, names);
    }
    if (size < 0 && errno == ENOBUFS)
        monitor_start_over();
}

static void settled(void *data)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    receive(GPOINTER_TO_INT(data), names);
    ear = watch_new(GPOINTER_TO_INT(data), EPOLLIN, told, data);
    strand_do(devices_strand, MODE_CHANGE, "links have changed", look_at_all, names);
}

static void told(uint32_t, void *data)
{
    watch_end(g_steal_pointer(&ear));
    (void) timer_new(SETTLE_MS, settled, data);
}

bool links_open(GError **error)
{
    const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
    g_auto(Fd) fd = -1;
    int size = RECEIVE_BUFFER;

    if (*facts_root())
        return true;
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
        return fail_errno(error, errno, "cannot listen to events of network links");
    (void) setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    ear = watch_new(fd, EPOLLIN, told, GINT_TO_POINTER(fd));
    g_steal_fd(&fd); /* as long as the process lives */
    return true;
}
