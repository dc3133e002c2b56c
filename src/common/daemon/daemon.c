/* daemon.c - main() of every daemon
 *
 * In this order: options, configuration, the lock that keeps a second instance away, what the
 * daemon owns, its sockets. Nobody is accepted before all is ready. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"

#include "base/file.h"
#include "base/log.h"
#include "loop/loop.h"
#include "loop/strand.h"
#include "rpc/handover.h"
#include "rpc/keepalive.h"
#include "rpc/listen.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

typedef struct Options {
    char *root, *config;
    int timeout;
    gboolean verbose, version;
} Options;

/* What every daemon's configuration has. */
typedef struct Settings {
    uint64_t max_workers, prio_workers;
    uint64_t call_timeout;
} Settings;

static struct {
    const Daemon *what;
    Options options;
    Settings settings;
    Timer *idle;
} self;

static const ConfigKey common_keys[] = {
    { "max_clients", CONFIG_NUMBER, SLOT(Limits, max_clients, uint64_t), .min = 1, .max = 1000000,
      .initial = "5000",
      .text = "How many clients may be connected at once; more wait in the socket." },
    { "max_client_requests", CONFIG_NUMBER, SLOT(Limits, max_client_requests, uint64_t), .min = 1,
      .max = 100000, .initial = "5",
      .text = "How many calls of one client may be at work at once; more wait their turn." },
    { "keepalive_interval", CONFIG_NUMBER, SLOT(Limits, keepalive_interval, int64_t), .min = -1,
      .max = 86400, .initial = "5",
      .text = "Seconds of silence after which a client that supports it is asked whether it is "
              "still there; -1: never." },
    { "keepalive_count", CONFIG_NUMBER, SLOT(Limits, keepalive_count, uint64_t), .max = 1000,
      .initial = "5",
      .text = "How many of these questions may stay unanswered before the connection is closed." },
    {},
};

static const ConfigKey worker_keys[] = {
    { "max_workers", CONFIG_NUMBER, SLOT(Settings, max_workers, uint64_t), .min = 1, .max = 10000,
      .initial = "20",
      .text = "How many calls run at once. A call that waits for a guest does not count." },
    { "prio_workers", CONFIG_NUMBER, SLOT(Settings, prio_workers, uint64_t), .max = 10000,
      .initial = "5",
      .text = "Further workers, which run only calls that cannot be held up by a guest." },
    { "call_timeout", CONFIG_NUMBER, SLOT(Settings, call_timeout, uint64_t), .max = 86400,
      .initial = "30",
      .text = "Seconds that a call waits for another one on the same object before it fails; 0: "
              "for ever." },
    {},
};

char *daemon_path(const char *format, ...)
{
    g_autofree char *path = NULL;
    va_list args;

    va_start(args, format);
    path = g_strdup_vprintf(format, args);
    va_end(args);
    return g_strconcat(server.root, "/", path, NULL);
}

/* ---- options and configuration ---- */

static void add_own_options(GOptionContext *context)
{
    for (const DaemonOption *o = self.what->options; o && o->name; o++) {
        const GOptionEntry entries[] = {
            { o->name, 0, 0, G_OPTION_ARG_FILENAME, o->value, o->text, o->argument },
            {},
        };

        g_option_context_add_main_entries(context, entries, NULL);
    }
}

static bool parse_options(int argc, char **argv, GError **error)
{
    Options *o = &self.options;
    const GOptionEntry entries[] = {
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &o->root,
          "keep everything - sockets, state, configuration, logs - under DIR", "DIR" },
        { "config", 'f', 0, G_OPTION_ARG_FILENAME, &o->config, "read this configuration", "FILE" },
        { "timeout", 't', 0, G_OPTION_ARG_INT, &o->timeout, "end after N seconds without work",
          "N" },
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &o->verbose, "log every call", NULL },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &o->version, "tell the version and end", NULL },
        {},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_add_main_entries(context, entries, NULL);
    add_own_options(context);
    g_option_context_set_summary(context, self.what->summary);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1)
        return fail(error, ERR_INVALID_ARG, "unexpected argument '%s'", argv[1]);
    return true;
}

/* The root as an absolute path without a slash at its end; "" for the host's own. */
static char *canonical_root(const char *root)
{
    g_autofree char *absolute = g_canonicalize_filename(root ? root : "/", NULL);

    return g_strdup(g_str_equal(absolute, "/") ? "" : absolute);
}

