/* argv.h - the command line of a guest's QEMU
 *
 * QEMU gets descriptors, not paths: we open what the definition names, as root if we are, and QEMU
 * needs no rights to it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "caps.h"
#include "served.h"

#include <sys/types.h>

typedef struct Args {
    /* Given by the caller. */
    const Caps *caps;
    const char *directory; /* of this run; QEMU's user must be able to make files in it */
    int monitor;           /* listens */
    uid_t uid;             /* of QEMU */
    gid_t gid;
    bool sandbox;
    bool incoming;          /* the guest's state will come from elsewhere */
    bool reset_nvram;       /* the firmware's variables shall be made anew */
    const char *vnc_listen; /* where VNC listens unless the definition says */
    GPtrArray *ends; /* of the interfaces, in their order: IfaceEnd, or NULL; emptied of what they
                        hold. NULL: none has one */
    GArray *usb;     /* of int: descriptors of its USB devices of the host, in their order; taken */

    /* Made by argv_build(). */
    GPtrArray *argv;        /* of char *, ended by NULL */
    GPtrArray *environment; /* likewise, all of it */
    GArray *fds;      /* of int, the monitor's not included: QEMU keeps them under these numbers */
    GPtrArray *files; /* of char *: sockets and NVRAM that were made on the host */
    unsigned fdsets;  /* how many there are */
} Args;

/* Closes the descriptors; the files stay. */
void args_free(Args *args);
Args *args_new(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Args, args_free)
/* Takes the files away again: the start has failed. */
void args_undo(Args *args);

/* Of the live copy of a definition that driver_check() let pass, whose devices have addresses.
 * Gives aliases, numbers of images and paths of sockets, which show in it. On failure the host is
 * as it was. In a worker. */
bool argv_build(Args *args, Domain *live, GError **error);
/* What has no place on the command line and is to be sent before the guest runs: an array of
 * { "execute": command, "arguments": ... }. */
Json *argv_commands(const Domain *live);
/* Puts what only QEMU knows into the definition: the answers of query-chardev and of
 * query-vnc-servers (NULL when the guest has no VNC). */
bool argv_learn(Domain *live, Json *chardevs, Json *vnc, GError **error);
/* Removes the sockets that belong to the guest, when it has ended. */
void argv_clean(const Domain *live);
