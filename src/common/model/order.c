/* order.c - the order of disks and controllers in a definition, and the controllers' numbers */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/order.h"

void disk_insert(Domain *domain, Disk *disk)
{
    int at = -1; /* the end */

    for (int i = (int) list_length(domain->disks) - 1; i >= 0; i--) {
        const Disk *other = domain->disks->pdata[i];

        if (other->bus != disk->bus)
            continue;
        if (disk_target_index(other->target) <= disk_target_index(disk->target)) {
            at = i + 1;
            break;
        }
        at = i;
    }
    list_insert(&domain->disks, at, disk);
}

void order_disks(Domain *domain)
{
    g_autoptr(GPtrArray) disks = g_steal_pointer(&domain->disks);

    for (LIST_EACH(Disk, disk, disks))
        disk_insert(domain, disk);
    for (LIST_EACH(Disk, disk, domain->disks))
        disk_default_bus(disk);
}

bool controller_is_companion(const Controller *controller)
{
    return controller->type == CONTROLLER_USB && controller->master_start_port.given;
}

/* One with an index goes before all that have a greater one, a master before its companions; else
 * after the last of the type. */
static bool goes_before(const Controller *controller, const Controller *other)
{
    if (controller->type != other->type || !controller->index.given || !other->index.given)
        return false;
    if (controller->index.value == other->index.value)
        return controller_is_companion(other) && !controller_is_companion(controller);
    return controller->index.value < other->index.value;
}

static void controller_insert(Domain *domain, Controller *controller)
{
    int at = -1; /* the end */

    for (unsigned i = 0; i < list_length(domain->controllers); i++) {
        const Controller *other = domain->controllers->pdata[i];

        if (goes_before(controller, other)) {
            at = i;
            break;
        }
        if (other->type == controller->type)
            at = i + 1;
    }
    list_insert(&domain->controllers, at, controller);
}

Controller *domain_controller(const Domain *domain, ControllerType type, int64_t index)
{
    for (LIST_EACH(Controller, controller, domain->controllers)) {
        if (controller->type == type && controller->index.given &&
            controller->index.value == index && !controller_is_companion(controller))
            return controller;
    }
    return NULL;
}

static int64_t first_free_index(const Domain *domain, ControllerType type)
{
    int64_t index = 0;

    while (domain_controller(domain, type, index))
        index++;
    return index;
}

void order_controllers(Domain *domain)
{
    g_autoptr(GPtrArray) controllers = g_steal_pointer(&domain->controllers);
    int64_t master = 0;

    for (LIST_EACH(Controller, controller, controllers))
        controller_insert(domain, controller);
    for (LIST_EACH(Controller, controller, domain->controllers)) {
        if (!controller->index.given)
            controller->index = optional(controller_is_companion(controller)
                                             ? master
                                             : first_free_index(domain, controller->type));
        if (controller->type == CONTROLLER_USB && !controller_is_companion(controller))
            master = controller->index.value;
    }
}
