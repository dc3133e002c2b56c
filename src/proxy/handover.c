/* handover.c - a client's socket, identity and unread bytes to the daemon that will serve it
 *
 * The proxy is then out of the way: the client is served at no extra cost, and goes on when the
 * proxy is restarted. A connection under TLS or SASL cannot be given away: the proxy stays between.
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "handover.h"

#include "rpc/handover.h"
#include "route.h"
#include "rpc/relay.h"

typedef struct Opening {
    Client *client; /* counted */
    GBytes *frame;  /* its call of connect_open */
} Opening;

static void opening_free(Opening *opening)
{
    g_bytes_unref(opening->frame);
    client_unref(opening->client);
    g_free(opening);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Opening, opening_free)

static void answer(Opening *opening, const GError *error)
{
    Client *client = opening->client;
    net_message_header header;

    frame_header(g_bytes_get_data(opening->frame, NULL), &header);
    client->paused = false;
    client_answer_error(client, &header, error, VIR_FROM_NONE);
    wire_continue(&client->wire);
}

/* Our copy of the socket is closed without a word to the client. */
static void taken(void *data, const GError *error)
{
    g_autoptr(Opening) opening = data;
    g_autoptr(GByteArray) unread = NULL;

    if (client_is_gone(opening->client))
        return;
    if (error)
        answer(opening, error);
    else
        fd_close(client_release(opening->client, &unread));
}

/* When all that was read with the call has been put aside. */
static void give(void *data)
{
    Opening *opening = data;
    Client *client = opening->client;
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) unread = g_byte_array_new();
    remote_connect_open_args args = {};
    Handover what = { .identity = &client->identity, .keepalive = client->keepalive };
    size_t size;
    const guint8 *frame = g_bytes_get_data(opening->frame, &size);
    const Route *route = NULL;

    if (client_is_gone(client)) {
        opening_free(opening);
        return;
    }
    if (frame_decode(frame + FRAME_LEAST, size - FRAME_LEAST,
                     (XdrFilter *) (void *) xdr_remote_connect_open_args, &args) &&
        args.name)
        route = route_find(server.root, *args.name, &error);
    else
        fail(&error, ERR_INTERNAL, "a connection needs a URI");
    xdr_free((xdrproc_t) xdr_remote_connect_open_args, &args);
    if (!route) {
        answer(opening, error);
        opening_free(opening);
        return;
    }
    if (client->wire.layer) {
        client->paused = false;
        relay_whole(client, route->daemon, frame, size);
        opening_free(opening);
        wire_continue(&client->wire);
        return;
    }
    g_byte_array_append(unread, frame, size);
    if (client->wire.in)
        g_byte_array_append(unread, client->wire.in->data, client->wire.in->len);
    handover(route->daemon, client->wire.fd, &what, unread, taken, opening);
}

void proxy_open(Client *client, const void *frame, size_t size)
{
    Opening *opening = g_new0(Opening, 1);

    opening->client = client_ref(client);
    opening->frame = g_bytes_new(frame, size);
    client->paused = true;
    loop_hop(give, opening);
}
