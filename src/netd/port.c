/* port.c - a guest's place in a network
 *
 * Ports are published like networks, each by itself, so that one more costs the same with a
 * thousand as with none. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port.h"

#include "host/link.h"
#include "host/shape.h"
#include "model/list.h"
#include "plug.h"
#include "police.h"
#include "start.h"

#include <string.h>

Store port_store;

/* What a card was told of a function before a guest got it. */
typedef VirtualFunctionState Former;

static const XmlField former_fields[] = {
    XML_MAC("@mac", Former, mac),
    XML_NUMBER("@vlan", Former, vlan),
    XML_NUMBER("@qos", Former, qos),
    {},
};
static XmlElement former_element = {
    .name = "former",
    .size = sizeof(Former),
    .fields = former_fields,
};

/* What is saved of a port. */
typedef struct PortState {
    Uuid network;
    bool opening, inside;
    char *link;
    Former *former;
    NetworkPort *port;
} PortState;

static const XmlField port_state_fields[] = {
    XML_UUID("@network", PortState, network),
    XML_STRING("@link", PortState, link),
    XML_FLAG("opening", PortState, opening),
    XML_FLAG("inside", PortState, inside),
    XML_CHILD("former", PortState, former, &former_element),
    XML_CHILD("networkport", PortState, port, &port_element, .required = true),
    {},
};
static XmlElement port_state_element = {
    .name = "place",
    .size = sizeof(PortState),
    .fields = port_state_fields,
};
XML_STRUCT(PortState, port_state, port_state_element)

/* ---- views ---- */

static void view_clear(void *data)
{
    PortView *view = data;

    network_port_free(view->port);
    g_free(view->link);
    g_free(view->former);
}

PortView *port_view(Port *port) { return object_view(&port->object); }

void port_view_unref(PortView *view)
{
    if (view)
        g_atomic_rc_box_release_full(view, view_clear);
}

static PortView *view_new(NetworkPort *definition, const char *link)
{
    PortView *view = g_atomic_rc_box_new0(PortView);

    view->port = definition;
    view->link = g_strdup(link);
    return view;
}

static bool publish(Net *net, Port *port, PortView *view, GError **error)
{
    PortState state = {
        net->object.uuid, view->opening, view->inside, view->link, view->former, view->port,
    };
    g_autofree char *xml = xml_format(&port_state_element, &state, XML_LIVE);

    if (!store_save_state(&port_store, port->object.name, xml, error)) {
        port_view_unref(view);
        return false;
    }
    object_swap_view(&port->object, view);
    return true;
}

static Port *port_new(const NetworkPort *definition)
{
    Port *port = g_new0(Port, 1);
    char uuid[UUID_TEXT];

    object_init(&port->object, &definition->uuid, uuid_print(&definition->uuid, uuid));
    port->object.clear_view = view_clear;
    return port;
}

Port *port_find(Net *net, const Uuid *uuid, GError **error)
{
    Port *port = (Port *) registry_find_uuid(net->ports, uuid);
    char text[UUID_TEXT];

    if (port)
        return port;
    return fail(error, ERR_NO_NETWORK_PORT, "Network port with UUID %s does not exist",
                uuid_print(uuid, text));
}

/* ---- what a port gets from its network ---- */

static Virtualport *copy_virtualport(const Virtualport *port)
{
    return port ? xml_copy(&virtualport_element, port) : NULL;
}

static void take_vlan(NetworkPort *port, const Vlan *vlan)
{
    if (list_length(port->vlan.tags) || !list_length(vlan->tags))
        return;
    port->vlan.trunk = vlan->trunk;
    for (LIST_EACH(VlanTag, tag, vlan->tags))
        list_add(&port->vlan.tags, g_memdup2(tag, sizeof(*tag)));
}

/* Its own first, then the group's, then the network's. */
static bool inherit(const Network *network, NetworkPort *port, GError **error)
{
    const Portgroup *group = network_portgroup(network, port->group);

    if (port->group && !group)
        return fail(error, ERR_INTERNAL, "network '%s' has no portgroup '%s'", network->name,
                    port->group);
    if (group && !bandwidth_is_limited(&port->bandwidth))
        port->bandwidth = group->bandwidth;
    if (!port->virtualport && group)
        port->virtualport = copy_virtualport(group->virtualport);
    if (!port->virtualport)
        port->virtualport = copy_virtualport(network->virtualport);
    if (group)
        take_vlan(port, &group->vlan);
    take_vlan(port, &network->vlan);
    if (!port->trust_guest)
        port->trust_guest = group && group->trust_guest_rx_filters
                                ? group->trust_guest_rx_filters
                                : network->trust_guest_rx_filters;
    if (!port->isolated)
        port->isolated = network->port_isolated;
    return true;
}

