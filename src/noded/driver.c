/* driver.c - what noded serves; a procedure that is not here answers "not supported" */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "rpc/self.h"

const Driver driver = {
    .type = "nodedev",
    .scheme = "nodedev",
    .error_domain = VIR_FROM_NODEDEV,
    .owns = 1u << OWNER_NODE,
    DRIVER_SELF,
};
