/* start.h - from a definition to a running guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"
#include "restore.h"

/* flags: virDomainCreateFlags. config is what to start, borrowed. On the guest's strand, as a JOB.
 * All or nothing: on failure the host is as it was. */
bool start_machine(Machine *vm, const Domain *config, unsigned flags, const GArray *fds,
                   GError **error);

/* The same for a guest that does not boot, but goes on from what it was. */
bool start_restored(Machine *vm, const Domain *config, const Restore *from, unsigned flags,
                    GError **error);

/* Goes on with a guest that an earlier daemon has started, and publishes what QEMU tells now. */
bool start_adopt(Machine *vm, const View *view, int pidfd, GError **error);
