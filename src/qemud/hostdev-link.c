/* hostdev-link.c - devices of the host as QEMU takes them: by files and descriptors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hostdev-link.h"

#include "base/cleanup.h"
#include "dev-hostdev.h"
#include "guest/device-link.h"
#include "host/sysfs.h"
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a device's own registers and QEMU's other memory may take beside the guest's. */
enum { BESIDE_MIB = 1024 };

/* ---- the file of a device's group ---- */

static char *sysfs_path(const Hostdev *device)
{
    const PciAddress *at = device->pci;
    char uuid[UUID_TEXT];

    if (device->type == HOSTDEV_MDEV)
        return g_strconcat("/sys/bus/mdev/devices/", uuid_print(&device->mdev, uuid), NULL);
    return g_strdup_printf("/sys/bus/pci/devices/%04x:%02x:%02x.%x", at->domain, at->bus, at->slot,
                           at->function);
}

static char *group_file(const Hostdev *device)
{
    g_autofree char *path = sysfs_path(device), *group = NULL;
    g_auto(Fd) directory = sysfs_open(AT_FDCWD, path);

    group = directory < 0 ? NULL : sysfs_link(directory, "iommu_group");
    return group ? g_strconcat("/dev/vfio/", group, NULL) : NULL;
}

/* Only one may have it open at a time, so that guests of the same user are apart. */
static bool give_file(const Hostdev *device, GError **error)
{
    g_autofree char *path = hostdev_is_vfio(device) ? group_file(device) : NULL;

    if (!path || !qemu_user.given)
        return true;
    return chown(path, qemu_user.uid, -1) == 0 ||
           fail_errno(error, errno, "cannot give '%s' to QEMU's user", path);
}

static void take_file(const Hostdev *device)
{
    g_autofree char *path = hostdev_is_vfio(device) ? group_file(device) : NULL;
    struct stat file;

    if (path && qemu_user.given && stat(path, &file) == 0 && file.st_uid == qemu_user.uid)
        (void) chown(path, 0, -1);
}

/* Calls visit() for each device that the guest has by VFIO, until it fails. */
typedef bool Visit(const Hostdev *device, void *data, GError **error);

static bool each_vfio(const Domain *live, Visit *visit, void *data, GError **error)
{
    for (LIST_EACH(Hostdev, device, live->hostdevs)) {
        if (hostdev_is_vfio(device) && !visit(device, data, error))
            return false;
    }
    for (LIST_EACH(Iface, iface, live->interfaces)) {
        g_autoptr(Hostdev) device = hostdev_of_iface(iface);

        if (device && !visit(device, data, error))
            return false;
    }
    return true;
}

static bool give(const Hostdev *device, void *, GError **error) { return give_file(device, error); }

static bool take_back(const Hostdev *device, void *, GError **)
{
    take_file(device);
    return true;
}

/* The file of a device that goes, which other devices of the guest may be used by, too. */
typedef struct Shared {
    const char *device, *file;
} Shared;

static bool is_apart(const Hostdev *device, void *data, GError **)
{
    const Shared *shared = data;
    g_autofree char *path = sysfs_path(device), *file = group_file(device);

    return g_str_equal(path, shared->device) || g_strcmp0(file, shared->file) != 0;
}

static void take_unless_shared(const Domain *live, const Hostdev *device)
{
    g_autofree char *path = sysfs_path(device), *file = group_file(device);

    if (each_vfio(live, is_apart, &(Shared){ path, file }, NULL))
        take_file(device);
}

static bool count(const Hostdev *, void *number, GError **)
{
    ++*(unsigned *) number;
    return true;
}

/* What a live definition tells. */
static void name_driver(char **driver)
{
    if (!*driver)
        *driver = g_strdup("vfio");
}

static void name_drivers(const Domain *live)
{
    for (LIST_EACH(Hostdev, device, live->hostdevs)) {
        if (device->type == HOSTDEV_PCI)
            name_driver(&device->driver);
    }
    for (LIST_EACH(Iface, iface, live->interfaces)) {
        if (iface_is_device(iface))
            name_driver(&iface->device_driver);
    }
}

/* ---- from outside ---- */

bool hostdevs_open(const Domain *live, GArray **usb, GError **error)
{
    if (!devices_open(live, usb, error))
        return false;
    name_drivers(live);
    if (each_vfio(live, give, NULL, error))
        return true;
    hostdevs_release(live);
    devices_close(live);
    return false;
}

bool hostdev_open(const Domain *live, Hostdev *hostdev, const void *plugged, GArray **usb,
                  GError **error)
{
    if (!device_open(live, hostdev, plugged, usb, error))
        return false;
    name_drivers(live);
    if (give_file(hostdev, error))
        return true;
    hostdev_close(live, hostdev, plugged);
    return false;
}

void hostdev_close(const Domain *live, const Hostdev *hostdev, const void *plugged)
{
    if (hostdev_is_vfio(hostdev))
        take_unless_shared(live, hostdev);
    devices_keep(live, plugged);
}

void hostdevs_release(const Domain *live) { (void) each_vfio(live, take_back, NULL, NULL); }

uint64_t hostdevs_locked_memory(const Domain *live)
{
    unsigned devices = 0;

    (void) each_vfio(live, count, &devices, NULL);
    return devices ? live->memory * 1024 + BESIDE_MIB * (uint64_t) (1 << 20) : 0;
}
