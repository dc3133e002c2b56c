/* address-usb.c - gives USB devices their ports, and a guest the hubs for them
 *
 * A port is a path: the number of a socket of the controller, then of the hub that is in it, and so
 * on. Sockets nearer to the controller are given first. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address-usb.h"

#include "model/order.h"

#include <string.h>

enum { HUB_PORTS = 8 };

typedef struct Usb {
    Domain *domain;
    GError **error;
    const UsbAddress *looked_for; /* for is_elsewhere() */
    unsigned without_port;        /* for count_homeless() */
} Usb;

/* ---- what hangs on USB ---- */

static bool is_usb(const DeviceKind *kind, const DeviceInfo *device)
{
    const void *any = device;

    if (kind->element == &hub_element || kind->element == &redirdev_element)
        return true;
    if (kind->element == &hostdev_element)
        return ((const Hostdev *) any)->type == HOSTDEV_USB;
    if (kind->element == &disk_element)
        return ((const Disk *) any)->bus == DISK_BUS_USB;
    if (kind->element == &controller_element)
        return ((const Controller *) any)->type == CONTROLLER_CCID;
    if (kind->element == &input_element)
        return ((const Input *) any)->bus == INPUT_USB;
    if (kind->element == &serial_element)
        return ((const Serial *) any)->type == SERIAL_USB;
    if (kind->element == &sound_element)
        return ((const Sound *) any)->model == SOUND_USB;
    if (kind->element == &iface_element)
        return g_strcmp0(((const Iface *) any)->model, "usb-net") == 0;
    return false;
}

static bool has_port(const DeviceInfo *device)
{
    return device->address.type == ADDRESS_USB && device->address.usb.port[0];
}

static bool is_homeless(const DeviceKind *kind, const DeviceInfo *device)
{
    return is_usb(kind, device) && !has_port(device) &&
           (device->address.type == ADDRESS_NONE || device->address.type == ADDRESS_USB);
}

/* ---- controllers ---- */

static bool makes_bus(const Controller *controller)
{
    return controller->type == CONTROLLER_USB && controller->model != MODEL_NO_USB &&
           !controller_is_companion(controller);
}

static unsigned ports_of(const Controller *controller)
{
    switch (controller->model) {
    case MODEL_EHCI:
    case MODEL_ICH9_EHCI1:
        return 6;
    case MODEL_PCI_OHCI:
        return 3;
    case MODEL_NEC_XHCI:
    case MODEL_QEMU_XHCI:
        return controller->ports.given ? controller->ports.value : 4;
    default:
        return 2;
    }
}

static const Controller *bus_controller(const Domain *domain, unsigned bus)
{
    const Controller *controller = domain_controller(domain, CONTROLLER_USB, bus);

    return controller && makes_bus(controller) ? controller : NULL;
}

/* ---- ports ---- */

static unsigned depth_of(const UsbAddress *address)
{
    unsigned depth = 0;

    while (depth < USB_PORT_DEPTH && address->port[depth])
        depth++;
    return depth;
}

static bool usb_equal(const UsbAddress *a, const UsbAddress *b)
{
    return a->bus == b->bus && memcmp(a->port, b->port, sizeof(a->port)) == 0;
}

static bool is_elsewhere(const DeviceKind *kind, DeviceInfo *device, void *data)
{
    const Usb *usb = data;

    return !is_usb(kind, device) || !has_port(device) ||
           !usb_equal(&device->address.usb, usb->looked_for);
}

static bool is_taken(Usb *usb, const UsbAddress *address)
{
    usb->looked_for = address;
    return !domain_each_device(usb->domain, is_elsewhere, usb);
}

static const Hub *hub_at(const Domain *domain, const UsbAddress *address)
{
    for (LIST_EACH(Hub, hub, domain->hubs)) {
        if (has_port(&hub->info) && usb_equal(&hub->info.address.usb, address))
            return hub;
    }
    return NULL;
}

/* The first free of the ports that begin with what the address begins with, at this depth. */
static bool search(Usb *usb, UsbAddress *address, unsigned depth, unsigned levels, unsigned ports)
{
    for (unsigned port = 1; port <= ports; port++) {
        address->port[depth] = port;
        if (levels == 0 ? !is_taken(usb, address)
                        : hub_at(usb->domain, address) &&
                              search(usb, address, depth + 1, levels - 1, HUB_PORTS))
            return true;
    }
    address->port[depth] = 0;
    return false;
}

static bool find_port(Usb *usb, const Controller *controller, UsbAddress *address)
{
    *address = (UsbAddress){ .bus = controller->index.value };
    for (unsigned levels = 0; levels < USB_PORT_DEPTH; levels++) {
        if (search(usb, address, 0, levels, ports_of(controller)))
            return true;
    }
    return false;
}

