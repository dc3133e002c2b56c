/* hostdev.c - a device of the host, given to the guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/hostdev.h"

static const char *const mode_names[] = {
    [HOSTDEV_MODE_NONE] = NULL,
    [HOSTDEV_SUBSYSTEM] = "subsystem",
    [HOSTDEV_CAPABILITIES] = "capabilities",
    NULL,
};
const char *const hostdev_type_names[] = {
    [HOSTDEV_NONE] = NULL,
    [HOSTDEV_USB] = "usb",
    [HOSTDEV_PCI] = "pci",
    [HOSTDEV_SCSI] = "scsi",
    [HOSTDEV_SCSI_HOST] = "scsi_host",
    [HOSTDEV_MDEV] = "mdev",
    [HOSTDEV_STORAGE] = "storage",
    [HOSTDEV_MISC] = "misc",
    [HOSTDEV_NET] = "net",
    NULL,
};
const char *const mdev_model_names[] = {
    [MDEV_MODEL_NONE] = NULL,
    [MDEV_VFIO_PCI] = "vfio-pci",
    [MDEV_VFIO_CCW] = "vfio-ccw",
    [MDEV_VFIO_AP] = "vfio-ap",
    NULL,
};
static const char *const guest_reset_names[] = {
    [GUEST_RESET_ABSENT] = NULL,
    [GUEST_RESET_OFF] = "off",
    [GUEST_RESET_UNINITIALIZED] = "uninitialized",
    [GUEST_RESET_ON] = "on",
    NULL,
};

static const XmlField usb_address_fields[] = {
    XML_NUMBER("@bus", HostUsbAddress, bus, .required = true, .always = true),
    XML_NUMBER("@device", HostUsbAddress, device, .required = true, .always = true),
    {},
};
static XmlElement usb_address_element = {
    .name = "address",
    .size = sizeof(HostUsbAddress),
    .fields = usb_address_fields,
};

static const XmlField scsi_address_fields[] = {
    XML_NUMBER("@bus", HostScsiAddress, bus, .required = true, .always = true),
    XML_NUMBER("@target", HostScsiAddress, target, .required = true, .always = true),
    XML_NUMBER("@unit", HostScsiAddress, unit, .required = true, .always = true),
    {},
};
static XmlElement scsi_address_element = {
    .name = "address",
    .size = sizeof(HostScsiAddress),
    .fields = scsi_address_fields,
};

// clang-format off
#define OF(type) .when = WHEN(HOSTDEV_##type)

static const XmlField hostdev_fields[] = {
    XML_ENUM("@mode", Hostdev, mode, mode_names),
    XML_ENUM("@type", Hostdev, type, hostdev_type_names, .required = true),
    XML_YES_NO("@managed", Hostdev, managed),
    XML_STRING("@sgio", Hostdev, sgio, OF(SCSI)),
    XML_YES_NO("@rawio", Hostdev, rawio, OF(SCSI)),
    XML_STRING("@model", Hostdev, scsi_host_model, OF(SCSI_HOST)),
    XML_ENUM("@model", Hostdev, model, mdev_model_names, .required = true, OF(MDEV)),
    XML_ON_OFF("@display", Hostdev, display, OF(MDEV)),
    XML_ON_OFF("@ramfb", Hostdev, ramfb, OF(MDEV)),
    XML_STRING("driver/@name", Hostdev, driver, OF(PCI)),
    XML_ENUM("source/@startupPolicy", Hostdev, startup_policy, startup_policy_names, OF(USB)),
    XML_YES_NO("source/@missing", Hostdev, missing, .live = true, OF(USB)),
    XML_ENUM("source/@guestReset", Hostdev, guest_reset, guest_reset_names, OF(USB)),
    XML_YES_NO("source/@writeFiltering", Hostdev, write_filtering, OF(PCI)),
    XML_STRING("source/@protocol", Hostdev, protocol, .when = WHEN(HOSTDEV_SCSI) | WHEN(HOSTDEV_SCSI_HOST)),
    XML_STRING("source/@name", Hostdev, name, OF(SCSI)),
    XML_STRING("source/@wwpn", Hostdev, wwpn, .required = true, OF(SCSI_HOST)),
    XML_NUMBER("source/vendor/@id", Hostdev, vendor, .hex = 4, .max = 0xffff, .needed = true, OF(USB)),
    XML_NUMBER("source/product/@id", Hostdev, product, .hex = 4, .max = 0xffff, .needed = true, OF(USB)),
    XML_CHILD("source/address", Hostdev, usb, &usb_address_element, OF(USB)),
    XML_CHILD("source/address", Hostdev, pci, &pci_address_element, .required = true, OF(PCI)),
    XML_LIST("source/host", Hostdev, hosts, &source_host_element, OF(SCSI)),
    XML_CHILD("source/auth", Hostdev, auth, &source_auth_element, OF(SCSI)),
    XML_STRING("source/initiator/iqn/@name", Hostdev, initiator, .needed = true, OF(SCSI)),
    XML_STRING("source/adapter/@name", Hostdev, adapter, .needed = true, OF(SCSI)),
    XML_CHILD("source/address", Hostdev, scsi, &scsi_address_element, OF(SCSI)),
    XML_UUID("source/address/@uuid", Hostdev, mdev, .required = true, OF(MDEV)),
    XML_STRING("source/block", Hostdev, block, .required = true, OF(STORAGE)),
    XML_STRING("source/char", Hostdev, character, .required = true, OF(MISC)),
    XML_STRING("source/interface", Hostdev, interface, .required = true, OF(NET)),
    XML_LIST("ip", Hostdev, ips, &iface_ip_element, OF(NET)),
    XML_LIST("route", Hostdev, routes, &iface_route_element, OF(NET)),
    XML_ENUM("teaming/@type", Hostdev, teaming, teaming_names, .needed = true, OF(PCI)),
    XML_STRING("teaming/@persistent", Hostdev, teaming_persistent, OF(PCI)),
    XML_FLAG("readonly", Hostdev, readonly, OF(SCSI)),
    XML_FLAG("shareable", Hostdev, shareable, OF(SCSI)),
    DEVICE_BOOT(Hostdev),
    DEVICE_ALIAS(Hostdev),
    DEVICE_ROM(Hostdev),
    DEVICE_ACPI(Hostdev),
    DEVICE_ADDRESS(Hostdev),
    {},
};
// clang-format on

static bool source_is_complete(const Hostdev *hostdev, GError **error)
{
    if (hostdev->type == HOSTDEV_USB && !hostdev->usb &&
        !(hostdev->vendor.given && hostdev->product.given))
        return fail(error, ERR_XML,
                    "missing 'source/address' or 'source/vendor' and "
                    "'source/product'");
    if (hostdev->type == HOSTDEV_SCSI && g_strcmp0(hostdev->protocol, "iscsi") != 0 &&
        !(hostdev->adapter && hostdev->scsi))
        return fail(error, ERR_XML, "missing 'source/adapter' or 'source/address'");
    return true;
}

static bool hostdev_finish(void *object, unsigned, GError **error)
{
    Hostdev *hostdev = object;
    HostdevMode mode = hostdev->type >= HOSTDEV_STORAGE ? HOSTDEV_CAPABILITIES : HOSTDEV_SUBSYSTEM;

    if (!hostdev->mode)
        hostdev->mode = HOSTDEV_SUBSYSTEM;
    if (hostdev->mode != mode)
        return fail(error, ERR_XML, "type '%s' is not of mode '%s'",
                    hostdev_type_names[hostdev->type], mode_names[hostdev->mode]);
    return source_is_complete(hostdev, error);
}

XmlElement hostdev_element = {
    .name = "hostdev",
    .size = sizeof(Hostdev),
    .fields = hostdev_fields,
    .variant = offsetof(Hostdev, type),
    .finish = hostdev_finish,
};
