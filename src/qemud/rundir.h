/* rundir.h - where the sockets and files of a guest's run are, and whose they are */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"

char *rundir_path(Machine *vm);
char *rundir_monitor(const char *directory);
/* Made anew, for QEMU's user. ERR_OPERATION_INVALID while a process of an earlier run has it. */
bool rundir_make(const char *directory, GError **error);
/* With all that is in it. */
void rundir_remove(const char *directory);

/* A pidfd of the run's process, -1 when it has ended. *pid: 0 when only the file that the process
 * wrote before it became QEMU can tell. started: its start time, 0: unknown. */
int rundir_process(const char *directory, uint64_t started, pid_t *pid);
