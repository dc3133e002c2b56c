/* iface-link.h - links of the host's as QEMU takes them: by descriptors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dev-iface.h"
#include "guest/iface-link.h"

/* The host's end of an interface whose type has one, written into the live interface. NULL without
 * an error: it is of no such type, or a device. */
IfaceEnd *iface_open(const Domain *live, Iface *iface, GError **error);
/* The ends of all interfaces, in their order, of IfaceEnd or NULL. All are opened, or none. */
GPtrArray *ifaces_open(Domain *live, GError **error);
