/* start.h - from a definition to a running guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"

/* flags: virDomainCreateFlags. config is what to start, borrowed. On the guest's strand, as a JOB.
 * All or nothing: on failure the host is as it was. */
bool start_machine(Machine *vm, const Domain *config, unsigned flags, GError **error);

/* The last lines of a guest's log from an offset on, for an error; "" when there are none. */
char *start_log_tail(const char *name, off_t from);
char *start_log_path(const char *name);