static bool check(const Network *network, const NetworkPort *port, GError **error)
{
    const char *type = port->virtualport ? port->virtualport->type : NULL;
    char mac[MAC_TEXT];

    if (type && forward_has_bridge(network->forward.mode))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "<virtualport type='%s'> not supported for network '%s' which uses IP "
                    "forwarding",
                    type, network->name);
    if (type && network->forward.mode == FORWARD_HOSTDEV && !g_str_equal(type, "802.1Qbh"))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "<virtualport type='%s'> not supported for network '%s' which uses an SR-IOV "
                    "Virtual Function via PCI passthrough",
                    type, network->name);
    if (port->bandwidth.inbound.floor && !forward_has_bridge(network->forward.mode))
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "Invalid use of 'floor' on interface with MAC address %s - 'floor' is only "
                    "supported for interface type 'network' with forward type 'nat', 'route', "
                    "'open' or none",
                    mac_print(&port->mac, mac));
    if (port->bandwidth.inbound.floor && !network->bandwidth.inbound.average)
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "Invalid use of 'floor' on interface with MAC address %s - network '%s' has no "
                    "inbound QoS set",
                    mac_print(&port->mac, mac), network->name);
    return true;
}

/* ---- the plug ---- */

/* From the look for who has a function until it is noted who has it now. */
static Strand *functions_strand;

typedef struct Holder {
    const PciAddress *place;
    char *guest;
} Holder;

static bool note_holder(const char *, const char *text, void *data, GError **error)
{
    g_autoptr(PortState) state = xml_parse(&port_state_element, text, XML_LIVE, NULL, error);
    Holder *holder = data;

    if (state && state->port->plug == PLUG_HOSTDEV &&
        pci_address_equal(&state->port->pci, holder->place) && !holder->guest)
        holder->guest = g_strdup(state->port->owner_name);
    return state != NULL;
}

/* On functions_strand, on which it is also noted. The guest that a function belongs to, in a
 * network or in none; freed by the caller. */
static char *holder_of(const PciAddress *place)
{
    Holder holder = { place, NULL };

    store_load(port_store.states, note_holder, &holder);
    return holder.guest;
}

static bool choose_function(const Network *network, NetworkPort *port, GError **error)
{
    port->plug = PLUG_HOSTDEV;
    port->managed = network->forward.managed;
    port->driver = g_strdup(network->forward.driver);
    for (LIST_EACH(ForwardAddress, address, network->forward.addresses)) {
        g_autofree char *guest = holder_of(&address->pci);

        if (guest)
            continue;
        port->pci = address->pci;
        return true;
    }
    return fail(error, ERR_INTERNAL,
                "network '%s' requires exclusive access to interfaces, but none are available",
                network->name);
}

static unsigned count_users(Net *net, const char *dev)
{
    g_autoptr(GPtrArray) all = registry_list(net->ports);
    unsigned number = 0;

    for (guint i = 0; i < all->len; i++) {
        g_autoptr(PortView) view = port_view(all->pdata[i]);

        number += view && g_strcmp0(view->port->dev, dev) == 0;
    }
    return number;
}

/* The device that fewest guests use; of one passed through, only one guest may. */
static bool choose_device(Net *net, const Network *network, NetworkPort *port, GError **error)
{
    const ForwardInterface *best = NULL;
    unsigned least = UINT32_MAX;

    for (LIST_EACH(ForwardInterface, interface, network->forward.interfaces)) {
        unsigned users = count_users(net, interface->dev);

        if (users < least) {
            least = users;
            best = interface;
        }
    }
    if (!best || (network->forward.mode == FORWARD_PASSTHROUGH && least > 0))
        return fail(error, ERR_INTERNAL,
                    "network '%s' requires exclusive access to interfaces, but none are available",
                    network->name);
    port->dev = g_strdup(best->dev);
    return true;
}

