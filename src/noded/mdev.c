/* mdev.c - mediated devices: shares of a device that its driver makes on demand
 *
 * Where mdevctl is installed it does the work, because drivers' makers hook into it; else a few
 * words to the kernel do. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mdev.h"

#include "facts.h"
#include "host/sysfs.h"
#include "mdevctl.h"
#include "model/list.h"

#include <string.h>

char *mdev_path(const NodeDevice *definition, const char *parent)
{
    char uuid[UUID_TEXT];

    return g_build_filename(parent, uuid_print(&definition->capability->mdev.uuid, uuid), NULL);
}

/* ---- by the kernel ---- */

static bool write_below(const char *path, const char *name, const char *text, GError **error)
{
    g_autofree char *whole = g_build_filename(facts_root(), path, name, NULL);

    return sysfs_write(whole, text, error);
}

static bool set_attributes(const NodeCapability *mdev, const char *path, GError **error)
{
    for (LIST_EACH(NodeMdevAttribute, attribute, mdev->mdev.attributes)) {
        if (strstr(attribute->name, "..") || *attribute->name == '/')
            return fail(error, ERR_XML, "a device cannot have an attribute '%s'", attribute->name);
        if (!write_below(path, attribute->name, attribute->value, error))
            return false;
    }
    return true;
}

static bool start_by_kernel(const NodeDevice *definition, const char *parent, GError **error)
{
    const NodeCapability *mdev = definition->capability;
    g_autofree char *create =
        g_build_filename("mdev_supported_types", mdev->mdev.type, "create", NULL);
    char uuid[UUID_TEXT];

    return write_below(parent, create, uuid_print(&mdev->mdev.uuid, uuid), error);
}

/* ---- by whichever there is ---- */

bool mdev_start(const NodeDevice *definition, const char *parent, GError **error)
{
    g_autoptr(Json) description = NULL;

    if (!mdevctl_is_there())
        return start_by_kernel(definition, parent, error);
    description = mdevctl_describe(definition->capability, false);
    return mdevctl_run("start", definition->capability, NULL, description, error);
}

bool mdev_configure(const NodeDevice *definition, const char *path, GError **error)
{
    return mdevctl_is_there() || set_attributes(definition->capability, path, error);
}

bool mdev_change(const NodeDevice *definition, const char *path, GError **error)
{
    g_autoptr(Json) description = NULL;

    if (!mdevctl_is_there())
        return set_attributes(definition->capability, path, error);
    description = mdevctl_describe(definition->capability, false);
    return mdevctl_run("modify", definition->capability, "--live", description, error);
}

bool mdev_stop(const char *path, GError **error)
{
    g_autofree char *uuid = g_path_get_basename(path);
    NodeCapability which = { .type = NODE_MDEV };

    if (!mdevctl_is_there())
        return write_below(path, "remove", "1", error);
    return uuid_parse(uuid, &which.mdev.uuid) && mdevctl_run("stop", &which, NULL, NULL, error);
}
