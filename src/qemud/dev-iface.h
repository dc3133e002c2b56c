/* dev-iface.h - network interfaces, as QEMU's devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"
#include "device.h"

/* The host's end of an interface: the descriptors by which QEMU reaches its link. */
typedef struct IfaceEnd {
    GArray *fds;           /* of int, closed with it: the taps, one per queue, then the vhosts */
    unsigned taps, vhosts; /* how many of each */
} IfaceEnd;

void iface_end_free(IfaceEnd *end);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IfaceEnd, iface_end_free)

bool iface_is_virtio(const Iface *iface);

Json *iface_json(const Domain *guest, const Iface *iface, const Caps *caps, GError **error);
/* The host's end, which netdev_add takes, too. names: those of its descriptors, which QEMU knows
 * them by, in their order; both NULL when it has none. */
Json *iface_backend_json(const Iface *iface, const IfaceEnd *end, const GPtrArray *names);
bool ifaces_add(Args *args, const Domain *live, GError **error);
bool iface_check(const Domain *guest, const Iface *iface, GError **error);
