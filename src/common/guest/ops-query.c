/* ops-query.c - look-ups, lists, and what a guest's view tells */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/ops.h"

#include <string.h>

bool ops_supports_feature(int feature)
{
    enum { STRING_PARAMS = 9, UPDATE_ORDER = 16 };

    return feature == STRING_PARAMS || feature == UPDATE_ORDER;
}

char **ops_optional(const char *text)
{
    char **optional = g_new(char *, 1);

    *optional = g_strdup(text);
    return optional;
}

remote_nonnull_domain ops_reference(Machine *vm)
{
    g_autoptr(View) view = machine_view(vm);
    remote_nonnull_domain reference = { .name = object_name(&vm->object), .id = view->id };

    memcpy(reference.uuid, vm->object.uuid.bytes, UUID_SIZE);
    return reference;
}

/* ---- look-ups ---- */

/* Nobody is told of a guest that is still being made. */
static Object *known(Object *found)
{
    if (found && !machine_is_known((Machine *) found))
        g_clear_pointer(&found, object_unref);
    return found;
}

Object *ops_find_domain(const remote_nonnull_domain *reference, GError **error)
{
    const Uuid *uuid = (const Uuid *) reference->uuid;
    Object *found = known(registry_find_uuid(machines, uuid));
    char text[UUID_TEXT];

    if (found)
        return found;
    return fail(error, ERR_NO_DOMAIN, "no domain with matching uuid '%s' (%s)",
                uuid_print(uuid, text), reference->name);
}

static bool answer(Object *found, remote_nonnull_domain *reference)
{
    *reference = ops_reference((Machine *) found);
    object_unref(found);
    return true;
}

bool guest_domain_lookup_by_id(Call *, const remote_domain_lookup_by_id_args *in,
                               remote_domain_lookup_by_id_ret *out, GError **error)
{
    Object *found = known(registry_find_id(machines, in->id));

    if (!found)
        return fail(error, ERR_NO_DOMAIN, "no domain with matching id %d", in->id);
    return answer(found, &out->dom);
}

bool guest_domain_lookup_by_name(Call *, const remote_domain_lookup_by_name_args *in,
                                 remote_domain_lookup_by_name_ret *out, GError **error)
{
    Object *found = known(registry_find_name(machines, in->name));

    if (!found)
        return fail(error, ERR_NO_DOMAIN, "no domain with matching name '%s'", in->name);
    return answer(found, &out->dom);
}

bool guest_domain_lookup_by_uuid(Call *, const remote_domain_lookup_by_uuid_args *in,
                                 remote_domain_lookup_by_uuid_ret *out, GError **error)
{
    Object *found = known(registry_find_uuid(machines, (const Uuid *) in->uuid));
    char text[UUID_TEXT];

    if (!found)
        return fail(error, ERR_NO_DOMAIN, "no domain with matching uuid '%s'",
                    uuid_print((const Uuid *) in->uuid, text));
    return answer(found, &out->dom);
}

/* ---- lists ---- */

/* What a client's filter asks about: of each group of bits, one that is true of the guest must be
 * set, or none of the group. */
static unsigned list_bits(const View *view)
{
    bool active = view_is_active(view);
    unsigned bits = active ? VIR_CONNECT_LIST_DOMAINS_ACTIVE : VIR_CONNECT_LIST_DOMAINS_INACTIVE;

    bits |= view->config ? VIR_CONNECT_LIST_DOMAINS_PERSISTENT : VIR_CONNECT_LIST_DOMAINS_TRANSIENT;
    bits |= view->state == VIR_DOMAIN_RUNNING   ? VIR_CONNECT_LIST_DOMAINS_RUNNING
            : view->state == VIR_DOMAIN_PAUSED  ? VIR_CONNECT_LIST_DOMAINS_PAUSED
            : view->state == VIR_DOMAIN_SHUTOFF ? VIR_CONNECT_LIST_DOMAINS_SHUTOFF
                                                : VIR_CONNECT_LIST_DOMAINS_OTHER;
    bits |= view->autostart ? VIR_CONNECT_LIST_DOMAINS_AUTOSTART
                            : VIR_CONNECT_LIST_DOMAINS_NO_AUTOSTART;
    bits |= view->saved ? VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE
                        : VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE;
    return bits | VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT | VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT;
}

