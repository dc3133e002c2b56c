/* ops-update.c - changes of one section of a definition: what may be changed, and how, by table
 *
 * A section is a list in the definition; the text is one element of it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "define.h"
#include "dhcp.h"
#include "driver.h"
#include "firewall.h"
#include "model/list.h"
#include "ops.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* ---- applying a change ---- */

static bool change_copy(const Network *network, bool live, OpsChange *change, const void *data,
                        Network **changed, GError **error)
{
    g_autoptr(Network) copy = xml_copy(&network_element, network);

    if (!change(copy, data, error) || !network_check(copy, live, error) ||
        !define_check_trust(copy, error))
        return false;
    *changed = g_steal_pointer(&copy);
    return true;
}

static bool check_affected(const View *view, unsigned flags, GError **error)
{
    if (flags & VIR_NETWORK_UPDATE_AFFECT_LIVE && !view->live)
        return fail(error, ERR_OPERATION_INVALID, "network is not running");
    if (flags & VIR_NETWORK_UPDATE_AFFECT_CONFIG && !view->config)
        return fail(error, ERR_OPERATION_INVALID,
                    "cannot change persistent config of a transient network");
    return true;
}

bool ops_change(Net *net, unsigned flags, OpsChange *change, OpsMade *made, const void *data,
                GError **error)
{
    g_autoptr(View) now = net_view(net);
    g_autoptr(Network) live = NULL, config = NULL;
    View *view;

    if (!(flags & (VIR_NETWORK_UPDATE_AFFECT_LIVE | VIR_NETWORK_UPDATE_AFFECT_CONFIG)))
        flags |= now->live ? VIR_NETWORK_UPDATE_AFFECT_LIVE : VIR_NETWORK_UPDATE_AFFECT_CONFIG;
    if (!check_affected(now, flags, error))
        return false;
    if (flags & VIR_NETWORK_UPDATE_AFFECT_CONFIG &&
        !change_copy(now->config->network, false, change, data, &config, error))
        return false;
    if (flags & VIR_NETWORK_UPDATE_AFFECT_LIVE &&
        !change_copy(now->live->network, true, change, data, &live, error))
        return false;
    if (live && made && !made(net, now->live->network, live, error))
        return false;
    view = net_edit(net);
    if (config)
        view_set_config(view, g_steal_pointer(&config));
    if (live)
        view_set_live(view, g_steal_pointer(&live));
    return net_publish(net, view, error);
}

/* ---- sections ---- */

typedef struct Section Section;

/* What a client asks for. */
typedef struct Update {
    const Section *section;
    unsigned command;
    int index;
    const char *xml;
} Update;

struct Section {
    const char *name;   /* in messages */
    const char *plural; /* of what cannot be modified; NULL: it can */
    XmlElement *element;
    /* The list; NULL and an error when the definition has none. */
    GPtrArray **(*find)(Network *network, const Update *update, GError **error);
    /* Whether an item is the one that another tells: given in an addition, in any other command. */
    bool (*clashes)(const void *item, const void *other);
    bool (*is_meant)(const void *item, const void *other);
    /* Of the item that is told; NULL: with the definition as a whole. */
    bool (*check)(const Network *network, const Update *update, const void *item, GError **error);
};

static bool is_partial(const Update *update)
{
    return update->command == VIR_NETWORK_UPDATE_COMMAND_DELETE;
}

static bool same_text(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }
static bool fits_text(const char *item, const char *given)
{
    return !given || same_text(item, given);
}

static NetworkIp *with_dhcp(const Network *network)
{
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        if (ip->address.family == AF_INET && network_ip_has_dhcp(ip))
            return ip;
    }
    return NULL;
}

/* The one that the index says; without an index the one with DHCP, or else the first. */
static NetworkIp *find_ip(const Network *network, const Update *update, GError **error)
{
    int index = update->index;
    NetworkIp *ip = index < 0 ? with_dhcp(network) : NULL;

    if (!ip && (unsigned) MAX(index, 0) < list_length(network->ips))
        ip = network->ips->pdata[MAX(index, 0)];
    if (ip)
        return ip;
    if (index < 0)
        return fail(error, ERR_OPERATION_INVALID,
                    "couldn't update %s entry - no <ip> element found in network '%s'",
                    update->section->name, network->name);
    return fail(error, ERR_OPERATION_INVALID,
                "couldn't update %s entry - no <ip> element found at index %d in network '%s'",
                update->section->name, index, network->name);
}