static bool find_any_port(Usb *usb, UsbAddress *address)
{
    for (LIST_EACH(Controller, controller, usb->domain->controllers)) {
        if (makes_bus(controller) && find_port(usb, controller, address))
            return true;
    }
    return false;
}

/* ---- addresses that are given ---- */

static void *refuse(const Usb *usb, const UsbAddress *address, const char *why)
{
    char text[16];

    return fail(usb->error, ERR_XML, "USB address bus %u port %s: %s", address->bus,
                usb_port_print(address->port, text), why);
}

static bool keep_device(const DeviceKind *kind, DeviceInfo *device, void *data)
{
    Usb *usb = data;
    const UsbAddress *address = &device->address.usb;
    const Controller *controller = bus_controller(usb->domain, address->bus);
    UsbAddress above = *address;
    unsigned depth = depth_of(address);

    if (!is_usb(kind, device) || device->address.type != ADDRESS_USB)
        return true;
    if (!controller)
        return refuse(usb, address, "there is no such bus");
    if (!depth)
        return true;
    if (address->port[0] > ports_of(controller))
        return refuse(usb, address, "the controller has no such port");
    above.port[depth - 1] = 0;
    if (depth > 1 && !hub_at(usb->domain, &above))
        return refuse(usb, address, "there is no hub before its last number");
    if (depth > 1 && address->port[depth - 1] > HUB_PORTS)
        return refuse(usb, address, "the hub has no such port");
    return true;
}

static bool check_unique(const Usb *usb)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (const DeviceKind *kind = device_kinds; kind->element; kind++) {
        for (LIST_EACH(DeviceInfo, device,
                       kind->has_info ? device_list(usb->domain, kind) : NULL)) {
            char port[16];

            if (is_usb(kind, device) && has_port(device) &&
                !g_hash_table_add(seen,
                                  g_strdup_printf("%u:%s", device->address.usb.bus,
                                                  usb_port_print(device->address.usb.port, port))))
                return refuse(usb, &device->address.usb, "it is used twice");
        }
    }
    return true;
}

/* ---- all ---- */

static bool count_homeless(const DeviceKind *kind, DeviceInfo *device, void *data)
{
    Usb *usb = data;

    usb->without_port += is_homeless(kind, device);
    return true;
}

static bool count_ports(const DeviceKind *kind, DeviceInfo *device, void *data)
{
    unsigned *taken = data;

    *taken += is_usb(kind, device) && has_port(device);
    return true;
}

/* A hub takes one port and has eight. */
static void add_hubs(Usb *usb)
{
    unsigned taken = 0, ports = HUB_PORTS * list_length(usb->domain->hubs);

    for (LIST_EACH(Controller, controller, usb->domain->controllers))
        ports += makes_bus(controller) ? ports_of(controller) : 0;
    (void) domain_each_device(usb->domain, count_ports, &taken);
    (void) domain_each_device(usb->domain, count_homeless, usb);
    for (; ports && usb->without_port + taken > ports; ports += HUB_PORTS, taken++) {
        Hub *hub = g_new0(Hub, 1);

        hub->type = HUB_USB;
        list_add(&usb->domain->hubs, hub);
    }
}

static bool place(Usb *usb, DeviceInfo *device)
{
    const Controller *controller = NULL;
    UsbAddress address;

    if (device->address.type == ADDRESS_USB)
        controller = bus_controller(usb->domain, device->address.usb.bus);
    if (controller ? !find_port(usb, controller, &address) : !find_any_port(usb, &address))
        return fail(usb->error, ERR_CONFIG_UNSUPPORTED, "no free USB port");
    device->address.type = ADDRESS_USB;
    device->address.usb = address;
    return true;
}

static bool place_kind(Usb *usb, const XmlElement *element)
{
    const DeviceKind *kind = device_kinds;

    while (kind->element != element)
        kind++;
    for (LIST_EACH(DeviceInfo, device, device_list(usb->domain, kind))) {
        if (is_homeless(kind, device) && !place(usb, device))
            return false;
    }
    return true;
}

bool assign_usb(Domain *domain, bool grow, GError **error)
{
    static const XmlElement *const order[] = {
        &hub_element,   &hostdev_element, &disk_element,  &controller_element, &iface_element,
        &input_element, &serial_element,  &sound_element, &redirdev_element,
    };
    Usb usb = { .domain = domain, .error = error };

    if (!domain_each_device(domain, keep_device, &usb) || !check_unique(&usb))
        return false;
    if (grow)
        add_hubs(&usb);
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        if (!place_kind(&usb, order[i]))
            return false;
    }
    return true;
}
