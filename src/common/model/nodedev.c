/* nodedev.c - <device>: a device of the host, and what can be said of its kind */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/nodedev.h"

#include "model/list.h"

const char *const node_device_type_names[] = {
    [NODE_NONE] = NULL,
    [NODE_SYSTEM] = "system",
    [NODE_PCI] = "pci",
    [NODE_USB_DEVICE] = "usb_device",
    [NODE_USB] = "usb",
    [NODE_NET] = "net",
    [NODE_SCSI_HOST] = "scsi_host",
    [NODE_SCSI_TARGET] = "scsi_target",
    [NODE_SCSI] = "scsi",
    [NODE_STORAGE] = "storage",
    [NODE_SCSI_GENERIC] = "scsi_generic",
    [NODE_DRM] = "drm",
    [NODE_MDEV] = "mdev",
    [NODE_CCW] = "ccw",
    [NODE_CSS] = "css",
    [NODE_VDPA] = "vdpa",
    [NODE_AP_CARD] = "ap_card",
    [NODE_AP_QUEUE] = "ap_queue",
    [NODE_AP_MATRIX] = "ap_matrix",
    NULL,
};
static const char *const feature_names[] = {
    [NODE_FEATURE_NONE] = NULL,
    [NODE_PHYS_FUNCTION] = "phys_function",
    [NODE_VIRT_FUNCTIONS] = "virt_functions",
    [NODE_PCI_BRIDGE] = "pci-bridge",
    [NODE_CARDBUS_BRIDGE] = "cardbus-bridge",
    [NODE_MDEV_TYPES] = "mdev_types",
    [NODE_VPD] = "vpd",
    [NODE_80203] = "80203",
    [NODE_80211] = "80211",
    [NODE_FC_HOST] = "fc_host",
    [NODE_VPORT_OPS] = "vport_ops",
    [NODE_FC_REMOTE_PORT] = "fc_remote_port",
    [NODE_REMOVABLE] = "removable",
    NULL,
};
const char *const node_link_state_names[] = {
    [LINK_ABSENT] = NULL,
    [LINK_UNKNOWN] = "unknown",
    [LINK_NOT_PRESENT] = "notpresent",
    [LINK_DOWN] = "down",
    [LINK_LOWER_LAYER_DOWN] = "lowerlayerdown",
    [LINK_TESTING] = "testing",
    [LINK_DORMANT] = "dormant",
    [LINK_UP] = "up",
    NULL,
};
static const char *const vpd_access_names[] = {
    [VPD_NONE] = NULL,
    [VPD_READ_ONLY] = "readonly",
    [VPD_READ_WRITE] = "readwrite",
    NULL,
};
static const char *const pci_speed_names[] = { NULL, "2.5", "5", "8", "16", "32", "64", NULL };

/* ---- features ---- */

static const XmlField mdev_type_fields[] = {
    XML_STRING("@id", NodeMdevType, id, .required = true),
    XML_STRING("name", NodeMdevType, name),
    XML_STRING("deviceAPI", NodeMdevType, device_api),
    XML_NUMBER("availableInstances", NodeMdevType, available, .always = true),
    {},
};
static XmlElement mdev_type_element = {
    .name = "type",
    .size = sizeof(NodeMdevType),
    .fields = mdev_type_fields,
};

static const XmlField vpd_field_fields[] = {
    XML_STRING("@index", NodeVpdField, index, .required = true),
    XML_STRING(".", NodeVpdField, text),
    {},
};
static XmlElement vpd_vendor_element = {
    .name = "vendor_field",
    .size = sizeof(NodeVpdField),
    .fields = vpd_field_fields,
};
static XmlElement vpd_system_element = {
    .name = "system_field",
    .size = sizeof(NodeVpdField),
    .fields = vpd_field_fields,
};

static const XmlField vpd_fields[] = {
    XML_ENUM("@access", NodeVpdFields, access, vpd_access_names, .required = true),
    XML_STRING("change_level", NodeVpdFields, change_level, .when = WHEN(VPD_READ_ONLY)),
    XML_STRING("manufacture_id", NodeVpdFields, manufacture_id, .when = WHEN(VPD_READ_ONLY)),
    XML_STRING("part_number", NodeVpdFields, part_number, .when = WHEN(VPD_READ_ONLY)),
    XML_STRING("serial_number", NodeVpdFields, serial_number, .when = WHEN(VPD_READ_ONLY)),
    XML_STRING("asset_tag", NodeVpdFields, asset_tag, .when = WHEN(VPD_READ_WRITE)),
    XML_LIST("vendor_field", NodeVpdFields, vendor, &vpd_vendor_element),
    XML_LIST("system_field", NodeVpdFields, system, &vpd_system_element,
             .when = WHEN(VPD_READ_WRITE)),
    {},
};
static XmlElement vpd_element = {
    .name = "fields",
    .size = sizeof(NodeVpdFields),
    .fields = vpd_fields,
    .variant = offsetof(NodeVpdFields, access),
};

