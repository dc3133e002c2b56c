/* settings.c - what etc/ostler/qemud.conf says */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

Settings settings;
QemuUser qemu_user;

const ConfigKey settings_keys[] = {
    { "user", CONFIG_STRING, SLOT(Settings, user, char *), .initial = "ostler-qemu",
      .text = "The user that QEMU runs as when this daemon is root." },
    { "group", CONFIG_STRING, SLOT(Settings, group, char *),
      .text = "The group that QEMU runs as; empty: the user's own." },
    { "seccomp_sandbox", CONFIG_FLAG, SLOT(Settings, sandbox, bool), .initial = "1",
      .text = "Whether QEMU gives up the system calls that it does not need." },
    { "vnc_listen", CONFIG_STRING, SLOT(Settings, vnc_listen, char *), .initial = "127.0.0.1",
      .text = "Where a guest's VNC server listens when its definition does not say." },
    { "autostart", CONFIG_FLAG, SLOT(Settings, autostart, bool), .initial = "1",
      .text = "Whether guests marked for it are started when the daemon is, once per boot." },
    { "save_image_format", CONFIG_STRING, SLOT(Settings, save_image_format, char *),
      .initial = "raw",
      .text =
          "What saved guests are compressed with: raw (nothing), gzip, zstd, xz, bzip2 or lzop, "
          "of which the program must be installed." },
    {},
};

static bool find_group(GError **error)
{
    const struct group *group;

    if (!settings.group)
        return true;
    group = getgrnam(settings.group);
    if (!group)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "there is no group '%s' for QEMU",
                    settings.group);
    qemu_user.gid = group->gr_gid;
    return true;
}

bool settings_find_user(GError **error)
{
    const struct passwd *user;

    if (geteuid() != 0)
        return true;
    user = settings.user ? getpwnam(settings.user) : NULL;
    if (!user)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "there is no user '%s' for QEMU to run as: create it, or name another in "
                    "qemud.conf",
                    settings.user ? settings.user : "");
    qemu_user.given = true;
    qemu_user.uid = user->pw_uid;
    qemu_user.gid = user->pw_gid;
    qemu_user.group_count = G_N_ELEMENTS(qemu_user.groups);
    if (getgrouplist(user->pw_name, user->pw_gid, qemu_user.groups, &qemu_user.group_count) < 0)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "user '%s' is in too many groups",
                    user->pw_name);
    return find_group(error);
}
