/* vport.c - virtual ports of Fibre Channel hosts: a second SCSI host on the same card */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vport.h"

#include "facts.h"
#include "host/sysfs.h"

#include <string.h>

/* NULL when it is not, or cannot have another. */
static const NodeFeature *room_of(const DeviceView *view)
{
    const NodeFeature *room =
        view->live ? node_find_feature(view->live->device->capability, NODE_VPORT_OPS) : NULL;

    return room && room->vports < room->max_vports ? room : NULL;
}

static bool is_on_fabric(const DeviceView *view, const char *fabric)
{
    const NodeFeature *fc = node_find_feature(view->live->device->capability, NODE_FC_HOST);

    return !fabric || (fc && g_strcmp0(fc->fabric, fabric) == 0);
}

static Device *find_any(const char *fabric)
{
    g_autoptr(GPtrArray) all = registry_list(devices);

    for (guint i = 0; i < all->len; i++) {
        Device *device = all->pdata[i];
        g_autoptr(DeviceView) view = device_view(device);

        if (room_of(view) && is_on_fabric(view, fabric))
            return (Device *) object_ref(&device->object);
    }
    return NULL;
}

Device *vport_find_parent(const NodeDevice *definition, GError **error)
{
    Device *parent;

    if (definition->parent)
        parent = device_find(definition->parent);
    else if (definition->parent_wwnn && definition->parent_wwpn)
        parent = device_find_scsi_host(definition->parent_wwnn, definition->parent_wwpn);
    else
        parent = find_any(definition->parent_fabric);
    return parent
               ? parent
               : fail(error, ERR_NO_NODE_DEVICE, "no SCSI host that could have a virtual port%s%s",
                      definition->parent ? ": " : "", definition->parent ? definition->parent : "");
}

/* Sixteen hexadecimal digits each. */
static bool check_name(const char *wwn, GError **error)
{
    size_t length = wwn ? strspn(wwn, "0123456789abcdefABCDEF") : 0;

    return (length == 16 && !wwn[length]) ||
           fail(error, ERR_XML, "'%s' is not a world wide name", wwn ? wwn : "");
}

static bool tell(Device *on, const char *file, const NodeFeature *names, GError **error)
{
    g_autoptr(DeviceView) view = device_view(on);
    const NodeDevice *live = view->live ? view->live->device : NULL;
    g_autofree char *path = NULL, *text = NULL;

    if (!live || !node_find_feature(live->capability, NODE_VPORT_OPS))
        return fail(error, ERR_CONFIG_UNSUPPORTED, "device '%s' cannot have virtual ports",
                    on->object.name);
    path = g_strdup_printf("%s%s/fc_host/host%u/%s", facts_root(), live->path,
                           live->capability->scsi.host, file);
    text = g_strdup_printf("%s:%s", names->wwpn, names->wwnn);
    return sysfs_write(path, text, error);
}

bool vport_create(Device *on, const NodeFeature *names, GError **error)
{
    return check_name(names->wwnn, error) && check_name(names->wwpn, error) &&
           tell(on, "vport_create", names, error);
}

bool vport_delete(Device *on, const NodeFeature *names, GError **error)
{
    return tell(on, "vport_delete", names, error);
}
