/* error.h - the one way to fail
 *
 * A function that can fail takes a GError ** last and returns bool or a pointer.
 * The code is the number that a client sees, the message the sentence that it shows. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* virErrorNumber of the public headers: the codes that clients test for. */
typedef enum ErrorCode {
    ERR_INTERNAL = 1,
    ERR_NO_SUPPORT = 3,
    ERR_NO_CONNECT = 5,
    ERR_INVALID_ARG = 8,
    ERR_OPERATION_FAILED = 9,
    ERR_NO_NAME = 21,
    ERR_XML = 27, /* a definition lacks something or has a value that cannot be */
    ERR_OPERATION_DENIED = 29,
    ERR_CONF_SYNTAX = 33,
    ERR_XML_DETAIL = 35,
    ERR_SYSTEM = 38, /* int1 of the error that travels is the errno */
    ERR_RPC = 39,
    ERR_NO_DOMAIN = 42,
    ERR_NO_NETWORK = 43,
    ERR_INVALID_MAC = 44,
    ERR_AUTH_FAILED = 45,
    ERR_NO_NODE_DEVICE = 53,
    ERR_OPERATION_INVALID = 55,
    ERR_CONFIG_UNSUPPORTED = 67,
    ERR_OPERATION_TIMEOUT = 68,
    ERR_NO_DOMAIN_SNAPSHOT = 72,
    ERR_ARGUMENT_UNSUPPORTED = 74,
    ERR_OPERATION_ABORTED = 78,
    ERR_AUTH_CANCELLED = 79,
    ERR_NO_DOMAIN_METADATA = 80,
    ERR_OPERATION_UNSUPPORTED = 84,
    ERR_AGENT_UNRESPONSIVE = 86,
    ERR_RESOURCE_BUSY = 87,
    ERR_ACCESS_DENIED = 88,
    ERR_CPU_INCOMPATIBLE = 91,
    ERR_XML_INVALID_SCHEMA = 92,
    ERR_AUTH_UNAVAILABLE = 94,
    ERR_NO_SERVER = 95,
    ERR_NO_CLIENT = 96,
    ERR_DEVICE_MISSING = 99,
    ERR_NETWORK_PORT_EXIST = 106,
    ERR_NO_NETWORK_PORT = 107,
    ERR_NO_NETWORK_METADATA = 111,
} ErrorCode;

#define ERR_DOMAIN error_quark()
GQuark error_quark(void);

/* Both set *error and return NULL, which ends a bool and a pointer function alike:
 * return fail(error, ERR_NO_DOMAIN, "no domain named '%s'", name); */
void *fail(GError **error, ErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* ERR_SYSTEM: "<what>: <text of errnum>"; error_errno() gives errnum back. */
void *fail_errno(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);
int error_errno(const GError *error); /* -1 when the error is not one of fail_errno() */

/* The code a client sees: that of our own errors, ERR_INTERNAL for a library's. */
ErrorCode error_code(const GError *error);
/* The fixed words that clients of this protocol expect before the detail, such as
 * "Domain not found"; NULL when the code has none. */
const char *error_title(ErrorCode code);