static GPtrArray **find_hosts(Network *network, const Update *update, GError **error)
{
    NetworkIp *ip = find_ip(network, update, error);

    return ip ? &ip->hosts : NULL;
}

static GPtrArray **find_ranges(Network *network, const Update *update, GError **error)
{
    NetworkIp *ip = find_ip(network, update, error);

    return ip ? &ip->ranges : NULL;
}

static bool same_host_ip(const DhcpHost *a, const DhcpHost *b)
{
    return ip_is_set(&a->ip) && ip_equal(&a->ip, &b->ip);
}

static bool hosts_clash(const void *item, const void *other)
{
    const DhcpHost *a = item, *b = other;

    return (a->mac && b->mac && g_ascii_strcasecmp(a->mac, b->mac) == 0) ||
           same_text(a->name, b->name) || same_text(a->id, b->id) || same_host_ip(a, b);
}

/* All that is given. */
static bool host_is_meant(const void *item, const void *other)
{
    const DhcpHost *a = item, *b = other;

    return (!b->mac || (a->mac && g_ascii_strcasecmp(a->mac, b->mac) == 0)) &&
           fits_text(a->name, b->name) && fits_text(a->id, b->id) &&
           (!ip_is_set(&b->ip) || ip_equal(&a->ip, &b->ip));
}

static bool check_host(const Network *network, const Update *update, const void *item,
                       GError **error)
{
    const NetworkIp *ip = find_ip(network, update, error);
    const DhcpHost *host = item;

    if (!ip)
        return false;
    if (ip_is_set(&host->ip) && host->ip.family != ip->address.family)
        return fail(error, ERR_OPERATION_INVALID,
                    "the address of a host entry must be of the same family as that of the <ip> "
                    "element it is in, in network '%s'",
                    network->name);
    return network_check_host(network, ip, host, is_partial(update), error);
}

static bool check_range(const Network *network, const Update *update, const void *item,
                        GError **error)
{
    const NetworkIp *ip = find_ip(network, update, error);

    return ip && network_check_range(ip, item, error);
}

static bool same_range(const void *item, const void *other)
{
    const DhcpRange *a = item, *b = other;

    return ip_equal(&a->start, &b->start) && ip_equal(&a->end, &b->end);
}

static GPtrArray **find_interfaces(Network *network, const Update *, GError **)
{
    g_clear_pointer(&network->forward.dev, g_free); /* is again the first of them */
    return &network->forward.interfaces;
}

static bool same_interface(const void *item, const void *other)
{
    return same_text(((const ForwardInterface *) item)->dev,
                     ((const ForwardInterface *) other)->dev);
}

static GPtrArray **find_portgroups(Network *network, const Update *, GError **)
{
    return &network->portgroups;
}

static bool same_portgroup(const void *item, const void *other)
{
    return same_text(((const Portgroup *) item)->name, ((const Portgroup *) other)->name);
}

static GPtrArray **find_dns_hosts(Network *network, const Update *, GError **)
{
    return &network->dns.hosts;
}

static bool has_name(const DnsHost *host, const char *name)
{
    for (LIST_EACH(DnsName, own, host->names)) {
        if (same_text(own->name, name))
            return true;
    }
    return false;
}

/* A name may have an address of each family. */
static bool dns_hosts_clash(const void *item, const void *other)
{
    const DnsHost *a = item, *b = other;

    return ip_equal(&a->ip, &b->ip);
}

/* By its address or any of its names. */
static bool dns_host_is_meant(const void *item, const void *other)
{
    const DnsHost *a = item, *b = other;

    for (LIST_EACH(DnsName, name, b->names)) {
        if (has_name(a, name->name))
            return true;
    }
    return ip_is_set(&b->ip) && ip_equal(&a->ip, &b->ip);
}

static bool check_dns_host(const Network *network, const Update *update, const void *item,
                           GError **error)
{
    return network_check_dns_host(network, item, is_partial(update), error);
}

static GPtrArray **find_texts(Network *network, const Update *, GError **)
{
    return &network->dns.texts;
}

static bool same_text_record(const void *item, const void *other)
{
    return same_text(((const DnsText *) item)->name, ((const DnsText *) other)->name);
}

static bool check_text(const Network *network, const Update *update, const void *item,
                       GError **error)
{
    return network_check_text(network, item, is_partial(update), error);
}

static GPtrArray **find_services(Network *network, const Update *, GError **)
{
    return &network->dns.services;
}

