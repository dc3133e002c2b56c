/* machine.c - publishing a guest's view */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/machine.h"

#include "base/log.h"
#include "guest/hypervisor.h"
#include "guest/state.h"
#include "rpc/event.h"

#include <fcntl.h>

Registry *machines;
Store machine_store;

/* ---- definitions and views ---- */

Definition *definition_new(Domain *domain, char **messages)
{
    Definition *definition = g_atomic_rc_box_new0(Definition);

    *definition = (Definition){ domain, messages };
    return definition;
}

Definition *definition_ref(Definition *definition)
{
    return definition ? g_atomic_rc_box_acquire(definition) : NULL;
}

static void definition_clear(void *data)
{
    Definition *definition = data;

    domain_free(definition->domain);
    g_strfreev(definition->messages);
}

void definition_unref(Definition *definition)
{
    if (definition)
        g_atomic_rc_box_release_full(definition, definition_clear);
}

static void view_clear(void *data)
{
    View *view = data;

    definition_unref(view->config);
    definition_unref(view->live);
}

void view_unref(View *view)
{
    if (view)
        g_atomic_rc_box_release_full(view, view_clear);
}

/* What was said of a definition is true of what a call makes of it, too. */
static void replace(Definition **slot, Domain *domain)
{
    g_autoptr(Definition) former = *slot;

    *slot = domain ? definition_new(domain, former ? g_strdupv(former->messages) : NULL) : NULL;
}

void view_set_config(View *view, Domain *domain) { replace(&view->config, domain); }

void view_set_live(View *view, Domain *domain) { replace(&view->live, domain); }

void view_define(View *view, Definition *definition)
{
    definition_unref(view->config);
    view->config = definition;
}

bool view_check_active(const View *view, GError **error)
{
    return view_is_active(view) || fail(error, ERR_OPERATION_INVALID, "domain '%s' is not running",
                                        view->config->domain->name);
}

bool view_check_off(const View *view, GError **error)
{
    return !view_is_active(view) ||
           fail(error, ERR_OPERATION_INVALID, "domain '%s' is already running",
                view->live->domain->name);
}

const Domain *view_definition(const View *view, const char *name, unsigned flags, GError **error)
{
    unsigned both = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;

    if ((flags & both) == both)
        return fail(error, ERR_INVALID_ARG,
                    "flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' exclude each "
                    "other here");
    if (flags & VIR_DOMAIN_AFFECT_LIVE && !view_check_active(view, error))
        return NULL;
    if (flags & VIR_DOMAIN_AFFECT_CONFIG && !view->config)
        return fail(error, ERR_OPERATION_INVALID,
                    "domain '%s' is transient: it has no persistent configuration", name);
    if (flags & VIR_DOMAIN_AFFECT_CONFIG)
        return view->config->domain;
    return view_current(view);
}

/* ---- machines ---- */

static void machine_free(Object *object)
{
    Machine *vm = (Machine *) object;

    if (vm->control)
        hypervisor.drop(vm->control);
    if (vm->pidfd >= 0)
        fd_close(vm->pidfd);
    g_ptr_array_unref(vm->consoles);
    g_free(vm->job);
    g_free(vm->saving);
    g_free(vm->directory);
}

Machine *machine_new(const Uuid *uuid, const char *name)
{
    Machine *vm = g_new0(Machine, 1);
    View *view = g_atomic_rc_box_new0(View);

    object_init(&vm->object, uuid, name);
    vm->object.free = machine_free;
    vm->object.clear_view = view_clear;
    vm->pidfd = -1;
    vm->consoles = g_ptr_array_new();
    *view = (View){ .state = VIR_DOMAIN_SHUTOFF, .id = -1 };
    object_swap_view(&vm->object, view);
    return vm;
}

View *machine_view(Machine *vm) { return object_view(&vm->object); }

static bool fail_off(Machine *vm, GError **error)
{
    g_autofree char *name = object_name(&vm->object);

    return fail(error, ERR_OPERATION_INVALID, "domain '%s' is not running", name);
}

void *machine_control(Machine *vm, GError **error)
{
    {
        LOCKED(&vm->object.lock);
        if (vm->control)
            return hypervisor.hold(vm->control);
    }
    fail_off(vm, error);
    return NULL;
}

