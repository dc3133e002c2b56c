/* alarm.h - the alarm of the real-time clock, which wakes a sleeping machine */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <stdint.h>

/* The second that the first clock that can wake this machine has now; by it alarms are set. Fails
 * when its alarm is in use. */
bool alarm_now(const char *root, int64_t *now, GError **error);
/* Fails when the clock did not keep it. */
bool alarm_set(const char *root, int64_t at, GError **error);
/* Seconds from now until it rings; -1 when no alarm is set for that moment. */
int64_t alarm_left(const char *root, int64_t at);
/* Takes it back, unless it is another one. */
void alarm_clear(const char *root, int64_t at);
