/* dhcp.h - dnsmasq: its configuration by table, its life */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

/* Whether a network needs it at all. */
bool dhcp_is_needed(const Network *network);
/* Whether it is a DNS server, too. */
bool dhcp_serves_names(const Network *network);
/* Runs it, and answers when it serves; what a former one left behind is written anew. On the
 * network's strand, as are the others. */
bool dhcp_start(Net *net, const Network *network, GError **error);
/* It reads the hosts anew that dhcp_write_hosts() has written. */
bool dhcp_refresh(Net *net, const Network *network, GError **error);
void dhcp_stop(Net *net);
/* After a restart, when all networks are known: each gets the process that a former netd has
 * started for it; what serves no network that runs is ended. */
void dhcp_claim(void);
/* That process is watched, and tells its leases anew; false when there is none. */
bool dhcp_adopt(Net *net);
/* Takes away what is kept beyond a stop: who had which address. */
void dhcp_forget(const char *name);
