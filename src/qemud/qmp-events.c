/* qmp-events.c - event name -> function
 *
 * The monitor's reader only pushes a task; what an event means is worked out on the guest's strand,
 * as a CHANGE, where nothing races with it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-events.h"

#include "argv.h"
#include "base/names.h"
#include "blockdev.h"
#include "loop/spawn.h"
#include "ops-device.h"
#include "rpc/event.h"

#include <string.h>

enum { ENDING_MS = 2000 }; /* from QEMU's closing its monitor to its end */

/* Whose events they are. */
typedef struct Listening {
    Machine *vm;
    unsigned run;
} Listening;

/* ---- states ---- */

bool monitor_state(Qmp *monitor, int *state, int *reason, GError **error)
{
    static const struct {
        const char *name;
        int state, reason;
    } states[] = {
        { "running", VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED },
        { "paused", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER },
        { "prelaunch", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP },
        { "io-error", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR },
        { "watchdog", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_WATCHDOG },
        { "shutdown", VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_UNKNOWN },
        { "guest-panicked", VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED },
        { "suspended", VIR_DOMAIN_PMSUSPENDED, VIR_DOMAIN_PMSUSPENDED_UNKNOWN },
        { "internal-error", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_UNKNOWN },
    };
    g_autoptr(Json) status = qmp_call(monitor, "query-status", NULL, error);
    const char *name = status ? json_text(status, "status") : NULL;

    if (!status)
        return false;
    *state = VIR_DOMAIN_PAUSED;
    *reason = VIR_DOMAIN_PAUSED_UNKNOWN;
    for (size_t i = 0; name && i < G_N_ELEMENTS(states); i++) {
        if (strcmp(states[i].name, name) == 0) {
            *state = states[i].state;
            *reason = states[i].reason;
        }
    }
    return true;
}

static void publish_state(Machine *vm, int state, int reason)
{
    View *view = machine_edit(vm);

    view->state = state;
    view->reason = reason;
    machine_publish_anyway(vm, view);
}

/* A call that stopped or resumed the guest has published it already, and the event may come long
 * after the next call: so QEMU is asked what is true now. False when the view says so already. */
static bool state_changed(Machine *vm, int *state, int *reason)
{
    g_autoptr(View) view = machine_view(vm);

    return vm->control && monitor_state(vm->control, state, reason, NULL) && *state != view->state;
}

