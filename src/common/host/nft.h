/* nft.h - firewall rules: commands of nft(8) as one transaction each, and word of others' changes
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* All commands or, on failure, none. From any thread. */
bool nft_run(const char *commands, GError **error);
/* What a "list" command says, as JSON. */
char *nft_list(const char *command, GError **error);

/* Calls changed(ours), in the loop, when somebody else has changed rules; ours: in tables of this
 * name, or what was changed is not known. */
bool nft_watch(const char *table, void (*changed)(bool ours), GError **error);
