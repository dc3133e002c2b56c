/* usage.h - what a container uses of the host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "container.h"

/* From its group; without one, of its init and the children that it has waited for. */
uint64_t usage_cpu(const Container *container);    /* nanoseconds */
uint64_t usage_memory(const Container *container); /* KiB */
