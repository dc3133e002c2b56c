/* container.h - a running container, as the daemon holds it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guest/machine.h"

/* What a call needs of a container that runs; counted by GLib's atomic boxes. */
typedef struct Container {
    pid_t pid;  /* its first process, as the host numbers it */
    Fd init;    /* the same, as a pidfd */
    Fd network; /* its network's namespace, so that links of the host's can be fetched at its end */
    char *group; /* the path of its control group; NULL: it has none */
} Container;

Container *container_new(pid_t pid, int init, const char *group); /* takes init over */
Container *container_ref(Container *container);
void container_unref(Container *container);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Container, container_unref)

/* Counted; NULL and an error when it does not run. From any thread. */
static inline Container *container_of(Machine *vm, GError **error)
{
    return machine_control(vm, error);
}

/* A connection to the controller that joins a client to one of the consoles while it lasts; -1 and
 * an error. */
int container_join(Machine *vm, const char *alias, GError **error);
/* False and an error when its network is the host's. */
bool container_has_own_network(const Container *container, GError **error);
/* A descriptor of a path as the container sees it, for openat2(); -1 and errno. */
int container_open(const Container *container, const char *path, int flags);
