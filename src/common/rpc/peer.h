/* peer.h - the calling side of the same procedures, daemon to daemon
 *
 * peer_<procedure>() asks the daemon that owns it, over a connection of our own that is made when
 * it is first needed, and returns when the reply is there: in a worker. with: descriptors to go
 * with the call, or NULL; fds: those that come with the reply, from fds_new(), or NULL. What is in
 * the reply is freed with peer_<procedure>_free(). peer_<procedure>_to() asks a certain daemon. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

/* Whom to ask, where several daemons serve the procedure, and for how long it may take. */
typedef struct PeerTo {
    const char *daemon, *uri; /* "lxcd", "lxc:///system"; NULL: the first that serves it */
    unsigned seconds;
} PeerTo;

/* to: NULL for the first, and no long work. */
bool peer_call(const PeerTo *to, uint32_t program, int number, const void *in, GArray *with,
               void *out, GArray **fds, GError **error);
void peer_free(uint32_t program, int number, void *out);

// clang-format off
#define PEER_PROC(program, number, op, Args, Reply)                                             \
    static inline bool peer_##op(const Args *in, GArray *with, Reply *out, GArray **fds,        \
                                 GError **error)                                                \
    {                                                                                           \
        return peer_call(NULL, program, number, in, with, out, fds, error);                     \
    }                                                                                           \
    static inline bool peer_##op##_to(const PeerTo *to, const Args *in, Reply *out,             \
                                      GError **error)                                           \
    {                                                                                           \
        return peer_call(to, program, number, in, NULL, out, NULL, error);                      \
    }                                                                                           \
    static inline void peer_##op##_free(Reply *out) { peer_free(program, number, out); }
#define EVENT(...)
#define PROC(number, op, Args, Reply, ...) PEER_PROC(REMOTE_PROGRAM, number, op, Args, Reply)
#include "protocol/remote.def"
#undef PROC
#define PROC(number, op, Args, Reply, ...) PEER_PROC(OSTLER_PROGRAM, number, op, Args, Reply)
#include "protocol/ostler.def"
#undef PROC
#undef EVENT
#undef PEER_PROC
// clang-format on
