/* save.c - a running guest becomes a file
 *
 * The file has another name until it is whole. The state file tells that name from the time when
 * there is such a file until the guest goes on, or has ended. So whoever comes after a daemon that
 * was killed knows what to do: where the file has got its own name, the guest is in it, and QEMU
 * ends; in any other case the guest goes on and the file goes. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "save.h"

#include "base/file.h"
#include "guest/exit.h"
#include "guest/files.h"
#include "job.h"
#include "loop/workers.h"
#include "migrate.h"
#include "qmp-events.h"
#include "restore.h"
#include "rpc/event.h"
#include "save-stream.h"
#include "save-xml.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Save {
    Machine *vm;
    const SaveRequest *request;
    View *view; /* before */
    Qmp *monitor;
    char *path;
    char *part; /* its name until it is whole */
    char *xml;
    Fd file;
    SaveStream stream;
    bool stopped; /* by us */
} Save;

static void save_clear(Save *s)
{
    view_unref(s->view);
    qmp_unref(s->monitor);
    g_free(s->path);
    g_free(s->part);
    g_free(s->xml);
    if (s->file >= 0)
        fd_close(s->file);
    save_stream_clear(&s->stream);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Save, save_clear)

/* ---- before anything is done ---- */

static bool check_state(const Save *s, GError **error)
{
    if (!view_check_active(s->view, error))
        return false;
    if (s->view->state != VIR_DOMAIN_RUNNING && s->view->state != VIR_DOMAIN_PAUSED)
        return fail(error, ERR_OPERATION_INVALID,
                    "domain '%s' neither runs nor is it paused, so it cannot be saved",
                    s->view->live->domain->name);
    if (!s->request->path && !s->view->config)
        return fail(error, ERR_OPERATION_INVALID, "cannot do managed save for transient domain");
    return true;
}

/* Whoever saves over a link to a file means the file. */
static bool find_path(Save *s, GError **error)
{
    const char *path = s->request->path;
    g_autofree char *name = object_name(&s->vm->object);
    char *real;
    struct stat there;

    if (path && !g_path_is_absolute(path))
        return fail(error, ERR_INVALID_ARG, "'%s' is no absolute path", path);
    s->path = path ? g_strdup(path) : files_saved(name);
    if (stat(s->path, &there) < 0)
        return true;
    if (!S_ISREG(there.st_mode))
        return fail_errno(error, S_ISDIR(there.st_mode) ? EISDIR : EINVAL,
                          "cannot save to '%s', which is no file", s->path);
    real = realpath(s->path, NULL);
    if (!real)
        return fail_errno(error, errno, "cannot find '%s'", s->path);
    g_free(s->path);
    s->path = real;
    return true;
}

static bool check_devices(const Save *s, GError **error)
{
    g_autofree char *blocker = migrate_blocker(s->monitor);

    return !blocker || fail(error, ERR_OPERATION_INVALID, "domain '%s' cannot be saved: %s",
                            s->view->live->domain->name, blocker);
}

static bool prepare(Save *s, GError **error)
{
    g_autofree char *own = NULL;

    if (!check_state(s, error) || !find_path(s, error))
        return false;
    s->monitor = machine_monitor(s->vm, error);
    if (!s->monitor || !check_devices(s, error))
        return false;
    own = save_xml_of(s->view, error);
    s->xml = own ? save_xml_replace(own, s->request->dxml, error) : NULL;
    return s->xml != NULL;
}

/* ---- the file ---- */

static bool will_be_paused(const Save *s)
{
    if (s->request->flags & (VIR_DOMAIN_SAVE_RUNNING | VIR_DOMAIN_SAVE_PAUSED))
        return s->request->flags & VIR_DOMAIN_SAVE_PAUSED;
    return s->view->state == VIR_DOMAIN_PAUSED;
}

static char *part_of(const char *path, pid_t pid)
{
    return g_strdup_printf("%s.part-%d", path, pid);
}

/* A part that somebody took away, or that cannot be reached, is no file. */
static bool is_named(const char *part)
{
    const char *end = g_strrstr(part, ".part-");
    g_autofree char *path = end ? g_strndup(part, end - part) : NULL;
    g_auto(SaveImage) image = { .fd = -1 };

    return access(part, F_OK) < 0 && errno == ENOENT && path &&
           save_image_open(&image, path, O_RDONLY, NULL);
}

