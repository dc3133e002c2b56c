/* address-pci.h - gives PCI devices their slots, and a guest the bridges for them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* What a device fits into. A board without PCI Express takes both kinds of endpoints. */
typedef enum PciPlug {
    PLUG_NONE, /* no PCI device */
    PLUG_PCI,
    PLUG_PCIE,
    PLUG_INTEGRATED, /* PCI Express, on the root itself */
    PLUG_ROOT_PORT,
    PLUG_UPSTREAM,
    PLUG_DOWNSTREAM,
    PLUG_PCI_BRIDGE,
    PLUG_TO_PCI_BRIDGE,
    PLUG_DMI_BRIDGE,
    PLUG_EXPANDER,
    PLUG_PCIE_EXPANDER,
} PciPlug;

PciPlug pci_plug_of(const DeviceKind *kind, const DeviceInfo *device);
/* grow: controllers may be added for want of a slot. */
bool assign_pci(Domain *domain, bool grow, GError **error);
