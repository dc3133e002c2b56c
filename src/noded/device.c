/* device.c - devices of the host: publishing what is known of them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"

#include "class.h"
#include "make.h"
#include "mdev-store.h"
#include "model/list.h"
#include "protocol/constants.h"
#include "rpc/event.h"

#include <string.h>

Registry *devices;
Strand *devices_strand;

static GHashTable *by_path; /* path -> Device, which the registry holds */

/* ---- descriptions and views ---- */

static Description *description_new(NodeDevice *device)
{
    Description *description = g_atomic_rc_box_new0(Description);

    description->device = device;
    return description;
}

static Description *description_ref(Description *description)
{
    return description ? g_atomic_rc_box_acquire(description) : NULL;
}

static void description_clear(void *data)
{
    Description *description = data;

    node_device_free(description->device);
    g_free(description->xml);
}

static void description_unref(Description *description)
{
    if (description)
        g_atomic_rc_box_release_full(description, description_clear);
}

const char *description_xml(Description *description)
{
    char *xml = g_atomic_pointer_get(&description->xml);

    if (xml)
        return xml;
    xml = xml_format(&node_device_element, description->device, 0);
    if (!g_atomic_pointer_compare_and_exchange(&description->xml, NULL, xml))
        g_free(xml); /* another thread was faster */
    return g_atomic_pointer_get(&description->xml);
}

static void view_clear(void *data)
{
    DeviceView *view = data;

    description_unref(view->live);
    description_unref(view->config);
}

void device_view_unref(DeviceView *view)
{
    if (view)
        g_atomic_rc_box_release_full(view, view_clear);
}

DeviceView *device_view(Device *device) { return object_view(&device->object); }

static const unsigned type_bits[] = {
    [NODE_SYSTEM] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_SYSTEM,
    [NODE_PCI] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV,
    [NODE_USB_DEVICE] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_DEV,
    [NODE_USB] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_INTERFACE,
    [NODE_NET] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET,
    [NODE_SCSI_HOST] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_HOST,
    [NODE_SCSI_TARGET] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_TARGET,
    [NODE_SCSI] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI,
    [NODE_STORAGE] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_STORAGE,
    [NODE_SCSI_GENERIC] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_GENERIC,
    [NODE_DRM] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_DRM,
    [NODE_MDEV] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_MDEV,
    [NODE_CCW] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_CCW_DEV,
    [NODE_CSS] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_CSS_DEV,
    [NODE_VDPA] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_VDPA,
    [NODE_AP_CARD] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_CARD,
    [NODE_AP_QUEUE] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_QUEUE,
    [NODE_AP_MATRIX] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_MATRIX,
};

static const unsigned feature_bits[] = {
    [NODE_MDEV_TYPES] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_MDEV_TYPES,
    [NODE_VPD] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_VPD,
    [NODE_FC_HOST] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_FC_HOST,
    [NODE_VPORT_OPS] = VIR_CONNECT_LIST_NODE_DEVICES_CAP_VPORTS,
    [NODE_REMOVABLE] = 0,
};

static unsigned bits_of(const NodeCapability *capability)
{
    unsigned bits = type_bits[capability->type];

    for (LIST_EACH(NodeFeature, feature, capability->features))
        bits |= feature_bits[feature->type];
    return bits;
}

/* A copy of the view to edit; it shares the descriptions. */
static DeviceView *device_edit(Device *device)
{
    g_autoptr(DeviceView) now = device_view(device);
    DeviceView *copy = g_atomic_rc_box_new0(DeviceView);

    if (now) {
        *copy = *now;
        copy->live = description_ref(now->live);
        copy->config = description_ref(now->config);
    }
    return copy;
}

/* Takes the view over. */
static void device_publish(Device *device, DeviceView *view)
{
    view->capabilities = bits_of(device_current(view)->capability);
    object_swap_view(&device->object, view);
}

/* ---- devices ---- */

static void device_free(Object *object) { g_free(((Device *) object)->path); }

