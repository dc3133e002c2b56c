/* error.c - the one way to fail */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

G_DEFINE_QUARK(ostler, error);
/* Of fail_errno(): the code of such an error is the errno. */
static G_DEFINE_QUARK(ostler_errno, errno);

void *fail(GError **error, ErrorCode code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(ERR_DOMAIN, code, format, args));
    va_end(args);
    return NULL;
}

void *fail_errno(GError **error, int errnum, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, errno_quark(), errnum, "%s: %s", what, g_strerror(errnum));
    return NULL;
}

int error_errno(const GError *error) { return error->domain == errno_quark() ? error->code : -1; }

ErrorCode error_code(const GError *error)
{
    if (error->domain == errno_quark())
        return ERR_SYSTEM;
    return error->domain == ERR_DOMAIN ? (ErrorCode) error->code : ERR_INTERNAL;
}

const char *error_title(ErrorCode code)
{
    static const char *const titles[] = {
        [ERR_INTERNAL] = "internal error",
        [ERR_NO_SUPPORT] = "this function is not supported by the connection driver",
        [ERR_NO_CONNECT] = "no connection driver available",
        [ERR_INVALID_ARG] = "invalid argument",
        [ERR_OPERATION_FAILED] = "operation failed",
        [ERR_XML] = "XML error",
        [ERR_OPERATION_DENIED] = "operation forbidden",
        [ERR_CONF_SYNTAX] = "configuration file syntax error",
        [ERR_NO_NAME] = "missing name information",
        [ERR_NO_DOMAIN] = "Domain not found",
        [ERR_NO_NETWORK] = "Network not found",
        [ERR_INVALID_MAC] = "invalid MAC address",
        [ERR_AUTH_FAILED] = "authentication failed",
        [ERR_NO_NODE_DEVICE] = "Node device not found",
        [ERR_OPERATION_INVALID] = "Requested operation is not valid",
        [ERR_CONFIG_UNSUPPORTED] = "unsupported configuration",
        [ERR_OPERATION_TIMEOUT] = "Timed out during operation",
        [ERR_NO_DOMAIN_SNAPSHOT] = "Domain snapshot not found",
        [ERR_ARGUMENT_UNSUPPORTED] = "argument unsupported",
        [ERR_OPERATION_ABORTED] = "operation aborted",
        [ERR_AUTH_CANCELLED] = "authentication cancelled",
        [ERR_NO_DOMAIN_METADATA] = "metadata not found",
        [ERR_OPERATION_UNSUPPORTED] = "Operation not supported",
        [ERR_AGENT_UNRESPONSIVE] = "Guest agent is not responding",
        [ERR_RESOURCE_BUSY] = "resource busy",
        [ERR_ACCESS_DENIED] = "access denied",
        [ERR_CPU_INCOMPATIBLE] = "the CPU is incompatible with host CPU",
        [ERR_XML_INVALID_SCHEMA] = "XML document failed to validate against schema",
        [ERR_AUTH_UNAVAILABLE] = "authentication unavailable",
        [ERR_NO_SERVER] = "Server not found",
        [ERR_NO_CLIENT] = "Client not found",
        [ERR_DEVICE_MISSING] = "device not found",
        [ERR_NETWORK_PORT_EXIST] = "network port exists already",
        [ERR_NO_NETWORK_PORT] = "network port not found",
        [ERR_NO_NETWORK_METADATA] = "metadata not found",
    };

    return (size_t) code < G_N_ELEMENTS(titles) ? titles[code] : NULL;
}
