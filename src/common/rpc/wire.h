/* wire.h - a socket that carries messages both ways: reassembly, descriptors, bounded output
 *
 * All of it belongs to the main loop. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "loop/loop.h"
#include "rpc/layer.h"
#include "rpc/frame.h"

typedef struct Wire Wire;

/* What the owner of a wire does when something happens to it. */
typedef struct WireEvents {
    /* A whole message. Keeps a reference to fds if it needs them; NULL: it came with none. */
    void (*message)(void *owner, const void *frame, size_t size, GArray *fds);
    bool (*may_read)(void *owner);                /* false leaves what comes in the socket */
    void (*drained)(void *owner);                 /* little waits to be sent any more */
    void (*closed)(void *owner, const char *why); /* why: NULL when the other side just ended it */
    void (*secured)(void *owner);                 /* the layer is ready; NULL where there is none */
} WireEvents;

struct Wire {
    Fd fd; /* -1 once closed */
    const WireEvents *events;
    void *owner;
    Layer *layer;  /* NULL: bytes travel as they are */
    bool securing; /* the layer is not ready yet */
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
    WIRE_FULL = 1024 * 1024,       /* unsent bytes after which the owner should ask for less */
    WIRE_LIMIT = 64 * 1024 * 1024, /* unsent bytes after which the other side is given up */
};

/* Takes over fd. The wire must stay where it is until the end of the loop's turn in which it is
 * closed or released. */
void wire_open(Wire *wire, int fd, const WireEvents *events, void *owner);
/* Ends it without calling closed(); the descriptor is given back, for the caller to close. */
int wire_release(Wire *wire);
/* From here on all bytes go through the layer, which becomes the wire's. Closes it when there are
 * bytes already that did not. A wire with a layer carries no descriptors. */
void wire_secure(Wire *wire, Layer *layer);

/* Sends a frame, and copies of descriptors (may be NULL) behind it. Consumes the frame. A closed
 * wire drops it. */
void wire_send(Wire *wire, GByteArray *frame, GArray *fds);
void wire_end_when_sent(Wire *wire);
/* Handles bytes as if they had been read. */
void wire_take(Wire *wire, const void *bytes, size_t size);
/* may_read() has become true again: goes on with what had been read before, then reads. */
void wire_continue(Wire *wire);
/* may_read() has become false. */
void wire_rewatch(Wire *wire);
size_t wire_backlog(const Wire *wire); /* unsent bytes */

/* An array of descriptors (int) that closes them when it ends. */
GArray *fds_new(void);
