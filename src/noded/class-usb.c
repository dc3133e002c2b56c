/* class-usb.c - USB devices and their interfaces */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "class.h"

static const SourceRow device_rows[] = {
    { PROPERTY, "BUSNUM", SLOT(NodeCapability, usb.bus, unsigned), take_decimal },
    { PROPERTY, "DEVNUM", SLOT(NodeCapability, usb.device, unsigned), take_decimal },
    { ATTRIBUTE, "idVendor", SLOT(NodeCapability, vendor.id, unsigned), take_hex },
    { PROPERTY, "ID_VENDOR_FROM_DATABASE", SLOT(NodeCapability, vendor.text, char *), take_string },
    { ATTRIBUTE, "manufacturer", SLOT(NodeCapability, vendor.text, char *), take_string },
    { ATTRIBUTE, "idProduct", SLOT(NodeCapability, product.id, unsigned), take_hex },
    { PROPERTY, "ID_MODEL_FROM_DATABASE", SLOT(NodeCapability, product.text, char *), take_string },
    { ATTRIBUTE, "product", SLOT(NodeCapability, product.text, char *), take_string },
    {},
};

const DeviceKind kind_usb_device = {
    .type = NODE_USB_DEVICE,
    .subsystem = "bus/usb",
    .devtype = "usb_device",
    .prefix = "usb",
    .rows = device_rows,
};

static const SourceRow interface_rows[] = {
    { ATTRIBUTE, "bInterfaceNumber", SLOT(NodeCapability, usb.number, unsigned), take_hex },
    { ATTRIBUTE, "bInterfaceClass", SLOT(NodeCapability, usb.class, unsigned), take_hex },
    { ATTRIBUTE, "bInterfaceSubClass", SLOT(NodeCapability, usb.subclass, unsigned), take_hex },
    { ATTRIBUTE, "bInterfaceProtocol", SLOT(NodeCapability, usb.protocol, unsigned), take_hex },
    {},
};

const DeviceKind kind_usb = {
    .type = NODE_USB,
    .subsystem = "bus/usb",
    .devtype = "usb_interface",
    .prefix = "usb",
    .rows = interface_rows,
};
