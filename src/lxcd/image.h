/* image.h - a file or block device that holds a file system */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* The block device of a file system of type block or file: its own, or a loop device that ends by
 * itself when it is no longer used. fds gets what keeps it until it is mounted; type, what the
 * kernel calls the file system on it. */
char *image_device(const Fs *fs, GArray *fds, const char **type, GError **error);
