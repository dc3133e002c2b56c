/* verdict.h - whether rules of others stop our guests, and which */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

void verdict_open(void);
/* Publishes for each network what stops its guests, or that nothing does; nobody waits for it. From
 * any thread. */
void verdict_look(void);
