/* dev-hostdev.h - devices of the host, as QEMU's devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"
#include "device.h"

/* usb: a path by which QEMU opens the host's device, of type USB; else NULL. */
Json *hostdev_json(const Domain *guest, const Hostdev *hostdev, const char *usb, const Caps *caps,
                   GError **error);
/* An interface that is one. */
Json *hostdev_iface_json(const Domain *guest, const Iface *iface, const Caps *caps, GError **error);
bool hostdevs_add(Args *args, const Domain *live, GError **error);
bool hostdevs_check(const Domain *guest, GError **error);

/* Of types that are served: whether both mean the same device of the host in the same words. */
bool hostdev_same(const Hostdev *a, const Hostdev *b);
/* Another one of the domain's that means the same device of the host; NULL: there is none. */
const Hostdev *hostdev_twin(const Domain *domain, const Hostdev *hostdev);
/* The kernel opens the guest's memory to it: how much may be locked is to be said before. */
bool hostdev_is_vfio(const Hostdev *hostdev);
