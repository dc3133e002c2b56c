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
    uint64_t max_queued_clients;    /* that wait in a socket to be accepted */
    uint64_t max_anonymous_clients; /* that have not said yet who they are; 0: no limit */
    uint64_t max_client_requests;
    int64_t keepalive_interval; /* seconds; 0 or less: never ping */
    uint64_t keepalive_count;
} Limits;

/* The clients of some sockets and what they may; an administrator knows it as a server. */
typedef struct Service {
    const char *name;
    Limits limits;
    GHashTable *clients; /* a set of Client */
    GQueue anonymous;    /* of Client, oldest first, by its link */
} Service;

typedef struct Server {
    const char *name;           /* of the daemon, in messages: "ostler-qemud" */
    const char *root;           /* "" or the directory of everything; no slash at its end */
    const Driver *driver;       /* of the daemon; NULL: the proxy, which owns nothing */
    const Driver *admin_driver; /* of the admin program */
    /* For the proxy: gives the client, with this call of connect_open, to another daemon. */
    void (*open_elsewhere)(Client *client, const void *frame, size_t size);
    bool (*update_tls)(GError **error); /* reads certificates again, in a worker; NULL: no TLS */
    /* The name and uuid (NULL: it has none) in a definition, freed by the caller. In a worker. */
    bool (*identify)(const char *xml, char **name, char **uuid, GError **error);
    int auth_unix[2];    /* REMOTE_AUTH_*: of sockets for all, and for those that only look */
    int64_t proxy_uid;   /* the user of ostler-proxyd; -1: there is none */
    Service main, admin; /* the latter is that of the admin socket */
} Server;

extern Server server; /* the only one of a process; set up before the loop runs */

/* All in the loop. */
Service *server_service(SocketKind kind);
void server_add(Client *client);
void server_remove(Client *client);
/* A client has to say who it is first; may close another one. It has said it. */
void server_awaits(Client *client);
void server_knows(Client *client);
/* The limits of a service have changed. */
void server_check(Service *service);
unsigned server_clients(void); /* of all services */
unsigned service_clients(const Service *service);
GPtrArray *service_list(const Service *service); /* of Client, oldest first; freed by the caller */
void server_foreach(void (*visit)(Client *client));
/* Calls idle() whenever the last client has gone or the first one come. */
void server_on_idle(void (*changed)(bool idle));
uint64_t server_next_id(void);
