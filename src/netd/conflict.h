/* conflict.h - what the host has already */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network.h"

/* That no address range or route of the network is one that the host reaches by another link. */
bool conflict_check(const Network *network, GError **error);
/* That the host may forward IPv6: one that has routes of a router would lose them. */
bool conflict_check_routers(GError **error);
