/* netlink.h - requests to the kernel's tables of links, addresses, routes and queues
 *
 * Each thread has a socket of its own, made when it first needs one. All functions may be called
 * from any thread, and answer when the kernel has done what was asked. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stddef.h>

/* A request of that type that begins with a header such as struct ifinfomsg; flags beside
 * NLM_F_REQUEST. Freed by netlink_do() or netlink_dump(). */
struct nl_msg *netlink_new(int type, int flags, const void *header, size_t size);

/* Sends it; 0 or the errno of the answer. */
int netlink_try(struct nl_msg *message);
/* The same with an error that says what could not be done. */
bool netlink_do(struct nl_msg *message, GError **error, const char *what, ...) G_GNUC_PRINTF(3, 4);

/* Calls take(answer, data) for each answer; 0 or an errno. */
typedef void NetlinkTake(struct nlmsghdr *answer, void *data);
int netlink_ask(struct nl_msg *message, NetlinkTake *take, void *data);
