/* class-net.c - network interfaces */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/names.h"
#include "class.h"
#include "offload.h"

static const SourceRow rows[] = {
    { PROPERTY, "INTERFACE", SLOT(NodeCapability, net.interface, char *), take_string },
    { ATTRIBUTE, "address", SLOT(NodeCapability, net.address, char *), take_string },
    {},
};

/* A speed is that of a link that is up; -1 is the kernel's word for not knowing it. */
static void add_link(const Source *source, NodeCapability *net)
{
    g_autofree char *state = sysfs_text(source->directory, "operstate");
    int found = state ? names_find(node_link_state_names, state) : -1;
    int64_t speed;

    net->net.state = MAX(found, LINK_ABSENT);
    if (net->net.state == LINK_UP && sysfs_number(source->directory, "speed", 10, &speed) &&
        speed > 0)
        net->net.speed = speed;
}

static bool read_net(const Source *source, NodeDevice *device)
{
    NodeCapability *net = device->capability;

    if (!net->net.interface)
        net->net.interface = g_strdup(source->name);
    add_link(source, net);
    offload_read(source, net);
    node_add_feature(net, NODE_80203);
    return true;
}

static bool read_wireless(const Source *source, NodeDevice *device)
{
    if (!read_net(source, device))
        return false;
    ((NodeFeature *) device->capability->features->pdata[0])->type = NODE_80211;
    return true;
}

const DeviceKind kind_net = {
    .type = NODE_NET,
    .subsystem = "class/net",
    .prefix = "net",
    .suffix = SLOT(NodeCapability, net.address, char *),
    .rows = rows,
    .read = read_net,
};

const DeviceKind kind_wireless = {
    .type = NODE_NET,
    .subsystem = "class/net",
    .devtype = "wlan",
    .prefix = "net",
    .suffix = SLOT(NodeCapability, net.address, char *),
    .rows = rows,
    .read = read_wireless,
};
