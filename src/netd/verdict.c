/* verdict.c - whether rules of others stop our guests, and which
 *
 * A few packets, as all guests have them, are sent through others' tables in thought. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verdict.h"

#include "base/json.h"
#include "dhcp.h"
#include "firewall.h"
#include "host/link.h"
#include "host/nft.h"
#include "model/list.h"
#include "rpc/server.h"
#include "ruleset.h"

#include <string.h>
#include <sys/socket.h>

/* ---- the packets ---- */

typedef enum Kind {
    SENT,     /* by a guest to another network */
    ANSWERED, /* from there */
    DHCP,     /* by a guest to the host, as the next one */
    NAMES,
} Kind;

typedef struct Sample {
    const char *what, *allow; /* what it is, and how to let it through */
    Kind kind;
    int family;
    const char *protocol, *port;
} Sample;

static const Sample samples[] = {
    { "what its guests send to other networks", "what comes in", SENT, AF_INET, "tcp", NULL },
    { "what other networks answer them", "what goes out", ANSWERED, AF_INET, "tcp", NULL },
    { "what its guests send to other networks by IPv6", "what comes in", SENT, AF_INET6, "tcp",
      NULL },
    { "what other networks answer them by IPv6", "what goes out", ANSWERED, AF_INET6, "tcp", NULL },
    { "its guests' DHCP", "UDP port 67", DHCP, AF_INET, "udp", "67" },
    { "its guests' DNS", "UDP port 53", NAMES, AF_INET, "udp", "53" },
    { "its guests' DNS by TCP", "TCP port 53", NAMES, AF_INET, "tcp", "53" },
    { "its guests' DHCPv6", "UDP port 547", DHCP, AF_INET6, "udp", "547" },
    { "its guests' DNS by IPv6", "UDP port 53", NAMES, AF_INET6, "udp", "53" },
    { "its guests' DNS by TCP and IPv6", "TCP port 53", NAMES, AF_INET6, "tcp", "53" },
};

static bool is_sent(const Sample *sample, const Network *network)
{
    bool passes = sample->kind == SENT || sample->kind == ANSWERED;

    if (!forward_has_bridge(network->forward.mode) ||
        (passes && network->forward.mode == FORWARD_NONE) ||
        (sample->kind == NAMES && !dhcp_serves_names(network)))
        return false;
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        if (ip->address.family == sample->family &&
            (sample->kind != DHCP || network_ip_has_dhcp(ip)))
            return true;
    }
    return false;
}

/* What a firewall says of connections' states cannot always be read: one that does not know of
 * answers is rare. Of what goes to the host much depends on which address that has. */
static Packet packet_of(const Sample *sample, const char *bridge, const char *outside)
{
    Packet packet = { .hook = sample->kind >= DHCP ? "input" : "forward",
                      .is_v6 = sample->family == AF_INET6,
                      .protocol = sample->protocol,
                      .port = sample->port,
                      .state = sample->kind == ANSWERED ? "established" : "new",
                      .in = sample->kind == ANSWERED ? outside : bridge,
                      .out = sample->kind == ANSWERED ? bridge
                             : sample->kind == SENT   ? outside
                                                      : "",
                      .benign = sample->kind != SENT };

    return packet;
}

/* ---- what stops them ---- */

/* What others have, and where the host's ways out are. */
typedef struct Host {
    GPtrArray *tables; /* of Ruleset */
    char outside[IFNAMSIZ], outside6[IFNAMSIZ];
} Host;

typedef struct Clause {
    char *culprit;
    GString *what, *allow;
} Clause;

static void clause_free(void *data)
{
    Clause *clause = data;

    g_free(clause->culprit);
    g_string_free(clause->what, TRUE);
    g_string_free(clause->allow, TRUE);
    g_free(clause);
}

static Clause *clause_of(GPtrArray *clauses, const char *culprit)
{
    Clause *clause;

    for (guint i = 0; i < clauses->len; i++) {
        clause = clauses->pdata[i];
        if (g_str_equal(clause->culprit, culprit))
            return clause;
    }
    clause = g_new(Clause, 1);
    *clause = (Clause){ g_strdup(culprit), g_string_new(NULL), g_string_new(NULL) };
    g_ptr_array_add(clauses, clause);
    return clause;
}

static void add_item(GString *list, const char *item)
{
    if (!strstr(list->str, item))
        g_string_append_printf(list, "%s%s", list->len ? ", " : "", item);
}