// clang-format off
#define OF(type) .when = WHEN(NODE_##type)

static const XmlField feature_fields[] = {
    XML_ENUM("@type", NodeFeature, type, feature_names, .required = true),
    XML_NUMBER("@maxCount", NodeFeature, max_count, OF(VIRT_FUNCTIONS)),
    XML_LIST("address", NodeFeature, addresses, &pci_address_element,
             .when = WHEN(NODE_PHYS_FUNCTION) | WHEN(NODE_VIRT_FUNCTIONS)),
    XML_LIST("type", NodeFeature, mdevs, &mdev_type_element, OF(MDEV_TYPES)),
    XML_STRING("name", NodeFeature, vpd_name, OF(VPD)),
    XML_LIST("fields", NodeFeature, vpd, &vpd_element, OF(VPD)),
    XML_STRING("wwnn", NodeFeature, wwnn, OF(FC_HOST)),
    XML_STRING("rport", NodeFeature, remote, OF(FC_REMOTE_PORT)),
    XML_STRING("wwpn", NodeFeature, wwpn, .when = WHEN(NODE_FC_HOST) | WHEN(NODE_FC_REMOTE_PORT)),
    XML_STRING("fabric_wwn", NodeFeature, fabric, OF(FC_HOST)),
    XML_NUMBER("max_vports", NodeFeature, max_vports, .always = true, OF(VPORT_OPS)),
    XML_NUMBER("vports", NodeFeature, vports, .always = true, OF(VPORT_OPS)),
    XML_NUMBER("media_available", NodeFeature, media_available, .always = true, OF(REMOVABLE)),
    XML_NUMBER("media_size", NodeFeature, media_size, .always = true, OF(REMOVABLE)),
    XML_STRING("media_label", NodeFeature, media_label, OF(REMOVABLE)),
    XML_NUMBER("logical_block_size", NodeFeature, block_size, OF(REMOVABLE)),
    XML_NUMBER("num_blocks", NodeFeature, blocks, OF(REMOVABLE)),
    {},
};
// clang-format on
XmlElement node_feature_element = {
    .name = "capability",
    .size = sizeof(NodeFeature),
    .fields = feature_fields,
    .variant = offsetof(NodeFeature, type),
};

/* ---- parts of a device ---- */

static const XmlField net_feature_fields[] = {
    XML_STRING("@name", NodeNetFeature, name, .required = true),
    {},
};
static XmlElement net_feature_element = {
    .name = "feature",
    .size = sizeof(NodeNetFeature),
    .fields = net_feature_fields,
};

static const XmlField link_fields[] = {
    XML_STRING("@validity", NodePciLink, validity, .required = true),
    XML_NUMBER("@port", NodePciLink, port),
    XML_ENUM("@speed", NodePciLink, speed, pci_speed_names),
    XML_NUMBER("@width", NodePciLink, width, .always = true),
    {},
};
static XmlElement link_element = {
    .name = "link",
    .size = sizeof(NodePciLink),
    .fields = link_fields,
};

static const XmlField express_fields[] = {
    XML_LIST("link", NodePciExpress, links, &link_element),
    {},
};
static XmlElement express_element = {
    .name = "pci-express",
    .size = sizeof(NodePciExpress),
    .fields = express_fields,
};

static const XmlField mdev_attribute_fields[] = {
    XML_STRING("@name", NodeMdevAttribute, name, .required = true),
    XML_STRING("@value", NodeMdevAttribute, value, .required = true),
    {},
};
static XmlElement mdev_attribute_element = {
    .name = "attr",
    .size = sizeof(NodeMdevAttribute),
    .fields = mdev_attribute_fields,
};

// clang-format off
static const XmlField channel_fields[] = {
    XML_NUMBER("cssid", CcwAddress, cssid, .hex = 1, .always = true),
    XML_NUMBER("ssid", CcwAddress, ssid, .hex = 1, .always = true),
    XML_NUMBER("devno", CcwAddress, devno, .hex = 4, .always = true),
    {},
};
static XmlElement channel_element = {
    .name = "channel_dev_addr",
    .size = sizeof(CcwAddress),
    .fields = channel_fields,
};