static void on_stop(Machine *vm, Json *)
{
    int state, reason;

    if (!state_changed(vm, &state, &reason) || state != VIR_DOMAIN_PAUSED)
        return;
    publish_state(vm, state, reason);
    machine_tell(vm, VIR_DOMAIN_EVENT_SUSPENDED,
                 reason == VIR_DOMAIN_PAUSED_IOERROR    ? VIR_DOMAIN_EVENT_SUSPENDED_IOERROR
                 : reason == VIR_DOMAIN_PAUSED_WATCHDOG ? VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG
                                                        : VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
}

static void on_resume(Machine *vm, Json *)
{
    int state, reason;

    if (!state_changed(vm, &state, &reason) || state != VIR_DOMAIN_RUNNING)
        return;
    publish_state(vm, state, VIR_DOMAIN_RUNNING_UNPAUSED);
    machine_tell(vm, VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED);
}

/* ---- the guest's own doing ---- */

bool monitor_set_reboot(Machine *vm, bool reboot, GError **error)
{
    g_autoptr(Qmp) monitor = machine_monitor(vm, error);
    g_autoptr(Json) answer = NULL;

    if (!monitor)
        return false;
    if (vm->is_rebooting == reboot)
        return true;
    answer = qmp_call(monitor, "set-action",
                      json_build("s", "shutdown", reboot ? "pause" : "poweroff"), error);
    if (answer)
        vm->is_rebooting = reboot;
    return answer != NULL;
}

static bool restarts(const Machine *vm, const View *view)
{
    return vm->is_rebooting || view->live->domain->on_poweroff == ACTION_RESTART;
}

/* From the state that a guest which has powered itself off is left in. */
static bool reset_and_run(Machine *vm, GError **error)
{
    g_autoptr(Json) reset = qmp_call(vm->control, "system_reset", NULL, error);
    g_autoptr(Json) running = reset ? qmp_call(vm->control, "cont", NULL, error) : NULL;

    return running && (!vm->is_rebooting || monitor_set_reboot(vm, false, error));
}

static void restart(Machine *vm)
{
    g_autoptr(GError) error = NULL;

    if (!reset_and_run(vm, &error))
        machine_log(vm, G_LOG_LEVEL_WARNING, "cannot be started again: %s", error->message);
}

static void on_shutdown(Machine *vm, Json *data)
{
    g_autoptr(View) view = machine_view(vm);

    if (restarts(vm, view) && vm->control) {
        restart(vm);
        return;
    }
    vm->is_shut_down = true;
    if (g_atomic_int_get(&vm->stop_reason))
        return;
    publish_state(vm, VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_UNKNOWN);
    machine_tell(vm, VIR_DOMAIN_EVENT_SHUTDOWN,
                 json_flag(data, "guest") ? VIR_DOMAIN_EVENT_SHUTDOWN_GUEST
                                          : VIR_DOMAIN_EVENT_SHUTDOWN_HOST);
}

static void on_panic(Machine *vm, Json *)
{
    g_autoptr(View) view = machine_view(vm);
    LifecycleAction action = view->live->domain->on_crash;

    publish_state(vm, VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED);
    machine_tell(vm, VIR_DOMAIN_EVENT_CRASHED, VIR_DOMAIN_EVENT_CRASHED_PANICKED);
    if (!vm->control || action == ACTION_PRESERVE)
        return;
    if (action == ACTION_RESTART || action == ACTION_COREDUMP_RESTART) {
        restart(vm);
        publish_state(vm, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_CRASHED);
        return;
    }
    g_atomic_int_set(&vm->stop_reason, VIR_DOMAIN_SHUTOFF_CRASHED);
    qmp_forget(qmp_send(vm->control, "quit", NULL));
}

// clang-format off
/* An event that says no more than which guest it is about. */
#define EMIT_PLAIN(vm, event, ...)                                                               \
    do {                                                                                         \
        g_autofree char *name_ = object_name(&(vm)->object);                                     \
        g_autoptr(View) view_ = machine_view(vm);                                                \
        remote_domain_event_callback_##event##_msg message_ = {                                  \
            .msg = { .dom = event_domain(&(vm)->object, name_, view_->id), __VA_ARGS__ },        \
        };                                                                                       \
        emit_domain_event_callback_##event(&(vm)->object, &message_);                            \
    } while (0)
// clang-format on

static void on_reset(Machine *vm, Json *) { EMIT_PLAIN(vm, reboot, ); }

static void on_rtc_change(Machine *vm, Json *data)
{
    EMIT_PLAIN(vm, rtc_change, .offset = json_number(data, "offset", 0));
}

static void on_suspend_to_memory(Machine *vm, Json *)
{
    publish_state(vm, VIR_DOMAIN_PMSUSPENDED, VIR_DOMAIN_PMSUSPENDED_UNKNOWN);
    machine_tell(vm, VIR_DOMAIN_EVENT_PMSUSPENDED, VIR_DOMAIN_EVENT_PMSUSPENDED_MEMORY);
    EMIT_PLAIN(vm, pmsuspend, );
}

static void on_suspend_to_disk(Machine *vm, Json *)
{
    machine_tell(vm, VIR_DOMAIN_EVENT_PMSUSPENDED, VIR_DOMAIN_EVENT_PMSUSPENDED_DISK);
    EMIT_PLAIN(vm, pmsuspend_disk, );
}

static void on_wakeup(Machine *vm, Json *)
{
    publish_state(vm, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_WAKEUP);
    machine_tell(vm, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_WAKEUP);
    EMIT_PLAIN(vm, pmwakeup, );
}

/* ---- devices ---- */

static void on_balloon_change(Machine *vm, Json *data)
{
    View *view = machine_edit(vm);
    uint64_t actual = json_number(data, "actual", 0) / 1024;

    view->balloon = actual;
    machine_publish_anyway(vm, view);
    EMIT_PLAIN(vm, balloon_change, .actual = actual);
}

static void on_watchdog(Machine *vm, Json *data)
{
    static const char *const actions[] = {
        [VIR_DOMAIN_EVENT_WATCHDOG_NONE] = "none",
        [VIR_DOMAIN_EVENT_WATCHDOG_PAUSE] = "pause",
        [VIR_DOMAIN_EVENT_WATCHDOG_RESET] = "reset",
        [VIR_DOMAIN_EVENT_WATCHDOG_POWEROFF] = "poweroff",
        [VIR_DOMAIN_EVENT_WATCHDOG_SHUTDOWN] = "shutdown",
        [VIR_DOMAIN_EVENT_WATCHDOG_DEBUG] = "debug",
        [VIR_DOMAIN_EVENT_WATCHDOG_INJECTNMI] = "inject-nmi",
        NULL,
    };
    const char *action = json_text(data, "action");

    EMIT_PLAIN(vm, watchdog, .action = MAX(action ? names_find(actions, action) : 0, 0));
}

