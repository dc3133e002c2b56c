/* stream.h - raw bytes beside the calls: console, upload, download
 *
 * A handler of a stream procedure sets call->stream; it begins when the reply has been sent. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

typedef void StreamEnded(void *data);

/* Joins the client to fd, which becomes the stream's: a terminal, socket, pipe or regular file,
 * opened without blocking. ended(data) is called once, in the loop; NULL: nobody. Any thread. */
Stream *stream_new(int fd, StreamKind kind, StreamEnded *ended, void *data);
Stream *stream_ref(Stream *stream);
void stream_unref(Stream *stream);
void stream_unref_data(void *stream);
/* Ends it with an error that says why. From any thread. */
void stream_abort(Stream *stream, const char *why);

/* The rest is for rpc, in the loop. */
void stream_attach(Stream *stream, const Call *call); /* whose reply opens it */
void stream_begin(Stream *stream);                    /* consumes the reference */
void stream_received(Client *client, const net_message_header *header, const void *data,
                     size_t size);
void streams_continue(Client *client); /* the client can take more */
void streams_end(Client *client);      /* it has gone */
