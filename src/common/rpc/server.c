/* server.c - what all clients of a daemon share
 *
 * When there are as many clients as may be that have not said who they are, a new one takes the
 * place of the oldest of those that come from where most of them come from. So whoever opens
 * connections and stays silent gets in nobody's way but their own. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server.h"

#include "rpc/client.h"
#include "rpc/listen.h"

#include <string.h>

#define USUAL_LIMITS                                                               \
    {                                                                              \
        .max_clients = 5000, .max_queued_clients = 1000, .max_client_requests = 5, \
        .keepalive_interval = 5, .keepalive_count = 5                              \
    }

Server server = {
    .root = "",
    .proxy_uid = -1,
    .main = { .name = "main", .limits = USUAL_LIMITS },
    .admin = { .name = "admin", .limits = USUAL_LIMITS },
};

static uint64_t last_id;
static void (*idle_changed)(bool idle);

uint64_t server_next_id(void) { return ++last_id; }

static int compare_ids(const void *a, const void *b)
{
    uint64_t first = (*(const Client *const *) a)->id, second = (*(const Client *const *) b)->id;

    return first < second ? -1 : first > second;
}

GPtrArray *service_list(const Service *service)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter clients;
    void *client;

    if (!service->clients)
        return list;
    g_hash_table_iter_init(&clients, service->clients);
    while (g_hash_table_iter_next(&clients, &client, NULL))
        g_ptr_array_add(list, client);
    g_ptr_array_sort(list, compare_ids);
    return list;
}

unsigned service_clients(const Service *service)
{
    return service->clients ? g_hash_table_size(service->clients) : 0;
}

unsigned server_clients(void)
{
    return service_clients(&server.main) + service_clients(&server.admin);
}

void server_on_idle(void (*changed)(bool idle)) { idle_changed = changed; }

Service *server_service(SocketKind kind)
{
    return kind == SOCKET_ADMIN ? &server.admin : &server.main;
}

/* ---- clients that nobody knows yet ---- */

/* The host, or the user of this host. The text is good until the next call. */
static const char *origin_of(const Client *client)
{
    static char origin[80];
    const Identity *who = &client->identity;
    const char *port = who->address ? strrchr(who->address, ':') : NULL;

    if (port)
        g_snprintf(origin, sizeof(origin), "%.*s", (int) (port - who->address), who->address);
    else
        g_snprintf(origin, sizeof(origin), "%" G_GINT64_FORMAT, who->uid);
    return origin;
}

static Client *oldest_of_most(const Service *service)
{
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Client *found = NULL;
    guint most = 0;

    for (GList *link = service->anonymous.head; link; link = link->next) {
        const char *origin = origin_of(link->data);
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, origin)) + 1;

        g_hash_table_insert(counts, g_strdup(origin), GUINT_TO_POINTER(count));
        most = MAX(most, count);
    }
    for (GList *link = service->anonymous.head; link && !found; link = link->next) {
        if (GPOINTER_TO_UINT(g_hash_table_lookup(counts, origin_of(link->data))) == most)
            found = link->data;
    }
    return found;
}

static void make_room(Service *service)
{
    while (service->limits.max_anonymous_clients &&
           service->anonymous.length > service->limits.max_anonymous_clients)
        client_close(oldest_of_most(service), "too many clients have not said who they are");
}

void server_awaits(Client *client)
{
    client->link.data = client;
    g_queue_push_tail_link(&client->service->anonymous, &client->link);
    make_room(client->service);
}

void server_knows(Client *client)
{
    if (!client->link.data)
        return;
    g_queue_unlink(&client->service->anonymous, &client->link);
    client->link.data = NULL;
}

/* ---- all clients ---- */

void server_check(Service *service)
{
    make_room(service);
    listen_pause(service, service_clients(service) >= service->limits.max_clients);
}

void server_add(Client *client)
{
    Service *service = client->service;

    if (!service->clients)
        service->clients = g_hash_table_new(NULL, NULL);
    g_hash_table_add(service->clients, client);
    if (server_clients() == 1 && idle_changed)
        idle_changed(false);
    server_check(service);
}

void server_remove(Client *client)
{
    server_knows(client);
    g_hash_table_remove(client->service->clients, client);
    server_check(client->service);
    if (server_clients() == 0 && idle_changed)
        idle_changed(true);
}

static void visit_all(const Service *service, void (*visit)(Client *client))
{
    g_autoptr(GPtrArray) all = service_list(service);

    g_ptr_array_set_free_func(all, (GDestroyNotify) (void *) client_unref);
    for (guint i = 0; i < all->len; i++)
        client_ref(all->pdata[i]);
    for (guint i = 0; i < all->len; i++) {
        if (!client_is_gone(all->pdata[i]))
            visit(all->pdata[i]);
    }
}

void server_foreach(void (*visit)(Client *client))
{
    visit_all(&server.main, visit);
    visit_all(&server.admin, visit);
}
