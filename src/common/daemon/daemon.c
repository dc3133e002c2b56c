/* daemon.c - main() of every daemon
 *
 * In this order: options, configuration, the lock that keeps a second instance away, what the
 * daemon owns, its sockets. Nobody is accepted before all is ready. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"

#include "base/file.h"
#include "base/log.h"
#include "daemon/admin.h"
#include "daemon/settings.h"
#include "loop/loop.h"
#include "loop/workers.h"
#include "rpc/activity.h"
#include "rpc/client.h"
#include "rpc/handover.h"
#include "rpc/keepalive.h"
#include "rpc/listen.h"
#include "xml/document.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

typedef struct Options {
    char *root, *config;
    int timeout;
    gboolean verbose, version, check, example, manual;
} Options;

static struct {
    const Daemon *what;
    Options options;
    int timeout; /* seconds without work after which we end; 0: never */
    Timer *idle;
} self;

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
        { "check", 0, 0, G_OPTION_ARG_NONE, &o->check,
          "tell what is wrong with the configuration, rules and certificates, and end", NULL },
        { "print-config", 0, 0, G_OPTION_ARG_NONE, &o->example,
          "print a configuration that changes nothing, and end", NULL },
        { "print-manual", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &o->manual,
          "print the manual page of the configuration, and end", NULL },
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

static char *config_path(void)
{
    return self.options.config ? g_strdup(self.options.config)
                               : daemon_path("etc/ostler/%s.conf", self.what->name);
}

Json *daemon_settings(void)
{
    g_autofree char *path = config_path();

    return settings_describe(path, self.what->keys, self.what->settings);
}

static bool load_config(GError **error)
{
    g_autofree char *rules = daemon_path("etc/ostler/access.conf");
    g_autofree char *path = config_path();

    return settings_load(path, self.what->keys, self.what->settings, error) &&
           settings_access(rules, error) && settings_apply(self.options.verbose, error) &&
           (!self.what->configure || self.what->configure(error));
}

/* What is asked for instead of a daemon's work. */
static bool print_and_end(const char *name)
{
    const Options *o = &self.options;
    g_autofree char *text = NULL;

    if (o->version)
        text = g_strdup_printf("%s " VERSION "\n", name);
    else if (o->example || o->manual)
        text = settings_print(self.what->name, self.what->keys, o->manual);
    if (text)
        fputs(text, stdout);
    return text;
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

static bool open_socket(const char *name, SocketKind kind, const char *mode, const char *auth,
                        GError **error)
{
    g_autofree char *usual = daemon_path("run/libvirt");
    const char *directory = door_settings.unix_sock_dir ? door_settings.unix_sock_dir : usual;
    g_autofree char *path = g_strconcat(directory, "/", name, NULL);
    Listener listener = { .kind = kind, .path = path };

    if (!settings_auth("auth_unix_*", auth, &listener.auth, error))
        return false;
    if (kind != SOCKET_ADMIN)
        server.auth_unix[kind == SOCKET_READ_ONLY] = listener.auth;
    if (!mode)
        mode = listener.auth == REMOTE_AUTH_NONE ? "0700" : "0777";
    return settings_mode("unix_sock_*_perms", mode, &listener.mode, error) &&
           settings_group("unix_sock_group", door_settings.unix_sock_group, &listener.group,
                          error) &&
           listen_begin(&listener, error);
}

/* Where the proxy has a user of its own, its group may connect, and then only that user stays. */
static bool open_peer_socket(GError **error)
{
    g_autofree char *path = handover_path(self.what->name);
    const struct passwd *proxy =
        door_settings.proxy_user ? getpwnam(door_settings.proxy_user) : NULL;
    Listener listener = {
        .kind = SOCKET_PEER,
        .path = path,
        .mode = proxy ? 0660 : 0600,
        .group = proxy ? proxy->pw_gid : (gid_t) -1,
    };

    server.proxy_uid = proxy ? (int64_t) proxy->pw_uid : -1;
    return listen_begin(&listener, error);
}

static bool open_sockets(GError **error)
{
    const DoorSettings *doors = &door_settings;
    g_autofree char *read_only = g_strconcat(self.what->socket, "-ro", NULL);
    g_autofree char *admin = g_strconcat(self.what->alias, "-admin-sock", NULL);

    return open_socket(self.what->socket, SOCKET_WRITE, doors->unix_sock_rw_perms,
                       doors->auth_unix_rw, error) &&
           open_socket(read_only, SOCKET_READ_ONLY, doors->unix_sock_ro_perms, doors->auth_unix_ro,
                       error) &&
           open_socket(admin, SOCKET_ADMIN, doors->unix_sock_admin_perms, NULL, error) &&
           (!self.what->driver || open_peer_socket(error));
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

static void tell(void *) { activity_log(); }

static void idle_for_long(void *data);

static void set_idle(bool idle)
{
    timer_end(g_steal_pointer(&self.idle));
    if (idle && self.timeout > 0)
        self.idle = timer_new(self.timeout * 1000, idle_for_long, NULL);
}

void daemon_set_timeout(unsigned seconds)
{
    self.timeout = MIN(seconds, G_MAXINT / 1000);
    set_idle(server_clients() == 0);
}

void daemon_quit(void) { loop_hop(quit, NULL); }

/* A guest may be on its way with no client left, such as one that starts with the host. */
static bool is_busy(void)
{
    WorkersState state = workers_state();

    return state.busy || state.waiting || state.queued;
}

static void idle_for_long(void *)
{
    self.idle = NULL;
    if (is_busy() || (self.what->is_needed && self.what->is_needed()))
        set_idle(true);
    else
        quit(NULL);
}

static gboolean say_alive(gpointer)
{
    sd_notify(0, "WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

/* systemd kills and restarts a daemon whose loop has come to a halt. */
static void begin_watchdog(void)
{
    uint64_t microseconds;

    if (sd_watchdog_enabled(0, &microseconds) > 0)
        g_timeout_add(MAX(microseconds / 3000, 1), say_alive, NULL);
}

static void say_hello(void)
{
    begin_watchdog();
    g_info("%s " VERSION " is ready", server.name);
    sd_notify(0, "READY=1");
}

static bool start(GError **error)
{
    if (!make_directories(error) || !load_config(error) || !take_lock(error))
        return false;
    if (self.what->begin && !self.what->begin(error))
        return false;
    settings_staff();
    return open_sockets(error);
}

/* Five thousand clients have as many sockets. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
    }
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
    if (print_and_end(name))
        return 0;
    log_open(self.options.verbose ? LOG_EVERYTHING : LOG_INFORMATION);
    server.name = name;
    server.root = root = canonical_root(self.options.root);
    server.driver = daemon->driver;
    server.admin_driver = &admin_driver;
    server.identify = document_identity;
    server.main.name = daemon->alias;
    server.open_elsewhere = daemon->open_elsewhere;
    self.timeout = self.options.timeout;
    signal(SIGPIPE, SIG_IGN);
    umask(022);
    allow_descriptors();

    if (self.options.check && !load_config(&error))
        fprintf(stderr, "%s: %s\n", name, error->message);
    if (self.options.check)
        return error != NULL;
    if (!start(&error)) {
        g_critical("%s cannot start: %s", name, error->message);
        return 1;
    }
    loop_on_signal(SIGTERM, quit, NULL);
    loop_on_signal(SIGINT, quit, NULL);
    loop_on_signal(SIGHUP, reload, NULL);
    loop_on_signal(SIGUSR1, tell, NULL);
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
