/* tsc.h - the counter of the processor's clock */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct HostTsc {
    uint64_t frequency; /* in Hz; 0: unknown */
    bool scaling;       /* guests may have another one */
} HostTsc;

/* As KVM knows it, by a guest that is made to be asked. From any thread. */
HostTsc host_tsc_read(void);
