/* guests.c - ostler-guests: what becomes of guests when the host ends, and begins again
 *
 * Those that run are noted, and shut down or saved, a few at a time; at the next start of the host
 * they are started again. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/uuid.h"
#include "connection.h"
#include "protocol/constants.h"
#include "protocol/remote.h"

#include <stdio.h>
#include <string.h>

enum { POLL_MS = 250, ASK_AGAIN_SECONDS = 5, LIST_LIMIT = 16 << 20 };

// clang-format off
enum {
#define PROC(number, name, ...) CALL_##name = number,
#define EVENT(...)
#include "protocol/remote.def"
#undef PROC
#undef EVENT
};
// clang-format on

/* The daemons that have guests. */
static const struct {
    const char *socket, *uri;
} drivers[] = {
    { "virtqemud-sock", "qemu:///system" },
    { "virtlxcd-sock", "lxc:///system" },
};

typedef struct Options {
    char *root, *on_stop;
    bool begins; /* the host: start, not stop */
    int timeout, parallel;
    gboolean no_start, version;
} Options;

static Options options = { .timeout = 120, .parallel = 4 };

/* ---- calls ---- */

static bool call(Connection *connection, int procedure, Message args, Message reply, GError **error)
{
    return connection_call(connection, REMOTE_PROGRAM, procedure, args, reply, error);
}

/* Of the procedures that take nothing but a guest. */
static bool call_on(Connection *connection, int procedure, const remote_nonnull_domain *dom,
                    GError **error)
{
    remote_domain_create_args args = { *dom };

    return call(connection, procedure,
                (Message){ (xdrproc_t) xdr_remote_domain_create_args, &args }, (Message){}, error);
}

static Connection *open_driver(const char *socket, char *uri, GError **error)
{
    g_autofree char *path = g_strconcat(options.root, "/run/libvirt/", socket, NULL);
    g_autoptr(Connection) connection = connection_open(path, error);
    remote_connect_open_args args = { .name = &uri };
    remote_auth_list_ret ways = {};

    if (!connection || !call(connection, CALL_auth_list, (Message){},
                             (Message){ (xdrproc_t) xdr_remote_auth_list_ret, &ways }, error))
        return NULL;
    xdr_free((xdrproc_t) xdr_remote_auth_list_ret, &ways);
    if (!call(connection, CALL_connect_open,
              (Message){ (xdrproc_t) xdr_remote_connect_open_args, &args }, (Message){}, error))
        return NULL;
    return g_steal_pointer(&connection);
}

static bool list(Connection *connection, unsigned flags, remote_connect_list_all_domains_ret *found,
                 GError **error)
{
    remote_connect_list_all_domains_args args = { 1, flags };

    return call(connection, CALL_connect_list_all_domains,
                (Message){ (xdrproc_t) xdr_remote_connect_list_all_domains_args, &args },
                (Message){ (xdrproc_t) xdr_remote_connect_list_all_domains_ret, found }, error);
}

static int state_of(Connection *connection, const remote_nonnull_domain *dom)
{
    remote_domain_get_state_args args = { *dom, 0 };
    remote_domain_get_state_ret state = { .state = VIR_DOMAIN_SHUTOFF };

    /* one that has gone is off */
    (void) call(connection, CALL_domain_get_state,
                (Message){ (xdrproc_t) xdr_remote_domain_get_state_args, &args },
                (Message){ (xdrproc_t) xdr_remote_domain_get_state_ret, &state }, NULL);
    return state.state;
}

static void say(const remote_nonnull_domain *dom, const char *what, const GError *error)
{
    printf("%s: %s%s%s\n", dom->name, what, error ? ": " : "", error ? error->message : "");
    fflush(stdout);
}

/* ---- the host ends ---- */

/* A guest on its way out. */
typedef struct Ending {
    const remote_nonnull_domain *dom;
    gint64 since; /* monotonic time; 0: nothing has been done yet */
    gint64 asked; /* last, to shut down */
    bool over;
} Ending;

