/* state.h - what is saved while a network runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

typedef struct State {
    bool starting;
    int pid; /* of dnsmasq */
    uint64_t started;
    Network *live;
} State;

char *state_format(Net *net, const View *view);
State *state_parse(const char *text, GError **error);
void state_free(State *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(State, state_free)
