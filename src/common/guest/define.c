/* define.c - from a client's XML to a definition that can be started */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/define.h"

#include "guest/hypervisor.h"

/* What was ignored, for the log and for those who ask for the guest's messages. */
static char **tell(const Domain *domain, const GPtrArray *warnings)
{
    GStrvBuilder *messages = g_strv_builder_new();
    char **list;

    for (guint i = 0; i < warnings->len; i++) {
        g_autofree char *message =
            g_strdup_printf("ignored in the definition: %s", (char *) warnings->pdata[i]);

        g_warning("domain '%s': %s", domain->name, message);
        g_strv_builder_add(messages, message);
    }
    list = g_strv_builder_end(messages);
    g_strv_builder_unref(messages);
    return list;
}

Definition *define_parse(const char *xml, bool validate, GError **error)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Domain) domain = domain_parse(xml, validate ? XML_VALIDATE : 0, warnings, error);
    char **messages;

    if (!domain || !store_check_name(domain->name, error) || !hypervisor.complete(domain, error))
        return NULL;
    messages = tell(domain, warnings);
    return definition_new(g_steal_pointer(&domain), messages);
}

static Machine *check_same(Machine *other, const Domain *domain, GError **error)
{
    g_autoptr(Machine) vm = other;
    g_autofree char *name = object_name(&vm->object);
    char text[UUID_TEXT];

    if (!uuid_equal(&vm->object.uuid, &domain->uuid))
        return fail(error, ERR_OPERATION_FAILED, "domain '%s' already exists with uuid %s", name,
                    uuid_print(&vm->object.uuid, text));
    if (!g_str_equal(name, domain->name))
        return fail(error, ERR_OPERATION_FAILED, "domain '%s' is already defined with uuid %s",
                    name, uuid_print(&domain->uuid, text));
    return g_steal_pointer(&vm);
}

Machine *define_machine(const Domain *domain, GError **error)
{
    g_autoptr(Machine) vm = machine_new(&domain->uuid, domain->name);
    Object *other = registry_add(machines, &vm->object);

    return other ? check_same((Machine *) other, domain, error) : g_steal_pointer(&vm);
}

void define_undo(Machine *vm)
{
    if (machine_is_known(vm) || vm->gone)
        return;
    vm->gone = true;
    registry_remove(machines, &vm->object);
}
