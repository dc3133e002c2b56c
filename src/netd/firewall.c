/* firewall.c - the rules of all networks, in one table of our own
 *
 * A packet finds the chains of its network by verdict maps, so that it meets as few rules with a
 * hundred networks as with one, and a network comes and goes with a constant number of commands.
 * Changes have a strand of their own: the table is one thing. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "firewall.h"

#include "host/nft.h"
#include "loop/loop.h"
#include "model/list.h"
#include "rpc/server.h"
#include "verdict.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <string.h>

enum { SETTLE_MS = 100 }; /* others' changes come in bursts */

/* What one network has in the table. */
typedef struct Rules {
    char *chains; /* made before the maps: nft refers to them when it makes those */
    char *add, *remove;
} Rules;

static struct {
    Strand *strand;
    char *table;       /* "inet ostler" */
    GHashTable *rules; /* uuid as text -> Rules; the strand's */
    bool grown;        /* a network has come since the last look; the strand's */
    Timer *settle;     /* the loop's */
    GArray *seen;      /* of Seen, since the last look; the loop's */
} firewall;

static void rules_free(void *data)
{
    Rules *rules = data;

    g_free(rules->chains);
    g_free(rules->add);
    g_free(rules->remove);
    g_free(rules);
}

#define ADD(out, ...) g_string_append_printf(out, __VA_ARGS__)

/* ---- the table ---- */

