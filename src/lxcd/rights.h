/* rights.h - what a container's processes may do: capabilities and system calls */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* A bit for each capability that the container keeps, by its number. */
uint64_t rights_capabilities(const Domain *domain);
/* Whether it may mount: it keeps sys_admin. */
bool rights_may_mount(const Domain *domain);
/* The filter program of system calls; made once, kept for ever. */
bool rights_filter(const Domain *domain, const void **program, size_t *size, GError **error);

static inline bool container_is_mapped(const Domain *domain)
{
    return list_length(domain->idmap_uids) > 0;
}
/* Whether it has a network of its own: with an interface or a link of the host's, or because it
 * asks for it. */
bool container_has_network(const Domain *domain);
