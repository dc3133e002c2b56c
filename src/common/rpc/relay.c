/* relay.c - procedures of other daemons' objects */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/relay.h"

#include "rpc/dispatch.h"
#include "rpc/handover.h"

#include <errno.h>
#include <sys/socket.h>

typedef struct Relay {
    Wire wire;           /* first: its owner */
    unsigned references; /* of the client's list, and while it is being handed over */
    Client *client;      /* counted until the relay has ended */
    const char *daemon;
    GError *error;              /* why the daemon did not take the connection */
    net_message_header opening; /* of a whole connection: its connect_open, while it is not taken */
    bool taken;
} Relay;

/* A call whose answer another daemon owes, or a stream that it serves. */
typedef struct Relayed {
    Relay *relay;
    const Proc *proc;
    net_message_header header;
    bool answered; /* what goes on is a stream */
} Relayed;

static const struct {
    const char *daemon, *uri;
} owners[] = {
    [OWNER_HYPERVISOR] = { "qemud", "qemu:///system" },
    [OWNER_NETWORK] = { "netd", "network:///system" },
    [OWNER_NODE] = { "noded", "nodedev:///system" },
    [OWNER_INTERFACE] = {},
};

static Relayed *relayed_find(const Client *client, uint32_t serial)
{
    return g_hash_table_lookup(client->relayed, GUINT_TO_POINTER(serial));
}

static void relayed_drop(Client *client, uint32_t serial, bool was_call)
{
    g_hash_table_remove(client->relayed, GUINT_TO_POINTER(serial));
    if (was_call)
        client_finished(client);
}

/* ---- from the daemon to the client ---- */

static bool is_whole(const Relay *relay) { return relay->client->whole == relay; }

static void relay_message(void *owner, const void *frame, size_t size, GArray *fds)
{
    Relay *relay = owner;
    Client *client = relay->client;
    G_GNUC_UNUSED g_autoptr(Client) kept = client_ref(client);
    net_message_header header;
    Relayed *relayed;
    bool is_last, is_answer;

    frame_header(frame, &header);
    client_send(client, g_byte_array_append(g_byte_array_sized_new(size), frame, size), fds);
    if (is_whole(relay))
        return;
    relayed = header.type == NET_MESSAGE ? NULL : relayed_find(client, header.serial);
    if (!relayed || client_is_gone(client))
        return;
    is_answer = header.type == NET_REPLY || header.type == NET_REPLY_WITH_FDS;
    is_last = is_answer ? relayed->proc->stream == NO_STREAM || header.status == NET_ERROR
                        : header.status != NET_CONTINUE;
    relayed->answered |= is_answer;
    if (is_last)
        relayed_drop(client, header.serial, is_answer);
    else if (is_answer)
        client_finished(client);
}

static bool relay_may_read(void *owner)
{
    const Relay *relay = owner;

    return wire_backlog(&relay->client->wire) < WIRE_FULL;
}

static void relay_drained(void *owner)
{
    Relay *relay = owner;

    wire_continue(&relay->client->wire);
}

static void fail_all(Client *client, const Relay *relay, const GError *error)
{
    GHashTableIter at;
    void *value;
    unsigned unanswered = 0;

    g_hash_table_iter_init(&at, client->relayed);
    while (g_hash_table_iter_next(&at, NULL, &value)) {
        Relayed *relayed = value;

        if (relayed->relay != relay)
            continue;
        if (relayed->answered)
            relayed->header.type = NET_STREAM;
        client_answer_error(client, &relayed->header, error, VIR_FROM_RPC);
        unanswered += !relayed->answered;
        g_hash_table_iter_remove(&at);
    }
    while (unanswered-- > 0)
        client_finished(client);
}

static void relay_unref(void *data)
{
    Relay *relay = data;

    if (--relay->references)
        return;
    g_clear_error(&relay->error);
    client_unref(relay->client);
    g_free(relay);
}

/* A daemon that did not take the connection has not opened it; when one that did goes, it goes. */
static void end_whole(const Relay *relay, const GError *error)
{
    Client *client = relay->client;

    client->whole = NULL;
    if (relay->taken)
        wire_end_when_sent(&client->wire);
    else
        client_answer_error(client, &relay->opening, error, VIR_FROM_NONE);
}

/* The daemon has gone: what it owes is answered for it, and the next call connects anew. */
static void relay_closed(void *owner, const char *why)
{
    Relay *relay = owner;
    Client *client = relay->client;
    g_autoptr(GError) error = g_steal_pointer(&relay->error);

    if (!error)
        fail(&error, ERR_OPERATION_FAILED, "the connection to ostler-%s has ended%s%s",
             relay->daemon, why ? ": " : "", why ? why : "");
    g_clear_pointer(&relay->wire.in, g_byte_array_unref);
    g_ptr_array_remove_fast(client->relays, relay);
    if (!client_is_gone(client) && is_whole(relay))
        end_whole(relay, error);
    else if (!client_is_gone(client))
        fail_all(client, relay, error);
    loop_hop(relay_unref, relay);
}

