/* argv.c - the command line: the guest as a whole, then its devices kind by kind */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "args.h"

#include "alias.h"
#include "argv-cpu.h"
#include "argv-os.h"
#include "dev-chardev.h"
#include "dev-controller.h"
#include "dev-disk.h"
#include "dev-graphics.h"
#include "dev-hostdev.h"
#include "dev-iface.h"
#include "dev-misc.h"
#include "dev-video.h"

#include <string.h>
#include <time.h>

enum { KIB = 1024, MIB_IN_KIB = 1024 };

typedef bool Part(Args *args, Domain *live, GError **error);

static bool text_is(const char *text, const char *word) { return g_strcmp0(text, word) == 0; }

/* ---- the process ---- */

static bool add_process(Args *args, Domain *live, GError **)
{
    GString *name = option_new(NULL);

    option_set(name, "guest", live->name);
    option_set(name, "debug-threads", "on");
    args_take(args, live->emulator, NULL);
    args_option(args, "-name", name);
    args_add(args, "-S", NULL);
    if (args->incoming)
        args_add(args, "-incoming", "defer");
    return true;
}

static bool add_monitor(Args *args, Domain *, GError **)
{
    GString *option = option_new("socket,id=charmonitor");

    args_add(args, "-no-user-config", NULL);
    args_add(args, "-nodefaults", NULL);
    option_printf(option, "fd", "%d", args->monitor);
    option_set(option, "server", "on");
    option_set(option, "wait", "off");
    args_option(args, "-chardev", option);
    args_add(args, "-mon", "chardev=charmonitor,id=monitor,mode=control");
    return true;
}

static bool add_confinement(Args *args, Domain *, GError **)
{
    if (args->sandbox && caps_has(args->caps, CAP_SANDBOX))
        args_add(args, "-sandbox",
                 "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    args_add(args, "-msg", "timestamp=on");
    return true;
}

static bool add_environment(Args *args, Domain *live, GError **)
{
    GPtrArray *environment = args->environment;

    g_ptr_array_add(environment, g_strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                                          "/sbin:/bin"));
    g_ptr_array_add(environment, g_strdup("LC_ALL=C"));
    g_ptr_array_add(environment, g_strdup_printf("HOME=%s", args->directory));
    if (live->clock.offset == CLOCK_TIMEZONE)
        g_ptr_array_add(environment, g_strdup_printf("TZ=%s", live->clock.timezone));
    for (LIST_EACH(QemuVariable, variable, live->commandline.variables))
        g_ptr_array_add(environment, g_strdup_printf("%s=%s", variable->name,
                                                     variable->value ? variable->value : ""));
    for (LIST_EACH(QemuArgument, argument, live->commandline.arguments))
        args_add(args, argument->value, NULL);
    return true;
}

/* ---- the machine ---- */

static const Timer *find_timer(const Domain *live, TimerName name)
{
    for (LIST_EACH(Timer, timer, live->clock.timers)) {
        if (timer->name == name)
            return timer;
    }
    return NULL;
}

static void add_interrupts(GString *option, const Features *features)
{
    if (text_is(features->ioapic, "qemu"))
        option_set(option, "kernel_irqchip", "split");
    else if (text_is(features->ioapic, "kvm"))
        option_set(option, "kernel_irqchip", "on");
}

static bool has_own_ram(const Args *args, const Domain *live)
{
    const CapsMachine *machine = caps_machine(args->caps, live->os.machine);

    return machine && machine->default_ram;
}

