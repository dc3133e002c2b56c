/* keepalive.c - is the client still there
 *
 * A client that asked for it is pinged when it has been silent; one whose calls we leave in its
 * socket is pinged too, as our pings are what tells it that we are alive, but is not given up:
 * its answers wait behind those calls. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/keepalive.h"

#include "protocol/keepalive.h"
#include "rpc/login.h"

enum { PING = 1, PONG = 2 };

static void send_message(Client *client, int number)
{
    net_message_header header = { KEEPALIVE_PROGRAM, 1, number, NET_MESSAGE, 0, NET_OK };

    client_send(client, frame_new_raw(&header, NULL, 0), NULL);
}

void keepalive_received(Client *client, const net_message_header *header)
{
    if (header->proc == PING)
        send_message(client, PONG);
}

static void ask_after(Client *client)
{
    gint64 silent = g_get_monotonic_time() - client->wire.heard;
    gint64 interval = client->service->limits.keepalive_interval * G_TIME_SPAN_SECOND;

    if (!client->keepalive || interval <= 0 || silent < interval * (client->unanswered + 1))
        return;
    if (client->unanswered >= client->service->limits.keepalive_count && client_is_read(client)) {
        client_close(client, "it does not answer pings");
        return;
    }
    client->unanswered++;
    send_message(client, PING);
}

static void look_after(Client *client)
{
    login_look_after(client);
    if (!client_is_gone(client))
        ask_after(client);
}

static gboolean look_after_all(gpointer)
{
    server_foreach(look_after);
    return G_SOURCE_CONTINUE;
}

void keepalive_start(void) { g_timeout_add_seconds(1, look_after_all, NULL); }
