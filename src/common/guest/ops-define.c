/* ops-define.c - define, undefine, rename, autostart, metadata */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "guest/define.h"
#include "guest/files.h"
#include "guest/ops.h"
#include "model/metadata.h"
#include "rpc/event.h"

#include <string.h>
#include <unistd.h>

/* ---- define ---- */

/* On the guest's strand. */
static bool set_config(Machine *vm, Definition *definition, GError **error)
{
    View *view = machine_edit(vm);
    bool is_new = !view->config;

    view->updated |= view_is_active(view);
    view_define(view, definition_ref(definition));
    if (!machine_publish(vm, view, error))
        return false;
    machine_tell(vm, VIR_DOMAIN_EVENT_DEFINED,
                 is_new ? VIR_DOMAIN_EVENT_DEFINED_ADDED : VIR_DOMAIN_EVENT_DEFINED_UPDATED);
    return true;
}

static bool define(const char *xml, bool validate, remote_nonnull_domain *reference, GError **error)
{
    g_autoptr(Definition) definition = define_parse(xml, validate, error);
    g_autoptr(Machine) vm = definition ? define_machine(definition->domain, error) : NULL;
    g_autoptr(Stay) stay = NULL;

    if (!vm)
        return false;
    stay = strand_enter(vm->object.strand, MODE_CHANGE, "domain_define_xml", error);
    if (!stay || !set_config(vm, definition, error)) {
        define_undo(vm);
        return false;
    }
    *reference = ops_reference(vm);
    return true;
}

bool guest_domain_define_xml(Call *, const remote_domain_define_xml_args *in,
                             remote_domain_define_xml_ret *out, GError **error)
{
    return define(in->xml, false, &out->dom, error);
}

bool guest_domain_define_xml_flags(Call *call, const remote_domain_define_xml_flags_args *in,
                                   remote_domain_define_xml_flags_ret *out, GError **error)
{
    return call_check_flags(call, in->flags, VIR_DOMAIN_DEFINE_VALIDATE, error) &&
           define(in->xml, in->flags & VIR_DOMAIN_DEFINE_VALIDATE, &out->dom, error);
}

/* ---- undefine ---- */

static const char *nvram_of(const Domain *domain)
{
    return domain->os.nvram ? domain->os.nvram->path : NULL;
}

static bool check_nvram(const View *view, unsigned flags, GError **error)
{
    unsigned both = VIR_DOMAIN_UNDEFINE_NVRAM | VIR_DOMAIN_UNDEFINE_KEEP_NVRAM;
    const char *nvram = nvram_of(view->config->domain);

    if ((flags & both) == both)
        return fail(error, ERR_INVALID_ARG, "the nvram file cannot be kept and removed");
    if (nvram && access(nvram, F_OK) == 0 && !(flags & both))
        return fail(error, ERR_OPERATION_INVALID, "cannot undefine domain with nvram");
    if (nvram && flags & VIR_DOMAIN_UNDEFINE_NVRAM)
        (void) unlink(nvram);
    return true;
}

static bool check_saved(const View *view, unsigned flags, GError **error)
{
    return !view->saved || flags & VIR_DOMAIN_UNDEFINE_MANAGED_SAVE ||
           fail(error, ERR_OPERATION_INVALID,
                "Refusing to undefine while domain managed save image exists");
}

static bool remove_saved(const View *view, const char *name, GError **error)
{
    g_autofree char *path = view->saved ? files_saved(name) : NULL;

    return !path || file_remove(path, error);
}

static bool undefine(Machine *vm, unsigned flags, GError **error)
{
    g_autoptr(View) view = machine_view(vm);
    g_autofree char *name = object_name(&vm->object);

    if (!view->config || vm->gone)
        return fail(error, ERR_OPERATION_INVALID, "cannot undefine transient domain");
    if (!check_saved(view, flags, error) || !check_nvram(view, flags, error) ||
        !remove_saved(view, name, error) || !store_undefine(&machine_store, name, error))
        return false;
    if (view_is_active(view)) {
        View *transient = machine_edit(vm);

        view_set_config(transient, NULL);
        transient->autostart = false;
        transient->saved = false;
        machine_publish_anyway(vm, transient);
    }
    machine_tell(vm, VIR_DOMAIN_EVENT_UNDEFINED, VIR_DOMAIN_EVENT_UNDEFINED_REMOVED);
    if (!view_is_active(view))
        machine_remove(vm);
    return true;
}

