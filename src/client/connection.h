/* connection.h - the calling side for programs: one call after the other, each waits for its answer
 *
 * Types and codecs are those of the generated protocol. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <rpc/rpc.h>
#include <stdint.h>

typedef struct Connection Connection;

/* To a daemon's socket. The caller still has to open what it is to be: connect_open() of the
 * program. */
Connection *connection_open(const char *path, GError **error);
void connection_close(Connection *connection); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connection, connection_close)

/* How long the next calls wait for their answers; 0: for ever. */
enum { CONNECTION_PATIENCE = 60 }; /* unless told otherwise */
void connection_wait(Connection *connection, unsigned seconds);

/* One side of a call: NULL codec: it is empty. */
typedef struct Message {
    xdrproc_t codec;
    void *data;
} Message;

/* What came back in reply is freed with xdr_free(). An error of the daemon has its code. */
bool connection_call(Connection *connection, uint32_t program, int procedure, Message args,
                     Message reply, GError **error);
