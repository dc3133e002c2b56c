/* class-pci.c - PCI functions */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "class.h"
#include "host/pci.h"
#include "model/list.h"
#include "vpd.h"

#include <errno.h>
#include <stdlib.h>

static const SourceRow rows[] = {
    { ATTRIBUTE, "class", SLOT(NodeCapability, pci.class, Optional), take_code },
    { ATTRIBUTE, "vendor", SLOT(NodeCapability, vendor.id, unsigned), take_hex },
    { ATTRIBUTE, "device", SLOT(NodeCapability, product.id, unsigned), take_hex },
    { ATTRIBUTE, "numa_node", SLOT(NodeCapability, pci.numa, Optional), take_number },
    {},
};

static PciAddress *address_of(const char *name)
{
    HostPci place;
    PciAddress *address;

    if (!name || !host_pci_parse(name, &place))
        return NULL;
    address = g_new0(PciAddress, 1);
    address->domain = place.domain;
    address->bus = place.bus;
    address->slot = place.slot;
    address->function = place.function;
    return address;
}

/* The place that a link of the function points to; NULL when there is no such link. */
static PciAddress *address_behind(const Source *source, const char *link)
{
    g_autofree char *name = source_link(source, link);

    return address_of(name);
}

/* ---- virtual functions ---- */

static void add_virtual_functions(const Source *source, NodeCapability *pci)
{
    int64_t most = 0;
    NodeFeature *feature = NULL;

    (void) sysfs_number(source->directory, "sriov_totalvfs", 10, &most);
    if (most > 0) {
        feature = node_add_feature(pci, NODE_VIRT_FUNCTIONS);
        feature->max_count = most;
    }
    for (unsigned i = 0;; i++) {
        g_autofree char *link = g_strdup_printf("virtfn%u", i);
        PciAddress *address = address_behind(source, link);

        if (!address)
            return;
        if (!feature)
            feature = node_add_feature(pci, NODE_VIRT_FUNCTIONS);
        list_add(&feature->addresses, address);
    }
}

static void add_sriov(const Source *source, NodeCapability *pci)
{
    PciAddress *physical = address_behind(source, "physfn");

    if (physical)
        list_add(&node_add_feature(pci, NODE_PHYS_FUNCTION)->addresses, physical);
    add_virtual_functions(source, pci);
}

/* ---- the group that can be given away only as a whole ---- */

static int compare_addresses(const void *a, const void *b)
{
    const PciAddress *x = *(PciAddress *const *) a, *y = *(PciAddress *const *) b;
    const unsigned parts[][2] = { { x->domain, y->domain },
                                  { x->bus, y->bus },
                                  { x->slot, y->slot },
                                  { x->function, y->function } };

    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i][0] != parts[i][1])
            return parts[i][0] < parts[i][1] ? -1 : 1;
    }
    return 0;
}

static void add_group(const Source *source, NodeCapability *pci)
{
    g_autofree char *group = source_link(source, "iommu_group");
    g_auto(Fd) fd = -1;
    g_autoptr(Directory) members = NULL;

    if (!group)
        return;
    pci->iommu_group = optional(atoi(group));
    fd = sysfs_open(source->directory, "iommu_group/devices");
    members = fd < 0 ? NULL : fdopendir(fd);
    if (!members)
        return;
    g_steal_fd(&fd);
    for (const struct dirent *entry; (entry = readdir(members));) {
        PciAddress *address = address_of(entry->d_name);

        if (address)
            list_add(&pci->pci.peers, address);
    }
    if (pci->pci.peers)
        g_ptr_array_sort(pci->pci.peers, compare_addresses);
}

/* ---- configuration space ---- */

static void add_link(NodePciExpress *express, const char *validity, HostPciLink what)
{
    NodePciLink *link = g_new0(NodePciLink, 1);
    enum { FASTEST_KNOWN = 6 };

    link->validity = g_strdup(validity);
    link->speed = what.speed <= FASTEST_KNOWN ? what.speed : 0;
    link->width = what.width;
    list_add(&express->links, link);
}

static void add_express(const HostPciConfig *config, NodeCapability *pci)
{
    if (!config->is_express)
        return;
    pci->pci.express = g_new0(NodePciExpress, 1);
    if (!config->has_link)
        return;
    add_link(pci->pci.express, "cap", config->can);
    ((NodePciLink *) pci->pci.express->links->pdata[0])->port = optional(config->port);
    add_link(pci->pci.express, "sta", config->does);
}

static void add_bridge(const HostPciConfig *config, NodeCapability *pci)
{
    enum { BRIDGE = 1, CARDBUS = 2 };

    if (config->header == BRIDGE)
        node_add_feature(pci, NODE_PCI_BRIDGE);
    else if (config->header == CARDBUS)
        node_add_feature(pci, NODE_CARDBUS_BRIDGE);
}

static bool read_pci(const Source *source, NodeDevice *device)
{
    NodeCapability *pci = device->capability;
    g_autofree PciAddress *address = address_of(source->name);
    HostPciConfig config;

    if (!address)
        return false;
    pci->pci.address = *address;
    pci->vendor.text = g_strdup(host_pci_vendor(pci->vendor.id));
    pci->product.text = g_strdup(host_pci_product(pci->vendor.id, pci->product.id));
    if (pci->pci.numa.value < 0)
        pci->pci.numa = (Optional){ 0 };
    host_pci_config(source->directory, &config);
    add_sriov(source, pci);
    add_bridge(&config, pci);
    class_add_mdev_types(source, pci);
    vpd_read(source->directory, pci);
    add_group(source, pci);
    add_express(&config, pci);
    return true;
}

const DeviceKind kind_pci = {
    .type = NODE_PCI,
    .subsystem = "bus/pci",
    .prefix = "pci",
    .rows = rows,
    .read = read_pci,
};
