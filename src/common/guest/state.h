/* state.h - what is saved while a guest runs, so that the next daemon finds it
 *
 * Saved before anything of a start is done to the host, and again with every published change. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guest/machine.h"

typedef struct State {
    unsigned state, reason; /* virDomainState; VIR_DOMAIN_NOSTATE: its start was not finished */
    unsigned id, pid;
    uint64_t started; /* of the process: field 22 of /proc/PID/stat */
    unsigned init;
    uint64_t init_started;
    char *directory;
    char *saving;
    uint64_t balloon;
    bool destroy_with_client;
    bool updated;
    Domain *live;
} State;

char *state_format(Machine *vm, const View *view);
State *state_parse(const char *text, GError **error);
void state_free(State *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(State, state_free)
