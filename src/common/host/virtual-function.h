/* virtual-function.h - virtual functions of network cards, and what the card is told about each
 *
 * From any thread. A function is named by its place, "0000:01:10.2". */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/mac.h"

#include <net/if.h>

/* Its card, and which one of the card's it is. */
typedef struct VirtualFunction {
    char card[IFNAMSIZ]; /* the link of the physical function */
    unsigned number;
} VirtualFunction;

/* What the card makes of its frames. */
typedef struct VirtualFunctionState {
    Mac mac;       /* zero: the guest's choice */
    unsigned vlan; /* 0: none */
    unsigned qos;
} VirtualFunctionState;

/* Names of the functions of the card behind a link, in their order; the caller's. */
GPtrArray *virtual_functions_of(const char *link);
bool virtual_function_is(const char *name);
/* The link of a function that a driver of the host has; false: there is none. */
bool virtual_function_link(const char *name, char link[IFNAMSIZ]);
/* ERR_CONFIG_UNSUPPORTED unless it is a virtual function of a network card. */
bool virtual_function_find(const char *name, VirtualFunction *function, GError **error);

bool virtual_function_get(const VirtualFunction *function, VirtualFunctionState *state,
                          GError **error);
/* As far as the state is another one than from. */
bool virtual_function_set(const VirtualFunction *function, const VirtualFunctionState *from,
                          const VirtualFunctionState *to, GError **error);
