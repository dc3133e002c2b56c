/* address-pci.c - gives PCI devices their slots, and a guest the bridges for them
 *
 * Who has an address keeps it. The others get theirs in one fixed order, so that the same
 * definition always comes out the same. When a device finds no slot, the bridge or port that is
 * missing is added to the domain, and the order is gone through again from its start; only when
 * all have found theirs are the addresses written into the devices. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address-pci.h"

#include "board.h"
#include "implicit.h"
#include "model/order.h"
#include "pci-bus.h"

#include <string.h>

enum { SLOTS = 32, FUNCTIONS = 8, BUS_LIMIT = 256 };

typedef struct Bus {
    ControllerModel model;    /* MODEL_NONE: there is none of this number */
    uint8_t functions[SLOTS]; /* a bit for each that is taken */
    bool shared[SLOTS];       /* by root ports, of which one slot holds several */
} Bus;

/* An address that was found, for the device that will get it. */
typedef struct Found {
    DeviceInfo *device;
    PciAddress pci;
} Found;

/* One pass through the order. */
typedef struct Plan {
    Domain *domain;
    Board board;
    bool is_express;
    Bus buses[BUS_LIMIT];
    GArray *found;  /* of Found */
    PciPlug wanted; /* of the device that found no slot */
    GError **error;
} Plan;

/* ---- buses ---- */

static unsigned bus_count(const Domain *domain)
{
    int64_t last = 0;

    for (LIST_EACH(Controller, controller, domain->controllers)) {
        if (controller->type == CONTROLLER_PCI)
            last = MAX(last, controller->index.value);
    }
    return last + 1;
}

static bool plan_accepts(const Plan *plan, unsigned bus, PciPlug plug)
{
    if (!plan->is_express && plug == PLUG_PCIE)
        plug = PLUG_PCI;
    return pci_bus_accepts(plan->buses[bus].model, plug);
}

static void add_bus(Domain *domain, ControllerModel model)
{
    add_controller(domain, CONTROLLER_PCI, model, bus_count(domain));
}

/* Adds what a device would need to find a slot; false when more buses do not help. */
static bool plan_grow(const Plan *plan)
{
    PciPlug plug = plan->wanted;
    bool has_bridge = false;

    for (unsigned i = 1; i < BUS_LIMIT; i++)
        has_bridge = has_bridge || plan_accepts(plan, i, PLUG_PCI_BRIDGE);
    if (bus_count(plan->domain) + 2 > BUS_LIMIT)
        return false;
    if (!plan->is_express && (plug == PLUG_PCI || plug == PLUG_PCIE)) {
        add_bus(plan->domain, MODEL_PCI_BRIDGE);
    } else if (plug == PLUG_PCIE || plug == PLUG_UPSTREAM || plug == PLUG_TO_PCI_BRIDGE) {
        add_bus(plan->domain, MODEL_PCIE_ROOT_PORT);
    } else if (plug == PLUG_PCI && has_bridge) {
        add_bus(plan->domain, MODEL_PCI_BRIDGE);
    } else if (plug == PLUG_PCI || plug == PLUG_PCI_BRIDGE) {
        add_bus(plan->domain, MODEL_PCIE_ROOT_PORT);
        add_bus(plan->domain, MODEL_PCIE_TO_PCI_BRIDGE);
    } else {
        return false;
    }
    return true;
}

/* ---- slots ---- */

static void take(Plan *plan, const PciAddress *pci, unsigned functions)
{
    plan->buses[pci->bus].functions[pci->slot] |= functions;
}

static bool is_free(const Plan *plan, const PciAddress *pci, unsigned functions)
{
    return !(plan->buses[pci->bus].functions[pci->slot] & functions);
}

static void found(Plan *plan, DeviceInfo *device, const PciAddress *pci)
{
    Found entry = { device, *pci };

    g_array_append_val(plan->found, entry);
    take(plan, pci, 1u << pci->function);
}

/* The next function of a slot of root ports, or a slot that is empty. */
static bool slot_fits(const Plan *plan, PciPlug plug, PciAddress *pci)
{
    const Bus *bus = &plan->buses[pci->bus];

    if (!bus->functions[pci->slot])
        return true;
    if (plug != PLUG_ROOT_PORT || !bus->shared[pci->slot])
        return false;
    for (; pci->function < FUNCTIONS; pci->function++) {
        if (is_free(plan, pci, 1u << pci->function))
            return true;
    }
    return false;
}

