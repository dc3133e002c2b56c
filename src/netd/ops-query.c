/* ops-query.c - look-ups, lists, and what a network's view tells */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"
#include "model/list.h"
#include "model/metadata.h"
#include "ops.h"
#include "port.h"

#include <string.h>

char **ops_optional(const char *text)
{
    char **optional = text ? g_new(char *, 1) : NULL;

    if (text)
        *optional = g_strdup(text);
    return optional;
}

remote_nonnull_network ops_reference(Net *net)
{
    remote_nonnull_network reference = { .name = object_name(&net->object) };

    memcpy(reference.uuid, net->object.uuid.bytes, UUID_SIZE);
    return reference;
}

/* ---- look-ups ---- */

/* Nobody is told of a network that is still being made. */
static Object *known(Object *found)
{
    if (found && !net_is_known((Net *) found))
        g_clear_pointer(&found, object_unref);
    return found;
}

Object *ops_find_network(const remote_nonnull_network *reference, GError **error)
{
    const Uuid *uuid = (const Uuid *) reference->uuid;
    Object *found = known(registry_find_uuid(nets, uuid));
    char text[UUID_TEXT];

    if (found)
        return found;
    return fail(error, ERR_NO_NETWORK, "no network with matching uuid '%s' (%s)",
                uuid_print(uuid, text), reference->name);
}

static bool answer(Object *found, remote_nonnull_network *reference)
{
    *reference = ops_reference((Net *) found);
    object_unref(found);
    return true;
}

bool net_network_lookup_by_name(Call *, const remote_network_lookup_by_name_args *in,
                                remote_network_lookup_by_name_ret *out, GError **error)
{
    Object *found = known(registry_find_name(nets, in->name));

    if (!found)
        return fail(error, ERR_NO_NETWORK, "no network with matching name '%s'", in->name);
    return answer(found, &out->net);
}

bool net_network_lookup_by_uuid(Call *, const remote_network_lookup_by_uuid_args *in,
                                remote_network_lookup_by_uuid_ret *out, GError **error)
{
    const Uuid *uuid = (const Uuid *) in->uuid;
    Object *found = known(registry_find_uuid(nets, uuid));
    char text[UUID_TEXT];

    if (!found)
        return fail(error, ERR_NO_NETWORK, "no network with matching uuid '%s'",
                    uuid_print(uuid, text));
    return answer(found, &out->net);
}

/* ---- lists ---- */

/* What a client's filter asks about: of each group of bits, one that is true of the network must be
 * set, or none of the group. */
static bool filter_matches(const View *view, unsigned filter)
{
    static const unsigned groups[] = {
        VIR_CONNECT_LIST_NETWORKS_ACTIVE | VIR_CONNECT_LIST_NETWORKS_INACTIVE,
        VIR_CONNECT_LIST_NETWORKS_PERSISTENT | VIR_CONNECT_LIST_NETWORKS_TRANSIENT,
        VIR_CONNECT_LIST_NETWORKS_AUTOSTART | VIR_CONNECT_LIST_NETWORKS_NO_AUTOSTART,
    };
    unsigned bits =
        (view->live ? VIR_CONNECT_LIST_NETWORKS_ACTIVE : VIR_CONNECT_LIST_NETWORKS_INACTIVE) |
        (view->config ? VIR_CONNECT_LIST_NETWORKS_PERSISTENT
                      : VIR_CONNECT_LIST_NETWORKS_TRANSIENT) |
        (view->autostart ? VIR_CONNECT_LIST_NETWORKS_AUTOSTART
                         : VIR_CONNECT_LIST_NETWORKS_NO_AUTOSTART);

    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (filter & groups[i] && !(filter & groups[i] & bits))
            return false;
    }
    return true;
}

/* Those that pass the filter and that the caller may be told of. */
static GPtrArray *list(const Call *call, unsigned filter)
{
    GPtrArray *all = net_list(false);

    for (guint i = all->len; i-- > 0;) {
        g_autoptr(View) view = net_view(all->pdata[i]);

        if (!filter_matches(view, filter) || !call_sees(call, all->pdata[i]))
            g_ptr_array_remove_index_fast(all, i);
    }
    return all;
}

bool net_connect_list_all_networks(Call *call, const remote_connect_list_all_networks_args *in,
                                   remote_connect_list_all_networks_ret *out, GError **error)
{
    g_autoptr(GPtrArray) found = NULL;

    if (!call_check_flags(call, in->flags, 0x3f, error))
        return false;
    found = list(call, in->flags);
    if (found->len > REMOTE_NETWORK_LIST_MAX)
        return fail(error, ERR_RPC, "too many networks '%u' for limit '%d'", found->len,
                    REMOTE_NETWORK_LIST_MAX);
    out->ret = found->len;
    if (!in->need_results)
        return true;
    out->nets.nets_val = g_new0(remote_nonnull_network, found->len);
    out->nets.nets_len = found->len;
    for (guint i = 0; i < found->len; i++)
        out->nets.nets_val[i] = ops_reference(found->pdata[i]);
    return true;
}