static bool save(Connection *connection, const remote_nonnull_domain *dom)
{
    remote_domain_managed_save_args args = { *dom, 0 };
    g_autoptr(GError) error = NULL;
    bool saved;

    connection_wait(connection, 0); /* as long as its memory takes */
    saved = call(connection, CALL_domain_managed_save,
                 (Message){ (xdrproc_t) xdr_remote_domain_managed_save_args, &args }, (Message){},
                 &error);
    connection_wait(connection, CONNECTION_PATIENCE);
    say(dom, saved ? "saved" : "cannot be saved", error);
    return saved;
}

/* Again and again: one that is only just starting does not hear it yet. */
static void ask_to_end(Connection *connection, Ending *ending)
{
    g_autoptr(GError) error = NULL;

    ending->asked = g_get_monotonic_time();
    if (call_on(connection, CALL_domain_shutdown, ending->dom, &error))
        say(ending->dom, "asked to shut down", NULL);
    else
        say(ending->dom, "cannot be asked to shut down", error);
}

/* A paused guest would not notice that it is asked to. */
static void begin_end(Connection *connection, Ending *ending)
{
    ending->since = g_get_monotonic_time();
    if (g_strcmp0(options.on_stop, "save") == 0 && save(connection, ending->dom)) {
        ending->over = true;
        return;
    }
    if (state_of(connection, ending->dom) == VIR_DOMAIN_PAUSED)
        (void) call_on(connection, CALL_domain_resume, ending->dom, NULL);
    ask_to_end(connection, ending);
}

static void look_after(Connection *connection, Ending *ending)
{
    gint64 patience = options.timeout * G_TIME_SPAN_SECOND;
    g_autoptr(GError) error = NULL;

    if (state_of(connection, ending->dom) == VIR_DOMAIN_SHUTOFF) {
        say(ending->dom, "off", NULL);
        ending->over = true;
    } else if (g_get_monotonic_time() - ending->since > patience) {
        (void) call_on(connection, CALL_domain_destroy, ending->dom, &error);
        say(ending->dom, "has not shut down in time: ended", error);
        ending->over = true;
    } else if (g_get_monotonic_time() - ending->asked > ASK_AGAIN_SECONDS * G_TIME_SPAN_SECOND) {
        ask_to_end(connection, ending);
    }
}

/* As many at once as may be, until all are off. */
static void end_all(Connection *connection, const remote_connect_list_all_domains_ret *running)
{
    unsigned count = running->domains.domains_len, left = count;
    g_autofree Ending *endings = g_new0(Ending, count);

    for (unsigned i = 0; i < count; i++)
        endings[i].dom = &running->domains.domains_val[i];
    while (left) {
        int going = 0;

        for (unsigned i = 0; i < count; i++) {
            Ending *ending = &endings[i];

            if (ending->over || (!ending->since && going >= options.parallel))
                continue;
            if (!ending->since)
                begin_end(connection, ending);
            else
                look_after(connection, ending);
            going += !ending->over;
            left -= ending->over;
        }
        if (left)
            g_usleep(POLL_MS * 1000);
    }
}

static char *list_path(void) { return g_strconcat(options.root, "/var/lib/ostler/guests", NULL); }

/* The running ones that there will be after the end of the host. */
static void note(Connection *connection, const char *uri, GString *text)
{
    const unsigned flags = VIR_CONNECT_LIST_DOMAINS_ACTIVE | VIR_CONNECT_LIST_DOMAINS_PERSISTENT;
    remote_connect_list_all_domains_ret found = {};
    char uuid[UUID_TEXT];

    if (!list(connection, flags, &found, NULL))
        return;
    for (unsigned i = 0; i < found.domains.domains_len; i++)
        g_string_append_printf(text, "%s %s\n", uri,
                               uuid_print((const Uuid *) found.domains.domains_val[i].uuid, uuid));
    xdr_free((xdrproc_t) xdr_remote_connect_list_all_domains_ret, &found);
}

static bool stop(GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *path = list_path();
    Connection *connections[G_N_ELEMENTS(drivers)];
    bool noted;

    for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++) {
        connections[i] = open_driver(drivers[i].socket, (char *) drivers[i].uri, NULL);
        if (connections[i])
            note(connections[i], drivers[i].uri, text);
    }
    noted = file_save(path, text->str, error);
    for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++) {
        remote_connect_list_all_domains_ret running = {};

        if (connections[i] && list(connections[i], VIR_CONNECT_LIST_DOMAINS_ACTIVE, &running, NULL))
            end_all(connections[i], &running);
        xdr_free((xdrproc_t) xdr_remote_connect_list_all_domains_ret, &running);
        connection_close(connections[i]);
    }
    return noted;
}

