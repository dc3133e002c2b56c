/* iface-plug.c - a guest's interface: put in, changed and taken out while the guest runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iface-plug.h"

#include "hostdev-plug.h"
#include "iface-link.h"

#include <string.h>

/* ---- finding ---- */

static bool same_place(const Address *a, const Address *b)
{
    return a->type == b->type &&
           (a->type != ADDRESS_PCI ||
            (a->pci.domain == b->pci.domain && a->pci.bus == b->pci.bus &&
             a->pci.slot == b->pci.slot && a->pci.function == b->pci.function));
}

static bool is_meant(const Iface *iface, const Iface *wanted)
{
    const char *alias = wanted->info.alias;

    return (mac_is_zero(&wanted->mac) || mac_equal(&iface->mac, &wanted->mac)) &&
           (!wanted->info.address.type ||
            same_place(&iface->info.address, &wanted->info.address)) &&
           (!alias || g_strcmp0(iface->info.alias, alias) == 0);
}

int iface_find(const Domain *domain, const void *wanted, GError **error)
{
    char mac[MAC_TEXT];
    int found = -1, at = 0;

    mac_print(&((const Iface *) wanted)->mac, mac);
    for (LIST_EACH(Iface, iface, domain->interfaces)) {
        if (is_meant(iface, wanted)) {
            if (found >= 0) {
                fail(error, ERR_OPERATION_FAILED, "multiple devices matching MAC address %s found",
                     mac);
                return -1;
            }
            found = at;
        }
        at++;
    }
    if (found < 0)
        fail(error, ERR_DEVICE_MISSING, "no device matching MAC address %s found", mac);
    return found;
}

/* ---- in ---- */

static void close_names(Qmp *monitor, const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++)
        qmp_forget(qmp_send(monitor, "closefd", json_build("s", "fdname", names->pdata[i])));
}

/* Gives QEMU the descriptors under names; NULL without an error: there are none. */
static GPtrArray *pass_end(Qmp *monitor, const char *alias, const IfaceEnd *end, GError **error)
{
    g_autoptr(GPtrArray) names = end ? g_ptr_array_new_with_free_func(g_free) : NULL;

    for (guint i = 0; end && i < end->fds->len; i++) {
        char *name = g_strdup_printf("fd-%s-%u", alias, i);
        int fd = g_array_index(end->fds, int, i);
        g_autoptr(Json) done = qmp_wait(
            qmp_send_fds(monitor, "getfd", json_build("s", "fdname", name), &fd, 1), 0, error);

        if (!done) {
            g_free(name);
            close_names(monitor, names);
            return NULL;
        }
        g_ptr_array_add(names, name);
    }
    return g_steal_pointer(&names);
}

static bool call(Qmp *monitor, const char *command, Json *arguments, GError **error)
{
    g_autoptr(Json) done = qmp_call(monitor, command, arguments, error);

    return done != NULL;
}

static void drop_backend(Qmp *monitor, const Iface *iface)
{
    g_autofree char *id = g_strconcat("host", iface->info.alias, NULL);

    qmp_forget(qmp_send(monitor, "netdev_del", json_build("s", "id", id)));
}

static bool set_guest_link(Qmp *monitor, const Iface *iface, GError **error)
{
    return call(monitor, "set_link",
                json_build("sb", "name", iface->info.alias, "up", iface->link != LINK_DOWN), error);
}

static bool add_device(Qmp *monitor, const Domain *live, const Iface *iface, GError **error)
{
    g_autoptr(Caps) caps = caps_of(live->emulator, error);
    Json *device = caps ? iface_json(live, iface, caps, error) : NULL;

    return device && call(monitor, "device_add", device, error) &&
           (iface->link != LINK_DOWN || set_guest_link(monitor, iface, error));
}

static bool add_backend(Qmp *monitor, const Iface *iface, const IfaceEnd *end, GError **error)
{
    GError *problem = NULL;
    g_autoptr(GPtrArray) names = pass_end(monitor, iface->info.alias, end, &problem);

    if (problem) {
        g_propagate_error(error, problem);
        return false;
    }
    if (call(monitor, "netdev_add", iface_backend_json(iface, end, names), error))
        return true;
    if (names)
        close_names(monitor, names);
    return false;
}

