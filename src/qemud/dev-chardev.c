/* dev-chardev.c - serial and parallel ports, consoles, channels, and what is at their other end */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dev-chardev.h"

#include "base/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* ---- the guest's end ---- */

// clang-format off
static const Property isa_serial[] = {
    ALIAS("chardev", Serial, "char"),
    MEMBER("index", Serial, port),
    PART(Serial, info, info_properties),
    {},
};
static const Property other_serial[] = {
    ALIAS("chardev", Serial, "char"),
    PART(Serial, info, info_properties),
    {},
};
static const Property virtio_console[] = {
    ALIAS("chardev", Console, "char"),
    PART(Console, info, info_properties),
    {},
};
static const Property virtio_channel[] = {
    ALIAS("chardev", Channel, "char"),
    MEMBER("name", Channel, name),
    PART(Channel, info, info_properties),
    {},
};
static const Property parallel[] = {
    ALIAS("chardev", Parallel, "char"),
    PART(Parallel, info, info_properties),
    {},
};

static const Device serial_devices[] = {
    [SERIAL_ISA] = { "isa-serial", isa_serial, CAP_ISA_SERIAL },
    [SERIAL_PCI] = { "pci-serial", other_serial, CAP_PCI_SERIAL },
    [SERIAL_USB] = { "usb-serial", other_serial, CAP_USB_SERIAL },
    [SERIAL_ISA_DEBUG] = { "isa-debugcon", other_serial },
};
static const Device console_devices[] = {
    [CONSOLE_VIRTIO] = { "virtconsole", virtio_console },
};
static const Device channel_devices[] = {
    [CHANNEL_VIRTIO] = { "virtserialport", virtio_channel },
};
static const Device parallel_port = { "isa-parallel", parallel };
// clang-format on

/* A first console that is the first serial port is left out. */
static bool is_serial_port(const Domain *guest, const DeviceInfo *device)
{
    const Console *console = list_length(guest->consoles) ? guest->consoles->pdata[0] : NULL;

    return console && device == &console->info && console->type == CONSOLE_SERIAL &&
           list_length(guest->serials);
}

static const Device *serial_device(const void *device)
{
    return DEVICE_OF(serial_devices, ((const Serial *) device)->type);
}

static const Device *console_device(const void *device)
{
    return DEVICE_OF(console_devices, ((const Console *) device)->type);
}

static const Device *channel_device(const void *device)
{
    return DEVICE_OF(channel_devices, ((const Channel *) device)->type);
}

static const Device *parallel_device(const void *) { return &parallel_port; }

/* The kinds of devices with something at their other end. */
static const struct {
    size_t list;   /* offset in Domain */
    size_t source; /* offset in the device */
    const Device *(*choose)(const void *device);
    const char *name;
} kinds[] = {
    { offsetof(Domain, serials), offsetof(Serial, source), serial_device, "serial port" },
    { offsetof(Domain, parallels), offsetof(Parallel, source), parallel_device, "parallel port" },
    { offsetof(Domain, channels), offsetof(Channel, source), channel_device, "channel" },
    { offsetof(Domain, consoles), offsetof(Console, source), console_device, "console" },
};

/* One device of a kind, as the walk over all of them gives it. */
typedef struct CharDevice {
    const Domain *guest;
    DeviceInfo *info; /* the device itself */
    CharSource *source;
    const Device *device; /* NULL: QEMU has none such */
    const char *kind;
} CharDevice;

typedef bool CharVisit(const CharDevice *found, void *data, GError **error);

static bool each_device(const Domain *guest, CharVisit *visit, void *data, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        for (LIST_EACH(DeviceInfo, info, *(GPtrArray **) slot_at(guest, kinds[i].list))) {
            CharDevice found = { guest, info, slot_at(info, kinds[i].source), kinds[i].choose(info),
                                 kinds[i].name };

            if (!is_serial_port(guest, info) && !visit(&found, data, error))
                return false;
        }
    }
    return true;
}

/* ---- the host's end ---- */

