/* settings.h - what etc/ostler/noded.conf says */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config.h"

typedef struct Settings {
    char *before_sleep;
} Settings;

extern Settings settings;
extern const ConfigKey settings_keys[];
