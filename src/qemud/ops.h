/* ops.h - what the families of operations share
 *
 * The driver functions themselves are declared by the table in driver.c's header, driver.h. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"

/* How a guest travels in a reply: everything the reply's own. */
remote_nonnull_domain ops_reference(Machine *vm);
/* Counted references to the guests that pass a filter of connect_list_all_domains. */
GPtrArray *ops_list(unsigned filter);
Object *ops_find_domain(const remote_nonnull_domain *reference, GError **error);
/* Strings of a reply: an optional one is a pointer to a pointer. */
char **ops_optional(const char *text);

/* A change of a definition; live: of what runs, which it also does to the guest. */
typedef bool OpsChange(Machine *vm, Domain *domain, bool live, const void *data, GError **error);
/* Applies it to copies of the definitions that VIR_DOMAIN_AFFECT_* flags name (with neither: what
 * runs, or else the configuration) and publishes them. On the strand. */
bool ops_change(Machine *vm, unsigned flags, OpsChange *change, const void *data, GError **error);