/* A file that QEMU writes to, as a descriptor. */
static char *open_output(Args *args, const char *path, bool append, const char *what,
                         GError **error)
{
    bool is_new = access(path, F_OK) < 0;
    int fd =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), (mode_t) 0600);

    if (fd < 0)
        return fail_errno(error, errno, "cannot open '%s'", path);
    if (is_new)
        g_ptr_array_add(args->files, g_strdup(path));
    return args_fdset(args, fd, what);
}

static bool add_file(Args *args, GString *option, const DeviceInfo *device,
                     const CharSource *source, GError **error)
{
    g_autofree char *path =
        open_output(args, source->path, source->append == SWITCH_ON, device->alias, error);

    option_set(option, "path", path);
    option_set(option, "append", "on");
    return path != NULL;
}

static void listen_option(GString *option, const CharSource *source)
{
    if (source->mode != CHAR_BIND)
        return;
    option_set(option, "server", "on");
    option_set(option, "wait", "off");
}

static void reconnect_option(GString *option, const CharSource *source)
{
    if (source->reconnect == SWITCH_ON)
        option_printf(option, "reconnect", "%u", source->reconnect_timeout);
}

/* Who has to connect again and again gets the path, all others the connected socket. */
static bool add_unix(Args *args, GString *option, const DeviceInfo *, const CharSource *source,
                     GError **error)
{
    int fd;

    if (source->reconnect == SWITCH_ON) {
        option_set(option, "path", source->path);
        reconnect_option(option, source);
        return true;
    }
    fd = source->mode == CHAR_BIND ? args_listen(args, source->path, error)
                                   : unix_connect(source->path, SOCK_STREAM, error);
    if (fd < 0)
        return false;
    if (source->mode != CHAR_BIND)
        args_keep(args, fd);
    option_printf(option, "fd", "%d", fd);
    listen_option(option, source);
    return true;
}

static bool add_tcp(Args *, GString *option, const DeviceInfo *, const CharSource *source,
                    GError **)
{
    option_set(option, "host", source->host);
    option_set(option, "port", source->service);
    if (source->protocol == CHAR_TELNET)
        option_set(option, "telnet", "on");
    listen_option(option, source);
    reconnect_option(option, source);
    return true;
}

static bool add_udp(Args *, GString *option, const DeviceInfo *, const CharSource *source,
                    GError **)
{
    for (LIST_EACH(CharEnd, end, source->ends)) {
        bool own = end->mode == CHAR_BIND;

        option_set(option, own ? "localaddr" : "host", end->host);
        option_set(option, own ? "localport" : "port", end->service);
    }
    return true;
}

typedef struct Backend {
    const char *name;
    bool (*add)(Args *args, GString *option, const DeviceInfo *device, const CharSource *source,
                GError **error);
} Backend;

static const Backend backends[] = {
    [CHAR_NULL] = { "null", NULL },       [CHAR_VC] = { "vc", NULL },
    [CHAR_PTY] = { "pty", NULL },         [CHAR_FILE] = { "file", add_file },
    [CHAR_UNIX] = { "socket", add_unix }, [CHAR_TCP] = { "socket", add_tcp },
    [CHAR_UDP] = { "udp", add_udp },
};

static const Backend *find_backend(const CharSource *source)
{
    return source->type < G_N_ELEMENTS(backends) && backends[source->type].name
               ? &backends[source->type]
               : NULL;
}

static bool add_log(Args *args, GString *option, const DeviceInfo *device, const CharSource *source,
                    GError **error)
{
    g_autofree char *path = NULL;

    if (!source->log)
        return true;
    path = open_output(args, source->log, source->log_append != SWITCH_OFF, device->alias, error);
    option_set(option, "logfile", path);
    option_set(option, "logappend", "on");
    return path != NULL;
}

/* The daemon's own choice of a socket lies in the run's directory. */
static void choose_path(Args *args, const DeviceInfo *device, CharSource *source)
{
    if (source->type == CHAR_UNIX && !source->path)
        source->path = g_strdup_printf("%s/%s.sock", args->directory, device->alias);
    if (source->type == CHAR_UNIX && !source->mode)
        source->mode = CHAR_BIND;
}

