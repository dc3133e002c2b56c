/* os.h - what a guest boots */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/source.h"

typedef enum OsType { OS_NONE, OS_HVM, OS_XEN, OS_LINUX, OS_EXE, OS_UML, OS_XENPVH } OsType;
extern const char *const os_type_names[];

typedef enum BootDevice {
    BOOT_NONE,
    BOOT_FD,
    BOOT_CDROM,
    BOOT_HD,
    BOOT_NETWORK,
} BootDevice;
extern const char *const boot_device_names[];

typedef enum Firmware { FIRMWARE_ABSENT, FIRMWARE_BIOS, FIRMWARE_EFI } Firmware;
extern const char *const firmware_names[];

typedef enum LoaderType { LOADER_ABSENT, LOADER_ROM, LOADER_PFLASH, LOADER_NONE } LoaderType;
extern const char *const loader_type_names[];

typedef enum SmbiosMode {
    SMBIOS_ABSENT,
    SMBIOS_NONE,
    SMBIOS_EMULATE,
    SMBIOS_HOST,
    SMBIOS_SYSINFO,
} SmbiosMode;
extern const char *const smbios_mode_names[];

typedef struct BootEntry {
    BootDevice device;
} BootEntry;

/* One <initarg>, or another element that is only its text. */
typedef struct TextItem {
    char *text;
} TextItem;

typedef struct InitVariable {
    char *name, *value;
} InitVariable;

typedef struct FirmwareFeature {
    Switch enabled;
    char *name;
} FirmwareFeature;

/* Where the variables of UEFI are kept: a path, or a source of some type. */
typedef struct NvramFile {
    char *template_path; /* what it is made from when it is not there */
    char *path;
    Source source; /* of type SOURCE_NONE: path says it all */
    SourceFormat format;
} NvramFile;

typedef struct IdmapRange {
    unsigned start, target, count;
} IdmapRange;

typedef struct Os {
    Firmware firmware;
    OsType type;
    char *arch, *machine;
    GPtrArray *firmware_features; /* of FirmwareFeature */
    /* of containers */
    char *init;
    GPtrArray *init_arguments; /* of TextItem */
    GPtrArray *init_variables; /* of InitVariable */
    char *init_directory, *init_user, *init_group;
    char *loader;
    Switch loader_readonly, loader_secure, loader_stateless;
    LoaderType loader_type;
    NvramFile *nvram;
    char *kernel, *initrd, *cmdline, *dtb;
    char *root;
    char *slic, *slic_type; /* an ACPI table */
    GPtrArray *boot;        /* of BootEntry, in order */
    Switch bootmenu;
    Optional bootmenu_timeout; /* ms */
    Switch bios_serial;
    Optional reboot_timeout; /* ms; -1: never */
    SmbiosMode smbios;
} Os;

extern XmlElement os_element, text_item_element, idmap_range_element;
