/* driver.c - what noded serves; a procedure that is not here answers "not supported" */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "rpc/self.h"

#define SERVE(op) .op = noded_##op

const Driver driver = {
    .type = "nodedev",
    .scheme = "nodedev",
    .error_domain = VIR_FROM_NODEDEV,
    .owns = 1u << OWNER_NODE,
    DRIVER_SELF,

    SERVE(connect_get_sysinfo),
    SERVE(node_alloc_pages),
    SERVE(node_get_cells_free_memory),
    SERVE(node_get_cpu_map),
    SERVE(node_get_cpu_stats),
    SERVE(node_get_free_memory),
    SERVE(node_get_free_pages),
    SERVE(node_get_info),
    SERVE(node_get_memory_parameters),
    SERVE(node_get_memory_stats),
    SERVE(node_set_memory_parameters),
};
