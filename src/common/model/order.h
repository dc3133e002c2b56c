/* order.h - the order of disks and controllers in a definition, and the controllers' numbers */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* After the last disk of its bus whose target comes before its own; at the end if it is the first
 * of its bus. A bus that was not said counts as one, too. */
void disk_insert(Domain *domain, Disk *disk);
/* Puts disks and controllers where they would be had they come one by one, and numbers the
 * controllers that have no index. */
void order_disks(Domain *domain);
void order_controllers(Domain *domain);

/* The controller with this type and index, of a group of USB companions its master; NULL: none. */
Controller *domain_controller(const Domain *domain, ControllerType type, int64_t index);
bool controller_is_companion(const Controller *controller);