/* A packet to a guest is judged before one from a guest, as it may be both. */
static char *skeleton(void)
{
    const char *t = firewall.table;
    g_autoptr(GString) out = g_string_new(NULL);
    static const char *const maps[] = { "guests_to", "guests_from", "shaped" };
    static const char *const families[] = { "4", "6" };

    for (size_t i = 0; i < G_N_ELEMENTS(maps); i++)
        ADD(out, "add map %s %s { type ifname : verdict; }\n", t, maps[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++)
        ADD(out, "add map %s sources%s { type ipv%s_addr : verdict; flags interval; }\n", t,
            families[i], families[i]);
    ADD(out,
        "add chain %s shape_all { type filter hook prerouting priority -150; policy accept; }\n",
        t);
    ADD(out, "add rule %s shape_all iifname vmap @shaped\n", t);
    ADD(out, "add chain %s forward_all { type filter hook forward priority 0; policy accept; }\n",
        t);
    ADD(out, "add rule %s forward_all oifname vmap @guests_to\n", t);
    ADD(out, "add rule %s forward_all iifname vmap @guests_from\n", t);
    ADD(out, "add chain %s nat_all { type nat hook postrouting priority 100; policy accept; }\n",
        t);
    ADD(out, "add rule %s nat_all ip saddr vmap @sources4\n", t);
    ADD(out, "add rule %s nat_all ip6 saddr vmap @sources6\n", t);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* ---- one network ---- */

typedef struct Writer {
    const Network *network;
    char *key; /* of the names of its chains */
    GString *chains, *add, *remove;
} Writer;

/* A chain that a map leads to. */
static void add_chain(Writer *w, const char *name, const char *map, const char *element)
{
    const char *t = firewall.table;

    ADD(w->chains, "add chain %s %s_%s\n", t, name, w->key);
    ADD(w->add, "add element %s %s { %s : jump %s_%s }\n", t, map, element, name, w->key);
    ADD(w->remove, "delete element %s %s { %s : jump %s_%s }\n", t, map, element, name, w->key);
}

static void add_rule(Writer *w, const char *chain, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add_rule(Writer *w, const char *chain, const char *format, ...)
{
    va_list args;

    ADD(w->add, "add rule %s %s_%s ", firewall.table, chain, w->key);
    va_start(args, format);
    g_string_append_vprintf(w->add, format, args);
    va_end(args);
    g_string_append_c(w->add, '\n');
}

static bool is_hidden(const Network *network, const NetworkIp *ip)
{
    return network->forward.mode == FORWARD_NAT &&
           (ip->address.family == AF_INET || network->forward.nat_ipv6 == SWITCH_ON);
}

/* "192.168.122.0/24" */
static char *range_of(const NetworkIp *ip)
{
    Ip network = ip_network(&ip->address, network_ip_prefix(ip));
    char text[IP_TEXT];

    return g_strdup_printf("%s/%u", ip_print(&network, text), network_ip_prefix(ip));
}

static void write_forward(Writer *w)
{
    const Network *n = w->network;
    g_autofree char *bridge = g_strdup_printf("\"%s\"", n->bridge);
    g_autofree char *in =
        n->forward.dev ? g_strdup_printf("iifname \"%s\" ", n->forward.dev) : NULL;
    g_autofree char *out =
        n->forward.dev ? g_strdup_printf("oifname \"%s\" ", n->forward.dev) : NULL;

    add_chain(w, "to", "guests_to", bridge);
    add_chain(w, "from", "guests_from", bridge);
    add_rule(w, "to", "iifname %s accept", bridge);
    for (LIST_EACH(NetworkIp, ip, n->forward.mode == FORWARD_NONE ? NULL : n->ips)) {
        const char *family = ip->address.family == AF_INET6 ? "ip6" : "ip";
        g_autofree char *range = range_of(ip);

        add_rule(w, "to", "%s%s daddr %s %saccept", in ? in : "", family, range,
                 is_hidden(n, ip) ? "ct state established,related " : "");
        add_rule(w, "from", "%s%s saddr %s accept", out ? out : "", family, range);
    }
    add_rule(w, "to", "reject");
    add_rule(w, "from", "reject");
}

/* What is for many, or for the network itself, keeps its address. */
static void write_nat(Writer *w, const NetworkIp *ip, bool is_first)
{
    const Forward *f = &w->network->forward;
    bool is_v6 = ip->address.family == AF_INET6;
    const char *chain = is_v6 ? "nat6" : "nat4", *family = is_v6 ? "ip6" : "ip";
    g_autofree char *range = range_of(ip);
    g_autofree char *out = f->dev ? g_strdup_printf("oifname \"%s\" ", f->dev) : g_strdup("");
    g_autofree char *ports = f->port_start.given
                                 ? g_strdup_printf("%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT,
                                                   f->port_start.value, f->port_end.value)
                                 : g_strdup("1024-65535");
    char from[IP_TEXT], to[IP_TEXT];
    const char *t = firewall.table;

    if (is_first)
        ADD(w->chains, "add chain %s %s_%s\n", t, chain, w->key);
    ADD(w->add, "add element %s sources%c { %s : jump %s_%s }\n", t, is_v6 ? '6' : '4', range,
        chain, w->key);
    ADD(w->remove, "delete element %s sources%c { %s : jump %s_%s }\n", t, is_v6 ? '6' : '4', range,
        chain, w->key);
    add_rule(w, chain, "%s daddr { %s, %s } return", family, range,
             is_v6 ? "ff00::/8" : "224.0.0.0/4, 255.255.255.255");
    if (is_v6 || !ip_is_set(&f->nat_start)) {
        add_rule(w, chain, "%s%s saddr %s meta l4proto { tcp, udp } masquerade to :%s", out, family,
                 range, ports);
        add_rule(w, chain, "%s%s saddr %s masquerade", out, family, range);
        return;
    }
    ip_print(&f->nat_start, from);
    ip_print(&f->nat_end, to);
    add_rule(w, chain, "%sip saddr %s meta l4proto { tcp, udp } snat ip to %s-%s:%s", out, range,
             from, to, ports);
    add_rule(w, chain, "%sip saddr %s snat ip to %s-%s", out, range, from, to);
}

/* What the guests send to other networks. A bridge of the host's may be that of several networks,
 * which the map cannot say: each has a hook of its own. */
static void write_limit(Writer *w)
{
    const Network *n = w->network;
    Rate rate = rate_of(&n->bandwidth.outbound);
    g_autofree char *bridge = g_strdup_printf("\"%s\"", n->bridge);
    g_autofree char *beyond = nft_drop_beyond(&rate);
    bool is_own = forward_has_bridge(n->forward.mode);

    if (is_own) {
        add_chain(w, "limit", "shaped", bridge);
    } else {
        ADD(w->chains, "add chain %s limit_%s { type filter hook prerouting priority -150; }\n",
            firewall.table, w->key);
        ADD(w->remove, "delete chain %s limit_%s\n", firewall.table, w->key);
    }
    add_rule(w, "limit", "iifname %s %s", bridge, beyond);
}

static void drop_chains(Writer *w, const char *const *chains)
{
    for (; *chains; chains++) {
        g_autofree char *added =
            g_strdup_printf("add chain %s %s_%s\n", firewall.table, *chains, w->key);

        if (strstr(w->chains->str, added))
            ADD(w->remove, "delete chain %s %s_%s\n", firewall.table, *chains, w->key);
    }
}

static Rules *finish(Writer *w)
{
    static const char *const chains[] = { "to", "from", "nat4", "nat6", "limit", NULL };
    Rules *rules = g_new0(Rules, 1);

    drop_chains(w, chains);
    rules->chains = g_string_free(w->chains, FALSE);
    rules->add = g_string_free(w->add, FALSE);
    rules->remove = g_string_free(w->remove, FALSE);
    g_free(w->key);
    return rules;
}

/* On a bridge of the host's it limits what the host takes from it, and nothing else. */
static bool has_rules(const Network *network)
{
    return forward_has_bridge(network->forward.mode) ||
           (network->bridge && network->bandwidth.outbound.average);
}

static Rules *rules_of(Net *net, const Network *network)
{
    Writer w = { network, NULL, g_string_new(NULL), g_string_new(NULL), g_string_new(NULL) };
    char uuid[UUID_TEXT];
    bool seen[2] = {};

    w.key = g_strdelimit(g_strdup(uuid_print(&net->object.uuid, uuid)), "-", '_');
    if (forward_has_bridge(network->forward.mode) && network->forward.mode != FORWARD_OPEN)
        write_forward(&w);
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        bool is_v6 = ip->address.family == AF_INET6;

        if (is_hidden(network, ip))
            write_nat(&w, ip, !seen[is_v6]);
        seen[is_v6] |= is_hidden(network, ip);
    }
    if (network->bandwidth.outbound.average)
        write_limit(&w);
    return finish(&w);
}

/* ---- changes, on the firewall's strand ---- */

/* The table anew, whole, or nothing when there is no network. */
static void write_networks(GString *out)
{
    g_autofree char *table = skeleton();
    GHashTableIter at;
    void *rules;

    ADD(out, "add table %s\ndelete table %s\n", firewall.table, firewall.table);
    if (!g_hash_table_size(firewall.rules))
        return;
    ADD(out, "add table %s\n", firewall.table);
    g_hash_table_iter_init(&at, firewall.rules);
    while (g_hash_table_iter_next(&at, NULL, &rules))
        g_string_append(out, ((Rules *) rules)->chains);
    g_string_append(out, table);
    g_hash_table_iter_init(&at, firewall.rules);
    while (g_hash_table_iter_next(&at, NULL, &rules))
        g_string_append(out, ((Rules *) rules)->add);
}

static bool restore(GError **error)
{
    g_autoptr(GString) commands = g_string_new(NULL);

    write_networks(commands);
    return nft_run(commands->str, error);
}

static Stay *enter(GError **error)
{
    return strand_enter(firewall.strand, MODE_CHANGE, "a change of the firewall", error);
}

/* By what has changed, or, when the table is not as we left it, as a whole. */
static bool apply(const char *commands, GError **error)
{
    return (g_hash_table_size(firewall.rules) > 1 && nft_run(commands, NULL)) || restore(error);
}

bool firewall_add(Net *net, const Network *network, GError **error)
{
    g_autoptr(Stay) stay = NULL;
    g_autofree char *commands = NULL;
    char uuid[UUID_TEXT];
    Rules *rules, *former;

    if (!has_rules(network))
        return true;
    stay = enter(error);
    if (!stay)
        return false;
    uuid_print(&net->object.uuid, uuid);
    former = g_hash_table_lookup(firewall.rules, uuid);
    rules = rules_of(net, network);
    commands = g_strconcat(former ? former->remove : "", rules->chains, rules->add, NULL);
    g_hash_table_replace(firewall.rules, g_strdup(uuid), rules);
    if (apply(commands, error)) {
        firewall.grown = true;
        return true;
    }
    g_hash_table_remove(firewall.rules, uuid);
    (void) restore(NULL);
    return false;
}

void firewall_remove(Net *net)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Stay) stay = enter(&error);
    g_autofree char *commands = NULL;
    char uuid[UUID_TEXT];
    const Rules *rules;

    uuid_print(&net->object.uuid, uuid);
    rules = stay ? g_hash_table_lookup(firewall.rules, uuid) : NULL;
    if (!rules)
        return;
    commands = g_strdup(rules->remove);
    g_hash_table_remove(firewall.rules, uuid);
    if (g_hash_table_size(firewall.rules) && nft_run(commands, NULL))
        return;
    if (!restore(&error))
        net_log(net, G_LOG_LEVEL_WARNING, "its firewall rules stay: %s", error->message);
}

