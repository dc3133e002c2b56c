/* login.c - how clients say who they are */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/login.h"

#include "base/slot.h"
#include "rpc/client.h"
#include "rpc/params.h"
#include "rpc/polkit.h"

enum {
    SECURING_SECONDS = 30, /* for agreeing on a layer, where nobody has to type */
    SAYING_SECONDS = 300,
};

static void let_in(Client *client, void *) { client_accept(client); }

bool login_list(Call *call, const none *, remote_auth_list_ret *out, GError **)
{
    Client *client = call->client;

    if (client->auth == REMOTE_AUTH_NONE)
        client_accept(client);
    out->types.types_val = g_new0(int, 1);
    out->types.types_val[0] = client->authenticated ? REMOTE_AUTH_NONE : client->auth;
    out->types.types_len = 1;
    return true;
}

/* polkit answers only root about other users. A proxy that is not root leaves the question to the
 * daemon that will serve the client. */
static bool leaves_it_to_others(void) { return server.open_elsewhere && geteuid() != 0; }

bool login_polkit(Call *call, const none *, remote_auth_polkit_ret *out, GError **error)
{
    if (call->client->auth != REMOTE_AUTH_POLKIT || call->client->authenticated)
        return fail(error, ERR_AUTH_FAILED, "polkit is not asked about this connection");
    if (!leaves_it_to_others() && !polkit_lets_in(call->client, error))
        return false;
    call->then = let_in;
    out->complete = 1;
    return true;
}

/* ---- clients of the proxy ---- */

typedef struct Asking {
    Job job;
    Client *client;  /* counted */
    GError *refusal; /* NULL: it is let in */
} Asking;

static void asked(void *data)
{
    g_autofree Asking *asking = data;
    g_autoptr(Client) client = asking->client;

    client->refusal = asking->refusal;
    if (client_is_gone(client))
        return;
    client->paused = false;
    if (!client->refusal)
        client_accept(client);
    wire_continue(&client->wire);
}

static void ask(Job *job)
{
    Asking *asking = (Asking *) job;

    (void) polkit_lets_in(asking->client, &asking->refusal);
    loop_hop(asked, asking);
}

void login_ask(Client *client)
{
    Asking *asking;

    if (server.auth_unix[client->identity.readonly] != REMOTE_AUTH_POLKIT) {
        client_accept(client);
        return;
    }
    client_guard(client, REMOTE_AUTH_POLKIT, NULL);
    if (client_is_gone(client))
        return;
    client->paused = true;
    asking = g_new0(Asking, 1);
    asking->job = (Job){ .high = true, .run = ask };
    asking->client = client_ref(client);
    workers_push(&asking->job);
}

/* ---- other daemons ---- */

/* The proxy may speak for anybody but those whom nothing is refused. */
static bool may_vouch(const Identity *who, int64_t uid)
{
    if (identity_is_ours(who))
        return true;
    return who->transport == WAY_UNIX && who->uid >= 0 && who->uid == server.proxy_uid &&
           uid != 0 && uid != geteuid();
}

/* As the parameters come: numbers of other types than ours, texts that are not ours. */
typedef struct Told {
    uint64_t uid, gid, start;
    int64_t pid;
    char *user, *group, *sasl_name, *x509_name, *selinux;
} Told;

static void replace(char **text, const char *told)
{
    g_free(*text);
    *text = g_strdup(told);
}

static void set_identity(Identity *who, const Told *told)
{
    who->uid = told->uid;
    who->gid = told->gid;
    who->pid = told->pid;
    who->start = told->start;
    g_clear_pointer(&who->groups, g_array_unref);
    replace(&who->user, told->user);
    replace(&who->group, told->group);
    replace(&who->sasl_name, told->sasl_name);
    replace(&who->x509_name, told->x509_name);
    replace(&who->selinux, told->selinux);
}

bool login_set_identity(Call *call, const remote_connect_set_identity_args *in, none *,
                        GError **error)
{
    static const ParamRow rows[] = {
        { "unix-user-id", REMOTE_TYPED_PARAM_ULLONG, SLOT(Told, uid, uint64_t) },
        { "unix-group-id", REMOTE_TYPED_PARAM_ULLONG, SLOT(Told, gid, uint64_t) },
        { "process-id", REMOTE_TYPED_PARAM_LLONG, SLOT(Told, pid, int64_t) },
        { "process-time", REMOTE_TYPED_PARAM_ULLONG, SLOT(Told, start, uint64_t) },
        { "user-name", REMOTE_TYPED_PARAM_STRING, SLOT(Told, user, char *) },
        { "group-name", REMOTE_TYPED_PARAM_STRING, SLOT(Told, group, char *) },
        { "sasl-user-name", REMOTE_TYPED_PARAM_STRING, SLOT(Told, sasl_name, char *) },
        { "x509-distinguished-name", REMOTE_TYPED_PARAM_STRING, SLOT(Told, x509_name, char *) },
        { "selinux-context", REMOTE_TYPED_PARAM_STRING, SLOT(Told, selinux, char *) },
        {},
    };
    Told told = { .uid = -1, .gid = -1, .start = -1, .pid = -1 };
    Identity *who = &call->client->identity;

    if (!call_check_flags(call, in->flags, 0, error) ||
        !params_read(in->params.params_val, in->params.params_len, rows, &told, error))
        return false;
    if (!may_vouch(who, told.uid))
        return fail(error, ERR_OPERATION_DENIED,
                    "only another daemon of this host may say who its client is");
    set_identity(who, &told);
    return true;
}

/* ---- taking too long ---- */

void login_look_after(Client *client)
{
    gint64 waited = g_get_monotonic_time() - client->guarded;
    gint64 patience = client->wire.securing ? SECURING_SECONDS : SAYING_SECONDS;

    if (client->link.data && waited > patience * G_TIME_SPAN_SECOND)
        client_close(client, "it has not said in time who it is");
}
