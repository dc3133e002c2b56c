/* start.h - from a definition to a running network, and back */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

/* On the network's strand, as a CHANGE, as are the others. All or nothing. */
bool start_network(Net *net, const Network *config, GError **error);
/* Ends what runs; whatever is not there any more is no error. */
void stop_network(Net *net);
/* The bridge of a network that runs, when it is not there. */
void start_repair_bridge(Net *net);
/* After a restart: what is missing of a network that runs is made again; what is there stays as it
 * is. */
void start_repair(Net *net);
/* Zones and domains are told again to services of the host that have forgotten them. */
void start_watch_services(void);