static bool same_service(const void *item, const void *other)
{
    const DnsService *a = item, *b = other;

    return fits_text(a->service, b->service) && fits_text(a->protocol, b->protocol) &&
           fits_text(a->domain, b->domain) && fits_text(a->target, b->target);
}

static bool check_service(const Network *network, const Update *update, const void *item,
                          GError **error)
{
    return network_check_service(network, item, is_partial(update), error);
}

static const Section sections[] = {
    [VIR_NETWORK_SECTION_BRIDGE] = { "bridge" },
    [VIR_NETWORK_SECTION_DOMAIN] = { "domain" },
    [VIR_NETWORK_SECTION_IP] = { "ip" },
    [VIR_NETWORK_SECTION_IP_DHCP_HOST] = { "dhcp host", NULL, &dhcp_host_element, find_hosts,
                                           hosts_clash, host_is_meant, check_host },
    [VIR_NETWORK_SECTION_IP_DHCP_RANGE] = { "dhcp range", "dhcp ranges", &dhcp_range_element,
                                            find_ranges, same_range, same_range, check_range },
    [VIR_NETWORK_SECTION_FORWARD] = { "forward" },
    [VIR_NETWORK_SECTION_FORWARD_INTERFACE] = { "interface", "forward interface entries",
                                                &forward_interface_element, find_interfaces,
                                                same_interface, same_interface },
    [VIR_NETWORK_SECTION_FORWARD_PF] = { "forward pf" },
    [VIR_NETWORK_SECTION_PORTGROUP] = { "portgroup", NULL, &portgroup_element, find_portgroups,
                                        same_portgroup, same_portgroup },
    [VIR_NETWORK_SECTION_DNS_HOST] = { "DNS HOST", "DNS HOST records", &dns_host_element,
                                       find_dns_hosts, dns_hosts_clash, dns_host_is_meant,
                                       check_dns_host },
    [VIR_NETWORK_SECTION_DNS_TXT] = { "DNS TXT", "DNS TXT records", &dns_text_element, find_texts,
                                      same_text_record, same_text_record, check_text },
    [VIR_NETWORK_SECTION_DNS_SRV] = { "DNS SRV", "DNS SRV records", &dns_service_element,
                                      find_services, same_service, same_service, check_service },
};

/* ---- commands ---- */

enum { COMMAND_ADD_LAST = 3 };

static bool add(const Update *update, const Network *network, GPtrArray **list, void *item,
                GError **error)
{
    const Section *section = update->section;

    for (guint i = 0; i < list_length(*list); i++) {
        if (section->clashes((*list)->pdata[i], item))
            return fail(error, ERR_OPERATION_INVALID,
                        "there is an existing %s entry in network '%s' that matches \"%s\"",
                        section->name, network->name, update->xml);
    }
    list_insert(list,
                update->command == VIR_NETWORK_UPDATE_COMMAND_ADD_FIRST ? 0 : list_length(*list),
                xml_copy(section->element, item));
    return true;
}

/* The only one that is meant; -1 and an error when there is none, or are several. */
static int find_meant(const Update *update, const Network *network, const GPtrArray *list,
                      const void *item, GError **error)
{
    const Section *section = update->section;
    int found = -1;

    for (guint i = 0; i < list_length(list); i++) {
        if (!section->is_meant(list->pdata[i], item))
            continue;
        if (found >= 0) {
            fail(error, ERR_OPERATION_INVALID,
                 "multiple matching %s entries were found in network "
                 "'%s'",
                 section->name, network->name);
            return -1;
        }
        found = i;
    }
    if (found < 0)
        fail(error, ERR_OPERATION_INVALID,
             "couldn't locate a matching %s entry in network '%s': %s", section->name,
             network->name, update->xml);
    return found;
}

static bool remove_item(const Update *update, const Network *network, GPtrArray **list,
                        const void *item, GError **error)
{
    int at = find_meant(update, network, *list, item, error);

    if (at < 0)
        return false;
    xml_free(update->section->element, g_ptr_array_steal_index(*list, at));
    return true;
}

/* A host is known by its MAC address, or else by its name. */
static bool host_is_changed(const void *item, const void *other)
{
    const DhcpHost *a = item, *b = other;

    return (a->mac && b->mac && g_ascii_strcasecmp(a->mac, b->mac) == 0) ||
           same_text(a->name, b->name) || same_text(a->id, b->id);
}