static bool filter_matches(const View *view, unsigned filter)
{
    static const unsigned groups[] = {
        VIR_CONNECT_LIST_DOMAINS_ACTIVE | VIR_CONNECT_LIST_DOMAINS_INACTIVE,
        VIR_CONNECT_LIST_DOMAINS_PERSISTENT | VIR_CONNECT_LIST_DOMAINS_TRANSIENT,
        VIR_CONNECT_LIST_DOMAINS_RUNNING | VIR_CONNECT_LIST_DOMAINS_PAUSED |
            VIR_CONNECT_LIST_DOMAINS_SHUTOFF | VIR_CONNECT_LIST_DOMAINS_OTHER,
        VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE | VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE,
        VIR_CONNECT_LIST_DOMAINS_AUTOSTART | VIR_CONNECT_LIST_DOMAINS_NO_AUTOSTART,
        VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT | VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT,
        VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT | VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT,
    };
    unsigned bits = list_bits(view);

    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (filter & groups[i] && !(filter & groups[i] & bits))
            return false;
    }
    return true;
}

GPtrArray *ops_list(const Call *call, unsigned filter)
{
    g_autoptr(GPtrArray) all = registry_list(machines);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) (void *) object_unref);

    for (guint i = 0; i < all->len; i++) {
        g_autoptr(View) view = machine_view(all->pdata[i]);

        if ((view->config || view->live) && filter_matches(view, filter) &&
            call_sees(call, all->pdata[i]))
            g_ptr_array_add(list, object_ref(all->pdata[i]));
    }
    return list;
}

bool guest_connect_list_all_domains(Call *call, const remote_connect_list_all_domains_args *in,
                                    remote_connect_list_all_domains_ret *out, GError **error)
{
    g_autoptr(GPtrArray) list = NULL;

    if (!call_check_flags(call, in->flags, 0xffff, error))
        return false;
    list = ops_list(call, in->flags);
    if (list->len > REMOTE_DOMAIN_LIST_MAX)
        return fail(error, ERR_RPC, "too many domains '%u' for limit '%d'", list->len,
                    REMOTE_DOMAIN_LIST_MAX);
    out->ret = list->len;
    if (!in->need_results)
        return true;
    out->domains.domains_val = g_new0(remote_nonnull_domain, list->len);
    out->domains.domains_len = list->len;
    for (guint i = 0; i < list->len; i++)
        out->domains.domains_val[i] = ops_reference(list->pdata[i]);
    return true;
}

bool guest_connect_num_of_domains(Call *call, const none *, remote_connect_num_of_domains_ret *out,
                                  GError **)
{
    g_autoptr(GPtrArray) list = ops_list(call, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    out->num = list->len;
    return true;
}

bool guest_connect_num_of_defined_domains(Call *call, const none *,
                                          remote_connect_num_of_defined_domains_ret *out, GError **)
{
    g_autoptr(GPtrArray) list = ops_list(call, VIR_CONNECT_LIST_DOMAINS_INACTIVE);

    out->num = list->len;
    return true;
}

bool guest_connect_list_domains(Call *call, const remote_connect_list_domains_args *in,
                                remote_connect_list_domains_ret *out, GError **)
{
    g_autoptr(GPtrArray) list = ops_list(call, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    unsigned count = MIN(list->len, (unsigned) CLAMP(in->maxids, 0, REMOTE_DOMAIN_LIST_MAX));

    out->ids.ids_val = g_new0(int, count);
    for (guint i = 0; i < count; i++) {
        g_autoptr(View) view = machine_view(list->pdata[i]);

        if (view->id > 0)
            out->ids.ids_val[out->ids.ids_len++] = view->id;
    }
    return true;
}

bool guest_connect_list_defined_domains(Call *call,
                                        const remote_connect_list_defined_domains_args *in,
                                        remote_connect_list_defined_domains_ret *out, GError **)
{
    g_autoptr(GPtrArray) list = ops_list(call, VIR_CONNECT_LIST_DOMAINS_INACTIVE);
    unsigned count = MIN(list->len, (unsigned) CLAMP(in->maxnames, 0, REMOTE_DOMAIN_LIST_MAX));

    out->names.names_val = g_new0(char *, count);
    out->names.names_len = count;
    for (guint i = 0; i < count; i++)
        out->names.names_val[i] = object_name(list->pdata[i]);
    return true;
}

/* ---- bulk statistics ---- */

enum {
    STATS_FILTERS =
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_INACTIVE |
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_PERSISTENT | VIR_CONNECT_GET_ALL_DOMAINS_STATS_TRANSIENT |
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_RUNNING | VIR_CONNECT_GET_ALL_DOMAINS_STATS_PAUSED |
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_SHUTOFF | VIR_CONNECT_GET_ALL_DOMAINS_STATS_OTHER,
};
static const unsigned stats_flags = STATS_FILTERS | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT |
                                    VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING |
                                    VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS;

/* The guests that were named, or all that pass the filter. */
static GPtrArray *surveyed(const Call *call, const remote_connect_get_all_domain_stats_args *in,
                           GError **error)
{
    GPtrArray *list;

    if (!in->doms.doms_len)
        return ops_list(call, in->flags & STATS_FILTERS);
    list = g_ptr_array_new_with_free_func((GDestroyNotify) (void *) object_unref);
    for (unsigned i = 0; i < in->doms.doms_len; i++) {
        Object *found = ops_find_domain(&in->doms.doms_val[i], error);

        if (!found) {
            g_ptr_array_unref(list);
            return NULL;
        }
        if (call_sees(call, found))
            g_ptr_array_add(list, found);
        else
            object_unref(found);
    }
    return list;
}

static bool check_groups(const remote_connect_get_all_domain_stats_args *in, unsigned known,
                         unsigned *groups, GError **error)
{
    bool enforce = in->flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS;

    *groups = in->stats ? in->stats & known : known;
    return !enforce || !(in->stats & ~known) ||
           fail(error, ERR_ARGUMENT_UNSUPPORTED,
                "Stats types bits 0x%x are not supported by this "
                "daemon",
                in->stats & ~known);
}

GPtrArray *ops_surveyed(Call *call, const remote_connect_get_all_domain_stats_args *in,
                        unsigned known, unsigned *groups, GError **error)
{
    if (!call_check_flags(call, in->flags, stats_flags, error) ||
        !check_groups(in, known, groups, error))
        return NULL;
    return surveyed(call, in, error);
}

/* ---- one guest ---- */

unsigned ops_current_vcpus(const Domain *domain)
{
    return domain->current_vcpus ? domain->current_vcpus : domain->vcpus;
}

bool guest_domain_get_state(Call *call, const remote_domain_get_state_args *in,
                            remote_domain_get_state_ret *out, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    out->state = view->state;
    out->reason = view->reason;
    return call_check_flags(call, in->flags, 0, error);
}

bool guest_domain_get_control_info(Call *call, const remote_domain_get_control_info_args *in,
                                   remote_domain_get_control_info_ret *out, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    out->state = VIR_DOMAIN_CONTROL_OK;
    return call_check_flags(call, in->flags, 0, error) && view_check_active(view, error);
}

bool guest_domain_get_os_type(Call *call, const remote_domain_get_os_type_args *,
                              remote_domain_get_os_type_ret *out, GError **)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    out->type = g_strdup(os_type_names[view_current(view)->os.type]);
    return true;
}

bool guest_domain_get_max_memory(Call *call, const remote_domain_get_max_memory_args *,
                                 remote_domain_get_max_memory_ret *out, GError **)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    out->memory = view_current(view)->memory;
    return true;
}

