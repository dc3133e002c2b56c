/* class-mdev.c - mediated devices, and what can make them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "class.h"
#include "model/list.h"

#include <stdlib.h>
#include <string.h>

static bool read_mdev(const Source *source, NodeDevice *device)
{
    NodeCapability *mdev = device->capability;
    g_autofree char *above = g_path_get_dirname(source->path);
    g_autofree char *group = source_link(source, "iommu_group");

    mdev->mdev.type = source_link(source, "mdev_type");
    if (!group || !mdev->mdev.type || !uuid_parse(source->name, &mdev->mdev.uuid))
        return false;
    mdev->mdev.parent_address = g_path_get_basename(above);
    mdev->iommu_group = optional(atoi(group));
    return true;
}

const DeviceKind kind_mdev = {
    .type = NODE_MDEV,
    .subsystem = "bus/mdev",
    .prefix = "mdev",
    .suffix = SLOT(NodeCapability, mdev.parent_address, char *),
    .read = read_mdev,
};

/* ---- types ---- */

static const SourceRow type_rows[] = {
    { ATTRIBUTE, "name", SLOT(NodeMdevType, name, char *), take_string },
    { ATTRIBUTE, "device_api", SLOT(NodeMdevType, device_api, char *), take_string },
    { ATTRIBUTE, "available_instances", SLOT(NodeMdevType, available, unsigned), take_decimal },
    {},
};

static NodeMdevType *read_type(int directory, const char *id)
{
    Source source = { .directory = sysfs_open(directory, id) };
    NodeMdevType *type;

    if (source.directory < 0)
        return NULL;
    type = g_new0(NodeMdevType, 1);
    type->id = g_strdup(id);
    source_read(&source, type_rows, type);
    fd_close(source.directory);
    return type;
}

static int compare_types(const void *a, const void *b)
{
    return strcmp((*(NodeMdevType *const *) a)->id, (*(NodeMdevType *const *) b)->id);
}

void class_add_mdev_types(const Source *source, NodeCapability *capability)
{
    g_auto(Fd) fd = sysfs_open(source->directory, "mdev_supported_types");
    g_autoptr(Directory) types = fd < 0 ? NULL : fdopendir(fd);
    NodeFeature *feature = NULL;

    if (!types)
        return;
    for (const struct dirent *entry; (entry = readdir(types));) {
        NodeMdevType *type = *entry->d_name == '.' ? NULL : read_type(fd, entry->d_name);

        if (!type)
            continue;
        if (!feature)
            feature = node_add_feature(capability, NODE_MDEV_TYPES);
        list_add(&feature->mdevs, type);
    }
    if (feature)
        g_ptr_array_sort(feature->mdevs, compare_types);
    g_steal_fd(&fd);
}
