/* class-channel.c - channel and cryptographic devices of IBM Z */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "class.h"

#include <stdio.h>
#include <string.h>

static bool parse_channel(const char *text, CcwAddress *address)
{
    return sscanf(text, "%x.%x.%x", &address->cssid, &address->ssid, &address->devno) == 3;
}

/* Devices that the machine has not taken into use are not told of. */
static bool read_ccw(const Source *source, NodeDevice *device)
{
    int64_t online;

    return sysfs_number(source->directory, "online", 10, &online) && online == 1 &&
           parse_channel(source->name, &device->capability->ccw);
}

const DeviceKind kind_ccw = {
    .type = NODE_CCW,
    .subsystem = "bus/ccw",
    .prefix = "ccw",
    .read = read_ccw,
};

/* Only the subchannels of devices: the others have drivers of their own. */
static bool read_css(const Source *source, NodeDevice *device)
{
    static const char *const drivers[] = { "io_subchannel", "vfio_ccw", NULL };
    NodeCapability *css = device->capability;
    const char *driver = source_property(source, "DRIVER");
    g_autofree char *behind = sysfs_text(source->directory, "dev_busid");
    CcwAddress channel;

    if (!driver || !g_strv_contains(drivers, driver) || !parse_channel(source->name, &css->ccw))
        return false;
    if (behind && parse_channel(behind, &channel))
        css->channel = g_memdup2(&channel, sizeof(channel));
    class_add_mdev_types(source, css);
    return true;
}

const DeviceKind kind_css = {
    .type = NODE_CSS,
    .subsystem = "bus/css",
    .prefix = "css",
    .read = read_css,
};

/* "card0a" */
static bool read_ap_card(const Source *source, NodeDevice *device)
{
    return sscanf(source->name, "card%x", &device->capability->adapter) == 1;
}

const DeviceKind kind_ap_card = {
    .type = NODE_AP_CARD,
    .subsystem = "bus/ap",
    .devtype = "ap_card",
    .prefix = "ap",
    .read = read_ap_card,
};

/* "0a.001b" */
static bool read_ap_queue(const Source *source, NodeDevice *device)
{
    NodeCapability *ap = device->capability;

    return sscanf(source->name, "%x.%x", &ap->adapter, &ap->domain) == 2;
}

const DeviceKind kind_ap_queue = {
    .type = NODE_AP_QUEUE,
    .subsystem = "bus/ap",
    .devtype = "ap_queue",
    .prefix = "ap",
    .read = read_ap_queue,
};

static bool read_ap_matrix(const Source *source, NodeDevice *device)
{
    class_add_mdev_types(source, device->capability);
    return true;
}

const DeviceKind kind_ap_matrix = {
    .type = NODE_AP_MATRIX,
    .subsystem = "bus/matrix",
    .prefix = "ap",
    .read = read_ap_matrix,
};
