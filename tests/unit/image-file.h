/* image-file.h - small disk images that tests make for themselves */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <string.h>

enum { CLUSTER = 512, IMAGE_SIZE = 1 << 20, HEADER_LENGTH = 104 };

typedef struct Qcow2 {
    const char *backing, *backing_format; /* NULL: none */
    uint64_t features;                    /* that a reader must know */
    unsigned version;                     /* 0: 3 */
    uint64_t backing_offset;              /* 0: where it is */
} Qcow2;

static inline void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t) (value >> 8 * (bytes - 1 - i));
}

/* An empty image of 1 MiB, which QEMU takes, too. Clusters: header, table of reference counts, the
 * counts, table of tables. */
static inline void make_qcow2(const char *path, const Qcow2 *what)
{
    g_autofree uint8_t *file = g_malloc0(4 * CLUSTER);
    uint8_t *end = file + (what->version == 2 ? 72 : HEADER_LENGTH);

    put(file, 0x514649fb, 4);
    put(file + 4, what->version ? what->version : 3, 4);
    put(file + 20, 9, 4); /* clusters of 1 << 9 */
    put(file + 24, IMAGE_SIZE, 8);
    put(file + 36, IMAGE_SIZE / (CLUSTER * CLUSTER / 8), 4);
    put(file + 40, 3 * CLUSTER, 8);
    put(file + 48, 1 * CLUSTER, 8);
    put(file + 56, 1, 4);
    if (what->version != 2) {
        put(file + 72, what->features, 8);
        put(file + 96, 4, 4); /* counts of 1 << 4 bits */
        put(file + 100, HEADER_LENGTH, 4);
    }
    put(file + 1 * CLUSTER, 2 * CLUSTER, 8);
    for (unsigned i = 0; i < 4; i++)
        put(file + 2 * CLUSTER + 2 * i, 1, 2);
    if (what->backing_format) {
        put(end, 0xe2792aca, 4);
        put(end + 4, strlen(what->backing_format), 4);
        memcpy(end + 8, what->backing_format, strlen(what->backing_format));
        end += 8 + (strlen(what->backing_format) + 7) / 8 * 8;
    }
    if (what->backing) {
        end += 8; /* the end of the extensions */
        g_assert_cmpuint(end - file + strlen(what->backing), <=, CLUSTER);
        memcpy(end, what->backing, strlen(what->backing));
        put(file + 8, what->backing_offset ? what->backing_offset : (uint64_t) (end - file), 8);
        put(file + 16, strlen(what->backing), 4);
    }
    g_assert_true(g_file_set_contents_full(path, (const char *) file, 4 * CLUSTER, 0, 0600, NULL));
}
