/* function.c - networks that hand out virtual functions of network cards, or their links
 *
 * A function itself belongs to the guest; what of it is the network's is said to its card. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "function.h"

#include "host/pci.h"
#include "model/list.h"

char *function_name(const PciAddress *place)
{
    return g_strdup_printf("%04x:%02x:%02x.%x", place->domain, place->bus, place->slot,
                           place->function);
}

/* ---- the pool ---- */

bool function_check_pool(const Network *network, GError **error)
{
    for (LIST_EACH(ForwardAddress, address, network->forward.addresses)) {
        g_autofree char *name = function_name(&address->pci);

        if (!virtual_function_is(name))
            return fail(error, ERR_CONFIG_UNSUPPORTED,
                        "device '%s' in network '%s' is not an SR-IOV Virtual Function", name,
                        network->name);
    }
    return true;
}

static ForwardAddress *address_of(const char *name)
{
    ForwardAddress *address;
    HostPci at;

    if (!host_pci_parse(name, &at))
        return NULL;
    address = g_new0(ForwardAddress, 1);
    address->type = g_strdup("pci");
    address->pci.domain = at.domain;
    address->pci.bus = at.bus;
    address->pci.slot = at.slot;
    address->pci.function = at.function;
    return address;
}

static ForwardInterface *interface_of(const char *name)
{
    ForwardInterface *interface;
    char link[IFNAMSIZ];

    if (!virtual_function_link(name, link))
        return NULL;
    interface = g_new0(ForwardInterface, 1);
    interface->dev = g_strdup(link);
    return interface;
}

/* One that a guest has already, or whose driver is none of a network card, has no link. */
static void add_function(Forward *forward, const char *name)
{
    bool whole = forward->mode == FORWARD_HOSTDEV;
    void *entry = whole ? (void *) address_of(name) : interface_of(name);

    if (entry)
        list_add(whole ? &forward->addresses : &forward->interfaces, entry);
}

bool function_fill_pool(Network *live, GError **error)
{
    Forward *forward = &live->forward;
    g_autoptr(GPtrArray) names = NULL;

    if (!forward->pf || list_length(forward->addresses))
        return true;
    names = virtual_functions_of(forward->pf);
    for (guint i = 0; i < names->len; i++)
        add_function(forward, names->pdata[i]);
    return list_length(forward->addresses) || list_length(forward->interfaces) ||
           fail(error, ERR_INTERNAL, "No usable Vf's present on SRIOV PF %s", forward->pf);
}

/* ---- what the card is told ---- */

static bool find(const NetworkPort *port, VirtualFunction *function, GError **error)
{
    g_autofree char *name = function_name(&port->pci);

    return virtual_function_find(name, function, error);
}

static bool check_wishes(const NetworkPort *port, GError **error)
{
    if (port->virtualport)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "virtualport type '%s' is not supported on virtual functions of network cards",
                    port->virtualport->type);
    if (port->isolated == SWITCH_ON)
        return fail(
            error, ERR_CONFIG_UNSUPPORTED,
            "<port isolated='yes'/> is not supported on virtual functions of network cards");
    return (port->vlan.trunk != SWITCH_ON && list_length(port->vlan.tags) <= 1) ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "vlan trunking is not supported by SR-IOV network devices");
}

bool function_look(const NetworkPort *port, VirtualFunctionState *former, GError **error)
{
    VirtualFunction function;

    return check_wishes(port, error) && find(port, &function, error) &&
           virtual_function_get(&function, former, error);
}

bool function_set_up(const NetworkPort *port, const VirtualFunctionState *former, GError **error)
{
    VirtualFunctionState wanted = *former;
    VirtualFunction function;

    wanted.mac = port->mac;
    for (LIST_EACH(VlanTag, tag, port->vlan.tags))
        wanted.vlan = tag->id;
    if (!find(port, &function, error))
        return false;
    if (virtual_function_set(&function, former, &wanted, error))
        return true;
    function_restore(port, former);
    return false;
}

void function_restore(const NetworkPort *port, const VirtualFunctionState *former)
{
    VirtualFunction function;
    VirtualFunctionState now;
    g_autoptr(GError) error = NULL;

    if (!find(port, &function, &error) || !virtual_function_get(&function, &now, &error) ||
        !virtual_function_set(&function, &now, former, &error))
        g_warning("what guest '%s' had of a card is not as it was: %s", port->owner_name,
                  error->message);
}
