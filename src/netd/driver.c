/* driver.c - what netd serves; a procedure that is not here answers "not supported" */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "rpc/self.h"

const Driver driver = {
    .type = "network",
    .scheme = "network",
    .error_domain = VIR_FROM_NETWORK,
    .owns = 1u << OWNER_NETWORK,
    DRIVER_SELF,
};
