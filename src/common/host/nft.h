/* nft.h - firewall rules: commands of nft(8) as one transaction each, and word of others' changes
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "host/shape.h"

#include <stdint.h>

/* All commands or, on failure, none. From any thread. */
bool nft_run(const char *commands, GError **error);
/* What a "list" command says, as JSON. */
char *nft_list(const char *command, GError **error);

/* Whether there is a table of this family (NFPROTO_INET, ...) and name: cheap. */
bool nft_has_table(unsigned family, const char *name);

/* The statement of a rule by which what comes beyond a rate is dropped; the caller's to free. */
char *nft_drop_beyond(const Rate *rate);

/* In the loop, for each transaction, whoever made it: the generation of the ruleset that it made
 * (0: not known), and whether it touched tables of the name that is watched. Several may be
 * watched. */
typedef void NftChanged(uint32_t generation, bool touched);
bool nft_watch(const char *table, NftChanged *changed, GError **error);
/* Whether a transaction of ours made it; not while one is under way. From any thread. */
bool nft_is_own(uint32_t generation);
