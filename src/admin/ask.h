/* ask.h - what a daemon tells its administrator */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "command.h"
#include "connection.h"

typedef struct DaemonName {
    const char *name;   /* "qemud" */
    const char *alias;  /* "virtqemud", which its admin socket is named after */
    const char *socket; /* that clients use */
} DaemonName;

extern const DaemonName daemon_names[]; /* closed by an empty one */

/* The admin socket of the daemon that the options name. */
Connection *ask_open(const Options *options, GError **error);
Json *ask_activity(Connection *connection, GError **error);
Json *ask_trace(Connection *connection, uint64_t after, GError **error);
Json *ask_settings(Connection *connection, GError **error);
