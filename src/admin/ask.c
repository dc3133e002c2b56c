/* ask.c - what a daemon tells its administrator */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ask.h"

#include "protocol/admin.h"
#include "protocol/look.h"

#include <string.h>

// clang-format off
enum {
#define PROC(number, name, ...) CALL_##name = number,
#include "protocol/admin.def"
#include "protocol/look.def"
#undef PROC
};
// clang-format on

const DaemonName daemon_names[] = {
    { "qemud", "virtqemud", "virtqemud-sock" },
    { "lxcd", "virtlxcd", "virtlxcd-sock" },
    { "netd", "virtnetworkd", "virtnetworkd-sock" },
    { "noded", "virtnodedevd", "virtnodedevd-sock" },
    { "proxyd", "virtproxyd", "libvirt-sock" },
    {},
};

static char *socket_path(const Options *options, GError **error)
{
    for (const DaemonName *daemon = daemon_names; daemon->name; daemon++) {
        if (strcmp(daemon->name, options->daemon) == 0 ||
            strcmp(daemon->alias, options->daemon) == 0)
            return g_strdup_printf("%s/run/libvirt/%s-admin-sock", options->root, daemon->alias);
    }
    return fail(error, ERR_INVALID_ARG,
                "there is no daemon '%s': try qemud, lxcd, netd, noded or proxyd", options->daemon);
}

Connection *ask_open(const Options *options, GError **error)
{
    g_autofree char *path = socket_path(options, error);
    g_autoptr(Connection) connection = path ? connection_open(path, error) : NULL;
    admin_connect_open_args args = {};

    if (!connection || !connection_call(connection, ADMIN_PROGRAM, CALL_admin_connect_open,
                                        (Message){ (xdrproc_t) xdr_admin_connect_open_args, &args },
                                        (Message){}, error))
        return NULL;
    return g_steal_pointer(&connection);
}

/* All answers are one text. */
static Json *ask(Connection *connection, int procedure, Message args, GError **error)
{
    look_get_activity_ret reply = {};
    Json *json;

    if (!connection_call(connection, LOOK_PROGRAM, procedure, args,
                         (Message){ (xdrproc_t) xdr_look_get_activity_ret, &reply }, error))
        return NULL;
    json = json_parse(reply.json, strlen(reply.json), error);
    xdr_free((xdrproc_t) xdr_look_get_activity_ret, &reply);
    return json;
}

Json *ask_activity(Connection *connection, GError **error)
{
    return ask(connection, CALL_look_get_activity, (Message){}, error);
}

Json *ask_trace(Connection *connection, uint64_t after, GError **error)
{
    look_get_trace_args args = { after };

    return ask(connection, CALL_look_get_trace,
               (Message){ (xdrproc_t) xdr_look_get_trace_args, &args }, error);
}

Json *ask_settings(Connection *connection, GError **error)
{
    return ask(connection, CALL_look_get_settings, (Message){}, error);
}
