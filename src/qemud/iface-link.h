/* iface-link.h - the host's ends of a guest's interfaces, which netd makes, changes and ends */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dev-iface.h"

/* Asks netd for a link when the interface is of a type that has one; its name, and the port of its
 * network, are written into the live interface. NULL without an error: it is of no such type. */
IfaceEnd *iface_open(const Domain *live, Iface *iface, GError **error);
/* The interface ends. What cannot be done is logged: netd looks after links that nobody has. */
void iface_close(const Domain *live, const Iface *iface);
/* From one live definition to another, whose names become those of the link. */
bool iface_change(const Domain *live, const Iface *from, Iface *to, GError **error);

/* The ends of all interfaces, in their order, of IfaceEnd or NULL. All are opened, or none. */
GPtrArray *ifaces_open(Domain *live, GError **error);
void ifaces_close(const Domain *live);
