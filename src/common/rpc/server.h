/* server.h - what all clients of a daemon share: its sockets, driver and limits */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Client Client;
typedef struct Driver Driver;

typedef enum SocketKind {
    SOCKET_WRITE = 1,
    SOCKET_READ_ONLY,
    SOCKET_ADMIN,
    SOCKET_PEER, /* other daemons of this host hand clients over here */
} SocketKind;

typedef struct Limits {
    uint64_t max_clients;
    uint64_t max_client_requests;
    int64_t keepalive_interval; /* seconds; 0 or less: never ping */
    uint64_t keepalive_count;
} Limits;

typedef struct Server {
    const char *name;     /* of the daemon, in messages: "ostler-qemud" */
    const char *root;     /* "" or the directory of everything; no slash at its end */
    const Driver *driver; /* of the daemon; NULL: the proxy, which owns nothing */
    /* For the proxy: gives the client, with this call of connect_open, to another daemon. */
    void (*open_elsewhere)(Client *client, const void *frame, size_t size);
    Limits limits;
} Server;

extern Server server; /* the only one of a process; set up before the loop runs */

/* All in the loop. */
void server_add(Client *client);
void server_remove(Client *client);
unsigned server_clients(void);
void server_foreach(void (*visit)(Client *client));
/* Calls idle() whenever the last client has gone or the first one come. */
void server_on_idle(void (*changed)(bool idle));
uint64_t server_next_id(void);