static void on_io_error(Machine *vm, Json *data)
{
    static const char *const actions[] = { "ignore", "stop", "report", NULL };
    g_autofree char *name = object_name(&vm->object);
    g_autoptr(View) view = machine_view(vm);
    const char *node = json_text(data, "node-name");
    const Disk *disk = node ? blockdev_disk_of(view->live->domain, node) : NULL;
    const char *action = json_text(data, "action");
    remote_domain_event_callback_io_error_reason_msg message = {
        .msg = { .dom = event_domain(&vm->object, name, view->id),
                 .src_path = disk && disk->source.path ? disk->source.path : "",
                 .dev_alias = disk ? disk->info.alias : "",
                 .action = MAX(action ? names_find(actions, action) : 0, 0),
                 .reason = json_flag(data, "nospace") ? "enospc" : "" },
    };
    remote_domain_event_callback_io_error_msg plain = {
        .msg = { .dom = message.msg.dom,
                 .src_path = message.msg.src_path,
                 .dev_alias = message.msg.dev_alias,
                 .action = message.msg.action },
    };

    emit_domain_event_callback_io_error(&vm->object, &plain);
    emit_domain_event_callback_io_error_reason(&vm->object, &message);
}

static void on_device_deleted(Machine *vm, Json *data)
{
    if (json_text(data, "device"))
        device_gone(vm, json_text(data, "device"));
}

static void on_unplug_refused(Machine *vm, Json *data)
{
    if (json_text(data, "device"))
        device_stays(vm, json_text(data, "device"));
}

static const Disk *disk_of_tray(const Domain *domain, Json *data)
{
    const char *id = json_text(data, "id");

    for (LIST_EACH(Disk, disk, domain->disks)) {
        if (id && disk->info.alias && g_str_equal(disk->info.alias, id))
            return disk;
    }
    return NULL;
}

static void on_tray_moved(Machine *vm, Json *data)
{
    g_autoptr(View) view = machine_view(vm);
    const Disk *disk = disk_of_tray(view->live->domain, data);

    if (disk)
        EMIT_PLAIN(vm, tray_change, .dev_alias = disk->info.alias,
                   .reason = json_flag(data, "tray-open") ? VIR_DOMAIN_EVENT_TRAY_CHANGE_OPEN
                                                          : VIR_DOMAIN_EVENT_TRAY_CHANGE_CLOSE);
}

static void tell_agent(Machine *vm, bool connected)
{
    g_autofree char *name = object_name(&vm->object);
    g_autoptr(View) view = machine_view(vm);
    remote_domain_event_callback_agent_lifecycle_msg message = {
        .dom = event_domain(&vm->object, name, view->id),
        .state = connected ? VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED
                           : VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_DISCONNECTED,
        .reason = VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_REASON_CHANNEL,
    };

    emit_domain_event_callback_agent_lifecycle(&vm->object, &message);
}

static void on_port_change(Machine *vm, Json *data)
{
    g_autoptr(View) view = machine_edit(vm);
    Domain *live = domain_copy(view->live->domain);
    const char *id = json_text(data, "id");
    bool open = json_flag(data, "open"), is_agent = false;

    for (LIST_EACH(Channel, channel, live->channels)) {
        if (!id || !channel->info.alias || !g_str_equal(channel->info.alias, id))
            continue;
        channel->state = open ? CHANNEL_CONNECTED : CHANNEL_DISCONNECTED;
        is_agent |= g_strcmp0(channel->name, "org.qemu.guest_agent.0") == 0;
    }
    view_set_live(view, live);
    machine_publish_anyway(vm, g_steal_pointer(&view));
    if (is_agent)
        tell_agent(vm, open);
}

static remote_domain_event_graphics_address graphics_address(Json *end)
{
    static const char *const families[] = { "ipv4", "ipv6", "unix", NULL };
    const char *family = json_text(end, "family"), *host = json_text(end, "host");
    const char *service = json_text(end, "service");

    return (remote_domain_event_graphics_address){
        .family = MAX(family ? names_find(families, family) : 0, 0),
        .node = (char *) (host ? host : ""),
        .service = (char *) (service ? service : ""),
    };
}

