/* ruleset.c - what a table of firewall rules does to a packet
 *
 * The rules are followed as the kernel would. Not every condition can be judged from here: what
 * iptables has made of some of its own, for instance, is told by name only. A rule with one counts
 * as one that does not apply, so that a chain that drops the rest still does; or, to a packet to
 * which the rules are to be benign, as one that applies when it is in its favour. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ruleset.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH = 16 };

typedef enum Answer { NO, UNKNOWN, YES } Answer;
typedef enum Verdict { CONTINUES, ACCEPTED, STOPPED } Verdict;

struct Ruleset {
    Json *json;         /* holds all that is referred to */
    GPtrArray *hooked;  /* chains */
    GHashTable *chains; /* name -> array of rules */
};

typedef struct Trace {
    const Ruleset *ruleset;
    const Packet *packet;
} Trace;

/* ---- conditions ---- */

/* "virbr*" matches by its front. */
static bool is_name(const char *pattern, const char *name)
{
    size_t length = strlen(pattern);

    if (length && pattern[length - 1] == '*')
        return strncmp(pattern, name, length - 1) == 0;
    return strcmp(pattern, name) == 0;
}

static Answer is_among(Json *right, const char *value)
{
    Json *range = json_member(right, "range"), *element = json_member(right, "elem");
    Json *set = json_member(right, "set");
    Answer best = NO;

    if (element)
        return is_among(json_member(element, "val"), value);
    if (json_length(range) == 2)
        return atoi(value) >= json_object_get_int(json_object_array_get_idx(range, 0)) &&
                       atoi(value) <= json_object_get_int(json_object_array_get_idx(range, 1))
                   ? YES
                   : NO;
    if (json_object_is_type(right, json_type_array))
        set = right;
    for (size_t i = 0; i < json_length(set); i++)
        best = MAX(best, is_among(json_object_array_get_idx(set, i), value));
    if (set)
        return best;
    if (!json_object_is_type(right, json_type_string) && !json_object_is_type(right, json_type_int))
        return UNKNOWN;
    if (json_object_get_string(right)[0] == '@')
        return UNKNOWN;
    return is_name(json_object_get_string(right), value) ? YES : NO;
}

static const char *family_of(const Packet *packet) { return packet->is_v6 ? "ip6" : "ip"; }

/* Whether the packet has a header of this kind at all. */
static bool has_header(const Packet *packet, const char *header)
{
    static const char *const transports[] = { "tcp",  "udp",  "icmp",    "icmpv6",
                                              "sctp", "dccp", "udplite", NULL };

    if (g_str_equal(header, "ip") || g_str_equal(header, "ip6"))
        return g_str_equal(header, family_of(packet));
    return !g_strv_contains(transports, header) || !packet->protocol ||
           g_str_equal(header, packet->protocol);
}

/* What the packet has where the left side looks; NULL: not known here. */
static const char *value_of(const Packet *packet, Json *left)
{
    const struct {
        const char *kind, *key, *value;
    } values[] = {
        { "meta", "iifname", packet->in },
        { "meta", "iif", packet->in },
        { "meta", "oifname", packet->out },
        { "meta", "oif", packet->out },
        { "meta", "nfproto", packet->is_v6 ? "ipv6" : "ipv4" },
        { "meta", "protocol", family_of(packet) },
        { "meta", "l4proto", packet->protocol },
        { "ct", "state", packet->state },
        { "ct", "status", g_str_equal(packet->state, "new") ? "" : NULL },
        { "payload", "protocol", packet->protocol },
        { "payload", "nexthdr", packet->protocol },
        { "payload", "dport", packet->port },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        Json *object = json_member(left, values[i].kind);
        bool is_field = g_str_equal(values[i].kind, "payload");

        if (g_strcmp0(json_text(object, is_field ? "field" : "key"), values[i].key) == 0)
            return values[i].value;
    }
    return NULL;
}

static Answer matches(const Packet *packet, Json *match)
{
    Json *left = json_member(match, "left");
    const char *header = json_text(json_member(left, "payload"), "protocol");
    const char *value = value_of(packet, left), *op = json_text(match, "op");
    Answer same;

    if (header && !has_header(packet, header))
        return NO;
    if (!value || !op)
        return UNKNOWN;
    same = is_among(json_member(match, "right"), value);
    if (g_str_equal(op, "!="))
        return YES - same;
    return g_str_equal(op, "==") || g_str_equal(op, "in") ? same : UNKNOWN;
}

/* What iptables has, of which the name alone is told. Of connections' states most ask whether they
 * are established. */
static Answer extension(const Packet *packet, Json *xt)
{
    static const char *const states[] = { "conntrack", "state", NULL };
    const char *name = json_text(xt, "name");

    if (!name || g_strcmp0(json_text(xt, "type"), "match") != 0 || g_str_equal(name, "comment"))
        return YES;
    return g_strv_contains(states, name) && g_str_equal(packet->state, "new") ? NO : UNKNOWN;
}

/* Whether the packet passes a condition of the rule; comments and counters are none. */
static Answer passes(const Packet *packet, Json *expression)
{
    Json *match = json_member(expression, "match"), *xt = json_member(expression, "xt");

    if (match)
        return matches(packet, match);
    if (xt)
        return extension(packet, xt);
    return json_member(expression, "limit") ? UNKNOWN : YES;
}

/* ---- rules ---- */

static Verdict follow(const Trace *trace, const char *chain, unsigned depth);
static Verdict statement(const Trace *trace, Json *expression, unsigned depth, bool *ends);

