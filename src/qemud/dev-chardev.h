/* dev-chardev.h - serial and parallel ports, consoles, channels, and what is at their other end */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"
#include "device.h"

bool chardevs_add(Args *args, Domain *live, GError **error);
bool chardevs_check(const Domain *guest, GError **error);
/* From the answer to query-chardev: paths of terminals, and which channels the guest has open. */
void chardevs_learn(Domain *live, Json *answer);
/* Removes the sockets that were made. */
void chardevs_clean(const Domain *live);
