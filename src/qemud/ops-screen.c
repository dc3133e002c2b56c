/* ops-screen.c - a guest's keyboard and screen */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"
#include "keys.h"
#include "guest/ops.h"
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* ---- keyboard ---- */

static Json *key_list(const remote_domain_send_key_args *in, GError **error)
{
    g_autoptr(Json) keys = json_object_new_array();

    for (unsigned i = 0; i < in->keycodes.keycodes_len; i++) {
        int number = key_number(in->codeset, in->keycodes.keycodes_val[i], error);

        if (number < 0)
            return NULL;
        json_object_array_add(keys, json_build("si", "type", "number", "data", (int64_t) number));
    }
    return g_steal_pointer(&keys);
}

bool qemu_domain_send_key(Call *call, const remote_domain_send_key_args *in, none *, GError **error)
{
    g_autoptr(Qmp) monitor = machine_monitor(machine_of(call), error);
    g_autoptr(Json) answer = NULL;
    Json *keys, *arguments;

    if (!monitor || !call_check_flags(call, in->flags, 0, error))
        return false;
    keys = key_list(in, error);
    if (!keys)
        return false;
    arguments = json_build("j", "keys", keys);
    if (in->holdtime)
        json_object_object_add(arguments, "hold-time", json_object_new_int64(in->holdtime));
    answer = qmp_call(monitor, "send-key", arguments, error);
    return answer != NULL;
}

/* ---- screen ---- */

enum { SCREENSHOT_FDSET = 1000000 }; /* above those of disks; one at a time, by the strand */

static const Video *video_of_screen(const Domain *live, unsigned *screen)
{
    for (LIST_EACH(Video, video, live->videos)) {
        unsigned heads = video->model == VIDEO_NONE ? 0 : MAX(video->heads, 1);

        if (*screen < heads)
            return video;
        *screen -= heads;
    }
    return NULL;
}

/* QEMU writes into a file that has no name, through a set of descriptors that is taken back; the
 * descriptor must be one that can only be written to, as that is how QEMU opens it. */
static bool take_picture(Qmp *monitor, const Video *video, unsigned head, int file, GError **error)
{
    g_autofree char *own = g_strdup_printf("/proc/self/fd/%d", file);
    g_auto(Fd) write_only = open(own, O_WRONLY | O_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/dev/fdset/%d", SCREENSHOT_FDSET);
    QmpRequest *give = qmp_send_fds(
        monitor, "add-fd", json_build("i", "fdset-id", (int64_t) SCREENSHOT_FDSET), &write_only, 1);
    QmpRequest *dump = qmp_send(
        monitor, "screendump",
        json_build("ssi", "filename", path, "device", video->info.alias, "head", (int64_t) head));
    QmpRequest *take =
        qmp_send(monitor, "remove-fd", json_build("i", "fdset-id", (int64_t) SCREENSHOT_FDSET));
    g_autoptr(Json) given = qmp_wait(give, 0, error);
    g_autoptr(Json) dumped = qmp_wait(dump, 0, given ? error : NULL);

    qmp_forget(take);
    return given && dumped;
}

bool qemu_domain_screenshot(Call *call, const remote_domain_screenshot_args *in,
                            remote_domain_screenshot_ret *out, GError **error)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);
    g_auto(Fd) file = -1;
    unsigned head = in->screen;
    const Video *video;

    if (!monitor || !call_check_flags(call, in->flags, 0, error))
        return false;
    video = video_of_screen(view->live->domain, &head);
    if (!video && head == 0)
        return fail(error, ERR_INTERNAL, "the guest has no screen");
    if (!video)
        return fail(error, ERR_OPERATION_INVALID, "no such screen: %u", in->screen);
    file = memfd_create("screenshot", MFD_CLOEXEC);
    if (file < 0)
        return fail_errno(error, errno, "cannot make a file for the picture");
    if (!take_picture(monitor, video, head, file, error))
        return false;
    (void) lseek(file, 0, SEEK_SET);
    call->stream = stream_new(g_steal_fd(&file), TO_CLIENT, NULL, NULL);
    out->mime = ops_optional("image/x-portable-pixmap");
    return true;
}

/* QEMU speaks to the peer of the socket as to one that has connected to the screen's own. */
static bool add_viewer(Call *call, unsigned index, unsigned flags, int socket, GError **error)
{
    static const char *const protocols[] = { [GRAPHICS_VNC] = "vnc", [GRAPHICS_SPICE] = "spice" };
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);
    const GPtrArray *all = monitor ? view->live->domain->graphics : NULL;
    const Graphics *graphics = index < list_length(all) ? all->pdata[index] : NULL;
    g_autoptr(Json) added = NULL;
    QmpRequest *give, *add;
    Json *arguments;

    if (!monitor || !call_check_flags(call, flags, VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH, error))
        return false;
    if (!graphics)
        return fail(error, ERR_INTERNAL, "No graphics backend with index %u", index);
    if (graphics->type >= G_N_ELEMENTS(protocols) || !protocols[graphics->type])
        return fail(error, ERR_INTERNAL, "Can only open VNC or SPICE graphics backends, not %s",
                    graphics_type_names[graphics->type]);
    give = qmp_send_fds(monitor, "getfd", json_build("s", "fdname", "viewer"), &socket, 1);
    arguments = json_build("ss", "protocol", protocols[graphics->type], "fdname", "viewer");
    json_object_object_add(
        arguments, "skipauth",
        json_object_new_boolean((flags & VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH) != 0));
    add = qmp_send(monitor, "add_client", arguments);
    qmp_forget(give);
    added = qmp_wait(add, 0, error);
    return added != NULL;
}

bool qemu_domain_open_graphics(Call *call, const remote_domain_open_graphics_args *in, none *,
                               GError **error)
{
    if (!call->fds || call->fds->len != 1)
        return fail(error, ERR_INVALID_ARG, "one descriptor is needed, a connected socket");
    return add_viewer(call, in->idx, in->flags, g_array_index(call->fds, int, 0), error);
}

bool qemu_domain_open_graphics_fd(Call *call, const remote_domain_open_graphics_fd_args *in, none *,
                                  GError **error)
{
    int pair[2];
    bool done;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_errno(error, errno, "cannot make a pair of sockets");
    done = add_viewer(call, in->idx, in->flags, pair[1], error);
    fd_close(pair[1]);
    call->reply_fds = fds_new();
    g_array_append_val(call->reply_fds, pair[0]);
    return done;
}