static bool choose_plug(Net *net, const Network *network, NetworkPort *port, GError **error)
{
    static const DirectMode modes[] = {
        [FORWARD_BRIDGE] = DIRECT_BRIDGE,
        [FORWARD_PRIVATE] = DIRECT_PRIVATE,
        [FORWARD_VEPA] = DIRECT_VEPA,
        [FORWARD_PASSTHROUGH] = DIRECT_PASSTHROUGH,
    };
    ForwardMode mode = network->forward.mode;

    if (mode == FORWARD_HOSTDEV)
        return choose_function(network, port, error);
    if (network->bridge) {
        port->plug = mode == FORWARD_BRIDGE ? PLUG_BRIDGE : PLUG_NETWORK;
        port->bridge = g_strdup(network->bridge);
        port->mac_table = network->mac_table;
        return true;
    }
    port->plug = PLUG_DIRECT;
    port->mode = modes[mode];
    return choose_device(net, network, port, error);
}

static bool check_device_of(Net *net, const Network *network, const NetworkPort *port,
                            GError **error)
{
    for (LIST_EACH(ForwardInterface, interface, network->forward.interfaces)) {
        if (g_strcmp0(interface->dev, port->dev) != 0)
            continue;
        return network->forward.mode != FORWARD_PASSTHROUGH || !count_users(net, port->dev) ||
               fail(error, ERR_INTERNAL,
                    "network '%s' claims dev='%s' is already in use by a different port",
                    network->name, port->dev);
    }
    return fail(error, ERR_INTERNAL, "network '%s' has no dev='%s'", network->name, port->dev);
}

static bool check_function_of(const Network *network, const NetworkPort *port, GError **error)
{
    g_autofree char *place = function_name(&port->pci);

    for (LIST_EACH(ForwardAddress, address, network->forward.addresses)) {
        g_autofree char *guest = NULL;

        if (!pci_address_equal(&address->pci, &port->pci))
            continue;
        guest = holder_of(&port->pci);
        return !guest || fail(error, ERR_INTERNAL,
                              "network '%s' claims PCI device %s is already in use by '%s'",
                              network->name, place, guest);
    }
    return fail(error, ERR_INTERNAL, "network '%s' has no PCI device %s", network->name, place);
}

/* The plug that a port says it has is one that the network gives. */
static bool check_plug(Net *net, const Network *network, const NetworkPort *port, GError **error)
{
    switch (port->plug) {
    case PLUG_HOSTDEV:
        return check_function_of(network, port, error);
    case PLUG_DIRECT:
        return check_device_of(net, network, port, error);
    default:
        return (network->bridge && g_strcmp0(port->bridge, network->bridge) == 0) ||
               fail(error, ERR_INTERNAL, "network '%s' has no bridge '%s'", network->name,
                    port->bridge ? port->bridge : "");
    }
}

static bool prepare(Net *net, NetworkPort *port, bool reclaim, GError **error)
{
    g_autoptr(View) view = net_view(net);

    if (!net_check_active(net, view, error))
        return false;
    if (reclaim != (port->plug != PLUG_NONE))
        return fail(error, ERR_INVALID_ARG,
                    reclaim ? "Port reclaim requested but plug type is none"
                            : "Port reclaim not requested but plug type is not none");
    if (uuid_is_zero(&port->uuid))
        port->uuid = uuid_random();
    port->class_id = 0;
    return inherit(view->live->network, port, error) && check(view->live->network, port, error) &&
           (reclaim ? check_plug(net, view->live->network, port, error)
                    : choose_plug(net, view->live->network, port, error));
}

/* ---- floors: what is promised to a port of what its bridge may send ---- */

enum { FIRST_CLASS = 3, CLASSES = 65535 - FIRST_CLASS };

/* One that no port has; 0: there is none. */
static unsigned find_class(Net *net)
{
    g_autoptr(GPtrArray) all = registry_list(net->ports);
    g_autofree bool *used = g_new0(bool, CLASSES);

    for (guint i = 0; i < all->len; i++) {
        g_autoptr(PortView) view = port_view(all->pdata[i]);

        if (view->port->class_id - FIRST_CLASS < CLASSES)
            used[view->port->class_id - FIRST_CLASS] = true;
    }
    for (unsigned i = 0; i < CLASSES; i++) {
        unsigned at = net->class_ids++ % CLASSES;

        if (!used[at])
            return FIRST_CLASS + at;
    }
    return 0;
}

