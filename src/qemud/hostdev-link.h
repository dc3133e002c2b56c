/* hostdev-link.h - devices of the host as QEMU takes them: by files and descriptors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* All that the live definition has, or nothing; usb: descriptors of USB devices, in their order,
 * which the caller frees. What was found out is written into it. */
bool hostdevs_open(const Domain *live, GArray **usb, GError **error);
/* One that is put into a running guest: a hostdev, or the device of an interface; plugged: which.
 */
bool hostdev_open(const Domain *live, Hostdev *hostdev, const void *plugged, GArray **usb,
                  GError **error);
/* QEMU has let go of it. It is still in the live definition. */
void hostdev_close(const Domain *live, const Hostdev *hostdev, const void *plugged);
/* Its files are the host's again: QEMU has ended. Any thread. */
void hostdevs_release(const Domain *live);

/* What of memory QEMU must be able to lock; 0: nothing beyond what everybody may. */
uint64_t hostdevs_locked_memory(const Domain *live);