static bool add_machine(Args *args, Domain *live, GError **)
{
    const Features *features = &live->features;
    const CapsMachine *machine = caps_machine(args->caps, live->os.machine);
    const Timer *hpet = find_timer(live, TIMER_HPET);
    GString *option = option_new(live->os.machine);

    option_set(option, "usb", "off");
    option_switch(option, "vmport", features->vmport);
    option_switch(option, "smm", stated(features->smm_given, features->smm));
    add_interrupts(option, features);
    option_set(option, "dump-guest-core", live->dump_core == SWITCH_ON ? "on" : "off");
    if (live->memory_backing.nosharepages)
        option_set(option, "mem-merge", "off");
    if (has_own_ram(args, live))
        option_set(option, "memory-backend", machine->default_ram);
    firmware_machine(option, live);
    if (live->os.bios_serial == SWITCH_ON)
        option_set(option, "graphics", "off");
    if (machine_is_pc(live) && !features->acpi)
        option_set(option, "acpi", "off");
    if (hpet && hpet->present)
        option_switch(option, "hpet", hpet->present);
    args_option(args, "-machine", option);
    return true;
}

static bool add_accel(Args *args, Domain *live, GError **error)
{
    const Features *features = &live->features;
    GString *option;

    if (live->type == DOMAIN_KVM && !args->caps->kvm)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "domain type 'kvm' is not supported by '%s' here", live->emulator);
    option = option_new(live->type == DOMAIN_KVM ? "kvm" : "tcg");
    if (features->tb_cache)
        option_printf(option, "tb-size", "%" G_GUINT64_FORMAT, features->tb_cache / MIB_IN_KIB);
    if (features->kvm.dirty_ring == SWITCH_ON)
        option_printf(option, "dirty-ring-size", "%u", features->kvm.dirty_ring_size);
    args_option(args, "-accel", option);
    return true;
}

static void add_pm_switch(Args *args, const Domain *live, const char *state, Switch enabled)
{
    if (enabled)
        args_take(args, "-global",
                  g_strdup_printf("%s.disable_%s=%d",
                                  machine_is_q35(live) ? "ICH9-LPC" : "PIIX4_PM", state,
                                  enabled == SWITCH_OFF));
}

/* What the machine's own devices are told. */
static bool add_globals(Args *args, Domain *live, GError **)
{
    const Timer *pit = find_timer(live, TIMER_PIT);

    if (pit && pit->tick_policy != TICK_CATCHUP)
        args_take(args, "-global",
                  g_strdup_printf("kvm-pit.lost_tick_policy=%s",
                                  pit->tick_policy == TICK_DISCARD ? "discard" : "delay"));
    if (live->features.tseg)
        args_take(
            args, "-global",
            g_strdup_printf("mch.extended-tseg-mbytes=%" G_GUINT64_FORMAT, live->features.tseg));
    add_pm_switch(args, live, "s3", live->suspend_to_mem);
    add_pm_switch(args, live, "s4", live->suspend_to_disk);
    return true;
}

/* ---- memory ---- */

/* The size of memory is a whole number of MiB. */
static uint64_t memory_in_mib(const Domain *live)
{
    return (live->memory + MIB_IN_KIB - 1) / MIB_IN_KIB;
}

static Json *ram_json(const Args *args, const Domain *live)
{
    const MemoryBacking *backing = &live->memory_backing;
    bool memfd = text_is(backing->source, "memfd"), shared = text_is(backing->access, "shared");
    Json *json = json_build("ss", "qom-type", memfd ? "memory-backend-memfd" : "memory-backend-ram",
                            "id", caps_machine(args->caps, live->os.machine)->default_ram);

    if (shared)
        json_object_object_add(json, "share", json_object_new_boolean(true));
    if (memfd)
        json_object_object_add(json, "x-use-canonical-path-for-ramblock-id",
                               json_object_new_boolean(false));
    if (text_is(backing->allocation, "immediate"))
        json_object_object_add(json, "prealloc", json_object_new_boolean(true));
    if (backing->allocation_threads)
        json_object_object_add(json, "prealloc-threads",
                               json_object_new_int64(backing->allocation_threads));
    json_object_object_add(json, "size",
                           json_object_new_uint64(memory_in_mib(live) * MIB_IN_KIB * KIB));
    return json;
}