static void drop_floor(const NetworkPort *port)
{
    if (port->class_id)
        (void) shape_drop_floor(port->bridge, port->class_id, NULL);
}

static bool set_floor(const NetworkPort *port, GError **error)
{
    return shape_set_floor(port->bridge, port->class_id, &port->mac, port->bandwidth.inbound.floor,
                           error);
}

static bool keep_floor(Net *net, NetworkPort *port, GError **error)
{
    if (!port->bandwidth.inbound.floor)
        return true;
    if (!port->class_id)
        port->class_id = find_class(net);
    if (!port->class_id)
        return fail(error, ERR_RESOURCE_BUSY, "all bandwidth classes of '%s' are in use",
                    port->bridge);
    return set_floor(port, error);
}

static void restore_floor(Net *net, const NetworkPort *port)
{
    g_autoptr(GError) error = NULL;

    if (port->bandwidth.inbound.floor && !set_floor(port, &error))
        net_log(net, G_LOG_LEVEL_WARNING, "guest '%s' has lost its floor: %s", port->owner_name,
                error->message);
}

static bool is_anybodys(const GPtrArray *ports, unsigned class)
{
    for (guint i = 0; i < ports->len; i++) {
        g_autoptr(PortView) view = port_view(ports->pdata[i]);

        if (view->port->bandwidth.inbound.floor && view->port->class_id == class)
            return true;
    }
    return false;
}

void port_restore_floors(Net *net, const char *bridge, const GArray *classes)
{
    g_autoptr(GPtrArray) all = registry_list(net->ports);

    for (guint i = 0; classes && i < classes->len; i++) {
        unsigned class = g_array_index(classes, unsigned, i);

        if (!is_anybodys(all, class))
            (void) shape_drop_floor(bridge, class, NULL);
    }
    for (guint i = 0; i < all->len; i++) {
        g_autoptr(PortView) view = port_view(all->pdata[i]);

        restore_floor(net, view->port);
    }
}

/* ---- made, changed, ended ---- */

static void note_link(Net *net, const Port *port, const char *link);

static Stay *choose_alone(GError **error)
{
    return strand_enter(functions_strand, MODE_CHANGE, "the choice of a function", error);
}

static bool hands_out_functions(Net *net)
{
    g_autoptr(View) view = net_view(net);

    return view->live && view->live->network->forward.mode == FORWARD_HOSTDEV;
}

Port *port_create(Net *net, NetworkPort *definition, unsigned flags, GError **error)
{
    g_autoptr(NetworkPort) owned = definition;
    g_autoptr(Port) port = NULL;
    g_autoptr(Object) other = NULL;
    g_autoptr(Stay) alone = NULL;
    PortView *view;

    if (hands_out_functions(net) && !(alone = choose_alone(error)))
        return NULL;
    if (!prepare(net, owned, flags & PORT_RECLAIM, error))
        return NULL;
    port = port_new(owned);
    other = registry_find_uuid(net->ports, &owned->uuid);
    if (other)
        return fail(error, ERR_NETWORK_PORT_EXIST, "Network port with UUID %s already exists",
                    other->name);
    if (!keep_floor(net, owned, error))
        return NULL;
    view = view_new(g_steal_pointer(&owned), NULL);
    view->opening = flags & PORT_OPENING;
    if (!publish(net, port, view, error))
        return NULL;
    other = registry_add(net->ports, &port->object);
    return g_steal_pointer(&port);
}

static bool check_change(Net *net, const PortView *view, const NetworkPort *to, GError **error)
{
    g_autoptr(View) network = net_view(net);

    if ((view->inside || view->former) && bandwidth_is_limited(&to->bandwidth))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "the bandwidth of '%s' cannot be limited: it has no link on the host",
                    to->owner_name);
    return check(network->live->network, to, error);
}

static bool change_plug(Net *net, const char *link, const NetworkPort *from, NetworkPort *to,
                        GError **error)
{
    if (link && !plug_change(link, from, to, error))
        return false;
    if (!to->bandwidth.inbound.floor)
        drop_floor(from);
    return keep_floor(net, to, error);
}