int machine_process(Machine *vm, GError **error)
{
    int fd = -1;

    {
        LOCKED(&vm->object.lock);
        if (vm->pidfd >= 0)
            fd = fcntl(vm->pidfd, F_DUPFD_CLOEXEC, 3);
    }
    if (fd < 0)
        fail_off(vm, error);
    return fd;
}

void machine_set_process(Machine *vm, void *control, int pidfd)
{
    void *former;

    {
        LOCKED(&vm->object.lock);
        former = vm->control;
        vm->control = control ? hypervisor.hold(control) : NULL;
        if (vm->pidfd >= 0)
            fd_close(vm->pidfd);
        vm->pidfd = pidfd < 0 ? -1 : fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
    }
    if (former)
        hypervisor.drop(former);
}

static gint last_id;

int machine_next_id(void) { return g_atomic_int_add(&last_id, 1) + 1; }

void machine_used_id(int id)
{
    int last = g_atomic_int_get(&last_id);

    while (id > last && !g_atomic_int_compare_and_exchange(&last_id, last, id))
        last = g_atomic_int_get(&last_id);
}

bool machine_is_known(Machine *vm)
{
    g_autoptr(View) view = machine_view(vm);

    return view->config || view->live;
}

View *machine_edit(Machine *vm)
{
    g_autoptr(View) now = machine_view(vm);
    View *copy = g_atomic_rc_box_new(View);

    *copy = *now;
    copy->config = definition_ref(now->config);
    copy->live = definition_ref(now->live);
    return copy;
}

/* ---- publishing ---- */

static bool save_config(Machine *vm, const View *view, GError **error)
{
    g_autofree char *name = object_name(&vm->object);
    g_autofree char *xml = domain_format(view->config->domain, XML_SECURE);

    return store_define(&machine_store, name, xml, error);
}

static bool save_state(Machine *vm, const View *view, GError **error)
{
    g_autofree char *name = object_name(&vm->object);
    g_autofree char *xml = NULL;

    if (!view->live)
        return store_drop_state(&machine_store, name, error);
    xml = state_format(vm, view);
    return store_save_state(&machine_store, name, xml, error);
}

static bool save(Machine *vm, const View *view, GError **error)
{
    g_autoptr(View) former = machine_view(vm);

    if (view->config && view->config != former->config && !save_config(vm, view, error))
        return false;
    return (!view->live && !former->live) || save_state(vm, view, error);
}

static void swap(Machine *vm, View *view)
{
    (void) registry_set_id(machines, &vm->object, view->id);
    object_swap_view(&vm->object, view);
}

bool machine_publish(Machine *vm, View *view, GError **error)
{
    bool saved = vm->gone ? fail(error, ERR_NO_DOMAIN, "domain '%s' has been removed",
                                 vm->object.name) != NULL
                          : save(vm, view, error);

    if (saved)
        swap(vm, view);
    else
        view_unref(view);
    return saved;
}

void machine_publish_anyway(Machine *vm, View *view)
{
    g_autoptr(GError) error = NULL;

    if (!save(vm, view, &error))
        machine_log(vm, G_LOG_LEVEL_WARNING, "its state cannot be saved: %s", error->message);
    swap(vm, view);
}

void machine_remove(Machine *vm)
{
    View *view = machine_edit(vm);

    if (!view->config)
        view->config = definition_ref(view->live);
    vm->gone = true;
    registry_remove(machines, &vm->object);
    object_swap_view(&vm->object, view);
}

/* ---- telling ---- */

void machine_tell_as(Machine *vm, char *name, int event, int detail)
{
    g_autoptr(View) view = machine_view(vm);
    remote_domain_event_callback_lifecycle_msg message = {
        .msg = { .dom = event_domain(&vm->object, name, view->id),
                 .event = event,
                 .detail = detail },
    };

    emit_domain_event_callback_lifecycle(&vm->object, &message);
}

void machine_tell(Machine *vm, int event, int detail)
{
    g_autofree char *name = object_name(&vm->object);

    machine_tell_as(vm, name, event, detail);
}

void machine_log_text(Machine *vm, GLogLevelFlags level, char *text)
{
    g_autofree char *name = object_name(&vm->object), *owned = text;
    char uuid[UUID_TEXT];

    log_object(G_LOG_DOMAIN, level, name, uuid_print(&vm->object.uuid, uuid), "%s", owned);
}