static bool find_slot(const Plan *plan, PciPlug plug, PciAddress *pci)
{
    unsigned first, last;

    for (unsigned bus = 0; bus < BUS_LIMIT; bus++) {
        if (!plan_accepts(plan, bus, plug) || !pci_bus_slots(plan->buses[bus].model, &first, &last))
            continue;
        for (unsigned slot = first; slot <= last; slot++) {
            *pci = (PciAddress){ .bus = bus, .slot = slot };
            if (slot_fits(plan, plug, pci))
                return true;
        }
    }
    return false;
}

static bool needs_address(const DeviceInfo *device)
{
    return device->address.type == ADDRESS_NONE ||
           (device->address.type == ADDRESS_PCI && pci_address_is_zero(&device->address.pci));
}

static bool was_found(const Plan *plan, const DeviceInfo *device)
{
    for (guint i = 0; i < plan->found->len; i++) {
        if (g_array_index(plan->found, Found, i).device == device)
            return true;
    }
    return !needs_address(device);
}

static bool place(Plan *plan, DeviceInfo *device, PciPlug plug)
{
    PciAddress pci;

    if (plug == PLUG_NONE || was_found(plan, device))
        return true;
    if (!find_slot(plan, plug, &pci)) {
        plan->wanted = plug;
        return false;
    }
    if (plug == PLUG_ROOT_PORT)
        plan->buses[pci.bus].shared[pci.slot] = true;
    found(plan, device, &pci);
    return true;
}

/* The slot itself, when nobody is in the way. */
static void place_at(Plan *plan, DeviceInfo *device, unsigned slot, unsigned function)
{
    PciAddress pci = { .slot = slot, .function = function };

    if (!was_found(plan, device) && is_free(plan, &pci, 1u << function))
        found(plan, device, &pci);
}

/* ---- addresses that are given ---- */

static void *refuse_address(const Plan *plan, const PciAddress *pci, const char *why)
{
    return fail(plan->error, ERR_XML, "invalid PCI address %04x:%02x:%02x.%u: %s", pci->domain,
                pci->bus, pci->slot, pci->function, why);
}

static bool keep_address(Plan *plan, PciPlug plug, const PciAddress *pci)
{
    unsigned first, last;

    if (pci->domain != 0)
        return refuse_address(plan, pci, "there is only domain 0");
    if (!pci_bus_slots(plan->buses[pci->bus].model, &first, &last))
        return refuse_address(plan, pci, "there is no such bus");
    if (pci->slot < first || pci->slot > last)
        return refuse_address(plan, pci, "the bus has no such slot");
    if (!is_free(plan, pci, 1u << pci->function))
        return refuse_address(plan, pci, "it is used twice");
    take(plan, pci, 1u << pci->function);
    if (plug == PLUG_ROOT_PORT)
        plan->buses[pci->bus].shared[pci->slot] = true;
    return true;
}

static bool keep_device(const DeviceKind *kind, DeviceInfo *device, void *data)
{
    PciPlug plug = pci_plug_of(kind, device);

    if (device->address.type != ADDRESS_PCI || needs_address(device))
        return true;
    return keep_address(data, plug, &device->address.pci);
}

/* ---- what the chipset has where ---- */

static Controller *only_controller(const Plan *plan, ControllerType type)
{
    return domain_controller(plan->domain, type, 0);
}

static bool is_at(const DeviceInfo *device, unsigned slot, unsigned function)
{
    const PciAddress *pci = &device->address.pci;

    return needs_address(device) ||
           (!pci->domain && !pci->bus && pci->slot == slot && pci->function == function);
}

static bool is_piix3_usb(const Controller *controller)
{
    return controller && controller->model == MODEL_PIIX3_UHCI;
}

