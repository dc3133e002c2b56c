/* pci-bind.c - who has a PCI function: a driver of the host's, or vfio-pci, which gives it away */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/pci-bind.h"

#include "base/cleanup.h"
#include "host/pci.h"
#include "host/sysfs.h"
#include "loop/spawn.h"
#include "loop/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define PCI "/sys/bus/pci"
#define VFIO HOST_PCI_VFIO

enum { LOAD_MS = 30000, LOAD_OUTPUT = 4096, LETTING_GO_MS = 5000, LOOK_US = 10000 };

static int open_function(const char *root, const char *function, GError **error)
{
    g_autofree char *path = g_strconcat(root, PCI "/devices/", function, NULL);
    int fd = sysfs_open(AT_FDCWD, path);

    if (fd < 0)
        fail_errno(error, errno, "cannot find PCI function %s", function);
    return fd;
}

static bool has_driver(int directory, const char *name)
{
    g_autofree char *driver = sysfs_link(directory, "driver");

    return g_strcmp0(driver, name) == 0;
}

/* Only one may have the group open at a time. To unbind it then would wait for that one to end. */
static bool is_in_use(const char *root, int directory)
{
    g_autofree char *group = sysfs_link(directory, "iommu_group");
    g_autofree char *path = g_strconcat(root, "/dev/vfio/", group, NULL);
    g_auto(Fd) fd = -1;

    if (!group || !has_driver(directory, VFIO))
        return false;
    fd = open(path, O_RDWR | O_CLOEXEC);
    return fd < 0 && errno == EBUSY;
}

static bool check_free(const char *root, int directory, const char *function, GError **error)
{
    return !is_in_use(root, directory) ||
           fail(error, ERR_OPERATION_INVALID, "PCI function %s is in use by a guest", function);
}

static bool load_vfio(const char *root, GError **error)
{
    static const char *const argv[] = { "/sbin/modprobe", VFIO, NULL };
    const Spawn modprobe = { .argv = argv, .in = -1, .out = -1, .err = -1 };
    g_autofree char *path = g_strconcat(root, PCI "/drivers/" VFIO, NULL), *output = NULL;

    if (*root || sysfs_exists(AT_FDCWD, path))
        return true;
    output = spawn_and_read(&modprobe, LOAD_MS, LOAD_OUTPUT, error);
    return output != NULL;
}

/* override: the only driver that may have it, or "\n" for any that knows it. */
static bool rebind(const char *root, int directory, const char *function, const char *override,
                   GError **error)
{
    g_autofree char *probe = g_strconcat(root, PCI "/drivers_probe", NULL);

    if (!sysfs_write_at(directory, "driver_override", override, error))
        return false;
    if (sysfs_exists(directory, "driver") &&
        !sysfs_write_at(directory, "driver/unbind", function, error))
        return false;
    return sysfs_write(probe, function, error);
}

static bool check_kind(const char *root, int directory, const char *function, GError **error)
{
    HostPciConfig config;

    host_pci_config(directory, &config);
    if (config.header != 0)
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "PCI function %s is a bridge, which cannot be given away", function);
    if (!sysfs_exists(directory, "iommu_group"))
        return fail(error, ERR_ARGUMENT_UNSUPPORTED,
                    "PCI function %s is in no IOMMU group, so that VFIO cannot give it away",
                    function);
    return load_vfio(root, error);
}

bool host_pci_detach(const char *root, const char *function, GError **error)
{
    g_auto(Fd) directory = open_function(root, function, error);

    if (directory < 0)
        return false;
    if (has_driver(directory, VFIO))
        return true;
    if (!check_kind(root, directory, function, error))
        return false;
    if (!rebind(root, directory, function, VFIO, error)) {
        (void) rebind(root, directory, function, "\n", NULL);
        return false;
    }
    if (has_driver(directory, VFIO))
        return true;
    (void) rebind(root, directory, function, "\n", NULL);
    return fail(error, ERR_OPERATION_FAILED, VFIO " did not take PCI function %s", function);
}

bool host_pci_reattach(const char *root, const char *function, GError **error)
{
    g_auto(Fd) directory = open_function(root, function, error);

    if (directory < 0)
        return false;
    if (sysfs_exists(directory, "driver") && !has_driver(directory, VFIO))
        return true;
    return check_free(root, directory, function, error) &&
           rebind(root, directory, function, "\n", error);
}

/* Nobody tells when the last descriptor of a group is closed. */
bool host_pci_reattach_when_free(const char *root, const char *function, GError **error)
{
    gint64 until = g_get_monotonic_time() + LETTING_GO_MS * G_GINT64_CONSTANT(1000);
    g_auto(Fd) directory = open_function(root, function, error);

    if (directory < 0)
        return false;
    while (is_in_use(root, directory) && g_get_monotonic_time() < until) {
        worker_waits();
        g_usleep(LOOK_US);
        worker_resumes();
    }
    return host_pci_reattach(root, function, error);
}

bool host_pci_reset(const char *root, const char *function, GError **error)
{
    g_auto(Fd) directory = open_function(root, function, error);

    if (directory < 0)
        return false;
    if (!sysfs_exists(directory, "reset"))
        return fail(error, ERR_OPERATION_UNSUPPORTED, "PCI function %s cannot be reset", function);
    return check_free(root, directory, function, error) &&
           sysfs_write_at(directory, "reset", "1", error);
}