bool guest_domain_get_max_vcpus(Call *call, const remote_domain_get_max_vcpus_args *,
                                remote_domain_get_max_vcpus_ret *out, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    out->num = view_current(view)->vcpus;
    return view_check_active(view, error);
}

bool guest_domain_get_vcpus_flags(Call *call, const remote_domain_get_vcpus_flags_args *in,
                                  remote_domain_get_vcpus_flags_ret *out, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));
    g_autofree char *name = object_name(call->object);
    const Domain *domain;

    if (!call_check_flags(
            call, in->flags,
            VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG | VIR_DOMAIN_VCPU_MAXIMUM, error))
        return false;
    domain = view_definition(view, name, in->flags, error);
    if (!domain)
        return false;
    out->num = in->flags & VIR_DOMAIN_VCPU_MAXIMUM ? domain->vcpus : ops_current_vcpus(domain);
    return true;
}

bool guest_domain_is_active(Call *call, const remote_domain_is_active_args *,
                            remote_domain_is_active_ret *out, GError **)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    out->active = view_is_active(view);
    return true;
}

bool guest_domain_is_persistent(Call *call, const remote_domain_is_persistent_args *,
                                remote_domain_is_persistent_ret *out, GError **)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    out->persistent = view->config != NULL;
    return true;
}

bool guest_domain_is_updated(Call *call, const remote_domain_is_updated_args *,
                             remote_domain_is_updated_ret *out, GError **)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    out->updated = view->updated;
    return true;
}

bool guest_domain_get_autostart(Call *call, const remote_domain_get_autostart_args *,
                                remote_domain_get_autostart_ret *out, GError **)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    out->autostart = view->autostart;
    return true;
}

bool guest_domain_has_managed_save_image(Call *call,
                                         const remote_domain_has_managed_save_image_args *in,
                                         remote_domain_has_managed_save_image_ret *out,
                                         GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));

    out->result = view->saved;
    return call_check_flags(call, in->flags, 0, error);
}

