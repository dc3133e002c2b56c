/* ops-device.c - attach, detach and update of devices, in the definition and in what runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container.h"
#include "define.h"
#include "driver.h"
#include "group.h"
#include "guest/iface-link.h"
#include "guest/new-device.h"
#include "guest/ops.h"
#include "nic.h"
#include "node.h"
#include "rpc/event.h"

#include <string.h>

/* ---- kinds that can come and go ---- */

static bool same_iface(const void *a, const void *b)
{
    const Iface *one = a, *wanted = b;

    return mac_equal(&one->mac, &wanted->mac);
}

static bool same_disk(const void *a, const void *b)
{
    return g_strcmp0(((const Disk *) a)->target, ((const Disk *) b)->target) == 0;
}

static bool same_hostdev(const void *a, const void *b)
{
    const Hostdev *one = a, *wanted = b;

    return one->type == wanted->type && g_strcmp0(one->block, wanted->block) == 0 &&
           g_strcmp0(one->character, wanted->character) == 0 &&
           g_strcmp0(one->interface, wanted->interface) == 0;
}

static bool plug_iface(const Container *container, const Domain *live, void *device, GError **error)
{
    return nic_open(container, live, device, error);
}

static void unplug_iface(const Container *container, const Domain *live, void *device)
{
    nic_close(container, live, device);
}

static bool plug_disk(const Container *container, const Domain *live, void *device, GError **error)
{
    const Disk *disk = device;
    g_autofree char *path = node_of_disk(disk);

    return node_make(container, live, disk->source.path, path, S_IFBLK, error);
}

static void unplug_disk(const Container *container, const Domain *, void *device)
{
    g_autofree char *path = node_of_disk(device);

    node_remove(container, path);
}

static const char *source_of(const Hostdev *hostdev)
{
    return hostdev->block ? hostdev->block : hostdev->character;
}

static bool plug_hostdev(const Container *container, const Domain *live, void *device,
                         GError **error)
{
    const Hostdev *hostdev = device;

    if (hostdev->type == HOSTDEV_NET)
        return nic_borrow(container, live, hostdev, error);
    return node_make(container, live, source_of(hostdev), source_of(hostdev),
                     hostdev->block ? S_IFBLK : S_IFCHR, error);
}

static void unplug_hostdev(const Container *container, const Domain *live, void *device)
{
    const Hostdev *hostdev = device;

    if (hostdev->type == HOSTDEV_NET)
        nic_give_back(container, live, hostdev);
    else
        node_remove(container, source_of(hostdev));
}

typedef struct Pluggable {
    XmlElement *element;
    bool (*same)(const void *a, const void *b);
    bool (*plug)(const Container *container, const Domain *live, void *device, GError **error);
    void (*unplug)(const Container *container, const Domain *live, void *device);
} Pluggable;

static const Pluggable pluggables[] = {
    { &iface_element, same_iface, plug_iface, unplug_iface },
    { &disk_element, same_disk, plug_disk, unplug_disk },
    { &hostdev_element, same_hostdev, plug_hostdev, unplug_hostdev },
};

/* ---- one request ---- */

typedef struct Request {
    const char *xml;
    NewDevice described;   /* what is attached */
    char *added, *removed; /* aliases, for who is told; freed by whoever asks */
} Request;

/* What the client describes, and its kind. */
typedef struct Asked {
    const DeviceKind *kind;
    const Pluggable *of;
    DeviceInfo *device;
} Asked;

static void asked_clear(Asked *asked)
{
    if (asked->device)
        xml_free(asked->kind->element, asked->device);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asked, asked_clear)

static bool know_kind(Asked *asked, GError **error)
{
    for (size_t i = 0; asked->device && i < G_N_ELEMENTS(pluggables); i++) {
        if (pluggables[i].element == asked->kind->element)
            asked->of = &pluggables[i];
    }
    if (asked->device && !asked->of)
        fail(error, ERR_OPERATION_UNSUPPORTED, "device type '%s' cannot be changed",
             asked->kind->element->name);
    return asked->of != NULL;
}

static bool read_request(const Request *request, Asked *asked, GError **error)
{
    asked->device = device_parse(request->xml, 0, NULL, &asked->kind, error);
    return know_kind(asked, error);
}

static bool read_new(Request *request, Asked *asked, GError **error)
{
    asked->device = new_device(&request->described, request->xml, error);
    asked->kind = request->described.kind;
    return know_kind(asked, error);
}

static GPtrArray **list_of(Domain *domain, const Asked *asked)
{
    return slot_at(domain, asked->kind->list);
}

static int find(Domain *domain, const Asked *asked)
{
    GPtrArray *list = *list_of(domain, asked);

    for (guint i = 0; i < list_length(list); i++) {
        if (asked->of->same(list->pdata[i], asked->device))
            return i;
    }
    return -1;
}

static int require(Domain *domain, const Asked *asked, GError **error)
{
    int at = find(domain, asked);

    if (at < 0)
        fail(error, ERR_DEVICE_MISSING, "there is no such %s", asked->kind->element->name);
    return at;
}

