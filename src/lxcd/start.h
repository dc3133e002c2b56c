/* start.h - from a definition to a running container, and what is left when it has ended */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guest/hypervisor.h"

/* flags: virDomainCreateFlags and START_AGAIN; fds, if any, become descriptors 3 and following of
 * the container's program. config is borrowed. On the guest's strand, as a JOB. All or nothing. */
bool start_container(Machine *vm, const Domain *config, unsigned flags, const GArray *given,
                     GError **error);
/* Goes on with a container that an earlier daemon has started. */
bool start_adopt(Machine *vm, const View *view, int pidfd, GError **error);
/* Its controller has ended: notes in vm how the container did. */
void start_note_end(Machine *vm, const View *view);
/* Ends what is left of a run. */
void start_clean(const Ended *run);
