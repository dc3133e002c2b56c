/* class-misc.c - the machine itself, graphics, virtual data paths */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "class.h"
#include "daemon/daemon.h"
#include "facts.h"
#include "host/identity.h"

#include <fcntl.h>
#include <string.h>

/* ---- the machine ---- */

static const SourceRow system_rows[] = {
    { ATTRIBUTE, "product_name", SLOT(NodeCapability, system.product, char *), take_string },
    { ATTRIBUTE, "sys_vendor", SLOT(NodeCapability, system.vendor, char *), take_string },
    { ATTRIBUTE, "product_version", SLOT(NodeCapability, system.version, char *), take_string },
    { ATTRIBUTE, "product_serial", SLOT(NodeCapability, system.serial, char *), take_string },
    { ATTRIBUTE, "bios_vendor", SLOT(NodeCapability, system.firmware_vendor, char *), take_string },
    { ATTRIBUTE, "bios_version", SLOT(NodeCapability, system.firmware_version, char *),
      take_string },
    { ATTRIBUTE, "bios_date", SLOT(NodeCapability, system.firmware_date, char *), take_string },
    {},
};

NodeDevice *class_read_system(void)
{
    g_autofree char *kept = daemon_path("var/lib/ostler/host-uuid");
    g_autofree char *path = g_strconcat(facts_root(), "/sys/class/dmi/id", NULL);
    g_auto(Source) source = { .directory = sysfs_open(AT_FDCWD, path) };
    g_autoptr(GError) error = NULL;
    NodeDevice *device = g_new0(NodeDevice, 1);

    device->name = g_strdup("computer");
    device->capability = g_new0(NodeCapability, 1);
    device->capability->type = NODE_SYSTEM;
    source_read(&source, system_rows, device->capability);
    if (!host_uuid(facts_root(), kept, &device->capability->system.uuid, &error))
        g_warning("the machine's uuid is not kept: %s", error->message);
    return device;
}

/* ---- graphics ---- */

static bool read_drm(const Source *source, NodeDevice *device)
{
    const char *type = g_str_has_prefix(source->name, "render")    ? "render"
                       : g_str_has_prefix(source->name, "control") ? "control"
                                                                   : "primary";

    device->capability->drm = g_strdup(type);
    return device->devnodes != NULL;
}

const DeviceKind kind_drm = {
    .type = NODE_DRM,
    .subsystem = "class/drm",
    .devtype = "drm_minor",
    .prefix = "drm",
    .read = read_drm,
};

/* ---- virtual data paths ---- */

/* The character device is named after a child of the device: "vhost-vdpa-0". */
static bool read_vdpa(const Source *source, NodeDevice *device)
{
    int fd = sysfs_open(source->directory, ".");
    g_autoptr(Directory) children = fd < 0 ? NULL : fdopendir(fd);

    for (const struct dirent *entry; children && (entry = readdir(children));) {
        if (g_str_has_prefix(entry->d_name, "vhost-vdpa"))
            device->capability->node = g_strconcat("/dev/", entry->d_name, NULL);
    }
    return true;
}

const DeviceKind kind_vdpa = {
    .type = NODE_VDPA,
    .subsystem = "bus/vdpa",
    .prefix = "vdpa",
    .read = read_vdpa,
};
