/* controller.h - the parts of the process that holds one container
 *
 * It is linked statically and stays small: there is one for each container. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Steps of the plan, one after the other; NULL: no more. */
const PlanStep *plan_next(const PlanStep *step);
const PlanStep *plan_find(PlanKind kind); /* the first of a kind, or NULL */
const char *plan_text(const PlanStep *step, unsigned index);
/* Who 0 of inside is outside, by a PLAN_UID_MAP or PLAN_GID_MAP. */
unsigned plan_root(PlanKind kind);
/* For child and controller: tells the daemon what could not be done, with errno, and ends. */
__attribute__((noreturn, format(printf, 1, 2))) void give_up(const char *what, ...);
extern const PlanStep *plan;
extern int report_socket; /* to the daemon; ends when the container's program begins */
extern int group;         /* that the container is in; -1: none of its own */

/* mounts.c */
void make_namespace(void);
/* What the controller does before the container is there; leaves it inside the new root. */
void run_outside(void);
/* A descriptor of a path inside the directory, whatever links say; made when it is not there and
 * type is S_IFDIR or S_IFREG. -1 and errno. */
int open_inside(int root, const char *path, mode_t type);
/* Mounts by the new calls; flags are PlanFlags, attributes of the kernel's come from them. */
void mount_own(const PlanStep *step);
void mount_readonly(const PlanStep *step);
void mount_mask(const PlanStep *step);
void enter_root(void);

/* init.c: the container's first process; ends as its program. */
__attribute__((noreturn)) void become_init(int go);

/* consoles.c */
void consoles_open(unsigned count, const char *directory, PlanAnswer *answer);
/* Serves them until the container has ended, then gives back its status. */
int consoles_serve(pid_t init, int listener, int signals);
