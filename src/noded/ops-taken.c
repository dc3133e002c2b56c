/* ops-taken.c - other daemons ask for devices of the host for their guests, and give them back */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"
#include "model/hostdev.h"
#include "model/list.h"
#include "taken.h"

static void free_device(void *device) { xml_free(&hostdev_element, device); }

static GPtrArray *parse_all(char *const *texts, unsigned count, GError **error)
{
    g_autoptr(GPtrArray) devices = g_ptr_array_new_with_free_func(free_device);

    for (unsigned i = 0; i < count; i++) {
        Hostdev *device = xml_parse(&hostdev_element, texts[i], XML_LIVE, NULL, error);

        if (!device)
            return NULL;
        g_ptr_array_add(devices, device);
    }
    return g_steal_pointer(&devices);
}

bool noded_device_open(Call *call, const ostler_device_open_args *in, ostler_device_open_ret *out,
                       GError **error)
{
    g_autoptr(GPtrArray) devices =
        parse_all(in->devices.devices_val, in->devices.devices_len, error);
    g_autoptr(GArray) fds = fds_new();
    g_autoptr(Stay) stay = NULL;

    if (!devices)
        return false;
    stay = strand_enter(taken_strand, MODE_CHANGE, "device_open", error);
    if (!stay || !taken_add((const Uuid *) in->owner, in->owner_name, devices, fds, error))
        return false;
    out->devices.devices_val = g_new0(remote_nonnull_string, devices->len);
    for (LIST_EACH(Hostdev, device, devices))
        out->devices.devices_val[out->devices.devices_len++] =
            xml_format(&hostdev_element, device, XML_LIVE);
    call->reply_fds = fds->len ? g_steal_pointer(&fds) : NULL;
    return true;
}

bool noded_device_keep(Call *, const ostler_device_keep_args *in, none *, GError **error)
{
    g_autoptr(GPtrArray) devices =
        parse_all(in->devices.devices_val, in->devices.devices_len, error);
    g_autoptr(Stay) stay = NULL;

    if (!devices)
        return false;
    stay = strand_enter(taken_strand, MODE_CHANGE, "device_keep", error);
    if (stay)
        taken_keep((const Uuid *) in->owner, devices);
    return stay != NULL;
}
