/* layer.h - a layer between the messages of a wire and its socket that others cannot read */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Layer Layer;

typedef enum LayerProgress { LAYER_FAILED = -1, LAYER_WAITS, LAYER_READY } LayerProgress;

/* Nothing here blocks. read() and write() are as those of a socket: they give the number of bytes,
 * or -1 and errno, EAGAIN when the socket has to become ready first. */
typedef struct LayerKind {
    /* Agrees with the other side on the layer; what failed is told in *why. NULL: nothing to agree
     * on. */
    LayerProgress (*begin)(Layer *layer, int fd, const char **why);
    bool (*is_writing)(const Layer *layer);   /* begin() waits until it may write */
    const char *(*peer)(const Layer *layer);  /* the name in the other side's certificate */
    unsigned (*strength)(const Layer *layer); /* of the key, in bits */
    ssize_t (*read)(Layer *layer, int fd, void *bytes, size_t size);
    ssize_t (*write)(Layer *layer, int fd, const void *bytes, size_t size);
    bool (*holds)(const Layer *layer); /* bytes that were read from the socket already */
    void (*free)(Layer *layer, int fd);
} LayerKind;

struct Layer {
    const LayerKind *kind;
};
