/* ops-iface.c - interfaces: what they carry, their bandwidth, the addresses behind them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/ops-iface.h"

#include "guest/hypervisor.h"
#include "guest/iface-link.h"
#include "guest/ops.h"
#include "rpc/params.h"
#include "rpc/peer.h"

#include <arpa/inet.h>
#include <string.h>

/* Of its link, or of the one inside where the host has none; NULL: it has neither. */
static const char *name_of(const Iface *iface)
{
    return iface->target ? iface->target : iface->guest_actual;
}

/* By its name or by its address. */
static Iface *find_iface(const Domain *domain, const char *device)
{
    Mac mac;
    bool is_mac = mac_parse(device, &mac);

    for (LIST_EACH(Iface, iface, domain->interfaces)) {
        if (is_mac ? mac_equal(&iface->mac, &mac) : g_strcmp0(name_of(iface), device) == 0)
            return iface;
    }
    return NULL;
}

/* ---- counters ---- */

/* A tap receives what the guest sends; a macvtap is the guest's own card, seen from the host. */
bool iface_count(const Iface *iface, LinkTraffic *received, LinkTraffic *sent, GError **error)
{
    bool is_guests = iface->type == IFACE_DIRECT || iface->actual == IFACE_DIRECT;

    return link_count(iface->target, is_guests ? received : sent, is_guests ? sent : received,
                      error);
}

void params_add_traffic(Params *params, unsigned i, const char *way, const LinkTraffic *traffic)
{
    params_add_ullong(params, traffic->bytes, "net.%u.%s.bytes", i, way);
    params_add_ullong(params, traffic->packets, "net.%u.%s.pkts", i, way);
    params_add_ullong(params, traffic->errors, "net.%u.%s.errs", i, way);
    params_add_ullong(params, traffic->drops, "net.%u.%s.drop", i, way);
}

bool guest_domain_interface_stats(Call *call, const remote_domain_interface_stats_args *in,
                                  remote_domain_interface_stats_ret *out, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));
    const Iface *iface;
    LinkTraffic received, sent;

    if (!view_check_active(view, error))
        return false;
    iface = find_iface(view->live->domain, in->device);
    if (!iface || !(iface->target || hypervisor.count))
        return fail(error, ERR_INVALID_ARG, "invalid path, '%s' is not a known interface",
                    in->device);
    if (!(iface->target ? iface_count(iface, &received, &sent, error)
                        : hypervisor.count(machine_of(call), iface, &received, &sent, error)))
        return false;
    *out = (remote_domain_interface_stats_ret){
        .rx_bytes = received.bytes,
        .rx_packets = received.packets,
        .rx_errs = received.errors,
        .rx_drop = received.drops,
        .tx_bytes = sent.bytes,
        .tx_packets = sent.packets,
        .tx_errs = sent.errors,
        .tx_drop = sent.drops,
    };
    return true;
}

/* ---- bandwidth ---- */

static Iface *require_iface(const Domain *domain, const char *device, GError **error)
{
    Iface *iface = find_iface(domain, device);

    return iface ? iface : fail(error, ERR_INVALID_ARG, "Can't find device %s", device);
}

bool guest_domain_get_interface_parameters(Call *call,
                                           const remote_domain_get_interface_parameters_args *in,
                                           remote_domain_get_interface_parameters_ret *out,
                                           GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    g_autofree char *name = object_name(&vm->object);
    unsigned known =
        VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG | VIR_TYPED_PARAM_STRING_OKAY;
    g_auto(Params) params = {};
    const Domain *domain;
    const Iface *iface = NULL;

    if (!call_check_flags(call, in->flags, known, error))
        return false;
    domain = view_definition(view, name, in->flags, error);
    if (domain && in->nparams)
        iface = require_iface(domain, in->device, error);
    if (!domain || (in->nparams && !iface))
        return false;
    for (size_t i = 0; i < BANDWIDTH_FIGURES; i++) {
        const BandwidthFigure *figure = &bandwidth_figures[i];
        uint64_t value = iface ? *(const uint64_t *) slot_at(&iface->bandwidth, figure->offset) : 0;

        params_add_uint(&params, value, "%s", figure->name);
    }
    out->params.params_len =
        params_answer(&params, in->nparams, &out->params.params_val, &out->nparams);
    return true;
}

static bool take_figure(Bandwidth *bandwidth, const remote_typed_param *param, GError **error)
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

static bool set_bandwidth(Machine *, Domain *domain, bool live, const void *data, GError **error)
{
    const remote_domain_set_interface_parameters_args *in = data;
    Iface *iface = require_iface(domain, in->device, error);
    g_autoptr(Iface) former = iface ? xml_copy(&iface_element, iface) : NULL;

    if (!iface)
        return false;
    if (!iface_has_link(iface))
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "interfaces of type '%s' have no link whose bandwidth could be limited",
                    iface_type_names[iface->type]);
    for (u_int i = 0; i < in->params.params_len; i++) {
        if (!take_figure(&iface->bandwidth, &in->params.params_val[i], error))
            return false;
    }
    bandwidth_settle(&iface->bandwidth);
    return !live || iface_change(domain, former, iface, OSTLER_CHANGE_LIMITS, error);
}

