/* polkit.c - asks the policy of the host, over the system bus
 *
 * Each worker that asks has a connection of its own, which ends with it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/polkit.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>

enum {
    ALLOW_INTERACTION = 1,
    PATIENCE_SECONDS = 10,
    PATIENCE_WITH_PEOPLE_SECONDS = 120,
};

#define SERVICE "org.freedesktop.PolicyKit1"
#define PATH "/org/freedesktop/PolicyKit1/Authority"
#define INTERFACE "org.freedesktop.PolicyKit1.Authority"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus, sd_bus_flush_close_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

/* ---- the bus ---- */

static void close_bus(void *bus) { sd_bus_flush_close_unref(bus); }

static GPrivate own_bus = G_PRIVATE_INIT(close_bus);

static sd_bus *find_bus(GError **error)
{
    sd_bus *bus = g_private_get(&own_bus);
    int result;

    if (bus && sd_bus_is_open(bus) > 0)
        return bus;
    g_private_replace(&own_bus, NULL);
    result = sd_bus_open_system(&bus);
    if (result < 0)
        return fail(error, ERR_AUTH_UNAVAILABLE, "polkit cannot be asked without a system bus: %s",
                    g_strerror(-result));
    g_private_set(&own_bus, bus);
    return bus;
}

/* ---- a question ---- */

typedef struct Question {
    const Identity *who;
    const char *action;
    const char *const *details; /* name, value, ..., NULL */
    const char *cancel;         /* a name by which it can be taken back; "": it cannot */
    bool ask_people;
} Question;

typedef struct Reply {
    int permitted, challenge;
    bool dismissed;
} Reply;

static int append_question(sd_bus_message *message, const Question *question)
{
    const Identity *who = question->who;
    int result = sd_bus_message_append(
        message, "(sa{sv})s", "unix-process", 3, "pid", "u", (uint32_t) who->pid, "start-time", "t",
        (uint64_t) who->start, "uid", "i", (int32_t) who->uid, question->action);

    if (result >= 0)
        result = sd_bus_message_open_container(message, 'a', "{ss}");
    for (const char *const *detail = question->details; detail && *detail && result >= 0;
         detail += 2)
        result = sd_bus_message_append(message, "{ss}", detail[0], detail[1]);
    if (result >= 0)
        result = sd_bus_message_close_container(message);
    if (result >= 0)
        result = sd_bus_message_append(message, "us",
                                       (uint32_t) (question->ask_people ? ALLOW_INTERACTION : 0),
                                       question->cancel);
    return result;
}

static int read_reply(sd_bus_message *message, Reply *reply)
{
    const char *name, *value;
    int result = sd_bus_message_enter_container(message, 'r', "bba{ss}");

    if (result > 0)
        result = sd_bus_message_read(message, "bb", &reply->permitted, &reply->challenge);
    if (result > 0)
        result = sd_bus_message_enter_container(message, 'a', "{ss}");
    while (result > 0 && (result = sd_bus_message_read(message, "{ss}", &name, &value)) > 0)
        reply->dismissed |= strcmp(name, "polkit.dismissed") == 0;
    return result;
}

static bool ask(const Question *question, Reply *reply, GError **error)
{
    uint64_t patience = question->ask_people ? PATIENCE_WITH_PEOPLE_SECONDS : PATIENCE_SECONDS;
    g_autoptr(sd_bus_message) message = NULL, answer = NULL;
    sd_bus_error problem __attribute__((cleanup(sd_bus_error_free))) = {};
    sd_bus *bus = find_bus(error);
    int result;

    if (!bus)
        return false;
    result = sd_bus_message_new_method_call(bus, &message, SERVICE, PATH, INTERFACE,
                                            "CheckAuthorization");
    if (result >= 0)
        result = append_question(message, question);
    if (result >= 0)
        result = sd_bus_call(bus, message, patience * G_USEC_PER_SEC, &problem, &answer);
    if (result >= 0)
        result = read_reply(answer, reply);
    if (result >= 0)
        return true;
    return fail(error, ERR_AUTH_UNAVAILABLE, "polkit does not answer: %s",
                problem.message ? problem.message : g_strerror(-result));
}

