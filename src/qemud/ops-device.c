/* ops-device.c - attach, detach and update of devices, in the definition and in what runs
 *
 * A device leaves a running guest when the guest lets go of it, which may be never: a detach that
 * has not been followed after a while is answered, and done when the guest does. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops-device.h"

#include "address.h"
#include "alias.h"
#include "argv.h"
#include "defaults.h"
#include "driver.h"
#include "iface-plug.h"
#include "guest/new-device.h"
#include "guest/ops.h"
#include "hostdev-plug.h"
#include "machine.h"
#include "rpc/event.h"

#include <string.h>

enum { LETTING_GO_MS = 5000 };

/* A kind that can come and go. */
typedef struct Pluggable {
    XmlElement *element;
    int (*find)(const Domain *domain, const void *wanted, GError **error);
    bool (*plug)(Machine *vm, Domain *live, void *device, GError **error);
    void (*unplugged)(Machine *vm, const Domain *live, const void *device);
    /* NULL: nothing of it can be changed. */
    bool (*update)(Machine *vm, const Domain *live, const void *from, void *wanted, GError **error);
    bool (*check_new)(const Domain *domain, const void *device, GError **error); /* or NULL */
} Pluggable;

static const Pluggable pluggables[] = {
    { &iface_element, iface_find, iface_plug, iface_unplugged, iface_update, NULL },
    { &hostdev_element, hostdev_find, hostdev_plug, hostdev_unplugged, NULL, hostdev_check_new },
};

/* What a client asks for. */
typedef struct Request {
    const char *xml, *alias; /* one of them */
    const char *what;
    NewDevice described;
    char *plugged; /* alias of what the guest has got; freed by whoever asks */
    char *gone;    /* alias of what the guest has let go of */
} Request;

static const Pluggable *pluggable_of(const DeviceKind *kind, const char *what, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pluggables); i++) {
        if (pluggables[i].element == kind->element)
            return &pluggables[i];
    }
    return fail(error, ERR_OPERATION_UNSUPPORTED, "%s of device '%s' is not supported", what,
                kind->element->name);
}

static GPtrArray **list_of(Domain *domain, const DeviceKind *kind)
{
    return slot_at(domain, kind->list);
}

/* ---- attach ---- */

/* Gives it all that a definition leaves out. Bridges and controllers are added only where nothing
 * runs. */
static bool complete(Domain *domain, const DeviceKind *kind, void *device, bool live,
                     GError **error)
{
    if (!device_defaults(domain, kind, device, error) ||
        !(live ? device_address : domain_addresses)(domain, error) || !driver_check(domain, error))
        return false;
    if (live)
        alias_assign(domain);
    return true;
}

static bool attach(Machine *vm, Domain *domain, bool live, const void *data, GError **error)
{
    Request *request = (Request *) data;
    void *device = new_device(&request->described, request->xml, error);
    const DeviceKind *kind = request->described.kind;
    const Pluggable *pluggable = device ? pluggable_of(kind, request->what, error) : NULL;

    if (!pluggable) {
        if (device)
            xml_free(kind->element, device);
        return false;
    }
    list_add(list_of(domain, kind), device); /* is freed with the domain from here on */
    if ((pluggable->check_new && !pluggable->check_new(domain, device, error)) ||
        !complete(domain, kind, device, live, error))
        return false;
    if (!live)
        return true;
    if (!pluggable->plug(vm, domain, device, error))
        return false;
    request->plugged = g_strdup(((DeviceInfo *) device)->alias);
    return true;
}

/* ---- detach ---- */

typedef struct Found {
    const DeviceKind *kind;
    const Pluggable *pluggable;
    guint at;
    DeviceInfo *device; /* the domain's */
} Found;

static bool find_by_alias(Domain *domain, const char *alias, Found *found)
{
    for (const DeviceKind *kind = device_kinds; kind->element; kind++) {
        GPtrArray *list = kind->has_info ? *list_of(domain, kind) : NULL;

        for (guint i = 0; i < list_length(list); i++) {
            *found = (Found){ kind, NULL, i, list->pdata[i] };
            if (g_strcmp0(found->device->alias, alias) == 0)
                return true;
        }
    }
    return false;
}

static bool find_by_xml(Domain *domain, const Request *request, bool live, Found *found,
                        GError **error)
{
    const DeviceKind *kind;
    void *wanted = device_parse(request->xml, live ? XML_LIVE : 0, NULL, &kind, error);
    const Pluggable *pluggable = wanted ? pluggable_of(kind, request->what, error) : NULL;
    int at = pluggable ? pluggable->find(domain, wanted, error) : -1;

    if (wanted)
        xml_free(kind->element, wanted);
    if (at < 0)
        return false;
    *found = (Found){ kind, pluggable, at, (*list_of(domain, kind))->pdata[at] };
    return true;
}

