/* monitor.h - what comes and goes */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

enum { RECEIVE_BUFFER = 16 << 20 }; /* bytes of events that wait for us; the kernel's limit aside */

/* Begins to listen; what is told from now on is worked off on the strand of all devices. In the
 * loop, before enumerate(), so that nothing is missed between the two. */
bool monitor_open(GError **error);
/* The same for what udev and the kernel's events do not tell: links that go up and down. */
bool links_open(GError **error);

/* Events have been lost: everything is looked at again. */
void monitor_start_over(void);