bool guest_domain_undefine(Call *call, const remote_domain_undefine_args *, none *, GError **error)
{
    return undefine(machine_of(call), 0, error);
}

bool guest_domain_undefine_flags(Call *call, const remote_domain_undefine_flags_args *in, none *,
                                 GError **error)
{
    return call_check_flags(call, in->flags, 0x7f, error) &&
           undefine(machine_of(call), in->flags, error);
}

/* ---- rename ---- */

static bool check_renamable(Machine *vm, const View *view, GError **error)
{
    if (vm->gone)
        return fail(error, ERR_NO_DOMAIN, "domain '%s' has been removed", vm->object.name);
    if (!view->config)
        return fail(error, ERR_OPERATION_INVALID, "cannot rename a transient domain");
    if (view_is_active(view))
        return fail(error, ERR_OPERATION_INVALID, "cannot rename active domain");
    if (view->saved)
        return fail(error, ERR_OPERATION_INVALID,
                    "domain with a managed saved state can't be renamed");
    return true;
}

/* The new file first: a crash in between leaves both, and the older name wins at the next start
 * because the registry refuses the second definition with the uuid. */
static bool move_definition(Machine *vm, const char *from, const char *to, GError **error)
{
    View *view = machine_edit(vm);
    Domain *domain = domain_copy(view->config->domain);
    bool autostart = view->autostart;

    g_free(domain->name);
    domain->name = g_strdup(to);
    view_set_config(view, domain);
    if (!machine_publish(vm, view, error))
        return false;
    if (autostart && !store_set_autostart(&machine_store, to, true, error))
        return false;
    return store_undefine(&machine_store, from, error);
}

bool guest_domain_rename(Call *call, const remote_domain_rename_args *in,
                         remote_domain_rename_ret *out, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    g_autofree char *name = object_name(&vm->object);
    const char *new_name = in->new_name ? *in->new_name : "";

    if (!call_check_flags(call, in->flags, 0, error) || !check_renamable(vm, view, error) ||
        !store_check_name(new_name, error))
        return false;
    if (g_str_equal(name, new_name))
        return fail(error, ERR_OPERATION_INVALID, "domain '%s' has this name already", name);
    if (!registry_rename(machines, &vm->object, new_name))
        return fail(error, ERR_OPERATION_INVALID, "domain with name '%s' already exists", new_name);
    if (!move_definition(vm, name, new_name, error)) {
        (void) registry_rename(machines, &vm->object, name);
        return false;
    }
    machine_tell_as(vm, name, VIR_DOMAIN_EVENT_UNDEFINED, VIR_DOMAIN_EVENT_UNDEFINED_RENAMED);
    machine_tell(vm, VIR_DOMAIN_EVENT_DEFINED, VIR_DOMAIN_EVENT_DEFINED_RENAMED);
    out->retcode = 0;
    return true;
}

/* ---- autostart ---- */

bool guest_domain_set_autostart(Call *call, const remote_domain_set_autostart_args *in, none *,
                                GError **error)
{
    Machine *vm = machine_of(call);
    View *view = machine_edit(vm);
    g_autofree char *name = object_name(&vm->object);
    bool set = true;

    if (!view->config || vm->gone)
        set = fail(error, ERR_OPERATION_INVALID, "cannot set autostart for transient domain");
    else if (view->autostart != (in->autostart != 0))
        set = store_set_autostart(&machine_store, name, in->autostart, error);
    if (!set) {
        view_unref(view);
        return false;
    }
    view->autostart = in->autostart;
    return machine_publish(vm, view, error);
}

/* ---- changing definitions ---- */

static bool resolve_flags(const View *view, unsigned *flags, GError **error)
{
    unsigned both = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;

    if (!(*flags & both))
        *flags |= view->live ? VIR_DOMAIN_AFFECT_LIVE : VIR_DOMAIN_AFFECT_CONFIG;
    if (*flags & VIR_DOMAIN_AFFECT_LIVE && !view_check_active(view, error))
        return false;
    if (*flags & VIR_DOMAIN_AFFECT_CONFIG && !view->config)
        return fail(error, ERR_OPERATION_INVALID,
                    "transient domains do not have any persistent config");
    return true;
}

