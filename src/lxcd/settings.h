/* settings.h - what etc/ostler/lxcd.conf says */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config.h"

typedef struct Settings {
    bool autostart;
} Settings;

extern Settings settings;
extern const ConfigKey settings_keys[];
