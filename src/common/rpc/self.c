/* self.c - what every driver answers about a connection in the same way */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/self.h"

#include "rpc/client.h"

#include <string.h>

bool self_accepts(const Driver *driver, const char *uri, GError **error)
{
    const char *path = uri + strlen(driver->scheme);

    if (!*uri)
        return true;
    if (!g_str_has_prefix(uri, driver->scheme) || strncmp(path, ":", 1) != 0)
        return fail(error, ERR_NO_CONNECT, "'%s' is not a URI of the %s driver", uri, driver->type);
    if (g_str_has_prefix(path, ":///system") && strchr("?", path[strlen(":///system")]))
        return true;
    return fail(error, ERR_INTERNAL, "unexpected %s URI '%s': try %s:///system", driver->type, uri,
                driver->scheme);
}

bool self_get_type(Call *call, const none *, remote_connect_get_type_ret *out, GError **)
{
    out->type = g_strdup(call->driver->type);
    return true;
}

bool self_get_lib_version(Call *, const none *, remote_connect_get_lib_version_ret *out, GError **)
{
    out->lib_ver = API_VERSION;
    return true;
}

bool self_get_uri(Call *call, const none *, remote_connect_get_uri_ret *out, GError **)
{
    const char *uri = call->client->uri;

    out->uri = *uri ? g_strdup(uri) : g_strconcat(call->driver->scheme, ":///system", NULL);
    return true;
}

/* As the kernel has it: a resolver, which might know a longer name, could block. */
bool self_get_hostname(Call *, const none *, remote_connect_get_hostname_ret *out, GError **)
{
    out->hostname = g_strdup(g_get_host_name());
    return true;
}

bool self_is_secure(Call *, const none *, remote_connect_is_secure_ret *out, GError **)
{
    out->secure = 1; /* what comes by a local socket is heard by nobody else */
    return true;
}