/* Takes definition over, which is the port's but for what is to change. */
static bool become(Net *net, Port *port, NetworkPort *definition, GError **error)
{
    g_autoptr(NetworkPort) changed = definition;
    g_autoptr(PortView) view = port_view(port);
    PortView *next;

    if (!check_change(net, view, changed, error))
        return false;
    if (change_plug(net, view->link, view->port, changed, error)) {
        next = view_new(xml_copy(&port_element, changed), view->link);
        next->former = g_memdup2(view->former, sizeof(Former));
        next->inside = view->inside;
        if (publish(net, port, next, error))
            return true;
    }
    (void) change_plug(net, view->link, changed, view->port, NULL);
    return false;
}

bool port_set_bandwidth(Net *net, Port *port, const Bandwidth *bandwidth, GError **error)
{
    g_autoptr(PortView) view = port_view(port);
    NetworkPort *changed = xml_copy(&port_element, view->port);

    changed->bandwidth = *bandwidth;
    return become(net, port, changed, error);
}

bool port_change(Net *net, Port *port, const NetworkPort *wanted, bool limits, GError **error)
{
    g_autoptr(PortView) view = port_view(port);
    g_autoptr(NetworkPort) changed = xml_copy(&port_element, view->port);
    g_autoptr(View) network = net_view(net);

    changed->bandwidth = wanted->bandwidth;
    changed->isolated = wanted->isolated;
    if (!inherit(network->live->network, changed, error))
        return false;
    if (limits)
        changed->bandwidth = wanted->bandwidth;
    return become(net, port, g_steal_pointer(&changed), error);
}

bool port_set_link(Net *net, Port *port, const char *link, GError **error)
{
    g_autoptr(PortView) view = port_view(port);
    PortView *set = view_new(xml_copy(&port_element, view->port), link);

    set->inside = !link;
    if (link)
        note_link(net, port, link);
    return publish(net, port, set, error);
}

bool port_set_function(Net *net, Port *port, GError **error)
{
    g_autoptr(PortView) view = port_view(port);
    PortView *set = view_new(xml_copy(&port_element, view->port), NULL);

    set->former = g_new(Former, 1);
    if (!function_look(view->port, set->former, error)) {
        port_view_unref(set);
        return false;
    }
    if (!publish(net, port, set, error))
        return false;
    return function_set_up(set->port, set->former, error);
}

static void restore(const NetworkPort *port, const Former *former)
{
    if (former)
        function_restore(port, former);
}

bool port_delete(Net *net, Port *port, GError **error)
{
    g_autoptr(PortView) view = port_view(port);

    restore(view->port, view->former);
    if (!store_drop_state(&port_store, port->object.name, error))
        return false;
    drop_floor(view->port);
    registry_remove(net->ports, &port->object);
    return true;
}

void port_drop_all(Net *net)
{
    g_autoptr(GPtrArray) all = registry_list(net->ports);

    for (guint i = 0; i < all->len; i++) {
        Port *port = all->pdata[i];
        g_autoptr(PortView) view = port_view(port);

        restore(view->port, view->former);
        (void) store_drop_state(&port_store, port->object.name, NULL);
        registry_remove(net->ports, &port->object);
    }
}

void port_join_all(Net *net)
{
    g_autoptr(GPtrArray) all = registry_list(net->ports);

    for (guint i = 0; i < all->len; i++) {
        g_autoptr(PortView) view = port_view(all->pdata[i]);
        g_autoptr(GError) error = NULL;

        if (view->link && !plug_join(view->link, view->port, &error))
            net_log(net, G_LOG_LEVEL_WARNING, "link '%s' is not connected any more: %s", view->link,
                    error->message);
        restore_floor(net, view->port);
    }
}

/* ---- the ends of links ---- */

/* A port by its link. */
typedef struct Place {
    char *link;
    Net *net;
    Uuid port; /* zero: all of the network are to be looked at */
} Place;

static GHashTable *places; /* link -> Place; the loop's */
static GHashTable *alone;  /* links in no network of ours; the loop's */

static void place_free(void *data)
{
    Place *place = data;

    net_unref(place->net);
    g_free(place->link);
    g_free(place);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Place, place_free)

