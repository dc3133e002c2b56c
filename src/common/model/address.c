/* address.c - where a device sits, on every kind of bus */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/address.h"

#include <stdio.h>

const char *const address_type_names[] = {
    [ADDRESS_NONE] = NULL,
    [ADDRESS_PCI] = "pci",
    [ADDRESS_DRIVE] = "drive",
    [ADDRESS_VIRTIO_SERIAL] = "virtio-serial",
    [ADDRESS_CCID] = "ccid",
    [ADDRESS_USB] = "usb",
    [ADDRESS_SPAPR_VIO] = "spapr-vio",
    [ADDRESS_VIRTIO_S390] = "virtio-s390",
    [ADDRESS_CCW] = "ccw",
    [ADDRESS_VIRTIO_MMIO] = "virtio-mmio",
    [ADDRESS_ISA] = "isa",
    [ADDRESS_DIMM] = "dimm",
    [ADDRESS_UNASSIGNED] = "unassigned",
    NULL,
};

char *usb_port_print(const uint8_t port[USB_PORT_DEPTH], char *text)
{
    int length = 0;

    *text = '\0';
    for (int i = 0; i < USB_PORT_DEPTH && port[i]; i++)
        length += sprintf(text + length, i ? ".%u" : "%u", port[i]);
    return text;
}

static bool usb_port_parse(const XmlInput *input, void *slot)
{
    const char *text = input->text;
    uint8_t *port = slot;

    for (int i = 0; i < USB_PORT_DEPTH; i++) {
        char *end;
        guint64 number = g_ascii_strtoull(text, &end, 10);

        if (!g_ascii_isdigit(*text) || number > UINT8_MAX)
            return false;
        port[i] = number;
        if (!*end)
            return true;
        if (*end != '.')
            return false;
        text = end + 1;
    }
    return false;
}

static bool usb_port_present(const void *slot, const XmlField *) { return *(const uint8_t *) slot; }

static void usb_port_write(GString *out, const void *slot, const XmlField *)
{
    char text[USB_PORT_DEPTH * 4];

    g_string_append(out, usb_port_print(slot, text));
}

static const XmlType xml_usb_port = {
    .size = USB_PORT_DEPTH,
    .parse = usb_port_parse,
    .present = usb_port_present,
    .write = usb_port_write,
};

// clang-format off
#define PCI_ROWS(Struct, member, ...)                                                             \
    XML_NUMBER("@domain", Struct, member domain, .hex = 4, .max = 0xffff, .always = true, __VA_ARGS__), \
    XML_NUMBER("@bus", Struct, member bus, .hex = 2, .max = 0xff, .always = true, __VA_ARGS__),         \
    XML_NUMBER("@slot", Struct, member slot, .hex = 2, .max = 0x1f, .always = true, __VA_ARGS__),       \
    XML_NUMBER("@function", Struct, member function, .hex = 1, .max = 7, .always = true, __VA_ARGS__),  \
    XML_ON_OFF("@multifunction", Struct, member multifunction, __VA_ARGS__)
#define OF(type) .always = true, .when = WHEN(type)

static const XmlField pci_fields[] = {
    PCI_ROWS(PciAddress, ),
    {},
};

static const XmlField address_fields[] = {
    XML_ENUM("@type", Address, type, address_type_names, .needed = true),
    PCI_ROWS(Address, pci., .when = WHEN(ADDRESS_PCI)),
    XML_NUMBER("zpci/@uid", Address, pci.uid, .hex = 4, .max = 0xffff, .when = WHEN(ADDRESS_PCI)),
    XML_NUMBER("zpci/@fid", Address, pci.fid, .hex = 8, .max = UINT32_MAX, .when = WHEN(ADDRESS_PCI)),
    XML_NUMBER("@controller", Address, drive.controller, OF(ADDRESS_DRIVE)),
    XML_NUMBER("@bus", Address, drive.bus, OF(ADDRESS_DRIVE)),
    XML_NUMBER("@target", Address, drive.target, OF(ADDRESS_DRIVE)),
    XML_NUMBER("@unit", Address, drive.unit, OF(ADDRESS_DRIVE)),
    XML_NUMBER("@controller", Address, virtio_serial.controller, OF(ADDRESS_VIRTIO_SERIAL)),
    XML_NUMBER("@bus", Address, virtio_serial.bus, OF(ADDRESS_VIRTIO_SERIAL)),
    XML_NUMBER("@port", Address, virtio_serial.port, OF(ADDRESS_VIRTIO_SERIAL)),
    XML_NUMBER("@controller", Address, ccid.controller, OF(ADDRESS_CCID)),
    XML_NUMBER("@slot", Address, ccid.slot, OF(ADDRESS_CCID)),
    XML_NUMBER("@bus", Address, usb.bus, OF(ADDRESS_USB)),
    { .path = "@port", .type = &xml_usb_port, .offset = SLOT(Address, usb.port, uint8_t[USB_PORT_DEPTH]),
      .when = WHEN(ADDRESS_USB) },
    XML_NUMBER("@reg", Address, spapr_reg, .hex = 8, .when = WHEN(ADDRESS_SPAPR_VIO)),
    XML_NUMBER("@cssid", Address, ccw.cssid, .hex = 2, .max = 0xfe, OF(ADDRESS_CCW)),
    XML_NUMBER("@ssid", Address, ccw.ssid, .hex = 1, .max = 3, OF(ADDRESS_CCW)),
    XML_NUMBER("@devno", Address, ccw.devno, .hex = 4, .max = 0xffff, OF(ADDRESS_CCW)),
    XML_NUMBER("@iobase", Address, isa.iobase, .hex = 1, .max = UINT32_MAX, .when = WHEN(ADDRESS_ISA)),
    XML_NUMBER("@irq", Address, isa.irq, .hex = 1, .max = UINT32_MAX, .when = WHEN(ADDRESS_ISA)),
    XML_NUMBER("@slot", Address, dimm.slot, OF(ADDRESS_DIMM)),
    XML_NUMBER("@base", Address, dimm.base, .hex = 1, .when = WHEN(ADDRESS_DIMM)),
    {},
};
// clang-format on

XmlElement pci_address_element = {
    .name = "address",
    .size = sizeof(PciAddress),
    .fields = pci_fields,
};

XmlElement address_element = {
    .name = "address",
    .size = sizeof(Address),
    .fields = address_fields,
    .variant = offsetof(Address, type),
};
