/* settings.h - what etc/ostler/qemud.conf says */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config.h"

#include <sys/types.h>

typedef struct Settings {
    char *user, *group; /* that QEMU runs as, when we are root */
    bool sandbox;
    char *vnc_listen;
    bool autostart;
    char *save_image_format;
} Settings;

extern Settings settings;
extern const ConfigKey settings_keys[];

/* The user of QEMU's processes. */
typedef struct QemuUser {
    bool given; /* false: we are not root, so QEMU runs as we do */
    uid_t uid;
    gid_t gid;
    gid_t groups[64];
    int group_count;
} QemuUser;

extern QemuUser qemu_user;
/* Looks the user up; may ask the network's directory, so once, before clients are served. */
bool settings_find_user(GError **error);
