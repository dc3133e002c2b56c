/* test-ruleset.c - what others' rules do to a packet */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "ruleset.h"

/* From a guest to another network, what is answered, and to the host's DNS server. */
static const Packet sent = {
    .hook = "forward", .protocol = "tcp", .state = "new", .in = "virbr0", .out = "eth0"
};
static const Packet answered = { .hook = "forward",
                                 .protocol = "tcp",
                                 .state = "established",
                                 .in = "eth0",
                                 .out = "virbr0",
                                 .benign = true };
static const Packet asked = { .hook = "input",
                              .is_v6 = true,
                              .protocol = "udp",
                              .port = "53",
                              .state = "new",
                              .in = "virbr0",
                              .out = "",
                              .benign = true };

#define MATCH(op, left, right) \
    "{\"match\":{\"op\":\"" op "\",\"left\":{" left "},\"right\":" right "}}"
#define IIF "\"meta\":{\"key\":\"iifname\"}"
#define STATE "\"ct\":{\"key\":\"state\"}"
#define PORT(protocol) "\"payload\":{\"protocol\":\"" protocol "\",\"field\":\"dport\"}"
#define XT(name) "{\"xt\":{\"type\":\"match\",\"name\":\"" name "\"}}"
#define COUNTER "{\"counter\":{\"packets\":0,\"bytes\":0}}"
#define ACCEPT "{\"accept\":null}"
#define DROP "{\"drop\":null}"
#define RETURN "{\"return\":null}"
#define VMAP(left, pairs) "{\"vmap\":{\"key\":{" left "},\"data\":{\"set\":[" pairs "]}}}"

/* Each row is one chain with a policy and one rule, which goes on in chain "other": that drops. */
static const struct {
    const char *name;
    const Packet *packet;
    const char *policy, *rule;
    const char *verdict; /* NULL: it passes */
} cases[] = {
    { "policy", &sent, "drop", COUNTER, "drops by its policy" },
    { "accept-policy", &sent, "accept", COUNTER, NULL },
    { "drop", &sent, "accept", COUNTER "," DROP, "stops" },
    { "reject", &sent, "accept", "{\"reject\":{\"type\":\"icmp\"}}", "stops" },
    { "iptables-reject", &sent, "accept", "{\"xt\":{\"type\":\"target\",\"name\":\"REJECT\"}}",
      "stops" },
    { "iptables-log", &sent, "accept", "{\"xt\":{\"type\":\"target\",\"name\":\"LOG\"}}", NULL },
    { "comment", &sent, "drop", XT("comment") "," ACCEPT, NULL },
    { "link", &sent, "drop", MATCH("==", IIF, "\"virbr0\"") "," ACCEPT, NULL },
    { "other-link", &sent, "drop", MATCH("==", IIF, "\"docker0\"") "," ACCEPT,
      "drops by its policy" },
    { "not-link", &sent, "accept", MATCH("!=", IIF, "\"docker0\"") "," DROP, "stops" },
    { "front", &sent, "drop", MATCH("==", IIF, "{\"set\":[\"lo\",\"virbr*\"]}") "," ACCEPT, NULL },
    { "named-set", &sent, "drop", MATCH("==", IIF, "\"@inside\"") "," ACCEPT,
      "drops by its policy" },
    { "jump", &sent, "accept", "{\"jump\":{\"target\":\"other\"}}", "stops" },
    { "goto", &sent, "accept", "{\"goto\":{\"target\":\"other\"}}", "stops" },
    { "return", &sent, "drop", RETURN, "drops by its policy" },
    { "choice", &sent, "accept", VMAP(IIF, "[\"virbr0\",{\"jump\":{\"target\":\"other\"}}]"),
      "stops" },
    { "no-choice", &sent, "accept", VMAP(IIF, "[\"lo\",{\"jump\":{\"target\":\"other\"}}]"), NULL },
    { "unjudged", &sent, "drop", XT("addrtype") "," ACCEPT, "drops by its policy" },
    { "new", &sent, "drop", MATCH("in", STATE, "[\"established\",\"related\"]") "," ACCEPT,
      "drops by its policy" },
    { "iptables-new", &sent, "drop", XT("conntrack") "," ACCEPT, "drops by its policy" },
    { "established", &answered, "drop",
      MATCH("in", STATE, "[\"established\",\"related\"]") "," ACCEPT, NULL },
    { "established-choice", &answered, "drop",
      VMAP(STATE, "[\"invalid\"," DROP "],[\"established\"," ACCEPT "]"), NULL },
    { "iptables-established", &answered, "drop", XT("conntrack") "," ACCEPT, NULL },
    { "iptables-invalid", &answered, "accept", XT("conntrack") "," DROP, NULL },
    { "back", &answered, "drop", MATCH("==", IIF, "\"virbr0\"") "," ACCEPT, "drops by its policy" },
    { "port", &asked, "drop", MATCH("==", PORT("udp"), "53") "," ACCEPT, NULL },
    { "ports", &asked, "drop",
      MATCH("==", PORT("th"), "{\"set\":[22,{\"range\":[50,60]}]}") "," ACCEPT, NULL },
    { "other-port", &asked, "drop", MATCH("==", PORT("udp"), "67") "," ACCEPT,
      "drops by its policy" },
    { "other-protocol", &asked, "drop", MATCH("==", PORT("tcp"), "53") "," ACCEPT,
      "drops by its policy" },
    { "other-protocol-not", &asked, "accept", MATCH("!=", PORT("tcp"), "22") "," DROP, NULL },
    { "iptables-local", &asked, "accept", XT("addrtype") "," DROP, NULL },
    { "iptables-new-input", &asked, "drop", XT("conntrack") "," ACCEPT, "drops by its policy" },
    { "dnat", &asked, "drop", MATCH("in", "\"ct\":{\"key\":\"status\"}", "\"dnat\"") "," ACCEPT,
      "drops by its policy" },
    { "unknown-map", &asked, "drop", "{\"vmap\":{\"key\":{" IIF "},\"data\":\"@zones\"}}", NULL },
};

