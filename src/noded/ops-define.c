/* ops-define.c - devices that clients define, start, end and forget */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "class.h"
#include "make.h"
#include "mdev.h"
#include "mdev-store.h"
#include "model/list.h"
#include "ops.h"

#include <string.h>

/* ---- definitions ---- */

static bool check_type(const NodeFeature *types, const char *type, GError **error)
{
    for (LIST_EACH(NodeMdevType, known, types->mdevs)) {
        if (strcmp(known->id, type) == 0)
            return true;
    }
    return fail(error, ERR_CONFIG_UNSUPPORTED, "the parent device has no type '%s'", type);
}

/* The place of the parent, as the names of its shares have it. */
static char *check_parent(const NodeDevice *given, GError **error)
{
    g_autoptr(Device) parent = given->parent ? device_find(given->parent) : NULL;
    g_autoptr(DeviceView) view = parent ? device_view(parent) : NULL;
    const NodeFeature *types =
        view && view->live ? node_find_feature(view->live->device->capability, NODE_MDEV_TYPES)
                           : NULL;

    if (!given->parent)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "missing parent device");
    if (!types)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "invalid parent device '%s'", given->parent);
    if (!check_type(types, given->capability->mdev.type, error))
        return NULL;
    return g_path_get_basename(view->live->device->path);
}

/* What is kept of what was given: the rest is the host's to say. */
static NodeDevice *to_keep(NodeDevice *given, GError **error)
{
    NodeCapability *mdev = given->capability;
    NodeDevice *kept;
    char uuid[UUID_TEXT];

    g_free(mdev->mdev.parent_address);
    mdev->mdev.parent_address = check_parent(given, error);
    if (!mdev->mdev.parent_address)
        return NULL;
    if (uuid_is_zero(&mdev->mdev.uuid))
        mdev->mdev.uuid = uuid_random();
    mdev->iommu_group = (Optional){ 0 };
    kept = g_new0(NodeDevice, 1);
    kept->name = class_name("mdev", uuid_print(&mdev->mdev.uuid, uuid), mdev->mdev.parent_address);
    kept->parent = g_strdup(given->parent);
    kept->capability = g_steal_pointer(&given->capability);
    return kept;
}

static NodeDevice *parse(const char *xml, bool validate, GError **error)
{
    return xml_parse(&node_device_element, xml, validate ? XML_VALIDATE : 0, NULL, error);
}

static NodeDevice *parse_mdev(const char *xml, bool validate, GError **error)
{
    g_autoptr(NodeDevice) given = parse(xml, validate, error);

    if (!given)
        return NULL;
    if (given->capability->type != NODE_MDEV)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "unsupported device type");
    return to_keep(given, error);
}

static Stay *enter(GError **error)
{
    return strand_enter(mdev_changes, MODE_CHANGE, "a change of definitions", error);
}

static bool check_new(const char *name, GError **error)
{
    g_autoptr(Device) device = device_find(name);
    g_autoptr(DeviceView) view = device ? device_view(device) : NULL;

    return !view || !view->config ||
           fail(error, ERR_OPERATION_INVALID, "device '%s' is already defined", name);
}

bool noded_node_device_define_xml(Call *call, const remote_node_device_define_xml_args *in,
                                  remote_node_device_define_xml_ret *out, GError **error)
{
    bool validate = in->flags & VIR_NODE_DEVICE_DEFINE_XML_VALIDATE;
    g_autoptr(NodeDevice) definition = NULL;
    g_autoptr(Stay) stay = NULL;
    g_autoptr(Device) device = NULL;

    if (!call_check_flags(call, in->flags, VIR_NODE_DEVICE_DEFINE_XML_VALIDATE, error))
        return false;
    definition = parse_mdev(in->xml_desc, validate, error);
    if (!definition)
        return false;
    stay = enter(error);
    if (!stay || !check_new(definition->name, error))
        return false;
    if (!mdev_store_define(definition, error))
        return false;
    device = device_find(definition->name);
    if (!device)
        return fail(error, ERR_NO_NODE_DEVICE, "device '%s' has gone again", definition->name);
    out->dev = ops_reference(device);
    return true;
}

static bool check_defined(const DeviceView *view, const char *name, GError **error)
{
    return view->config ||
           fail(error, ERR_OPERATION_INVALID, "node device '%s' is not defined", name);
}

/* That of a device of ours; NULL and an error when it is another. */
static DeviceView *view_of_defined(Device *device, GError **error)
{
    g_autoptr(DeviceView) view = device_view(device);

    if (view->capabilities & VIR_CONNECT_LIST_NODE_DEVICES_CAP_SYSTEM)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "unsupported device type");
    if (!check_defined(view, device->object.name, error))
        return NULL;
    return g_steal_pointer(&view);
}