/* ---- devices ---- */

#define OF2(a, b) .when = WHEN(NODE_##a) | WHEN(NODE_##b)
#define OF3(a, b, c) .when = WHEN(NODE_##a) | WHEN(NODE_##b) | WHEN(NODE_##c)
#define HAS_FEATURES .when = WHEN(NODE_NET) | WHEN(NODE_SCSI_HOST) | WHEN(NODE_SCSI_TARGET) | \
                             WHEN(NODE_CSS) | WHEN(NODE_AP_MATRIX)

static const XmlField capability_fields[] = {
    XML_ENUM("@type", NodeCapability, type, node_device_type_names, .required = true),

    XML_NUMBER("class", NodeCapability, pci.class, .hex = 6, OF(PCI)),
    XML_NUMBER("domain", NodeCapability, pci.address.domain, .always = true, OF(PCI)),
    XML_NUMBER("bus", NodeCapability, pci.address.bus, .always = true, OF(PCI)),
    XML_NUMBER("slot", NodeCapability, pci.address.slot, .always = true, OF(PCI)),
    XML_NUMBER("function", NodeCapability, pci.address.function, .always = true, OF(PCI)),
    XML_NUMBER("bus", NodeCapability, usb.bus, .always = true, OF(USB_DEVICE)),
    XML_NUMBER("device", NodeCapability, usb.device, .always = true, OF(USB_DEVICE)),
    XML_NUMBER("product/@id", NodeCapability, product.id, .hex = 4, .always = true, OF2(PCI, USB_DEVICE)),
    XML_STRING("product", NodeCapability, product.text, OF2(PCI, USB_DEVICE)),
    XML_NUMBER("vendor/@id", NodeCapability, vendor.id, .hex = 4, .always = true, OF2(PCI, USB_DEVICE)),
    XML_STRING("vendor", NodeCapability, vendor.text, OF2(PCI, USB_DEVICE)),
    XML_LIST("capability", NodeCapability, features, &node_feature_element, OF(PCI)),

    XML_STRING("product", NodeCapability, system.product, OF(SYSTEM)),
    XML_STRING("hardware/vendor", NodeCapability, system.vendor, OF(SYSTEM)),
    XML_STRING("hardware/version", NodeCapability, system.version, OF(SYSTEM)),
    XML_STRING("hardware/serial", NodeCapability, system.serial, OF(SYSTEM)),
    XML_UUID("hardware/uuid", NodeCapability, system.uuid, OF(SYSTEM)),
    XML_STRING("firmware/vendor", NodeCapability, system.firmware_vendor, OF(SYSTEM)),
    XML_STRING("firmware/version", NodeCapability, system.firmware_version, OF(SYSTEM)),
    XML_STRING("firmware/release_date", NodeCapability, system.firmware_date, OF(SYSTEM)),

    XML_NUMBER("number", NodeCapability, usb.number, .always = true, OF(USB)),
    XML_NUMBER("class", NodeCapability, usb.class, .always = true, OF(USB)),
    XML_NUMBER("subclass", NodeCapability, usb.subclass, .always = true, OF(USB)),
    XML_NUMBER("protocol", NodeCapability, usb.protocol, .always = true, OF(USB)),

    XML_STRING("interface", NodeCapability, net.interface, OF(NET)),
    XML_STRING("address", NodeCapability, net.address, OF(NET)),
    XML_NUMBER("link/@speed", NodeCapability, net.speed, OF(NET)),
    XML_ENUM("link/@state", NodeCapability, net.state, node_link_state_names, OF(NET)),
    XML_LIST("feature", NodeCapability, net.offloads, &net_feature_element, OF(NET)),

    XML_NUMBER("host", NodeCapability, scsi.host, .always = true, OF2(SCSI_HOST, SCSI)),
    XML_NUMBER("unique_id", NodeCapability, scsi.unique_id, OF(SCSI_HOST)),
    XML_STRING("target", NodeCapability, scsi.name, OF(SCSI_TARGET)),
    XML_NUMBER("bus", NodeCapability, scsi.bus, .always = true, OF(SCSI)),
    XML_NUMBER("target", NodeCapability, scsi.target, .always = true, OF(SCSI)),
    XML_NUMBER("lun", NodeCapability, scsi.lun, .always = true, OF(SCSI)),
    XML_STRING("type", NodeCapability, scsi.type, OF(SCSI)),

    XML_STRING("block", NodeCapability, node, OF(STORAGE)),
    XML_STRING("bus", NodeCapability, storage.bus, OF(STORAGE)),
    XML_STRING("drive_type", NodeCapability, storage.drive_type, OF(STORAGE)),
    XML_STRING("model", NodeCapability, storage.model, OF(STORAGE)),
    XML_STRING("vendor", NodeCapability, storage.vendor, OF(STORAGE)),
    XML_STRING("serial", NodeCapability, storage.serial, OF(STORAGE)),
    XML_LIST("capability", NodeCapability, features, &node_feature_element, OF(STORAGE)),
    XML_NUMBER("size", NodeCapability, storage.size, OF(STORAGE)),
    XML_NUMBER("logical_block_size", NodeCapability, storage.block_size, OF(STORAGE)),
    XML_NUMBER("num_blocks", NodeCapability, storage.blocks, OF(STORAGE)),

    XML_STRING("char", NodeCapability, node, OF(SCSI_GENERIC)),
    XML_STRING("type", NodeCapability, drm, OF(DRM)),
    XML_STRING("chardev", NodeCapability, node, OF(VDPA)),

    XML_STRING("type/@id", NodeCapability, mdev.type, .required = true, OF(MDEV)),
    XML_UUID("uuid", NodeCapability, mdev.uuid, OF(MDEV)),
    XML_STRING("parent_addr", NodeCapability, mdev.parent_address, OF(MDEV)),

    XML_NUMBER("iommuGroup/@number", NodeCapability, iommu_group, OF2(PCI, MDEV)),
    XML_LIST("iommuGroup/address", NodeCapability, pci.peers, &pci_address_element, OF(PCI)),
    XML_LIST("attr", NodeCapability, mdev.attributes, &mdev_attribute_element, OF(MDEV)),
    XML_NUMBER("numa/@node", NodeCapability, pci.numa, OF(PCI)),
    XML_CHILD("pci-express", NodeCapability, pci.express, &express_element, OF(PCI)),

    XML_NUMBER("cssid", NodeCapability, ccw.cssid, .hex = 1, .always = true, OF2(CCW, CSS)),
    XML_NUMBER("ssid", NodeCapability, ccw.ssid, .hex = 1, .always = true, OF2(CCW, CSS)),
    XML_NUMBER("devno", NodeCapability, ccw.devno, .hex = 4, .always = true, OF2(CCW, CSS)),
    XML_CHILD("channel_dev_addr", NodeCapability, channel, &channel_element, OF(CSS)),

    XML_NUMBER("ap-adapter", NodeCapability, adapter, .hex = 2, .always = true, OF2(AP_CARD, AP_QUEUE)),
    XML_NUMBER("ap-domain", NodeCapability, domain, .hex = 4, .always = true, OF(AP_QUEUE)),

    XML_LIST("capability", NodeCapability, features, &node_feature_element, HAS_FEATURES),
    {},
};
// clang-format on
static XmlElement capability_element = {
    .name = "capability",
    .size = sizeof(NodeCapability),
    .fields = capability_fields,
    .variant = offsetof(NodeCapability, type),
};