static Place *place_new(Net *net, const Uuid *port, const char *link)
{
    Place *place = g_new0(Place, 1);

    *place = (Place){ g_strdup(link), net_ref(net), *port };
    return place;
}

static void note_alone(void *link) { g_hash_table_add(alone, link); }

static void note(void *place) { g_hash_table_replace(places, ((Place *) place)->link, place); }

static void note_link(Net *net, const Port *port, const char *link)
{
    loop_hop(note, place_new(net, &port->object.uuid, link));
}

/* Another link may have the name by now, and the port be another link's. */
static void drop_if_ended(Net *net, Port *port)
{
    g_autoptr(PortView) view = port_view(port);

    if (!view->link || if_nametoindex(view->link))
        return;
    police_unlimit(view->link);
    (void) port_delete(net, port, NULL);
}

/* On the network's strand. */
static void drop_ended(void *data)
{
    g_autoptr(Place) place = data;
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(Port) port = NULL;

    if (!uuid_is_zero(&place->port)) {
        port = port_find(place->net, &place->port, NULL);
        if (port)
            drop_if_ended(place->net, port);
        return;
    }
    all = registry_list(place->net->ports);
    for (guint i = 0; i < all->len; i++)
        drop_if_ended(place->net, all->pdata[i]);
}

static void look_after(Place *place)
{
    strand_do(place->net->object.strand, MODE_CHANGE, "the end of a link", drop_ended, place);
}

static bool has_bridge(Net *net, const char *name)
{
    g_autoptr(View) view = net_view(net);

    return view->live && forward_has_bridge(view->live->network->forward.mode) &&
           g_strcmp0(view->live->network->bridge, name) == 0;
}

/* On the network's strand. If it was we who ended the bridge, the network has ended by now. */
static void repair(void *data)
{
    g_autoptr(Net) net = data;
    g_autoptr(View) view = net_view(net);

    if (view->live && !view->starting)
        start_repair_bridge(net);
}

static void drop_alone(void *data)
{
    g_autofree char *link = data;

    if (if_nametoindex(link))
        return; /* another one by now */
    port_drop_alone(link);
    police_unlimit(link);
}

/* NULL: any may have ended. */
static void link_gone(const char *name)
{
    g_autoptr(GPtrArray) active = net_list(true);
    void *place;

    if (name && g_hash_table_steal_extended(places, name, NULL, &place))
        look_after(place);
    else if (name && g_hash_table_remove(alone, name))
        strand_do(call_host_strand(), MODE_SURVEY, "the end of a link", drop_alone, g_strdup(name));
    for (guint i = 0; i < active->len; i++) {
        if (!name)
            look_after(place_new(active->pdata[i], &(Uuid){}, NULL));
        if (!name || has_bridge(active->pdata[i], name))
            strand_do(((Object *) active->pdata[i])->strand, MODE_CHANGE, "the end of its bridge",
                      repair, net_ref(active->pdata[i]));
    }
}

bool port_open(GError **error)
{
    functions_strand = strand_new();
    places = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, place_free);
    alone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return link_watch(link_gone, error);
}

/* ---- from outside ---- */

char *port_user(Net *net)
{
    g_autoptr(GPtrArray) all = registry_list(net->ports);

    for (guint i = 0; i < all->len; i++) {
        g_autoptr(PortView) view = port_view(all->pdata[i]);

        if (view->former || view->inside || (view->link && if_nametoindex(view->link)))
            return g_strdup(view->port->owner_name);
    }
    return NULL;
}

static bool load_into(Net *net, PortState *state)
{
    g_autoptr(Port) port = port_new(state->port);
    g_autoptr(Object) other = NULL;
    PortView *view;

    if (state->link) {
        plug_restore(state->link, state->port);
        note_link(net, port, state->link);
    }
    view = view_new(g_steal_pointer(&state->port), state->link);
    view->former = g_steal_pointer(&state->former);
    view->inside = state->inside;
    object_swap_view(&port->object, view);
    other = registry_add(net->ports, &port->object);
    return true;
}