/* ---- what others do ---- */

/* A transaction that has been seen. */
typedef struct Seen {
    uint32_t generation;
    bool touched; /* our table */
} Seen;

/* All of ours have ended when the strand is here. */
static void look_after(void *data)
{
    g_autoptr(GArray) seen = data;
    g_autoptr(GError) error = NULL;
    bool others = false, touched = false;

    for (guint i = 0; i < seen->len; i++) {
        const Seen *one = &g_array_index(seen, Seen, i);

        if (nft_is_own(one->generation))
            continue;
        others = true;
        touched |= one->touched;
    }
    if (touched && g_hash_table_size(firewall.rules)) {
        if (restore(&error))
            g_warning("somebody else has changed the rules of table '%s': they are restored",
                      firewall.table);
        else
            g_warning("the firewall rules are lost: %s", error->message);
    }
    if (others || firewall.grown)
        verdict_look();
    firewall.grown = false;
}

static void settled(void *)
{
    firewall.settle = NULL;
    strand_do(firewall.strand, MODE_CHANGE, "restoring the firewall", look_after,
              g_steal_pointer(&firewall.seen));
}

static void changed(uint32_t generation, bool touched)
{
    Seen one = { generation, touched };

    if (!firewall.seen)
        firewall.seen = g_array_new(FALSE, FALSE, sizeof(Seen));
    g_array_append_val(firewall.seen, one);
    if (!firewall.settle)
        firewall.settle = timer_new(SETTLE_MS, settled, NULL);
}

