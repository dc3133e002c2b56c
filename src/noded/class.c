/* class.c - kinds of devices: what of sysfs is one, and what is told of it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "class.h"

#include "model/list.h"

#include <string.h>

const DeviceKind *const device_kinds[] = {
    &kind_pci,
    &kind_usb_device,
    &kind_usb,
    &kind_net,
    &kind_wireless,
    &kind_scsi_host,
    &kind_scsi_target,
    &kind_scsi,
    &kind_scsi_generic,
    &kind_storage,
    &kind_drm,
    &kind_mdev,
    &kind_ccw,
    &kind_css,
    &kind_vdpa,
    &kind_ap_card,
    &kind_ap_queue,
    &kind_ap_matrix,
    NULL,
};

char *class_name(const char *prefix, const char *name, const char *suffix)
{
    char *whole =
        suffix ? g_strjoin("_", prefix, name, suffix, NULL) : g_strjoin("_", prefix, name, NULL);

    for (char *at = whole; *at; at++) {
        if (!g_ascii_isalnum(*at))
            *at = '_';
    }
    return whole;
}

char *class_pci_name(const PciAddress *address)
{
    return g_strdup_printf("pci_%04x_%02x_%02x_%x", address->domain, address->bus, address->slot,
                           address->function);
}

static const DeviceKind *find_kind(const char *subsystem, const char *devtype)
{
    for (const DeviceKind *const *kind = device_kinds; *kind; kind++) {
        if (g_strcmp0((*kind)->devtype, devtype) == 0 &&
            strcmp(strchr((*kind)->subsystem, '/') + 1, subsystem) == 0)
            return *kind;
    }
    return NULL;
}

static void add_devnode(NodeDevice *device, const char *type, const char *path)
{
    NodeDevnode *devnode = g_new0(NodeDevnode, 1);

    devnode->type = g_strdup(type);
    devnode->path = *path == '/' ? g_strdup(path) : g_strconcat("/dev/", path, NULL);
    list_add(&device->devnodes, devnode);
}

/* The kernel tells the name below /dev, udev the whole path and further links to it. */
static void add_devnodes(const Source *source, NodeDevice *device)
{
    const char *name = source_property(source, "DEVNAME");
    const char *links = source_property(source, "DEVLINKS");
    g_auto(GStrv) paths = g_strsplit(links ? links : "", " ", -1);

    if (name)
        add_devnode(device, "dev", name);
    for (char **path = paths; *path; path++) {
        if (**path)
            add_devnode(device, "link", *path);
    }
}

static char *name_of(const DeviceKind *kind, const Source *source, NodeCapability *capability)
{
    const char *suffix =
        kind->suffix ? *(const char *const *) slot_at(capability, kind->suffix) : NULL;

    return class_name(kind->prefix, source->name, suffix);
}

NodeDevice *class_read(const Source *source)
{
    g_autofree char *subsystem = source_link(source, "subsystem");
    const DeviceKind *kind =
        subsystem ? find_kind(subsystem, source_property(source, "DEVTYPE")) : NULL;
    g_autoptr(NodeDevice) device = NULL;

    if (!kind)
        return NULL;
    device = g_new0(NodeDevice, 1);
    device->capability = g_new0(NodeCapability, 1);
    device->capability->type = kind->type;
    device->path = g_strdup(source->path);
    device->driver = source_link(source, "driver");
    add_devnodes(source, device);
    source_read(source, kind->rows, device->capability);
    if (kind->read && !kind->read(source, device))
        return NULL;
    device->name = name_of(kind, source, device->capability);
    return g_steal_pointer(&device);
}