bool port_load(const char *name, const char *text, GError **error)
{
    g_autoptr(PortState) state = xml_parse(&port_state_element, text, XML_LIVE, NULL, error);
    g_autoptr(Net) net = state ? (Net *) registry_find_uuid(nets, &state->network) : NULL;
    g_autoptr(View) view = net ? net_view(net) : NULL;

    if (!state)
        return false;
    if (state->opening)
        plug_end_unnamed(&state->port->mac);
    if (state->opening || (state->link && !if_nametoindex(state->link)))
        return store_drop_state(&port_store, name, error);
    if (view && view->live)
        return load_into(net, state);
    if (!uuid_is_zero(&state->network)) {
        restore(state->port, state->former);
        return store_drop_state(&port_store, name, error);
    }
    if (!state->link)
        return true;
    plug_restore(state->link, state->port);
    loop_hop(note_alone, g_strdup(state->link));
    return true;
}

bool port_begin_alone(NetworkPort *port, char name[UUID_TEXT], GError **error)
{
    PortState state = { .opening = true, .port = port };
    Uuid uuid = uuid_random();
    g_autofree char *xml = xml_format(&port_state_element, &state, XML_LIVE);

    return store_save_state(&port_store, uuid_print(&uuid, name), xml, error);
}

bool port_save_alone(const char *link, const NetworkPort *port, GError **error)
{
    PortState state = { .link = (char *) link, .port = (NetworkPort *) port };
    g_autofree char *xml = xml_format(&port_state_element, &state, XML_LIVE);

    loop_hop(note_alone, g_strdup(link));
    return store_save_state(&port_store, link, xml, error);
}

void port_drop_alone(const char *link) { (void) store_drop_state(&port_store, link, NULL); }

/* ---- functions in no network ---- */

static bool check_holder(const NetworkPort *port, const char *name, GError **error)
{
    g_autofree char *guest = holder_of(&port->pci);

    return !guest ||
           fail(error, ERR_OPERATION_INVALID, "PCI device %s is in use by guest '%s'", name, guest);
}

static bool note_function(const NetworkPort *port, const char *name, Former *former, GError **error)
{
    PortState state = { .former = former, .port = (NetworkPort *) port };
    g_autoptr(Stay) alone = choose_alone(error);
    g_autofree char *xml = NULL;

    if (!alone || !check_holder(port, name, error) || !function_look(port, former, error))
        return false;
    xml = xml_format(&port_state_element, &state, XML_LIVE);
    return store_save_state(&port_store, name, xml, error);
}

bool port_set_function_alone(const NetworkPort *port, GError **error)
{
    g_autofree char *name = function_name(&port->pci);
    Former former;

    if (!note_function(port, name, &former, error))
        return false;
    if (function_set_up(port, &former, error))
        return true;
    port_drop_alone(name);
    return false;
}

/* ---- ends of links whose names got lost ---- */

typedef struct Lost {
    const Uuid *owner;
    const Mac *mac;
} Lost;

static bool is_lost(const NetworkPort *port, const Lost *lost)
{
    return uuid_equal(&port->owner, lost->owner) && mac_equal(&port->mac, lost->mac);
}

static bool end_if_lost(const char *name, const char *text, void *data, GError **error)
{
    g_autoptr(PortState) state = xml_parse(&port_state_element, text, XML_LIVE, NULL, error);

    if (!state || !uuid_is_zero(&state->network) || !(state->link || state->former) ||
        !is_lost(state->port, data))
        return state != NULL;
    restore(state->port, state->former);
    if (state->link)
        (void) plug_out(state->link, &state->port->mac);
    port_drop_alone(name);
    return true;
}

void port_end_unnamed(Net *net, const Uuid *owner, const Mac *mac)
{
    g_autoptr(GPtrArray) all = net ? registry_list(net->ports) : NULL;
    Lost lost = { owner, mac };

    if (!net)
        store_load(port_store.states, end_if_lost, &lost);
    for (guint i = 0; all && i < all->len; i++) {
        g_autoptr(PortView) view = port_view(all->pdata[i]);

        if (!(view->link || view->former || view->inside) || !is_lost(view->port, &lost))
            continue;
        if (view->link)
            (void) plug_out(view->link, mac);
        (void) port_delete(net, all->pdata[i], NULL);
    }
}

void port_count(Net *net, Network *shown)
{
    g_autoptr(GPtrArray) all = registry_list(net->ports);

    shown->connections = all->len;
    for (LIST_EACH(ForwardInterface, interface, shown->forward.interfaces))
        interface->connections = count_users(net, interface->dev);
}
