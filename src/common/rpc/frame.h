/* frame.h - one message as it travels: length, header, payload */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "protocol/net.h"

#include <stdint.h>

enum {
    FRAME_LEAST = 28, /* the length counts itself and the header */
    FRAME_MOST = VIR_NET_MESSAGE_MAX + 4,
    STREAM_DATA_MOST = VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX, /* that we put into one packet */
};

typedef bool_t XdrFilter(XDR *xdr, void *data);

/* The length that the first four bytes of a message tell. */
uint32_t frame_length(const void *bytes);
/* The header, which begins behind the length. */
void frame_header(const void *bytes, net_message_header *header);
/* Puts an unsigned number at its place in a message. */
void frame_put(void *bytes, size_t at, uint32_t value);

/* A whole message with what filter makes of data behind the header; filter may be NULL. A reply
 * costs memory in proportion to its size. NULL when the payload is larger than a message may be. */
GByteArray *frame_new(const net_message_header *header, XdrFilter *filter, const void *data);
/* The same with bytes as payload. */
GByteArray *frame_new_raw(const net_message_header *header, const void *data, size_t size);
/* The answer to a call or the end of a stream that failed. domain is a virErrorDomain. */
GByteArray *frame_new_error(const net_message_header *header, const GError *error, int domain);

/* Decodes args of a message; false when the payload is too short or a count over its limit. */
bool frame_decode(const void *payload, size_t size, XdrFilter *filter, void *data);
/* Appends what filter makes of data. */
bool frame_encode(GByteArray *out, XdrFilter *filter, const void *data);
