/* core.c - the procedures that every daemon answers by itself */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/core.h"

#include "rpc/login.h"
#include "rpc/sasl.h"
#include "rpc/client.h"
#include "rpc/self.h"

/* Numbers of connect_supports_feature that every connection has. */
enum {
    FEATURE_FD_PASSING = 8,
    FEATURE_KEEPALIVE = 10,
    FEATURE_CALLBACK_IDS = 14,
    FEATURE_CLOSE_CALLBACK = 15
};

static bool connect_supports_feature(Call *call, const remote_connect_supports_feature_args *in,
                                     remote_connect_supports_feature_ret *out, GError **)
{
    const Driver *driver = server.driver;

    switch (in->feature) {
    case FEATURE_KEEPALIVE:
        call->client->keepalive = true;
        out->supported = 1;
        break;
    case FEATURE_FD_PASSING:
        out->supported = call->client->identity.transport == WAY_UNIX;
        break;
    case FEATURE_CALLBACK_IDS:
    case FEATURE_CLOSE_CALLBACK:
        out->supported = 1;
        break;
    default:
        out->supported =
            driver && driver->supports_feature && driver->supports_feature(in->feature);
    }
    return true;
}

static bool connect_open(Call *call, const remote_connect_open_args *in, none *, GError **error)
{
    Client *client = call->client;

    if (client->uri)
        return fail(error, ERR_INTERNAL, "the connection is open already");
    if (!in->name)
        return fail(error, ERR_INTERNAL, "a connection needs a URI");
    if (!self_accepts(server.driver, *in->name, error))
        return false;
    client->uri = g_strdup(**in->name ? *in->name : "");
    client->identity.readonly |= in->flags & VIR_CONNECT_RO;
    return true;
}

static bool connect_close(Call *call, const none *, none *, GError **)
{
    wire_end_when_sent(&call->client->wire);
    return true;
}

static bool register_close(Call *call, const none *, none *, GError **error)
{
    if (call->client->close_callback)
        return fail(error, ERR_INTERNAL, "a close callback is registered already");
    return call->client->close_callback = true;
}

static bool unregister_close(Call *call, const none *, none *, GError **error)
{
    if (!call->client->close_callback)
        return fail(error, ERR_INTERNAL, "no close callback is registered");
    call->client->close_callback = false;
    return true;
}

const Driver core_driver = {
    .error_domain = VIR_FROM_RPC,
    .auth_list = login_list,
    .auth_polkit = login_polkit,
    .auth_sasl_init = login_sasl_init,
    .auth_sasl_start = login_sasl_start,
    .auth_sasl_step = login_sasl_step,
    .connect_open = connect_open,
    .connect_close = connect_close,
    .connect_supports_feature = connect_supports_feature,
    .connect_register_close_callback = register_close,
    .connect_unregister_close_callback = unregister_close,
    .connect_set_identity = login_set_identity,
};
