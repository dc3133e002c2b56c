/* restore.c - a guest goes on from a file */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restore.h"

#include "base/file.h"
#include "guest/define.h"
#include "guest/files.h"
#include "job.h"
#include "migrate.h"
#include "save-stream.h"
#include "save-xml.h"
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* ---- the state ---- */

bool restore_load(Machine *vm, const Restore *restore, Qmp *monitor, GError **error)
{
    g_auto(SaveStream) stream = { .qemu = -1 };
    bool loaded;

    if (!save_stream_open(&stream, restore->image.fd, SAVE_FROM_FILE, restore->image.format,
                          restore->direct, error))
        return false;
    job_begin(vm, VIR_DOMAIN_JOB_OPERATION_RESTORE);
    loaded = migrate_in(monitor, stream.qemu, error);
    job_end(vm, NULL);
    if (!loaded)
        save_stream_explain(&stream, error);
    return loaded;
}

/* ---- from any file ---- */

static bool wants_pause(const SaveImage *image, unsigned flags)
{
    if (flags & (VIR_DOMAIN_SAVE_RUNNING | VIR_DOMAIN_SAVE_PAUSED))
        return flags & VIR_DOMAIN_SAVE_PAUSED;
    return image->paused;
}

static bool check_off(Machine *vm, GError **error)
{
    g_autoptr(View) view = machine_view(vm);

    return !view_is_active(view) || fail(error, ERR_OPERATION_INVALID,
                                         "domain '%s' is already active", view->live->domain->name);
}

static bool start_from(Machine *vm, const Domain *config, const Restore *restore, unsigned flags,
                       GError **error)
{
    if (!check_off(vm, error))
        return false;
    vm->destroy_with_client = false;
    return start_restored(vm, config, restore,
                          flags & VIR_DOMAIN_SAVE_RESET_NVRAM ? VIR_DOMAIN_START_RESET_NVRAM : 0,
                          error);
}

bool restore_file(const char *path, const char *dxml, unsigned flags, GError **error)
{
    g_auto(Restore) restore = { .image.fd = -1 };
    g_autofree char *xml = NULL;
    g_autoptr(Definition) definition = NULL;
    g_autoptr(Machine) vm = NULL;
    g_autoptr(Stay) stay = NULL;

    if (!save_image_open(&restore.image, path, O_RDONLY, error))
        return false;
    xml = save_xml_replace(restore.image.xml, dxml, error);
    definition = xml ? define_parse(xml, false, error) : NULL;
    vm = definition ? define_machine(definition->domain, error) : NULL;
    if (!vm)
        return false;
    restore.paused = wants_pause(&restore.image, flags);
    restore.direct = flags & VIR_DOMAIN_SAVE_BYPASS_CACHE;
    stay = strand_enter(vm->object.strand, MODE_JOB, "domain_restore", error);
    if (stay && start_from(vm, definition->domain, &restore, flags, error))
        return true;
    define_undo(vm);
    return false;
}

/* ---- from what is kept ---- */

static char *kept_path(Machine *vm)
{
    g_autofree char *name = object_name(&vm->object);

    return files_saved(name);
}

static char *aside_path(Machine *vm)
{
    g_autofree char *name = object_name(&vm->object);

    return files_restored(name);
}

bool restore_put_aside(Machine *vm, GError **error)
{
    g_autofree char *kept = kept_path(vm), *aside = aside_path(vm);

    if ((access(kept, F_OK) < 0 && errno == ENOENT) || file_rename(kept, aside, error))
        return true;
    (void) rename(aside, kept); /* it has another name, but that may not last */
    return false;
}

void restore_put_back(Machine *vm)
{
    g_autofree char *kept = kept_path(vm), *aside = aside_path(vm);
    g_autoptr(GError) error = NULL;

    if (!file_rename(aside, kept, &error))
        machine_log(vm, G_LOG_LEVEL_WARNING, "%s", error->message);
}

void restore_forget(Machine *vm)
{
    g_autofree char *aside = aside_path(vm);

    (void) unlink(aside);
}

bool restore_drop(Machine *vm, View *next, GError **error)
{
    g_autofree char *path = kept_path(vm);

    next->saved = false;
    return file_remove(path, error);
}

static bool drop_kept(Machine *vm, GError **error)
{
    g_autoptr(View) view = machine_edit(vm);

    return restore_drop(vm, view, error) && machine_publish(vm, g_steal_pointer(&view), error);
}

/* What somebody took away, or a file system has lost, is no reason never to start again. */
static bool is_lost(const char *path)
{
    struct stat there;

    return stat(path, &there) < 0 ? errno == ENOENT : there.st_size == 0;
}

static bool check_owner(Machine *vm, const Domain *domain, GError **error)
{
    g_autofree char *name = object_name(&vm->object);

    return (uuid_equal(&domain->uuid, &vm->object.uuid) && g_str_equal(domain->name, name)) ||
           fail(error, ERR_OPERATION_FAILED, "what is kept of domain '%s' is of domain '%s'", name,
                domain->name);
}

bool restore_kept(Machine *vm, const Domain *config, unsigned flags, const GArray *fds,
                  GError **error)
{
    g_auto(Restore) restore = { .image.fd = -1 };
    g_autofree char *path = kept_path(vm);
    g_autoptr(Definition) definition = NULL;
    bool lost = is_lost(path);

    if (lost)
        machine_log(vm, G_LOG_LEVEL_WARNING, "its saved state is lost: it boots");
    if (lost || flags & VIR_DOMAIN_START_FORCE_BOOT)
        return drop_kept(vm, error) && start_machine(vm, config, flags, fds, error);
    if (!save_image_open(&restore.image, path, O_RDONLY, error))
        return false;
    definition = define_parse(restore.image.xml, false, error);
    if (!definition || !check_owner(vm, definition->domain, error))
        return false;
    restore.direct = flags & VIR_DOMAIN_START_BYPASS_CACHE;
    restore.paused = restore.image.paused || flags & VIR_DOMAIN_START_PAUSED;
    return start_restored(vm, definition->domain, &restore, flags, error);
}
