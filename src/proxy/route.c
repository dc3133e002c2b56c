/* route.c - URI -> daemon */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "handover.h"

#include <string.h>
#include <unistd.h>

static const struct {
    const char *scheme, *daemon;
} routes[] = {
    { "qemu", "qemud" },
    { "lxc", "lxcd" },
    { "network", "netd" },
    { "nodedev", "noded" },
};

/* With no URI it is qemud, unless only the other hypervisor's daemon is installed. */
static const char *default_daemon(void)
{
    g_autofree char *qemu = g_strconcat(server.root, "/run/libvirt/virtqemud-sock", NULL);
    g_autofree char *lxc = g_strconcat(server.root, "/run/libvirt/virtlxcd-sock", NULL);

    return access(qemu, F_OK) < 0 && access(lxc, F_OK) == 0 ? "lxcd" : "qemud";
}

const char *proxy_route(const char *uri, GError **error)
{
    size_t length = strcspn(uri, ":");

    if (!*uri)
        return default_daemon();
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++) {
        if (strlen(routes[i].scheme) == length && strncmp(uri, routes[i].scheme, length) == 0)
            return routes[i].daemon;
    }
    return fail(error, ERR_NO_CONNECT, "no driver serves '%s'", uri);
}