static bool find(Domain *domain, const Request *request, bool live, Found *found, GError **error)
{
    if (request->xml)
        return find_by_xml(domain, request, live, found, error);
    if (!find_by_alias(domain, request->alias, found))
        return fail(error, ERR_DEVICE_MISSING, "no device found with alias %s", request->alias);
    found->pluggable = pluggable_of(found->kind, request->what, error);
    return found->pluggable != NULL;
}

static void take_out(Domain *domain, const Found *found)
{
    xml_free(found->kind->element,
             g_ptr_array_steal_index(*list_of(domain, found->kind), found->at));
}

/* Whether the guest has let go of it in time; what the monitor refuses is an error. */
static bool ask_guest(Machine *vm, const char *alias, bool *gone, GError **error)
{
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);
    g_autoptr(Json) asked = NULL, deleted = NULL;
    QmpRequest *deletion;

    if (!monitor)
        return false;
    deletion = qmp_expect(monitor, "DEVICE_DELETED", "device", alias);
    asked = qmp_call(monitor, "device_del", json_build("s", "id", alias), error);
    if (!asked) {
        qmp_forget(deletion);
        return false;
    }
    deleted = qmp_wait(deletion, LETTING_GO_MS, NULL);
    *gone = deleted != NULL;
    return true;
}

static bool detach(Machine *vm, Domain *domain, bool live, const void *data, GError **error)
{
    Request *request = (Request *) data;
    bool gone = false;
    Found found;

    if (!find(domain, request, live, &found, error))
        return false;
    if (live) {
        if (!ask_guest(vm, found.device->alias, &gone, error))
            return false;
        if (!gone)
            return true;
        found.pluggable->unplugged(vm, domain, found.device);
        request->gone = g_strdup(found.device->alias);
    }
    take_out(domain, &found);
    return true;
}

/* ---- update ---- */

/* Whether devices of this kind can be changed is told before one is looked for. */
static bool check_updatable(const Request *request, bool live, GError **error)
{
    const DeviceKind *kind;
    void *wanted = device_parse(request->xml, live ? XML_LIVE : 0, NULL, &kind, error);
    const Pluggable *pluggable = wanted ? pluggable_of(kind, request->what, error) : NULL;

    if (wanted)
        xml_free(kind->element, wanted);
    return pluggable && (pluggable->update ||
                         fail(error, live ? ERR_CONFIG_UNSUPPORTED : ERR_OPERATION_UNSUPPORTED,
                              "%s update of device '%s' is not supported",
                              live ? "live" : "persistent", kind->element->name));
}

static bool update(Machine *vm, Domain *domain, bool live, const void *data, GError **error)
{
    const Request *request = data;
    const DeviceKind *kind;
    Found found;
    void *wanted, *former;
    bool updated;

    if (!check_updatable(request, live, error) || !find(domain, request, live, &found, error))
        return false;
    wanted = device_parse(request->xml, live ? XML_LIVE : 0, NULL, &kind, error);
    former = (*list_of(domain, kind))->pdata[found.at];
    if (!live && !((DeviceInfo *) wanted)->address.type)
        ((DeviceInfo *) wanted)->address = ((DeviceInfo *) former)->address;
    (*list_of(domain, kind))->pdata[found.at] = wanted; /* is freed with the domain */
    updated = device_defaults(domain, kind, wanted, error) &&
              (live || domain_addresses(domain, error)) && driver_check(domain, error) &&
              (!live || found.pluggable->update(vm, domain, former, wanted, error));
    xml_free(kind->element, former);
    return updated;
}

/* ---- events ---- */

static void tell_removed(Machine *vm, const char *alias)
{
    g_autofree char *name = object_name(&vm->object);
    g_autoptr(View) view = machine_view(vm);
    remote_domain_event_callback_device_removed_msg message = {
        .msg = { .dom = event_domain(&vm->object, name, view->id), .dev_alias = (char *) alias },
    };

    emit_domain_event_callback_device_removed(&vm->object, &message);
}

static void tell_added(Machine *vm, const char *alias)
{
    g_autofree char *name = object_name(&vm->object);
    g_autoptr(View) view = machine_view(vm);
    remote_domain_event_callback_device_added_msg message = {
        .dom = event_domain(&vm->object, name, view->id),
        .dev_alias = (char *) alias,
    };

    emit_domain_event_callback_device_added(&vm->object, &message);
}

void device_stays(Machine *vm, const char *alias)
{
    g_autofree char *name = object_name(&vm->object);
    g_autoptr(View) view = machine_view(vm);
    remote_domain_event_callback_device_removal_failed_msg message = {
        .dom = event_domain(&vm->object, name, view->id),
        .dev_alias = (char *) alias,
    };

    emit_domain_event_callback_device_removal_failed(&vm->object, &message);
}

