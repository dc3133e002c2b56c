/* driver.c - what lxcd serves; a procedure that is not here answers "not supported" */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "rpc/self.h"

const Driver driver = {
    .type = "LXC",
    .scheme = "lxc",
    .error_domain = VIR_FROM_LXC,
    .owns = 1u << OWNER_HYPERVISOR,
    DRIVER_SELF,
};
