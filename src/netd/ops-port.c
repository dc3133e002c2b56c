/* ops-port.c - ports, and who has which address */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"
#include "lease.h"
#include "model/list.h"
#include "ops.h"
#include "port.h"
#include "rpc/params.h"

#include <arpa/inet.h>
#include <string.h>

static remote_nonnull_network_port reference_of(Net *net, const Uuid *uuid)
{
    remote_nonnull_network_port reference = { .net = ops_reference(net) };

    memcpy(reference.uuid, uuid->bytes, UUID_SIZE);
    return reference;
}

bool net_network_list_all_ports(Call *call, const remote_network_list_all_ports_args *in,
                                remote_network_list_all_ports_ret *out, GError **error)
{
    Net *net = net_of(call);
    g_autoptr(View) view = net_view(net);
    g_autoptr(GPtrArray) all = NULL;

    if (!call_check_flags(call, in->flags, 0, error) || !net_check_active(net, view, error))
        return false;
    all = call_list(call, net->ports);
    if (all->len > REMOTE_NETWORK_PORT_LIST_MAX)
        return fail(error, ERR_RPC, "too many ports '%u' for limit '%d'", all->len,
                    REMOTE_NETWORK_PORT_LIST_MAX);
    out->ret = all->len;
    if (!in->need_results)
        return true;
    out->ports.ports_val = g_new0(remote_nonnull_network_port, all->len);
    out->ports.ports_len = all->len;
    for (guint i = 0; i < all->len; i++)
        out->ports.ports_val[i] = reference_of(net, &((Object *) all->pdata[i])->uuid);
    return true;
}

bool net_network_port_lookup_by_uuid(Call *call, const remote_network_port_lookup_by_uuid_args *in,
                                     remote_network_port_lookup_by_uuid_ret *out, GError **error)
{
    g_autoptr(Port) port = port_find(net_of(call), (const Uuid *) in->uuid, error);

    if (!port)
        return false;
    out->port = reference_of(net_of(call), &port->object.uuid);
    return true;
}

bool net_network_port_create_xml(Call *call, const remote_network_port_create_xml_args *in,
                                 remote_network_port_create_xml_ret *out, GError **error)
{
    Net *net = net_of(call);
    g_autoptr(NetworkPort) definition = NULL;
    g_autoptr(Port) port = NULL;
    unsigned known = VIR_NETWORK_PORT_CREATE_RECLAIM | VIR_NETWORK_PORT_CREATE_VALIDATE;

    if (!call_check_flags(call, in->flags, known, error))
        return false;
    definition =
        xml_parse(&port_element, in->xml,
                  in->flags & VIR_NETWORK_PORT_CREATE_VALIDATE ? XML_VALIDATE : 0, NULL, error);
    if (!definition)
        return false;
    port = port_create(net, g_steal_pointer(&definition),
                       in->flags & VIR_NETWORK_PORT_CREATE_RECLAIM ? PORT_RECLAIM : 0, error);
    if (!port)
        return false;
    out->port = reference_of(net, &port->object.uuid);
    return true;
}

static Port *find(Call *call, const remote_nonnull_network_port *reference, GError **error)
{
    return port_find(net_of(call), (const Uuid *) reference->uuid, error);
}

bool net_network_port_get_xml_desc(Call *call, const remote_network_port_get_xml_desc_args *in,
                                   remote_network_port_get_xml_desc_ret *out, GError **error)
{
    g_autoptr(Port) port = find(call, &in->port, error);
    g_autoptr(PortView) view = port ? port_view(port) : NULL;

    if (!port || !call_check_flags(call, in->flags, 0, error))
        return false;
    out->xml = xml_format(&port_element, view->port, 0);
    return true;
}

bool net_network_port_delete(Call *call, const remote_network_port_delete_args *in, none *,
                             GError **error)
{
    g_autoptr(Port) port = find(call, &in->port, error);

    return port && call_check_flags(call, in->flags, 0, error) &&
           port_delete(net_of(call), port, error);
}

/* ---- bandwidth ---- */

static bool is_told(const Bandwidth *bandwidth, const char *name)
{
    return g_str_has_prefix(name, "in") ? bandwidth->inbound.average || bandwidth->inbound.floor
                                        : bandwidth->outbound.average != 0;
}

