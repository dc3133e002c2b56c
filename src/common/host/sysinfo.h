/* sysinfo.h - what the firmware of this machine tells of it (SMBIOS) */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* The <sysinfo type='smbios'> document. root: "" for this machine, else a directory with "sys" as
 * there. ERR_CONFIG_UNSUPPORTED when the firmware has no such tables. */
char *host_sysinfo(const char *root, GError **error);
/* The same from the tables themselves. version: of SMBIOS: major << 8 | minor. */
char *host_sysinfo_format(const unsigned char *tables, size_t size, unsigned version);
