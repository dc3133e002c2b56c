/* device-link.c - devices of the host that a guest has
 *
 * A daemon with guests may not touch the drivers of the host's devices: it asks noded, which knows
 * who has which. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/device-link.h"

#include "rpc/peer.h"

#include <string.h>

bool hostdev_is_lent(const Hostdev *device)
{
    return WHEN(device->type) & (WHEN(HOSTDEV_PCI) | WHEN(HOSTDEV_USB) | WHEN(HOSTDEV_MDEV)) &&
           !device->missing;
}

Hostdev *hostdev_of_iface(const Iface *iface)
{
    Hostdev *device;

    if (!iface_is_device(iface) || iface->host_device->type != ADDRESS_PCI)
        return NULL;
    device = g_new0(Hostdev, 1);
    device->mode = HOSTDEV_SUBSYSTEM;
    device->type = HOSTDEV_PCI;
    device->managed = iface->managed;
    device->pci = g_memdup2(&iface->host_device->pci, sizeof(PciAddress));
    return device;
}

static char *text_of(const Hostdev *device)
{
    return xml_format(&hostdev_element, device, XML_LIVE);
}

/* Of all that it has, but for one hostdev or interface. */
static GPtrArray *texts_of(const Domain *live, const void *but)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);

    for (LIST_EACH(Hostdev, device, live->hostdevs)) {
        if (device != but && hostdev_is_lent(device))
            g_ptr_array_add(texts, text_of(device));
    }
    for (LIST_EACH(Iface, iface, live->interfaces)) {
        g_autoptr(Hostdev) device = iface == but ? NULL : hostdev_of_iface(iface);

        if (device)
            g_ptr_array_add(texts, text_of(device));
    }
    return texts;
}

/* What noded found out. */
static bool absorb(Hostdev *device, const char *text, GError **error)
{
    g_autoptr(Hostdev) found = xml_parse(&hostdev_element, text, XML_LIVE, NULL, error);

    if (!found)
        return false;
    device->missing = found->missing;
    g_free(device->usb);
    device->usb = g_steal_pointer(&found->usb);
    return true;
}

static bool absorb_all(const Domain *live, const ostler_device_open_ret *out, GError **error)
{
    unsigned at = 0;

    for (LIST_EACH(Hostdev, device, live->hostdevs)) {
        if (hostdev_is_lent(device) && !absorb(device, out->devices.devices_val[at++], error))
            return false;
    }
    return true;
}

static bool open_texts(const Domain *live, const GPtrArray *texts, ostler_device_open_ret *out,
                       GArray **fds, GError **error)
{
    ostler_device_open_args in = { .owner_name = live->name };

    memcpy(in.owner, live->uuid.bytes, UUID_SIZE);
    in.devices.devices_val = (char **) texts->pdata;
    in.devices.devices_len = texts->len;
    if (!peer_device_open(&in, NULL, out, fds, error))
        return false;
    if (out->devices.devices_len == texts->len)
        return true;
    peer_device_open_free(out);
    return fail(error, ERR_INTERNAL, "ostler-noded has answered for %u devices, not %u",
                out->devices.devices_len, texts->len);
}

static void keep(const Domain *live, const GPtrArray *texts)
{
    ostler_device_keep_args in = {};
    g_autoptr(GError) error = NULL;
    none out;

    memcpy(in.owner, live->uuid.bytes, UUID_SIZE);
    in.devices.devices_val = texts ? (char **) texts->pdata : NULL;
    in.devices.devices_len = texts ? texts->len : 0;
    if (!peer_device_keep(&in, NULL, &out, NULL, &error))
        g_log(G_LOG_DOMAIN, texts && !texts->len ? G_LOG_LEVEL_DEBUG : G_LOG_LEVEL_WARNING,
              "devices of guest '%s' are not known to have been given back: %s", live->name,
              error->message);
}

bool devices_open(const Domain *live, GArray **fds, GError **error)
{
    g_autoptr(GPtrArray) texts = NULL;
    ostler_device_open_ret out = {};
    bool opened;

    for (LIST_EACH(Hostdev, device, live->hostdevs))
        device->missing = SWITCH_ABSENT; /* in an earlier run it may have been */
    texts = texts_of(live, NULL);
    if (texts->len == 0)
        return true;
    keep(live, NULL); /* it is off: what an earlier run left with noded is nobody's */
    opened = open_texts(live, texts, &out, fds, error);
    if (opened) {
        opened = absorb_all(live, &out, error);
        peer_device_open_free(&out);
    }
    if (!opened)
        devices_close(live); /* they may have been given all the same: noded was killed */
    return opened;
}

bool device_open(const Domain *live, Hostdev *device, const void *plugged, GArray **fds,
                 GError **error)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    ostler_device_open_ret out = {};
    bool opened;

    g_ptr_array_add(texts, text_of(device));
    opened = open_texts(live, texts, &out, fds, error);
    if (opened) {
        opened = absorb(device, out.devices.devices_val[0], error);
        peer_device_open_free(&out);
    }
    if (!opened)
        devices_keep(live, plugged);
    return opened;
}

void devices_keep(const Domain *live, const void *but)
{
    g_autoptr(GPtrArray) texts = texts_of(live, but);

    keep(live, texts);
}

void devices_close(const Domain *live)
{
    g_autoptr(GPtrArray) texts = texts_of(live, NULL);

    if (texts->len)
        keep(live, NULL);
}
