/* exit.h - what happens when a guest ends, whoever ended it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guest/machine.h"

/* Waits for the process to end, from any thread; takes pidfd over. What follows is a CHANGE on the
 * guest's strand. */
void exit_watch(Machine *vm, int pidfd);
/* The process has ended: publishes it, tells it, and takes away what the run left. Nothing is done
 * when that has been done for this run. On the strand. */
void exit_finish(Machine *vm, unsigned run);
/* Publishes that it does not run, with this virDomainShutoffReason; a transient guest is gone. */
void exit_publish(Machine *vm, int reason);

/* Ends the process and returns when it has ended: asks it to, and after a while makes it. One that
 * is stopped is not asked. With gracefully it is never made to: ERR_OPERATION_FAILED then. */
bool exit_kill(int pidfd, bool gracefully, GError **error);