bool net_network_port_get_parameters(Call *call, const remote_network_port_get_parameters_args *in,
                                     remote_network_port_get_parameters_ret *out, GError **error)
{
    g_autoptr(Port) port = find(call, &in->port, error);
    g_autoptr(PortView) view = port ? port_view(port) : NULL;
    g_auto(Params) params = {};

    if (!port || !call_check_flags(call, in->flags, 0, error))
        return false;
    for (size_t i = 0; i < BANDWIDTH_FIGURES; i++) {
        const uint64_t *value = slot_at(&view->port->bandwidth, bandwidth_figures[i].offset);

        if (is_told(&view->port->bandwidth, bandwidth_figures[i].name))
            params_add_uint(&params, *value, "%s", bandwidth_figures[i].name);
    }
    out->params.params_len = params_take(&params, &out->params.params_val);
    return true;
}

static bool take_param(Bandwidth *bandwidth, const remote_typed_param *param, GError **error)
{
    for (size_t i = 0; i < BANDWIDTH_FIGURES; i++) {
        if (!g_str_equal(bandwidth_figures[i].name, param->field))
            continue;
        if (param->value.type != REMOTE_TYPED_PARAM_UINT)
            return fail(error, ERR_INVALID_ARG, "parameter '%s' is no unsigned integer",
                        param->field);
        *(uint64_t *) slot_at(bandwidth, bandwidth_figures[i].offset) =
            param->value.remote_typed_param_value_u.ui;
        return true;
    }
    return fail(error, ERR_INVALID_ARG, "parameter '%s' not supported", param->field);
}

bool net_network_port_set_parameters(Call *call, const remote_network_port_set_parameters_args *in,
                                     none *, GError **error)
{
    g_autoptr(Port) port = find(call, &in->port, error);
    g_autoptr(PortView) view = port ? port_view(port) : NULL;
    Bandwidth bandwidth;

    if (!port || !call_check_flags(call, in->flags, 0, error))
        return false;
    bandwidth = view->port->bandwidth;
    for (u_int i = 0; i < in->params.params_len; i++) {
        if (!take_param(&bandwidth, &in->params.params_val[i], error))
            return false;
    }
    bandwidth_settle(&bandwidth);
    return port_set_bandwidth(net_of(call), port, &bandwidth, error);
}

/* ---- leases ---- */

static unsigned prefix_of(const Network *network, const Ip *address)
{
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        if (ip->address.family == address->family &&
            ip_in_network(address, &ip->address, network_ip_prefix(ip)))
            return network_ip_prefix(ip);
    }
    return 8 * ip_size(address->family);
}

static void tell(const Lease *lease, const Network *network, remote_network_dhcp_lease *told)
{
    char text[IP_TEXT];

    told->iface = g_strdup(network->bridge);
    told->expirytime = lease->expires;
    told->type = lease->ip.family == AF_INET6 ? VIR_IP_ADDR_TYPE_IPV6 : VIR_IP_ADDR_TYPE_IPV4;
    told->mac = ops_optional(lease->mac);
    told->iaid = ops_optional(lease->iaid);
    told->ipaddr = g_strdup(ip_print(&lease->ip, text));
    told->prefix = prefix_of(network, &lease->ip);
    told->hostname = ops_optional(lease->name);
    told->clientid = ops_optional(lease->client);
}

static bool fits(const Lease *lease, const Mac *wanted)
{
    Mac mac;

    return !wanted || (lease->mac && mac_parse(lease->mac, &mac) && mac_equal(&mac, wanted));
}

bool net_network_get_dhcp_leases(Call *call, const remote_network_get_dhcp_leases_args *in,
                                 remote_network_get_dhcp_leases_ret *out, GError **error)
{
    Net *net = net_of(call);
    g_autoptr(View) view = net_view(net);
    g_autoptr(GPtrArray) leases = NULL;
    const Network *network = view_current(view);
    Mac mac;

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    if (in->mac && !mac_parse(*in->mac, &mac))
        return fail(error, ERR_INVALID_MAC, "%s", *in->mac);
    leases = lease_list(&net->object.uuid);
    out->leases.leases_val = g_new0(remote_network_dhcp_lease, leases->len);
    for (guint i = 0; i < leases->len; i++) {
        if (!fits(leases->pdata[i], in->mac ? &mac : NULL))
            continue;
        if (in->need_results)
            tell(leases->pdata[i], network, &out->leases.leases_val[out->leases.leases_len++]);
        out->ret++;
    }
    return true;
}
