/* dev-iface.h - network interfaces, as QEMU's devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"
#include "device.h"

Json *iface_json(const Domain *guest, const Iface *iface, const Caps *caps, GError **error);
/* The host's end, which netdev_add takes, too. */
Json *iface_backend_json(const Iface *iface);
bool ifaces_add(Args *args, const Domain *live, GError **error);
bool iface_check(const Domain *guest, const Iface *iface, GError **error);
