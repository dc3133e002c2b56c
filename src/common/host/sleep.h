/* sleep.h - putting this machine to sleep
 *
 * Through logind where it runs, so that who inhibits sleep is heard, else by the kernel directly.
 * root: "" for this machine, else a directory with "sys", where only the kernel's files count. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <stdint.h>

/* How; numbered as clients know them. */
typedef enum HostSleep { SLEEP_MEMORY, SLEEP_DISK, SLEEP_HYBRID, SLEEP_KINDS } HostSleep;

/* What the machine says it can do: bits 1u << HostSleep. In a worker. */
unsigned host_sleep_kinds(const char *root);
/* False when somebody does not want the machine to sleep now; the error tells of it. */
bool host_sleep_allowed(const char *root, GError **error);
/* What takes long before sleep and can be done before: what belongs on disks is written. */
void host_sleep_prepare(const char *root);
/* Others may delay sleep for so many seconds after host_sleep() has been called. */
unsigned host_sleep_delay(const char *root);
/* Whether the machine is about to sleep, whoever asked for it, or may be, as nobody answers. */
bool host_sleep_begins(const char *root);
/* Returns when the machine has woken up, or says why it did not sleep. ERR_OPERATION_TIMEOUT: it
 * may still do so. */
bool host_sleep(const char *root, HostSleep kind, GError **error);
/* How long the machine has slept since it was started, in seconds. */
double host_slept(void);
