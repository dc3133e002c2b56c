/* verdict.c - whether rules of others stop our guests, and which
 *
 * The rules of the host are followed as the kernel would, for a new connection from a guest to
 * outside. A rule with a condition that cannot be judged from here counts as one that does not
 * apply: a chain that drops the rest then still does. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verdict.h"

#include "base/json.h"
#include "host/link.h"
#include "firewall.h"
#include "host/nft.h"
#include "rpc/server.h"

#include <string.h>
#include <sys/socket.h>

enum { DEPTH = 16 };

typedef enum Verdict { CONTINUES, ACCEPTED, STOPPED } Verdict;

typedef struct Trace {
    Json *items; /* of the ruleset */
    const char *bridge, *outside;
    const char *family, *table; /* where it is */
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

static bool is_among(Json *right, const char *name)
{
    Json *set = json_member(right, "set");

    if (json_object_is_type(right, json_type_string))
        return is_name(json_object_get_string(right), name);
    for (size_t i = 0; i < json_length(set); i++) {
        if (is_among(json_object_array_get_idx(set, i), name))
            return true;
    }
    if (json_object_is_type(right, json_type_array)) {
        for (size_t i = 0; i < json_length(right); i++) {
            if (is_among(json_object_array_get_idx(right, i), name))
                return true;
        }
    }
    return false;
}

/* What the packet has where the left side looks; NULL: not known here. */
static const char *value_of(const Trace *trace, Json *left)
{
    const char *key = json_text(json_member(left, "meta"), "key");
    const char *ct = json_text(json_member(left, "ct"), "key");

    if (key && g_str_has_prefix(key, "iif"))
        return trace->bridge;
    if (key && g_str_has_prefix(key, "oif"))
        return trace->outside;
    if (key && g_str_equal(key, "nfproto"))
        return "ipv4";
    if (ct && g_str_equal(ct, "state"))
        return "new";
    return NULL;
}

static bool matches(const Trace *trace, Json *match)
{
    const char *value = value_of(trace, json_member(match, "left"));
    const char *op = json_text(match, "op");
    bool is_same = value && is_among(json_member(match, "right"), value);

    return value && (g_strcmp0(op, "!=") == 0 ? !is_same : is_same);
}

/* ---- rules ---- */

static Verdict follow(const Trace *trace, const char *chain, unsigned depth);

static Verdict statement(const Trace *trace, Json *expression, unsigned depth, bool *ends)
{
    const char *jump = json_text(json_member(expression, "jump"), "target");
    const char *go = json_text(json_member(expression, "goto"), "target");

    *ends = true;
    if (json_object_object_get_ex(expression, "accept", NULL))
        return ACCEPTED;
    if (json_object_object_get_ex(expression, "drop", NULL) ||
        json_object_object_get_ex(expression, "reject", NULL))
        return STOPPED;
    if (jump || go) {
        Verdict verdict = follow(trace, jump ? jump : go, depth + 1);

        *ends = go || verdict != CONTINUES;
        return verdict;
    }
    *ends = json_object_object_get_ex(expression, "return", NULL);
    return CONTINUES;
}

/* Whether the packet passes a condition of the rule; comments and counters are none. */
static bool passes(const Trace *trace, Json *expression)
{
    static const char *const conditions[] = { "match", "xt", "limit", "fib", "vmap", NULL };

    for (int i = 0; conditions[i]; i++) {
        Json *condition;

        if (!json_object_object_get_ex(expression, conditions[i], &condition))
            continue;
        if (i == 0)
            return matches(trace, condition);
        return i == 1 && g_strcmp0(json_text(condition, "name"), "comment") == 0;
    }
    return true;
}

static Verdict judge(const Trace *trace, Json *rule, unsigned depth, bool *ends)
{
    Json *list = json_member(rule, "expr");

    *ends = false;
    for (size_t i = 0; i < json_length(list); i++) {
        Json *expression = json_object_array_get_idx(list, i);
        Verdict verdict;

        if (!passes(trace, expression)) {
            *ends = false;
            return CONTINUES;
        }
        verdict = statement(trace, expression, depth, ends);
        if (*ends)
            return verdict;
    }
    return CONTINUES;
}

