/* nbd.c - images that are no raw disk, as block devices
 *
 * The kernel refuses a device that somebody else sets up, so whoever tries one has it or takes the
 * next. The number of a device is in the name of the file that the process notes its pid in: who
 * comes after us ends what it finds. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nbd.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "daemon/daemon.h"
#include "loop/spawn.h"
#include "loop/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nbd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#define PREFIX "nbd"

enum { READY_MS = 30000, LOOK_MS = 2, IDLE_MS = 10000, END_MS = 10000, SAID = 512 };

/* ---- devices ---- */

static char *read_attribute(unsigned number, const char *name)
{
    g_autofree char *path = g_strdup_printf("/sys/block/nbd%u/%s", number, name);
    char *text = file_read(path, 64, NULL);

    return text ? g_strchomp(text) : NULL;
}

static bool is_there(unsigned number)
{
    g_autofree char *size = read_attribute(number, "size");

    return size != NULL;
}

/* The thread that has it, which is nobody's when it is free. */
static int user_of(unsigned number)
{
    g_autofree char *text = read_attribute(number, "pid");

    return text ? atoi(text) : 0;
}

static bool is_served_by(unsigned number, pid_t pid)
{
    g_autofree char *size = read_attribute(number, "size");
    g_autofree char *thread = g_strdup_printf("/proc/%d/task/%d", pid, user_of(number));

    return size && !g_str_equal(size, "0") && access(thread, F_OK) == 0;
}

/* ---- the process ---- */

typedef struct Export {
    unsigned number;
    pid_t pid;
    Fd pidfd, said; /* what it complains of */
    char *socket;
} Export;

static void export_clear(Export *export)
{
    if (export->pidfd >= 0)
        fd_close(export->pidfd);
    if (export->said >= 0)
        fd_close(export->said);
    (void) unlink(export->socket);
    g_free(export->socket);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Export, export_clear)

static char *note_of(const char *directory, unsigned number)
{
    g_autofree char *name = g_strdup_printf(PREFIX "%u", number);

    return g_build_filename(directory, name, NULL);
}

/* By which we know it again. */
static char *mark_of(const char *directory)
{
    return g_strconcat("--description=", directory, NULL);
}

/* Its own client asks it by a socket, once: a short path, which a directory need not have. */
static char *socket_path(void)
{
    static int number;

    return daemon_path("run/ostler/lxc/nbd-%d-%d", getpid(), g_atomic_int_add(&number, 1));
}

static bool run(Export *export, const Fs *fs, const char *directory, GError **error)
{
    g_autofree char *program = g_find_program_in_path("qemu-nbd");
    g_autofree char *device = g_strdup_printf("--connect=/dev/nbd%u", export->number);
    g_autofree char *socket = g_strconcat("--socket=", export->socket, NULL);
    g_autofree char *format = g_strconcat("--format=", fs->format, NULL);
    g_autofree char *mark = mark_of(directory), *note = note_of(directory, export->number);
    /* one that may talk stays in the foreground, as our child */
    const char *const argv[] = {
        program,
        "--verbose",
        mark,
        device,
        socket,
        format,
        fs->readonly ? "--read-only" : "--discard=unmap",
        "--",
        fs->source,
        NULL,
    };
    g_auto(Fd) pid_file = open(note, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const Spawn what = {
        .argv = argv,
        .in = -1,
        .out = -1,
        .err = export->said,
        .pid_file = pid_file,
    };

    if (!program)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "image '%s' needs qemu-nbd, which is not installed", fs->source);
    if (pid_file < 0)
        return fail_errno(error, errno, "cannot create '%s'", note);
    export->pid = spawn(&what, &export->pidfd, error);
    return export->pid > 0;
}

static char *said_by(const Export *export)
{
    char text[SAID + 1];
    ssize_t got = pread(export->said, text, SAID, 0);

    text[MAX(got, 0)] = '\0';
    return g_strstrip(g_utf8_make_valid(text, -1));
}

/* Taken: somebody else has the device, the next may do. */
typedef enum Outcome { SERVED, TAKEN, FAILED } Outcome;

