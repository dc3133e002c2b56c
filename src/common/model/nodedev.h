/* nodedev.h - <device>: a device of the host, and what can be said of its kind */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/address.h"

typedef enum NodeDeviceType {
    NODE_NONE,
    NODE_SYSTEM,
    NODE_PCI,
    NODE_USB_DEVICE,
    NODE_USB,
    NODE_NET,
    NODE_SCSI_HOST,
    NODE_SCSI_TARGET,
    NODE_SCSI,
    NODE_STORAGE,
    NODE_SCSI_GENERIC,
    NODE_DRM,
    NODE_MDEV,
    NODE_CCW,
    NODE_CSS,
    NODE_VDPA,
    NODE_AP_CARD,
    NODE_AP_QUEUE,
    NODE_AP_MATRIX,
} NodeDeviceType;
extern const char *const node_device_type_names[];

/* What a device can do beside what its type says. */
typedef enum NodeFeatureType {
    NODE_FEATURE_NONE,
    NODE_PHYS_FUNCTION,
    NODE_VIRT_FUNCTIONS,
    NODE_PCI_BRIDGE,
    NODE_CARDBUS_BRIDGE,
    NODE_MDEV_TYPES,
    NODE_VPD,
    NODE_80203, /* an Ethernet, in the number of its standard; the other is for wireless ones */
    NODE_80211,
    NODE_FC_HOST,
    NODE_VPORT_OPS,
    NODE_FC_REMOTE_PORT,
    NODE_REMOVABLE,
} NodeFeatureType;

/* What a product is called by a number, and in words. */
typedef struct NodeId {
    unsigned id;
    char *text;
} NodeId;

typedef struct NodeMdevType {
    char *id, *name, *device_api;
    unsigned available;
} NodeMdevType;

typedef struct NodeVpdField {
    char *index; /* one letter or digit */
    char *text;
} NodeVpdField;

typedef enum NodeVpdAccess { VPD_NONE, VPD_READ_ONLY, VPD_READ_WRITE } NodeVpdAccess;

typedef struct NodeVpdFields {
    NodeVpdAccess access;
    char *change_level, *manufacture_id, *part_number, *serial_number; /* read only */
    char *asset_tag;                                                   /* the other */
    GPtrArray *vendor, *system; /* of NodeVpdField; system ones can be written */
} NodeVpdFields;

typedef struct NodeFeature {
    NodeFeatureType type;
    unsigned max_count;   /* of virtual functions; 0: not told */
    GPtrArray *addresses; /* of PciAddress: physical or virtual functions */
    GPtrArray *mdevs;     /* of NodeMdevType */
    char *vpd_name;
    GPtrArray *vpd;                      /* of NodeVpdFields */
    char *wwnn, *wwpn, *fabric, *remote; /* Fibre Channel */
    unsigned vports, max_vports;
    unsigned media_available; /* of a removable medium, 0 or 1 */
    uint64_t media_size;      /* bytes */
    char *media_label;
    uint64_t block_size, blocks;
} NodeFeature;

typedef enum NodeLinkState {
    LINK_ABSENT,
    LINK_UNKNOWN,
    LINK_NOT_PRESENT,
    LINK_DOWN,
    LINK_LOWER_LAYER_DOWN,
    LINK_TESTING,
    LINK_DORMANT,
    LINK_UP,
} NodeLinkState;
extern const char *const node_link_state_names[]; /* the kernel's */

typedef struct NodeNetFeature {
    char *name;
} NodeNetFeature;

/* What a PCI Express link can do, or does. */
typedef struct NodePciLink {
    char *validity; /* "cap" or "sta" */
    Optional port;
    unsigned speed; /* 1 = 2.5 GT/s and so on, as the register has it; 0: unknown */
    unsigned width;
} NodePciLink;

typedef struct NodePciExpress {
    GPtrArray *links; /* of NodePciLink */
} NodePciExpress;

typedef struct NodeMdevAttribute {
    char *name, *value;
} NodeMdevAttribute;

typedef struct NodeCapability {
    NodeDeviceType type;
    GPtrArray *features; /* of NodeFeature */
    struct {
        char *product, *vendor, *version, *serial;
        Uuid uuid;
        char *firmware_vendor, *firmware_version, *firmware_date;
    } system;
    struct {
        Optional class;
        PciAddress address;
        GPtrArray *peers; /* of PciAddress, in the same IOMMU group */
        Optional numa;
        NodePciExpress *express;
    } pci;
    NodeId product, vendor; /* of PCI and USB */
    Optional iommu_group;   /* of PCI and mdev */
    struct {
        unsigned bus, device;                       /* usb_device */
        unsigned number, class, subclass, protocol; /* usb */
    } usb;
    struct {
        char *interface, *address;
        unsigned speed; /* Mbit/s; 0: unknown */
        NodeLinkState state;
        GPtrArray *offloads; /* of NodeNetFeature */
    } net;
    struct {
        unsigned host, bus, target;
        uint64_t lun;
        Optional unique_id;
        char *name;  /* scsi_target: "target0:0:0" */
        char *rport; /* scsi_target, of a remote port */
        char *type;
    } scsi;
    char
        *node; /* scsi_generic: "/dev/sg0"; vdpa: its character device; storage: its block device */
    struct {
        char *bus, *drive_type, *model, *vendor, *serial;
        uint64_t size, block_size, blocks;
    } storage;
    char *drm; /* "primary" */
    struct {
        char *type, *parent_address;
        Uuid uuid;
        GPtrArray *attributes; /* of NodeMdevAttribute */
    } mdev;
    CcwAddress ccw;           /* of ccw and css */
    CcwAddress *channel;      /* css: the device behind it */
    unsigned adapter, domain; /* ap_card, ap_queue */
} NodeCapability;

typedef struct NodeDevnode {
    char *type; /* "dev" or "link" */
    char *path;
} NodeDevnode;

typedef struct NodeDevice {
    char *name;
    char *path;          /* below /sys */
    GPtrArray *devnodes; /* of NodeDevnode */
    char *parent;
    char *parent_wwnn, *parent_wwpn, *parent_fabric; /* instead of its name, in what is created */
    char *driver;
    NodeCapability *capability;
} NodeDevice;

extern XmlElement node_device_element, node_feature_element;
XML_STRUCT(NodeFeature, node_feature, node_feature_element)
XML_STRUCT(NodeDevice, node_device, node_device_element)

NodeFeature *node_add_feature(NodeCapability *capability, NodeFeatureType type);
/* NULL when the device has no such feature. */
const NodeFeature *node_find_feature(const NodeCapability *capability, NodeFeatureType type);