static bool add_backend(Args *args, const CharDevice *found, GError **error)
{
    const Backend *backend = find_backend(found->source);
    GString *option = option_new(backend->name);

    option_printf(option, "id", "char%s", found->info->alias);
    choose_path(args, found->info, found->source);
    if ((!backend->add || backend->add(args, option, found->info, found->source, error)) &&
        add_log(args, option, found->info, found->source, error)) {
        args_option(args, "-chardev", option);
        return true;
    }
    g_string_free(option, true);
    return false;
}

/* ---- the command line ---- */

static bool add_device(const CharDevice *found, void *data, GError **error)
{
    Args *args = data;
    Json *json = device_json(found->device, found->info, found->guest, args->caps, error);

    if (!json)
        return false;
    if (!add_backend(args, found, error)) {
        json_unref(json);
        return false;
    }
    args_json(args, "-device", json);
    return true;
}

bool chardevs_add(Args *args, Domain *live, GError **error)
{
    return each_device(live, add_device, args, error);
}

/* ---- what is refused ---- */

static bool check_device(const CharDevice *found, void *, GError **error)
{
    if (!find_backend(found->source))
        return fail(error, ERR_CONFIG_UNSUPPORTED, "a %s of type '%s' is not supported",
                    found->kind, char_type_names[found->source->type]);
    if (!found->device)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "this target type of a %s is not supported",
                    found->kind);
    return true;
}

bool chardevs_check(const Domain *guest, GError **error)
{
    return each_device(guest, check_device, NULL, error);
}

/* ---- while the guest runs ---- */

static Json *find_answer(Json *answer, const char *alias)
{
    for (size_t i = 0; i < json_length(answer); i++) {
        Json *chardev = json_object_array_get_idx(answer, i);
        const char *label = json_text(chardev, "label");

        if (label && g_str_has_prefix(label, "char") && g_str_equal(label + strlen("char"), alias))
            return chardev;
    }
    return NULL;
}

static bool learn(const CharDevice *found, void *answer, GError **)
{
    Json *chardev = find_answer(answer, found->info->alias);
    const char *file = json_text(chardev, "filename");

    if (found->source->type != CHAR_PTY || !file || !g_str_has_prefix(file, "pty:"))
        return true;
    g_free(found->source->path);
    found->source->path = g_strdup(file + strlen("pty:"));
    return true;
}

static void learn_states(Domain *live, Json *answer)
{
    for (LIST_EACH(Channel, channel, live->channels)) {
        Json *chardev = find_answer(answer, channel->info.alias);

        if (channel->type == CHANNEL_VIRTIO && chardev)
            channel->state =
                json_flag(chardev, "frontend-open") ? CHANNEL_CONNECTED : CHANNEL_DISCONNECTED;
    }
}

/* A first console shows what it is connected to where old readers look for it, too. */
static void learn_first_console(Domain *live)
{
    Console *console = list_length(live->consoles) ? live->consoles->pdata[0] : NULL;
    const Serial *serial = list_length(live->serials) ? live->serials->pdata[0] : NULL;

    if (!console)
        return;
    if (is_serial_port(live, &console->info)) {
        xml_free(&char_source_element, g_memdup2(&console->source, sizeof(CharSource)));
        char_source_copy(&console->source, &serial->source);
    }
    g_free(console->source.tty);
    console->source.tty = console->source.type == CHAR_PTY ? g_strdup(console->source.path) : NULL;
}

void chardevs_learn(Domain *live, Json *answer)
{
    (void) each_device(live, learn, answer, NULL);
    learn_states(live, answer);
    learn_first_console(live);
}

static bool clean(const CharDevice *found, void *, GError **)
{
    const CharSource *source = found->source;

    if (source->type == CHAR_UNIX && source->mode == CHAR_BIND && source->path)
        (void) unlink(source->path);
    return true;
}

void chardevs_clean(const Domain *live) { (void) each_device(live, clean, NULL, NULL); }
