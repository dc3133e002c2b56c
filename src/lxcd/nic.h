/* nic.h - a container's network: interfaces, links of the host that it has */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "container.h"
#include "host/link.h"

/* netd makes each in the container's network; here it is set up as the definition says. The names
 * are written into the live definition. All or none. In a worker, as are the others. */
bool nics_open(const Container *container, Domain *live, GError **error);
/* Links of the host go home, and those on its devices end before the kernel comes to it; NULL: the
 * container has ended and nobody holds its network. */
void nics_end(const Container *container, const Domain *live);

/* One more, or one less, of a container that runs. */
bool nic_open(const Container *container, const Domain *live, Iface *iface, GError **error);
void nic_close(const Container *container, const Domain *live, Iface *iface);
/* What one carries, on the host or, where that has no link of it, inside. */
bool nic_count(const Container *container, const Iface *iface, LinkTraffic *received,
               LinkTraffic *sent, GError **error);
bool nic_borrow(const Container *container, const Domain *live, const Hostdev *hostdev,
                GError **error);
void nic_give_back(const Container *container, const Domain *live, const Hostdev *hostdev);
