/* qmp-events.h - what QEMU says unasked, and what is done then */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"

/* The monitor on a connected socket, whose events come to this guest from now on, for this run. */
Qmp *monitor_open(Machine *vm, int fd);
/* The same for the socket of a guest that was found running. */
Qmp *monitor_reopen(Machine *vm, const char *path, int pidfd, uint64_t memory, GError **error);
/* Asks QEMU for what it tells only when it is asked to: the balloon's statistics. */
bool monitor_begin(Qmp *monitor, const Domain *live, GError **error);
/* How often the balloon asks the guest for its memory statistics; 0: never. */
bool monitor_set_stats_period(Qmp *monitor, const Domain *live, unsigned seconds, GError **error);
/* What QEMU calls its state, as virDomainState and reason. */
bool monitor_state(Qmp *monitor, int *state, int *reason, GError **error);