static bool modify(const Update *update, const Network *network, GPtrArray **list, void *item,
                   GError **error)
{
    const Section *section = update->section;
    bool is_host = section->element == &dhcp_host_element;

    if (section->plural)
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "%s cannot be modified, only added or deleted", section->plural);
    for (guint i = 0; i < list_length(*list); i++) {
        void *there = (*list)->pdata[i];

        if (!(is_host ? host_is_changed(there, item) : section->is_meant(there, item)))
            continue;
        (*list)->pdata[i] = xml_copy(section->element, item);
        xml_free(section->element, there);
        return true;
    }
    return fail(error, ERR_OPERATION_INVALID,
                "couldn't locate an existing %s entry in network '%s' matching %s", section->name,
                network->name, update->xml);
}

static bool check_default(const Network *network, const Update *update, const void *item,
                          GError **error)
{
    const Portgroup *group = item, *standard = network_portgroup(network, NULL);

    if (update->section->element != &portgroup_element ||
        update->command == VIR_NETWORK_UPDATE_COMMAND_DELETE || group->is_default != SWITCH_ON ||
        !standard || same_text(standard->name, group->name))
        return true;
    return fail(error, ERR_OPERATION_INVALID,
                "a different portgroup entry in network '%s' is already set as the default. Only "
                "one default is allowed.",
                network->name);
}

static bool carry_out(Network *network, const Update *update, void *item, GError **error)
{
    const Section *section = update->section;
    GPtrArray **list = section->find(network, update, error);

    if (!list || (section->check && !section->check(network, update, item, error)) ||
        !check_default(network, update, item, error))
        return false;
    switch (update->command) {
    case VIR_NETWORK_UPDATE_COMMAND_ADD_FIRST:
    case COMMAND_ADD_LAST:
        return add(update, network, list, item, error);
    case VIR_NETWORK_UPDATE_COMMAND_DELETE:
        return remove_item(update, network, list, item, error);
    case VIR_NETWORK_UPDATE_COMMAND_MODIFY:
        return modify(update, network, list, item, error);
    default:
        return fail(error, ERR_OPERATION_UNSUPPORTED, "unrecognized network update command code %u",
                    update->command);
    }
}

static bool apply(Network *network, const void *data, GError **error)
{
    const Update *update = data;
    void *item = xml_parse(update->section->element, update->xml, 0, NULL, error);
    bool done = item && carry_out(network, update, item, error);

    xml_free(update->section->element, item);
    return done;
}

/* ---- what it means for what runs ---- */

static bool is_refresh(const Section *section)
{
    return section->element == &dhcp_host_element || section->element == &dns_host_element;
}

static bool restart_dhcp(Net *net, const Network *former, const Network *now, GError **error)
{
    dhcp_stop(net);
    if (dhcp_start(net, now, error))
        return true;
    (void) dhcp_start(net, former, NULL);
    return false;
}

/* The first static host of a network without ranges begins DHCP, which takes a restart. */
static bool refresh(Net *net, const Network *former, const Network *now, GError **error)
{
    bool had = with_dhcp(former), has = with_dhcp(now);

    return had == has ? dhcp_refresh(net, now, error) : restart_dhcp(net, former, now, error);
}

static bool change_rules(Net *net, const Network *, const Network *now, GError **error)
{
    return firewall_add(net, now, error);
}

static bool nothing(Net *, const Network *, const Network *, GError **) { return true; }

static OpsMade *consequence(const Section *section)
{
    if (is_refresh(section))
        return refresh;
    if (section->element == &portgroup_element)
        return nothing;
    return section->element == &forward_interface_element ? change_rules : restart_dhcp;
}

bool net_network_update(Call *call, const remote_network_update_args *in, none *, GError **error)
{
    Net *net = net_of(call);
    bool known = in->section > 0 && in->section < G_N_ELEMENTS(sections);
    Update update = { &sections[known ? in->section : 0], in->command, in->parent_index, in->xml };

    g_autoptr(View) view = net_view(net);

    if (!call_check_flags(call, in->flags, 3, error) || !check_affected(view, in->flags, error))
        return false;
    if (!known)
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "can't update unrecognized section of network");
    if (!update.section->element)
        return fail(error, ERR_OPERATION_UNSUPPORTED, "can't update '%s' section of network '%s'",
                    update.section->name, net->object.name);
    return ops_change(net, in->flags, apply, consequence(update.section), &update, error);
}
