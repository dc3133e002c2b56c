/* blockdev.h - disks' images as QEMU's block nodes
 *
 * Each image is two nodes: the file, and the format in it. Its number is the index of its <source>
 * in the running guest's definition. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"
#include "image.h"

/* Gives numbers to the images that are known before anything is opened. */
void blockdev_number(Domain *live);
/* Opens the disk's images and adds their nodes; what is below an image goes into the definition. A
 * disk that has no image, or whose image may be missing and is, has no source path afterwards. */
bool blockdev_add(Args *args, Domain *live, Disk *disk, GError **error);
/* The node that the disk's device is attached to, freed by the caller; NULL when there is none. */
char *blockdev_node(const Disk *disk);
/* One raw file under the name of the node that is made. */
bool blockdev_add_file(Args *args, const char *node, const char *path, bool writable,
                       GError **error);
/* The disk that a node belongs to, as events name it; NULL when it is none's. Borrowed. */
const Disk *blockdev_disk_of(const Domain *live, const char *node);
