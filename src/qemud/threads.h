/* threads.h - what the kernel tells of the threads of a QEMU */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct ThreadTime {
    bool known;
    uint64_t ran, waited; /* nanoseconds on a processor, and ready but without one */
} ThreadTime;

/* Of the thread of each virtual processor, by the names that QEMU gives them (-name
 * debug-threads=on): times has room for count. */
void threads_of_vcpus(pid_t pid, ThreadTime *times, unsigned count);
/* Processor time of a process, in nanoseconds; 0 when there is none. */
uint64_t process_time(pid_t pid);
/* What of it was spent in user space and in the kernel, as far as the kernel tells them apart. */
void process_times(pid_t pid, uint64_t *user, uint64_t *system);
