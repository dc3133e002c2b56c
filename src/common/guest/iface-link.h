/* iface-link.h - the host's ends of a guest's interfaces, which netd makes, changes and ends */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* What comes with a link: descriptors, the caller's to free, of which the first are taps. */
typedef struct IfaceGot {
    GArray *fds;
    unsigned taps, vhosts;
} IfaceGot;

/* Whether its end on the host is netd's to make, or to set up. */
bool iface_is_netds(const Iface *iface);
/* Asks netd for the link of an interface that has one, or for the device that it is; the name, or
 * the place, and the port of its network are written into the live interface. flags: OSTLER_LINK_*;
 * with: descriptors to go with the question, or NULL; got: NULL where none are to come. */
bool iface_link(const Domain *live, Iface *iface, unsigned flags, GArray *with, IfaceGot *got,
                GError **error);
/* The interface ends. What cannot be done is logged: netd looks after links that nobody has. */
void iface_close(const Domain *live, const Iface *iface);
void ifaces_close(const Domain *live);
/* From one live definition to another, whose names become those of the link. flags:
 * OSTLER_CHANGE_*. */
bool iface_change(const Domain *live, const Iface *from, Iface *to, unsigned flags, GError **error);
