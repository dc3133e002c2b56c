/* daemon.h - main() of every daemon: options, sockets, configuration, life and end */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config.h"
#include "rpc/server.h"

/* An option of the command line that only one daemon has. */
typedef struct DaemonOption {
    const char *name; /* "sysfs": --sysfs */
    char **value;     /* where its argument is put; keeps its initial value when not given */
    const char *text, *argument; /* for --help */
} DaemonOption;

/* What makes one daemon differ from the others. */
typedef struct Daemon {
    const char *name;     /* "qemud": its program is ostler-qemud, its file etc/ostler/qemud.conf */
    const char *summary;  /* for --help, a few words */
    const char *socket;   /* in run/libvirt: "virtqemud-sock", "libvirt-sock" */
    const char *alias;    /* what administrators' tools call it: "virtqemud" */
    const Driver *driver; /* NULL: it owns nothing */
    void (*open_elsewhere)(Client *client, const void *frame, size_t size);
    const DaemonOption *options; /* closed by an empty one; NULL: none */
    const ConfigKey *keys;       /* of its own, beside those that all daemons have; may be NULL */
    void *settings;              /* the struct that they fill in */
    /* The settings have been read, at the start and each time after; NULL: nothing to do. */
    bool (*configure)(GError **error);
    /* Makes ready what clients ask for; before the first one is accepted. */
    bool (*begin)(GError **error);
    bool (*is_needed)(void); /* must stay although there are no clients; NULL: never */
    void (*end)(void);       /* before the process ends; NULL: nothing to do */
} Daemon;

int daemon_main(const Daemon *daemon, int argc, char **argv);

/* For the admin program, in the loop. */
void daemon_set_timeout(unsigned seconds); /* without work, after which it ends; 0: never */
void daemon_quit(void);                    /* soon */

Json *daemon_settings(void); /* what is in force, and why */

/* Places of this daemon and its root, freed by the caller: daemon_path("var/lib/ostler/qemu"). */
char *daemon_path(const char *format, ...) G_GNUC_PRINTF(1, 2);