static bool create_file(Save *s, GError **error)
{
    s->part = part_of(s->path, s->view->pid);
    (void) unlink(s->part); /* of a QEMU that had this pid before */
    s->file = open(s->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (s->file < 0)
        return fail_errno(error, errno, "cannot create '%s'", s->path);
    return true;
}

static bool note_file(Save *s, GError **error)
{
    s->vm->saving = g_strdup(s->part);
    return machine_publish(s->vm, machine_edit(s->vm), error);
}

static bool begin_file(Save *s, GError **error)
{
    return save_image_begin(s->file, s->xml, s->request->format, will_be_paused(s), error) &&
           save_stream_open(&s->stream, s->file, SAVE_TO_FILE, s->request->format,
                            s->request->flags & VIR_DOMAIN_SAVE_BYPASS_CACHE, error);
}

static bool flush_file(const Save *s, GError **error)
{
    return fsync(s->file) == 0 || fail_errno(error, errno, "cannot write '%s'", s->path);
}

static bool name_file(const Save *s, GError **error)
{
    if (file_rename(s->part, s->path, error))
        return true;
    if (file_is_at(s->file, s->path)) /* it has its name, but that may not last */
        (void) unlink(s->path);
    return false;
}

/* When it has its name, the guest is in the file. */
static bool finish_file(Save *s, GError **error)
{
    bool finished;

    if (!save_stream_finish(&s->stream, error))
        return false;
    worker_waits();
    finished = flush_file(s, error) && name_file(s, error);
    worker_resumes();
    return finished;
}

/* ---- the guest ---- */

static bool publish(Machine *vm, int state, int reason, GError **error)
{
    View *view = machine_edit(vm);

    view->state = state;
    view->reason = reason;
    return machine_publish(vm, view, error);
}

static bool stop_guest(Save *s, GError **error)
{
    g_autoptr(Json) answer = NULL;

    if (s->view->state == VIR_DOMAIN_PAUSED)
        return true;
    answer = qmp_call(s->monitor, "stop", NULL, error);
    s->stopped = answer != NULL;
    if (!answer || !publish(s->vm, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE, error))
        return false;
    machine_tell(s->vm, VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
    return true;
}

static bool write_stream(Save *s, GError **error)
{
    bool written = migrate_out(s->vm, s->monitor, s->stream.qemu, error);

    save_stream_hand_over(&s->stream);
    if (!written && !job_is_aborted(s->vm))
        save_stream_explain(&s->stream, error);
    return written;
}

static bool go_on(Save *s, GError **error)
{
    g_autoptr(Json) answer = qmp_call(s->monitor, "cont", NULL, error);

    if (!answer || !publish(s->vm, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_SAVE_CANCELED, error))
        return false;
    machine_tell(s->vm, VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED);
    return true;
}

/* The guest goes on, nobody looks for the file any more, it goes: in this order. */
static void give_up(Save *s)
{
    g_autoptr(GError) error = NULL;
    bool goes_on = !s->stopped || go_on(s, &error);

    if (!goes_on && error->code != ERR_OPERATION_FAILED) /* then QEMU has ended */
        machine_log(s->vm, G_LOG_LEVEL_WARNING, "does not go on: %s", error->message);
    g_clear_pointer(&s->vm->saving, g_free);
    machine_publish_anyway(s->vm, machine_edit(s->vm));
    (void) unlink(s->part);
    job_end(s->vm, NULL);
}

/* ---- the end ---- */

static void tell_job(Machine *vm, const JobFigures *figures)
{
    g_autofree char *name = object_name(&vm->object);
    g_autoptr(View) view = machine_view(vm);
    remote_domain_event_callback_job_completed_msg message = { .dom = event_domain(
                                                                   &vm->object, name, view->id) };
    g_auto(Params) params = {};

    job_list(figures, &params);
    message.params.params_val = params.list;
    message.params.params_len = params.count;
    emit_domain_event_callback_job_completed(&vm->object, &message);
}

static void end_job(Save *s)
{
    JobFigures figures = job_running(s->vm);
    g_autoptr(Json) answer = qmp_call(s->monitor, "query-migrate", NULL, NULL);

    figures.type = VIR_DOMAIN_JOB_COMPLETED;
    job_measure(&figures, answer);
    job_end(s->vm, &figures);
    tell_job(s->vm, &figures);
}

static void keep_in_view(Machine *vm)
{
    View *view = machine_edit(vm);

    view->saved = true;
    machine_publish_anyway(vm, view);
}

/* What remains of a QEMU whose guest is in a file. */
static void end_guest(Machine *vm, int process)
{
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(GError) error = NULL;

    g_atomic_int_set(&vm->stop_reason, VIR_DOMAIN_SHUTOFF_SAVED);
    if (exit_kill(process, false, &error))
        exit_finish(vm, view->run);
    else
        machine_log(vm, G_LOG_LEVEL_WARNING, "%s", error->message);
}

static void end(Save *s)
{
    g_auto(Fd) process = machine_process(s->vm, NULL);

    if (!s->request->path)
        keep_in_view(s->vm);
    end_job(s);
    end_guest(s->vm, process);
}

bool save_machine(Machine *vm, const SaveRequest *request, GError **error)
{
    g_auto(Save) s = {
        .vm = vm, .request = request, .view = machine_view(vm), .file = -1, .stream.qemu = -1
    };

    if (!prepare(&s, error) || !create_file(&s, error))
        return false;
    job_begin(vm, VIR_DOMAIN_JOB_OPERATION_SAVE);
    if (!note_file(&s, error) || !begin_file(&s, error) || !stop_guest(&s, error) ||
        !write_stream(&s, error) || !finish_file(&s, error)) {
        give_up(&s);
        return false;
    }
    end(&s);
    return true;
}

/* ---- after a daemon that was killed ---- */

static bool is_whole(const Machine *vm, Qmp *monitor)
{
    return vm->saving && is_named(vm->saving) && migrate_is_over(monitor);
}

/* A daemon that was killed just before it noted such a file, or just after it did not any more. */
static void drop_stray(Machine *vm, pid_t pid)
{
    g_autofree char *name = object_name(&vm->object), *path = files_saved(name);
    g_autofree char *part = part_of(path, pid);

    (void) unlink(part);
}

/* The reason tells that it ran, or was to. Where the state does not tell yet that it was stopped
 * for its save, QEMU does. */
static bool is_to_run(const Machine *vm, const View *next, Qmp *monitor)
{
    int state, reason;

    if (!vm->saving || next->state != VIR_DOMAIN_RUNNING)
        return next->state == VIR_DOMAIN_PAUSED && next->reason == VIR_DOMAIN_PAUSED_SAVE;
    return monitor_state(monitor, &state, &reason, NULL) && state == VIR_DOMAIN_PAUSED &&
           reason == VIR_DOMAIN_PAUSED_USER;
}

/* One that cannot stays paused, for somebody to look. */
static void run_again(Machine *vm, View *next, Qmp *monitor)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) answer = NULL;

    if (!is_to_run(vm, next, monitor))
        return;
    answer = qmp_call(monitor, "cont", NULL, &error);
    if (!answer) {
        machine_log(vm, G_LOG_LEVEL_WARNING, "does not go on: %s", error->message);
        return;
    }
    next->state = VIR_DOMAIN_RUNNING;
    next->reason = vm->saving ? VIR_DOMAIN_RUNNING_SAVE_CANCELED : VIR_DOMAIN_RUNNING_RESTORED;
}

