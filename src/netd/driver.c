/* driver.c - what netd serves; a procedure that is not here answers "not supported" */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "ops.h"
#include "rpc/event.h"
#include "rpc/self.h"

/* Number of connect_supports_feature. */
enum { FEATURE_UPDATE_ORDER = 16 };

static bool supports_feature(int feature) { return feature == FEATURE_UPDATE_ORDER; }

#define SERVE(op) .op = net_##op

const Driver driver = {
    .type = "network",
    .scheme = "network",
    .error_domain = VIR_FROM_NETWORK,
    .owns = 1u << OWNER_NETWORK,
    .supports_feature = supports_feature,
    .find_network = ops_find_network,
    DRIVER_SELF,
    DRIVER_NETWORK_EVENTS,

    SERVE(connect_list_all_networks),
    SERVE(connect_list_defined_networks),
    SERVE(connect_list_networks),
    SERVE(connect_num_of_defined_networks),
    SERVE(connect_num_of_networks),
    SERVE(link_change),
    SERVE(link_close),
    SERVE(link_lend),
    SERVE(link_open),
    SERVE(link_return),
    SERVE(network_create),
    SERVE(network_create_xml),
    SERVE(network_create_xml_flags),
    SERVE(network_define_xml),
    SERVE(network_define_xml_flags),
    SERVE(network_destroy),
    SERVE(network_get_autostart),
    SERVE(network_get_bridge_name),
    SERVE(network_get_dhcp_leases),
    SERVE(network_get_metadata),
    SERVE(network_get_xml_desc),
    SERVE(network_is_active),
    SERVE(network_is_persistent),
    SERVE(network_list_all_ports),
    SERVE(network_lookup_by_name),
    SERVE(network_lookup_by_uuid),
    SERVE(network_port_create_xml),
    SERVE(network_port_delete),
    SERVE(network_port_get_parameters),
    SERVE(network_port_get_xml_desc),
    SERVE(network_port_lookup_by_uuid),
    SERVE(network_port_set_parameters),
    SERVE(network_set_autostart),
    SERVE(network_set_metadata),
    SERVE(network_undefine),
    SERVE(network_update),
};
