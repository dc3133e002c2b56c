/* zone.h - the zone of firewalld that a network's bridge belongs to */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network.h"

/* The zone that the network names; where it names none and firewalld runs, the one for all. */
bool zone_join(const Network *network, GError **error);
/* Calls changed(), in the loop, when firewalld has forgotten who belongs where: when it has been
 * started or has read its configuration anew. Without a system bus there is nothing to watch. */
void zone_watch(void (*changed)(void));