static int count(const Call *call, unsigned filter)
{
    g_autoptr(GPtrArray) found = list(call, filter);

    return found->len;
}

static unsigned list_names(const Call *call, unsigned filter, int room, char ***names)
{
    g_autoptr(GPtrArray) found = list(call, filter);
    unsigned given = MIN(found->len, (unsigned) CLAMP(room, 0, REMOTE_NETWORK_LIST_MAX));

    *names = g_new0(char *, given);
    for (guint i = 0; i < given; i++)
        (*names)[i] = object_name(found->pdata[i]);
    return given;
}

bool net_connect_num_of_networks(Call *call, const none *, remote_connect_num_of_networks_ret *out,
                                 GError **)
{
    out->num = count(call, VIR_CONNECT_LIST_NETWORKS_ACTIVE);
    return true;
}

bool net_connect_num_of_defined_networks(Call *call, const none *,
                                         remote_connect_num_of_defined_networks_ret *out, GError **)
{
    out->num = count(call, VIR_CONNECT_LIST_NETWORKS_INACTIVE);
    return true;
}

bool net_connect_list_networks(Call *call, const remote_connect_list_networks_args *in,
                               remote_connect_list_networks_ret *out, GError **)
{
    out->names.names_len =
        list_names(call, VIR_CONNECT_LIST_NETWORKS_ACTIVE, in->maxnames, &out->names.names_val);
    return true;
}

bool net_connect_list_defined_networks(Call *call,
                                       const remote_connect_list_defined_networks_args *in,
                                       remote_connect_list_defined_networks_ret *out, GError **)
{
    out->names.names_len =
        list_names(call, VIR_CONNECT_LIST_NETWORKS_INACTIVE, in->maxnames, &out->names.names_val);
    return true;
}

/* ---- one network ---- */

bool net_network_is_active(Call *call, const remote_network_is_active_args *,
                           remote_network_is_active_ret *out, GError **)
{
    g_autoptr(View) view = net_view(net_of(call));

    out->active = view_is_active(view);
    return true;
}

bool net_network_is_persistent(Call *call, const remote_network_is_persistent_args *,
                               remote_network_is_persistent_ret *out, GError **)
{
    g_autoptr(View) view = net_view(net_of(call));

    out->persistent = view->config != NULL;
    return true;
}

bool net_network_get_autostart(Call *call, const remote_network_get_autostart_args *,
                               remote_network_get_autostart_ret *out, GError **)
{
    g_autoptr(View) view = net_view(net_of(call));

    out->autostart = view->autostart;
    return true;
}

bool net_network_get_bridge_name(Call *call, const remote_network_get_bridge_name_args *,
                                 remote_network_get_bridge_name_ret *out, GError **error)
{
    g_autoptr(View) view = net_view(net_of(call));
    const Network *network = view_current(view);

    if (!network->bridge)
        return fail(error, ERR_INTERNAL, "network '%s' does not have a bridge name.",
                    network->name);
    out->name = g_strdup(network->bridge);
    return true;
}

/* What netd itself has to say of a network is an element among those of applications. */
#define MESSAGES_URI "urn:ostler:messages"

/* NULL: there is nothing to say. */
static char *with_messages(const char *metadata, const View *view)
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autofree char *text = NULL;

    for (size_t i = 0; i < MESSAGES; i++) {
        if (view->messages[i])
            g_string_append_printf(all, "%s%s", all->len ? "\n" : "", view->messages[i]);
    }
    text = g_markup_printf_escaped("<messages>%s</messages>", all->str);
    return all->len ? metadata_set(metadata, MESSAGES_URI, "ostler", text, NULL) : NULL;
}

/* A copy, with the numbers of those who are connected. */
static char *format_live(Net *net, const View *view)
{
    g_autoptr(Network) shown = xml_copy(&network_element, view->live->network);
    g_autofree char *metadata = NULL;

    port_count(net, shown);
    metadata = with_messages(shown->metadata, view);
    if (metadata) {
        g_free(shown->metadata);
        shown->metadata = g_steal_pointer(&metadata);
    }
    return xml_format(&network_element, shown, XML_LIVE);
}

bool net_network_get_xml_desc(Call *call, const remote_network_get_xml_desc_args *in,
                              remote_network_get_xml_desc_ret *out, GError **error)
{
    g_autoptr(View) view = net_view(net_of(call));

    if (!call_check_flags(call, in->flags, VIR_NETWORK_XML_INACTIVE, error))
        return false;
    if (view->live && (!view->config || !(in->flags & VIR_NETWORK_XML_INACTIVE)))
        out->xml = in->flags & VIR_NETWORK_XML_INACTIVE
                       ? xml_format(&network_element, view->live->network, 0)
                       : format_live(net_of(call), view);
    else
        out->xml = xml_format(&network_element, view->config->network, 0);
    return true;
}
