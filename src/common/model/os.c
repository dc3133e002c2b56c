/* os.c - what a guest boots */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/os.h"

const char *const os_type_names[] = {
    [OS_NONE] = NULL, [OS_HVM] = "hvm", [OS_XEN] = "xen",       [OS_LINUX] = "linux",
    [OS_EXE] = "exe", [OS_UML] = "uml", [OS_XENPVH] = "xenpvh", NULL,
};
const char *const boot_device_names[] = {
    [BOOT_NONE] = NULL, [BOOT_FD] = "fd",           [BOOT_CDROM] = "cdrom",
    [BOOT_HD] = "hd",   [BOOT_NETWORK] = "network", NULL,
};
const char *const firmware_names[] = {
    [FIRMWARE_ABSENT] = NULL,
    [FIRMWARE_BIOS] = "bios",
    [FIRMWARE_EFI] = "efi",
    NULL,
};
const char *const loader_type_names[] = {
    [LOADER_ABSENT] = NULL,
    [LOADER_ROM] = "rom",
    [LOADER_PFLASH] = "pflash",
    [LOADER_NONE] = "none",
    NULL,
};
const char *const smbios_mode_names[] = {
    [SMBIOS_ABSENT] = NULL, [SMBIOS_NONE] = "none",       [SMBIOS_EMULATE] = "emulate",
    [SMBIOS_HOST] = "host", [SMBIOS_SYSINFO] = "sysinfo", NULL,
};
static const char *const table_words[] = { NULL, "slic", NULL };

static const XmlField text_item_fields[] = {
    XML_STRING(".", TextItem, text, .required = true),
    {},
};
XmlElement text_item_element = {
    .name = "initarg",
    .size = sizeof(TextItem),
    .fields = text_item_fields,
};

static const XmlField variable_fields[] = {
    XML_STRING("@name", InitVariable, name, .required = true),
    XML_STRING(".", InitVariable, value, .required = true),
    {},
};
static XmlElement variable_element = {
    .name = "initenv",
    .size = sizeof(InitVariable),
    .fields = variable_fields,
};

static const XmlField idmap_range_fields[] = {
    XML_NUMBER("@start", IdmapRange, start, .required = true, .always = true),
    XML_NUMBER("@target", IdmapRange, target, .required = true, .always = true),
    XML_NUMBER("@count", IdmapRange, count, .required = true, .always = true),
    {},
};
XmlElement idmap_range_element = {
    .name = "uid",
    .size = sizeof(IdmapRange),
    .fields = idmap_range_fields,
};

static const XmlField feature_fields[] = {
    XML_YES_NO("@enabled", FirmwareFeature, enabled, .required = true),
    XML_STRING("@name", FirmwareFeature, name, .required = true),
    {},
};
static XmlElement feature_element = {
    .name = "feature",
    .size = sizeof(FirmwareFeature),
    .fields = feature_fields,
};

static const XmlField nvram_fields[] = {
    XML_ENUM("@type", NvramFile, source.type, source_type_names),
    XML_STRING("@template", NvramFile, template_path),
    XML_STRING(".", NvramFile, path, .when = WHEN(SOURCE_NONE)),
    XML_ENUM("format/@type", NvramFile, format, source_format_names,
             .when = WHEN_NOT(WHEN(SOURCE_NONE))),
    XML_PART(".", NvramFile, source, &source_element),
    {},
};

static XmlElement nvram_element = {
    .name = "nvram",
    .size = sizeof(NvramFile),
    .fields = nvram_fields,
    .variant = offsetof(NvramFile, source.type),
};

static const XmlField boot_fields[] = {
    XML_ENUM("@dev", BootEntry, device, boot_device_names, .required = true),
    {},
};
static XmlElement boot_element = {
    .name = "boot",
    .size = sizeof(BootEntry),
    .fields = boot_fields,
};

// clang-format off
static const XmlField os_fields[] = {
    XML_ENUM("@firmware", Os, firmware, firmware_names),
    XML_STRING("type/@arch", Os, arch),
    XML_STRING("type/@machine", Os, machine),
    XML_ENUM("type", Os, type, os_type_names),
    XML_LIST("firmware/feature", Os, firmware_features, &feature_element),
    XML_STRING("init", Os, init),
    XML_LIST("initarg", Os, init_arguments, &text_item_element),
    XML_LIST("initenv", Os, init_variables, &variable_element),
    XML_STRING("initdir", Os, init_directory),
    XML_STRING("inituser", Os, init_user),
    XML_STRING("initgroup", Os, init_group),
    XML_YES_NO("loader/@readonly", Os, loader_readonly),
    XML_YES_NO("loader/@secure", Os, loader_secure),
    XML_ENUM("loader/@type", Os, loader_type, loader_type_names),
    XML_YES_NO("loader/@stateless", Os, loader_stateless),
    XML_STRING("loader", Os, loader),
    XML_CHILD("nvram", Os, nvram, &nvram_element),
    XML_STRING("kernel", Os, kernel),
    XML_STRING("initrd", Os, initrd),
    XML_STRING("cmdline", Os, cmdline),
    XML_STRING("dtb", Os, dtb),
    XML_STRING("root", Os, root),
    XML_WORD("acpi/table/@type", Os, slic_type, table_words, .needed = true),
    XML_STRING("acpi/table", Os, slic),
    XML_LIST("boot", Os, boot, &boot_element),
    XML_YES_NO("bootmenu/@enable", Os, bootmenu),
    XML_NUMBER("bootmenu/@timeout", Os, bootmenu_timeout, .max = 65535),
    XML_YES_NO("bios/@useserial", Os, bios_serial),
    XML_NUMBER("bios/@rebootTimeout", Os, reboot_timeout, .min = -1, .max = 65535),
    XML_ENUM("smbios/@mode", Os, smbios, smbios_mode_names, .needed = true),
    {},
};
// clang-format on
XmlElement os_element = {
    .name = "os",
    .size = sizeof(Os),
    .fields = os_fields,
};
