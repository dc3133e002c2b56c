/* ops-define.c - define, create, start, destroy, undefine, autostart, metadata */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "define.h"
#include "dhcp.h"
#include "driver.h"
#include "model/metadata.h"
#include "ops.h"
#include "port.h"
#include "rpc/event.h"
#include "start.h"

#include <string.h>

/* ---- define ---- */

/* On the network's strand. */
static bool set_config(Net *net, Network *network, GError **error)
{
    View *view = net_edit(net);

    view_set_config(view, network);
    if (!net_publish(net, view, error))
        return false;
    net_tell(net, VIR_NETWORK_EVENT_DEFINED);
    return true;
}

static bool define(const char *xml, bool validate, remote_nonnull_network *reference,
                   GError **error)
{
    g_autoptr(Network) network = define_parse(xml, validate, error);
    g_autoptr(Net) net = network ? define_net(network, error) : NULL;
    g_autoptr(Stay) stay = NULL;

    if (!net)
        return false;
    stay = strand_enter(net->object.strand, MODE_CHANGE, "network_define_xml", error);
    if (!stay || !set_config(net, g_steal_pointer(&network), error)) {
        define_undo(net);
        return false;
    }
    *reference = ops_reference(net);
    return true;
}

bool net_network_define_xml(Call *, const remote_network_define_xml_args *in,
                            remote_network_define_xml_ret *out, GError **error)
{
    return define(in->xml, false, &out->net, error);
}

bool net_network_define_xml_flags(Call *call, const remote_network_define_xml_flags_args *in,
                                  remote_network_define_xml_flags_ret *out, GError **error)
{
    return call_check_flags(call, in->flags, VIR_NETWORK_DEFINE_VALIDATE, error) &&
           define(in->xml, in->flags & VIR_NETWORK_DEFINE_VALIDATE, &out->net, error);
}

/* ---- create: what runs without a definition that stays ---- */

static bool check_inactive(Net *net, GError **error)
{
    g_autoptr(View) view = net_view(net);
    g_autofree char *name = NULL;

    if (!view_is_active(view))
        return true;
    name = object_name(&net->object);
    return fail(error, ERR_OPERATION_INVALID, "network is already active as '%s'", name);
}

static bool create(const char *xml, bool validate, remote_nonnull_network *reference,
                   GError **error)
{
    g_autoptr(Network) network = define_parse(xml, validate, error);
    g_autoptr(Net) net = network ? define_net(network, error) : NULL;
    g_autoptr(Stay) stay = NULL;

    if (!net)
        return false;
    stay = strand_enter(net->object.strand, MODE_CHANGE, "network_create_xml", error);
    if (!stay || !check_inactive(net, error) || !start_network(net, network, error)) {
        define_undo(net);
        return false;
    }
    *reference = ops_reference(net);
    return true;
}

bool net_network_create_xml(Call *, const remote_network_create_xml_args *in,
                            remote_network_create_xml_ret *out, GError **error)
{
    return create(in->xml, false, &out->net, error);
}

bool net_network_create_xml_flags(Call *call, const remote_network_create_xml_flags_args *in,
                                  remote_network_create_xml_flags_ret *out, GError **error)
{
    return call_check_flags(call, in->flags, VIR_NETWORK_CREATE_VALIDATE, error) &&
           create(in->xml, in->flags & VIR_NETWORK_CREATE_VALIDATE, &out->net, error);
}

/* ---- start and end ---- */

bool net_network_create(Call *call, const remote_network_create_args *, none *, GError **error)
{
    Net *net = net_of(call);
    g_autoptr(View) view = net_view(net);

    if (view_is_active(view))
        return fail(error, ERR_OPERATION_INVALID, "network is already active");
    return start_network(net, view->config->network, error);
}

/* Guests that are plugged in would not be plugged in again when it starts again. */
bool net_network_destroy(Call *call, const remote_network_destroy_args *, none *, GError **error)
{
    Net *net = net_of(call);
    g_autoptr(View) view = net_view(net);
    g_autofree char *user = NULL;

    if (net->gone)
        return fail(error, ERR_NO_NETWORK, "network '%s' has been removed", net->object.name);
    if (!net_check_active(net, view, error))
        return false;
    user = port_user(net);
    if (user)
        return fail(error, ERR_OPERATION_INVALID,
                    "network '%s' is in use by domain '%s', which would lose its connection",
                    net->object.name, user);
    stop_network(net);
    return true;
}

bool net_network_undefine(Call *call, const remote_network_undefine_args *, none *, GError **error)
{
    Net *net = net_of(call);
    g_autoptr(View) view = net_view(net);

    if (!view->config || net->gone)
        return fail(error, ERR_OPERATION_INVALID, "can't undefine transient network");
    if (!store_undefine(&net_store, net->object.name, error))
        return false;
    if (view_is_active(view)) {
        View *transient = net_edit(net);

        view_set_config(transient, NULL);
        transient->autostart = false;
        net_publish_anyway(net, transient);
    }
    net_tell(net, VIR_NETWORK_EVENT_UNDEFINED);
    if (view_is_active(view))
        return true;
    dhcp_forget(net->object.name);
    net_remove(net);
    return true;
}