static const XmlField devnode_fields[] = {
    XML_STRING("@type", NodeDevnode, type, .required = true),
    XML_STRING(".", NodeDevnode, path),
    {},
};
static XmlElement devnode_element = {
    .name = "devnode",
    .size = sizeof(NodeDevnode),
    .fields = devnode_fields,
};

static const XmlField device_fields[] = {
    XML_STRING("name", NodeDevice, name),
    XML_STRING("path", NodeDevice, path),
    XML_LIST("devnode", NodeDevice, devnodes, &devnode_element),
    XML_STRING("parent", NodeDevice, parent),
    XML_STRING("parent/@wwnn", NodeDevice, parent_wwnn),
    XML_STRING("parent/@wwpn", NodeDevice, parent_wwpn),
    XML_STRING("parent/@fabric_wwn", NodeDevice, parent_fabric),
    XML_STRING("driver/name", NodeDevice, driver),
    XML_CHILD("capability", NodeDevice, capability, &capability_element, .required = true),
    {},
};
XmlElement node_device_element = {
    .name = "device",
    .size = sizeof(NodeDevice),
    .fields = device_fields,
};

NodeFeature *node_add_feature(NodeCapability *capability, NodeFeatureType type)
{
    NodeFeature *feature = g_new0(NodeFeature, 1);

    feature->type = type;
    list_add(&capability->features, feature);
    return feature;
}

const NodeFeature *node_find_feature(const NodeCapability *capability, NodeFeatureType type)
{
    for (LIST_EACH(NodeFeature, feature, capability->features)) {
        if (feature->type == type)
            return feature;
    }
    return NULL;
}
