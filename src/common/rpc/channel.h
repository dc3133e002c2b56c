/* channel.h - a layer between the messages of a wire and its socket that others cannot read */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Channel Channel;

typedef enum ChannelProgress { CHANNEL_FAILED = -1, CHANNEL_WAITS, CHANNEL_READY } ChannelProgress;

/* Nothing here blocks. read() and write() are as those of a socket: they give the number of bytes,
 * or -1 and errno, EAGAIN when the socket has to become ready first. */
typedef struct ChannelKind {
    /* Agrees with the other side on the layer; what failed is told in *why. NULL: nothing to agree
     * on. */
    ChannelProgress (*begin)(Channel *channel, int fd, const char **why);
    bool (*is_writing)(const Channel *channel);  /* begin() waits until it may write */
    const char *(*peer)(const Channel *channel); /* the name in the other side's certificate */
    ssize_t (*read)(Channel *channel, int fd, void *bytes, size_t size);
    ssize_t (*write)(Channel *channel, int fd, const void *bytes, size_t size);
    bool (*holds)(const Channel *channel); /* bytes that were read from the socket already */
    void (*free)(Channel *channel, int fd);
} ChannelKind;

struct Channel {
    const ChannelKind *kind;
};
