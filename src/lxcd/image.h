/* image.h - a file or block device that holds a file system */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* A run that images are prepared for. */
typedef struct ImageRun {
    const char *directory; /* of the run */
    GArray *fds;           /* gets what must stay open until they are mounted */
} ImageRun;

/* The block device of a file system of type block or file: its own, a loop device that ends by
 * itself when it is no longer used, or one of nbd.h. type: what the kernel calls the file system on
 * it. */
char *image_device(const Fs *fs, const ImageRun *run, const char **type, GError **error);