static Device *device_new(const char *name)
{
    static const Uuid no_uuid;
    Device *device = g_new0(Device, 1);

    object_init(&device->object, &no_uuid, name);
    device->object.free = device_free;
    device->object.clear_view = view_clear;
    return device;
}

Device *device_find(const char *name) { return (Device *) registry_find_name(devices, name); }

/* World wide names are the same with and without the 0x before them. */
static bool same_wwn(const char *a, const char *b)
{
    if (!a || !b)
        return false;
    a += g_ascii_strncasecmp(a, "0x", 2) == 0 ? 2 : 0;
    b += g_ascii_strncasecmp(b, "0x", 2) == 0 ? 2 : 0;
    return g_ascii_strcasecmp(a, b) == 0;
}

Device *device_find_scsi_host(const char *wwnn, const char *wwpn)
{
    g_autoptr(GPtrArray) all = registry_list(devices);

    for (guint i = 0; i < all->len; i++) {
        Device *device = all->pdata[i];
        g_autoptr(DeviceView) view = device_view(device);
        const NodeFeature *fc =
            view->live ? node_find_feature(view->live->device->capability, NODE_FC_HOST) : NULL;

        if (fc && same_wwn(fc->wwnn, wwnn) && same_wwn(fc->wwpn, wwpn))
            return (Device *) object_ref(&device->object);
    }
    return NULL;
}

/* The device of this name, which may be new and then has no view yet. */
static Device *device_named(const char *name)
{
    Device *device = device_find(name);

    return device ? device : device_new(name);
}

static void tell(Device *device, int event)
{
    remote_node_device_event_lifecycle_msg message = {
        .dev.name = device->object.name,
        .event = event,
    };

    emit_node_device_event_lifecycle(&device->object, &message);
}

static void tell_update(Device *device)
{
    remote_node_device_event_update_msg message = { .dev.name = device->object.name };

    emit_node_device_event_update(&device->object, &message);
}

Device *device_at(const char *path)
{
    Device *device = g_hash_table_lookup(by_path, path);

    return device ? (Device *) object_ref(&device->object) : NULL;
}

char *device_parent_of(const char *path)
{
    g_autofree char *above = g_strdup(path);

    for (char *slash; (slash = strrchr(above, '/')) && slash != above;) {
        const Device *device;

        *slash = '\0';
        device = g_hash_table_lookup(by_path, above);
        if (device)
            return g_strdup(device->object.name);
    }
    return g_strdup("computer");
}

static bool makes_mdevs(const NodeDevice *device)
{
    return node_find_feature(device->capability, NODE_MDEV_TYPES) != NULL;
}

char *device_name_at(const char *address)
{
    g_autofree char *suffix = g_strconcat("/", address, NULL);
    GHashTableIter at;
    gpointer path, device;

    g_hash_table_iter_init(&at, by_path);
    while (g_hash_table_iter_next(&at, &path, &device)) {
        g_autoptr(DeviceView) view = device_view(device);

        if (g_str_has_suffix(path, suffix) && makes_mdevs(view->live->device))
            return g_strdup(((Device *) device)->object.name);
    }
    return g_strdup("computer");
}

/* Its shares are known only now to be its own. */
static void welcome_parent(const Device *parent)
{
    const char *address = strrchr(parent->path, '/') + 1;

    mdev_store_look_below(address);
    make_autostart_below(parent->object.name);
}

static void come(const char *path, NodeDevice *now)
{
    g_autoptr(Device) device = device_named(now->name);
    DeviceView *view = device_edit(device);

    if (device->path) { /* two of one name: the first one keeps it */
        g_warning("%s and %s would both be '%s'", device->path, path, now->name);
        node_device_free(now);
        device_view_unref(view);
        return;
    }
    view->live = description_new(now);
    device->path = g_strdup(path);
    device_publish(device, view);
    g_hash_table_insert(by_path, device->path, device);
    object_unref(registry_add(devices, &device->object));
    tell(device, VIR_NODE_DEVICE_EVENT_CREATED);
    if (makes_mdevs(now))
        welcome_parent(device);
}

