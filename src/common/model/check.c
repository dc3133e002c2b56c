/* check.c - rules between the parts of a domain, which no element's own table can say */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/check.h"

#include "model/order.h"

#include <string.h>

/* ---- what every driver adds ---- */

static bool finish_name(Domain *domain, unsigned, GError **error)
{
    if (!domain->name || !*domain->name)
        return fail(error, ERR_NO_NAME, "the domain has no name");
    if (strchr(domain->name, '/'))
        return fail(error, ERR_XML, "name '%s' cannot contain '/'", domain->name);
    if (strchr(domain->name, '\n'))
        return fail(error, ERR_XML, "name '%s' cannot contain a line break", domain->name);
    if (uuid_is_zero(&domain->uuid))
        domain->uuid = uuid_random();
    return true;
}

static uint64_t memory_of_cells(const Domain *domain)
{
    uint64_t memory = 0;

    for (LIST_EACH(NumaCell, cell, domain->cpu ? domain->cpu->numa.cells : NULL))
        memory += cell->memory;
    return memory;
}

static uint64_t memory_of_devices(const Domain *domain)
{
    uint64_t memory = 0;

    for (LIST_EACH(Memdev, memdev, domain->memdevs))
        memory += memdev->size;
    return memory;
}

static bool finish_memory(Domain *domain, unsigned, GError **error)
{
    uint64_t cells = memory_of_cells(domain);

    if (cells)
        domain->memory = cells + memory_of_devices(domain);
    if (!domain->memory)
        return fail(error, ERR_XML, "missing 'memory'");
    if (domain->max_memory && domain->max_memory < domain->memory)
        return fail(error, ERR_XML, "'maxMemory' is smaller than 'memory'");
    if (!domain->current_memory || domain->current_memory > domain->memory)
        domain->current_memory = domain->memory;
    return true;
}

static bool finish_vcpus(Domain *domain, unsigned, GError **error)
{
    if (!domain->vcpus)
        domain->vcpus = 1;
    if (domain->current_vcpus > domain->vcpus)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "maximum vCPU count must not be less than current vCPU count");
    if (domain->current_vcpus == domain->vcpus)
        domain->current_vcpus = 0;
    if (!domain->vcpu_placement)
        domain->vcpu_placement = PLACEMENT_STATIC;
    if (list_length(domain->iothread_ids) > domain->iothreads)
        domain->iothreads = domain->iothread_ids->len;
    return true;
}

static bool finish_os(Domain *domain, unsigned, GError **error)
{
    if (!domain->os.type)
        return fail(error, ERR_XML, "missing 'os/type'");
    if (domain->os.type == OS_EXE && !domain->os.init)
        return fail(error, ERR_XML, "missing 'os/init'");
    if (!domain->on_poweroff)
        domain->on_poweroff = ACTION_DESTROY;
    if (!domain->on_reboot)
        domain->on_reboot = ACTION_RESTART;
    if (!domain->on_crash)
        domain->on_crash = ACTION_DESTROY;
    return true;
}

/* A port whose other end nobody names is a terminal. */
static void set_terminal(CharSource *source)
{
    if (!source->type)
        source->type = CHAR_PTY;
}

static bool finish_terminals(Domain *domain, unsigned, GError **)
{
    for (LIST_EACH(Serial, device, domain->serials))
        set_terminal(&device->source);
    for (LIST_EACH(Parallel, device, domain->parallels))
        set_terminal(&device->source);
    for (LIST_EACH(Console, device, domain->consoles))
        set_terminal(&device->source);
    for (LIST_EACH(Channel, device, domain->channels))
        set_terminal(&device->source);
    return true;
}

/* Ports of serials and parallels count on where none is said; a console's is its place. */
static bool finish_ports(Domain *domain, unsigned, GError **)
{
    int64_t serial = 0, parallel = 0, console = 0;

    for (LIST_EACH(Serial, device, domain->serials)) {
        if (!device->port.given)
            device->port = optional(serial);
        serial = MAX(serial, device->port.value + 1);
    }
    for (LIST_EACH(Parallel, device, domain->parallels)) {
        if (!device->port.given)
            device->port = optional(parallel);
        parallel = MAX(parallel, device->port.value + 1);
    }
    for (LIST_EACH(Console, device, domain->consoles))
        device->port = optional(console++);
    return true;
}

static bool finish_order(Domain *domain, unsigned flags, GError **)
{
    if (flags & XML_LIVE)
        return true;
    order_disks(domain);
    order_controllers(domain);
    return true;
}

/* ---- what contradicts itself ---- */

static bool has_boot_order(const DeviceKind *, DeviceInfo *device, void *)
{
    return !device->boot_order;
}

typedef struct Uniqueness {
    GHashTable *seen;
    GError **error;
} Uniqueness;

