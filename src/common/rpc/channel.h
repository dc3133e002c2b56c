/* channel.h - a socket that carries messages both ways: reassembly, descriptors, bounded output
 *
 * All of it belongs to the main loop. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "loop/loop.h"
#include "rpc/frame.h"

typedef struct Channel Channel;

/* What the owner of a channel does when something happens to it. */
typedef struct ChannelEvents {
    /* A whole message. Keeps a reference to fds if it needs them; NULL: it came with none. */
    void (*message)(void *owner, const void *frame, size_t size, GArray *fds);
    bool (*may_read)(void *owner);                /* false leaves what comes in the socket */
    void (*drained)(void *owner);                 /* little waits to be sent any more */
    void (*closed)(void *owner, const char *why); /* why: NULL when the other side just ended it */
} ChannelEvents;

struct Channel {
    Fd fd; /* -1 once closed */
    const ChannelEvents *events;
    void *owner;
    Watch *watch;
    bool corked;     /* sends when all that was read has been handled */
    bool ending;     /* closes once everything has been sent */
    gint64 heard;    /* monotonic time of the last sign of life */
    GByteArray *in;  /* read, not yet taken apart; NULL: nothing */
    GArray *in_fds;  /* of int, in the order of their coming */
    GByteArray *out; /* NULL: nothing */
    size_t out_sent;
    GArray *out_fds; /* of OutFd */
};

enum {
    CHANNEL_FULL = 1024 * 1024,       /* unsent bytes after which the owner should ask for less */
    CHANNEL_LIMIT = 64 * 1024 * 1024, /* unsent bytes after which the other side is given up */
};

/* Takes over fd. The channel must stay where it is until the end of the loop's turn in which it is
 * closed or released. */
void channel_open(Channel *channel, int fd, const ChannelEvents *events, void *owner);
/* Ends it without calling closed(); the descriptor is given back, for the caller to close. */
int channel_release(Channel *channel);

/* Sends a frame, and copies of descriptors (may be NULL) behind it. Consumes the frame. A closed
 * channel drops it. */
void channel_send(Channel *channel, GByteArray *frame, GArray *fds);
void channel_end_when_sent(Channel *channel);
/* Handles bytes as if they had been read. */
void channel_take(Channel *channel, const void *bytes, size_t size);
/* may_read() has become true again: goes on with what had been read before, then reads. */
void channel_continue(Channel *channel);
/* may_read() has become false. */
void channel_rewatch(Channel *channel);
size_t channel_backlog(const Channel *channel); /* unsent bytes */

/* An array of descriptors (int) that closes them when it ends. */
GArray *fds_new(void);
