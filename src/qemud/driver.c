/* driver.c - what qemud serves; a procedure that is not here answers "not supported" */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "guest/ops.h"
#include "rpc/event.h"
#include "rpc/self.h"

#define SERVE(op) .op = qemu_##op

const Driver driver = {
    .type = "QEMU",
    .scheme = "qemu",
    .error_domain = VIR_FROM_QEMU,
    .owns = 1u << OWNER_HYPERVISOR,
    .supports_feature = ops_supports_feature,
    .find_domain = ops_find_domain,
    DRIVER_SELF,
    DRIVER_DOMAIN_EVENTS,
    DRIVER_MONITOR_EVENTS,
    DRIVER_GUESTS,
    .connect_get_hostname = self_get_hostname,

    SERVE(connect_get_all_domain_stats),
    SERVE(connect_get_capabilities),
    SERVE(connect_get_domain_capabilities),
    SERVE(connect_get_max_vcpus),
    SERVE(connect_get_version),
    SERVE(domain_attach_device),
    SERVE(domain_attach_device_flags),
    SERVE(domain_detach_device),
    SERVE(domain_detach_device_alias),
    SERVE(domain_detach_device_flags),
    SERVE(domain_block_stats),
    SERVE(domain_block_stats_flags),
    SERVE(domain_get_block_info),
    SERVE(domain_get_disk_errors),
    SERVE(domain_get_info),
    SERVE(domain_get_scheduler_type),
    SERVE(domain_inject_nmi),
    SERVE(domain_memory_stats),
    SERVE(domain_open_graphics),
    SERVE(domain_open_graphics_fd),
    SERVE(domain_pm_wakeup),
    SERVE(domain_reboot),
    SERVE(domain_reset),
    SERVE(domain_resume),
    SERVE(domain_screenshot),
    SERVE(domain_send_key),
    SERVE(domain_set_max_memory),
    SERVE(domain_set_memory),
    SERVE(domain_set_memory_flags),
    SERVE(domain_set_memory_stats_period),
    SERVE(domain_shutdown),
    SERVE(domain_shutdown_flags),
    SERVE(domain_suspend),
    SERVE(domain_update_device_flags),
    SERVE(node_get_sev_info),
    SERVE(qemu_domain_monitor_command),
    SERVE(qemu_domain_monitor_command_with_files),
};