static void judge(const void *row)
{
    const typeof(cases[0]) *c = row;
    g_autofree char *json = g_strdup_printf(
        "{\"nftables\":[{\"table\":{\"family\":\"inet\",\"name\":\"fw\"}},"
        "{\"chain\":{\"family\":\"inet\",\"table\":\"fw\",\"name\":\"c\",\"hook\":\"%s\","
        "\"policy\":\"%s\"}},{\"chain\":{\"family\":\"inet\",\"table\":\"fw\",\"name\":\"other\"}},"
        "{\"rule\":{\"family\":\"inet\",\"table\":\"fw\",\"chain\":\"c\",\"expr\":[%s]}},"
        "{\"rule\":{\"family\":\"inet\",\"table\":\"fw\",\"chain\":\"other\",\"expr\":[" DROP
        "]}}]}",
        c->packet->hook, c->policy, c->rule);
    g_autofree char *wanted =
        c->verdict ? g_strdup_printf("chain 'c' of table 'inet fw' %s", c->verdict) : NULL;
    g_autoptr(Ruleset) ruleset = ruleset_parse(json);
    g_autofree char *culprit = ruleset_culprit(ruleset, c->packet);
    Packet elsewhere = *c->packet;

    g_assert_cmpstr(culprit, ==, wanted);
    elsewhere.hook = "output";
    g_assert_null(ruleset_culprit(ruleset, &elsewhere));
}

/* Chains of one family are not in the way of the other. */
static void families(void)
{
    g_autoptr(Ruleset) ruleset = ruleset_parse(
        "{\"nftables\":[{\"chain\":{\"family\":\"ip6\",\"table\":\"filter\",\"name\":\"FORWARD\","
        "\"hook\":\"forward\",\"policy\":\"drop\"}}]}");
    Packet six = sent;
    g_autofree char *culprit = NULL;

    six.is_v6 = true;
    culprit = ruleset_culprit(ruleset, &six);
    g_assert_cmpstr(culprit, ==, "chain 'FORWARD' of table 'ip6 filter' drops by its policy");
    g_assert_null(ruleset_culprit(ruleset, &sent));
}

static void no_rules(void)
{
    static const char *const texts[] = { "", "{}", "{\"nftables\":[null,{\"rule\":7}]}" };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(Ruleset) ruleset = ruleset_parse(texts[i]);

        g_assert_null(ruleset_culprit(ruleset, &sent));
    }
}

/* Chains that lead to themselves. */
static void circle(void)
{
    g_autoptr(Ruleset) ruleset =
        ruleset_parse("{\"nftables\":[{\"chain\":{\"family\":\"ip\",\"table\":\"t\",\"name\":\"c\","
                      "\"hook\":\"forward\",\"policy\":\"accept\"}},"
                      "{\"rule\":{\"chain\":\"c\",\"expr\":[{\"jump\":{\"target\":\"c\"}}]}}]}");

    g_assert_null(ruleset_culprit(ruleset, &sent));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("ruleset", cases, judge);
    g_test_add_func("/ruleset/families", families);
    g_test_add_func("/ruleset/none", no_rules);
    g_test_add_func("/ruleset/circle", circle);
    return g_test_run();
}
