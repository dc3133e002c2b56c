/* settings.c - what etc/ostler/lxcd.conf says */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

Settings settings;

const ConfigKey settings_keys[] = {
    { "autostart", CONFIG_FLAG, SLOT(Settings, autostart, bool), .initial = "1",
      .text = "Whether containers marked for it are started when the daemon is, once per boot." },
    {},
};
