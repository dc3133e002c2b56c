/* route.h - which daemon serves a URI, and where its sockets are */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

typedef struct Route {
    const char *scheme;
    const char *daemon; /* its short name */
    const char *socket; /* in run/libvirt; that for clients that only look has "-ro" behind it */
} Route;

/* Below root, "" for the host's own. A URI that names no driver, "", is the first hypervisor's that
 * is there. */
const Route *route_find(const char *root, const char *uri, GError **error);
