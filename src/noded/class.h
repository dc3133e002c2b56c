/* class.h - kinds of devices: what of sysfs is one, and what is told of it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/nodedev.h"
#include "source.h"

typedef struct DeviceKind {
    NodeDeviceType type;
    const char *subsystem; /* where its devices are listed: "bus/pci", "class/net" */
    const char *devtype;   /* what their property DEVTYPE says; NULL: they have none */
    const char *prefix;    /* of their names */
    size_t suffix;         /* in NodeCapability: a string behind the name; 0: none */
    const SourceRow *rows; /* of NodeCapability */
    /* What rows cannot say; false: clients are not told of this device. NULL: nothing. */
    bool (*read)(const Source *source, NodeDevice *device);
} DeviceKind;

/* Closed by NULL. */
extern const DeviceKind *const device_kinds[];

extern const DeviceKind kind_pci, kind_usb_device, kind_usb, kind_net, kind_wireless,
    kind_scsi_host, kind_scsi_target, kind_scsi, kind_scsi_generic, kind_storage, kind_drm,
    kind_mdev, kind_ccw, kind_css, kind_vdpa, kind_ap_card, kind_ap_queue, kind_ap_matrix;

/* Everything about the device but its parent; NULL when it is none that clients are told of. */
NodeDevice *class_read(const Source *source);
/* The machine itself, the parent of all that have no other. */
NodeDevice *class_read_system(void);

/* "pci_0000_00_01_0" from "pci" and "0000:00:01.0": letters, digits and underscores. */
char *class_name(const char *prefix, const char *name, const char *suffix);
/* The same for a function at this place. */
char *class_pci_name(const PciAddress *address);

/* For the classes: what sits in sysfs below mdev_supported_types, of any kind of parent. */
void class_add_mdev_types(const Source *source, NodeCapability *capability);