/* Slot 1 of i440FX: bridge to ISA, IDE, USB, power management. */
static bool keep_i440fx(Plan *plan)
{
    Controller *ide = only_controller(plan, CONTROLLER_IDE);
    Controller *usb = only_controller(plan, CONTROLLER_USB);
    PciAddress slot1 = { .slot = 1 };

    if (ide && !is_at(&ide->info, 1, 1))
        return refuse_address(plan, &ide->info.address.pci, "the IDE controller is at 00:01.1");
    if (is_piix3_usb(usb) && !is_at(&usb->info, 1, 2))
        return refuse_address(plan, &usb->info.address.pci,
                              "the first USB controller is at 00:01.2");
    take(plan, &slot1, 0x0f);
    if (ide && !needs_address(&ide->info))
        plan->buses[0].functions[1] &= ~0x02;
    if (is_piix3_usb(usb) && !needs_address(&usb->info))
        plan->buses[0].functions[1] &= ~0x04;
    return true;
}

/* Slot 31 of Q35: bridge to ISA, SATA, SMBus. */
static bool keep_q35(Plan *plan)
{
    Controller *sata = only_controller(plan, CONTROLLER_SATA);
    PciAddress slot31 = { .slot = 31 };

    if (sata && !is_at(&sata->info, 31, 2))
        return refuse_address(plan, &sata->info.address.pci,
                              "the first SATA controller is at 00:1f.2");
    take(plan, &slot31, 0x09);
    return true;
}

static Video *primary_video(const Domain *domain)
{
    for (LIST_EACH(Video, video, domain->videos)) {
        if (video->primary == SWITCH_ON)
            return video;
    }
    return NULL;
}

static bool place_primary_video(Plan *plan, unsigned slot)
{
    Video *video = primary_video(plan->domain);

    if (!video || video->model == VIDEO_RAMFB || video->model == VIDEO_NONE)
        return true;
    if (!plan->buses[0].functions[slot])
        place_at(plan, &video->info, slot, 0);
    return place(plan, &video->info, video->model == VIDEO_VIRTIO ? PLUG_PCIE : PLUG_PCI);
}

static void give(Plan *plan, DeviceInfo *device, unsigned slot, unsigned function)
{
    PciAddress pci = { .slot = slot, .function = function };

    if (needs_address(device))
        found(plan, device, &pci);
}

static bool place_i440fx(Plan *plan)
{
    Controller *ide = only_controller(plan, CONTROLLER_IDE);
    Controller *usb = only_controller(plan, CONTROLLER_USB);

    if (ide)
        give(plan, &ide->info, 1, 1);
    if (is_piix3_usb(usb))
        give(plan, &usb->info, 1, 2);
    return place_primary_video(plan, 2);
}

static bool place_q35(Plan *plan)
{
    Controller *sata = only_controller(plan, CONTROLLER_SATA);

    if (sata)
        place_at(plan, &sata->info, 31, 2);
    for (LIST_EACH(Sound, sound, plan->domain->sounds)) {
        if (sound->model == SOUND_ICH9)
            place_at(plan, &sound->info, 0x1b, 0);
    }
    for (LIST_EACH(Controller, controller, plan->domain->controllers)) {
        if (controller->type == CONTROLLER_PCI && controller->model == MODEL_DMI_TO_PCI_BRIDGE)
            place_at(plan, &controller->info, 0x1e, 0);
    }
    return place_primary_video(plan, 1);
}

/* ---- USB controllers of several functions ---- */

static int ich9_function(const Controller *controller)
{
    if (controller->type != CONTROLLER_USB)
        return -1;
    switch (controller->model) {
    case MODEL_ICH9_EHCI1:
        return 7;
    case MODEL_ICH9_UHCI1:
        return 0;
    case MODEL_ICH9_UHCI2:
        return 1;
    case MODEL_ICH9_UHCI3:
        return 2;
    default:
        return -1;
    }
}

static const PciAddress *address_in(const Plan *plan, const DeviceInfo *device)
{
    for (guint i = 0; i < plan->found->len; i++) {
        const Found *entry = &g_array_index(plan->found, Found, i);

        if (entry->device == device)
            return &entry->pci;
    }
    return needs_address(device) ? NULL : &device->address.pci;
}

