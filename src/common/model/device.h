/* device.h - what devices of all kinds have */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/address.h"

/* The first member of every device's struct, so that a pointer to the device is one to it. */
typedef struct DeviceInfo {
    char *alias;         /* "ua-..." is the user's own and lasts, all others are given at start */
    unsigned boot_order; /* 0: none, else 1 and up */
    char *loadparm;
    Switch rom_bar, rom_enabled;
    char *rom_file;
    unsigned acpi_index;
    Address address;
} DeviceInfo;

/* Attributes of <driver> of every virtio device. */
typedef struct VirtioOptions {
    Switch iommu, ats, packed, page_per_vq;
} VirtioOptions;

/* How a device's file or socket is labelled. */
typedef struct DeviceLabel {
    char *model; /* "dac", "selinux"; NULL: each */
    char *label;
    Switch relabel;
    Switch labelskip; /* live: labelling it failed and that was fine */
} DeviceLabel;

extern XmlElement virtio_options_element, device_label_element;

// clang-format off
/* Rows at the end of a device's table, in this order. All devices have the alias and the address,
 * those that can boot or bring firmware the others. */
#define DEVICE_BOOT(Struct)                                                                 \
    XML_NUMBER("boot/@order", Struct, info.boot_order, .min = 1, .max = UINT32_MAX, .needed = true), \
    XML_STRING("boot/@loadparm", Struct, info.loadparm)
#define DEVICE_ALIAS(Struct) \
    XML_STRING("alias/@name", Struct, info.alias, .live = true, .lasting = "ua-")
#define DEVICE_ROM(Struct)                                 \
    XML_YES_NO("rom/@enabled", Struct, info.rom_enabled),  \
    XML_ON_OFF("rom/@bar", Struct, info.rom_bar),          \
    XML_STRING("rom/@file", Struct, info.rom_file)
#define DEVICE_ACPI(Struct) \
    XML_NUMBER("acpi/@index", Struct, info.acpi_index, .min = 1, .max = 16383, .needed = true)
#define DEVICE_ADDRESS(Struct) XML_PART("address", Struct, info.address, &address_element)
/* What follows the table's own rows for most devices. */
#define DEVICE_INFO(Struct) DEVICE_ALIAS(Struct), DEVICE_ACPI(Struct), DEVICE_ADDRESS(Struct)

#define DEVICE_VIRTIO(Struct) XML_PART("driver", Struct, virtio, &virtio_options_element)
// clang-format on