static bool decide(const Question *question, GError **error)
{
    Reply reply = {};
    bool asked;

    if (question->who->pid <= 0 || question->who->transport != WAY_UNIX)
        return fail(error, ERR_AUTH_FAILED, "polkit knows only users of this host");
    worker_waits();
    asked = ask(question, &reply, error);
    worker_resumes();
    if (!asked)
        return false;
    if (reply.permitted)
        return true;
    if (reply.dismissed)
        return fail(error, ERR_AUTH_CANCELLED, "the user has cancelled it");
    if (reply.challenge)
        return fail(error, ERR_AUTH_UNAVAILABLE,
                    "no polkit agent is there to authenticate the user for '%s'", question->action);
    return fail(error, ERR_AUTH_FAILED, "polkit does not permit '%s'", question->action);
}

/* ---- letting clients in ---- */

/* What takes the question back when its client goes. */
typedef struct Cancellation {
    Job job;
    gint done; /* there is nothing to take back any more */
    char *name;
} Cancellation;

static void cancellation_clear(void *data) { g_free(((Cancellation *) data)->name); }

static void cancellation_unref(Cancellation *cancellation)
{
    g_atomic_rc_box_release_full(cancellation, cancellation_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cancellation, cancellation_unref)

static void cancel(Job *job)
{
    g_autoptr(Cancellation) cancellation = (Cancellation *) job;
    sd_bus *bus = find_bus(NULL);

    if (bus)
        (void) sd_bus_call_method(bus, SERVICE, PATH, INTERFACE, "CancelCheckAuthorization", NULL,
                                  NULL, "s", cancellation->name);
}

static void client_gone(void *data)
{
    Cancellation *cancellation = data;

    if (g_atomic_int_get(&cancellation->done)) {
        cancellation_unref(cancellation);
        return;
    }
    cancellation->job = (Job){ .high = true, .run = cancel };
    workers_push(&cancellation->job);
}

bool polkit_lets_in(Client *client, GError **error)
{
    g_autoptr(Cancellation) cancellation = g_atomic_rc_box_new0(Cancellation);
    Question question = {
        .who = &client->identity,
        .action =
            client->identity.readonly ? "org.libvirt.unix.monitor" : "org.libvirt.unix.manage",
        .ask_people = true,
    };
    bool permitted;

    cancellation->name =
        g_strdup_printf("%s-%d-%" G_GUINT64_FORMAT, server.name, getpid(), client->id);
    question.cancel = cancellation->name;
    client_when_gone(client, client_gone, g_atomic_rc_box_acquire(cancellation));
    permitted = decide(&question, error);
    g_atomic_int_set(&cancellation->done, 1);
    return permitted;
}

/* ---- permissions ---- */

/* "org.libvirt.api.domain.read-secure" */
static char *action_of(Permission permission)
{
    return g_strconcat("org.libvirt.api.", permission_name(permission), NULL);
}

/* "domain_name"; ports are those of their network. */
static char *detail_of(Permission permission, const char *what)
{
    const char *name = permission_name(permission);
    g_autofree char *object = g_strndup(name, strcspn(name, "."));

    g_strdelimit(object, "-", '_');
    return g_strconcat(strcmp(object, "network_port") == 0 ? "network" : object, "_", what, NULL);
}

bool polkit_permits(const Identity *who, Permission permission, const char *driver,
                    const Target *target, GError **error)
{
    g_autofree char *action = action_of(permission), *name = detail_of(permission, "name"),
                    *uuid = detail_of(permission, "uuid");
    char text[UUID_TEXT];
    const char *details[7] = { "connect_driver", driver ? driver : "" };
    size_t count = 2;
    Question question = { .who = who, .action = action, .details = details, .cancel = "" };

    if (target->name) {
        details[count++] = name;
        details[count++] = target->name;
    }
    if (target->uuid) {
        details[count++] = uuid;
        details[count++] = uuid_print(target->uuid, text);
    }
    return decide(&question, error);
}
