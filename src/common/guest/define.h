/* define.h - from a client's XML to a definition that can be started */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guest/machine.h"

/* Parses, adds what the definition leaves open, and refuses what the daemon does not serve. What no
 * table knows is a message, or refused when validate. In a worker. */
Definition *define_parse(const char *xml, bool validate, GError **error);

/* The guest of this name and uuid: the known one, or a new one that is registered but unknown to
 * clients until it is published. Counted. ERR_OPERATION_FAILED when name and uuid are of two
 * guests. The caller then enters the strand. */
Machine *define_machine(const Domain *domain, GError **error);
/* Takes a new one out again when it has not come to be published. On the strand. */
void define_undo(Machine *vm);
