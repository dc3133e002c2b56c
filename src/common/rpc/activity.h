/* activity.h - what the daemon is doing: calls at work and those that wait, and what was done
 *
 * All of it in the loop, but for activity_begins(). Nothing that calls carry is told but the name
 * of the object. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json.h"
#include "rpc/call.h"

/* A call that is not answered yet. */
typedef struct Activity Activity;
Activity *activity_new(const Call *call);
void activity_begins(Activity *activity); /* its worker has it. NULL is allowed */
/* It is answered. failure: NULL, or why it failed; may be NULL for what was not begun. */
void activity_end(Activity *activity, const GError *failure);
/* The same for a call that was run in the loop itself, from that time on. */
void activity_peeked(const Call *call, gint64 since, const GError *failure);

/* What goes on: clients, calls, workers, memory. Freed by the caller. */
Json *activity_now(void);
/* The same, as lines of the log. */
void activity_log(void);

/* Calls that were answered since the one of that number, oldest first. Calls are kept as long as
 * somebody asks, and a moment longer. */
Json *activity_trace(uint64_t after);
