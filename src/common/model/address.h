/* address.h - where a device sits, on every kind of bus */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml/bind.h"

typedef enum AddressType {
    ADDRESS_NONE, /* to be assigned, if the device needs one */
    ADDRESS_PCI,
    ADDRESS_DRIVE,
    ADDRESS_VIRTIO_SERIAL,
    ADDRESS_CCID,
    ADDRESS_USB,
    ADDRESS_SPAPR_VIO,
    ADDRESS_VIRTIO_S390,
    ADDRESS_CCW,
    ADDRESS_VIRTIO_MMIO,
    ADDRESS_ISA,
    ADDRESS_DIMM,
    ADDRESS_UNASSIGNED,
} AddressType;
extern const char *const address_type_names[];

typedef struct PciAddress {
    unsigned domain, bus, slot, function;
    Switch multifunction;
    Optional uid, fid; /* of zPCI */
} PciAddress;

/* Of a disk behind a controller; which member a bus uses is the bus's rule. */
typedef struct DriveAddress {
    unsigned controller, bus, target, unit;
} DriveAddress;

typedef struct VirtioSerialAddress {
    unsigned controller, bus, port;
} VirtioSerialAddress;

typedef struct CcidAddress {
    unsigned controller, slot;
} CcidAddress;

enum { USB_PORT_DEPTH = 4 };

/* port 1.2.4 is { 1, 2, 4, 0 }: socket 4 of the hub in socket 2 of the hub in socket 1. */
typedef struct UsbAddress {
    unsigned bus;
    uint8_t port[USB_PORT_DEPTH];
} UsbAddress;

typedef struct CcwAddress {
    unsigned cssid, ssid, devno; /* all zero: to be assigned */
} CcwAddress;

typedef struct IsaAddress {
    Optional iobase, irq;
} IsaAddress;

typedef struct DimmAddress {
    unsigned slot;
    Optional base;
} DimmAddress;

typedef struct Address {
    AddressType type;
    union {
        PciAddress pci; /* all zero: the bus is asked for, the place is to be assigned */
        DriveAddress drive;
        VirtioSerialAddress virtio_serial;
        CcidAddress ccid;
        UsbAddress usb;
        CcwAddress ccw;
        IsaAddress isa;
        DimmAddress dimm;
        Optional spapr_reg;
    };
} Address;

extern XmlElement address_element;
/* <address domain= bus= slot= function=/> of a device of the host, where no type is said. */
extern XmlElement pci_address_element;

static inline bool pci_address_is_zero(const PciAddress *pci)
{
    return !pci->domain && !pci->bus && !pci->slot && !pci->function;
}
static inline bool pci_address_equal(const PciAddress *a, const PciAddress *b)
{
    return a->domain == b->domain && a->bus == b->bus && a->slot == b->slot &&
           a->function == b->function;
}
/* "1.2.4"; text takes 16 bytes. */
char *usb_port_print(const uint8_t port[USB_PORT_DEPTH], char *text);
