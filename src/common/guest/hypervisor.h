/* hypervisor.h - what one kind of guests does in its own way
 *
 * A daemon that serves guests defines the one `hypervisor`; what is the same for all kinds is in
 * this folder and asks it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guest/machine.h"
#include "host/link.h"

/* A flag of start() beside virDomainCreateFlags: what runs has just ended, and is not told to. */
enum { START_AGAIN = 1 << 30 };

/* A run whose process has ended, or was never seen to begin. */
typedef struct Ended {
    const Domain *live; /* NULL: nobody knows */
    const char *directory;
    pid_t init; /* as in a view */
    uint64_t init_started;
    void *control; /* of the machine, as long as it ran; NULL: it was never seen */
} Ended;

typedef struct Hypervisor {
    const char *folder;    /* of its files below etc/ostler, run/ostler, ... : "qemu" */
    unsigned start_flags;  /* virDomainCreateFlags that it knows */
    const bool *autostart; /* the setting: whether marked guests start with the host */
    /* Adds what a definition leaves open and refuses what cannot be served. In a worker. */
    bool (*complete)(Domain *domain, GError **error);
    /* config is borrowed; fds: descriptors that its program is to have, or NULL; one that starts
     * again may be published as running. On the guest's strand, as a JOB. All or nothing. */
    bool (*start)(Machine *vm, const Domain *config, unsigned flags, const GArray *fds,
                  GError **error);
    /* The same for a guest whose saved state is kept: goes on from that, unless flags say no. NULL:
     * its kind of guests cannot be saved. */
    bool (*start_saved)(Machine *vm, const Domain *config, unsigned flags, const GArray *fds,
                        GError **error);
    /* Goes on with a guest that an earlier daemon has started: keeps the process, publishes what is
     * true now. On the strand. */
    bool (*adopt)(Machine *vm, const View *view, int pidfd, GError **error);
    /* Its process has ended: notes in vm how. NULL: there is nothing to see. On the strand. */
    void (*note_end)(Machine *vm, const View *view);
    /* Takes away what a run left on the host but its directory. Any thread. */
    void (*clean)(const Ended *run);
    /* A client opens a console: gives a descriptor that stays open as long as it has it, or -1 and
     * an error. NULL: nobody need know. On the strand. */
    int (*hold_console)(Machine *vm, const char *alias, GError **error);
    /* What an interface carries that has no link on the host, as its guest sees it. NULL: nobody
     * can say. */
    bool (*count)(Machine *vm, const Iface *iface, LinkTraffic *received, LinkTraffic *sent,
                  GError **error);
    /* Of Machine.control. */
    void *(*hold)(void *control);
    void (*drop)(void *control);
} Hypervisor;

extern const Hypervisor hypervisor;
