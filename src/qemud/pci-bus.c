/* pci-bus.c - PCI buses: what fits on which, and what makes them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pci-bus.h"

#define FITS(plug) (1u << (plug))

/* Endpoints of a conventional bus. On a board without PCI Express they are all conventional. */
#define CONVENTIONAL (FITS(PLUG_PCI) | FITS(PLUG_PCI_BRIDGE))
#define EXPRESS (FITS(PLUG_PCIE) | FITS(PLUG_UPSTREAM) | FITS(PLUG_TO_PCI_BRIDGE))

static const struct {
    unsigned first_slot, last_slot;
    unsigned fits; /* by PciPlug; 0: the model makes no bus */
} buses[] = {
    [MODEL_PCI_ROOT] = { 1, 31, CONVENTIONAL | FITS(PLUG_INTEGRATED) | FITS(PLUG_EXPANDER) },
    [MODEL_PCIE_ROOT] = { 1, 31,
                          FITS(PLUG_ROOT_PORT) | FITS(PLUG_DMI_BRIDGE) | FITS(PLUG_INTEGRATED) |
                              FITS(PLUG_PCIE_EXPANDER) },
    [MODEL_PCI_BRIDGE] = { 1, 31, CONVENTIONAL },
    [MODEL_DMI_TO_PCI_BRIDGE] = { 0, 31, FITS(PLUG_PCI_BRIDGE) },
    [MODEL_PCIE_TO_PCI_BRIDGE] = { 1, 31, CONVENTIONAL },
    [MODEL_PCIE_ROOT_PORT] = { 0, 0, EXPRESS },
    [MODEL_PCIE_SWITCH_UPSTREAM_PORT] = { 0, 31, FITS(PLUG_DOWNSTREAM) },
    [MODEL_PCIE_SWITCH_DOWNSTREAM_PORT] = { 0, 0, EXPRESS },
    [MODEL_PCI_EXPANDER_BUS] = { 0, 0, FITS(PLUG_PCI_BRIDGE) },
    [MODEL_PCIE_EXPANDER_BUS] = { 0, 0, FITS(PLUG_ROOT_PORT) | FITS(PLUG_DMI_BRIDGE) },
};

bool pci_bus_slots(ControllerModel model, unsigned *first, unsigned *last)
{
    if (model >= G_N_ELEMENTS(buses) || !buses[model].fits)
        return false;
    *first = buses[model].first_slot;
    *last = buses[model].last_slot;
    return true;
}

bool pci_bus_accepts(ControllerModel model, PciPlug plug)
{
    return model < G_N_ELEMENTS(buses) && buses[model].fits & FITS(plug);
}

/* QEMU's device, and which of its numbers come from the controller's. */
static const struct {
    const char *device;
    bool chassis, chassis_number, port;
    bool bus_number;
} devices[] = {
    [MODEL_PCI_BRIDGE] = { "pci-bridge", .chassis_number = true },
    [MODEL_DMI_TO_PCI_BRIDGE] = { "i82801b11-bridge" },
    [MODEL_PCIE_TO_PCI_BRIDGE] = { "pcie-pci-bridge" },
    [MODEL_PCIE_ROOT_PORT] = { "pcie-root-port", .chassis = true, .port = true },
    [MODEL_PCIE_SWITCH_UPSTREAM_PORT] = { "x3130-upstream" },
    [MODEL_PCIE_SWITCH_DOWNSTREAM_PORT] = { "xio3130-downstream", .chassis = true, .port = true },
    [MODEL_PCI_EXPANDER_BUS] = { "pxb", .bus_number = true },
    [MODEL_PCIE_EXPANDER_BUS] = { "pxb-pcie", .bus_number = true },
};

static void complete(Optional *member, int64_t value)
{
    if (!member->given)
        *member = optional(value);
}

/* Expanders count down from the last bus number, past the buses that others may need. */
static int64_t free_bus_number(const Domain *domain)
{
    int64_t number = 254;

    for (LIST_EACH(Controller, controller, domain->controllers)) {
        if (controller->type == CONTROLLER_PCI && controller->bus_number.given)
            number = MIN(number, controller->bus_number.value - 2);
    }
    return number;
}

static void controller_complete(const Domain *domain, Controller *controller)
{
    const PciAddress *pci = &controller->info.address.pci;
    ControllerModel model = controller->model;
    bool is_root_port = model == MODEL_PCIE_ROOT_PORT;

    if (model >= G_N_ELEMENTS(devices) || !devices[model].device)
        return;
    if (!controller->device)
        controller->device = g_strdup(devices[model].device);
    if (devices[model].chassis)
        complete(&controller->chassis, controller->index.value);
    if (devices[model].chassis_number)
        complete(&controller->chassis_number, controller->index.value);
    if (devices[model].port)
        complete(&controller->port, is_root_port ? pci->slot << 3 | pci->function : pci->slot);
    if (devices[model].bus_number)
        complete(&controller->bus_number, free_bus_number(domain));
}

void pci_controllers_complete(Domain *domain)
{
    for (LIST_EACH(Controller, controller, domain->controllers)) {
        if (controller->type == CONTROLLER_PCI)
            controller_complete(domain, controller);
    }
}
