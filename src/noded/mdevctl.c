/* mdevctl.c - the program that makes and keeps mediated devices, where it is installed */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mdevctl.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "daemon/daemon.h"
#include "loop/spawn.h"
#include "model/list.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { LIMIT_MS = 30000, OUTPUT_LIMIT = 65536 };

/* Below our root, as the files are that it works on. */
static char *find(void)
{
    static const char *const places[] = { "usr/sbin", "usr/bin" };

    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = daemon_path("%s/mdevctl", places[i]);

        if (access(path, X_OK) == 0)
            return g_steal_pointer(&path);
    }
    return NULL;
}

bool mdevctl_is_there(void)
{
    g_autofree char *path = find();

    return path != NULL;
}

/* A file without a name that begins with what mdevctl is to read. */
static int open_description(Json *description, GError **error)
{
    g_auto(Fd) fd = memfd_create("mdev", MFD_CLOEXEC);
    const char *text = json_object_to_json_string(description);

    if (fd >= 0 && file_write_all(fd, text, strlen(text)) && lseek(fd, 0, SEEK_SET) == 0)
        return g_steal_fd(&fd);
    fail_errno(error, errno, "cannot describe a mediated device");
    return -1;
}

bool mdevctl_run(const char *verb, const NodeCapability *mdev, const char *option,
                 Json *description, GError **error)
{
    g_auto(Fd) in = description ? open_description(description, error) : -1;
    g_autofree char *path = find(), *output = NULL;
    char uuid[UUID_TEXT];
    const char *argv[10] = { path, verb, "-u", uuid_print(&mdev->mdev.uuid, uuid) };
    const Spawn what = { .argv = argv, .in = in, .out = -1, .err = -1 };
    size_t count = 4;

    if (description && in < 0)
        return false;
    if (mdev->mdev.parent_address) {
        argv[count++] = "-p";
        argv[count++] = mdev->mdev.parent_address;
    }
    if (option)
        argv[count++] = option;
    if (description) {
        argv[count++] = "--jsonfile";
        argv[count++] = "/proc/self/fd/0";
    }
    output = spawn_and_read(&what, LIMIT_MS, OUTPUT_LIMIT, error);
    return output != NULL;
}

Json *mdevctl_describe(const NodeCapability *mdev, bool autostart)
{
    Json *attributes = json_object_new_array();

    for (LIST_EACH(NodeMdevAttribute, attribute, mdev->mdev.attributes))
        json_object_array_add(attributes, json_build("s", attribute->name, attribute->value));
    return json_build("ssj", "mdev_type", mdev->mdev.type, "start", autostart ? "auto" : "manual",
                      "attrs", attributes);
}
