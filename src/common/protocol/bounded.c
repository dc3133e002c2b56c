/* bounded.c - decoding that believes no count before it has seen the bytes */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/bounded.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#undef xdr_array
#undef xdr_bytes
#undef xdr_string

/* The least that one element takes on the wire: every type is padded to it. */
enum { ELEMENT_MIN = BYTES_PER_XDR_UNIT };

/* Reads the count that comes next without consuming it; x_handy is what is left behind it. */
static bool fits(XDR *xdr, u_int limit, u_int unit, u_int *count)
{
    u_int start = xdr_getpos(xdr);
    bool good = xdr_u_int(xdr, count) && *count <= limit && *count <= xdr->x_handy / unit;

    return xdr_setpos(xdr, start) && good;
}

bool_t bounded_array(XDR *xdr, char **items, u_int *count, u_int limit, u_int size, xdrproc_t item)
{
    u_int coming;

    if (xdr->x_op == XDR_DECODE && !fits(xdr, limit, ELEMENT_MIN, &coming))
        return FALSE;
    return xdr_array(xdr, items, count, limit, size, item);
}

bool_t bounded_bytes(XDR *xdr, char **bytes, u_int *count, u_int limit)
{
    u_int coming;

    if (xdr->x_op == XDR_DECODE && !fits(xdr, limit, 1, &coming))
        return FALSE;
    return xdr_bytes(xdr, bytes, count, limit);
}

/* libtirpc frees no string that is longer than the limit, as one of our own replies may be. A NUL
 * inside would end the string early for everyone who reads it: two names that differ would look the
 * same. */
bool_t bounded_string(XDR *xdr, char **string, u_int limit)
{
    u_int coming;

    if (xdr->x_op == XDR_FREE) {
        free(*string);
        *string = NULL;
        return TRUE;
    }
    if (xdr->x_op != XDR_DECODE)
        return xdr_string(xdr, string, limit);
    return fits(xdr, limit, 1, &coming) && xdr_string(xdr, string, limit) &&
           strlen(*string) == coming;
}