/* The slot of the others of the same group. */
static const PciAddress *group_slot(const Plan *plan, const Controller *controller)
{
    for (LIST_EACH(Controller, other, plan->domain->controllers)) {
        if (other != controller && ich9_function(other) >= 0 &&
            other->index.value == controller->index.value && address_in(plan, &other->info))
            return address_in(plan, &other->info);
    }
    return NULL;
}

static bool has_companions(const Plan *plan, const Controller *controller)
{
    for (LIST_EACH(Controller, other, plan->domain->controllers)) {
        if (controller_is_companion(other) && other->index.value == controller->index.value)
            return true;
    }
    return false;
}

static bool new_group_slot(const Plan *plan, const Controller *controller, PciAddress *pci)
{
    static const unsigned preferred[] = { 0x1d, 0x1a }; /* where ICH9 has them */
    bool is_group = plan->board == BOARD_Q35 && has_companions(plan, controller);

    for (size_t i = 0; is_group && i < G_N_ELEMENTS(preferred); i++) {
        *pci = (PciAddress){ .slot = preferred[i] };
        if (!plan->buses[0].functions[pci->slot])
            return true;
    }
    return find_slot(plan, PLUG_PCI, pci);
}

static bool place_ich9(Plan *plan, Controller *controller)
{
    const PciAddress *group = group_slot(plan, controller);
    PciAddress pci;

    if (was_found(plan, &controller->info))
        return true;
    if (group) {
        pci = *group;
    } else if (!new_group_slot(plan, controller, &pci)) {
        plan->wanted = PLUG_PCI;
        return false;
    }
    pci.function = ich9_function(controller);
    pci.multifunction = pci.function == 0 ? SWITCH_ON : SWITCH_ABSENT;
    found(plan, &controller->info, &pci);
    return true;
}

/* ---- the order ---- */

static const DeviceKind *kind_of(const XmlElement *element)
{
    const DeviceKind *kind = device_kinds;

    while (kind->element != element)
        kind++;
    return kind;
}

static bool is_host_device(const Iface *iface) { return iface->type == IFACE_HOSTDEV; }

/* Of interfaces, either those that are devices of the host or the others. */
static bool place_kind(Plan *plan, const XmlElement *element, bool of_host)
{
    const DeviceKind *kind = kind_of(element);

    for (LIST_EACH(DeviceInfo, device, device_list(plan->domain, kind))) {
        if (element == &iface_element && is_host_device((Iface *) device) != of_host)
            continue;
        if (element == &controller_element && ich9_function((Controller *) device) >= 0
                ? !place_ich9(plan, (Controller *) device)
                : !place(plan, device, pci_plug_of(kind, device)))
            return false;
    }
    return true;
}

static bool place_bridges(Plan *plan)
{
    for (LIST_EACH(Controller, controller, plan->domain->controllers)) {
        if (controller->type == CONTROLLER_PCI &&
            !place(plan, &controller->info,
                   pci_plug_of(kind_of(&controller_element), &controller->info)))
            return false;
    }
    return true;
}

static bool place_all(Plan *plan)
{
    static const XmlElement *const order[] = {
        &fs_element,       &iface_element,   &sound_element,   &controller_element,
        &disk_element,     &hostdev_element, &balloon_element, &rng_element,
        &watchdog_element, &video_element,   &shmem_element,   &input_element,
        &serial_element,   &iommu_element,   &vsock_element,   &memdev_element,
    };

    if ((plan->board == BOARD_I440FX && !place_i440fx(plan)) ||
        (plan->board == BOARD_Q35 && !place_q35(plan)) || !place_bridges(plan))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        bool is_hostdev = order[i] == &hostdev_element;

        if ((is_hostdev && !place_kind(plan, &iface_element, true)) ||
            !place_kind(plan, order[i], false))
            return false;
    }
    return true;
}

/* ---- passes ---- */

/* Buses that addresses or numbers speak of and that nobody made. */
static bool reach_bus(const DeviceKind *kind, DeviceInfo *device, void *data)
{
    Plan *plan = data;
    unsigned bus = device->address.pci.bus;
    bool is_endpoint = pci_plug_of(kind, device) == PLUG_PCI;

    if (device->address.type != ADDRESS_PCI || needs_address(device))
        return true;
    while (bus_count(plan->domain) <= bus) {
        bool is_last = bus_count(plan->domain) == bus;

        if (!plan->is_express)
            add_bus(plan->domain, MODEL_PCI_BRIDGE);
        else
            add_bus(plan->domain,
                    is_last && is_endpoint ? MODEL_PCIE_TO_PCI_BRIDGE : MODEL_PCIE_ROOT_PORT);
    }
    return true;
}

