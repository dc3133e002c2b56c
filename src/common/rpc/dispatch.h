/* dispatch.h - decode, authorize, find, queue, run, answer */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client.h"

/* One whole message of a client. Keeps a reference to fds if it needs them. In the loop. */
void dispatch_frame(Client *client, const void *frame, size_t size, GArray *fds);
/* The same for a call that has waited for its turn. */
void dispatch_call(Client *client, const void *frame, size_t size, GArray *fds);

/* The procedure of these numbers, or NULL. */
const Proc *proc_find(uint32_t program, int number);
/* VIR_FROM_* for errors about a procedure that no driver function was asked for. */
int proc_error_domain(const Proc *proc);