bool guest_domain_set_interface_parameters(Call *call,
                                           const remote_domain_set_interface_parameters_args *in,
                                           none *, GError **error)
{
    unsigned both = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;

    return call_check_flags(call, in->flags, both, error) &&
           ops_change(machine_of(call), in->flags, set_bandwidth, in, error);
}

/* ---- addresses ---- */

/* Of one interface, as they are found. */
typedef struct Addresses {
    const Iface *iface;
    GArray *found; /* of remote_domain_ip_addr */
} Addresses;

static void add_address(Addresses *addresses, const char *text, bool is_v6, unsigned prefix)
{
    remote_domain_ip_addr address = {
        is_v6 ? VIR_IP_ADDR_TYPE_IPV6 : VIR_IP_ADDR_TYPE_IPV4,
        g_strdup(text),
        prefix,
    };

    if (addresses->found->len < REMOTE_DOMAIN_IP_ADDR_MAX)
        g_array_append_val(addresses->found, address);
    else
        g_free(address.addr);
}

static bool find_network(const char *name, remote_network_lookup_by_name_ret *network,
                         GError **error)
{
    remote_network_lookup_by_name_args in = { (char *) name };

    return peer_network_lookup_by_name(&in, NULL, network, NULL, error);
}

static bool take_leases(Addresses *addresses, const remote_nonnull_network *network, GError **error)
{
    char text[MAC_TEXT], *mac = mac_print(&addresses->iface->mac, text);
    remote_network_get_dhcp_leases_args in = { .net = *network, .mac = &mac, .need_results = 1 };
    remote_network_get_dhcp_leases_ret out = {};

    if (!peer_network_get_dhcp_leases(&in, NULL, &out, NULL, error))
        return false;
    for (u_int i = 0; i < out.leases.leases_len; i++) {
        const remote_network_dhcp_lease *lease = &out.leases.leases_val[i];

        add_address(addresses, lease->ipaddr, lease->type == VIR_IP_ADDR_TYPE_IPV6, lease->prefix);
    }
    peer_network_get_dhcp_leases_free(&out);
    return true;
}

static bool ask_leases(Addresses *addresses, GError **error)
{
    remote_network_lookup_by_name_ret network = {};
    bool done;

    if (addresses->iface->type != IFACE_NETWORK)
        return true;
    if (!find_network(addresses->iface->network, &network, error))
        return false;
    done = take_leases(addresses, &network.net, error);
    peer_network_lookup_by_name_free(&network);
    return done;
}

static void take_neighbour(const Ip *ip, void *data)
{
    char text[IP_TEXT];

    add_address(data, ip_print(ip, text), ip->family == AF_INET6, 0);
}

static bool ask_neighbours(Addresses *addresses, GError **error)
{
    return link_foreach_neighbour(&addresses->iface->mac, take_neighbour, addresses, error);
}

static bool (*const sources[])(Addresses *addresses, GError **error) = {
    [VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE] = ask_leases,
    [VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP] = ask_neighbours,
};

static void tell_addresses(const Addresses *addresses, remote_domain_interface *told)
{
    const char *name = name_of(addresses->iface);
    char mac[MAC_TEXT];

    told->name = g_strdup(name ? name : "");
    told->hwaddr = ops_optional(mac_print(&addresses->iface->mac, mac));
    told->addrs.addrs_len = addresses->found->len;
    told->addrs.addrs_val =
        g_memdup2(addresses->found->data, addresses->found->len * sizeof(remote_domain_ip_addr));
}

static void free_addresses(GArray *found)
{
    for (guint i = 0; i < found->len; i++)
        g_free(g_array_index(found, remote_domain_ip_addr, i).addr);
}

bool guest_domain_interface_addresses(Call *call, const remote_domain_interface_addresses_args *in,
                                      remote_domain_interface_addresses_ret *out, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));
    const Domain *live;

    if (!call_check_flags(call, in->flags, 0, error) || !view_check_active(view, error))
        return false;
    if (in->source >= G_N_ELEMENTS(sources) || !sources[in->source])
        return fail(error, ERR_ARGUMENT_UNSUPPORTED,
                    "addresses of interfaces from source %u are not supported", in->source);
    live = view->live->domain;
    out->ifaces.ifaces_val = g_new0(remote_domain_interface, list_length(live->interfaces));
    for (LIST_EACH(Iface, iface, live->interfaces)) {
        g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(remote_domain_ip_addr));
        Addresses addresses = { iface, found };

        if (!sources[in->source](&addresses, error)) {
            free_addresses(found);
            return false;
        }
        if (found->len)
            tell_addresses(&addresses, &out->ifaces.ifaces_val[out->ifaces.ifaces_len++]);
    }
    return true;
}
