/* lease.c - who has which address, as dnsmasq tells it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lease.h"

#include "base/cleanup.h"
#include "base/socket.h"
#include "daemon/daemon.h"
#include "loop/loop.h"
#include "network.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What ostler-lease tells, each with a zero byte behind it, empty when it is not known. */
enum { NETWORK, ACTION, ADDRESS, MAC, NAME, EXPIRES, CLIENT_ID, IAID, FIELDS };

static struct {
    int fd;
    Watch *watch;
    GHashTable *networks; /* uuid as text -> GHashTable of address as text -> Lease */
} store = { .fd = -1 };

static void lease_free(void *data)
{
    Lease *lease = data;

    g_free(lease->mac);
    g_free(lease->iaid);
    g_free(lease->name);
    g_free(lease->client);
    g_free(lease);
}

char *lease_socket_path(void) { return daemon_path("run/ostler/network/leases.sock"); }

/* Beside this program, which is where it is built, or where it is installed. */
char *lease_helper(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *directory = g_path_get_dirname(self ? self : "/");
    g_autofree char *beside = g_build_filename(directory, "ostler-lease", NULL);

    return g_strdup(g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE) ? beside
                                                                   : LIBEXECDIR "/ostler-lease");
}

static GHashTable *leases_of(const char *network)
{
    GHashTable *leases = g_hash_table_lookup(store.networks, network);

    if (leases)
        return leases;
    leases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, lease_free);
    g_hash_table_insert(store.networks, g_strdup(network), leases);
    return leases;
}

static char *known(const char *text) { return *text ? g_strdup(text) : NULL; }

/* What had been granted before is nothing new. */
static void tell(const char *const *field)
{
    Uuid uuid;
    g_autoptr(Net) net =
        uuid_parse(field[NETWORK], &uuid) ? (Net *) registry_find_uuid(nets, &uuid) : NULL;

    if (net && g_str_equal(field[ACTION], "add"))
        net_log(net, G_LOG_LEVEL_INFO, "%s is lent to %s%s%s", field[ADDRESS], field[MAC],
                *field[NAME] ? ", which calls itself " : "", field[NAME]);
    else if (net && g_str_equal(field[ACTION], "del"))
        net_log(net, G_LOG_LEVEL_INFO, "%s is free again", field[ADDRESS]);
}

static void take(const char *const *field)
{
    Lease *lease;
    Ip ip;

    if (!ip_parse(field[ADDRESS], &ip))
        return;
    tell(field);
    if (g_str_equal(field[ACTION], "del")) {
        g_hash_table_remove(leases_of(field[NETWORK]), field[ADDRESS]);
        return;
    }
    lease = g_new0(Lease, 1);
    *lease = (Lease){ ip,
                      known(field[MAC]),
                      known(field[IAID]),
                      known(field[NAME]),
                      known(field[CLIENT_ID]),
                      g_ascii_strtoll(field[EXPIRES], NULL, 10) };
    g_hash_table_replace(leases_of(field[NETWORK]), g_strdup(field[ADDRESS]), lease);
}

static void read_message(uint32_t, void *)
{
    char text[4097];
    ssize_t got = recv(store.fd, text, sizeof(text) - 1, MSG_DONTWAIT);
    const char *field[FIELDS], *at = text;

    if (got <= 0)
        return;
    text[got] = '\0';
    for (int i = 0; i < FIELDS; i++) {
        field[i] = at <= text + got ? at : "";
        at += strlen(field[i]) + 1;
    }
    take(field);
}

bool lease_open(GError **error)
{
    g_autofree char *path = lease_socket_path();

    store.networks =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
    store.fd = unix_listen(path, SOCK_DGRAM, 0600, error);
    if (store.fd < 0)
        return false;
    store.watch = watch_new(store.fd, EPOLLIN, read_message, NULL);
    return true;
}

void lease_close(void)
{
    g_autofree char *path = lease_socket_path();

    (void) unlink(path);
}

static int compare(const void *a, const void *b)
{
    const Lease *one = *(Lease *const *) a, *other = *(Lease *const *) b;

    if (one->ip.family != other->ip.family)
        return one->ip.family - other->ip.family;
    return ip_compare(&one->ip, &other->ip);
}

GPtrArray *lease_list(const Uuid *network)
{
    GPtrArray *list = g_ptr_array_new();
    char uuid[UUID_TEXT];
    GHashTable *leases = g_hash_table_lookup(store.networks, uuid_print(network, uuid));
    GHashTableIter at;
    void *lease;

    if (!leases)
        return list;
    g_hash_table_iter_init(&at, leases);
    while (g_hash_table_iter_next(&at, NULL, &lease)) {
        if (!((Lease *) lease)->expires || ((Lease *) lease)->expires > time(NULL))
            g_ptr_array_add(list, lease);
    }
    g_ptr_array_sort(list, compare);
    return list;
}

static void clear(void *data)
{
    g_autofree char *uuid = data;

    g_hash_table_remove(store.networks, uuid);
}

void lease_clear(const Uuid *network)
{
    char uuid[UUID_TEXT];

    loop_hop(clear, g_strdup(uuid_print(network, uuid)));
}
