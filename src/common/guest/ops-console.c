/* ops-console.c - a guest's consoles and channels, joined to clients */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/socket.h"
#include "guest/hypervisor.h"
#include "guest/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* ---- the other ends ---- */

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
    g_autoptr(View) view = machine_view(vm);

    LOCKED(&vm->object.lock);

    for (guint i = 0; i < vm->consoles->len; i++) {
        OpenConsole *console = vm->consoles->pdata[i];

        if (console->run == view->run && g_str_equal(console->device, alias)) {
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
    if (console->hold >= 0)
        fd_close(console->hold);
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
    g_autoptr(View) view = machine_view(vm);
    OpenConsole *console;
    g_auto(Fd) hold = -1;
    int fd;

    if (!make_room(vm, port->alias, flags, error))
        return false;
    if (hypervisor.hold_console && (hold = hypervisor.hold_console(vm, port->alias, error)) < 0)
        return false;
    fd = open_port(port, error);
    if (fd < 0)
        return false;
    console = g_new0(OpenConsole, 1);
    console->vm = machine_ref(vm);
    console->run = view->run;
    console->device = g_strdup(port->alias);
    console->hold = g_steal_fd(&hold);
    call->stream = stream_new(fd, BOTH, console_ended, console);
    console->stream = stream_ref(call->stream);
    LOCKED(&vm->object.lock);
    g_ptr_array_add(vm->consoles, console);
    return true;
}

bool guest_domain_open_console(Call *call, const remote_domain_open_console_args *in, none *,
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

bool guest_domain_open_channel(Call *call, const remote_domain_open_channel_args *in, none *,
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
