/* ops.h - operations that are the same for every kind of guest, and what families of them share */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guest/machine.h"

/* How a guest travels in a reply: everything the reply's own. */
remote_nonnull_domain ops_reference(Machine *vm);
/* Counted references to the guests that pass a filter of connect_list_all_domains and that the
 * caller may be told of; NULL: of all. */
GPtrArray *ops_list(const Call *call, unsigned filter);
unsigned ops_current_vcpus(const Domain *domain);
bool ops_supports_feature(int feature);
/* The guests that bulk statistics are asked of, and of the known groups of figures the wanted ones;
 * NULL and an error for what cannot be asked. */
GPtrArray *ops_surveyed(Call *call, const remote_connect_get_all_domain_stats_args *in,
                        unsigned known, unsigned *groups, GError **error);
/* Starts a guest that is off by its configuration, from its saved state if there is one. On the
 * strand, as a JOB. */
bool ops_start(Machine *vm, unsigned flags, const GArray *fds, GError **error);
Object *ops_find_domain(const remote_nonnull_domain *reference, GError **error);
/* Strings of a reply: an optional one is a pointer to a pointer. */
char **ops_optional(const char *text);

/* A change of a definition; live: of what runs, which it also does to the guest. */
typedef bool OpsChange(Machine *vm, Domain *domain, bool live, const void *data, GError **error);
/* Applies it to copies of the definitions that VIR_DOMAIN_AFFECT_* flags name (with neither: what
 * runs, or else the configuration) and publishes them. On the strand. */
bool ops_change(Machine *vm, unsigned flags, OpsChange *change, const void *data, GError **error);

// clang-format off
/* The driver functions, with the types of the procedure's line. */
#define PROC(number, op, Args, Reply, ...) \
    bool guest_##op(Call *call, const Args *in, Reply *out, GError **error);
#define EVENT(...)
#include "protocol/remote.def"
#undef PROC
#undef EVENT

/* Rows of a driver's table. */
#define DRIVER_GUESTS \
    .connect_list_all_domains = guest_connect_list_all_domains, \
    .connect_list_defined_domains = guest_connect_list_defined_domains, \
    .connect_list_domains = guest_connect_list_domains, \
    .connect_num_of_defined_domains = guest_connect_num_of_defined_domains, \
    .connect_num_of_domains = guest_connect_num_of_domains, \
    .domain_create = guest_domain_create, \
    .domain_create_with_flags = guest_domain_create_with_flags, \
    .domain_create_xml = guest_domain_create_xml, \
    .domain_define_xml = guest_domain_define_xml, \
    .domain_define_xml_flags = guest_domain_define_xml_flags, \
    .domain_destroy = guest_domain_destroy, \
    .domain_destroy_flags = guest_domain_destroy_flags, \
    .domain_get_autostart = guest_domain_get_autostart, \
    .domain_get_control_info = guest_domain_get_control_info, \
    .domain_get_max_memory = guest_domain_get_max_memory, \
    .domain_get_max_vcpus = guest_domain_get_max_vcpus, \
    .domain_get_messages = guest_domain_get_messages, \
    .domain_get_metadata = guest_domain_get_metadata, \
    .domain_get_os_type = guest_domain_get_os_type, \
    .domain_get_security_label = guest_domain_get_security_label, \
    .domain_get_state = guest_domain_get_state, \
    .domain_get_vcpus_flags = guest_domain_get_vcpus_flags, \
    .domain_get_xml_desc = guest_domain_get_xml_desc, \
    .domain_has_managed_save_image = guest_domain_has_managed_save_image, \
    .domain_is_active = guest_domain_is_active, \
    .domain_is_persistent = guest_domain_is_persistent, \
    .domain_is_updated = guest_domain_is_updated, \
    .domain_lookup_by_id = guest_domain_lookup_by_id, \
    .domain_lookup_by_name = guest_domain_lookup_by_name, \
    .domain_lookup_by_uuid = guest_domain_lookup_by_uuid, \
    .domain_open_channel = guest_domain_open_channel, \
    .domain_open_console = guest_domain_open_console, \
    .domain_rename = guest_domain_rename, \
    .domain_set_autostart = guest_domain_set_autostart, \
    .domain_set_metadata = guest_domain_set_metadata, \
    .domain_get_interface_parameters = guest_domain_get_interface_parameters, \
    .domain_interface_addresses = guest_domain_interface_addresses, \
    .domain_interface_stats = guest_domain_interface_stats, \
    .domain_set_interface_parameters = guest_domain_set_interface_parameters, \
    .domain_undefine = guest_domain_undefine, \
    .domain_undefine_flags = guest_domain_undefine_flags, \
    .node_get_security_model = guest_node_get_security_model
// clang-format on
