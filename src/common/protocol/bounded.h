/* bounded.h - decoding that believes no count before it has seen the bytes
 *
 * The build puts this file in front of the generated codecs, so that their arrays, buffers and
 * strings go through bounded.c; nothing else includes it. The streams are memory streams. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <rpc/rpc.h>

/* As libtirpc's functions of these names, but a count that is over its limit or that the rest of
 * the message cannot hold fails before anything is allocated, and so does a string with a NUL. */
bool_t bounded_array(XDR *xdr, char **items, u_int *count, u_int limit, u_int size, xdrproc_t item);
bool_t bounded_bytes(XDR *xdr, char **bytes, u_int *count, u_int limit);
bool_t bounded_string(XDR *xdr, char **string, u_int limit);

#define xdr_array bounded_array
#define xdr_bytes bounded_bytes
#define xdr_string bounded_string
