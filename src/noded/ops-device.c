/* ops-device.c - look-ups, lists, and what a device's view tells */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"
#include "ops.h"

#include "base/names.h"

#include <string.h>

/* ---- look-ups ---- */

static void *no_device(const char *name, GError **error)
{
    return fail(error, ERR_NO_NODE_DEVICE, "no node device with matching name '%s'", name);
}

Object *ops_find_node_device(const char *name, GError **error)
{
    Device *device = device_find(name);

    return device ? &device->object : no_device(name, error);
}

remote_nonnull_node_device ops_reference(const Device *device)
{
    return (remote_nonnull_node_device){ .name = g_strdup(device->object.name) };
}

bool noded_node_device_lookup_by_name(Call *, const remote_node_device_lookup_by_name_args *in,
                                      remote_node_device_lookup_by_name_ret *out, GError **error)
{
    g_autoptr(Device) device = device_find(in->name);

    if (!device)
        return no_device(in->name, error);
    out->dev = ops_reference(device);
    return true;
}

bool noded_node_device_lookup_scsi_host_by_wwn(
    Call *call, const remote_node_device_lookup_scsi_host_by_wwn_args *in,
    remote_node_device_lookup_scsi_host_by_wwn_ret *out, GError **error)
{
    g_autoptr(Device) device = NULL;

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    device = device_find_scsi_host(in->wwnn, in->wwpn);
    if (!device)
        return fail(error, ERR_NO_NODE_DEVICE, "no SCSI host with wwnn '%s' and wwpn '%s'",
                    in->wwnn, in->wwpn);
    out->dev = ops_reference(device);
    return true;
}

/* ---- lists ---- */

#define ACTIVITY (VIR_CONNECT_LIST_NODE_DEVICES_ACTIVE | VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE)
#define LASTING (VIR_CONNECT_LIST_NODE_DEVICES_PERSISTENT | VIR_CONNECT_LIST_NODE_DEVICES_TRANSIENT)

/* No device has those of channel groups (CCWGROUP): their members are told one by one. */
enum { ALL_CAPABILITIES = (VIR_CONNECT_LIST_NODE_DEVICES_CAP_CCWGROUP_MEMBER << 1) - 1 };

static bool is_persistent(const DeviceView *view)
{
    return view->config || view->capabilities & VIR_CONNECT_LIST_NODE_DEVICES_CAP_SYSTEM;
}

/* Of each group of bits one that is true of the device must be set, or none of the group. */
static bool filter_matches(const DeviceView *view, unsigned filter)
{
    static const unsigned groups[] = { ALL_CAPABILITIES, ACTIVITY, LASTING };
    unsigned bits = view->capabilities;

    bits |=
        view->live ? VIR_CONNECT_LIST_NODE_DEVICES_ACTIVE : VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE;
    bits |= is_persistent(view) ? VIR_CONNECT_LIST_NODE_DEVICES_PERSISTENT
                                : VIR_CONNECT_LIST_NODE_DEVICES_TRANSIENT;
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (filter & groups[i] && !(filter & groups[i] & bits))
            return false;
    }
    return true;
}

/* Counted references to those that pass the filter and that the caller may be told of. */
static GPtrArray *list(const Call *call, unsigned filter)
{
    g_autoptr(GPtrArray) all = registry_list(devices);
    GPtrArray *some = g_ptr_array_new_full(all->len, (GDestroyNotify) object_unref);

    for (guint i = 0; i < all->len; i++) {
        Device *device = all->pdata[i];
        g_autoptr(DeviceView) view = device_view(device);

        if (filter_matches(view, filter) && call_sees(call, &device->object))
            g_ptr_array_add(some, object_ref(&device->object));
    }
    return some;
}

bool noded_connect_list_all_node_devices(Call *call,
                                         const remote_connect_list_all_node_devices_args *in,
                                         remote_connect_list_all_node_devices_ret *out,
                                         GError **error)
{
    g_autoptr(GPtrArray) found = NULL;

    if (!call_check_flags(call, in->flags, ALL_CAPABILITIES | ACTIVITY | LASTING, error))
        return false;
    found = list(call, in->flags);
    out->ret = found->len;
    if (!in->need_results)
        return true;
    if (found->len > REMOTE_NODE_DEVICE_LIST_MAX)
        return fail(error, ERR_INTERNAL, "%u devices are more than can be listed", found->len);
    out->devices.devices_val = g_new0(remote_nonnull_node_device, found->len);
    for (; out->devices.devices_len < found->len; out->devices.devices_len++)
        out->devices.devices_val[out->devices.devices_len] =
            ops_reference(found->pdata[out->devices.devices_len]);
    return true;
}

/* By one name of a capability, as the older lists ask. */
static const struct {
    const char *name;
    unsigned bit;
} capability_names[] = {
    { "system", VIR_CONNECT_LIST_NODE_DEVICES_CAP_SYSTEM },
    { "pci", VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV },
    { "usb_device", VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_DEV },
    { "usb", VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_INTERFACE },
    { "net", VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET },
    { "scsi_host", VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_HOST },
    { "scsi_target", VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_TARGET },
    { "scsi", VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI },
    { "storage", VIR_CONNECT_LIST_NODE_DEVICES_CAP_STORAGE },
    { "scsi_generic", VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_GENERIC },
    { "drm", VIR_CONNECT_LIST_NODE_DEVICES_CAP_DRM },
    { "mdev", VIR_CONNECT_LIST_NODE_DEVICES_CAP_MDEV },
    { "ccw", VIR_CONNECT_LIST_NODE_DEVICES_CAP_CCW_DEV },
    { "css", VIR_CONNECT_LIST_NODE_DEVICES_CAP_CSS_DEV },
    { "vdpa", VIR_CONNECT_LIST_NODE_DEVICES_CAP_VDPA },
    { "ap_card", VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_CARD },
    { "ap_queue", VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_QUEUE },
    { "ap_matrix", VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_MATRIX },
    /* beside the type of the device: */
    { "fc_host", VIR_CONNECT_LIST_NODE_DEVICES_CAP_FC_HOST },
    { "vports", VIR_CONNECT_LIST_NODE_DEVICES_CAP_VPORTS },
    { "mdev_types", VIR_CONNECT_LIST_NODE_DEVICES_CAP_MDEV_TYPES },
    { "vpd", VIR_CONNECT_LIST_NODE_DEVICES_CAP_VPD },
};

