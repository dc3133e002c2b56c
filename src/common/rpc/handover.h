/* handover.h - a client's socket, identity and unread bytes, from one daemon of this host to
 * another
 *
 * The daemon that takes it serves the client as if it had connected there. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client.h"

typedef struct Handover {
    const Identity *identity;
    const char *uri; /* the connection is open already; NULL: connect_open is among the unread */
    bool keepalive;
    bool is_daemon; /* the socket is of the daemon itself, not of a client of it */
} Handover;

/* Called in the loop: error is NULL when the other daemon has the client, else says which daemon
 * did not take it and why. */
typedef void HandoverDone(void *data, const GError *error);

/* daemon is its short name: "qemud". fd stays the caller's. In the loop. */
void handover(const char *daemon, int fd, const Handover *what, const GByteArray *unread,
              HandoverDone *done, void *data);
/* Takes clients from a connection of another daemon, which it closes when that ends or is not one
 * of this host's. */
void handover_accept(int fd);
/* Where the other daemons knock: "<root>/run/ostler/<daemon>.peer". */
char *handover_path(const char *daemon);