static void tell_graphics(Machine *vm, Json *data, int phase)
{
    Json *server = json_member(data, "server"), *client = json_member(data, "client");
    const char *auth = json_text(server, "auth"), *sasl = json_text(client, "sasl_username");
    const char *x509 = json_text(client, "x509_dname");
    remote_domain_event_graphics_identity subject[2];
    unsigned subjects = 0;

    if (x509)
        subject[subjects++] = (remote_domain_event_graphics_identity){ "x509dname", (char *) x509 };
    if (sasl)
        subject[subjects++] =
            (remote_domain_event_graphics_identity){ "saslUsername", (char *) sasl };
    EMIT_PLAIN(vm, graphics, .phase = phase, .local = graphics_address(server),
               .remote = graphics_address(client), .auth_scheme = (char *) (auth ? auth : ""),
               .subject = { subjects, subject });
}

static void on_vnc_connected(Machine *vm, Json *data)
{
    tell_graphics(vm, data, VIR_DOMAIN_EVENT_GRAPHICS_CONNECT);
}

static void on_vnc_initialized(Machine *vm, Json *data)
{
    tell_graphics(vm, data, VIR_DOMAIN_EVENT_GRAPHICS_INITIALIZE);
}

static void on_vnc_disconnected(Machine *vm, Json *data)
{
    tell_graphics(vm, data, VIR_DOMAIN_EVENT_GRAPHICS_DISCONNECT);
}

/* ---- the table and the way to it ---- */

typedef void EventHandler(Machine *vm, Json *data);

static const struct {
    const char *name;
    EventHandler *handle;
} handlers[] = {
    { "BALLOON_CHANGE", on_balloon_change },
    { "BLOCK_IO_ERROR", on_io_error },
    { "DEVICE_DELETED", on_device_deleted },
    { "DEVICE_TRAY_MOVED", on_tray_moved },
    { "DEVICE_UNPLUG_GUEST_ERROR", on_unplug_refused },
    { "GUEST_PANICKED", on_panic },
    { "RESET", on_reset },
    { "RESUME", on_resume },
    { "RTC_CHANGE", on_rtc_change },
    { "SHUTDOWN", on_shutdown },
    { "STOP", on_stop },
    { "SUSPEND", on_suspend_to_memory },
    { "SUSPEND_DISK", on_suspend_to_disk },
    { "VNC_CONNECTED", on_vnc_connected },
    { "VNC_DISCONNECTED", on_vnc_disconnected },
    { "VNC_INITIALIZED", on_vnc_initialized },
    { "VSERPORT_CHANGE", on_port_change },
    { "WAKEUP", on_wakeup },
    { "WATCHDOG", on_watchdog },
};

typedef struct Happening {
    Machine *vm;
    unsigned run;
    EventHandler *handle;
    Json *data;
} Happening;

static void happen(void *item)
{
    g_autofree Happening *happening = item;
    g_autoptr(Machine) vm = happening->vm;
    g_autoptr(Json) data = happening->data;
    g_autoptr(View) view = machine_view(vm);

    if (view->run == happening->run && view_is_active(view))
        happening->handle(vm, data);
}

static void tell_raw(Machine *vm, const char *event, Json *data, int64_t seconds, unsigned micros)
{
    g_autofree char *name = object_name(&vm->object), *details = data ? json_print(data) : NULL;
    g_autoptr(View) view = machine_view(vm);
    qemu_domain_monitor_event_msg message = {
        .dom = event_domain(&vm->object, name, view->id),
        .event = (char *) event,
        .seconds = seconds,
        .micros = micros,
        .details = details ? &details : NULL,
    };

    emit_monitor_event(&vm->object, &message);
}

static void event_came(const char *name, Json *data, int64_t seconds, unsigned microseconds,
                       void *listener)
{
    Listening *source = listener;
    g_autoptr(Json) owned = data;

    tell_raw(source->vm, name, data, seconds, microseconds);
    for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++) {
        Happening *happening;

        if (strcmp(handlers[i].name, name) != 0)
            continue;
        happening = g_new(Happening, 1);
        *happening = (Happening){ machine_ref(source->vm), source->run, handlers[i].handle,
                                  g_steal_pointer(&owned) };
        strand_do(source->vm->object.strand, MODE_CHANGE, "an event of the guest", happen,
                  happening);
        return;
    }
}