bool noded_node_device_undefine(Call *call, const remote_node_device_undefine_args *in, none *,
                                GError **error)
{
    g_autoptr(Stay) stay = NULL;
    g_autoptr(DeviceView) view = NULL;

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    stay = enter(error);
    view = stay ? view_of_defined(device_of(call), error) : NULL;
    return view && mdev_store_undefine(view->config->device, error);
}

bool noded_node_device_set_autostart(Call *call, const remote_node_device_set_autostart_args *in,
                                     none *, GError **error)
{
    g_autoptr(Stay) stay = enter(error);
    g_autoptr(DeviceView) view = stay ? device_view(device_of(call)) : NULL;

    if (!view)
        return false;
    if (device_current(view)->capability->type != NODE_MDEV)
        return fail(error, ERR_OPERATION_UNSUPPORTED, "unsupported device type");
    if (!view->config)
        return fail(error, ERR_OPERATION_INVALID, "cannot set autostart for transient device");
    return mdev_store_set_autostart(view->config->device, in->autostart, error);
}

/* Only what the share is made with may change, not what and whose it is. */
static bool check_same(const NodeDevice *now, const NodeDevice *then, GError **error)
{
    return (strcmp(now->name, then->name) == 0 &&
            strcmp(now->capability->mdev.type, then->capability->mdev.type) == 0) ||
           fail(error, ERR_OPERATION_INVALID, "the uuid, type and parent of '%s' cannot be changed",
                then->name);
}

static bool update_live(const NodeDevice *definition, const DeviceView *view, GError **error)
{
    const NodeDevice *now = view->live->device;

    return check_same(definition, now, error) && mdev_change(definition, now->path, error);
}

static bool update_config(const NodeDevice *definition, const DeviceView *view, GError **error)
{
    return check_same(definition, view->config->device, error) &&
           mdev_store_redefine(definition, view->autostart, error);
}

/* Without a flag what there is: the device when it is active, else its definition. */
bool noded_node_device_update(Call *call, const remote_node_device_update_args *in, none *,
                              GError **error)
{
    enum {
        LIVE = VIR_NODE_DEVICE_UPDATE_AFFECT_LIVE,
        CONFIG = VIR_NODE_DEVICE_UPDATE_AFFECT_CONFIG
    };
    Device *device = device_of(call);
    g_autoptr(NodeDevice) definition = NULL;
    g_autoptr(Stay) stay = NULL;
    g_autoptr(DeviceView) view = NULL;
    unsigned what = in->flags;

    if (!call_check_flags(call, in->flags, LIVE | CONFIG, error))
        return false;
    definition = parse_mdev(in->xml_desc, false, error);
    stay = definition ? enter(error) : NULL;
    if (!stay)
        return false;
    view = device_view(device);
    if (what == 0)
        what = view->live ? LIVE : CONFIG;
    if (what & LIVE && !view->live)
        return fail(error, ERR_OPERATION_INVALID, "device '%s' is not active", in->name);
    if (what & CONFIG && !check_defined(view, in->name, error))
        return false;
    return (!(what & LIVE) || update_live(definition, view, error)) &&
           (!(what & CONFIG) || update_config(definition, view, error));
}

/* ---- the devices themselves ---- */

bool noded_node_device_create_xml(Call *call, const remote_node_device_create_xml_args *in,
                                  remote_node_device_create_xml_ret *out, GError **error)
{
    bool validate = in->flags & VIR_NODE_DEVICE_CREATE_XML_VALIDATE;
    g_autoptr(NodeDevice) given = NULL, definition = NULL;
    g_autoptr(Device) device = NULL;

    if (!call_check_flags(call, in->flags, VIR_NODE_DEVICE_CREATE_XML_VALIDATE, error))
        return false;
    given = parse(in->xml_desc, validate, error);
    if (!given)
        return false;
    if (given->capability->type == NODE_MDEV) {
        definition = to_keep(given, error);
        if (!definition)
            return false;
    }
    device = make_device(definition ? definition : given, error);
    if (!device)
        return false;
    out->dev = ops_reference(device);
    return true;
}

bool noded_node_device_create(Call *call, const remote_node_device_create_args *in, none *,
                              GError **error)
{
    return call_check_flags(call, in->flags, 0, error) && make_start(device_of(call), error);
}

bool noded_node_device_destroy(Call *call, const remote_node_device_destroy_args *, none *,
                               GError **error)
{
    return make_end(device_of(call), error);
}