static bool add_memory(Args *args, Domain *live, GError **)
{
    args_take(args, "-m", g_strdup_printf("%" G_GUINT64_FORMAT, memory_in_mib(live)));
    if (has_own_ram(args, live))
        args_json(args, "-object", ram_json(args, live));
    args_add(args, "-overcommit", "mem-lock=off");
    return true;
}

/* ---- processors and threads ---- */

static bool add_processors(Args *args, Domain *live, GError **error)
{
    char uuid[UUID_TEXT];

    if (!cpu_add(args, live, error))
        return false;
    smp_add(args, live);
    args_add(args, "-uuid", uuid_print(&live->uuid, uuid));
    return true;
}

static Json *iothread_json(unsigned id)
{
    g_autofree char *name = g_strdup_printf("iothread%u", id);

    return json_build("ss", "qom-type", "iothread", "id", name);
}

static bool has_iothread(const Domain *live, unsigned id)
{
    for (LIST_EACH(Iothread, thread, live->iothread_ids)) {
        if (thread->id == id)
            return true;
    }
    return false;
}

static void add_optional(Json *json, const char *name, Optional value)
{
    if (value.given)
        json_object_object_add(json, name, json_object_new_int64(value.value));
}

static bool add_iothreads(Args *args, Domain *live, GError **)
{
    for (LIST_EACH(Iothread, thread, live->iothread_ids)) {
        Json *json = iothread_json(thread->id);

        add_optional(json, "thread-pool-min", thread->pool_min);
        add_optional(json, "thread-pool-max", thread->pool_max);
        args_json(args, "-object", json);
    }
    for (unsigned id = 1, count = list_length(live->iothread_ids); count < live->iothreads; id++) {
        if (has_iothread(live, id))
            continue;
        args_json(args, "-object", iothread_json(id));
        count++;
    }
    return true;
}

/* ---- time ---- */

/* A time of day as QEMU reads it, which it takes for the guest's own. */
static char *time_text(int64_t seconds, bool local)
{
    g_autoptr(GDateTime) time =
        local ? g_date_time_new_from_unix_local(seconds) : g_date_time_new_from_unix_utc(seconds);

    return g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
}

static char *clock_base(const Clock *clock)
{
    bool adjusted = clock->adjustment && !text_is(clock->adjustment, "reset");
    int64_t now = time(NULL), offset = adjusted ? g_ascii_strtoll(clock->adjustment, NULL, 10) : 0;
    bool local = clock->offset == CLOCK_LOCALTIME || clock->offset == CLOCK_TIMEZONE;

    if (clock->offset == CLOCK_ABSOLUTE)
        return time_text(clock->start, false);
    if (clock->offset == CLOCK_VARIABLE)
        return time_text(now + offset, clock->basis == CLOCK_BASIS_LOCALTIME);
    if (adjusted)
        return time_text(now + offset, local);
    return g_strdup(local ? "localtime" : "utc");
}

static bool add_clock(Args *args, Domain *live, GError **)
{
    const Timer *rtc = find_timer(live, TIMER_RTC);
    g_autofree char *base = clock_base(&live->clock);
    GString *option = option_new(NULL);

    option_set(option, "base", base);
    if (rtc && rtc->track && !text_is(rtc->track, "boot"))
        option_set(option, "clock",
                   text_is(rtc->track, "guest")  ? "vm"
                   : text_is(rtc->track, "wall") ? "host"
                                                 : "rt");
    if (rtc && rtc->tick_policy == TICK_CATCHUP)
        option_set(option, "driftfix", "slew");
    args_option(args, "-rtc", option);
    return true;
}

/* ---- what ends a run ---- */

