/* qmp-events.h - what QEMU says unasked, and what is done then */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"

/* The monitor on a connected socket, whose events come to this guest from now on, for this run. */
Qmp *monitor_open(Machine *vm, int fd);
/* The same for the socket of a guest that was found running. */
Qmp *monitor_reopen(Machine *vm, const char *path, int pidfd, uint64_t memory, GError **error);
/* Puts what only QEMU knows into the definition: terminals, ports. */
bool monitor_learn(Qmp *monitor, Domain *live, GError **error);
/* Sends what has no place on the command line, before the guest runs. */
bool monitor_begin(Qmp *monitor, const Domain *live, GError **error);
/* What happens when the guest powers itself off: it starts again, or QEMU ends. On the strand. */
bool monitor_set_reboot(Machine *vm, bool reboot, GError **error);
/* How often the balloon asks the guest for its memory statistics; 0: never. */
bool monitor_set_stats_period(Qmp *monitor, const Domain *live, unsigned seconds, GError **error);
/* What QEMU calls its state, as virDomainState and reason. */
bool monitor_state(Qmp *monitor, int *state, int *reason, GError **error);
