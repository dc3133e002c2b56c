/* pci-bus.h - PCI buses: what fits on which, and what makes them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "address-pci.h"

/* The first and last slot of the bus that a controller makes; false when it makes none. */
bool pci_bus_slots(ControllerModel model, unsigned *first, unsigned *last);
/* Whether such a device is put on the bus without being asked to. */
bool pci_bus_accepts(ControllerModel model, PciPlug plug);
/* The device that a PCI controller is made of and its numbers, once it has its address. */
void pci_controllers_complete(Domain *domain);
