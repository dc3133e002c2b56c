/* authorize.h - whether a call may go on: as soon as it can be known, and before anything is done
 *
 * Most calls are decided by their arguments, before their object is looked for. Where a rule names
 * objects and the arguments do not tell which one it is, the object is found first, a definition's
 * name and uuid are read, or the answer of a look-up is held back. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client.h"

/* In this order; each is false when the call is refused. The first two in the loop. */
bool authorize_arguments(Call *call, GError **error);
bool authorize_object(Call *call, GError **error); /* call->object has been found */
bool authorize_definition(Call *call, GError **error);
bool authorize_reply(Call *call, GError **error);

/* Whether polkit has to be asked, and asking it, in a worker. */
bool authorize_must_ask(const Call *call);
bool authorize_ask(Call *call, GError **error);
/* It only looks something up: the question is about what it found. */
bool authorize_is_lookup(const Call *call);
