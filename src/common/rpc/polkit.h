/* polkit.h - asks the policy of the host, over the system bus. In a worker. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client.h"

/* Whether the client may connect; its user may be asked for a password meanwhile. The question is
 * taken back when the client goes. */
bool polkit_lets_in(Client *client, GError **error);
/* Whether a caller is permitted something on an object of the driver; nobody is asked. */
bool polkit_permits(const Identity *who, Permission permission, const char *driver,
                    const Target *target, GError **error);