static bool add_both(Qmp *monitor, const Domain *live, const Iface *iface, const IfaceEnd *end,
                     GError **error)
{
    if (!add_backend(monitor, iface, end, error))
        return false;
    if (add_device(monitor, live, iface, error))
        return true;
    drop_backend(monitor, iface);
    return false;
}

bool iface_plug(Machine *vm, Domain *live, void *device, GError **error)
{
    Iface *iface = device;
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);
    g_autoptr(IfaceEnd) end = NULL;
    GError *problem = NULL;

    if (!monitor)
        return false;
    if (iface->info.rom_file)
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "an interface with 'rom/@file' cannot be put into a running guest");
    end = iface_open(live, iface, &problem);
    if (problem) {
        g_propagate_error(error, problem);
        return false;
    }
    if (iface_is_device(iface) ? hostdev_plug_iface(vm, live, iface, error)
                               : add_both(monitor, live, iface, end, error))
        return true;
    iface_close(live, iface);
    return false;
}

void iface_unplugged(Machine *vm, const Domain *live, const void *device)
{
    g_autoptr(Qmp) monitor = machine_monitor(vm, NULL);

    if (iface_is_device(device))
        hostdev_unplugged_iface(live, device);
    else if (monitor)
        drop_backend(monitor, device);
    iface_close(live, device);
}

/* ---- changed ---- */

/* Members that may change while the guest runs, from one to the other. */
static void take_changes(Iface *to, const Iface *from)
{
    char **texts[] = { &to->network, &to->portgroup, &to->bridge };
    const char *new[] = { from->network, from->portgroup, from->bridge };

    to->type = from->type;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(*texts[i]);
        *texts[i] = g_strdup(new[i]);
    }
    to->link = from->link;
    to->bandwidth = from->bandwidth;
    to->port_isolated = from->port_isolated;
}

static void take_place(Iface *wanted, const Iface *from)
{
    g_free(wanted->bridge);
    wanted->bridge = g_strdup(from->bridge);
    g_free(wanted->dev);
    wanted->dev = g_strdup(from->dev);
    wanted->mode = from->mode;
    wanted->actual = from->actual;
}

/* A client that was shown what the network has made of it says so itself. */
static bool is_as_shown(const Iface *wanted, const Iface *from)
{
    return from->actual && wanted->type == from->actual &&
           g_strcmp0(wanted->network, from->network) == 0;
}

/* What the client need not repeat. */
static void take_constants(Iface *wanted, const Iface *from)
{
    g_free(wanted->info.alias);
    wanted->info.alias = g_strdup(from->info.alias);
    if (!wanted->info.address.type)
        wanted->info.address = from->info.address;
    if (!wanted->target)
        wanted->target = g_strdup(from->target);
    wanted->port_id = from->port_id;
    if (is_as_shown(wanted, from))
        wanted->type = IFACE_NETWORK;
    if (wanted->type == IFACE_NETWORK && from->type == IFACE_NETWORK)
        take_place(wanted, from);
}

static bool is_in_bridge(const Iface *iface)
{
    return iface->type == IFACE_NETWORK || iface->type == IFACE_BRIDGE;
}

static bool check_change(const Iface *from, const Iface *wanted, GError **error)
{
    g_autoptr(Iface) changed = xml_copy(&iface_element, from);
    g_autofree char *difference = NULL;

    if (from->type != wanted->type && !(is_in_bridge(from) && is_in_bridge(wanted)))
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "cannot change an interface of type '%s' into one of type '%s'",
                    iface_type_names[from->type], iface_type_names[wanted->type]);
    take_changes(changed, wanted);
    difference = xml_compare(&iface_element, changed, wanted);
    return !difference ||
           fail(error, ERR_OPERATION_UNSUPPORTED,
                "cannot modify '%s' of an interface while the guest runs", difference);
}

bool iface_update(Machine *vm, const Domain *live, const void *device, void *changed,
                  GError **error)
{
    const Iface *from = device;
    Iface *wanted = changed;
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);

    if (iface_is_device(from))
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "an interface that is a device of the host cannot be changed while the guest "
                    "runs");
    take_constants(wanted, from);
    if (!monitor || !check_change(from, wanted, error) ||
        !iface_change(live, from, wanted, 0, error))
        return false;
    return (from->link == LINK_DOWN) == (wanted->link == LINK_DOWN) ||
           set_guest_link(monitor, wanted, error);
}