bool net_network_set_autostart(Call *call, const remote_network_set_autostart_args *in, none *,
                               GError **error)
{
    Net *net = net_of(call);
    g_autoptr(View) now = net_view(net);
    View *view;

    if (!now->config || net->gone)
        return fail(error, ERR_OPERATION_INVALID, "cannot set autostart for transient network");
    if (now->autostart != (in->autostart != 0) &&
        !store_set_autostart(&net_store, net->object.name, in->autostart, error))
        return false;
    view = net_edit(net);
    view->autostart = in->autostart;
    return net_publish(net, view, error);
}

/* ---- title, description, metadata ---- */

typedef struct Metadata {
    const remote_network_set_metadata_args *in;
    const char *text, *key, *uri;
} Metadata;

static bool set_text(char **slot, const char *text)
{
    g_free(*slot);
    *slot = g_strdup(text && *text ? text : NULL);
    return true;
}

static bool set_element(Network *network, const Metadata *change, GError **error)
{
    GError *problem = NULL;
    char *metadata;

    if (!change->uri || (change->text && !change->key))
        return fail(error, ERR_INVALID_ARG, "a metadata element needs a key and a URI");
    metadata = metadata_set(network->metadata, change->uri, change->key, change->text, &problem);
    if (problem) {
        g_propagate_error(error, problem);
        return false;
    }
    g_free(network->metadata);
    network->metadata = metadata;
    return true;
}

static bool apply_metadata(Network *network, const void *data, GError **error)
{
    const Metadata *change = data;

    switch (change->in->type) {
    case VIR_DOMAIN_METADATA_TITLE:
        if (change->text && strchr(change->text, '\n'))
            return fail(error, ERR_INVALID_ARG, "a title may not contain line breaks");
        return set_text(&network->title, change->text);
    case VIR_DOMAIN_METADATA_DESCRIPTION:
        return set_text(&network->description, change->text);
    case VIR_DOMAIN_METADATA_ELEMENT:
        return set_element(network, change, error);
    default:
        return fail(error, ERR_INVALID_ARG, "unknown metadata type %d", change->in->type);
    }
}

bool net_network_set_metadata(Call *call, const remote_network_set_metadata_args *in, none *,
                              GError **error)
{
    Net *net = net_of(call);
    Metadata change = { in, in->metadata ? *in->metadata : NULL, in->key ? *in->key : NULL,
                        in->uri ? *in->uri : NULL };
    g_autofree char *name = object_name(&net->object);
    remote_network_event_callback_metadata_change_msg message = { .net = { .name = name },
                                                                  .type = in->type,
                                                                  .nsuri = in->uri };

    if (!call_check_flags(call, in->flags, 3, error) ||
        !ops_change(net, in->flags, apply_metadata, NULL, &change, error))
        return false;
    memcpy(message.net.uuid, net->object.uuid.bytes, UUID_SIZE);
    emit_network_event_callback_metadata_change(&net->object, &message);
    return true;
}

static const Network *definition(Net *net, const View *view, unsigned flags, GError **error)
{
    if (flags & VIR_NETWORK_UPDATE_AFFECT_LIVE && !view->live) {
        fail(error, ERR_OPERATION_INVALID, "network is not running");
        return NULL;
    }
    if (flags & VIR_NETWORK_UPDATE_AFFECT_CONFIG && !view->config)
        return fail(error, ERR_OPERATION_INVALID,
                    "network '%s' is transient: it has no persistent configuration",
                    net->object.name);
    return flags & VIR_NETWORK_UPDATE_AFFECT_CONFIG ? view->config->network : view_current(view);
}

bool net_network_get_metadata(Call *call, const remote_network_get_metadata_args *in,
                              remote_network_get_metadata_ret *out, GError **error)
{
    g_autoptr(View) view = net_view(net_of(call));
    const Network *network = definition(net_of(call), view, in->flags, error);
    GError *problem = NULL;

    if (!network || !call_check_flags(call, in->flags, 3, error))
        return false;
    switch (in->type) {
    case VIR_DOMAIN_METADATA_TITLE:
        out->metadata = g_strdup(network->title);
        break;
    case VIR_DOMAIN_METADATA_DESCRIPTION:
        out->metadata = g_strdup(network->description);
        break;
    case VIR_DOMAIN_METADATA_ELEMENT:
        out->metadata = in->uri ? metadata_get(network->metadata, *in->uri, &problem) : NULL;
        break;
    default:
        return fail(error, ERR_INVALID_ARG, "unknown metadata type %d", in->type);
    }
    if (problem) {
        g_propagate_error(error, problem);
        return false;
    }
    return out->metadata ||
           fail(error, ERR_NO_NETWORK_METADATA, "Requested metadata element is not present");
}
