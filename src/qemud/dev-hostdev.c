/* dev-hostdev.c - devices of the host, as QEMU's devices
 *
 * What QEMU does with a PCI function or a share of one goes through the kernel's VFIO, whose files
 * it opens by itself; of a USB device it gets a descriptor. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dev-hostdev.h"

static Json *print_place(const PciAddress *at)
{
    g_autofree char *text =
        g_strdup_printf("%04x:%02x:%02x.%x", at->domain, at->bus, at->slot, at->function);

    return json_object_new_string(text);
}

static Json *encode_function(const void *slot, const Property *, const Domain *)
{
    return print_place(*(PciAddress *const *) slot);
}

static Json *encode_address(const void *slot, const Property *, const Domain *)
{
    return print_place(&(*(Address *const *) slot)->pci);
}

static Json *encode_share(const void *slot, const Property *, const Domain *)
{
    char uuid[UUID_TEXT];
    g_autofree char *path = g_strconcat("/sys/bus/mdev/devices/", uuid_print(slot, uuid), NULL);

    return json_object_new_string(path);
}

/* Whether the device is reset when the guest does that, and when it does so again and again. */
static Json *encode_reset(const void *slot, const Property *, const Domain *)
{
    GuestReset reset = *(const GuestReset *) slot;

    return reset ? json_object_new_boolean(reset != GUEST_RESET_OFF) : NULL;
}

static Json *encode_resets_all(const void *slot, const Property *, const Domain *)
{
    GuestReset reset = *(const GuestReset *) slot;

    return reset ? json_object_new_boolean(reset == GUEST_RESET_ON) : NULL;
}

// clang-format off
static const Property pci[] = {
    ROW("host", Hostdev, pci, encode_function),
    PART(Hostdev, info, info_properties),
    {},
};
static const Property usb[] = {
    ROW("guest-reset", Hostdev, guest_reset, encode_reset),
    ROW("guest-resets-all", Hostdev, guest_reset, encode_resets_all),
    PART(Hostdev, info, info_properties),
    {},
};
static const Property mdev[] = {
    ROW("sysfsdev", Hostdev, mdev, encode_share),
    ON_OFF("display", Hostdev, display),
    PART(Hostdev, info, info_properties),
    {},
};
static const Device devices[] = {
    [HOSTDEV_PCI] = { "vfio-pci", pci, CAP_VFIO_PCI },
    [HOSTDEV_USB] = { "usb-host", usb, CAP_USB_HOST },
    [HOSTDEV_MDEV] = { "vfio-pci", mdev, CAP_VFIO_PCI },
};

static const Property card[] = {
    ROW("host", Iface, host_device, encode_address),
    PART(Iface, info, info_properties),
    {},
};
static const Device card_device = { "vfio-pci", card, CAP_VFIO_PCI };
// clang-format on

Json *hostdev_json(const Domain *guest, const Hostdev *hostdev, const char *path, const Caps *caps,
                   GError **error)
{
    Json *json = device_json(DEVICE_OF(devices, hostdev->type), hostdev, guest, caps, error);

    if (json && path)
        json_object_object_add(json, "hostdevice", json_object_new_string(path));
    return json;
}

Json *hostdev_iface_json(const Domain *guest, const Iface *iface, const Caps *caps, GError **error)
{
    return device_json(&card_device, iface, guest, caps, error);
}

static bool add_hostdev(Args *args, const Domain *live, const Hostdev *hostdev, const char *path,
                        GError **error)
{
    g_autoptr(Json) json = hostdev_json(live, hostdev, path, args->caps, error);

    if (!json || !args_rom(args, &hostdev->info, json, error))
        return false;
    args_json(args, "-device", g_steal_pointer(&json));
    return true;
}

bool hostdevs_add(Args *args, const Domain *live, GError **error)
{
    unsigned at = 0;

    for (LIST_EACH(Hostdev, hostdev, live->hostdevs)) {
        g_autofree char *path = NULL;

        if (hostdev->missing)
            continue;
        if (hostdev->type == HOSTDEV_USB) {
            int *fd = &g_array_index(args->usb, int, at++);

            path = args_fdset(args, *fd, hostdev->info.alias);
            *fd = -1;
        }
        if (!add_hostdev(args, live, hostdev, path, error))
            return false;
    }
    return true;
}

/* ---- what is refused ---- */

static bool same_usb(const Hostdev *a, const Hostdev *b)
{
    if (a->usb && b->usb)
        return a->usb->bus == b->usb->bus && a->usb->device == b->usb->device;
    return !a->usb && !b->usb && a->vendor.value == b->vendor.value &&
           a->product.value == b->product.value;
}

bool hostdev_same(const Hostdev *a, const Hostdev *b)
{
    if (a->type != b->type)
        return false;
    return a->type == HOSTDEV_PCI   ? pci_address_equal(a->pci, b->pci)
           : a->type == HOSTDEV_USB ? same_usb(a, b)
                                    : uuid_equal(&a->mdev, &b->mdev);
}

const Hostdev *hostdev_twin(const Domain *domain, const Hostdev *hostdev)
{
    for (LIST_EACH(Hostdev, other, domain->hostdevs)) {
        if (other != hostdev && hostdev_same(hostdev, other))
            return other;
    }
    return NULL;
}

bool hostdev_is_vfio(const Hostdev *hostdev)
{
    return hostdev->type == HOSTDEV_PCI || hostdev->type == HOSTDEV_MDEV;
}

bool hostdevs_check(const Domain *guest, GError **error)
{
    for (LIST_EACH(Hostdev, hostdev, guest->hostdevs)) {
        if (!DEVICE_OF(devices, hostdev->type))
            return fail(error, ERR_CONFIG_UNSUPPORTED,
                        "host devices of type '%s' are not supported",
                        hostdev_type_names[hostdev->type]);
        if (hostdev_twin(guest, hostdev))
            return fail(error, ERR_XML, "Hostdev already exists in the domain configuration");
    }
    return true;
}
