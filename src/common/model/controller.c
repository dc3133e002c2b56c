/* controller.c - controllers: what other devices are attached to */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/controller.h"

const char *const controller_type_names[] = {
    [CONTROLLER_NONE] = NULL,   [CONTROLLER_IDE] = "ide",
    [CONTROLLER_FDC] = "fdc",   [CONTROLLER_SCSI] = "scsi",
    [CONTROLLER_SATA] = "sata", [CONTROLLER_VIRTIO_SERIAL] = "virtio-serial",
    [CONTROLLER_CCID] = "ccid", [CONTROLLER_USB] = "usb",
    [CONTROLLER_PCI] = "pci",   [CONTROLLER_XENBUS] = "xenbus",
    [CONTROLLER_ISA] = "isa",   NULL,
};
const char *const controller_model_names[] = {
    [MODEL_NONE] = NULL,
    [MODEL_PCI_ROOT] = "pci-root",
    [MODEL_PCIE_ROOT] = "pcie-root",
    [MODEL_PCI_BRIDGE] = "pci-bridge",
    [MODEL_DMI_TO_PCI_BRIDGE] = "dmi-to-pci-bridge",
    [MODEL_PCIE_TO_PCI_BRIDGE] = "pcie-to-pci-bridge",
    [MODEL_PCIE_ROOT_PORT] = "pcie-root-port",
    [MODEL_PCIE_SWITCH_UPSTREAM_PORT] = "pcie-switch-upstream-port",
    [MODEL_PCIE_SWITCH_DOWNSTREAM_PORT] = "pcie-switch-downstream-port",
    [MODEL_PCI_EXPANDER_BUS] = "pci-expander-bus",
    [MODEL_PCIE_EXPANDER_BUS] = "pcie-expander-bus",
    [MODEL_AUTO] = "auto",
    [MODEL_BUSLOGIC] = "buslogic",
    [MODEL_LSILOGIC] = "lsilogic",
    [MODEL_LSISAS1068] = "lsisas1068",
    [MODEL_VMPVSCSI] = "vmpvscsi",
    [MODEL_IBMVSCSI] = "ibmvscsi",
    [MODEL_VIRTIO_SCSI] = "virtio-scsi",
    [MODEL_LSISAS1078] = "lsisas1078",
    [MODEL_VIRTIO_TRANSITIONAL] = "virtio-transitional",
    [MODEL_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional",
    [MODEL_NCR53C90] = "ncr53c90",
    [MODEL_DC390] = "dc390",
    [MODEL_AM53C974] = "am53c974",
    [MODEL_VIRTIO] = "virtio",
    [MODEL_PIIX3_UHCI] = "piix3-uhci",
    [MODEL_PIIX4_UHCI] = "piix4-uhci",
    [MODEL_EHCI] = "ehci",
    [MODEL_ICH9_EHCI1] = "ich9-ehci1",
    [MODEL_ICH9_UHCI1] = "ich9-uhci1",
    [MODEL_ICH9_UHCI2] = "ich9-uhci2",
    [MODEL_ICH9_UHCI3] = "ich9-uhci3",
    [MODEL_VT82C686B_UHCI] = "vt82c686b-uhci",
    [MODEL_PCI_OHCI] = "pci-ohci",
    [MODEL_NEC_XHCI] = "nec-xhci",
    [MODEL_QUSB1] = "qusb1",
    [MODEL_QUSB2] = "qusb2",
    [MODEL_QEMU_XHCI] = "qemu-xhci",
    [MODEL_NO_USB] = "none",
    [MODEL_PIIX3] = "piix3",
    [MODEL_PIIX4] = "piix4",
    [MODEL_ICH6] = "ich6",
    NULL,
};

bool controller_model_is_of(ControllerModel model, ControllerType type)
{
    switch (type) {
    case CONTROLLER_PCI:
        return model >= MODEL_PCI_ROOT && model <= MODEL_PCIE_EXPANDER_BUS;
    case CONTROLLER_SCSI:
        return model >= MODEL_AUTO && model <= MODEL_AM53C974;
    case CONTROLLER_VIRTIO_SERIAL:
        return model == MODEL_VIRTIO || model == MODEL_VIRTIO_TRANSITIONAL ||
               model == MODEL_VIRTIO_NON_TRANSITIONAL;
    case CONTROLLER_USB:
        return model >= MODEL_PIIX3_UHCI && model <= MODEL_NO_USB;
    case CONTROLLER_IDE:
        return model >= MODEL_PIIX3 && model <= MODEL_ICH6;
    default:
        return false;
    }
}

// clang-format off
#define PCI .when = WHEN(CONTROLLER_PCI)
#define SCSI .when = WHEN(CONTROLLER_SCSI)

static const XmlField controller_fields[] = {
    XML_ENUM("@type", Controller, type, controller_type_names, .required = true),
    XML_NUMBER("@index", Controller, index, .max = INT32_MAX),
    XML_ENUM("@model", Controller, model, controller_model_names),
    XML_NUMBER("@ports", Controller, ports, .max = INT32_MAX,
               .when = WHEN(CONTROLLER_VIRTIO_SERIAL) | WHEN(CONTROLLER_USB)),
    XML_NUMBER("@vectors", Controller, vectors, .max = INT32_MAX, .when = WHEN(CONTROLLER_VIRTIO_SERIAL)),
    XML_NUMBER("@maxGrantFrames", Controller, max_grant_frames, .when = WHEN(CONTROLLER_XENBUS)),
    XML_NUMBER("@maxEventChannels", Controller, max_event_channels, .when = WHEN(CONTROLLER_XENBUS)),
    XML_NUMBER("driver/@queues", Controller, queues, SCSI),
    XML_NUMBER("driver/@cmd_per_lun", Controller, cmd_per_lun, SCSI),
    XML_NUMBER("driver/@max_sectors", Controller, max_sectors, SCSI),
    XML_ON_OFF("driver/@ioeventfd", Controller, ioeventfd, SCSI),
    XML_NUMBER("driver/@iothread", Controller, iothread, .min = 1, SCSI),
    DEVICE_VIRTIO(Controller),
    XML_STRING("model/@name", Controller, device, PCI),
    XML_NUMBER("target/@chassisNr", Controller, chassis_number, .min = 1, .max = 255, PCI),
    XML_NUMBER("target/@chassis", Controller, chassis, .max = 255, PCI),
    XML_NUMBER("target/@port", Controller, port, .hex = 1, .max = 255, PCI),
    XML_NUMBER("target/@busNr", Controller, bus_number, .min = 1, .max = 254, PCI),
    XML_NUMBER("target/@index", Controller, target_index, .max = 30, PCI),
    XML_ON_OFF("target/@hotplug", Controller, hotplug, PCI),
    XML_NUMBER("target/node", Controller, node, PCI),
    DEVICE_ALIAS(Controller),
    XML_NUMBER("master/@startport", Controller, master_start_port, .needed = true, .when = WHEN(CONTROLLER_USB)),
    DEVICE_ACPI(Controller),
    DEVICE_ADDRESS(Controller),
    XML_SIZE("pcihole64", Controller, pcihole64, .unit = 1024, PCI),
    {},
};
// clang-format on

static bool controller_finish(void *object, unsigned, GError **error)
{
    const Controller *controller = object;

    if (controller->model && !controller_model_is_of(controller->model, controller->type))
        return fail(error, ERR_XML, "there is no model '%s' of controller '%s'",
                    controller_model_names[controller->model],
                    controller_type_names[controller->type]);
    return true;
}

XmlElement controller_element = {
    .name = "controller",
    .size = sizeof(Controller),
    .fields = controller_fields,
    .variant = offsetof(Controller, type),
    .finish = controller_finish,
};