static bool stops(Json *expression)
{
    const char *target = json_text(json_member(expression, "xt"), "name");

    return json_object_object_get_ex(expression, "drop", NULL) ||
           json_object_object_get_ex(expression, "reject", NULL) ||
           g_strcmp0(target, "REJECT") == 0;
}

/* Pairs of values and what becomes of packets that have them. */
static Verdict choose(const Trace *trace, Json *map, unsigned depth, bool *ends)
{
    const char *value = value_of(trace->packet, json_member(map, "key"));
    Json *pairs = json_at(map, "data/set");

    if (!value || !pairs) {
        *ends = trace->packet->benign;
        return *ends ? ACCEPTED : CONTINUES;
    }
    for (size_t i = 0; i < json_length(pairs); i++) {
        Json *pair = json_object_array_get_idx(pairs, i);

        if (json_length(pair) == 2 && is_among(json_object_array_get_idx(pair, 0), value) == YES)
            return statement(trace, json_object_array_get_idx(pair, 1), depth, ends);
    }
    *ends = false;
    return CONTINUES;
}

static Verdict statement(const Trace *trace, Json *expression, unsigned depth, bool *ends)
{
    const char *jump = json_text(json_member(expression, "jump"), "target");
    const char *go = json_text(json_member(expression, "goto"), "target");
    Json *map = json_member(expression, "vmap");

    *ends = true;
    if (json_object_object_get_ex(expression, "accept", NULL))
        return ACCEPTED;
    if (stops(expression))
        return STOPPED;
    if (map)
        return choose(trace, map, depth, ends);
    if (jump || go) {
        Verdict verdict = follow(trace, jump ? jump : go, depth + 1);

        *ends = go || verdict != CONTINUES;
        return verdict;
    }
    *ends = json_object_object_get_ex(expression, "return", NULL);
    return CONTINUES;
}

static Verdict judge(const Trace *trace, Json *rule, unsigned depth, bool *ends)
{
    Json *list = json_member(rule, "expr");
    bool sure = true;

    *ends = false;
    for (size_t i = 0; i < json_length(list); i++) {
        Json *expression = json_object_array_get_idx(list, i);
        Answer answer = passes(trace->packet, expression);
        Verdict verdict;

        if (answer == NO || (answer == UNKNOWN && !trace->packet->benign))
            return CONTINUES;
        sure &= answer == YES;
        verdict = statement(trace, expression, depth, ends);
        if (!*ends)
            continue;
        *ends = sure || verdict != STOPPED;
        return *ends ? verdict : CONTINUES;
    }
    return CONTINUES;
}

static Verdict follow(const Trace *trace, const char *chain, unsigned depth)
{
    GPtrArray *rules = g_hash_table_lookup(trace->ruleset->chains, chain);

    for (guint i = 0; depth < DEPTH && rules && i < rules->len; i++) {
        bool ends;
        Verdict verdict = judge(trace, rules->pdata[i], depth, &ends);

        if (ends)
            return verdict;
    }
    return CONTINUES;
}

/* ---- the table ---- */

static void take(Ruleset *ruleset, Json *item)
{
    Json *chain = json_member(item, "chain"), *rule = json_member(item, "rule");
    const char *name = json_text(rule, "chain");
    GPtrArray *rules;

    if (json_text(chain, "hook"))
        g_ptr_array_add(ruleset->hooked, chain);
    if (!name)
        return;
    rules = g_hash_table_lookup(ruleset->chains, name);
    if (!rules) {
        rules = g_ptr_array_new();
        g_hash_table_insert(ruleset->chains, (char *) name, rules);
    }
    g_ptr_array_add(rules, rule);
}

Ruleset *ruleset_parse(const char *json)
{
    Ruleset *ruleset = g_new(Ruleset, 1);
    Json *items;

    ruleset->json = json_parse(json, strlen(json), NULL);
    ruleset->hooked = g_ptr_array_new();
    ruleset->chains =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
    items = json_member(ruleset->json, "nftables");
    for (size_t i = 0; i < json_length(items); i++)
        take(ruleset, json_object_array_get_idx(items, i));
    return ruleset;
}

void ruleset_free(Ruleset *ruleset)
{
    if (!ruleset)
        return;
    g_hash_table_unref(ruleset->chains);
    g_ptr_array_unref(ruleset->hooked);
    json_unref(ruleset->json);
    g_free(ruleset);
}

static bool meets(const Packet *packet, Json *chain)
{
    const char *family = json_text(chain, "family");

    return g_strcmp0(json_text(chain, "hook"), packet->hook) == 0 && family &&
           (g_str_equal(family, "inet") || g_str_equal(family, family_of(packet)));
}

char *ruleset_culprit(const Ruleset *ruleset, const Packet *packet)
{
    Trace trace = { ruleset, packet };

    for (guint i = 0; i < ruleset->hooked->len; i++) {
        Json *chain = ruleset->hooked->pdata[i];
        const char *name = json_text(chain, "name");
        Verdict verdict = meets(packet, chain) ? follow(&trace, name, 0) : ACCEPTED;

        if (verdict == CONTINUES && g_strcmp0(json_text(chain, "policy"), "drop") != 0)
            verdict = ACCEPTED;
        if (verdict != ACCEPTED)
            return g_strdup_printf("chain '%s' of table '%s %s' %s", name,
                                   json_text(chain, "family"), json_text(chain, "table"),
                                   verdict == STOPPED ? "stops" : "drops by its policy");
    }
    return NULL;
}