static Outcome serve(unsigned number, const Fs *fs, const char *directory, GError **error)
{
    g_auto(Export) export = { number, -1, -1, memfd_create("said", MFD_CLOEXEC), socket_path() };
    gint64 until = g_get_monotonic_time() + READY_MS * 1000;
    g_autofree char *note = note_of(directory, number), *said = NULL;

    if (!run(&export, fs, directory, error))
        return FAILED;
    while (!process_wait(export.pidfd, LOOK_MS) && g_get_monotonic_time() < until) {
        if (is_served_by(number, export.pid))
            return SERVED;
    }
    (void) pidfd_send_signal(export.pidfd, SIGKILL, NULL, 0);
    (void) process_wait(export.pidfd, END_MS);
    (void) waitpid(export.pid, NULL, 0);
    (void) unlink(note);
    if (user_of(number) > 0)
        return TAKEN;
    said = said_by(&export);
    fail(error, ERR_OPERATION_FAILED, "the image '%s' cannot be served: %s", fs->source,
         *said ? said : "the kernel does not take it");
    return FAILED;
}

char *nbd_attach(const Fs *fs, const char *directory, GError **error)
{
    static unsigned next;
    unsigned count = 0, first;

    while (is_there(count))
        count++;
    if (!count)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "image '%s' needs network block devices: the kernel has none (modprobe nbd)",
                    fs->source);
    first = (unsigned) g_atomic_int_add(&next, 1);
    for (unsigned i = 0; i < count; i++) {
        unsigned number = (first + i) % count;
        Outcome outcome = user_of(number) ? TAKEN : serve(number, fs, directory, error);

        if (outcome == SERVED)
            return g_strdup_printf("/dev/nbd%u", number);
        if (outcome == FAILED)
            return NULL;
    }
    return fail(error, ERR_RESOURCE_BUSY, "all %u network block devices are in use", count);
}

/* ---- its end ---- */

/* A file system is written back as long as it has its device, which nobody else can have then. */
static int open_idle(unsigned number)
{
    g_autofree char *path = g_strdup_printf("/dev/nbd%u", number);
    gint64 until = g_get_monotonic_time() + IDLE_MS * 1000;
    int fd;

    worker_waits();
    while ((fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC)) < 0 && errno == EBUSY &&
           g_get_monotonic_time() < until)
        g_usleep(LOOK_MS * 1000);
    worker_resumes();
    return fd;
}

/* A pidfd; -1: it has ended. */
static int find(const char *directory, unsigned number, pid_t *pid)
{
    g_autofree char *note = note_of(directory, number), *mark = mark_of(directory);
    g_autofree char *text = file_read(note, 64, NULL);
    g_autofree char *path = NULL, *words = NULL;
    g_auto(Fd) process = -1;
    gsize size = 0, at = 0;

    *pid = text ? atoi(text) : 0;
    process = *pid > 0 ? process_open(*pid, 0) : -1;
    path = g_strdup_printf("/proc/%d/cmdline", *pid);
    if (process < 0 || !g_file_get_contents(path, &words, &size, NULL))
        return -1;
    while (at < size && !g_str_equal(words + at, mark))
        at += strlen(words + at) + 1;
    return at < size ? g_steal_fd(&process) : -1;
}

static void end(const char *directory, unsigned number)
{
    pid_t pid;
    g_auto(Fd) process = find(directory, number, &pid);
    g_auto(Fd) device = process >= 0 && is_served_by(number, pid) ? open_idle(number) : -1;

    if (process < 0)
        return;
    if (device < 0 || ioctl(device, NBD_DISCONNECT) < 0 || !process_wait(process, END_MS))
        (void) pidfd_send_signal(process, SIGKILL, NULL, 0);
    (void) process_wait(process, END_MS);
    (void) waitpid(pid, NULL, WNOHANG);
}

void nbd_end(const char *directory)
{
    g_autoptr(Directory) entries = opendir(directory);
    struct dirent *entry;
    unsigned number;
    int length = 0;

    while (entries && (entry = readdir(entries))) {
        if (sscanf(entry->d_name, PREFIX "%u%n", &number, &length) == 1 && !entry->d_name[length])
            end(directory, number);
    }
}
