/* migrate.h - a guest's state through a descriptor: out of one QEMU, into another */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"

/* Has QEMU write the guest's state to fd, which stays the caller's, and waits until it has ended.
 * ERR_OPERATION_ABORTED when the job has been aborted (job.h), which is done with migrate_cancel().
 */
bool migrate_out(Machine *vm, Qmp *monitor, int fd, GError **error);
/* Has a QEMU that was told to wait for it read the state of a guest from fd. */
bool migrate_in(Qmp *monitor, int fd, GError **error);
/* Whoever waits for the end of migrate_out() is told then. */
void migrate_cancel(Qmp *monitor);
/* Cancels what an earlier daemon has begun, and waits until that has ended. */
bool migrate_end(Qmp *monitor, GError **error);
/* Whether the guest stands still since its state was passed on: it is in QEMU, too, but QEMU does
 * not pass it on again before it has run. */
bool migrate_is_over(Qmp *monitor);
/* Why the guest cannot be saved, freed by the caller; NULL: it can. */
char *migrate_blocker(Qmp *monitor);
