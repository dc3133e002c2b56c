/* hostdev-plug.c - a device of the host: put in and taken out while the guest runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hostdev-plug.h"

#include "base/cleanup.h"
#include "dev-hostdev.h"
#include "guest/device-link.h"
#include "hostdev-link.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

/* ---- finding ---- */

static bool is_meant_usb(const Hostdev *device, const Hostdev *wanted)
{
    return (!wanted->usb || (device->usb && device->usb->bus == wanted->usb->bus &&
                             device->usb->device == wanted->usb->device)) &&
           (!wanted->vendor.given || (device->vendor.given && device->product.given &&
                                      device->vendor.value == wanted->vendor.value &&
                                      device->product.value == wanted->product.value));
}

static bool is_meant(const Hostdev *device, const Hostdev *wanted)
{
    if (device->type != wanted->type)
        return false;
    return device->type == HOSTDEV_USB ? is_meant_usb(device, wanted)
                                       : hostdev_same(device, wanted);
}

static char *describe(const Hostdev *device)
{
    const PciAddress *at = device->pci;
    char uuid[UUID_TEXT];

    if (device->type == HOSTDEV_PCI)
        return g_strdup_printf("host pci device %04x:%02x:%02x.%x", at->domain, at->bus, at->slot,
                               at->function);
    if (device->type == HOSTDEV_MDEV)
        return g_strdup_printf("mediated device '%s'", uuid_print(&device->mdev, uuid));
    if (device->type == HOSTDEV_USB && device->usb)
        return g_strdup_printf("host usb device %03u.%03u", device->usb->bus, device->usb->device);
    if (device->type == HOSTDEV_USB)
        return g_strdup_printf("host usb device vendor=0x%04x product=0x%04x",
                               (unsigned) device->vendor.value, (unsigned) device->product.value);
    return g_strdup_printf("host %s device", hostdev_type_names[device->type]);
}

int hostdev_find(const Domain *domain, const void *wanted, GError **error)
{
    g_autofree char *what = describe(wanted);
    int at = 0;

    for (LIST_EACH(Hostdev, hostdev, domain->hostdevs)) {
        if (is_meant(hostdev, wanted))
            return at;
        at++;
    }
    fail(error, ERR_DEVICE_MISSING, "%s not found", what);
    return -1;
}

bool hostdev_check_new(const Domain *domain, const void *device, GError **error)
{
    return !hostdev_twin(domain, device) ||
           fail(error, ERR_OPERATION_INVALID, "device is already in the domain configuration");
}

/* ---- in ---- */

/* As many pages of the guest's as there are may be locked for the device. */
static bool allow_locking(Machine *vm, const Domain *live, GError **error)
{
    g_autoptr(View) view = machine_view(vm);
    uint64_t bytes = hostdevs_locked_memory(live);
    const struct rlimit limit = { bytes, bytes };

    return !bytes || prlimit(view->pid, RLIMIT_MEMLOCK, &limit, NULL) == 0 ||
           fail_errno(error, errno, "cannot let QEMU lock memory");
}

/* Gives QEMU a descriptor as a file of its own naming; NULL and -1 where there is none. */
static char *pass_file(Qmp *monitor, GArray *fds, int64_t *set, GError **error)
{
    g_autoptr(Json) done = NULL;

    *set = -1;
    if (!fds || !fds->len)
        return NULL;
    done =
        qmp_wait(qmp_send_fds(monitor, "add-fd", NULL, &g_array_index(fds, int, 0), 1), 0, error);
    if (!done)
        return NULL;
    *set = json_object_get_int64(json_object_object_get(done, "fdset-id"));
    return g_strdup_printf("/dev/fdset/%" G_GINT64_FORMAT, *set);
}

/* What the device has opened stays open. */
static void drop_file(Qmp *monitor, int64_t set)
{
    if (set >= 0)
        qmp_forget(qmp_send(monitor, "remove-fd", json_build("i", "fdset-id", set)));
}

static bool add_device(Qmp *monitor, Json *device, GError **error)
{
    g_autoptr(Json) done = device ? qmp_call(monitor, "device_add", device, error) : NULL;

    return done != NULL;
}

static bool add_hostdev(Qmp *monitor, const Domain *live, const Hostdev *device, GArray *usb,
                        GError **error)
{
    g_autoptr(Caps) caps = caps_of(live->emulator, error);
    g_autofree char *path = NULL;
    int64_t set;
    bool added;

    if (!caps)
        return false;
    path = pass_file(monitor, usb, &set, error);
    if (usb && usb->len && !path)
        return false;
    added = add_device(monitor, hostdev_json(live, device, path, caps, error), error);
    drop_file(monitor, set);
    return added;
}

static bool check_rom(const DeviceInfo *device, GError **error)
{
    return !device->rom_file ||
           fail(error, ERR_OPERATION_UNSUPPORTED,
                "a device with 'rom/@file' cannot be put into a running guest");
}

/* Before QEMU gets it: a daemon that comes after us asks QEMU whether it did. */
static bool publish_with(Machine *vm, const Domain *live, GError **error)
{
    View *view = machine_edit(vm);

    view_set_live(view, domain_copy(live));
    return machine_publish(vm, view, error);
}

static void publish_without(Machine *vm, const View *former)
{
    View *view = machine_edit(vm);

    view_set_live(view, domain_copy(former->live->domain));
    machine_publish_anyway(vm, view);
}

static bool add_iface(Qmp *monitor, const Domain *live, const Iface *iface, GError **error)
{
    g_autoptr(Caps) caps = caps_of(live->emulator, error);

    return caps && add_device(monitor, hostdev_iface_json(live, iface, caps, error), error);
}

/* iface: whose device it is; NULL: it is one of its own. */
static bool put_in(Machine *vm, const Domain *live, Hostdev *hostdev, const Iface *iface,
                   GError **error)
{
    const void *plugged = iface ? (const void *) iface : hostdev;
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);
    g_autoptr(View) former = machine_view(vm);
    g_autoptr(GArray) usb = NULL;

    if (!monitor || !check_rom(iface ? &iface->info : &hostdev->info, error) ||
        !hostdev_open(live, hostdev, plugged, &usb, error))
        return false;
    if (hostdev->missing || (allow_locking(vm, live, error) && publish_with(vm, live, error) &&
                             (iface ? add_iface(monitor, live, iface, error)
                                    : add_hostdev(monitor, live, hostdev, usb, error))))
        return true;
    hostdev_close(live, hostdev, plugged);
    publish_without(vm, former);
    return false;
}

bool hostdev_plug(Machine *vm, Domain *live, void *device, GError **error)
{
    return put_in(vm, live, device, NULL, error);
}

void hostdev_unplugged(Machine *, const Domain *live, const void *device)
{
    hostdev_close(live, device, device);
}

bool hostdev_plug_iface(Machine *vm, Domain *live, Iface *iface, GError **error)
{
    g_autoptr(Hostdev) device = hostdev_of_iface(iface);

    return put_in(vm, live, device, iface, error);
}

void hostdev_unplugged_iface(const Domain *live, const Iface *iface)
{
    g_autoptr(Hostdev) device = hostdev_of_iface(iface);

    hostdev_close(live, device, iface);
}
