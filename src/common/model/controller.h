/* controller.h - controllers: what other devices are attached to */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum ControllerType {
    CONTROLLER_NONE,
    CONTROLLER_IDE,
    CONTROLLER_FDC,
    CONTROLLER_SCSI,
    CONTROLLER_SATA,
    CONTROLLER_VIRTIO_SERIAL,
    CONTROLLER_CCID,
    CONTROLLER_USB,
    CONTROLLER_PCI,
    CONTROLLER_XENBUS,
    CONTROLLER_ISA,
} ControllerType;
extern const char *const controller_type_names[];

/* One list for all types; controller_model_is_of() says which go together. */
typedef enum ControllerModel {
    MODEL_NONE,
    MODEL_PCI_ROOT,
    MODEL_PCIE_ROOT,
    MODEL_PCI_BRIDGE,
    MODEL_DMI_TO_PCI_BRIDGE,
    MODEL_PCIE_TO_PCI_BRIDGE,
    MODEL_PCIE_ROOT_PORT,
    MODEL_PCIE_SWITCH_UPSTREAM_PORT,
    MODEL_PCIE_SWITCH_DOWNSTREAM_PORT,
    MODEL_PCI_EXPANDER_BUS,
    MODEL_PCIE_EXPANDER_BUS,
    MODEL_AUTO,
    MODEL_BUSLOGIC,
    MODEL_LSILOGIC,
    MODEL_LSISAS1068,
    MODEL_VMPVSCSI,
    MODEL_IBMVSCSI,
    MODEL_VIRTIO_SCSI,
    MODEL_LSISAS1078,
    MODEL_VIRTIO_TRANSITIONAL,
    MODEL_VIRTIO_NON_TRANSITIONAL,
    MODEL_NCR53C90,
    MODEL_DC390,
    MODEL_AM53C974,
    MODEL_VIRTIO,
    MODEL_PIIX3_UHCI,
    MODEL_PIIX4_UHCI,
    MODEL_EHCI,
    MODEL_ICH9_EHCI1,
    MODEL_ICH9_UHCI1,
    MODEL_ICH9_UHCI2,
    MODEL_ICH9_UHCI3,
    MODEL_VT82C686B_UHCI,
    MODEL_PCI_OHCI,
    MODEL_NEC_XHCI,
    MODEL_QUSB1,
    MODEL_QUSB2,
    MODEL_QEMU_XHCI,
    MODEL_NO_USB, /* "none": the guest has no USB */
    MODEL_PIIX3,
    MODEL_PIIX4,
    MODEL_ICH6,
} ControllerModel;
extern const char *const controller_model_names[];

typedef struct Controller {
    DeviceInfo info;
    ControllerType type;
    Optional index;
    ControllerModel model;
    Optional ports, vectors; /* of virtio-serial; ports of xhci, too */
    Optional max_grant_frames, max_event_channels;
    /* driver/... */
    unsigned queues, cmd_per_lun, max_sectors;
    Switch ioeventfd;
    unsigned iothread;
    VirtioOptions virtio;
    /* of PCI controllers: the device that it is made of, and its numbers */
    char *device; /* model/@name */
    Optional chassis_number, chassis, port, bus_number, target_index, node;
    Switch hotplug;
    uint64_t pcihole64; /* KiB; 0: QEMU's choice */
    Optional
        master_start_port; /* of a USB companion: the first port of its master that it serves */
} Controller;

extern XmlElement controller_element;
XML_STRUCT(Controller, controller, controller_element)

bool controller_model_is_of(ControllerModel model, ControllerType type);