/* A host without networks has no business with its firewall. */
static bool is_idle(void)
{
    return !g_hash_table_size(firewall.rules) && !nft_has_table(NFPROTO_INET, firewall_table());
}

static void restore_now(void *)
{
    g_autoptr(GError) error = NULL;

    if (is_idle())
        return;
    if (!restore(&error))
        g_warning("the firewall rules cannot be restored: %s", error->message);
    verdict_look();
}

void firewall_keep(Net *net, const Network *network)
{
    char uuid[UUID_TEXT];

    if (has_rules(network))
        g_hash_table_replace(firewall.rules, g_strdup(uuid_print(&net->object.uuid, uuid)),
                             rules_of(net, network));
}

void firewall_restore(void)
{
    strand_do(firewall.strand, MODE_CHANGE, "restoring the firewall", restore_now, NULL);
}

/* Daemons with a root of their own, as tests have them, have a table of their own. */
void firewall_open(void)
{
    g_autoptr(GError) why = NULL;
    unsigned root = g_str_hash(server.root);

    firewall.strand = strand_new();
    verdict_open();
    firewall.rules = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, rules_free);
    firewall.table =
        *server.root ? g_strdup_printf("inet ostler_%08x", root) : g_strdup("inet ostler");
    if (!nft_watch(firewall_table(), changed, &why))
        g_warning("%s", why->message);
}

const char *firewall_table(void) { return strchr(firewall.table, ' ') + 1; }
