/* argv-os.c - what a guest boots, on the command line */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "argv-os.h"

#include "base/file.h"
#include "blockdev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define CODE_NODE "ostler-pflash0"
#define VARIABLES_NODE "ostler-pflash1"

/* ---- firmware ---- */

static const char *variables_path(const Domain *live)
{
    const NvramFile *nvram = live->os.nvram;

    if (!nvram)
        return NULL;
    return nvram->path ? nvram->path : nvram->source.path;
}

static bool copy(const char *from, int to, GError **error)
{
    g_auto(Fd) template = open(from, O_RDONLY | O_CLOEXEC);
    ssize_t done = 1;

    if (template <0)
        return fail_errno(error, errno, "cannot open '%s'", from);
    while (done > 0)
        done = sendfile(to, template, NULL, 1 << 30);
    return done == 0 || fail_errno(error, errno, "cannot copy '%s'", from);
}

/* A guest's own variables begin as a copy of the template. */
static bool make_variables(Args *args, const char *path, const char *template, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path), *part = g_strconcat(path, ".new", NULL);
    bool is_new = access(path, F_OK) < 0;
    g_auto(Fd) fd = -1;

    if (!template)
        return fail(error, ERR_OPERATION_FAILED,
                    "unable to find any master var store for loader: '%s' is not there", path);
    if (!file_make_directory(directory, 0711, error))
        return false;
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(error, errno, "cannot create '%s'", part);
    if (!copy(template, fd, error)) {
        (void) unlink(part);
        return false;
    }
    if (rename(part, path) < 0)
        return fail_errno(error, errno, "cannot create '%s'", path);
    if (is_new)
        g_ptr_array_add(args->files, g_strdup(path));
    return true;
}

static bool add_variables(Args *args, const Domain *live, GError **error)
{
    const char *path = variables_path(live);

    if (!path)
        return true;
    if ((args->reset_nvram || access(path, F_OK) < 0) &&
        !make_variables(args, path, live->os.nvram->template_path, error))
        return false;
    return blockdev_add_file(args, VARIABLES_NODE, path, true, error);
}

bool firmware_add(Args *args, const Domain *live, GError **error)
{
    const Os *os = &live->os;
    char *path;

    if (!os->loader && os->firmware == FIRMWARE_EFI)
        return fail(error, ERR_OPERATION_FAILED,
                    "Unable to find 'efi' firmware that is compatible with the current "
                    "configuration");
    if (!os->loader)
        return true;
    if (os->loader_type == LOADER_PFLASH)
        return blockdev_add_file(args, CODE_NODE, os->loader, os->loader_readonly == SWITCH_OFF,
                                 error) &&
               add_variables(args, live, error);
    path = args_file(args, os->loader, error);
    if (path)
        args_take(args, "-bios", path);
    return path != NULL;
}

void firmware_machine(GString *option, const Domain *live)
{
    if (!live->os.loader || live->os.loader_type != LOADER_PFLASH)
        return;
    option_set(option, "pflash0", CODE_NODE);
    option_set(option, "pflash1", variables_path(live) ? VARIABLES_NODE : NULL);
}

/* ---- kernel ---- */

static bool add_kernel(Args *args, const Domain *live, GError **error)
{
    const struct {
        const char *option, *path;
    } files[] = {
        { "-kernel", live->os.kernel },
        { "-initrd", live->os.initrd },
        { "-dtb", live->os.dtb },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        char *path = files[i].path ? args_file(args, files[i].path, error) : NULL;

        if (files[i].path && !path)
            return false;
        if (path)
            args_take(args, files[i].option, path);
    }
    if (live->os.cmdline)
        args_add(args, "-append", live->os.cmdline);
    return true;
}

static void add_boot(Args *args, const Domain *live)
{
    const Os *os = &live->os;
    GString *option = option_new(NULL);

    option_switch(option, "menu", os->bootmenu);
    if (os->reboot_timeout.given)
        option_printf(option, "reboot-timeout", "%" G_GINT64_FORMAT, os->reboot_timeout.value);
    if (os->bootmenu == SWITCH_ON && os->bootmenu_timeout.given)
        option_printf(option, "splash-time", "%" G_GINT64_FORMAT, os->bootmenu_timeout.value);
    option_set(option, "strict", "on");
    args_option(args, "-boot", option);
}

