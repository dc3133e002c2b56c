/* links.c - network links that go up and down, and change their address, speed or offloads
 *
 * Of these there are no events of devices; the kernel tells them by a netlink of its own. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor.h"

#include "base/cleanup.h"
#include "facts.h"
#include "loop/loop.h"

#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MESSAGES = 64 << 10 };

static Watch *ear;

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

static void take(const struct nlmsghdr *message)
{
    const char *name = message->nlmsg_type == RTM_NEWLINK ? name_in(message) : NULL;
    g_autofree char *link = name ? g_strconcat("/sys/class/net/", name, NULL) : NULL;
    char path[PATH_MAX];

    if (link && realpath(link, path))
        monitor_refresh(path);
}

static void receive(uint32_t, void *data)
{
    static char messages[MESSAGES] __attribute__((aligned(NLMSG_ALIGNTO)));
    ssize_t size;

    while ((size = recv(GPOINTER_TO_INT(data), messages, sizeof(messages), MSG_DONTWAIT)) > 0) {
        const struct nlmsghdr *at = (const void *) messages;

        for (; NLMSG_OK(at, size); at = NLMSG_NEXT(at, size))
            take(at);
    }
    if (size < 0 && errno == ENOBUFS)
        monitor_start_over();
}

bool links_open(GError **error)
{
    const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
    g_auto(Fd) fd = -1;

    if (*facts_root())
        return true;
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
        return fail_errno(error, errno, "cannot listen to events of network links");
    ear = watch_new(fd, EPOLLIN, receive, GINT_TO_POINTER(fd));
    g_steal_fd(&fd); /* as long as the process lives */
    return true;
}
