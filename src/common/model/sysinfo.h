/* sysinfo.h - what the guest reads about its machine: SMBIOS, firmware configuration */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml/bind.h"

typedef enum SysinfoType { SYSINFO_SMBIOS, SYSINFO_FWCFG } SysinfoType;

typedef struct SysinfoEntry {
    char *name;
    char *file; /* of firmware configuration, in place of value */
    char *value;
} SysinfoEntry;

typedef struct SysinfoBoard {
    GPtrArray *entries; /* of SysinfoEntry */
} SysinfoBoard;

/* Lists of SysinfoEntry but for boards. */
typedef struct Sysinfo {
    SysinfoType type;
    GPtrArray *bios, *system;
    GPtrArray *boards; /* of SysinfoBoard */
    GPtrArray *chassis, *oem_strings;
    GPtrArray *entries; /* of SYSINFO_FWCFG */
} Sysinfo;

extern XmlElement sysinfo_element;

/* The value of the entry with this name, of one of the lists; NULL if there is none. */
const char *sysinfo_value(GPtrArray *entries, const char *name);
