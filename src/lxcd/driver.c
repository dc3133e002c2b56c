/* driver.c - what lxcd serves; a procedure that is not here answers "not supported" */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "guest/ops.h"
#include "rpc/event.h"
#include "rpc/self.h"

#define SERVE(op) .op = lxc_##op

const Driver driver = {
    .type = "LXC",
    .scheme = "lxc",
    .error_domain = VIR_FROM_LXC,
    .owns = 1u << OWNER_HYPERVISOR,
    .supports_feature = ops_supports_feature,
    .find_domain = ops_find_domain,
    DRIVER_SELF,
    DRIVER_DOMAIN_EVENTS,
    DRIVER_GUESTS,
    .connect_get_hostname = self_get_hostname,
    .domain_create_with_files = guest_domain_create_with_files,
    .domain_create_xml_with_files = guest_domain_create_xml_with_files,

    SERVE(connect_domain_xml_from_native),
    SERVE(connect_get_all_domain_stats),
    SERVE(connect_get_capabilities),
    SERVE(connect_get_version),
    SERVE(domain_attach_device),
    SERVE(domain_attach_device_flags),
    SERVE(domain_block_stats),
    SERVE(domain_block_stats_flags),
    SERVE(domain_detach_device),
    SERVE(domain_detach_device_flags),
    SERVE(domain_get_blkio_parameters),
    SERVE(domain_get_cpu_stats),
    SERVE(domain_get_hostname),
    SERVE(domain_get_info),
    SERVE(domain_get_memory_parameters),
    SERVE(domain_get_scheduler_parameters),
    SERVE(domain_get_scheduler_parameters_flags),
    SERVE(domain_get_scheduler_type),
    SERVE(domain_memory_stats),
    SERVE(domain_reboot),
    SERVE(domain_resume),
    SERVE(domain_send_process_signal),
    SERVE(domain_set_blkio_parameters),
    SERVE(domain_set_max_memory),
    SERVE(domain_set_memory),
    SERVE(domain_set_memory_flags),
    SERVE(domain_set_memory_parameters),
    SERVE(domain_set_scheduler_parameters),
    SERVE(domain_set_scheduler_parameters_flags),
    SERVE(domain_shutdown),
    SERVE(domain_shutdown_flags),
    SERVE(domain_suspend),
    SERVE(domain_update_device_flags),
    SERVE(lxc_domain_open_namespace),
};
