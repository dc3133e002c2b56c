/* police.h - how much comes in by guests' links
 *
 * What comes in by a tap its guest sends. From any thread. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/shape.h"

/* Once, after firewall_open(). */
void police_open(void);
/* In place of what there was. */
bool police_limit(const char *link, const Rate *rate, GError **error);
void police_unlimit(const char *link);
/* What is to be there after police_restore(); before the loop runs. */
void police_keep_limit(const char *link, const Rate *rate);
void police_restore(void);
