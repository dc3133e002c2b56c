/* args.c - what the parts of a command line are put together with */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "args.h"

#include "base/file.h"
#include "base/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

static void close_descriptor(void *fd) { fd_close(*(int *) fd); }

Args *args_new(void)
{
    Args *args = g_new0(Args, 1);

    args->argv = g_ptr_array_new_with_free_func(g_free);
    args->environment = g_ptr_array_new_with_free_func(g_free);
    args->fds = g_array_new(false, false, sizeof(int));
    g_array_set_clear_func(args->fds, close_descriptor);
    args->files = g_ptr_array_new_with_free_func(g_free);
    return args;
}

void args_free(Args *args)
{
    if (!args)
        return;
    g_ptr_array_unref(args->argv);
    g_ptr_array_unref(args->environment);
    g_array_unref(args->fds);
    g_ptr_array_unref(args->files);
    g_free(args);
}

void args_undo(Args *args)
{
    for (guint i = 0; i < args->files->len; i++)
        (void) unlink(args->files->pdata[i]);
    g_ptr_array_set_size(args->files, 0);
}

/* ---- text ---- */

void args_take(Args *args, const char *option, char *value)
{
    g_ptr_array_add(args->argv, g_strdup(option));
    if (value)
        g_ptr_array_add(args->argv, value);
}

void args_add(Args *args, const char *option, const char *value)
{
    args_take(args, option, g_strdup(value));
}

void args_json(Args *args, const char *option, Json *value)
{
    g_autoptr(Json) owned = value;

    args_take(args, option, json_print(owned));
}

GString *option_new(const char *first) { return g_string_new(first); }

void option_set(GString *option, const char *key, const char *value)
{
    if (!value)
        return;
    g_string_append_printf(option, "%s%s=", option->len ? "," : "", key);
    for (; *value; value++)
        g_string_append(option, (const char[]){ *value, *value == ',' ? ',' : '\0', '\0' });
}

void option_printf(GString *option, const char *key, const char *format, ...)
{
    g_autofree char *value = NULL;
    va_list args;

    va_start(args, format);
    value = g_strdup_vprintf(format, args);
    va_end(args);
    option_set(option, key, value);
}

void option_switch(GString *option, const char *key, Switch value)
{
    option_set(option, key, value == SWITCH_ABSENT ? NULL : value == SWITCH_ON ? "on" : "off");
}

void args_option(Args *args, const char *name, GString *option)
{
    args_take(args, name, g_string_free(option, false));
}

/* ---- descriptors ---- */

int args_keep(Args *args, int fd)
{
    g_array_append_val(args->fds, fd);
    return fd;
}

char *args_fdset(Args *args, int fd, const char *what)
{
    GString *option = option_new(NULL);

    option_printf(option, "fd", "%d", args_keep(args, fd));
    option_printf(option, "set", "%u", args->fdsets);
    option_set(option, "opaque", what);
    args_option(args, "-add-fd", option);
    return g_strdup_printf("/dev/fdset/%u", args->fdsets++);
}

/* /proc opens the file anew, and the kernel looks at its mode. */
static bool is_readable(const Args *args, const struct stat *file)
{
    if (file->st_uid == args->uid)
        return file->st_mode & S_IRUSR;
    if (file->st_gid == args->gid)
        return file->st_mode & S_IRGRP;
    return file->st_mode & S_IROTH;
}

static int memory_file(const char *name, GError **error)
{
    g_auto(Fd) fd = memfd_create(name, MFD_CLOEXEC);

    if (fd < 0 || fchmod(fd, 0444) < 0) {
        fail_errno(error, errno, "cannot make memory for '%s'", name);
        return -1;
    }
    return g_steal_fd(&fd);
}

static int copy_file(int from, uint64_t size, const char *path, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    g_auto(Fd) copy = memory_file(name, error);

    if (copy < 0)
        return -1;
    while (size > 0) {
        ssize_t done = sendfile(copy, from, NULL, MIN(size, 1 << 30));

        if (done <= 0) {
            fail_errno(error, done < 0 ? errno : EIO, "cannot read '%s'", path);
            return -1;
        }
        size -= done;
    }
    return g_steal_fd(&copy);
}

static char *descriptor_path(Args *args, int fd)
{
    return g_strdup_printf("/proc/self/fd/%d", args_keep(args, fd));
}

char *args_file(Args *args, const char *path, GError **error)
{
    g_auto(Fd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat file;
    int copy;

    if (fd < 0 || fstat(fd, &file) < 0)
        return fail_errno(error, errno, "cannot open '%s'", path);
    if (!S_ISREG(file.st_mode))
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not a file", path);
    if (is_readable(args, &file))
        return descriptor_path(args, g_steal_fd(&fd));
    copy = copy_file(fd, file.st_size, path, error);
    return copy < 0 ? NULL : descriptor_path(args, copy);
}

char *args_secret(Args *args, const char *name, const char *text, GError **error)
{
    g_auto(Fd) fd = memory_file(name, error);

    if (fd < 0)
        return NULL;
    if (!file_write_all(fd, text, strlen(text)))
        return fail_errno(error, errno, "cannot make memory for '%s'", name);
    return descriptor_path(args, g_steal_fd(&fd));
}

bool args_rom(Args *args, const DeviceInfo *device, Json *json, GError **error)
{
    g_autofree char *path = NULL;

    if (!device->rom_file || device->rom_enabled == SWITCH_OFF)
        return true;
    path = args_file(args, device->rom_file, error);
    if (path)
        json_object_object_add(json, "romfile", json_object_new_string(path));
    return path != NULL;
}

int args_listen(Args *args, const char *path, GError **error)
{
    int fd = unix_listen(path, SOCK_STREAM, 0660, error);

    if (fd < 0)
        return -1;
    args_keep(args, fd);
    g_ptr_array_add(args->files, g_strdup(path));
    if (args->uid != geteuid() && chown(path, args->uid, args->gid) < 0) {
        fail_errno(error, errno, "cannot give '%s' to QEMU's user", path);
        return -1;
    }
    return fd;
}