static void drop_file(Machine *vm)
{
    g_autofree char *part = g_steal_pointer(&vm->saving);

    machine_log(vm, G_LOG_LEVEL_WARNING, "its save was not finished and has been undone");
    machine_publish_anyway(vm, machine_edit(vm));
    (void) unlink(part);
}

bool save_recover(Machine *vm, View *next, Qmp *monitor, int process, bool *ended, GError **error)
{
    bool starts = next->state == VIR_DOMAIN_PAUSED && (next->reason == VIR_DOMAIN_PAUSED_SAVE ||
                                                       next->reason == VIR_DOMAIN_PAUSED_MIGRATION);

    *ended = is_whole(vm, monitor);
    if (*ended) {
        machine_set_process(vm, monitor, process);
        end_guest(vm, process);
        return true;
    }
    if (vm->saving && !migrate_end(monitor, error))
        return false;
    if ((starts || vm->saving) && !restore_drop(vm, next, error))
        return false;
    run_again(vm, next, monitor);
    if (vm->saving)
        drop_file(vm);
    else
        drop_stray(vm, next->pid);
    return true;
}

void save_note_end(Machine *vm, const View *view)
{
    if (!vm->saving) {
        drop_stray(vm, view->pid);
        return;
    }
    if (is_named(vm->saving))
        g_atomic_int_set(&vm->stop_reason, VIR_DOMAIN_SHUTOFF_SAVED);
    else
        (void) unlink(vm->saving);
    g_clear_pointer(&vm->saving, g_free);
}
