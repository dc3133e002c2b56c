/* verdict.h - whether rules of others stop our guests, and which */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

/* Publishes for each network what stops its guests, or that nothing does. In a worker. */
void verdict_look(void);

/* For tests: what would happen to a new connection from the bridge to outside, by a ruleset in
 * JSON; the chain and table that stop it, or NULL. own is the name of our table. */
char *verdict_of(const char *ruleset, const char *own, const char *bridge, const char *outside);
