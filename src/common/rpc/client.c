/* client.c - one client: identity, limits, what it has going
 *
 * A client that does not read makes us read less of it: its calls wait in its socket while much
 * waits to be sent to it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client.h"

#include "rpc/dispatch.h"
#include "rpc/event.h"
#include "rpc/relay.h"
#include "rpc/sasl.h"
#include "rpc/stream.h"

enum { WAITING_SIZE = 1024 * 1024 }; /* bytes of calls over the limit that are read ahead */

typedef struct Message {
    GBytes *bytes;
    GArray *fds; /* NULL: none */
} Message;

static void message_free(void *data)
{
    Message *message = data;

    g_bytes_unref(message->bytes);
    g_clear_pointer(&message->fds, g_array_unref);
    g_free(message);
}

Client *client_ref(Client *client)
{
    g_atomic_int_inc(&client->references);
    return client;
}

void client_unref(Client *client)
{
    if (!g_atomic_int_dec_and_test(&client->references))
        return;
    identity_clear(&client->identity);
    sasl_free(client->sasl);
    g_clear_error(&client->refusal);
    g_hash_table_unref(client->streams);
    g_hash_table_unref(client->relayed);
    g_ptr_array_unref(client->relays);
    g_free(client->uri);
    g_free(client);
}

static void unref_later(void *data) { client_unref(data); }

/* ---- who wants to know that it has gone ---- */

typedef struct Farewell {
    Client *client;
    void (*gone)(void *data);
    void *data;
} Farewell;

static void say_farewell(Client *client)
{
    g_autoptr(GArray) gone = g_steal_pointer(&client->gone);

    for (guint i = 0; gone && i < gone->len; i++) {
        const Farewell *farewell = &g_array_index(gone, Farewell, i);

        farewell->gone(farewell->data);
    }
}

static void keep_farewell(void *data)
{
    g_autofree Farewell *farewell = data;
    g_autoptr(Client) client = farewell->client;

    if (client_is_gone(client)) {
        farewell->gone(farewell->data);
        return;
    }
    if (!client->gone)
        client->gone = g_array_new(FALSE, FALSE, sizeof(Farewell));
    g_array_append_val(client->gone, *farewell);
}

void client_when_gone(Client *client, void (*gone)(void *data), void *data)
{
    Farewell *farewell = g_new(Farewell, 1);

    *farewell = (Farewell){ client_ref(client), gone, data };
    loop_hop(keep_farewell, farewell);
}

/* Ends all that the client had going. The reference of the server's list is given back when the
 * loop has nothing more to do with the client. */
static void client_leave(Client *client)
{
    events_forget(client);
    say_farewell(client);
    streams_end(client);
    relays_end(client);
    g_queue_clear_full(&client->waiting, message_free);
    server_remove(client);
    loop_hop(unref_later, client);
}

int client_release(Client *client, GByteArray **unread)
{
    int fd;

    *unread = g_steal_pointer(&client->wire.in);
    fd = wire_release(&client->wire);
    client_leave(client);
    return fd;
}

static void log_end(const Client *client, const char *why)
{
    g_autofree char *who = identity_print(&client->identity);

    g_info("client %" G_GUINT64_FORMAT " (%s): connection closed: %s", client->id, who, why);
}

static void client_closed(void *owner, const char *why)
{
    Client *client = owner;

    if (why)
        log_end(client, why);
    g_clear_pointer(&client->wire.in, g_byte_array_unref);
    client_leave(client);
}

void client_close(Client *client, const char *why)
{
    if (client_is_gone(client))
        return;
    fd_close(wire_release(&client->wire));
    client_closed(client, why);
}

void client_answer_error(Client *client, const net_message_header *header, const GError *error,
                         int domain)
{
    net_message_header answer = *header;

    if (answer.type != NET_STREAM)
        answer.type = NET_REPLY;
    answer.status = NET_ERROR;
    client_send(client, frame_new_error(&answer, error, domain), NULL);
}

bool client_is_read(const Client *client)
{
    return !client->paused && client->waiting_size < WAITING_SIZE &&
           wire_backlog(&client->wire) < WIRE_FULL && !relays_are_full(client);
}

/* Who is still saying who it is says one thing after the other. */
static unsigned most_at_work(const Client *client)
{
    return client->authenticated ? client->service->limits.max_client_requests : 1;
}

bool client_must_wait(const Client *client)
{
    return client->waiting.length ||
           (!client->is_daemon && client->at_work >= most_at_work(client));
}

void client_wait(Client *client, const void *frame, size_t size, GArray *fds)
{
    Message *message = g_new(Message, 1);

    message->bytes = g_bytes_new(frame, size);
    message->fds = fds ? g_array_ref(fds) : NULL;
    g_queue_push_tail(&client->waiting, message);
    client->waiting_size += size;
}

/* As many of the calls that wait as may be at work; none while the client does not read. */
static void serve_waiting(Client *client)
{
    while (!client_is_gone(client) && client->waiting.length &&
           client->at_work < most_at_work(client) && wire_backlog(&client->wire) < WIRE_FULL) {
        Message *message = g_queue_pop_head(&client->waiting);
        size_t size;
        const void *frame = g_bytes_get_data(message->bytes, &size);

        client->waiting_size -= size;
        dispatch_call(client, frame, size, message->fds);
        message_free(message);
    }
}

void client_finished(Client *client)
{
    client->at_work--;
    serve_waiting(client);
    wire_continue(&client->wire);
}

static void client_message(void *owner, const void *frame, size_t size, GArray *fds)
{
    ((Client *) owner)->unanswered = 0;
    dispatch_frame(owner, frame, size, fds);
}

static bool client_may_read(void *owner) { return client_is_read(owner); }

static void client_drained(void *owner)
{
    streams_continue(owner);
    serve_waiting(owner);
}

/* Without authentication it is the certificate that says who it is. */
static void client_secured(void *owner)
{
    Client *client = owner;
    const Layer *layer = client->wire.layer;

    client->identity.transport = WAY_TLS;
    client->identity.x509_name = g_strdup(layer->kind->peer(layer));
    client->strength = layer->kind->strength(layer);
    if (client->auth == REMOTE_AUTH_NONE)
        server_knows(client);
}

void client_guard(Client *client, int auth, Layer *layer)
{
    client->auth = auth;
    client->guarded = g_get_monotonic_time();
    if (auth != REMOTE_AUTH_NONE || layer)
        server_awaits(client);
    if (layer && client_is_gone(client))
        layer->kind->free(layer, -1);
    else if (layer)
        wire_secure(&client->wire, layer);
}

void client_accept(Client *client)
{
    client->authenticated = true;
    server_knows(client);
}

Client *client_new(int fd, SocketKind kind, Identity *identity)
{
    static const WireEvents events = { client_message, client_may_read, client_drained,
                                       client_closed, client_secured };
    Client *client = g_new0(Client, 1);

    client->references = 1;
    client->id = server_next_id();
    client->since = g_get_real_time();
    client->kind = kind;
    client->service = server_service(kind);
    client->authenticated = kind == SOCKET_ADMIN; /* its mode says who may */
    client->identity = *identity;
    *identity = IDENTITY_UNKNOWN;
    (void) identity_user(&client->identity); /* to be known when somebody asks */
    (void) identity_group(&client->identity);
    client->streams = g_hash_table_new_full(NULL, NULL, NULL, stream_unref_data);
    client->relays = g_ptr_array_new();
    client->relayed = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    wire_open(&client->wire, fd, &events, client);
    server_add(client);
    return client;
}
