/* listen.h - the sockets of a daemon: its own, or those that systemd holds for it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/server.h"

#include <sys/types.h>

typedef struct Layer Layer;

typedef struct Listener {
    SocketKind kind;
    int auth; /* REMOTE_AUTH_* that its clients have to go through */
    /* A UNIX socket: */
    const char *path; /* NULL: it is one of the network */
    mode_t mode;
    gid_t group; /* -1: ours */
    /* Of the network: */
    const char *address;    /* NULL: all of this host */
    const char *port;       /* number, or name of a service */
    Layer *(*secure)(void); /* what makes its bytes unreadable for others; NULL: nothing */
} Listener;

/* Opens it, unless systemd gave us a socket with this path or port, and accepts clients from now
 * on. A socket that is ours is removed by listen_end(). */
bool listen_begin(const Listener *what, GError **error);
/* Whether systemd gave us a socket of the network with this port. */
bool listen_is_given(const char *port);
void listen_end(void);
/* While a service has as many clients as it may, new ones wait in its sockets. */
void listen_pause(const Service *service, bool pause);
