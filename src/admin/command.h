/* command.h - what ostler-admin can do */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json.h"

typedef struct Options {
    char *daemon; /* "qemud" */
    char *root;   /* "" for the host's own */
    gboolean json;
    char *client, *object; /* whose calls trace shows; NULL: all */
    int count;             /* of screens, or calls, after which it ends; 0: none */
} Options;

/* Each shows what it found. check() is false, without an error, when something is wrong with the
 * host. */
bool command_top(const Options *options, GError **error);
bool command_trace(const Options *options, GError **error);
bool command_config(const Options *options, GError **error);
bool command_check(const Options *options, GError **error);