static void try(const Host *host, const Network *network, const Sample *sample, GPtrArray *clauses)
{
    const char *way = sample->family == AF_INET6 ? host->outside6 : host->outside;
    Packet packet =
        packet_of(sample, network->bridge, network->forward.dev ? network->forward.dev : way);
    g_autofree char *culprit = NULL;
    Clause *clause;

    for (guint i = 0; !culprit && i < host->tables->len; i++)
        culprit = ruleset_culprit(host->tables->pdata[i], &packet);
    if (!culprit)
        return;
    clause = clause_of(clauses, culprit);
    add_item(clause->what, sample->what);
    add_item(clause->allow, sample->allow);
}

/* NULL: nothing stops anything. */
static char *message_of(const Host *host, const Network *network)
{
    g_autoptr(GPtrArray) clauses = g_ptr_array_new_with_free_func(clause_free);
    g_autoptr(GString) message = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        if (is_sent(&samples[i], network))
            try(host, network, &samples[i], clauses);
    }
    for (guint i = 0; i < clauses->len; i++) {
        const Clause *clause = clauses->pdata[i];

        g_string_append_printf(message, "%s%s %s: it has to allow %s on '%s'", i ? "; " : "",
                               clause->culprit, clause->what->str, clause->allow->str,
                               network->bridge);
    }
    return message->len ? g_string_free(g_steal_pointer(&message), FALSE) : NULL;
}

/* ---- what the networks are told ---- */

typedef struct News {
    Net *net;
    char *message;
} News;

static void publish(void *data)
{
    g_autofree News *news = data;
    g_autoptr(Net) net = news->net;
    g_autofree char *message = news->message;
    View *view = net_edit(net);
    char **shown = &view->messages[MESSAGE_FIREWALL];

    if (!view->live || g_strcmp0(*shown, message) == 0) {
        view_unref(view);
        return;
    }
    if (message)
        net_log(net, G_LOG_LEVEL_WARNING, "%s", message);
    else
        net_log(net, G_LOG_LEVEL_INFO, "nothing stops what its guests send any more");
    g_free(*shown);
    *shown = g_steal_pointer(&message);
    net_publish_anyway(net, view);
}

static bool take_default(const HostRoute *route, void *data)
{
    if (route->prefix)
        return true;
    if_indextoname(route->index, data);
    return false;
}

/* What filters bridges' frames, or devices, is not in the way of what is looked at here. */
static void read_table(Host *host, Json *table)
{
    static const char *const families[] = { "ip", "ip6", "inet", NULL };
    const char *family = json_text(table, "family"), *name = json_text(table, "name");
    g_autofree char *command = NULL, *json = NULL;

    if (!family || !name || !g_strv_contains(families, family) ||
        g_str_equal(name, firewall_table()))
        return;
    command = g_strdup_printf("list table %s %s", family, name);
    json = nft_list(command, NULL);
    if (json)
        g_ptr_array_add(host->tables, ruleset_parse(json));
}

static void read_tables(Host *host)
{
    g_autofree char *list = nft_list("list tables", NULL);
    g_autoptr(Json) json = list ? json_parse(list, strlen(list), NULL) : NULL;
    Json *items = json_member(json, "nftables");

    for (size_t i = 0; i < json_length(items); i++)
        read_table(host, json_member(json_object_array_get_idx(items, i), "table"));
}

static void look_now(void)
{
    g_autoptr(GPtrArray) active = net_list(true);
    g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func((GDestroyNotify) ruleset_free);
    Host host = { .tables = tables };

    if (!active->len)
        return;
    read_tables(&host);
    (void) link_foreach_route(AF_INET, take_default, host.outside, NULL);
    (void) link_foreach_route(AF_INET6, take_default, host.outside6, NULL);
    for (guint i = 0; i < active->len; i++) {
        g_autoptr(View) view = net_view(active->pdata[i]);
        News *news;

        if (!view->live)
            continue;
        news = g_new(News, 1);
        *news = (News){ net_ref(active->pdata[i]), message_of(&host, view->live->network) };
        strand_do(news->net->object.strand, MODE_CHANGE, "a change of the firewall", publish, news);
    }
}

static Strand *looks; /* apart from the firewall's: its changes do not wait for a look */
static int waiting;   /* a look that has not begun */

static void look(void *)
{
    g_atomic_int_set(&waiting, 0); /* what comes from here on may be missed, and asks for another */
    look_now();
}

void verdict_open(void) { looks = strand_new(); }

void verdict_look(void)
{
    if (g_atomic_int_compare_and_exchange(&waiting, 0, 1))
        strand_do(looks, MODE_CHANGE, "a look at the firewall", look, NULL);
}
