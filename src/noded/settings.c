/* settings.c - what etc/ostler/noded.conf says */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

Settings settings;

const ConfigKey settings_keys[] = {
    { "before_sleep", CONFIG_STRING, SLOT(Settings, before_sleep, char *), .initial = "nothing",
      .text = "What happens to running guests before the machine sleeps for a duration: nothing, "
              "pause or save; what cannot be saved is paused. They go on when it is awake." },
    {},
};
