/* driver.c - what qemud serves; a procedure that is not here answers "not supported" */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "ops.h"
#include "rpc/event.h"
#include "rpc/self.h"

/* Numbers of connect_supports_feature. */
enum { FEATURE_STRING_PARAMS = 9, FEATURE_UPDATE_ORDER = 16 };

static bool supports_feature(int feature)
{
    return feature == FEATURE_STRING_PARAMS || feature == FEATURE_UPDATE_ORDER;
}

#define SERVE(op) .op = qemu_##op

const Driver driver = {
    .type = "QEMU",
    .scheme = "qemu",
    .error_domain = VIR_FROM_QEMU,
    .owns = 1u << OWNER_HYPERVISOR,
    .supports_feature = supports_feature,
    .find_domain = ops_find_domain,
    DRIVER_SELF,
    DRIVER_DOMAIN_EVENTS,
    DRIVER_MONITOR_EVENTS,
    .connect_get_hostname = self_get_hostname,

    SERVE(connect_get_all_domain_stats),
    SERVE(connect_get_capabilities),
    SERVE(connect_get_domain_capabilities),
    SERVE(connect_get_max_vcpus),
    SERVE(connect_get_version),
    SERVE(connect_list_all_domains),
    SERVE(connect_list_defined_domains),
    SERVE(connect_list_domains),
    SERVE(connect_num_of_defined_domains),
    SERVE(connect_num_of_domains),
    SERVE(domain_attach_device),
    SERVE(domain_attach_device_flags),
    SERVE(domain_block_stats),
    SERVE(domain_block_stats_flags),
    SERVE(domain_create),
    SERVE(domain_create_with_flags),
    SERVE(domain_create_xml),
    SERVE(domain_define_xml),
    SERVE(domain_define_xml_flags),
    SERVE(domain_destroy),
    SERVE(domain_destroy_flags),
    SERVE(domain_detach_device),
    SERVE(domain_detach_device_alias),
    SERVE(domain_detach_device_flags),
    SERVE(domain_get_autostart),
    SERVE(domain_get_block_info),
    SERVE(domain_get_control_info),
    SERVE(domain_get_disk_errors),
    SERVE(domain_get_info),
    SERVE(domain_get_interface_parameters),
    SERVE(domain_get_max_memory),
    SERVE(domain_get_max_vcpus),
    SERVE(domain_get_messages),
    SERVE(domain_get_metadata),
    SERVE(domain_get_os_type),
    SERVE(domain_get_scheduler_type),
    SERVE(domain_get_state),
    SERVE(domain_get_vcpus_flags),
    SERVE(domain_get_xml_desc),
    SERVE(domain_has_managed_save_image),
    SERVE(domain_inject_nmi),
    SERVE(domain_interface_addresses),
    SERVE(domain_interface_stats),
    SERVE(domain_is_active),
    SERVE(domain_is_persistent),
    SERVE(domain_is_updated),
    SERVE(domain_lookup_by_id),
    SERVE(domain_lookup_by_name),
    SERVE(domain_lookup_by_uuid),
    SERVE(domain_memory_stats),
    SERVE(domain_open_channel),
    SERVE(domain_open_console),
    SERVE(domain_open_graphics),
    SERVE(domain_open_graphics_fd),
    SERVE(domain_pm_wakeup),
    SERVE(domain_reboot),
    SERVE(domain_rename),
    SERVE(domain_reset),
    SERVE(domain_resume),
    SERVE(domain_screenshot),
    SERVE(domain_send_key),
    SERVE(domain_set_autostart),
    SERVE(domain_set_interface_parameters),
    SERVE(domain_set_max_memory),
    SERVE(domain_set_memory),
    SERVE(domain_set_memory_flags),
    SERVE(domain_set_memory_stats_period),
    SERVE(domain_set_metadata),
    SERVE(domain_shutdown),
    SERVE(domain_shutdown_flags),
    SERVE(domain_suspend),
    SERVE(domain_undefine),
    SERVE(domain_undefine_flags),
    SERVE(domain_update_device_flags),
    SERVE(node_get_security_model),
    SERVE(node_get_sev_info),
    SERVE(qemu_domain_monitor_command),
    SERVE(qemu_domain_monitor_command_with_files),
};