static bool load_config(GError **error)
{
    g_autofree char *usual = daemon_path("etc/ostler/%s.conf", self.what->name);
    const char *path = self.options.config ? self.options.config : usual;
    const ConfigTable tables[] = {
        { common_keys, &server.limits },
        { worker_keys, &self.settings },
        { self.what->keys, self.what->settings },
        {},
    };

    if (!config_load(tables, path, error))
        return false;
    workers_limit(self.settings.max_workers, self.settings.prio_workers);
    strand_limit(self.settings.call_timeout * 1000);
    return true;
}

static bool make_directories(GError **error)
{
    static const struct {
        const char *path;
        mode_t mode;
    } directories[] = {
        { "run/libvirt", 0755 },    { "run/ostler", 0711 },     { "etc/ostler", 0755 },
        { "var/lib/ostler", 0711 }, { "var/log/ostler", 0711 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(directories); i++) {
        g_autofree char *path = daemon_path("%s", directories[i].path);

        if (!file_make_directory(path, directories[i].mode, error))
            return false;
    }
    return true;
}

static char *lock_path(void) { return daemon_path("run/ostler/%s.pid", self.what->name); }

static bool take_lock(GError **error)
{
    g_autofree char *path = lock_path();

    return file_lock(path, error) >= 0; /* until the process ends */
}

static void drop_lock(void)
{
    g_autofree char *path = lock_path();

    (void) unlink(path);
}

/* ---- sockets ---- */

static bool open_socket(const char *path, SocketKind kind, mode_t mode, GError **error)
{
    return listen_begin(&(Listener){ path, kind, mode }, error);
}

static bool open_sockets(GError **error)
{
    const Daemon *what = self.what;
    g_autofree char *write = daemon_path("run/libvirt/%s", what->socket);
    g_autofree char *read_only = daemon_path("run/libvirt/%s-ro", what->socket);
    g_autofree char *admin = daemon_path("run/libvirt/%s", what->admin_socket);
    g_autofree char *peer = handover_path(what->name);

    return open_socket(write, SOCKET_WRITE, 0700, error) &&
           open_socket(read_only, SOCKET_READ_ONLY, 0777, error) &&
           open_socket(admin, SOCKET_ADMIN, 0700, error) &&
           (!what->driver || open_socket(peer, SOCKET_PEER, 0600, error));
}

/* ---- life ---- */

static void quit(void *)
{
    g_info("%s ends", server.name);
    loop_quit();
}

static void reload(void *)
{
    g_autoptr(GError) error = NULL;

    sd_notify(0, "RELOADING=1");
    if (load_config(&error))
        g_info("%s has read its configuration again", server.name);
    else
        g_warning("the configuration stays as it was: %s", error->message);
    sd_notify(0, "READY=1");
}

static void idle_for_long(void *data);

static void set_idle(bool idle)
{
    timer_end(g_steal_pointer(&self.idle));
    if (idle && self.options.timeout > 0)
        self.idle = timer_new(self.options.timeout * 1000, idle_for_long, NULL);
}

static void idle_for_long(void *)
{
    self.idle = NULL;
    if (self.what->is_needed && self.what->is_needed())
        set_idle(true);
    else
        quit(NULL);
}

static void say_hello(void)
{
    g_info("%s " VERSION " is ready", server.name);
    sd_notify(0, "READY=1");
}

static bool start(GError **error)
{
    if (!make_directories(error) || !load_config(error) || !take_lock(error))
        return false;
    if (self.what->begin && !self.what->begin(error))
        return false;
    return open_sockets(error);
}

int daemon_main(const Daemon *daemon, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strconcat("ostler-", daemon->name, NULL);
    g_autofree char *root = NULL;

    self.what = daemon;
    g_set_prgname(name);
    if (!parse_options(argc, argv, &error)) {
        fprintf(stderr, "%s: %s\n", name, error->message);
        return 2;
    }
    if (self.options.version) {
        printf("%s " VERSION "\n", name);
        return 0;
    }
    log_open(self.options.verbose ? G_LOG_LEVEL_DEBUG : G_LOG_LEVEL_INFO);
    server.name = name;
    server.root = root = canonical_root(self.options.root);
    server.driver = daemon->driver;
    server.open_elsewhere = daemon->open_elsewhere;
    signal(SIGPIPE, SIG_IGN);
    umask(022);

    if (!start(&error)) {
        g_critical("%s cannot start: %s", name, error->message);
        return 1;
    }
    loop_on_signal(SIGTERM, quit, NULL);
    loop_on_signal(SIGINT, quit, NULL);
    loop_on_signal(SIGHUP, reload, NULL);
    keepalive_start();
    server_on_idle(set_idle);
    set_idle(true);
    say_hello();
    loop_run();

    sd_notify(0, "STOPPING=1");
    listen_end();
    if (daemon->end)
        daemon->end();
    drop_lock();
    return 0;
}
