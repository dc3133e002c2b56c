/* nbd.h - images that are no raw disk, as block devices: qemu-nbd serves them, the kernel asks it
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* The block device of an image, served by a process that has the run's directory as its own. It
 * outlives us. In a worker, as is the other. */
char *nbd_attach(const Fs *fs, const char *directory, GError **error);
/* Ends all that serve the container of that run, when its file systems have been let go. */
void nbd_end(const char *directory);
