/* ruleset.h - what a table of firewall rules does to a packet */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* As nft(8) names what it has; NULL: it may be anything. */
typedef struct Packet {
    const char *hook;
    bool is_v6;
    const char *protocol; /* "tcp", "udp" */
    const char *port;     /* that it goes to */
    const char *state;    /* of its connection */
    const char *in, *out; /* the links; "": none */
    bool benign;          /* what cannot be judged from here does not stop it */
} Packet;

/* One table, as "list table" of nft(8) tells it in JSON. */
typedef struct Ruleset Ruleset;
Ruleset *ruleset_parse(const char *json);
void ruleset_free(Ruleset *ruleset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ruleset, ruleset_free)

/* What stops the packet: "chain 'forward' of table 'inet fw' stops", or "... drops by its policy";
 * NULL when nothing does. */
char *ruleset_culprit(const Ruleset *ruleset, const Packet *packet);
