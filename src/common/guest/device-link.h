/* device-link.h - devices of the host that a guest has, which noded gives and takes back */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* Whether noded gives it to the guest. */
bool hostdev_is_lent(const Hostdev *device);
/* The same as <hostdev>, for an interface that is a device; NULL: it is none. */
Hostdev *hostdev_of_iface(const Iface *iface);

/* Asks noded for all that the live definition has: it gets all, or none. What was found out about
 * them is written there. Descriptors come of USB devices, in their order; fds is the caller's. */
bool devices_open(const Domain *live, GArray **fds, GError **error);
/* The same for one that is put into a running guest; plugged: what it is in the live definition, a
 * hostdev or an interface. */
bool device_open(const Domain *live, Hostdev *device, const void *plugged, GArray **fds,
                 GError **error);
/* The guest goes on with what its live definition has, but for one of it (NULL: with all). */
void devices_keep(const Domain *live, const void *but);
/* It has ended. */
void devices_close(const Domain *live);
