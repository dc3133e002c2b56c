/* access.h - who may do what with which object
 *
 * Rules are lines of a file; the first one that fits a caller, a permission and an object decides,
 * and what no rule allows is refused. Without a file everybody may do everything that the socket
 * lets through. polkit can be asked as well. Root and the daemon's own user may do everything. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/uuid.h"
#include "rpc/identity.h"

// clang-format off
typedef enum Permission {
    PERMISSION_NONE,
#define PERMISSION(object, permission, all) PERMISSION_##object##_##permission,
#include "protocol/permissions.def"
#undef PERMISSION
    PERMISSION_COUNT,
} Permission;
// clang-format on

/* "domain.read-secure" */
const char *permission_name(Permission permission);

/* An object, as far as it is known. */
typedef struct Target {
    const char *name; /* NULL: not known */
    const Uuid *uuid; /* NULL: not known, or it has none */
} Target;

/* What a call needs. */
typedef struct Needs {
    Permission list[8];
    unsigned count;
} Needs;

typedef enum Ruling {
    RULING_NO,
    RULING_YES,
    RULING_DEPENDS, /* on what is not known yet of the object */
} Ruling;

/* Reads the rules; that there is no file is right. All of it is right, or nothing changes. polkit:
 * it is asked too. */
bool access_load(const char *path, bool polkit, GError **error);
/* The rest from any thread. */
bool access_asks_polkit(void);
/* Whether there is anything that this caller may not do. */
bool access_is_limited(const Identity *who);

/* What the rules say. */
Ruling access_judge(const Identity *who, Permission permission, const Target *target);
/* The same for all that is needed; *wanting is what there is no permission for. */
Ruling access_judge_all(const Identity *who, const Needs *needs, const Target *target,
                        Permission *wanting);
