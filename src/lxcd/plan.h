/* plan.h - what the daemon tells a container's controller to do, and what that answers
 *
 * A plan is a file in memory: steps one behind the other, each a PlanStep and its text, which is
 * one or more strings with a zero byte behind each. The controller is a small program of its own
 * without libraries, so this header needs none. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

typedef enum PlanKind {
    PLAN_END,
    /* Done by the controller, with the host's rights, in a mount namespace of its own. Targets are
     * looked up inside the container's root, however its links point. */
    PLAN_ROOT,      /* source directory, an empty directory to put it on */
    PLAN_ROOT_FILE, /* the same directory, then as PLAN_FILE from its type on */
    PLAN_BIND,      /* source, target; the target is made when it is not there */
    PLAN_FILE,      /* target, file system type, options as mount(2) takes them, source */
    PLAN_DIRECTORY, /* path; a: mode */
    PLAN_NODE,      /* path; a: mode with the type, b: device number */
    PLAN_LINK,      /* path, where it points to */
    PLAN_CONSOLES,  /* a: how many; the directory of the container's devpts */
    PLAN_NAMESPACE, /* a: descriptor of a namespace to enter, b: its CLONE_NEW* */
    PLAN_CLONE,     /* a: CLONE_NEW* of the container */
    PLAN_UID_MAP,   /* lines as in /proc/PID/uid_map */
    PLAN_GID_MAP,
    /* Done by the container's first process, in its namespaces. */
    PLAN_OWN,      /* target, file system type, options: a mount that belongs to the container */
    PLAN_GROUPS,   /* the same, if the container has a control group of its own */
    PLAN_READONLY, /* path: as it is, but nobody can write */
    PLAN_MASK,     /* path: empty */
    PLAN_HOSTNAME,
    PLAN_PERSONALITY, /* a: as personality(2) takes it */
    PLAN_VARIABLE,    /* NAME=value */
    PLAN_ARGUMENT,    /* the first is the program */
    PLAN_ENTER,       /* directory to begin in */
    PLAN_USER,        /* user and group to begin as: names of inside, or numbers; "" for none */
    PLAN_CAPS,        /* a: those that are kept, a bit each */
    PLAN_SECCOMP,     /* the text is a filter program */
    PLAN_PASS,        /* a: descriptor that the program gets, as number 3 and following */
    PLAN_KINDS,
} PlanKind;

typedef enum PlanFlags {
    PLAN_IS_READONLY = 1, /* the mount cannot be written to */
    PLAN_MAPPED = 2,      /* owners on disk are those of inside, by an idmapped mount */
    PLAN_NO_SUID = 4,
    PLAN_NO_DEV = 8,
    PLAN_NO_EXEC = 16,
    PLAN_OPTIONAL = 32, /* that it cannot be is no error */
} PlanFlags;

typedef struct PlanStep {
    uint16_t kind;
    uint16_t flags;
    uint32_t size; /* of the text behind it; the next step follows at a multiple of 8 */
    uint64_t a, b;
} PlanStep;

enum { PLAN_CONSOLES_MAX = 64, PLAN_WHAT_MAX = 480 };

/* The controller begins when the daemon sends a byte, with which comes a descriptor of the group
 * that the container is to be in, if it has one. */
typedef enum PlanState {
    PLAN_FAILED,  /* errnum and what; the controller ends */
    PLAN_READY,   /* init and consoles are there; waits for one byte, which lets it go on */
    PLAN_STARTED, /* the program runs */
} PlanState;

typedef struct PlanAnswer {
    int32_t state;
    int32_t errnum;
    int32_t init;                         /* its process number */
    uint32_t consoles[PLAN_CONSOLES_MAX]; /* numbers of the host's terminals: /dev/pts/N */
    char what[PLAN_WHAT_MAX];             /* could not be done: "mount 'x' on 'y'" */
} PlanAnswer;

/* A connection to the controller's socket joins a client to one console as long as it lasts; the
 * answer is one byte, 0 or an errno. */
#define PLAN_SOCKET "control.sock"
typedef struct PlanJoin {
    uint32_t console;
} PlanJoin;

/* How the container ended, in the run's directory: a word and the status that waitpid() told. */
#define PLAN_EXIT "exit"