static void fill_gaps(Plan *plan)
{
    unsigned count = bus_count(plan->domain);

    for (unsigned i = 1; i < count; i++) {
        if (!domain_controller(plan->domain, CONTROLLER_PCI, i))
            add_controller(plan->domain, CONTROLLER_PCI,
                           plan->is_express ? MODEL_PCIE_ROOT_PORT : MODEL_PCI_BRIDGE, i);
    }
    (void) domain_each_device(plan->domain, reach_bus, plan);
}

/* Begins a pass: the buses as they are, with what is on them already. */
static bool plan_begin(Plan *plan)
{
    memset(plan->buses, 0, sizeof(plan->buses));
    g_array_set_size(plan->found, 0);
    for (LIST_EACH(Controller, controller, plan->domain->controllers)) {
        if (controller->type == CONTROLLER_PCI)
            plan->buses[controller->index.value].model = controller->model;
    }
    return (plan->board != BOARD_I440FX || keep_i440fx(plan)) &&
           (plan->board != BOARD_Q35 || keep_q35(plan)) &&
           domain_each_device(plan->domain, keep_device, plan);
}

static bool is_full(const Plan *plan)
{
    PciAddress pci;

    return !find_slot(plan, PLUG_PCI, &pci);
}

/* A place is kept free for the bridge, or the device, that is plugged in while the guest runs,
 * where it was we who laid out the buses. */
static bool spare_is_there(Plan *plan, bool is_ours)
{
    PciPlug plug = plan->is_express ? PLUG_PCIE : PLUG_PCI;
    PciAddress pci;

    if (!is_ours || (plan->is_express && bus_count(plan->domain) == 1) ||
        find_slot(plan, plug, &pci))
        return true;
    plan->wanted = plug;
    return false;
}

/* Root ports in one slot are functions of one device. */
static void mark_functions(Plan *plan)
{
    for (LIST_EACH(Controller, controller, plan->domain->controllers)) {
        PciAddress *pci = &controller->info.address.pci;

        if (controller->model == MODEL_PCIE_ROOT_PORT && !pci->function && !pci->multifunction &&
            plan->buses[pci->bus].functions[pci->slot] > 1)
            pci->multifunction = SWITCH_ON;
    }
}

static void write_addresses(Plan *plan)
{
    for (guint i = 0; i < plan->found->len; i++) {
        const Found *entry = &g_array_index(plan->found, Found, i);
        Switch multifunction = entry->device->address.pci.multifunction;

        if (entry->device->address.type == ADDRESS_NONE)
            multifunction = SWITCH_ABSENT;
        entry->device->address.type = ADDRESS_PCI;
        entry->device->address.pci = entry->pci;
        if (multifunction)
            entry->device->address.pci.multifunction = multifunction;
    }
    mark_functions(plan);
    pci_controllers_complete(plan->domain);
}

bool assign_pci(Domain *domain, bool grow, GError **error)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Found));
    g_autofree Plan *plan = g_new0(Plan, 1);
    bool is_ours;

    plan->domain = domain;
    plan->board = board_of(domain);
    plan->is_express = board_has_pcie(plan->board);
    plan->found = found;
    plan->error = error;
    if (bus_count(domain) > BUS_LIMIT)
        return fail(error, ERR_XML, "a guest has at most %d PCI buses", BUS_LIMIT);
    is_ours = grow && (!plan->is_express || bus_count(domain) == 1);
    if (grow)
        fill_gaps(plan);
    if (!plan_begin(plan))
        return false;
    is_ours = is_ours && (plan->is_express || !is_full(plan));
    while (!place_all(plan) || !spare_is_there(plan, is_ours)) {
        if (!grow || !plan_grow(plan))
            return fail(error, ERR_XML, "no more available PCI slots");
        if (!plan_begin(plan))
            return false;
    }
    write_addresses(plan);
    return true;
}