/* ---- the host begins ---- */

static bool find(Connection *connection, const char *text, remote_domain_lookup_by_uuid_ret *found,
                 GError **error)
{
    remote_domain_lookup_by_uuid_args args;

    if (!uuid_parse(text, (Uuid *) args.uuid))
        return fail(error, ERR_INVALID_ARG, "'%s' is not a uuid", text);
    return call(connection, CALL_domain_lookup_by_uuid,
                (Message){ (xdrproc_t) xdr_remote_domain_lookup_by_uuid_args, &args },
                (Message){ (xdrproc_t) xdr_remote_domain_lookup_by_uuid_ret, found }, error);
}

static void start_one(Connection *connection, const char *uuid)
{
    remote_domain_lookup_by_uuid_ret found = {};
    g_autoptr(GError) error = NULL;

    if (!find(connection, uuid, &found, &error)) {
        printf("%s: %s\n", uuid, error->message);
        return;
    }
    if (state_of(connection, &found.dom) == VIR_DOMAIN_SHUTOFF) {
        bool started = call_on(connection, CALL_domain_create, &found.dom, &error);

        say(&found.dom, started ? "started" : "cannot be started", error);
    }
    xdr_free((xdrproc_t) xdr_remote_domain_lookup_by_uuid_ret, &found);
}

static void start_those_of(size_t driver, char **lines)
{
    g_autofree char *begins = g_strconcat(drivers[driver].uri, " ", NULL);
    g_autoptr(Connection) connection = NULL;
    g_autoptr(GError) error = NULL;

    for (; *lines; lines++) {
        if (!g_str_has_prefix(*lines, begins))
            continue;
        if (!connection)
            connection = open_driver(drivers[driver].socket, (char *) drivers[driver].uri, &error);
        if (!connection) {
            printf("%s: %s\n", drivers[driver].uri, error->message);
            return;
        }
        start_one(connection, *lines + strlen(begins));
    }
}

static bool start(GError **error)
{
    g_autofree char *path = list_path();
    g_autofree char *text = options.no_start ? NULL : file_read(path, LIST_LIMIT, NULL);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++)
        start_those_of(i, lines);
    return file_remove(path, error);
}

/* ---- options ---- */

static bool parse(int argc, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "on-stop", 0, 0, G_OPTION_ARG_STRING, &options.on_stop,
          "what is done with running guests: shutdown (if nothing is said) or save", "WHAT" },
        { "timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout,
          "how long a guest may take to shut down: 120", "SECONDS" },
        { "parallel", 0, 0, G_OPTION_ARG_INT, &options.parallel, "how many shut down at once: 4",
          "N" },
        { "no-start", 0, 0, G_OPTION_ARG_NONE, &options.no_start, "do not start guests again",
          NULL },
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &options.root,
          "of daemons that were started with --root", "DIR" },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &options.version, "tell the version and end",
          NULL },
        {},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("start|stop");

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    options.root = options.root ? options.root : "";
    if (options.version)
        return true;
    if (argc != 2 || (strcmp(argv[1], "start") != 0 && strcmp(argv[1], "stop") != 0))
        return fail(error, ERR_INVALID_ARG, "start or stop is needed: try --help");
    options.begins = strcmp(argv[1], "start") == 0;
    if (options.on_stop && strcmp(options.on_stop, "shutdown") != 0 &&
        strcmp(options.on_stop, "save") != 0)
        return fail(error, ERR_INVALID_ARG, "--on-stop must be shutdown or save, not '%s'",
                    options.on_stop);
    if (options.timeout < 0 || options.parallel < 1)
        return fail(error, ERR_INVALID_ARG, "--timeout must not be negative, --parallel not 0");
    return true;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_set_prgname("ostler-guests");
    if (!parse(argc, argv, &error)) {
        fprintf(stderr, "ostler-guests: %s\n", error->message);
        return 2;
    }
    if (options.version)
        puts("ostler-guests " VERSION);
    else if (!(options.begins ? start(&error) : stop(&error)))
        fprintf(stderr, "ostler-guests: %s\n", error->message);
    return error != NULL;
}