static bool boot_order_is_unique(const DeviceKind *kind, DeviceInfo *device, void *data)
{
    Uniqueness *unique = data;

    if (!device->boot_order || kind->element == &redirdev_element)
        return true;
    return g_hash_table_add(unique->seen, GUINT_TO_POINTER(device->boot_order)) ||
           fail(unique->error, ERR_CONFIG_UNSUPPORTED,
                "boot order '%u' used for more than one device", device->boot_order);
}

static bool check_boot(Domain *domain, unsigned, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    Uniqueness unique = { seen, error };

    if (list_length(domain->os.boot) && !domain_each_device(domain, has_boot_order, NULL))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "per-device boot elements cannot be used together with os/boot elements");
    return domain_each_device(domain, boot_order_is_unique, &unique);
}

/* QEMU takes it as the device's id. */
static bool alias_is_valid(const char *alias)
{
    for (; *alias; alias++) {
        if (!g_ascii_isalnum(*alias) && !strchr("-_.", *alias))
            return false;
    }
    return true;
}

static bool alias_is_unique(const DeviceKind *, DeviceInfo *device, void *data)
{
    Uniqueness *unique = data;

    if (device->alias && !alias_is_valid(device->alias))
        return fail(unique->error, ERR_XML, "invalid alias '%s'", device->alias);
    return !device->alias || g_hash_table_add(unique->seen, device->alias) ||
           fail(unique->error, ERR_CONFIG_UNSUPPORTED, "non unique alias detected: %s",
                device->alias);
}

/* The first console may be the first serial port under another name, alias included. */
static bool check_aliases(Domain *domain, unsigned flags, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    Uniqueness unique = { seen, error };

    return flags & XML_LIVE || domain_each_device(domain, alias_is_unique, &unique);
}

static bool check_targets(Domain *domain, unsigned, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (LIST_EACH(Disk, disk, domain->disks)) {
        if (!g_hash_table_add(seen, disk->target))
            return fail(error, ERR_XML, "target '%s' duplicated for disks", disk->target);
    }
    return true;
}

static bool check_controllers(Domain *domain, unsigned, GError **error)
{
    unsigned usb = 0, no_usb = 0;

    for (LIST_EACH(Controller, controller, domain->controllers)) {
        if (controller->index.given && !controller_is_companion(controller) &&
            domain_controller(domain, controller->type, controller->index.value) != controller)
            return fail(error, ERR_XML, "multiple '%s' controllers with index '%d'",
                        controller_type_names[controller->type], (int) controller->index.value);
        usb += controller->type == CONTROLLER_USB;
        no_usb += controller->model == MODEL_NO_USB;
    }
    if (no_usb && usb > 1)
        return fail(error, ERR_XML,
                    "USB controllers of model 'none' and others exclude each other");
    return true;
}

static bool check_single(Domain *domain, unsigned, GError **error)
{
    XmlElement *const single[] = { &watchdog_element, &balloon_element, &nvram_element,
                                   &iommu_element, &vsock_element };

    for (const DeviceKind *kind = device_kinds; kind->element; kind++) {
        for (size_t i = 0; i < G_N_ELEMENTS(single); i++) {
            if (kind->element == single[i] && list_length(device_list(domain, kind)) > 1)
                return fail(error, ERR_XML, "there is more than one <%s>", kind->element->name);
        }
    }
    return true;
}

static bool check_panics(Domain *domain, unsigned, GError **error)
{
    unsigned models = 0;

    for (LIST_EACH(Panic, panic, domain->panics)) {
        if (models >> panic->model & 1)
            return fail(error, ERR_XML, "there is more than one <panic> of one model");
        models |= 1u << panic->model;
    }
    return true;
}

/* Processors that a topology, a cell or a pin speaks of are there. */
static bool check_processors(Domain *domain, unsigned, GError **error)
{
    const CpuTopology *topology = domain->cpu ? &domain->cpu->topology : NULL;

    if (topology && topology->sockets &&
        (uint64_t) topology->sockets * topology->dies * topology->cores * topology->threads !=
            domain->vcpus)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "CPU topology doesn't match maximum vcpu count");
    for (LIST_EACH(NumaCell, cell, domain->cpu ? domain->cpu->numa.cells : NULL)) {
        if (cell->cpus && bitmap_last(cell->cpus) >= (int) domain->vcpus)
            return fail(error, ERR_XML, "CPU IDs in <numa> exceed the <vcpu> count");
    }
    return true;
}

bool domain_finish(void *domain, unsigned flags, GError **error)
{
    static bool (*const rules[])(Domain *, unsigned, GError **) = {
        finish_name,  finish_memory, finish_vcpus,      finish_os,        finish_terminals,
        finish_ports, finish_order,  check_boot,        check_aliases,    check_targets,
        check_single, check_panics,  check_controllers, check_processors,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (!rules[i](domain, flags, error))
            return false;
    }
    return true;
}
