/* hostdev.h - a device of the host, given to the guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/iface.h"
#include "model/source.h"

typedef enum HostdevMode { HOSTDEV_MODE_NONE, HOSTDEV_SUBSYSTEM, HOSTDEV_CAPABILITIES } HostdevMode;

typedef enum HostdevType {
    HOSTDEV_NONE,
    HOSTDEV_USB,
    HOSTDEV_PCI,
    HOSTDEV_SCSI,
    HOSTDEV_SCSI_HOST,
    HOSTDEV_MDEV,
    /* of HOSTDEV_CAPABILITIES: */
    HOSTDEV_STORAGE,
    HOSTDEV_MISC,
    HOSTDEV_NET,
} HostdevType;
extern const char *const hostdev_type_names[];

typedef enum MdevModel {
    MDEV_MODEL_NONE,
    MDEV_VFIO_PCI,
    MDEV_VFIO_CCW,
    MDEV_VFIO_AP,
} MdevModel;
extern const char *const mdev_model_names[];

typedef enum GuestReset {
    GUEST_RESET_ABSENT,
    GUEST_RESET_OFF,
    GUEST_RESET_UNINITIALIZED,
    GUEST_RESET_ON,
} GuestReset;

/* The host's numbers of a USB device. */
typedef struct HostUsbAddress {
    unsigned bus, device;
} HostUsbAddress;

typedef struct HostScsiAddress {
    unsigned bus, target, unit;
} HostScsiAddress;

typedef struct Hostdev {
    DeviceInfo info;
    HostdevMode mode;
    HostdevType type;
    Switch managed;
    char *sgio;
    Switch rawio;
    char *scsi_host_model; /* "virtio", ... */
    MdevModel model;
    Switch display, ramfb; /* of mdev */
    StartupPolicy startup_policy;
    Switch missing; /* live: it was not there, which its policy allows */
    GuestReset guest_reset;
    Switch write_filtering;
    Optional vendor, product; /* of USB */
    HostUsbAddress *usb;
    PciAddress *pci;
    char *adapter; /* of SCSI: "scsi_host0" */
    HostScsiAddress *scsi;
    char *protocol;   /* "iscsi"; of scsi_host "vhost" */
    char *name;       /* iqn */
    GPtrArray *hosts; /* of SourceHost */
    SourceAuth *auth;
    char *initiator;
    char *wwpn;
    Uuid mdev;
    char *block, *character, *interface; /* of capabilities */
    GPtrArray *ips;                      /* of IfaceIp */
    GPtrArray *routes;                   /* of IfaceRoute */
    char *driver;                        /* "vfio" */
    Teaming teaming;
    char *teaming_persistent;
    bool readonly, shareable;
} Hostdev;

extern XmlElement hostdev_element;
XML_STRUCT(Hostdev, hostdev, hostdev_element)