/* There is one kind of message so far, about the definition. */
bool guest_domain_get_messages(Call *call, const remote_domain_get_messages_args *in,
                               remote_domain_get_messages_ret *out, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));
    const Definition *definition = view->live ? view->live : view->config;
    unsigned wanted = in->flags ? in->flags : VIR_DOMAIN_MESSAGE_TAINTING;

    if (!call_check_flags(call, in->flags, 7, error))
        return false;
    if (!definition->messages || !(wanted & VIR_DOMAIN_MESSAGE_TAINTING))
        return true;
    out->msgs.msgs_len = MIN(g_strv_length(definition->messages), REMOTE_DOMAIN_MESSAGES_MAX);
    out->msgs.msgs_val = g_new0(char *, out->msgs.msgs_len);
    for (unsigned i = 0; i < out->msgs.msgs_len; i++)
        out->msgs.msgs_val[i] = g_strdup(definition->messages[i]);
    return true;
}

/* What a client may ask the XML to hold. */
static unsigned xml_flags(unsigned flags, const View *view)
{
    if (flags & VIR_DOMAIN_XML_MIGRATABLE)
        return XML_SECURE;
    return (flags & VIR_DOMAIN_XML_SECURE ? XML_SECURE : 0) |
           (view->live && !(flags & VIR_DOMAIN_XML_INACTIVE) ? XML_LIVE : 0);
}

/* What a network has made of an interface is told, not that it did. */
static GPtrArray *shown_interfaces(const GPtrArray *live)
{
    GPtrArray *shown = g_ptr_array_new_with_free_func(g_free);

    for (LIST_EACH(Iface, iface, live)) {
        Iface *copy = g_memdup2(iface, sizeof(*iface));

        if (iface->actual)
            copy->type = iface->actual;
        g_ptr_array_add(shown, copy);
    }
    return shown;
}

/* The balloon's size is asked of the guest all the time, and is not part of the definition. */
static char *format_live(const View *view, unsigned flags)
{
    Domain shown = *view->live->domain;
    g_autoptr(GPtrArray) interfaces = shown_interfaces(shown.interfaces);

    if (interfaces->len)
        shown.interfaces = interfaces;
    if (view->balloon)
        shown.current_memory = view->balloon;
    return domain_format(&shown, flags);
}

static bool is_default_usb(const Controller *controller)
{
    return controller->type == CONTROLLER_USB && controller->index.value == 0 &&
           controller->model == MODEL_PIIX3_UHCI;
}

/* Readers older than the element take the one USB controller that every machine has for granted. */
static void drop_default_usb(Domain *domain)
{
    Controller *found = NULL;

    for (LIST_EACH(Controller, controller, domain->controllers)) {
        if (controller->type != CONTROLLER_USB)
            continue;
        if (found || !is_default_usb(controller))
            return;
        found = controller;
    }
    if (found && g_ptr_array_remove(domain->controllers, found))
        xml_free(&controller_element, found);
}

/* What a definition would keep of it: ports that were chosen at its start are no part of that. */
static char *format_lasting(const Domain *given, unsigned flags, bool migratable, GError **error)
{
    g_autofree char *text = domain_format(given, XML_SECURE);
    g_autoptr(Domain) domain = domain_parse(text, 0, NULL, error);

    if (domain && migratable)
        drop_default_usb(domain);
    return domain ? domain_format(domain, flags) : NULL;
}

bool guest_domain_get_xml_desc(Call *call, const remote_domain_get_xml_desc_args *in,
                               remote_domain_get_xml_desc_ret *out, GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));
    bool inactive = in->flags & VIR_DOMAIN_XML_INACTIVE && view->config;
    bool migratable = in->flags & VIR_DOMAIN_XML_MIGRATABLE;
    const Domain *domain;
    unsigned flags;

    if (!call_check_flags(call, in->flags, 0xf, error))
        return false;
    flags = xml_flags(in->flags, view);
    domain = inactive ? view->config->domain : view_current(view);
    if (flags & XML_LIVE)
        out->xml = format_live(view, flags);
    else if ((view->live && domain == view->live->domain) || migratable)
        out->xml = format_lasting(domain, flags, migratable, error);
    else
        out->xml = domain_format(domain, flags);
    return out->xml != NULL;
}

/* ---- security ---- */

/* A text as it travels, with its closing zero. */
static void set_letters(char **letters, unsigned *length, const char *text)
{
    *letters = g_strdup(text);
    *length = strlen(text) + 1;
}

/* The first of the models that the capabilities list: guests are confined without labels. */
bool guest_node_get_security_model(Call *, const none *, remote_node_get_security_model_ret *out,
                                   GError **)
{
    set_letters(&out->model.model_val, &out->model.model_len, "none");
    set_letters(&out->doi.doi_val, &out->doi.doi_len, "0");
    return true;
}

bool guest_domain_get_security_label(Call *, const remote_domain_get_security_label_args *,
                                     remote_domain_get_security_label_ret *out, GError **)
{
    set_letters(&out->label.label_val, &out->label.label_len, "");
    return true;
}