/* The connection has ended: with the process, or QEMU has said something that cannot be read. */
static void look_why(void *data)
{
    g_autofree Listening *source = data;
    g_autoptr(Machine) vm = source->vm;
    g_autoptr(View) view = machine_view(vm);
    g_auto(Fd) process = view->run == source->run ? machine_process(vm, NULL) : -1;

    if (process < 0 || process_wait(process, ENDING_MS))
        return;
    machine_log(vm, G_LOG_LEVEL_WARNING, "its monitor does not answer any more");
    EMIT_PLAIN(vm, control_error, );
}

static void monitor_closed(void *listener)
{
    Listening *source = listener;

    strand_do(source->vm->object.strand, MODE_QUERY, "the end of the monitor", look_why, source);
}

static const QmpListener listener = { event_came, monitor_closed };

static Listening *listening_new(Machine *vm)
{
    Listening *source = g_new(Listening, 1);
    g_autoptr(View) view = machine_view(vm);

    *source = (Listening){ machine_ref(vm), view->run };
    return source;
}

Qmp *monitor_open(Machine *vm, int fd) { return qmp_open(fd, &listener, listening_new(vm)); }

Qmp *monitor_reopen(Machine *vm, const char *path, int pidfd, uint64_t memory, GError **error)
{
    Listening *source = listening_new(vm);
    Qmp *monitor = qmp_connect(path, pidfd, memory, &listener, source, error);

    if (!monitor)
        monitor_closed(source);
    return monitor;
}

/* ---- what is asked for at the start ---- */

static const Balloon *live_balloon(const Domain *live)
{
    const Balloon *balloon = list_length(live->balloons) ? live->balloons->pdata[0] : NULL;

    return balloon && balloon->model != BALLOON_NONE ? balloon : NULL;
}

bool monitor_set_stats_period(Qmp *monitor, const Domain *live, unsigned seconds, GError **error)
{
    const Balloon *balloon = live_balloon(live);
    g_autofree char *path = NULL;
    g_autoptr(Json) done = NULL;

    if (!balloon)
        return fail(error, ERR_OPERATION_INVALID,
                    "Memory balloon model must be virtio to set the "
                    "collection period");
    path = g_strdup_printf("/machine/peripheral/%s", balloon->info.alias);
    done = qmp_call(monitor, "qom-set",
                    json_build("ssi", "path", path, "property", "guest-stats-polling-interval",
                               "value", (int64_t) seconds),
                    error);
    return done != NULL;
}

/* Both questions are under way before the first answer is read. */
bool monitor_learn(Qmp *monitor, Domain *live, GError **error)
{
    unsigned patience = qmp_patience(live->memory);
    QmpRequest *ask_chardevs = qmp_send(monitor, "query-chardev", NULL);
    QmpRequest *ask_vnc =
        list_length(live->graphics) ? qmp_send(monitor, "query-vnc-servers", NULL) : NULL;
    g_autoptr(Json) chardevs = qmp_wait(ask_chardevs, patience, error);
    g_autoptr(Json) vnc = ask_vnc ? qmp_wait(ask_vnc, patience, chardevs ? error : NULL) : NULL;

    return chardevs && (vnc || !ask_vnc) && argv_learn(live, chardevs, vnc, error);
}

/* Waits for the answers in turn; the first refusal is the one that is told. */
static bool wait_for_all(GPtrArray *requests, GError **error)
{
    bool done = true;

    for (guint i = 0; i < requests->len; i++) {
        g_autoptr(Json) answer = qmp_wait(requests->pdata[i], 0, done ? error : NULL);

        done &= answer != NULL;
    }
    return done;
}

bool monitor_begin(Qmp *monitor, const Domain *live, GError **error)
{
    const Balloon *balloon = live_balloon(live);
    g_autoptr(Json) commands = argv_commands(live);
    g_autoptr(GPtrArray) requests = g_ptr_array_new();

    for (size_t i = 0; i < json_length(commands); i++) {
        Json *command = json_object_array_get_idx(commands, i);
        Json *arguments = json_member(command, "arguments");

        g_ptr_array_add(requests, qmp_send(monitor, json_text(command, "execute"),
                                           arguments ? json_object_get(arguments) : NULL));
    }
    return wait_for_all(requests, error) &&
           (!balloon || !balloon->stats_period ||
            monitor_set_stats_period(monitor, live, balloon->stats_period, error));
}