void relays_end(Client *client)
{
    while (client->relays->len) {
        Relay *relay = client->relays->pdata[0];

        fd_close(wire_release(&relay->wire));
        relay_closed(relay, NULL);
    }
}

bool relays_are_full(const Client *client)
{
    for (guint i = 0; i < client->relays->len; i++) {
        const Relay *relay = client->relays->pdata[i];

        if (wire_backlog(&relay->wire) >= WIRE_FULL)
            return true;
    }
    return false;
}

/* ---- from the client to the daemon ---- */

static void relay_taken(void *data, const GError *error)
{
    Relay *relay = data;

    relay->taken = !error;
    if (error && relay->wire.fd >= 0) {
        relay->error = g_error_copy(error);
        fd_close(wire_release(&relay->wire));
        relay_closed(relay, NULL);
    }
    relay_unref(relay);
}

/* uri: the connection is opened already; NULL: connect_open is the first that is sent. */
static Relay *relay_new(Client *client, const char *daemon, const char *uri, GError **error)
{
    static const WireEvents events = { relay_message, relay_may_read, relay_drained, relay_closed };
    Handover what = { .identity = &client->identity, .uri = uri };
    Relay *relay;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        return fail_errno(error, errno, "cannot connect to ostler-%s", daemon);
    relay = g_new0(Relay, 1);
    relay->references = 2;
    relay->client = client_ref(client);
    relay->daemon = daemon;
    wire_open(&relay->wire, ends[0], &events, relay);
    g_ptr_array_add(client->relays, relay);
    handover(relay->daemon, ends[1], &what, NULL, relay_taken, relay);
    fd_close(ends[1]);
    return relay;
}

static Relay *relay_find(Client *client, Owner owner, GError **error)
{
    for (guint i = 0; i < client->relays->len; i++) {
        Relay *relay = client->relays->pdata[i];

        if (relay->daemon == owners[owner].daemon)
            return relay;
    }
    return relay_new(client, owners[owner].daemon, owners[owner].uri, error);
}

const char *relay_daemon(Owner owner, const char **uri)
{
    if (owner >= G_N_ELEMENTS(owners))
        return NULL;
    *uri = owners[owner].uri;
    return owners[owner].daemon;
}

static Relayed *relayed_new(const Proc *proc, const void *frame)
{
    Relayed *relayed = g_new0(Relayed, 1);

    relayed->proc = proc;
    frame_header(frame, &relayed->header);
    relayed->header.type = NET_CALL;
    return relayed;
}

void relay_call(Client *client, const Proc *proc, const void *frame, size_t size, GArray *fds)
{
    Relayed *relayed = relayed_new(proc, frame);
    uint32_t serial = relayed->header.serial;
    g_autoptr(GError) error = NULL;
    const char *uri;
    Relay *relay;

    if (!relay_daemon(proc->owner, &uri))
        fail(&error, ERR_NO_SUPPORT, "%s", proc->name);
    else if (relayed_find(client, serial))
        fail(&error, ERR_RPC, "serial %u is in use", serial);
    if (error) {
        client_answer_error(client, &relayed->header, error, proc_error_domain(proc));
        g_free(relayed);
        return;
    }
    client->at_work++;
    g_hash_table_insert(client->relayed, GUINT_TO_POINTER(serial), relayed);
    relay = relay_find(client, proc->owner, &error);
    if (!relay) {
        client_answer_error(client, &relayed->header, error, VIR_FROM_RPC);
        relayed_drop(client, serial, true);
        return;
    }
    relayed->relay = relay;
    wire_send(&relay->wire, g_byte_array_append(g_byte_array_sized_new(size), frame, size), fds);
}

void relay_whole(Client *client, const char *daemon, const void *frame, size_t size)
{
    g_autoptr(GError) error = NULL;
    net_message_header opening;
    Relay *relay;

    frame_header(frame, &opening);
    relay = relay_new(client, daemon, NULL, &error);
    if (!relay) {
        client_answer_error(client, &opening, error, VIR_FROM_NONE);
        return;
    }
    relay->opening = opening;
    client->whole = relay;
    relay_pass(client, frame, size, NULL);
}

void relay_pass(Client *client, const void *frame, size_t size, GArray *fds)
{
    Relay *relay = client->whole;

    wire_send(&relay->wire, g_byte_array_append(g_byte_array_sized_new(size), frame, size), fds);
}

bool relay_stream(Client *client, const net_message_header *header, const void *frame, size_t size)
{
    Relayed *relayed = relayed_find(client, header->serial);

    if (!relayed)
        return false;
    wire_send(&relayed->relay->wire, g_byte_array_append(g_byte_array_sized_new(size), frame, size),
              NULL);
    return true;
}
