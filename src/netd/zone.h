/* zone.h - the zone of firewalld that a network's bridge belongs to */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network.h"

/* The zone that the network names; where it names none and firewalld runs, the one for all. */
bool zone_join(const Network *network, GError **error);