bool ops_change(Machine *vm, unsigned flags, OpsChange *change, const void *data, GError **error)
{
    g_autoptr(View) view = machine_edit(vm);

    if (!resolve_flags(view, &flags, error))
        return false;
    for (int live = 0; live <= 1; live++) {
        g_autoptr(Domain) domain = NULL;

        if (!(flags & (live ? VIR_DOMAIN_AFFECT_LIVE : VIR_DOMAIN_AFFECT_CONFIG)))
            continue;
        domain = domain_copy(live ? view->live->domain : view->config->domain);
        if (!change(vm, domain, live, data, error))
            return false;
        (live ? view_set_live : view_set_config)(view, g_steal_pointer(&domain));
    }
    return machine_publish(vm, g_steal_pointer(&view), error);
}

/* ---- title, description, metadata ---- */

typedef struct Change {
    const remote_domain_set_metadata_args *in;
    const char *text, *key, *uri;
} Change;

static bool set_text(char **slot, const char *text)
{
    g_free(*slot);
    *slot = g_strdup(text && *text ? text : NULL);
    return true;
}

static bool set_element(Domain *domain, const Change *change, GError **error)
{
    GError *problem = NULL;
    char *metadata;

    if (!change->uri || (change->text && !change->key))
        return fail(error, ERR_INVALID_ARG, "a metadata element needs a key and a URI");
    metadata = metadata_set(domain->metadata, change->uri, change->key, change->text, &problem);
    if (problem) {
        g_propagate_error(error, problem);
        return false;
    }
    g_free(domain->metadata);
    domain->metadata = metadata;
    return true;
}

static bool apply_metadata(Machine *, Domain *domain, bool, const void *data, GError **error)
{
    const Change *change = data;

    switch (change->in->type) {
    case VIR_DOMAIN_METADATA_TITLE:
        if (change->text && strchr(change->text, '\n'))
            return fail(error, ERR_INVALID_ARG, "a title may not contain line breaks");
        return set_text(&domain->title, change->text);
    case VIR_DOMAIN_METADATA_DESCRIPTION:
        return set_text(&domain->description, change->text);
    case VIR_DOMAIN_METADATA_ELEMENT:
        return set_element(domain, change, error);
    default:
        return fail(error, ERR_INVALID_ARG, "unknown metadata type %d", change->in->type);
    }
}

bool guest_domain_set_metadata(Call *call, const remote_domain_set_metadata_args *in, none *,
                               GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    Change change = { in, in->metadata ? *in->metadata : NULL, in->key ? *in->key : NULL,
                      in->uri ? *in->uri : NULL };
    g_autofree char *name = object_name(&vm->object);
    remote_domain_event_callback_metadata_change_msg message = {
        .dom = event_domain(&vm->object, name, view->id), .type = in->type, .nsuri = in->uri
    };

    if (!call_check_flags(call, in->flags, 3, error) ||
        !ops_change(vm, in->flags, apply_metadata, &change, error))
        return false;
    emit_domain_event_callback_metadata_change(&vm->object, &message);
    return true;
}

/* NULL without an error: there is none. */
static char *find_metadata(const Domain *domain, const remote_domain_get_metadata_args *in,
                           GError **error)
{
    switch (in->type) {
    case VIR_DOMAIN_METADATA_TITLE:
        return g_strdup(domain->title);
    case VIR_DOMAIN_METADATA_DESCRIPTION:
        return g_strdup(domain->description);
    case VIR_DOMAIN_METADATA_ELEMENT:
        return in->uri ? metadata_get(domain->metadata, *in->uri, error) : NULL;
    default:
        return fail(error, ERR_INVALID_ARG, "unknown metadata type %d", in->type);
    }
}

bool guest_domain_get_metadata(Call *call, const remote_domain_get_metadata_args *in,
                               remote_domain_get_metadata_ret *out, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    g_autofree char *name = object_name(&vm->object);
    const Domain *domain = view_definition(view, name, in->flags, error);
    GError *problem = NULL;

    if (!domain || !call_check_flags(call, in->flags, 3, error))
        return false;
    out->metadata = find_metadata(domain, in, &problem);
    if (!out->metadata && !problem)
        fail(&problem, ERR_NO_DOMAIN_METADATA, "Requested metadata element is not present");
    if (problem)
        g_propagate_error(error, problem);
    return out->metadata != NULL;
}