/* Those that are there; nothing for a capability that nobody knows. */
static GPtrArray *list_active(const Call *call, char *const *capability)
{
    unsigned filter = VIR_CONNECT_LIST_NODE_DEVICES_ACTIVE;

    if (!capability)
        return list(call, filter);
    for (size_t i = 0; i < G_N_ELEMENTS(capability_names); i++) {
        if (strcmp(capability_names[i].name, *capability) == 0)
            return list(call, filter | capability_names[i].bit);
    }
    return g_ptr_array_new();
}

bool noded_node_num_of_devices(Call *call, const remote_node_num_of_devices_args *in,
                               remote_node_num_of_devices_ret *out, GError **error)
{
    g_autoptr(GPtrArray) found = NULL;

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    found = list_active(call, in->cap);
    out->num = found->len;
    return true;
}

bool noded_node_list_devices(Call *call, const remote_node_list_devices_args *in,
                             remote_node_list_devices_ret *out, GError **error)
{
    g_autoptr(GPtrArray) found = NULL;
    unsigned count;

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    if (in->maxnames < 0 || in->maxnames > REMOTE_NODE_DEVICE_LIST_MAX)
        return fail(error, ERR_INVALID_ARG, "%d names cannot be asked for", in->maxnames);
    found = list_active(call, in->cap);
    count = MIN(found->len, (unsigned) in->maxnames);
    out->names.names_val = g_new0(remote_nonnull_string, count);
    for (; out->names.names_len < count; out->names.names_len++)
        out->names.names_val[out->names.names_len] =
            object_name(found->pdata[out->names.names_len]);
    return true;
}

/* ---- one device ---- */

bool noded_node_device_get_xml_desc(Call *call, const remote_node_device_get_xml_desc_args *in,
                                    remote_node_device_get_xml_desc_ret *out, GError **error)
{
    g_autoptr(DeviceView) view = device_view(device_of(call));
    Description *description = view->live;

    if (!call_check_flags(call, in->flags, VIR_NODE_DEVICE_XML_INACTIVE, error))
        return false;
    if (in->flags & VIR_NODE_DEVICE_XML_INACTIVE && !view->config)
        return fail(error, ERR_OPERATION_INVALID, "node device '%s' has no definition", in->name);
    if (in->flags & VIR_NODE_DEVICE_XML_INACTIVE || !description)
        description = view->config;
    out->xml = g_strdup(description_xml(description));
    return true;
}

bool noded_node_device_get_parent(Call *call, const remote_node_device_get_parent_args *,
                                  remote_node_device_get_parent_ret *out, GError **)
{
    g_autoptr(DeviceView) view = device_view(device_of(call));
    const char *parent = device_current(view)->parent;

    if (parent) {
        out->parent_name = g_new0(char *, 1);
        *out->parent_name = g_strdup(parent);
    }
    return true;
}

bool noded_node_device_num_of_caps(Call *call, const remote_node_device_num_of_caps_args *,
                                   remote_node_device_num_of_caps_ret *out, GError **)
{
    g_autoptr(DeviceView) view = device_view(device_of(call));

    out->num = __builtin_popcount(view->capabilities);
    return true;
}

bool noded_node_device_list_caps(Call *call, const remote_node_device_list_caps_args *in,
                                 remote_node_device_list_caps_ret *out, GError **error)
{
    g_autoptr(DeviceView) view = device_view(device_of(call));

    if (in->maxnames < 0 || in->maxnames > REMOTE_NODE_DEVICE_CAPS_LIST_MAX)
        return fail(error, ERR_INVALID_ARG, "%d names cannot be asked for", in->maxnames);
    out->names.names_val = g_new0(remote_nonnull_string, G_N_ELEMENTS(capability_names));
    for (size_t i = 0; i < G_N_ELEMENTS(capability_names); i++) {
        if (view->capabilities & capability_names[i].bit &&
            out->names.names_len < (unsigned) in->maxnames)
            out->names.names_val[out->names.names_len++] = g_strdup(capability_names[i].name);
    }
    return true;
}

bool noded_node_device_is_active(Call *call, const remote_node_device_is_active_args *,
                                 remote_node_device_is_active_ret *out, GError **)
{
    g_autoptr(DeviceView) view = device_view(device_of(call));

    out->active = view->live != NULL;
    return true;
}

bool noded_node_device_is_persistent(Call *call, const remote_node_device_is_persistent_args *,
                                     remote_node_device_is_persistent_ret *out, GError **)
{
    g_autoptr(DeviceView) view = device_view(device_of(call));

    out->persistent = is_persistent(view);
    return true;
}

/* The machine itself is there whenever we are. */
bool noded_node_device_get_autostart(Call *call, const remote_node_device_get_autostart_args *,
                                     remote_node_device_get_autostart_ret *out, GError **)
{
    g_autoptr(DeviceView) view = device_view(device_of(call));

    out->autostart =
        view->autostart || view->capabilities & VIR_CONNECT_LIST_NODE_DEVICES_CAP_SYSTEM;
    return true;
}
