/* client.h - one client: identity, limits, what it has going
 *
 * All of it belongs to the main loop, but for the reference count and what never changes. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"
#include "rpc/identity.h"
#include "rpc/server.h"

struct Client {
    Wire wire; /* first: its owner */
    gint references;
    uint64_t id;  /* counted per daemon, from 1 */
    gint64 since; /* real time in microseconds */
    SocketKind kind;
    Service *service;
    Identity identity;
    bool authenticated;
    GError *refusal;     /* why it was not let in; NULL: it was not refused */
    int auth;            /* REMOTE_AUTH_*: what it has to go through */
    unsigned strength;   /* of the key of its layer, in bits */
    struct Sasl *sasl;   /* while it proves by SASL who it is: the calls' that do so */
    GList link;          /* the server's own, while it has not said who it is */
    gint64 guarded;      /* monotonic time from which on it should */
    bool is_daemon;      /* another daemon of this host, not a client of it */
    char *uri;           /* that connect_open gave; NULL before */
    bool close_callback; /* wants to be told when its driver goes away */
    bool paused;         /* is being handed over: its calls stay unread */

    unsigned at_work;    /* calls begun and not answered */
    GQueue waiting;      /* of Message: calls over the limit */
    size_t waiting_size; /* in bytes */

    bool keepalive;      /* asked for */
    unsigned unanswered; /* pings */

    GArray *gone; /* of what is to be called when it has gone; NULL: nothing */

    GHashTable *streams; /* serial -> Stream */
    bool streaming;      /* streams_continue() is at work */
    GPtrArray *relays;   /* of Relay, one per daemon that was needed */
    struct Relay *whole; /* the only one, to which everything goes; NULL: calls are served here */
    GHashTable *relayed; /* serial -> Relayed, of the calls and streams that other daemons serve */
};

/* Takes over fd, and what the identity holds. The server's list holds the only reference. */
Client *client_new(int fd, SocketKind kind, Identity *identity);
/* The client has to say who it is, in the way of auth (REMOTE_AUTH_*), and under a layer, which
 * becomes the client's; NULL: its bytes travel as they are. May close it. */
void client_guard(Client *client, int auth, Layer *layer);
/* It has done what auth asks for. */
void client_accept(Client *client);
Client *client_ref(Client *client); /* from any thread */
void client_unref(Client *client);  /* from any thread */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_unref)

static inline bool client_is_gone(const Client *client) { return client->wire.fd < 0; }

/* Consumes the frame. To a client that has gone it sends nothing. */
static inline void client_send(Client *client, GByteArray *frame, GArray *fds)
{
    wire_send(&client->wire, frame, fds);
}
void client_answer_error(Client *client, const net_message_header *header, const GError *error,
                         int domain);
void client_close(Client *client, const char *why); /* why: for the log; NULL is quiet */
/* Gives the socket up unclosed, for another daemon to serve; its unread bytes, if any, in *unread.
 */
int client_release(Client *client, GByteArray **unread);
bool client_is_read(const Client *client); /* not while too much of it waits */

/* Calls gone(data) in the loop when the client goes, soon if it has gone already. Any thread. */
void client_when_gone(Client *client, void (*gone)(void *data), void *data);

/* A call over the limit is read ahead and waits, so that a ping behind it is answered. */
bool client_must_wait(const Client *client);
void client_wait(Client *client, const void *frame, size_t size, GArray *fds);
/* A call has been answered: the next one that waits may begin. */
void client_finished(Client *client);
