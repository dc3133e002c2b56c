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

extern XmlElement device_info_element, device_boot_element, device_rom_element;
extern XmlElement virtio_options_element, device_label_element;

// clang-format off
/* Rows at the end of a device's table, in this order; the first and the last are every device's
 * but for those that cannot boot or have no firmware. */
#define DEVICE_BOOT(Struct) XML_PART(".", Struct, info, &device_boot_element)
#define DEVICE_INFO(Struct) XML_PART(".", Struct, info, &device_info_element)
#define DEVICE_VIRTIO(Struct, member) XML_PART("driver", Struct, member, &virtio_options_element)
// clang-format on
