/* ops-console.c - a guest's consoles, keyboard and screen */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/socket.h"
#include "driver.h"
#include "keys.h"
#include "ops.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* ---- consoles and channels ---- */

/* What a client can be joined to. */
typedef struct Port {
    const char *alias;
    const CharSource *source;
    bool is_channel; /* whose socket is not the client's own to connect to */
} Port;

static bool matches(const DeviceInfo *info, const char *name, const char *own_name)
{
    return !name || g_strcmp0(info->alias, name) == 0 || g_strcmp0(own_name, name) == 0;
}

/* By alias; without a name the first console, else the first serial or parallel port. */
static bool find_console(const Domain *live, const char *name, Port *port)
{
    for (LIST_EACH(Console, console, live->consoles)) {
        if (matches(&console->info, name, NULL))
            return *port = (Port){ console->info.alias, &console->source, false }, true;
    }
    for (LIST_EACH(Serial, serial, live->serials)) {
        if (matches(&serial->info, name, NULL))
            return *port = (Port){ serial->info.alias, &serial->source, false }, true;
    }
    for (LIST_EACH(Parallel, parallel, live->parallels)) {
        if (matches(&parallel->info, name, NULL))
            return *port = (Port){ parallel->info.alias, &parallel->source, false }, true;
    }
    return false;
}

static bool find_channel(const Domain *live, const char *name, Port *port)
{
    for (LIST_EACH(Channel, channel, live->channels)) {
        if (matches(&channel->info, name, channel->name))
            return *port = (Port){ channel->info.alias, &channel->source, true }, true;
    }
    return false;
}

static int open_port(const Port *port, GError **error)
{
    int fd;

    if (port->source->type == CHAR_UNIX && port->is_channel)
        return unix_connect(port->source->path, SOCK_STREAM, error);
    if (port->source->type != CHAR_PTY) {
        fail(error, ERR_INTERNAL, "character device %s is not a terminal", port->alias);
        return -1;
    }
    fd = open(port->source->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        fail_errno(error, errno, "cannot open '%s'", port->source->path);
    return fd;
}

/* ---- who has one open ---- */

/* The guest's list is touched by calls on its strand and, when a stream ends, by the loop. */
static OpenConsole *console_find(Machine *vm, const char *alias)
{
    LOCKED(&vm->object.lock);

    for (guint i = 0; i < vm->consoles->len; i++) {
        OpenConsole *console = vm->consoles->pdata[i];

        if (g_str_equal(console->device, alias)) {
            stream_ref(console->stream);
            return console;
        }
    }
    return NULL;
}

static void console_ended(void *data)
{
    g_autofree OpenConsole *console = data;
    g_autoptr(Machine) vm = console->vm;

    {
        LOCKED(&vm->object.lock);
        g_ptr_array_remove_fast(vm->consoles, console);
    }
    stream_unref(console->stream);
    g_free(console->device);
}

static bool make_room(Machine *vm, const char *alias, unsigned flags, GError **error)
{
    OpenConsole *console = console_find(vm, alias);
    Stream *stream = console ? console->stream : NULL;

    if (!console)
        return true;
    if (flags & VIR_DOMAIN_CONSOLE_FORCE)
        stream_abort(stream, "another client has taken the console over");
    stream_unref(stream);
    return flags & VIR_DOMAIN_CONSOLE_FORCE ||
           fail(error, ERR_OPERATION_FAILED, "Active console session exists for this domain");
}

static bool open_console(Call *call, const Port *port, unsigned flags, GError **error)
{
    Machine *vm = machine_of(call);
    OpenConsole *console;
    int fd;

    if (!make_room(vm, port->alias, flags, error))
        return false;
    fd = open_port(port, error);
    if (fd < 0)
        return false;
    console = g_new0(OpenConsole, 1);
    console->vm = machine_ref(vm);
    console->device = g_strdup(port->alias);
    call->stream = stream_new(fd, BOTH, console_ended, console);
    console->stream = stream_ref(call->stream);
    LOCKED(&vm->object.lock);
    g_ptr_array_add(vm->consoles, console);
    return true;
}

bool qemu_domain_open_console(Call *call, const remote_domain_open_console_args *in, none *,
                              GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));
    const char *name = in->dev_name ? *in->dev_name : NULL;
    Port port;

    if (!call_check_flags(call, in->flags, VIR_DOMAIN_CONSOLE_SAFE | VIR_DOMAIN_CONSOLE_FORCE,
                          error) ||
        !view_check_active(view, error))
        return false;
    if (!find_console(view->live->domain, name, &port))
        return fail(error, ERR_INTERNAL, "cannot find console device '%s'",
                    name ? name : "default");
    return open_console(call, &port, in->flags, error);
}

bool qemu_domain_open_channel(Call *call, const remote_domain_open_channel_args *in, none *,
                              GError **error)
{
    g_autoptr(View) view = machine_view(machine_of(call));
    const char *name = in->name ? *in->name : NULL;
    unsigned force = in->flags & VIR_DOMAIN_CHANNEL_FORCE ? VIR_DOMAIN_CONSOLE_FORCE : 0;
    Port port;

    if (!call_check_flags(call, in->flags, VIR_DOMAIN_CHANNEL_FORCE, error) ||
        !view_check_active(view, error))
        return false;
    if (!find_channel(view->live->domain, name, &port))
        return fail(error, ERR_INTERNAL, "cannot find channel %s", name ? name : "default");
    return open_console(call, &port, force, error);
}

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