static bool is_of(const Trace *trace, Json *object, const char *chain)
{
    return object && g_strcmp0(json_text(object, "family"), trace->family) == 0 &&
           g_strcmp0(json_text(object, "table"), trace->table) == 0 &&
           g_strcmp0(json_text(object, "chain"), chain) == 0;
}

static Verdict follow(const Trace *trace, const char *chain, unsigned depth)
{
    for (size_t i = 0; depth < DEPTH && i < json_length(trace->items); i++) {
        Json *rule = json_member(json_object_array_get_idx(trace->items, i), "rule");
        Verdict verdict;
        bool ends;

        if (!is_of(trace, rule, chain))
            continue;
        verdict = judge(trace, rule, depth, &ends);
        if (ends)
            return verdict;
    }
    return CONTINUES;
}

/* ---- chains ---- */

static bool is_forward(Json *chain, const char *own)
{
    const char *family = json_text(chain, "family");

    return g_strcmp0(json_text(chain, "hook"), "forward") == 0 &&
           g_strcmp0(json_text(chain, "table"), own) != 0 && family &&
           (g_str_equal(family, "ip") || g_str_equal(family, "inet"));
}

static char *judge_chain(Trace *trace, Json *chain)
{
    const char *name = json_text(chain, "name");
    Verdict verdict;

    trace->family = json_text(chain, "family");
    trace->table = json_text(chain, "table");
    verdict = follow(trace, name, 0);
    if (verdict == ACCEPTED ||
        (verdict == CONTINUES && g_strcmp0(json_text(chain, "policy"), "drop")))
        return NULL;
    return g_strdup_printf("chain '%s' of table '%s %s' %s", name, trace->family, trace->table,
                           verdict == STOPPED ? "stops it" : "drops it by its policy");
}

char *verdict_of(const char *ruleset, const char *own, const char *bridge, const char *outside)
{
    g_autoptr(Json) json = json_parse(ruleset, strlen(ruleset), NULL);
    Trace trace = { json_member(json, "nftables"), bridge, outside, NULL, NULL };

    for (size_t i = 0; i < json_length(trace.items); i++) {
        Json *chain = json_member(json_object_array_get_idx(trace.items, i), "chain");
        char *culprit = chain && is_forward(chain, own) ? judge_chain(&trace, chain) : NULL;

        if (culprit)
            return culprit;
    }
    return NULL;
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

static char *message_of(const char *ruleset, const Network *network)
{
    char outside[IFNAMSIZ] = "";
    g_autofree char *culprit = NULL;

    if (network->forward.mode == FORWARD_NONE || !forward_has_bridge(network->forward.mode))
        return NULL;
    if (network->forward.dev)
        g_strlcpy(outside, network->forward.dev, sizeof(outside));
    else
        (void) link_foreach_route(AF_INET, take_default, outside, NULL);
    culprit = verdict_of(ruleset, firewall_table(), network->bridge, outside);
    return culprit ? g_strdup_printf("what its guests send to other networks does not arrive: %s",
                                     culprit)
                   : NULL;
}

void verdict_look(void)
{
    g_autoptr(GPtrArray) active = net_list(true);
    g_autofree char *ruleset = active->len ? nft_list("list ruleset", NULL) : NULL;

    for (guint i = 0; ruleset && i < active->len; i++) {
        g_autoptr(View) view = net_view(active->pdata[i]);
        News *news;

        if (!view->live)
            continue;
        news = g_new(News, 1);
        *news = (News){ net_ref(active->pdata[i]), message_of(ruleset, view->live->network) };
        strand_do(news->net->object.strand, MODE_CHANGE, "a change of the firewall", publish, news);
    }
}
