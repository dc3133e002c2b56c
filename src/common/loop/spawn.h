/* spawn.h - a child with exactly the descriptors given; its exit as an event */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

typedef struct Spawn {
    const char *const *argv;        /* argv[0] is the path of the program */
    const char *const *environment; /* NULL: PATH, LC_ALL=C and nothing else */
    int in, out, err;               /* -1: /dev/null */
    const int *keep;                /* further descriptors, which keep their numbers; all others
                                       are closed in the child */
    size_t kept;
    bool as_user; /* run as uid, gid and the groups below, without capabilities */
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t group_count;
    uint64_t locked;       /* bytes of memory that it may lock; 0: as many as we */
    const char *directory; /* NULL: / */
    unsigned umask;        /* 0: 077 */
    bool ends_with_us;     /* killed when the thread that started it ends, thus with the daemon */
    int pid_file; /* the child writes its pid there before anything else, for whoever comes after us
                     if we are killed meanwhile; 0: no file */
} Spawn;

/* Starts it in a session of its own. Answers when the program has been executed, or says why it
 * could not be. pidfd, if wanted, becomes readable when the child ends. From any thread. */
pid_t spawn(const Spawn *what, int *pidfd, GError **error);

/* Runs it to its end, at most that many milliseconds, and gives back its standard output (at most
 * limit bytes). A status other than 0 is an error that quotes its standard error. In a worker. */
char *spawn_and_read(const Spawn *what, unsigned milliseconds, size_t limit, GError **error);

/* Waits until the process behind a pidfd has ended, at most that long; whether it has. In a
 * worker. It need not be our child. */
bool process_wait(int pidfd, unsigned milliseconds);
/* A pidfd of pid, or -1 when that process is not there or not the one that began at start (the
 * 22nd field of /proc/PID/stat; 0: any). */
int process_open(pid_t pid, unsigned long long start);
unsigned long long process_start(pid_t pid); /* that field; 0 when there is no such process */
