/* top.c - ostler-admin top: what a daemon is doing, again and again */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ask.h"
#include "print.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROWS_MOST = 20, INTERVAL_SECONDS = 1 };

#define TEXT(name, member) \
    static const char *name(Json *row) { return json_text(row, member); }
#define NUMBER(name, member)                                                                \
    static const char *name(Json *row)                                                      \
    {                                                                                       \
        static char text[8][24];                                                            \
        static unsigned turn;                                                               \
        char *out = text[turn++ % G_N_ELEMENTS(text)];                                      \
        g_snprintf(out, sizeof(text[0]), "%" G_GINT64_FORMAT, json_number(row, member, 0)); \
        return out;                                                                         \
    }

TEXT(procedure_of, "procedure")
TEXT(object_of, "object")
TEXT(blocker_of, "waits-for")
TEXT(who_of, "who")
TEXT(way_of, "transport")
TEXT(server_of, "server")
NUMBER(client_of, "client")
NUMBER(id_of, "id")
NUMBER(working_of, "working")
NUMBER(waiting_of, "waiting")
NUMBER(relayed_of, "relayed")
NUMBER(running_of, "running")
NUMBER(queued_of, "queued")

static const char *state_of(Json *row)
{
    return json_flag(row, "hung") ? "hung" : json_text(row, "state");
}

static const char *waited_of(Json *row) { return print_duration(json_number(row, "waited", 0)); }
static const char *ran_of(Json *row) { return print_duration(json_number(row, "running", 0)); }
static const char *unsent_of(Json *row) { return print_size(json_number(row, "unsent", 0)); }

/* ---- what the calls say of objects ---- */

static Json *find_object(Json *objects, const char *name)
{
    for (size_t i = 0; i < json_length(objects); i++) {
        Json *object = json_object_array_get_idx(objects, i);

        if (strcmp(json_text(object, "object"), name) == 0)
            return object;
    }
    return NULL;
}

static void count(Json *object, const char *member)
{
    json_object_object_add(object, member,
                           json_object_new_int64(json_number(object, member, 0) + 1));
}

/* Each object that calls refer to, with how many run and wait, and whether it hangs. */
static Json *objects_of(Json *calls)
{
    Json *objects = json_object_new_array();

    for (size_t i = 0; i < json_length(calls); i++) {
        Json *call = json_object_array_get_idx(calls, i);
        const char *name = json_text(call, "object");
        Json *object = name ? find_object(objects, name) : NULL;
        bool runs = g_strcmp0(json_text(call, "state"), "running") == 0;

        if (!name)
            continue;
        if (!object) {
            object =
                json_build("sii", "object", name, "running", (int64_t) 0, "queued", (int64_t) 0);
            json_object_array_add(objects, object);
        }
        count(object, runs ? "running" : "queued");
        if (runs && json_flag(call, "hung"))
            json_object_object_add(object, "hung", json_object_new_boolean(true));
    }
    return objects;
}

static const char *hung_of(Json *row) { return json_flag(row, "hung") ? "yes" : "no"; }

/* ---- the screen ---- */

static const Column call_columns[] = {
    { "CLIENT", -6, client_of },    { "PROCEDURE", 34, procedure_of },
    { "OBJECT", 20, object_of },    { "STATE", 8, state_of },
    { "WAITED", -8, waited_of },    { "RAN", -8, ran_of },
    { "WAITS FOR", 0, blocker_of }, {},
};
static const Column object_columns[] = {
    { "OBJECT", 30, object_of },
    { "RUNNING", -7, running_of },
    { "QUEUED", -7, queued_of },
    { "HUNG", -4, hung_of },
    {},
};
static const Column client_columns[] = {
    { "ID", -6, id_of },           { "SERVER", 12, server_of },   { "BY", 4, way_of },
    { "WORKING", -7, working_of }, { "WAITING", -7, waiting_of }, { "RELAYED", -7, relayed_of },
    { "UNSENT", -9, unsent_of },   { "WHO", 0, who_of },          {},
};

static void show(Json *now)
{
    g_autoptr(Json) objects = objects_of(json_member(now, "calls"));
    Json *workers = json_member(now, "workers");

    printf("%s, process %d: %s resident, %d descriptors, %zu clients, %zu calls\n",
           json_text(now, "daemon"), (int) json_number(now, "process", 0),
           print_size(json_number(now, "memory", 0)), (int) json_number(now, "descriptors", 0),
           json_length(json_member(now, "clients")), json_length(json_member(now, "calls")));
    printf("workers: %d of %d, %d extra of %d; %d at work, %d of them wait outside, %d idle; %d "
           "calls queued\n",
           (int) json_number(workers, "threads", 0), (int) json_number(workers, "most", 0),
           (int) json_number(workers, "extra-threads", 0),
           (int) json_number(workers, "extra-most", 0), (int) json_number(workers, "busy", 0),
           (int) json_number(workers, "waiting", 0), (int) json_number(workers, "idle", 0),
           (int) json_number(workers, "queued", 0));
    print_table("Objects that calls are at", object_columns, objects, ROWS_MOST);
    print_table("Calls", call_columns, json_member(now, "calls"), ROWS_MOST);
    print_table("Clients", client_columns, json_member(now, "clients"), ROWS_MOST);
    fflush(stdout);
}

bool command_top(const Options *options, GError **error)
{
    g_autoptr(Connection) connection = ask_open(options, error);
    bool live = !options->json && isatty(STDOUT_FILENO);
    int left = options->count ? options->count : live ? -1 : 1;

    while (connection && left-- != 0) {
        g_autoptr(Json) now = ask_activity(connection, error);

        if (!now)
            return false;
        if (live)
            fputs("\033[H\033[J", stdout);
        if (options->json)
            print_json(now);
        else
            show(now);
        if (left)
            sleep(INTERVAL_SECONDS);
    }
    return connection;
}
