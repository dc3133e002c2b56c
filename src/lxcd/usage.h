/* usage.h - what a container uses of the host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "container.h"

/* From its group; without one, of its init and the children that it has waited for. */
uint64_t usage_cpu(const Container *container); /* nanoseconds */
/* What of it was spent in user space and in the kernel; false when that is not counted. */
bool usage_cpu_parts(const Container *container, uint64_t *user, uint64_t *system);
uint64_t usage_memory(const Container *container); /* KiB */
uint64_t usage_swap(const Container *container);   /* KiB */

enum { USAGE_BLOCK_FIGURES = 4 };
/* Adds requests and bytes read, and written, of a block device (NULL: of all). */
bool usage_block(const Container *container, const char *device, uint64_t *figures, GError **error);
