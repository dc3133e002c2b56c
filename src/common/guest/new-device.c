/* new-device.c - a device that a client describes, once for all definitions that are to have it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/new-device.h"

static void identify_port(Virtualport *port)
{
    bool is_any = !port->type;

    if ((is_any || g_str_equal(port->type, "802.1Qbg")) && uuid_is_zero(&port->instance))
        port->instance = uuid_random();
    if ((is_any || g_str_equal(port->type, "openvswitch")) && uuid_is_zero(&port->interface))
        port->interface = uuid_random();
}

void iface_identify(Iface *iface)
{
    static const uint8_t vendor[] = { 0x52, 0x54, 0x00 };

    if (mac_is_zero(&iface->mac))
        iface->mac = mac_random(vendor);
    if (iface->virtualport)
        identify_port(iface->virtualport);
}

void *new_device(NewDevice *described, const char *xml, GError **error)
{
    if (!described->device) {
        described->device = device_parse(xml, 0, NULL, &described->kind, error);
        if (!described->device)
            return NULL;
        if (described->kind->element == &iface_element)
            iface_identify(described->device);
    }
    return xml_copy(described->kind->element, described->device);
}

void new_device_clear(NewDevice *described)
{
    if (described->device)
        xml_free(described->kind->element, described->device);
}