/* ---- tables ---- */

/* The words of SMBIOS tables. */
static const char *const bios_words[] = { "vendor", "version", "date", "release", NULL };
static const char *const system_words[] = { "manufacturer", "product", "version", "serial",
                                            "uuid",         "sku",     "family",  NULL };
static const char *const board_words[] = { "manufacturer", "product",  "version", "serial",
                                           "asset",        "location", NULL };
static const char *const chassis_words[] = { "manufacturer", "version", "serial",
                                             "asset",        "sku",     NULL };

static void add_table(Args *args, unsigned type, const char *const *words, GPtrArray *entries)
{
    GString *option = option_new(NULL);

    option_printf(option, "type", "%u", type);
    for (; *words; words++)
        option_set(option, *words, sysinfo_value(entries, *words));
    if (list_length(entries))
        args_option(args, "-smbios", option);
    else
        g_string_free(option, true);
}

static void add_strings(Args *args, GPtrArray *entries)
{
    GString *option = option_new("type=11");

    for (LIST_EACH(SysinfoEntry, entry, entries))
        option_set(option, "value", entry->value);
    if (list_length(entries))
        args_option(args, "-smbios", option);
    else
        g_string_free(option, true);
}

static void add_smbios(Args *args, const Sysinfo *sysinfo)
{
    add_table(args, 0, bios_words, sysinfo->bios);
    add_table(args, 1, system_words, sysinfo->system);
    for (LIST_EACH(SysinfoBoard, board, sysinfo->boards))
        add_table(args, 2, board_words, board->entries);
    add_table(args, 3, chassis_words, sysinfo->chassis);
    add_strings(args, sysinfo->oem_strings);
}

static bool add_firmware_entry(Args *args, const SysinfoEntry *entry, GError **error)
{
    g_autofree char *path = entry->file ? args_file(args, entry->file, error) : NULL;
    GString *option;

    if (entry->file && !path)
        return false;
    option = option_new(NULL);
    option_set(option, "name", entry->name);
    option_set(option, path ? "file" : "string", path ? path : entry->value);
    args_option(args, "-fw_cfg", option);
    return true;
}

static bool add_sysinfo(Args *args, const Domain *live, GError **error)
{
    for (LIST_EACH(Sysinfo, sysinfo, live->sysinfo)) {
        if (sysinfo->type == SYSINFO_SMBIOS && live->os.smbios == SMBIOS_SYSINFO)
            add_smbios(args, sysinfo);
        for (LIST_EACH(SysinfoEntry, entry, sysinfo->entries)) {
            if (!add_firmware_entry(args, entry, error))
                return false;
        }
    }
    return true;
}

static bool add_slic(Args *args, const Domain *live, GError **error)
{
    g_autofree char *path = NULL;
    GString *option;

    if (!live->os.slic)
        return true;
    path = args_file(args, live->os.slic, error);
    if (!path)
        return false;
    option = option_new("sig=SLIC");
    option_set(option, "file", path);
    args_option(args, "-acpitable", option);
    return true;
}

bool os_add(Args *args, const Domain *live, GError **error)
{
    add_boot(args, live);
    if (live->os.loader_secure == SWITCH_ON)
        args_add(args, "-global", "driver=cfi.pflash01,property=secure,value=on");
    return add_kernel(args, live, error) && add_sysinfo(args, live, error) &&
           add_slic(args, live, error);
}

/* ---- what is refused ---- */

bool os_check(const Domain *guest, GError **error)
{
    for (LIST_EACH(Sysinfo, sysinfo, guest->sysinfo)) {
        if (list_length(sysinfo->boards) > 1)
            return fail(error, ERR_CONFIG_UNSUPPORTED,
                        "qemu does not support more than one entry to Type 2 in SMBIOS table");
    }
    if (guest->os.nvram && guest->os.loader_type != LOADER_PFLASH && guest->os.loader)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "NVRAM is not supported with a loader of type "
                    "'rom'");
    return true;
}