/* One that a call has waited for is no longer in the definition. */
void device_gone(Machine *vm, const char *alias)
{
    g_autoptr(View) view = machine_edit(vm);
    Domain *live = domain_copy(view->live->domain);
    Found found;

    if (!find_by_alias(live, alias, &found) ||
        !(found.pluggable = pluggable_of(found.kind, "the end", NULL))) {
        domain_free(live);
        return;
    }
    found.pluggable->unplugged(vm, live, found.device);
    take_out(live, &found);
    view_set_live(view, live);
    machine_publish_anyway(vm, g_steal_pointer(&view));
    tell_removed(vm, alias);
}

/* ---- after a restart of the daemon ---- */

static void note_absent(GPtrArray *absent, Json *devices, const char *alias)
{
    for (size_t i = 0; i < json_length(devices); i++) {
        if (g_strcmp0(json_text(json_object_array_get_idx(devices, i), "name"), alias) == 0)
            return;
    }
    g_ptr_array_add(absent, g_strdup(alias));
}

/* Aliases of the host's devices that the guest has by its definition only. */
static GPtrArray *absent_devices(const Domain *live, Json *devices)
{
    GPtrArray *absent = g_ptr_array_new_with_free_func(g_free);

    for (LIST_EACH(Hostdev, hostdev, live->hostdevs)) {
        if (!hostdev->missing)
            note_absent(absent, devices, hostdev->info.alias);
    }
    for (LIST_EACH(Iface, iface, live->interfaces)) {
        if (iface_is_device(iface))
            note_absent(absent, devices, iface->info.alias);
    }
    return absent;
}

void devices_recover(Machine *vm, Qmp *monitor)
{
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Json) devices =
        qmp_call(monitor, "qom-list", json_build("s", "path", "/machine/peripheral"), NULL);
    g_autoptr(GPtrArray) absent = devices ? absent_devices(view->live->domain, devices) : NULL;

    for (guint i = 0; absent && i < absent->len; i++)
        device_gone(vm, absent->pdata[i]);
}

/* ---- the calls ---- */

enum { AFFECTED = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG };

static bool carry_out(Call *call, unsigned flags, unsigned known, OpsChange *change,
                      Request *request, GError **error)
{
    Machine *vm = machine_of(call);
    bool done;

    if (!call_check_flags(call, flags, known, error))
        return false;
    done = ops_change(vm, flags & AFFECTED, change, request, error);
    if (done && request->plugged)
        tell_added(vm, request->plugged);
    if (done && request->gone)
        tell_removed(vm, request->gone);
    new_device_clear(&request->described);
    g_free(request->plugged);
    g_free(request->gone);
    return done;
}

bool qemu_domain_attach_device(Call *call, const remote_domain_attach_device_args *in, none *,
                               GError **error)
{
    Request request = { .xml = in->xml, .what = "attaching" };

    return carry_out(call, VIR_DOMAIN_AFFECT_LIVE, AFFECTED, attach, &request, error);
}

bool qemu_domain_attach_device_flags(Call *call, const remote_domain_attach_device_flags_args *in,
                                     none *, GError **error)
{
    Request request = { .xml = in->xml, .what = "attaching" };

    return carry_out(call, in->flags, AFFECTED, attach, &request, error);
}

bool qemu_domain_detach_device(Call *call, const remote_domain_detach_device_args *in, none *,
                               GError **error)
{
    Request request = { .xml = in->xml, .what = "detaching" };

    return carry_out(call, VIR_DOMAIN_AFFECT_LIVE, AFFECTED, detach, &request, error);
}

bool qemu_domain_detach_device_flags(Call *call, const remote_domain_detach_device_flags_args *in,
                                     none *, GError **error)
{
    Request request = { .xml = in->xml, .what = "detaching" };

    return carry_out(call, in->flags, AFFECTED, detach, &request, error);
}

/* Answers when the guest has been asked, whether it lets go or not; the event tells the end. */
bool qemu_domain_detach_device_alias(Call *call, const remote_domain_detach_device_alias_args *in,
                                     none *, GError **error)
{
    Request request = { .alias = in->alias, .what = "detaching" };

    return carry_out(call, in->flags, AFFECTED, detach, &request, error);
}

bool qemu_domain_update_device_flags(Call *call, const remote_domain_update_device_flags_args *in,
                                     none *, GError **error)
{
    Request request = { .xml = in->xml, .what = "updating" };

    return carry_out(call, in->flags, AFFECTED | VIR_DOMAIN_DEVICE_MODIFY_FORCE, update, &request,
                     error);
}