static const char *watchdog_action(const Domain *live)
{
    static const char *const names[] = {
        [WATCHDOG_RESET] = "reset",       [WATCHDOG_SHUTDOWN] = "shutdown",
        [WATCHDOG_POWEROFF] = "poweroff", [WATCHDOG_PAUSE] = "pause",

        [WATCHDOG_DO_NOTHING] = "none",   [WATCHDOG_INJECT_NMI] = "inject-nmi",
    };

    for (LIST_EACH(Watchdog, watchdog, live->watchdogs))
        return names[watchdog->action];
    return NULL;
}

/* A guest that has powered off is kept when it is to be started again, one that has crashed
 * until the daemon has seen to it. */
static bool add_actions(Args *args, Domain *live, GError **)
{
    GString *option = option_new(NULL);

    option_set(option, "reboot", live->on_reboot == ACTION_DESTROY ? "shutdown" : "reset");
    option_set(option, "shutdown", live->on_poweroff == ACTION_RESTART ? "pause" : "poweroff");
    option_set(option, "panic", "pause");
    option_set(option, "watchdog", watchdog_action(live));
    args_option(args, "-action", option);
    return true;
}

/* ---- the whole ---- */

static bool add_firmware(Args *args, Domain *live, GError **error)
{
    return firmware_add(args, live, error);
}

static bool add_boot(Args *args, Domain *live, GError **error) { return os_add(args, live, error); }

static bool add_first(Args *args, Domain *live, GError **error)
{
    return early_devices_add(args, live, error) && controllers_add(args, live, error) &&
           hubs_add(args, live, error);
}

static bool add_devices(Args *args, Domain *live, GError **error)
{
    audios_add(args, live);
    return disks_add(args, live, error) && ifaces_add(args, live, error) &&
           chardevs_add(args, live, error) && inputs_add(args, live, error) &&
           graphics_add(args, live, error) && videos_add(args, live, error) &&
           sounds_add(args, live, error) && hostdevs_add(args, live, error) &&
           late_devices_add(args, live, error);
}

static Part *const parts[] = {
    add_process,   add_firmware, add_machine,     add_accel,       add_processors, add_memory,
    add_iothreads, add_monitor,  add_clock,       add_actions,     add_globals,    add_boot,
    add_first,     add_devices,  add_confinement, add_environment,
};

bool argv_build(Args *args, Domain *live, GError **error)
{
    alias_assign(live);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (!parts[i](args, live, error)) {
            args_undo(args);
            return false;
        }
    }
    g_ptr_array_add(args->argv, NULL);
    g_ptr_array_add(args->environment, NULL);
    return true;
}

/* ---- after the start ---- */

static void add_command(Json *commands, const char *name, Json *arguments)
{
    json_object_array_add(commands, json_build("sj", "execute", name, "arguments", arguments));
}

static bool has_balloon(const Domain *live)
{
    const Balloon *balloon = list_length(live->balloons) ? live->balloons->pdata[0] : NULL;

    return balloon && balloon->model != BALLOON_NONE;
}

Json *argv_commands(const Domain *live)
{
    Json *commands = json_object_new_array();

    for (LIST_EACH(Disk, disk, live->disks)) {
        Json *limits = disk_throttle_json(disk);

        if (limits)
            add_command(commands, "block_set_io_throttle", limits);
    }
    for (LIST_EACH(Iface, iface, live->interfaces)) {
        if (iface->link == LINK_DOWN && !iface_is_device(iface))
            add_command(commands, "set_link",
                        json_build("sb", "name", iface->info.alias, "up", false));
    }
    graphics_commands(live, commands);
    if (has_balloon(live) && live->current_memory && live->current_memory < live->memory)
        add_command(commands, "balloon",
                    json_build("i", "value", (int64_t) live->current_memory * KIB));
    return commands;
}

bool argv_learn(Domain *live, Json *chardevs, Json *vnc, GError **error)
{
    chardevs_learn(live, chardevs);
    return graphics_learn(live, vnc, error);
}

void argv_clean(const Domain *live)
{
    chardevs_clean(live);
    graphics_clean(live);
}
