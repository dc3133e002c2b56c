/* nic.h - a container's network interfaces: pairs of links, one end of each inside */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* netd makes the pair and moves one end into the network of that process; here it is set up as the
 * definition says. The names are written into the live definition. All or none. In a worker. */
bool nics_open(Domain *live, pid_t init, GError **error);
/* One more of a container that runs. */
bool nic_open(const Domain *live, Iface *iface, pid_t init, GError **error);
