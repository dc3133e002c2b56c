/* server.c - what all clients of a daemon share */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server.h"

#include "rpc/client.h"
#include "rpc/listen.h"

Server server = {
    .root = "",
    .limits = { .max_clients = 5000,
                .max_client_requests = 5,
                .keepalive_interval = 5,
                .keepalive_count = 5 },
};

static GHashTable *clients; /* a set of Client */
static uint64_t last_id;
static void (*idle_changed)(bool idle);

uint64_t server_next_id(void) { return ++last_id; }

unsigned server_clients(void) { return clients ? g_hash_table_size(clients) : 0; }

void server_on_idle(void (*changed)(bool idle)) { idle_changed = changed; }

void server_add(Client *client)
{
    if (!clients)
        clients = g_hash_table_new(NULL, NULL);
    g_hash_table_add(clients, client);
    if (server_clients() == server.limits.max_clients)
        listen_pause(true);
    if (server_clients() == 1 && idle_changed)
        idle_changed(false);
}

void server_remove(Client *client)
{
    if (server_clients() == server.limits.max_clients)
        listen_pause(false);
    g_hash_table_remove(clients, client);
    if (server_clients() == 0 && idle_changed)
        idle_changed(true);
}

void server_foreach(void (*visit)(Client *client))
{
    GList *all = clients ? g_hash_table_get_keys(clients) : NULL;

    for (GList *link = all; link; link = link->next)
        client_ref(link->data);
    for (GList *link = all; link; link = link->next) {
        if (!client_is_gone(link->data))
            visit(link->data);
    }
    g_list_free_full(all, (GDestroyNotify) (void *) client_unref);
}
