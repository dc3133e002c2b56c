/* frame.c - one message as it travels: length, header, payload */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/frame.h"

#include <string.h>

/* ---- an XDR stream that writes into a growing array ---- */

static bool put(XDR *xdr, const void *data, unsigned size)
{
    GByteArray *out = (void *) xdr->x_private;

    if (out->len + size > FRAME_MOST)
        return false;
    g_byte_array_append(out, data, size);
    return true;
}

static bool_t put_long(XDR *xdr, const long *value)
{
    uint32_t wire = GUINT32_TO_BE((uint32_t) *value);

    return put(xdr, &wire, sizeof(wire));
}

static bool_t put_bytes(XDR *xdr, const char *data, u_int size) { return put(xdr, data, size); }

static u_int get_position(XDR *xdr) { return ((GByteArray *) (void *) xdr->x_private)->len; }

/* There is no room that could be written to directly: the caller then puts one by one. */
static int32_t *no_room(XDR *, u_int) { return NULL; }

bool frame_encode(GByteArray *out, XdrFilter *filter, const void *data)
{
    static const struct xdr_ops operations = {
        .x_putlong = put_long,
        .x_putbytes = put_bytes,
        .x_getpostn = get_position,
        .x_inline = no_room,
    };
    XDR xdr = { .x_op = XDR_ENCODE, .x_ops = &operations, .x_private = (void *) out };

    return filter(&xdr, (void *) data);
}

bool frame_decode(const void *payload, size_t size, XdrFilter *filter, void *data)
{
    XDR xdr;

    xdrmem_create(&xdr, (char *) payload, size, XDR_DECODE);
    return filter(&xdr, data);
}

/* ---- messages ---- */

uint32_t frame_length(const void *bytes)
{
    uint32_t wire;

    memcpy(&wire, bytes, sizeof(wire));
    return GUINT32_FROM_BE(wire);
}

void frame_header(const void *bytes, net_message_header *header)
{
    const char *at = bytes;

    header->prog = frame_length(at + 4);
    header->vers = frame_length(at + 8);
    header->proc = frame_length(at + 12);
    header->type = frame_length(at + 16);
    header->serial = frame_length(at + 20);
    header->status = frame_length(at + 24);
}

void frame_put(void *bytes, size_t at, uint32_t value)
{
    uint32_t wire = GUINT32_TO_BE(value);

    memcpy((char *) bytes + at, &wire, sizeof(wire));
}

static GByteArray *frame_begin(const net_message_header *header, size_t payload)
{
    GByteArray *out = g_byte_array_sized_new(FRAME_LEAST + payload);

    g_byte_array_set_size(out, FRAME_LEAST);
    frame_put(out->data, 4, header->prog);
    frame_put(out->data, 8, header->vers);
    frame_put(out->data, 12, header->proc);
    frame_put(out->data, 16, header->type);
    frame_put(out->data, 20, header->serial);
    frame_put(out->data, 24, header->status);
    return out;
}

GByteArray *frame_new(const net_message_header *header, XdrFilter *filter, const void *data)
{
    g_autoptr(GByteArray) out = frame_begin(header, 64);

    if (filter && !frame_encode(out, filter, data))
        return NULL;
    frame_put(out->data, 0, out->len);
    return g_steal_pointer(&out);
}

GByteArray *frame_new_raw(const net_message_header *header, const void *data, size_t size)
{
    GByteArray *out = frame_begin(header, size);

    if (size)
        g_byte_array_append(out, data, size);
    frame_put(out->data, 0, out->len);
    return out;
}

static bool_t filter_error(XDR *xdr, void *data) { return xdr_net_message_error(xdr, data); }

/* Clients show message; str1 and str2 are its parts. */
GByteArray *frame_new_error(const net_message_header *header, const GError *error, int domain)
{
    ErrorCode code = error_code(error);
    const char *title = error_title(code);
    g_autofree char *detail =
        g_utf8_make_valid(error->message, 65536 < strlen(error->message) ? 65536 : -1);
    g_autofree char *whole = title ? g_strdup_printf("%s: %s", title, detail) : g_strdup(detail);
    char *format = title ? "%s: %s" : "%s";
    net_message_error travels = {
        .code = code,
        .domain = domain,
        .message = &whole,
        .level = 2,
        .str1 = &format,
        .str2 = &detail,
        .int1 = error_errno(error),
        .int2 = -1,
    };

    return frame_new(header, filter_error, &travels);
}
