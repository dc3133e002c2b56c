/* save-image.h - the file of a saved guest: a header, its definition, the stream of its memory
 *
 * All numbers are little-endian.
 *
 *     0     8 letters, "OSTLERSV"
 *     8     32 bits, the version of this layout: 1
 *     12    32 bits, how the stream is compressed: a SaveFormat
 *     16    32 bits, whether the guest is paused when it is restored
 *     20    32 bits, the length of the definition
 *     24    64 bits, where the definition is
 *     32    64 bits, the size of a slot
 *     40    64 bits, where the stream begins, which ends with the file
 *     48    32 bytes, SHA-256 of the 48 bytes before and of the definition
 *     4096  two slots, of which one holds the definition; a changed one goes into the other, so
 *           that the header, when it is written, always tells of one that is whole
 *
 * The stream is as QEMU wrote it, or compressed. It begins where a block of the disk does. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "base/error.h"

#include <stdint.h>

/* Numbers in files: none changes its meaning. */
typedef enum SaveFormat {
    SAVE_RAW,
    SAVE_GZIP,
    SAVE_ZSTD,
    SAVE_XZ,
    SAVE_BZIP2,
    SAVE_LZOP,
    SAVE_FORMATS
} SaveFormat;
extern const char *const save_format_names[];

typedef struct SaveImage {
    Fd fd; /* -1: it is not there; where the stream begins */
    char *path;
    SaveFormat format;
    bool paused;
    char *xml;
    /* save-image.c's own: */
    uint64_t xml_at, slot, stream;
} SaveImage;

void save_image_clear(SaveImage *image);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SaveImage, save_image_clear)

/* Writes all but the stream to an empty file, and leaves it where the stream begins. */
bool save_image_begin(int fd, const char *xml, SaveFormat format, bool paused, GError **error);
/* Reads it; flags: O_RDONLY or O_RDWR. ERR_SYSTEM when the file cannot be opened,
 * ERR_OPERATION_FAILED when it is no saved guest. */
bool save_image_open(SaveImage *image, const char *path, int flags, GError **error);
/* Puts another definition and state into one that is open for writing. All or nothing, also when
 * the host crashes. */
bool save_image_change(SaveImage *image, const char *xml, bool paused, GError **error);
