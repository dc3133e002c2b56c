/* driver.c - what noded serves; a procedure that is not here answers "not supported" */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "ops.h"
#include "rpc/event.h"
#include "rpc/self.h"

#define SERVE(op) .op = noded_##op

const Driver driver = {
    .type = "nodedev",
    .scheme = "nodedev",
    .error_domain = VIR_FROM_NODEDEV,
    .owns = 1u << OWNER_NODE,
    .find_node_device = ops_find_node_device,
    DRIVER_SELF,
    DRIVER_NODE_DEVICE_EVENTS,
    .connect_get_hostname = self_get_hostname,

    SERVE(connect_baseline_cpu),
    SERVE(connect_compare_cpu),
    SERVE(connect_get_cpu_model_names),
    SERVE(connect_get_sysinfo),
    SERVE(connect_list_all_node_devices),
    SERVE(device_keep),
    SERVE(device_open),
    SERVE(node_alloc_pages),
    SERVE(node_device_create),
    SERVE(node_device_create_xml),
    SERVE(node_device_define_xml),
    SERVE(node_device_destroy),
    SERVE(node_device_detach_flags),
    SERVE(node_device_dettach),
    SERVE(node_device_get_autostart),
    SERVE(node_device_get_parent),
    SERVE(node_device_get_xml_desc),
    SERVE(node_device_is_active),
    SERVE(node_device_is_persistent),
    SERVE(node_device_list_caps),
    SERVE(node_device_lookup_by_name),
    SERVE(node_device_lookup_scsi_host_by_wwn),
    SERVE(node_device_num_of_caps),
    SERVE(node_device_re_attach),
    SERVE(node_device_reset),
    SERVE(node_device_set_autostart),
    SERVE(node_device_undefine),
    SERVE(node_device_update),
    SERVE(node_get_cells_free_memory),
    SERVE(node_get_cpu_map),
    SERVE(node_get_cpu_stats),
    SERVE(node_get_free_memory),
    SERVE(node_get_free_pages),
    SERVE(node_get_info),
    SERVE(node_get_memory_parameters),
    SERVE(node_get_memory_stats),
    SERVE(node_list_devices),
    SERVE(node_num_of_devices),
    SERVE(node_set_memory_parameters),
    SERVE(node_suspend_for_duration),
};