static bool say_devices(const Container *container, const Domain *domain, GError **error)
{
    return !container->group || group_devices(domain, container->group, error);
}

static bool attach(Machine *vm, Domain *domain, bool live, const void *data, GError **error)
{
    Request *request = (Request *) data;
    g_autoptr(Container) container = live ? container_of(vm, error) : NULL;
    g_auto(Asked) asked = {};
    DeviceInfo *device;

    if ((live && !container) || !read_new(request, &asked, error))
        return false;
    if (find(domain, &asked) >= 0)
        return fail(error, ERR_OPERATION_INVALID, "there is such a %s already",
                    asked.kind->element->name);
    device = g_steal_pointer(&asked.device); /* the domain's from here on */
    list_add(list_of(domain, &asked), device);
    if (!container_complete(domain, error))
        return false;
    if (!live)
        return true;
    container_name_devices(domain);
    if (!asked.of->plug(container, domain, device, error))
        return false;
    if (!say_devices(container, domain, error)) {
        asked.of->unplug(container, domain, device);
        return false;
    }
    request->added = g_strdup(device->alias);
    return true;
}

static bool detach(Machine *vm, Domain *domain, bool live, const void *data, GError **error)
{
    Request *request = (Request *) data;
    g_autoptr(Container) container = live ? container_of(vm, error) : NULL;
    g_auto(Asked) asked = {};
    DeviceInfo *device;
    int at;

    if ((live && !container) || !read_request(request, &asked, error))
        return false;
    at = require(domain, &asked, error);
    if (at < 0)
        return false;
    device = g_ptr_array_steal_index(*list_of(domain, &asked), at);
    if (live) {
        asked.of->unplug(container, domain, device);
        (void) say_devices(container, domain, NULL);
        request->removed = g_strdup(device->alias);
    }
    xml_free(asked.kind->element, device);
    return true;
}

/* Only an interface can become another one: netd says which change a link can follow. */
static bool update(Machine *, Domain *domain, bool live, const void *data, GError **error)
{
    g_auto(Asked) asked = {};
    Iface *former, *wanted;
    int at;

    if (!read_request(data, &asked, error))
        return false;
    if (asked.of->element != &iface_element)
        return fail(error, ERR_OPERATION_UNSUPPORTED, "a %s cannot be updated",
                    asked.kind->element->name);
    at = require(domain, &asked, error);
    if (at < 0)
        return false;
    former = domain->interfaces->pdata[at];
    wanted = (Iface *) asked.device;
    if (live) {
        wanted->guest_actual = g_strdup(former->guest_actual);
        wanted->info.alias = g_strdup(former->info.alias);
        if (!iface_change(domain, former, wanted, 0, error))
            return false;
    }
    domain->interfaces->pdata[at] = g_steal_pointer(&asked.device);
    iface_free(former);
    return container_complete(domain, error);
}

/* ---- the calls ---- */

static void tell(Machine *vm, const Request *request)
{
    g_autofree char *name = object_name(&vm->object);
    remote_nonnull_domain reference = event_domain(&vm->object, name, object_id(&vm->object));
    remote_domain_event_callback_device_added_msg added = { .dom = reference,
                                                            .dev_alias = request->added };
    remote_domain_event_callback_device_removed_msg removed = {
        .msg = { .dom = reference, .dev_alias = request->removed },
    };

    if (request->added)
        emit_domain_event_callback_device_added(&vm->object, &added);
    if (request->removed)
        emit_domain_event_callback_device_removed(&vm->object, &removed);
}

static bool carry_out(Call *call, const char *xml, unsigned flags, unsigned known,
                      OpsChange *change, GError **error)
{
    Request request = { .xml = xml };
    bool done = call_check_flags(call, flags, known, error) &&
                ops_change(machine_of(call), flags & 3, change, &request, error);

    if (done)
        tell(machine_of(call), &request);
    new_device_clear(&request.described);
    g_free(request.added);
    g_free(request.removed);
    return done;
}

bool lxc_domain_attach_device(Call *call, const remote_domain_attach_device_args *in, none *,
                              GError **error)
{
    return carry_out(call, in->xml, VIR_DOMAIN_AFFECT_LIVE, 3, attach, error);
}

bool lxc_domain_attach_device_flags(Call *call, const remote_domain_attach_device_flags_args *in,
                                    none *, GError **error)
{
    return carry_out(call, in->xml, in->flags, 3, attach, error);
}

bool lxc_domain_detach_device(Call *call, const remote_domain_detach_device_args *in, none *,
                              GError **error)
{
    return carry_out(call, in->xml, VIR_DOMAIN_AFFECT_LIVE, 3, detach, error);
}

bool lxc_domain_detach_device_flags(Call *call, const remote_domain_detach_device_flags_args *in,
                                    none *, GError **error)
{
    return carry_out(call, in->xml, in->flags, 3, detach, error);
}

bool lxc_domain_update_device_flags(Call *call, const remote_domain_update_device_flags_args *in,
                                    none *, GError **error)
{
    return carry_out(call, in->xml, in->flags, 3 | VIR_DOMAIN_DEVICE_MODIFY_FORCE, update, error);
}
