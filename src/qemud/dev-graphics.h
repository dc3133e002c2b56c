/* dev-graphics.h - how a guest's screen is seen */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"

bool graphics_add(Args *args, Domain *live, GError **error);
/* Commands to be sent before the guest runs are added to the array. */
void graphics_commands(const Domain *live, Json *commands);
/* From the answer to query-vnc-servers: ports. */
bool graphics_learn(Domain *live, Json *answer, GError **error);
/* Removes the sockets that QEMU made. */
void graphics_clean(const Domain *live);
bool graphics_check(const Domain *guest, GError **error);
