/* settings.c - what the configuration of every daemon says */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/settings.h"

#include "base/log.h"
#include "base/names.h"
#include "loop/strand.h"
#include "loop/workers.h"
#include "rpc/sasl.h"
#include "rpc/server.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>

DoorSettings door_settings;

static struct {
    uint64_t min_workers, max_workers, prio_workers, call_timeout;
} work;

static struct {
    uint64_t level;
    char *filters, *outputs;
} logging;

// clang-format off
static const ConfigKey client_keys[] = {
    { "max_clients", CONFIG_NUMBER, SLOT(Limits, max_clients, uint64_t), .min = 1, .max = 1000000,
      .initial = "5000",
      .text = "How many clients may be connected at once; more wait in the socket." },
    { "max_queued_clients", CONFIG_NUMBER, SLOT(Limits, max_queued_clients, uint64_t), .min = 1,
      .max = 65535, .initial = "1000",
      .text = "How many clients may wait in a socket to be let in." },
    { "max_anonymous_clients", CONFIG_NUMBER, SLOT(Limits, max_anonymous_clients, uint64_t),
      .max = 1000000, .initial = "20",
      .text = "How many clients may be connected that have not proved yet who they are, where that "
              "is asked of them; 0: any number. One more takes the place of the oldest one of those "
              "that come from where most of them come from." },
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

static const ConfigKey admin_keys[] = {
    { "admin_max_clients", CONFIG_NUMBER, SLOT(Limits, max_clients, uint64_t), .min = 1,
      .max = 1000000, .initial = "5",
      .text = "As max_clients, for the socket of administrators." },
    { "admin_max_queued_clients", CONFIG_NUMBER, SLOT(Limits, max_queued_clients, uint64_t),
      .min = 1, .max = 65535, .initial = "5",
      .text = "As max_queued_clients, for the socket of administrators." },
    { "admin_max_client_requests", CONFIG_NUMBER, SLOT(Limits, max_client_requests, uint64_t),
      .min = 1, .max = 100000, .initial = "5",
      .text = "As max_client_requests, for the socket of administrators." },
    { "admin_keepalive_interval", CONFIG_NUMBER, SLOT(Limits, keepalive_interval, int64_t),
      .min = -1, .max = 86400, .initial = "5",
      .text = "As keepalive_interval, for the socket of administrators." },
    { "admin_keepalive_count", CONFIG_NUMBER, SLOT(Limits, keepalive_count, uint64_t), .max = 1000,
      .initial = "5",
      .text = "As keepalive_count, for the socket of administrators." },
    {},
};

static const ConfigKey work_keys[] = {
    { "min_workers", CONFIG_NUMBER, SLOT(__typeof__(work), min_workers, uint64_t), .max = 10000,
      .initial = "5",
      .text = "How many workers are kept when there is nothing to do." },
    { "max_workers", CONFIG_NUMBER, SLOT(__typeof__(work), max_workers, uint64_t), .min = 1,
      .max = 10000, .initial = "20",
      .text = "How many calls run at once. A call that waits for a guest does not count." },
    { "prio_workers", CONFIG_NUMBER, SLOT(__typeof__(work), prio_workers, uint64_t), .max = 10000,
      .initial = "5",
      .text = "Further workers, which run only calls that cannot be held up by a guest." },
    { "call_timeout", CONFIG_NUMBER, SLOT(__typeof__(work), call_timeout, uint64_t), .max = 86400,
      .initial = "30",
      .text = "Seconds that a call waits for another one on the same object before it fails; 0: "
              "for ever." },
    {},
};

static const ConfigKey log_keys[] = {
    { "log_level", CONFIG_NUMBER, SLOT(__typeof__(logging), level, uint64_t), .min = LOG_EVERYTHING,
      .max = LOG_ERRORS, .initial = "2",
      .text = "The least serious messages that are kept: 1 everything, 2 what happens, 3 what is "
              "wrong, 4 what fails." },
    { "log_filters", CONFIG_STRING, SLOT(__typeof__(logging), filters, char *),
      .text = "Other levels for some parts of the daemon: LEVEL:PATTERN, with blanks between them. "
              "The first whose pattern is found in the name of the part (rpc, daemon, loop, qemud, "
              "...) decides." },
    { "log_outputs", CONFIG_STRING, SLOT(__typeof__(logging), outputs, char *),
      .text = "Where messages go, each from a level on: LEVEL:stderr, LEVEL:journald, "
              "LEVEL:file:PATH, LEVEL:syslog:NAME, with blanks between them. Empty: to the journal "
              "when the standard error stream leads there, else to that stream." },
    {},
};

static const ConfigKey door_keys[] = {
    { "unix_sock_dir", CONFIG_STRING, SLOT(DoorSettings, unix_sock_dir, char *),
      .text = "The directory of the UNIX sockets. Empty: /run/libvirt." },
    { "unix_sock_group", CONFIG_STRING, SLOT(DoorSettings, unix_sock_group, char *),
      .text = "The group that the UNIX sockets belong to. Empty: that of the daemon." },
    { "unix_sock_ro_perms", CONFIG_STRING, SLOT(DoorSettings, unix_sock_ro_perms, char *),
      .initial = "0777",
      .text = "The mode of the socket for clients that only look." },
    { "unix_sock_rw_perms", CONFIG_STRING, SLOT(DoorSettings, unix_sock_rw_perms, char *),
      .text = "The mode of the socket for clients that change things. Empty: 0777 when they have to "
              "authenticate, 0700 when they need not." },
    { "unix_sock_admin_perms", CONFIG_STRING,
      SLOT(DoorSettings, unix_sock_admin_perms, char *), .initial = "0700",
      .text = "The mode of the socket of administrators. Whoever may use it may do everything." },
    { "auth_unix_ro", CONFIG_STRING, SLOT(DoorSettings, auth_unix_ro, char *),
      .initial = "polkit",
      .text = "How clients of the read-only socket prove who they are: none, sasl or polkit." },
    { "auth_unix_rw", CONFIG_STRING, SLOT(DoorSettings, auth_unix_rw, char *),
      .initial = "polkit",
      .text = "How clients of the other socket prove who they are: none, sasl or polkit, which asks "
              "nothing of root." },
    { "access_drivers", CONFIG_LIST, SLOT(DoorSettings, access_drivers, char **),
      .text = "Who decides about each call, beside the rules in access.conf: [\"polkit\"] asks "
              "polkit for actions that begin with org.libvirt.api; nop: nobody." },
    { "proxy_user", CONFIG_STRING, SLOT(DoorSettings, proxy_user, char *),
      .initial = "ostler",
      .text = "The user that ostler-proxyd runs as. Beside root, and the user of the daemon itself, "
              "only it may hand clients over and say who they are." },
    {},
};
// clang-format on

static const ConfigKey sasl_keys[] = {
    { "sasl_allowed_username_list", CONFIG_LIST, SLOT(SaslSettings, allowed_names, char **),
      .text =
          "Patterns of the names of users that SASL may let in, such as \"*@EXAMPLE.COM\". Unset: "
          "every user that it knows." },
    {},
};

static const ConfigTable *all_tables(const ConfigKey *own, void *own_settings)
{
    static ConfigTable tables[] = {
        { door_keys, &door_settings },
        { sasl_keys, &sasl_settings },
        { client_keys, &server.main.limits },
        { work_keys, &work },
        { log_keys, &logging },
        { admin_keys, &server.admin.limits },
        {},
        {},
    };

    tables[G_N_ELEMENTS(tables) - 2] = (ConfigTable){ own, own_settings };
    return tables;
}

bool settings_load(const char *path, const ConfigKey *own, void *own_settings, GError **error)
{
    return config_load(all_tables(own, own_settings), path, error);
}

bool settings_apply(bool verbose, GError **error)
{
    if (work.min_workers > work.max_workers)
        return fail(error, ERR_CONF_SYNTAX, "'min_workers' must not be more than 'max_workers'");
    log_set_level(verbose ? LOG_EVERYTHING : (LogPriority) logging.level);
    if (!log_set_outputs(logging.outputs, error) || !log_set_filters(logging.filters, error))
        return false;
    workers_limit(work.max_workers, work.prio_workers);
    strand_limit(work.call_timeout * 1000);
    server_check(&server.main);
    server_check(&server.admin);
    return true;
}

void settings_workers(unsigned least, unsigned most, unsigned extra)
{
    work.min_workers = least;
    work.max_workers = most;
    work.prio_workers = extra;
    workers_limit(most, extra);
    workers_keep(least);
}

Json *settings_describe(const char *path, const ConfigKey *own, void *own_settings)
{
    return config_describe(all_tables(own, own_settings), path);
}

void settings_staff(void) { workers_keep(work.min_workers); }

char *settings_print(const char *daemon, const ConfigKey *own, bool manual)
{
    const ConfigTable *tables = all_tables(own, NULL);

    return manual ? config_print_manual(tables, daemon) : config_print_example(tables);
}

/* ---- texts that mean something ---- */

bool settings_access(const char *path, GError **error)
{
    bool polkit = false;

    for (char **name = door_settings.access_drivers; name && *name; name++) {
        if (strcmp(*name, "polkit") != 0 && strcmp(*name, "nop") != 0)
            return fail(error, ERR_CONF_SYNTAX, "'access_drivers' must be polkit or nop, not '%s'",
                        *name);
        polkit |= strcmp(*name, "polkit") == 0;
    }
    return access_load(path, polkit, error);
}

bool settings_mode(const char *key, const char *text, mode_t *mode, GError **error)
{
    char *end;

    *mode = strtoul(text, &end, 8);
    if (*end || end == text || *mode > 0777)
        return fail(error, ERR_CONF_SYNTAX, "'%s' must be a mode such as \"0770\", not \"%s\"", key,
                    text);
    return true;
}

bool settings_group(const char *key, const char *name, gid_t *group, GError **error)
{
    const struct group *found = name ? getgrnam(name) : NULL;

    *group = found ? found->gr_gid : (gid_t) -1;
    if (name && !found)
        return fail(error, ERR_CONF_SYNTAX, "'%s' names a group that does not exist: '%s'", key,
                    name);
    return true;
}

bool settings_auth(const char *key, const char *name, int *auth, GError **error)
{
    static const char *const names[] = {
        [REMOTE_AUTH_NONE] = "none",
        [REMOTE_AUTH_SASL] = "sasl",
        [REMOTE_AUTH_POLKIT] = "polkit",
        NULL,
    };

    *auth = names_find(names, name ? name : "none");
    return *auth >= 0 ||
           fail(error, ERR_CONF_SYNTAX, "'%s' must be none, sasl or polkit, not '%s'", key, name);
}
