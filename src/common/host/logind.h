/* logind.h - logind's part in putting this machine to sleep */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/sleep.h"

#include <systemd/sd-bus.h>

typedef sd_bus Logind;
/* A connection to the system's bus; NULL when logind does not run. */
Logind *logind_open(void);
void logind_close(Logind *logind);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Logind, logind_close)

unsigned logind_sleep_kinds(Logind *logind);
bool logind_sleep_allowed(Logind *logind, GError **error);
unsigned logind_sleep_delay(Logind *logind);
bool logind_sleep_begins(Logind *logind);
bool logind_sleep(Logind *logind, HostSleep kind, GError **error);
