/* authorize.c - whether a call may go on */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/authorize.h"

#include "rpc/polkit.h"

#include <string.h>

/* ---- what arguments and replies tell beyond a reference ---- */

/* Both stand at the beginning of their structs. */
typedef enum Argument { ARGUMENT_OTHER, ARGUMENT_NAME, ARGUMENT_UUID, ARGUMENT_XML } Argument;
typedef enum Found { FOUND_NOTHING, FOUND_NAME, FOUND_NAME_AND_UUID } Found;

// clang-format off
#define AT_BEGINNING(type, member) (0 * sizeof(char[offsetof(type, member) == 0 ? 1 : -1]))
#define LOOKUP(op, argument, member, found, reply)                                \
    { #op, ARGUMENT_##argument + AT_BEGINNING(remote_##op##_args, member),        \
      FOUND_##found + AT_BEGINNING(remote_##op##_ret, reply) }
#define DEFINITION(op, member) \
    { #op, ARGUMENT_XML + AT_BEGINNING(remote_##op##_args, member), FOUND_NOTHING }

static const struct Naming {
    const char *proc;
    Argument argument;
    Found found;
} namings[] = {
    LOOKUP(domain_lookup_by_id, OTHER, id, NAME_AND_UUID, dom),
    LOOKUP(domain_lookup_by_name, NAME, name, NAME_AND_UUID, dom),
    LOOKUP(domain_lookup_by_uuid, UUID, uuid, NAME_AND_UUID, dom),
    LOOKUP(network_lookup_by_name, NAME, name, NAME_AND_UUID, net),
    LOOKUP(network_lookup_by_uuid, UUID, uuid, NAME_AND_UUID, net),
    LOOKUP(node_device_lookup_by_name, NAME, name, NAME, dev),
    LOOKUP(node_device_lookup_scsi_host_by_wwn, OTHER, wwnn, NAME, dev),
    DEFINITION(domain_create_xml, xml_desc),
    DEFINITION(domain_create_xml_with_files, xml_desc),
    DEFINITION(domain_define_xml, xml),
    DEFINITION(domain_define_xml_flags, xml),
    DEFINITION(network_create_xml, xml),
    DEFINITION(network_create_xml_flags, xml),
    DEFINITION(network_define_xml, xml),
    DEFINITION(network_define_xml_flags, xml),
    DEFINITION(node_device_create_xml, xml_desc),
    DEFINITION(node_device_define_xml, xml_desc),
};
// clang-format on

static const struct Naming *naming_of(const Call *call)
{
    static const struct Naming none = {};

    for (size_t i = 0; i < G_N_ELEMENTS(namings); i++) {
        if (strcmp(namings[i].proc, call->proc->name) == 0)
            return &namings[i];
    }
    return &none;
}

bool authorize_is_lookup(const Call *call) { return naming_of(call)->found; }

/* ---- judging ---- */

static bool refuse(const Call *call, Permission wanting, GError **error)
{
    g_info("client %" G_GUINT64_FORMAT ": %s is refused: no permission '%s'", call->client->id,
           call->proc->name, permission_name(wanting));
    return fail(error, ERR_ACCESS_DENIED, "permission '%s' is needed", permission_name(wanting));
}

static bool judge(Call *call, const Target *target, GError **error)
{
    Permission wanting = PERMISSION_NONE;
    Ruling ruling = access_judge_all(call->who, &call->needs, target, &wanting);

    call->unsettled = ruling == RULING_DEPENDS;
    return ruling != RULING_NO || refuse(call, wanting, error);
}

/* What is still open is refused. */
static bool settle(Call *call, const Target *target, GError **error)
{
    Permission wanting = PERMISSION_NONE;

    call->unsettled = false;
    return access_judge_all(call->who, &call->needs, target, &wanting) == RULING_YES ||
           refuse(call, wanting, error);
}

static Target target_of_arguments(const Call *call)
{
    const struct Naming *naming = naming_of(call);
    Target target = {};

    call->proc->target(call->args, &target);
    if (naming->argument == ARGUMENT_NAME)
        target.name = *(char *const *) call->args;
    if (naming->argument == ARGUMENT_UUID)
        target.uuid = call->args;
    return target;
}

bool authorize_arguments(Call *call, GError **error)
{
    Target target;

    if (!access_is_limited(&call->client->identity))
        return true;
    call->identity = identity_copy(&call->client->identity);
    call->who = &call->identity;
    call->proc->needs(call->args, &call->needs);
    target = target_of_arguments(call);
    return judge(call, &target, error);
}

/* A device is known by its name alone. */
static Target target_of_object(Object *object, char **name)
{
    *name = object_name(object);
    return (Target){ *name, uuid_is_zero(&object->uuid) ? NULL : &object->uuid };
}

bool authorize_object(Call *call, GError **error)
{
    const struct Naming *naming = naming_of(call);
    g_autofree char *name = NULL;
    Target target = {};

    if (!call->unsettled || naming->found || naming->argument == ARGUMENT_XML)
        return true;
    if (call->object)
        target = target_of_object(call->object, &name);
    return settle(call, &target, error);
}

static bool identify(const Call *call, char **name, Uuid *uuid, bool *has_uuid, GError **error)
{
    g_autofree char *text = NULL;

    if (!server.identify)
        return fail(error, ERR_INTERNAL, "definitions cannot be identified");
    if (!server.identify(*(char *const *) call->args, name, &text, error))
        return false;
    *has_uuid = text && uuid_parse(text, uuid);
    return true;
}

bool authorize_definition(Call *call, GError **error)
{
    g_autofree char *name = NULL;
    bool has_uuid = false;
    Uuid uuid;
    Target target;

    if (!call->unsettled || naming_of(call)->argument != ARGUMENT_XML)
        return true;
    if (!identify(call, &name, &uuid, &has_uuid, error))
        return false;
    target = (Target){ name, has_uuid ? &uuid : NULL };
    return settle(call, &target, error);
}

/* Every reference begins with a name; that of a device has no uuid behind it. */
static Target target_of_reply(const Call *call)
{
    const remote_nonnull_domain *found = call->reply;

    return (Target){ found->name, naming_of(call)->found == FOUND_NAME_AND_UUID
                                      ? (const Uuid *) found->uuid
                                      : NULL };
}

bool authorize_reply(Call *call, GError **error)
{
    Target target;

    if (!call->unsettled)
        return true;
    target = target_of_reply(call);
    return settle(call, &target, error);
}

/* ---- polkit ---- */

bool authorize_must_ask(const Call *call)
{
    return call->who && call->needs.count && access_asks_polkit();
}

static bool ask(const Call *call, Permission permission, const Target *target, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (polkit_permits(call->who, permission, call->driver->type, target, &problem))
        return true;
    g_info("client %" G_GUINT64_FORMAT ": %s is refused: %s", call->client->id, call->proc->name,
           problem->message);
    return fail(error, ERR_ACCESS_DENIED, "permission '%s' is needed: %s",
                permission_name(permission), problem->message);
}

static bool ask_all(const Call *call, const Target *target, GError **error)
{
    for (unsigned i = 0; i < call->needs.count; i++) {
        if (!ask(call, call->needs.list[i], target, error))
            return false;
    }
    return true;
}

bool authorize_ask(Call *call, GError **error)
{
    g_autofree char *name = NULL;
    bool has_uuid = false;
    Uuid uuid;
    Target target = {};

    if (naming_of(call)->argument == ARGUMENT_XML) {
        if (!identify(call, &name, &uuid, &has_uuid, error))
            return false;
        target = (Target){ name, has_uuid ? &uuid : NULL };
    } else if (authorize_is_lookup(call)) {
        target = target_of_reply(call);
    } else if (call->object) {
        target = target_of_object(call->object, &name);
    }
    return ask_all(call, &target, error);
}

/* ---- lists ---- */

bool call_sees(const Call *call, Object *object)
{
    g_autofree char *name = NULL;
    Permission filter = call ? call->proc->filter : PERMISSION_NONE;
    Target target;

    if (!call || !call->who || filter == PERMISSION_NONE)
        return true;
    target = target_of_object(object, &name);
    return access_judge(call->who, filter, &target) == RULING_YES &&
           (!access_asks_polkit() ||
            polkit_permits(call->who, filter, call->driver->type, &target, NULL));
}

GPtrArray *call_list(const Call *call, Registry *registry)
{
    g_autoptr(GPtrArray) all = registry_list(registry);
    GPtrArray *seen;

    if (!call->who)
        return g_steal_pointer(&all);
    seen = g_ptr_array_new_with_free_func((GDestroyNotify) (void *) object_unref);
    for (guint i = 0; i < all->len; i++) {
        if (call_sees(call, all->pdata[i]))
            g_ptr_array_add(seen, object_ref(all->pdata[i]));
    }
    return seen;
}
