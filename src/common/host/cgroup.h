/* cgroup.h - control groups of the unified hierarchy: made, limited, counted, frozen, ended
 *
 * A group is named by the path of its directory. All functions may be called from any thread;
 * those that wait, in a worker. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

/* Where the unified hierarchy is mounted; NULL when it is not. */
const char *cgroup_root(void);
/* The group that a process is in; NULL when that cannot be said. */
char *cgroup_of(pid_t pid);

/* Makes the group and those above it, or none of them, and gives it all controllers that there
 * are. */
bool cgroup_make(const char *group, GError **error);
/* One more directly below a group that there is; its path. */
char *cgroup_make_below(const char *group, const char *name, GError **error);
/* Gives the groups below it all controllers that it has itself. It must have no processes. */
bool cgroup_delegate(const char *group, GError **error);
/* Ends what is in it, and takes all below it away. */
void cgroup_empty(const char *group);
/* The same, and the group itself. */
void cgroup_end(const char *group);
bool cgroup_add(const char *group, pid_t pid, GError **error);

/* Whether the group has the file: a controller that is not there has none. */
bool cgroup_has(const char *group, const char *file);
bool cgroup_write(const char *group, const char *file, const char *text, GError **error);
/* Without the line break at its end; NULL when it cannot be read. */
char *cgroup_read(const char *group, const char *file);
/* A file's number ("max" is UINT64_MAX), or that behind a key in it (NULL: the first). False when
 * there is none. */
bool cgroup_number(const char *group, const char *file, const char *key, uint64_t *value);

/* Holds all processes in it, or lets them go on, and returns when that is so. */
bool cgroup_freeze(const char *group, bool frozen, GError **error);

typedef struct CgroupDevice {
    char type;        /* 'b' or 'c'; 'a': either */
    int major, minor; /* -1: any */
    const char *may;  /* of "rwm" */
} CgroupDevice;
/* What processes in it may do to devices: what one of them (ended by type 0) allows. Replaces
 * what was said before. */
bool cgroup_devices(const char *group, const CgroupDevice *devices, GError **error);
