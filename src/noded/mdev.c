/* mdev.c - mediated devices: shares of a device that its driver makes on demand
 *
 * Where mdevctl is installed it does the work, because drivers' makers hook into it; else a few
 * words to the kernel do. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mdev.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "facts.h"
#include "host/sysfs.h"
#include "loop/spawn.h"
#include "model/list.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define MDEVCTL "/usr/sbin/mdevctl"

enum { MDEVCTL_MS = 30000, OUTPUT_LIMIT = 65536 };

char *mdev_path(const NodeDevice *definition, const char *parent)
{
    char uuid[UUID_TEXT];

    return g_build_filename(parent, uuid_print(&definition->capability->mdev.uuid, uuid), NULL);
}

/* ---- by mdevctl ---- */

static char *find_mdevctl(void)
{
    g_autofree char *path = g_strconcat(facts_root(), MDEVCTL, NULL);

    return access(path, X_OK) == 0 ? g_steal_pointer(&path) : NULL;
}

static Json *describe(const NodeCapability *mdev)
{
    Json *whole = json_object_new_object(), *attributes = json_object_new_array();

    for (LIST_EACH(NodeMdevAttribute, attribute, mdev->mdev.attributes)) {
        Json *pair = json_object_new_object();

        json_object_object_add(pair, attribute->name, json_object_new_string(attribute->value));
        json_object_array_add(attributes, pair);
    }
    json_object_object_add(whole, "mdev_type", json_object_new_string(mdev->mdev.type));
    json_object_object_add(whole, "start", json_object_new_string("manual"));
    json_object_object_add(whole, "attrs", attributes);
    return whole;
}

/* A file without a name that begins with what mdevctl is to read. */
static int describe_in_file(const NodeCapability *mdev, GError **error)
{
    g_auto(Fd) fd = memfd_create("mdev", MFD_CLOEXEC);
    g_autoptr(Json) description = describe(mdev);
    const char *text = json_object_to_json_string(description);

    if (fd >= 0 && file_write_all(fd, text, strlen(text)) && lseek(fd, 0, SEEK_SET) == 0)
        return g_steal_fd(&fd);
    fail_errno(error, errno, "cannot describe a mediated device");
    return -1;
}

static bool run(const char *const *argv, int in, GError **error)
{
    const Spawn mdevctl = { .argv = argv, .in = in, .out = -1, .err = -1 };
    g_autofree char *output = spawn_and_read(&mdevctl, MDEVCTL_MS, OUTPUT_LIMIT, error);

    return output != NULL;
}

static bool start_by_mdevctl(const char *mdevctl, const NodeDevice *definition, const char *parent,
                             GError **error)
{
    g_autofree char *above = g_path_get_basename(parent);
    g_auto(Fd) in = describe_in_file(definition->capability, error);
    char uuid[UUID_TEXT];
    const char *const argv[] = {
        mdevctl,      "start",
        "-p",         above,
        "-u",         uuid_print(&definition->capability->mdev.uuid, uuid),
        "--jsonfile", "/proc/self/fd/0",
        NULL,
    };

    return in >= 0 && run(argv, in, error);
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
    g_autofree char *mdevctl = find_mdevctl();

    return mdevctl ? start_by_mdevctl(mdevctl, definition, parent, error)
                   : start_by_kernel(definition, parent, error);
}

bool mdev_configure(const NodeDevice *definition, const char *path, GError **error)
{
    g_autofree char *mdevctl = find_mdevctl();

    return mdevctl || set_attributes(definition->capability, path, error);
}

bool mdev_stop(const char *path, GError **error)
{
    g_autofree char *mdevctl = find_mdevctl(), *uuid = g_path_get_basename(path);
    const char *const argv[] = { mdevctl, "stop", "-u", uuid, NULL };

    return mdevctl ? run(argv, -1, error) : write_below(path, "remove", "1", error);
}
