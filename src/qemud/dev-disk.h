/* dev-disk.h - disks, as QEMU's devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"
#include "device.h"

Json *disk_json(const Domain *guest, const Disk *disk, const Caps *caps, GError **error);
/* Where QEMU keeps the device that has the disk's node, as the "qdev" of its answers and the "id"
 * of its commands name it; freed by the caller. */
char *disk_device(const Disk *disk);
/* Arguments of block_set_io_throttle; NULL when the disk's traffic has no limits. */
Json *disk_throttle_json(const Disk *disk);
bool disks_add(Args *args, Domain *live, GError **error);
bool disk_check(const Domain *guest, const Disk *disk, GError **error);
