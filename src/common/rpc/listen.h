/* listen.h - the sockets of a daemon: its own, or those that systemd holds for it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/server.h"

#include <sys/types.h>

typedef struct Listener {
    const char *path;
    SocketKind kind;
    mode_t mode;
} Listener;

/* Opens it, unless systemd gave us a socket with this path, and accepts clients from now on.
 * A socket that is ours is removed by listen_end(). */
bool listen_begin(const Listener *what, GError **error);
void listen_end(void);
/* While there are as many clients as there may be, new ones wait in the sockets. */
void listen_pause(bool pause);
