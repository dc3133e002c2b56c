/* files.h - where a guest's run keeps its files */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guest/machine.h"

/* The directory of a guest's sockets and files while it runs. */
char *files_directory(Machine *vm);
/* Made anew. ERR_OPERATION_INVALID while a process of an earlier run has it. */
bool files_make(const char *directory, GError **error);
/* Where the run's process notes its pid, Spawn's pid_file: locked until that has become the guest's
 * or has ended, even if we are killed before. -1: error. */
int files_open_pid(const char *directory, GError **error);
/* A pidfd of the run's process, -1 when it has ended. *pid: 0 when only the file that the process
 * wrote before it became the guest's can tell. started: its start time, 0: unknown. */
int files_process(const char *directory, uint64_t started, pid_t *pid);
/* Takes a run's directory away, with the files in it. */
void files_remove(const char *directory);
/* Where the saved state of a guest is kept that is started from it, and where it lies from the time
 * when the guest has it again until it goes on. */
char *files_saved(const char *name);
char *files_restored(const char *name);
/* What the guest's process says. */
char *files_log(const char *name);
/* The last lines of a guest's log from an offset on, for an error; "" when there are none. */
char *files_log_tail(const char *name, off_t from);
/* Makes the folders of this daemon's guests. Before clients are served. */
bool files_prepare(GError **error);
