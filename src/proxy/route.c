/* route.c - URI -> daemon */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "route.h"

#include <string.h>
#include <unistd.h>

enum { QEMU, LXC };

static const Route routes[] = {
    [QEMU] = { "qemu", "qemud", "virtqemud-sock" },
    [LXC] = { "lxc", "lxcd", "virtlxcd-sock" },
    { "network", "netd", "virtnetworkd-sock" },
    { "nodedev", "noded", "virtnodedevd-sock" },
};

static bool is_there(const char *root, const Route *route)
{
    g_autofree char *path = g_strconcat(root, "/run/libvirt/", route->socket, NULL);

    return access(path, F_OK) == 0;
}

/* With no URI it is qemud, unless only the other hypervisor's daemon is installed. */
static const Route *default_route(const char *root)
{
    return &routes[!is_there(root, &routes[QEMU]) && is_there(root, &routes[LXC]) ? LXC : QEMU];
}

const Route *route_find(const char *root, const char *uri, GError **error)
{
    size_t length = strcspn(uri, "+:");

    if (!*uri)
        return default_route(root);
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++) {
        if (strlen(routes[i].scheme) == length && strncmp(uri, routes[i].scheme, length) == 0)
            return &routes[i];
    }
    return fail(error, ERR_NO_CONNECT, "no driver serves '%s'", uri);
}
