/* image.h - the files behind a disk: an image and those that it is based on, opened for QEMU
 *
 * QEMU runs as its own user and gets descriptors, so that files keep their owner and may lie where
 * that user could not go. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "model/source.h"

/* One file of the chain. */
typedef struct ImageLayer {
    char *path;
    char *format;   /* "raw", "qcow2", ... */
    bool is_device; /* a block device, not a regular file */
    Fd write;       /* -1 when it is only read */
    Fd read;
    uint64_t capacity; /* bytes that the guest sees; 0 for a format whose header we do not read */
} ImageLayer;

typedef struct Image {
    GPtrArray *layers; /* of ImageLayer, the guest's own first */
} Image;

/* Opens path and what it is based on. format NULL means raw: what is inside is never guessed, as
 * a guest could have written it. below, if given, says which files those are; else the headers do.
 * Errors name the file. In a worker. */
Image *image_open(const char *path, const char *format, bool writable, const BackingStore *below,
                  GError **error);
void image_free(Image *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Image, image_free)

/* The sizes that the block info call tells, in bytes. */
typedef struct ImageSize {
    uint64_t capacity;   /* that the guest sees */
    uint64_t allocation; /* that the file takes on the host */
    uint64_t physical;   /* length of the file or device */
} ImageSize;
bool image_size(const char *path, const char *format, ImageSize *size, GError **error);
