/* save-stream.c - the way between QEMU and the file of a saved guest, through stock programs
 *
 * A raw stream needs none: QEMU writes the file itself. The programs run as QEMU does, since what
 * they read is the guest's. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "save-stream.h"

#include "loop/spawn.h"
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

enum { PIPE_SIZE = 1 << 20, ENDING_MS = 10000, TELL = 512 };

typedef struct Pipe {
    Fd read, write;
} Pipe;

static const char *const direct_argv[] = {
    [SAVE_TO_FILE] = "oflag=direct",
    [SAVE_FROM_FILE] = "iflag=direct",
};

/* ---- programs ---- */

static void filter_clear(SaveFilter *filter)
{
    if (filter->pidfd >= 0) {
        (void) pidfd_send_signal(filter->pidfd, SIGKILL, NULL, 0);
        (void) waitpid(filter->pid, NULL, 0);
        fd_close(filter->pidfd);
    }
    if (filter->complaint >= 0)
        fd_close(filter->complaint);
    g_free(filter->program);
}

void save_stream_clear(SaveStream *stream)
{
    save_stream_hand_over(stream);
    while (stream->count > 0)
        filter_clear(&stream->filters[--stream->count]);
}

static bool add_filter(SaveStream *stream, const char *const *arguments, int in, int out,
                       GError **error)
{
    g_autofree char *program = g_find_program_in_path(arguments[0]);
    const char *argv[8] = { program };
    g_auto(Fd) complaint = memfd_create("complaint", MFD_CLOEXEC);
    SaveFilter *filter = &stream->filters[stream->count];
    const Spawn what = { .argv = argv,
                         .in = in,
                         .out = out,
                         .err = complaint,
                         .as_user = qemu_user.given,
                         .uid = qemu_user.uid,
                         .gid = qemu_user.gid,
                         .ends_with_us = true };

    if (!program)
        return fail(error, ERR_OPERATION_FAILED, "program '%s' is not installed", arguments[0]);
    for (size_t i = 1; arguments[i]; i++)
        argv[i] = arguments[i];
    filter->pid = spawn(&what, &filter->pidfd, error);
    if (filter->pid < 0)
        return false;
    filter->program = g_steal_pointer(&program);
    filter->complaint = g_steal_fd(&complaint);
    stream->count++;
    return true;
}

/* ---- the way ---- */

static bool make_pipe(Pipe *ends, GError **error)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return fail_errno(error, errno, "cannot make a pipe");
    (void) fcntl(fds[0], F_SETPIPE_SZ, PIPE_SIZE);
    *ends = (Pipe){ fds[0], fds[1] };
    return true;
}

/* Puts a program between QEMU's present end and a new one. */
static bool put_between(SaveStream *stream, SaveWay way, const char *const *arguments,
                        GError **error)
{
    bool writes = way == SAVE_TO_FILE, added;
    Pipe ends = { -1, -1 };

    if (!make_pipe(&ends, error))
        return false;
    added = writes ? add_filter(stream, arguments, ends.read, stream->qemu, error)
                   : add_filter(stream, arguments, stream->qemu, ends.write, error);
    fd_close(stream->qemu);
    stream->qemu = writes ? ends.write : ends.read;
    fd_close(writes ? ends.read : ends.write);
    return added;
}

/* Tells now, and not after the guest has been stopped, where the file system cannot. */
static bool check_direct(int file, GError **error)
{
    int flags = fcntl(file, F_GETFL);

    if (fcntl(file, F_SETFL, flags | O_DIRECT) < 0)
        return fail_errno(error, errno, "the file system cannot bypass the host's cache");
    (void) fcntl(file, F_SETFL, flags);
    return true;
}

static bool open_way(SaveStream *stream, int file, SaveWay way, SaveFormat format, bool direct,
                     GError **error)
{
    const char *const pass[] = { "dd",          "bs=1M", "iflag=fullblock", direct_argv[way],
                                 "status=none", NULL };
    const char *const compress[] = { save_format_names[format], way == SAVE_TO_FILE ? "-c" : "-dc",
                                     NULL };

    stream->qemu = fcntl(file, F_DUPFD_CLOEXEC, 3);
    if (stream->qemu < 0)
        return fail_errno(error, errno, "cannot use the file");
    return (!direct || (check_direct(file, error) && put_between(stream, way, pass, error))) &&
           (format == SAVE_RAW || put_between(stream, way, compress, error));
}

bool save_stream_open(SaveStream *stream, int file, SaveWay way, SaveFormat format, bool direct,
                      GError **error)
{
    *stream = (SaveStream){ .qemu = -1 };
    if (open_way(stream, file, way, format, direct, error))
        return true;
    save_stream_clear(stream);
    return false;
}

void save_stream_hand_over(SaveStream *stream)
{
    if (stream->qemu >= 0)
        fd_close(g_steal_fd(&stream->qemu));
}

/* ---- the end ---- */

/* The first line that it wrote, or "". */
static char *complaint_of(const SaveFilter *filter)
{
    char text[TELL + 1];
    ssize_t got = pread(filter->complaint, text, TELL, 0);
    char *line;

    text[MAX(got, 0)] = '\0';
    line = g_strchug(text); /* gzip begins with an empty one */
    line[strcspn(line, "\n")] = '\0';
    return g_utf8_make_valid(line, -1);
}

static bool finish(SaveFilter *filter, GError **error)
{
    g_autofree char *complaint = NULL;
    int status = 0;

    while (!process_wait(filter->pidfd, ENDING_MS))
        continue;
    (void) waitpid(filter->pid, &status, 0);
    fd_close(g_steal_fd(&filter->pidfd));
    complaint = complaint_of(filter);
    return status == 0 || fail(error, ERR_OPERATION_FAILED, "'%s' failed: %s", filter->program,
                               *complaint ? complaint : "it does not say why");
}

bool save_stream_finish(SaveStream *stream, GError **error)
{
    for (unsigned i = 0; i < stream->count; i++) {
        if (!finish(&stream->filters[i], error))
            return false;
    }
    return true;
}

void save_stream_explain(SaveStream *stream, GError **error)
{
    for (unsigned i = 0; i < stream->count; i++) {
        g_autofree char *complaint = complaint_of(&stream->filters[i]);

        if (!*complaint)
            continue;
        g_clear_error(error);
        fail(error, ERR_INTERNAL, "'%s' failed: %s", stream->filters[i].program, complaint);
        return;
    }
}
