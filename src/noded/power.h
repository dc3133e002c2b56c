/* power.h - the machine sleeps for a while, and wakes by itself */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/sleep.h"

/* Once, at the start: takes back the alarm of a daemon that was killed before its machine slept,
 * and lets the guests go on that it had stopped. */
void power_open(void);
/* At the end: what has been begun and does not sleep yet is given up. */
void power_close(void);
bool power_is_busy(void); /* a nap has been begun and is not over */

/* Sets the alarm that many seconds ahead and returns; the machine sleeps soon after, when this has
 * been answered. From any thread. */
bool power_nap(HostSleep kind, uint64_t seconds, GError **error);
