/* firewall.h - the rules of all networks, in one table of our own
 *
 * Nothing outside the table is touched. When somebody else takes rules out of it, they are put
 * back; when others' rules stop our guests, the network says which. From any thread. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

void firewall_open(void);
/* The name of the table, without its family. */
const char *firewall_table(void);
/* A network starts or has another definition, in one transaction. */
bool firewall_add(Net *net, const Network *network, GError **error);
void firewall_remove(Net *net);
/* After a restart, in one transaction: the table holds what is to be kept, whatever it held
 * before. */
void firewall_restore(void);
/* What is to be there after firewall_restore(); before the loop runs. */
void firewall_keep(Net *net, const Network *network);
