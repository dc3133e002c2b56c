/* firewall.h - the rules of all networks, in one table of our own
 *
 * Nothing outside the table is touched. When somebody else takes rules out of it, they are put
 * back; when others' rules stop our guests, the network says which. From any thread. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/shape.h"
#include "network.h"

void firewall_open(void);
/* The name of the table, without its family. */
const char *firewall_table(void);
/* A network starts or has another definition, in one transaction. */
bool firewall_add(Net *net, const Network *network, GError **error);
void firewall_remove(Net *net);
/* After a restart, in one transaction: the tables hold what is to be kept, whatever they held
 * before. */
void firewall_restore(void);

/* What a guest's link may send at most, in place of what it could before. */
bool firewall_limit(const char *link, const Rate *rate, GError **error);
void firewall_unlimit(const char *link);
/* What is to be there after firewall_restore(); before the loop runs. */
void firewall_keep(Net *net, const Network *network);
void firewall_keep_limit(const char *link, const Rate *rate);
