/* settings.h - what the configuration of every daemon says */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config.h"

#include <sys/types.h>

/* What is asked once, when the sockets are opened. */
typedef struct DoorSettings {
    char *unix_sock_dir;   /* NULL: run/libvirt */
    char *unix_sock_group; /* NULL: that of the daemon */
    char *unix_sock_ro_perms, *unix_sock_rw_perms, *unix_sock_admin_perms;
    char *auth_unix_ro, *auth_unix_rw;
    char *proxy_user;
    char **access_drivers;
} DoorSettings;

extern DoorSettings door_settings;

/* Reads the file into all settings, ours and those of a daemon's own keys (NULL: it has none). */
bool settings_load(const char *path, const ConfigKey *own, void *own_settings, GError **error);
/* Makes what was read the daemon's limits and log; verbose: everything is logged. */
bool settings_apply(bool verbose, GError **error);
/* Who may do what, with the rules at path. */
bool settings_access(const char *path, GError **error);
/* Has as many workers as are to be there without work. */
void settings_staff(void);
/* The workers that an administrator wants while the daemon runs. */
void settings_workers(unsigned least, unsigned most, unsigned extra);
/* What is in force, and why; path: of the file. */
Json *settings_describe(const char *path, const ConfigKey *own, void *own_settings);
/* The file that says nothing, or a manual page about it. */
char *settings_print(const char *daemon, const ConfigKey *own, bool manual);

/* A mode, written in octal digits; a group by its name, -1 for NULL; a way to authenticate
 * (REMOTE_AUTH_*). The key names what is wrong. */
bool settings_mode(const char *key, const char *text, mode_t *mode, GError **error);
bool settings_group(const char *key, const char *name, gid_t *group, GError **error);
bool settings_auth(const char *key, const char *name, int *auth, GError **error);