static void go(Device *device)
{
    G_GNUC_UNUSED g_autoptr(Device) kept = (Device *) object_ref(&device->object);
    DeviceView *view = device_edit(device);

    g_hash_table_remove(by_path, device->path);
    g_clear_pointer(&device->path, g_free);
    if (view->config) {
        g_clear_pointer(&view->live, description_unref);
        device_publish(device, view);
    } else {
        registry_remove(devices, &device->object);
        device_view_unref(view);
    }
    tell(device, VIR_NODE_DEVICE_EVENT_DELETED);
}

static void change(Device *device, NodeDevice *now, bool changed)
{
    g_autoptr(DeviceView) former = device_view(device);
    g_autofree char *difference = xml_compare(&node_device_element, former->live->device, now);
    bool gains = makes_mdevs(now) && !makes_mdevs(former->live->device);
    DeviceView *view;

    if (difference) {
        view = device_edit(device);
        description_unref(view->live);
        view->live = description_new(now);
        device_publish(device, view);
    } else {
        node_device_free(now);
    }
    if (difference || changed)
        tell_update(device);
    if (gains)
        welcome_parent(device);
}

void device_update(const char *path, bool changed)
{
    g_auto(Source) source = { 0 };
    g_autoptr(NodeDevice) now = source_open(&source, path) ? class_read(&source) : NULL;
    Device *known = g_hash_table_lookup(by_path, path);

    if (now)
        now->parent = device_parent_of(path);
    if (known && (!now || strcmp(now->name, known->object.name) != 0)) {
        go(known);
        known = NULL;
    }
    if (now && known)
        change(known, g_steal_pointer(&now), changed);
    else if (now)
        come(path, g_steal_pointer(&now));
}

void device_drop(const char *path)
{
    Device *device = g_hash_table_lookup(by_path, path);

    if (device)
        go(device);
}

GPtrArray *device_paths(void)
{
    GPtrArray *paths = g_ptr_array_new();
    GHashTableIter at;
    gpointer path;

    g_hash_table_iter_init(&at, by_path);
    while (g_hash_table_iter_next(&at, &path, NULL))
        g_ptr_array_add(paths, path);
    return paths;
}

/* ---- definitions ---- */

static void publish_config(Device *device, NodeDevice *config, bool autostart)
{
    DeviceView *view = device_edit(device);

    description_unref(view->config);
    view->config = description_new(config);
    view->autostart = autostart;
    device_publish(device, view);
    object_unref(registry_add(devices, &device->object));
}

static void forget_config(Device *device)
{
    DeviceView *view = device_edit(device);

    if (view->live) {
        g_clear_pointer(&view->config, description_unref);
        view->autostart = false;
        device_publish(device, view);
    } else {
        registry_remove(devices, &device->object);
        device_view_unref(view);
    }
    tell(device, VIR_NODE_DEVICE_EVENT_UNDEFINED);
}

void device_set_config(const char *name, NodeDevice *config, bool autostart)
{
    g_autoptr(Device) device = device_named(name);
    g_autoptr(DeviceView) former = device_view(device);
    g_autoptr(NodeDevice) given = config;
    g_autofree char *difference = NULL;

    if (!former || !former->config) {
        if (!given)
            return;
        publish_config(device, g_steal_pointer(&given), autostart);
        tell(device, VIR_NODE_DEVICE_EVENT_DEFINED);
        return;
    }
    if (!given) {
        forget_config(device);
        return;
    }
    difference = xml_compare(&node_device_element, former->config->device, given);
    if (!difference && autostart == former->autostart)
        return;
    publish_config(device, g_steal_pointer(&given), autostart);
    tell_update(device);
}

bool devices_open(GError **error)
{
    NodeDevice *machine = class_read_system();
    g_autoptr(Device) computer = device_new(machine->name);
    DeviceView *view = device_edit(computer);

    devices = registry_new();
    devices_strand = strand_new();
    by_path = g_hash_table_new(g_str_hash, g_str_equal);
    view->live = description_new(machine);
    device_publish(computer, view);
    object_unref(registry_add(devices, &computer->object));
    return mdev_store_open(error);
}
