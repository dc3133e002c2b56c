/* firmware.h - the firmware that is installed, by the description files that come with it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

typedef struct FirmwareTarget {
    char *arch;      /* as QEMU names it */
    char **machines; /* patterns */
} FirmwareTarget;

typedef struct FirmwareImage {
    bool bios, uefi; /* what it offers to the guest */
    bool flash;      /* it lies in flash memory; false: loaded as a ROM */
    bool stateless;  /* in flash, without a file for its variables */
    char *loader;    /* path of the code */
    char *variables; /* path of the template of its variables; NULL: none */
    GArray *targets; /* of FirmwareTarget */
    char **features; /* "secure-boot", "requires-smm", ... */
} FirmwareImage;

/* All images in the order of preference. directories: where the description files are, the last
 * one overrides those before it; ended by NULL. NULL: where distributions and administrators put
 * them. A description that cannot be read is left out with a warning. */
GPtrArray *firmware_list(const char *const *directories); /* of FirmwareImage */
/* machine: its full name, not an alias. */
bool firmware_suits(const FirmwareImage *image, const char *arch, const char *machine);
bool firmware_has(const FirmwareImage *image, const char *feature);
/* The image for os/@firmware, its features and the machine; NULL when there is none. */
const FirmwareImage *firmware_choose(const GPtrArray *images, const Domain *domain,
                                     const char *machine);

/* For a start: writes into the live definition which loader and which template of variables
 * os/@firmware stands for, or which template belongs to the loader it names. directories as above.
 * ERR_OPERATION_FAILED when nothing suits. */
bool firmware_fill(Domain *live, const char *machine, const char *const *directories,
                   GError **error);
/* Where the variables of a guest are kept when its definition does not say. */
char *firmware_variables_path(const char *name);
