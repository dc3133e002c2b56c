/* sysinfo.c - what the guest reads about its machine: SMBIOS, firmware configuration */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sysinfo.h"
#include "model/list.h"

static const char *const type_names[] = {
    [SYSINFO_SMBIOS] = "smbios",
    [SYSINFO_FWCFG] = "fwcfg",
    NULL,
};

static const XmlField entry_fields[] = {
    XML_STRING("@name", SysinfoEntry, name),
    XML_STRING("@file", SysinfoEntry, file),
    XML_STRING(".", SysinfoEntry, value),
    {},
};
static XmlElement entry_element = {
    .name = "entry",
    .size = sizeof(SysinfoEntry),
    .fields = entry_fields,
};

static const XmlField board_fields[] = {
    XML_LIST("entry", SysinfoBoard, entries, &entry_element),
    {},
};
static XmlElement board_element = {
    .name = "baseBoard",
    .size = sizeof(SysinfoBoard),
    .fields = board_fields,
};

// clang-format off
#define SMBIOS .when = WHEN(SYSINFO_SMBIOS)

static const XmlField sysinfo_fields[] = {
    XML_ENUM("@type", Sysinfo, type, type_names, .required = true),
    XML_LIST("bios/entry", Sysinfo, bios, &entry_element, SMBIOS),
    XML_LIST("system/entry", Sysinfo, system, &entry_element, SMBIOS),
    XML_LIST("baseBoard", Sysinfo, boards, &board_element, SMBIOS),
    XML_LIST("chassis/entry", Sysinfo, chassis, &entry_element, SMBIOS),
    XML_LIST("oemStrings/entry", Sysinfo, oem_strings, &entry_element, SMBIOS),
    XML_LIST("entry", Sysinfo, entries, &entry_element, .when = WHEN(SYSINFO_FWCFG)),
    {},
};
// clang-format on

const char *sysinfo_value(GPtrArray *entries, const char *name)
{
    for (LIST_EACH(SysinfoEntry, entry, entries)) {
        if (g_strcmp0(entry->name, name) == 0)
            return entry->value;
    }
    return NULL;
}

static bool names_are_there(GPtrArray *entries, GError **error)
{
    for (LIST_EACH(SysinfoEntry, entry, entries)) {
        if (!entry->name)
            return fail(error, ERR_XML, "missing 'entry/@name'");
    }
    return true;
}

static bool sysinfo_finish(void *object, unsigned, GError **error)
{
    const Sysinfo *sysinfo = object;

    for (LIST_EACH(SysinfoBoard, board, sysinfo->boards)) {
        if (!names_are_there(board->entries, error))
            return false;
    }
    for (LIST_EACH(SysinfoEntry, entry, sysinfo->entries)) {
        if (entry->file && entry->value)
            return fail(error, ERR_XML, "<entry> has either text or '@file'");
    }
    return names_are_there(sysinfo->bios, error) && names_are_there(sysinfo->system, error) &&
           names_are_there(sysinfo->chassis, error) && names_are_there(sysinfo->entries, error);
}

XmlElement sysinfo_element = {
    .name = "sysinfo",
    .size = sizeof(Sysinfo),
    .fields = sysinfo_fields,
    .variant = offsetof(Sysinfo, type),
    .finish = sysinfo_finish,
};
