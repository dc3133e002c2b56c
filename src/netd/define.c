/* define.c - from a client's XML to a definition that netd can start */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "define.h"

#include "function.h"
#include "host/link.h"
#include "model/list.h"

#include <string.h>

static const uint8_t vendor[3] = { 0x52, 0x54, 0x00 };

/* ---- the bridge's name ---- */

static bool definition_has_bridge(const Definition *definition, const char *bridge)
{
    return definition && forward_has_bridge(definition->network->forward.mode) &&
           g_strcmp0(definition->network->bridge, bridge) == 0;
}

/* Another network that has the bridge now or would have it, counted; NULL: none. */
static Net *holder_of(const Network *network, const char *bridge)
{
    g_autoptr(GPtrArray) all = registry_list(nets);

    for (guint i = 0; i < all->len; i++) {
        Net *net = all->pdata[i];
        g_autoptr(View) view = net_view(net);

        if (!uuid_equal(&net->object.uuid, &network->uuid) &&
            (definition_has_bridge(view->config, bridge) ||
             definition_has_bridge(view->live, bridge)))
            return net_ref(net);
    }
    return NULL;
}

bool define_check_bridge(const Network *network, GError **error)
{
    g_autoptr(Net) holder = NULL;
    g_autofree char *name = NULL;

    if (!forward_has_bridge(network->forward.mode))
        return true;
    holder = holder_of(network, network->bridge);
    if (!holder)
        return true;
    name = object_name(&holder->object);
    return fail(error, ERR_INTERNAL, "bridge name '%s' already in use by network '%s'",
                network->bridge, name);
}

/* The one it has had so far, when the definition does not say. */
static bool keep_former(Network *network)
{
    g_autoptr(Net) former = (Net *) registry_find_uuid(nets, &network->uuid);
    g_autoptr(View) view = former ? net_view(former) : NULL;
    const Definition *last = !view ? NULL : view->config ? view->config : view->live;

    if (!last || !forward_has_bridge(last->network->forward.mode))
        return false;
    network->bridge = g_strdup(last->network->bridge);
    return network->bridge != NULL;
}

static bool name_bridge(Network *network, GError **error)
{
    g_autofree char *pattern = NULL;
    const char *number;

    if (!network->bridge && keep_former(network))
        return true;
    pattern = network->bridge ? g_steal_pointer(&network->bridge) : g_strdup("virbr%d");
    number = strstr(pattern, "%d");
    for (unsigned i = 0; i < 16384; i++) {
        g_autoptr(Net) holder = NULL;

        g_free(network->bridge);
        network->bridge =
            g_strdup_printf("%.*s%u%s", (int) (number - pattern), pattern, i, number + 2);
        if (strlen(network->bridge) >= IFNAMSIZ)
            break;
        holder = holder_of(network, network->bridge);
        if (!holder && !if_nametoindex(network->bridge))
            return true;
    }
    return fail(error, ERR_INTERNAL, "all bridge names like '%s' are in use", pattern);
}

/* ---- which network it is ---- */

/* Takes other over. */
static Net *check_same(Net *other, const Network *network, GError **error)
{
    g_autoptr(Net) net = other;
    g_autofree char *name = object_name(&net->object);
    char text[UUID_TEXT];

    if (!uuid_equal(&net->object.uuid, &network->uuid))
        return fail(error, ERR_OPERATION_FAILED, "network '%s' already exists with uuid %s", name,
                    uuid_print(&net->object.uuid, text));
    if (!g_str_equal(name, network->name))
        return fail(error, ERR_OPERATION_FAILED, "network '%s' is already defined with uuid %s",
                    name, uuid_print(&network->uuid, text));
    return g_steal_pointer(&net);
}

static bool name_is_its_own(const Network *network, GError **error)
{
    Net *other = (Net *) registry_find_name(nets, network->name);
    g_autoptr(Net) same = other ? check_same(other, network, error) : NULL;

    return !other || same;
}

/* ---- what is not served ---- */

static bool trusts_guests(const Network *network)
{
    for (LIST_EACH(Portgroup, group, network->portgroups)) {
        if (group->trust_guest_rx_filters == SWITCH_ON)
            return true;
    }
    return network->trust_guest_rx_filters == SWITCH_ON;
}

/* It is for macvtap that it says something. */
bool define_check_trust(const Network *network, GError **error)
{
    return network->bridge || network->forward.mode == FORWARD_HOSTDEV ||
           forward_has_bridge(network->forward.mode) || !trusts_guests(network) ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "trustGuestRxFilters='yes' is not supported, in network '%s'", network->name);
}

/* ---- what a definition does not say ---- */

static bool complete(Network *network, GError **error)
{
    if (uuid_is_zero(&network->uuid))
        network->uuid = uuid_random();
    if (!define_check_trust(network, error) || !function_check_pool(network, error))
        return false;
    if (!forward_has_bridge(network->forward.mode))
        return true;
    if (mac_is_zero(&network->mac))
        network->mac = mac_random(vendor);
    if (!name_is_its_own(network, error))
        return false;
    if (network->bridge && !strstr(network->bridge, "%d"))
        return define_check_bridge(network, error);
    return name_bridge(network, error);
}

Network *define_parse(const char *xml, bool validate, GError **error)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Network) network =
        xml_parse(&network_element, xml, validate ? XML_VALIDATE : 0, warnings, error);

    if (!network || !store_check_name(network->name, error))
        return NULL;
    for (guint i = 0; i < warnings->len; i++)
        g_warning("definition of network '%s': %s", network->name, (char *) warnings->pdata[i]);
    return complete(network, error) ? g_steal_pointer(&network) : NULL;
}

Net *define_net(const Network *network, GError **error)
{
    g_autoptr(Net) net = net_new(&network->uuid, network->name);
    Object *other = registry_add(nets, &net->object);

    return other ? check_same((Net *) other, network, error) : g_steal_pointer(&net);
}

void define_undo(Net *net)
{
    if (net_is_known(net) || net->gone)
        return;
    net->gone = true;
    registry_remove(nets, &net->object);
}
