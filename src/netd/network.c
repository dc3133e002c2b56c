/* network.c - publishing a network's view */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network.h"

#include "base/log.h"
#include "rpc/event.h"
#include "state.h"

#include <string.h>

Registry *nets;
Store net_store;

/* ---- definitions and views ---- */

Definition *definition_new(Network *network)
{
    Definition *definition = g_atomic_rc_box_new0(Definition);

    definition->network = network;
    return definition;
}

Definition *definition_ref(Definition *definition)
{
    return definition ? g_atomic_rc_box_acquire(definition) : NULL;
}

static void definition_clear(void *data) { network_free(((Definition *) data)->network); }

void definition_unref(Definition *definition)
{
    if (definition)
        g_atomic_rc_box_release_full(definition, definition_clear);
}

void view_clear_messages(View *view)
{
    for (size_t i = 0; i < MESSAGES; i++)
        g_clear_pointer(&view->messages[i], g_free);
}

static void view_clear(void *data)
{
    View *view = data;

    definition_unref(view->config);
    definition_unref(view->live);
    view_clear_messages(view);
}

void view_unref(View *view)
{
    if (view)
        g_atomic_rc_box_release_full(view, view_clear);
}

void view_set_config(View *view, Network *network)
{
    definition_unref(view->config);
    view->config = network ? definition_new(network) : NULL;
}

void view_set_live(View *view, Network *network)
{
    definition_unref(view->live);
    view->live = network ? definition_new(network) : NULL;
}

/* ---- networks ---- */

static void net_free(Object *object) { registry_free(((Net *) object)->ports); }

Net *net_new(const Uuid *uuid, const char *name)
{
    Net *net = g_new0(Net, 1);

    object_init(&net->object, uuid, name);
    net->object.free = net_free;
    net->object.clear_view = view_clear;
    net->ports = registry_new();
    object_swap_view(&net->object, g_atomic_rc_box_new0(View));
    return net;
}

View *net_view(Net *net) { return object_view(&net->object); }

bool net_is_known(Net *net)
{
    g_autoptr(View) view = net_view(net);

    return view->config || view->live;
}

GPtrArray *net_list(bool active_only)
{
    g_autoptr(GPtrArray) all = registry_list(nets);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) (void *) object_unref);

    for (guint i = 0; i < all->len; i++) {
        g_autoptr(View) view = net_view(all->pdata[i]);

        if (view->live || (view->config && !active_only))
            g_ptr_array_add(list, object_ref(all->pdata[i]));
    }
    return list;
}

View *net_edit(Net *net)
{
    g_autoptr(View) now = net_view(net);
    View *copy = g_atomic_rc_box_new(View);

    *copy = *now;
    copy->config = definition_ref(now->config);
    copy->live = definition_ref(now->live);
    for (size_t i = 0; i < MESSAGES; i++)
        copy->messages[i] = g_strdup(now->messages[i]);
    return copy;
}

bool net_check_active(Net *net, const View *view, GError **error)
{
    g_autofree char *name = NULL;

    if (view_is_active(view))
        return true;
    name = object_name(&net->object);
    return fail(error, ERR_OPERATION_INVALID, "network '%s' is not active", name);
}

/* ---- publishing ---- */

static bool save(Net *net, const View *view, GError **error)
{
    g_autoptr(View) former = net_view(net);
    g_autofree char *name = object_name(&net->object);
    g_autofree char *xml = NULL;

    if (view->config && view->config != former->config) {
        xml = xml_format(&network_element, view->config->network, 0);
        if (!store_define(&net_store, name, xml, error))
            return false;
        g_clear_pointer(&xml, g_free);
    }
    if (!view->live)
        return !former->live || store_drop_state(&net_store, name, error);
    xml = state_format(net, view);
    return store_save_state(&net_store, name, xml, error);
}

bool net_publish(Net *net, View *view, GError **error)
{
    bool saved = net->gone ? fail(error, ERR_NO_NETWORK, "network '%s' has been removed",
                                  net->object.name) != NULL
                           : save(net, view, error);

    if (saved)
        object_swap_view(&net->object, view);
    else
        view_unref(view);
    return saved;
}

void net_publish_anyway(Net *net, View *view)
{
    g_autoptr(GError) error = NULL;

    if (!net->gone && !save(net, view, &error))
        net_log(net, G_LOG_LEVEL_WARNING, "its state cannot be saved: %s", error->message);
    object_swap_view(&net->object, view);
}

void net_remove(Net *net)
{
    View *view = net_edit(net);

    if (!view->config)
        view->config = definition_ref(view->live);
    view_set_live(view, NULL);
    net->gone = true;
    registry_remove(nets, &net->object);
    object_swap_view(&net->object, view);
}

/* ---- telling ---- */

void net_tell(Net *net, int event)
{
    g_autofree char *name = object_name(&net->object);
    remote_network_event_lifecycle_msg message = { .net = { .name = name }, .event = event };

    memcpy(message.net.uuid, net->object.uuid.bytes, UUID_SIZE);
    emit_network_event_lifecycle(&net->object, &message);
}

void net_log_text(Net *net, GLogLevelFlags level, char *text)
{
    g_autofree char *name = object_name(&net->object), *owned = text;
    char uuid[UUID_TEXT];

    log_object(G_LOG_DOMAIN, level, name, uuid_print(&net->object.uuid, uuid), "%s", owned);
}
