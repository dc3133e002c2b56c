/* handover.h - a client's connect_open decides which daemon serves it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client.h"

/* The short name of the daemon that serves this URI; "" is the first hypervisor that is there. */
const char *proxy_route(const char *uri, GError **error);
void proxy_open(Client *client, const void *frame, size_t size);
