/* dispatch.c - decode, authorize, find, queue, run, answer
 *
 * The first three run in the main loop and never block; the strand says when a worker runs the
 * rest. Any step that fails answers the call with its error. What another daemon owns is relayed
 * unread. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/dispatch.h"

#include "base/log.h"
#include "protocol/keepalive.h"
#include "rpc/activity.h"
#include "rpc/authorize.h"
#include "rpc/core.h"
#include "rpc/keepalive.h"
#include "rpc/relay.h"
#include "rpc/stream.h"

#include <string.h>

enum { CONNECT_OPEN = 1 };

/* ---- the table of procedures ---- */

static bool_t xdr_none(XDR *, none *) { return TRUE; }

static bool needs_add(Needs *needs, Permission permission)
{
    g_assert(needs->count < G_N_ELEMENTS(needs->list));
    needs->list[needs->count++] = permission;
    return true;
}

static Object *not_served(const Call *call, GError **error)
{
    return fail(error, ERR_NO_SUPPORT, "%s", call->proc->name);
}

// clang-format off
#define READ false
#define WRITE true
#define READ_UNLESS(condition) (condition)

#define FIND(finder, reference)                                               \
    (call->object = call->driver->finder ? call->driver->finder(reference, error) \
                                         : not_served(call, error)) != NULL
#define HOST true
#define DOMAIN(member) FIND(find_domain, &in->member)
#define NETWORK(member) FIND(find_network, &in->member)
#define NODE_DEVICE(member) FIND(find_node_device, in->member)
/* No daemon of ours owns these: they are refused before anything is looked for. */
#define POOL(member) true
#define VOLUME(member) true
#define SECRET(member) true
#define INTERFACE(member) true
#define NWFILTER(member) true
#define BINDING(member) true
#define SERVER(member) true
#define CLIENT(member) true

#define MAY(object, permission) needs_add(needs, PERMISSION_##object##_##permission)
#define IF(condition, permission) (!(condition) || (permission))
#define ANYONE true

/* Typed shims around each procedure, so that no function pointer is ever cast. */
#define EVENT(...)
#define PROC(number, op, Args, Reply, object, access, acl, filter, priority, mode, owner, stream)  \
    static bool_t decode_##op(XDR *xdr, void *data) { return xdr_##Args(xdr, data); }                \
    static bool_t encode_##op(XDR *xdr, void *data) { return xdr_##Reply(xdr, data); }              \
    static bool refuses_##op(const void *args)                                                     \
    {                                                                                              \
        G_GNUC_UNUSED const Args *in = args;                                                       \
        return access;                                                                             \
    }                                                                                              \
    static void needs_##op(G_GNUC_UNUSED const void *args, G_GNUC_UNUSED Needs *needs)             \
    {                                                                                              \
        G_GNUC_UNUSED const Args *in = args;                                                       \
        (void) (acl);                                                                              \
    }                                                                                              \
    static bool find_##op(G_GNUC_UNUSED Call *call, G_GNUC_UNUSED GError **error)                  \
    {                                                                                              \
        G_GNUC_UNUSED const Args *in = call->args;                                                 \
        return object;                                                                             \
    }                                                                                              \
    static bool serves_##op(const Driver *driver) { return driver->op; }                           \
    static bool run_##op(const Driver *driver, Call *call, GError **error)                         \
    {                                                                                              \
        return driver->op(call, call->args, call->reply, error);                                   \
    }
#include "protocol/remote.def"
#include "protocol/qemu.def"
#include "protocol/lxc.def"
#include "protocol/admin.def"
#include "protocol/ostler.def"
#include "protocol/look.def"
#undef PROC
#undef DOMAIN
#undef NETWORK
#undef NODE_DEVICE
#undef POOL
#undef VOLUME
#undef SECRET
#undef INTERFACE
#undef NWFILTER
#undef BINDING
#undef SERVER
#undef CLIENT
#undef HOST
#undef MAY
#undef ANYONE

/* A reference is found by its uuid: the name in it may be anything. */
#define DOMAIN(member) target->uuid = (const Uuid *) in->member.uuid
#define NETWORK(member) target->uuid = (const Uuid *) in->member.uuid
#define NODE_DEVICE(member) target->name = in->member
#define HOST (void) 0
#define POOL(member) (void) 0
#define VOLUME(member) (void) 0
#define SECRET(member) (void) 0
#define INTERFACE(member) (void) 0
#define NWFILTER(member) (void) 0
#define BINDING(member) (void) 0
#define SERVER(member) (void) 0
#define CLIENT(member) (void) 0
#define PROC(number, op, Args, Reply, object, access, acl, filter, priority, mode, owner, stream)  \
    static void target_##op(G_GNUC_UNUSED const void *args, G_GNUC_UNUSED Target *target)          \
    {                                                                                              \
        G_GNUC_UNUSED const Args *in = args;                                                       \
        object;                                                                                    \
    }
#include "protocol/remote.def"
#include "protocol/qemu.def"
#include "protocol/lxc.def"
#include "protocol/admin.def"
#include "protocol/ostler.def"
#include "protocol/look.def"
#undef PROC

#undef HIGH
#undef LOW
#define HIGH true
#define LOW false
#define MAY(object, permission) PERMISSION_##object##_##permission
#define ANYONE PERMISSION_NONE
#define PROC(number, op, Args, Reply, object, access, acl, filter, priority, mode, owner, stream)  \
    [number] = { #op, PROGRAM, number, OWNER_##owner, MODE_##mode, priority, stream, sizeof(Args),       \
                 sizeof(Reply), decode_##op, encode_##op, refuses_##op, needs_##op, target_##op, \
                 filter, find_##op, serves_##op, run_##op },
#define PROGRAM REMOTE_PROGRAM
static const Proc remote_procs[] = {
#include "protocol/remote.def"
};
#undef PROGRAM
#define PROGRAM QEMU_PROGRAM
static const Proc qemu_procs[] = {
#include "protocol/qemu.def"
};
#undef PROGRAM
#define PROGRAM LXC_PROGRAM
static const Proc lxc_procs[] = {
#include "protocol/lxc.def"
};
#undef PROGRAM
#define PROGRAM ADMIN_PROGRAM
static const Proc admin_procs[] = {
#include "protocol/admin.def"
};
#undef PROGRAM
#define PROGRAM OSTLER_PROGRAM
static const Proc ostler_procs[] = {
#include "protocol/ostler.def"
};
#undef PROGRAM
#define PROGRAM LOOK_PROGRAM
static const Proc look_procs[] = {
#include "protocol/look.def"
};
#undef PROGRAM
#undef PROC
// clang-format on

typedef struct Program {
    uint32_t number;
    const Proc *procs;
    size_t count;
    bool on_admin_socket; /* served there, and nothing else is */
    bool for_daemons;     /* of this host, and nobody else */
} Program;

static const Program programs[] = {
    { REMOTE_PROGRAM, remote_procs, G_N_ELEMENTS(remote_procs), false },
    { QEMU_PROGRAM, qemu_procs, G_N_ELEMENTS(qemu_procs), false },
    { LXC_PROGRAM, lxc_procs, G_N_ELEMENTS(lxc_procs), false },
    { ADMIN_PROGRAM, admin_procs, G_N_ELEMENTS(admin_procs), true },
    { OSTLER_PROGRAM, ostler_procs, G_N_ELEMENTS(ostler_procs), false, true },
    { LOOK_PROGRAM, look_procs, G_N_ELEMENTS(look_procs), true },
};

static const Program *program_find(uint32_t number)
{
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        if (programs[i].number == number)
            return &programs[i];
    }
    return NULL;
}

const Proc *proc_find(uint32_t program, int number)
{
    const Program *found = program_find(program);

    if (!found || (unsigned) number >= found->count || !found->procs[number].name)
        return NULL;
    return &found->procs[number];
}

int proc_error_domain(const Proc *proc)
{
    static const int domains[] = {
        [OWNER_CORE] = VIR_FROM_RPC,
        [OWNER_SELF] = VIR_FROM_NONE,
        [OWNER_HYPERVISOR] = VIR_FROM_DOM,
        [OWNER_NETWORK] = VIR_FROM_NETWORK,
        [OWNER_NODE] = VIR_FROM_NODEDEV,
        [OWNER_STORAGE] = VIR_FROM_STORAGE,
        [OWNER_SECRET] = VIR_FROM_SECRET,
        [OWNER_NWFILTER] = VIR_FROM_NWFILTER,
        [OWNER_INTERFACE] = VIR_FROM_INTERFACE,
    };

    return proc ? domains[proc->owner] : VIR_FROM_RPC;
}

/* ---- a call's life ---- */

static void call_free(Call *call)
{
    XDR xdr = { .x_op = XDR_FREE };

    call->proc->xdr_args(&xdr, call->args);
    call->proc->xdr_reply(&xdr, call->reply);
    g_free(call->args);
    g_free(call->reply);
    g_clear_pointer(&call->fds, g_array_unref);
    g_clear_pointer(&call->reply_fds, g_array_unref);
    identity_clear(&call->identity);
    g_clear_pointer(&call->object, object_unref);
    g_clear_pointer(&call->stream, stream_unref);
    client_unref(call->client);
    g_free(call);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

Strand *call_host_strand(void)
{
    static gsize strand;

    if (g_once_init_enter(&strand))
        g_once_init_leave(&strand, (gsize) strand_new());
    return (Strand *) strand;
}

bool call_check_flags(const Call *call, unsigned flags, unsigned known, GError **error)
{
    if (flags & ~known)
        return fail(error, ERR_INVALID_ARG, "unsupported flags (0x%x) in function %s",
                    flags & ~known, call->proc->name);
    return true;
}

/* What is sent when a call has ended, in the loop. */
typedef struct Answer {
    Client *client;
    GByteArray *frame;
    GArray *fds;
    Stream *stream;
    CallAnswered *then; /* NULL: nothing more is to be done */
    void *then_data;
    bool counted; /* among the client's calls at work */
    Activity *activity;
    GError *failure; /* NULL: it did not fail, or nobody wants to know */
} Answer;

static void answer_send(Answer *answer)
{
    Client *client = answer->client;

    activity_end(answer->activity, answer->failure);
    g_clear_error(&answer->failure);
    client_send(client, answer->frame, answer->fds);
    if (answer->then)
        answer->then(client, answer->then_data);
    if (answer->stream)
        stream_begin(answer->stream);
    if (answer->counted)
        client_finished(client);
    g_clear_pointer(&answer->fds, g_array_unref);
}

static void answer_from_worker(void *data)
{
    g_autofree Answer *answer = data;
    G_GNUC_UNUSED g_autoptr(Client) client = answer->client;

    answer_send(answer);
}

static GByteArray *encode_reply(const Call *call)
{
    net_message_header header = call->header;
    GByteArray *frame;
    uint32_t count;

    header.type = call->reply_fds ? NET_REPLY_WITH_FDS : NET_REPLY;
    header.status = NET_OK;
    if (!call->reply_fds)
        return frame_new(&header, call->proc->xdr_reply, call->reply);
    count = GUINT32_TO_BE(call->reply_fds->len);
    frame = frame_new_raw(&header, &count, sizeof(count));
    if (!frame_encode(frame, call->proc->xdr_reply, call->reply))
        g_clear_pointer(&frame, g_byte_array_unref);
    else
        frame_put(frame->data, 0, frame->len);
    return frame;
}

static GByteArray *encode_failure(const Call *call, const GError *error, int domain)
{
    net_message_header header = call->header;

    header.type = NET_REPLY;
    header.status = NET_ERROR;
    return frame_new_error(&header, error, domain);
}

static int failure_domain(const Call *call, const GError *failure)
{
    return error_code(failure) == ERR_ACCESS_DENIED ? VIR_FROM_ACCESS : call->driver->error_domain;
}

static Answer call_answer(Call *call, const GError *failure)
{
    Answer answer = { .client = call->client,
                      .counted = call->counted,
                      .activity = g_steal_pointer(&call->activity) };
    g_autoptr(GError) unfit = NULL;

    answer.then = call->then;
    answer.then_data = call->then_data;
    if (!failure && call->reply_fds && call->client->identity.transport != WAY_UNIX)
        fail(&unfit, ERR_NO_SUPPORT, "%s passes descriptors, which this connection cannot",
             call->proc->name);
    failure = unfit ? unfit : failure;
    if (failure && answer.activity)
        answer.failure = g_error_copy(failure);
    if (!failure)
        answer.frame = encode_reply(call);
    if (answer.frame) {
        answer.fds = g_steal_pointer(&call->reply_fds);
        answer.stream = g_steal_pointer(&call->stream);
        if (answer.stream)
            stream_attach(answer.stream, call);
    } else if (failure) {
        answer.frame = encode_failure(call, failure, failure_domain(call, failure));
    } else {
        g_autoptr(GError) error = NULL;

        fail(&error, ERR_RPC, "the reply of %s is too large", call->proc->name);
        answer.frame = encode_failure(call, error, VIR_FROM_RPC);
    }
    return answer;
}

static void log_call(const Call *call, const GError *failure)
{
    if (!log_wants(G_LOG_LEVEL_DEBUG))
        return;
    g_debug("client %" G_GUINT64_FORMAT ": %s: %s", call->client->id, call->proc->name,
            failure ? failure->message : "done");
}

static bool call_run(Call *call, GError **error)
{
    return authorize_definition(call, error) && call->proc->run(call->driver, call, error) &&
           authorize_reply(call, error);
}

/* In a worker. */
static void call_work(Task *task, const GError *expired)
{
    g_autoptr(Call) call = (Call *) task;
    g_autoptr(GError) error = NULL;
    Answer *answer = g_new(Answer, 1);

    activity_begins(expired ? NULL : call->activity);
    if (!expired)
        call_run(call, &error);
    else
        error = g_error_copy(expired);
    log_call(call, error);
    *answer = call_answer(call, error);
    client_ref(answer->client);
    loop_hop(answer_from_worker, answer);
}

static void call_tell(Call *call, const GError *error)
{
    Answer answer;

    log_call(call, error);
    answer = call_answer(call, error);
    answer_send(&answer);
}

/* In the loop itself. */
static void call_peek(Call *call)
{
    g_autoptr(GError) error = NULL;
    gint64 since = g_get_monotonic_time();

    call_run(call, &error);
    activity_peeked(call, since, error);
    call_tell(call, error);
}

/* ---- from a message to a call ---- */

static bool check_header(const Client *client, const net_message_header *header, GError **error)
{
    const Program *program = program_find(header->prog);

    if (!program || program->on_admin_socket != (client->kind == SOCKET_ADMIN) ||
        (program->for_daemons && !client->is_daemon))
        return fail(error, ERR_RPC, "unknown program 0x%x", header->prog);
    if (header->vers != 1)
        return fail(error, ERR_RPC, "unknown version %u of program 0x%x", header->vers,
                    header->prog);
    if (header->status != NET_OK)
        return fail(error, ERR_RPC, "a call has status %d instead of 0", header->status);
    if (!proc_find(header->prog, header->proc))
        return fail(error, ERR_RPC, "unknown procedure %d of program 0x%x", header->proc,
                    header->prog);
    return true;
}

/* What may be asked before the connection has been opened. */
static bool is_early(const Proc *proc, const void *args)
{
    static const char *const always[] = {
        "auth_list",   "auth_sasl_init", "auth_sasl_start",    "auth_sasl_step",
        "auth_polkit", "connect_open",   "admin_connect_open", NULL,
    };
    const remote_connect_supports_feature_args *feature = args;

    if (proc->owner != OWNER_CORE)
        return false;
    if (g_str_equal(proc->name, "connect_supports_feature"))
        return !args || feature->feature == 10; /* keepalive */
    return g_strv_contains(always, proc->name);
}

static bool check_state(const Client *client, const Proc *proc, GError **error)
{
    if (client->refusal) {
        g_propagate_error(error, g_error_copy(client->refusal));
        return false;
    }
    if (!client->authenticated && !g_str_has_prefix(proc->name, "auth_"))
        return fail(error, ERR_RPC, "authentication required");
    if (!client->uri && !is_early(proc, NULL))
        return fail(error, ERR_INTERNAL, "the connection is not open");
    return true;
}

static const Driver *driver_of(const Proc *proc, uint32_t program)
{
    if (program_find(program)->on_admin_socket)
        return server.admin_driver;
    return proc->owner == OWNER_CORE ? &core_driver : server.driver;
}

static Call *call_new(Client *client, const Proc *proc, const net_message_header *header)
{
    Call *call = g_new0(Call, 1);

    call->task.mode = proc->mode;
    call->task.what = proc->name;
    call->task.job.high = proc->high;
    call->task.run = call_work;
    call->header = *header;
    call->proc = proc;
    call->client = client_ref(client);
    call->driver = driver_of(proc, header->prog);
    call->args = g_malloc0(proc->args_size);
    call->reply = g_malloc0(proc->reply_size);
    return call;
}

/* How large the payload's front is that counts descriptors. */
static size_t payload_start(const net_message_header *header)
{
    return header->type == NET_CALL_WITH_FDS ? FRAME_LEAST + 4 : FRAME_LEAST;
}

static bool call_prepare(Call *call, const void *frame, size_t size, GError **error)
{
    const Proc *proc = call->proc;
    size_t start = payload_start(&call->header);

    if (!frame_decode((const char *) frame + start, size - start, proc->xdr_args, call->args))
        return fail(error, ERR_RPC, "cannot decode the arguments of %s", proc->name);
    if (call->client->identity.readonly && proc->refuses_readonly(call->args))
        return fail(error, ERR_OPERATION_DENIED, "read only access prevents %s", proc->name);
    if (!call->client->uri && !is_early(proc, call->args))
        return fail(error, ERR_INTERNAL, "the connection is not open");
    if (!call->driver || !proc->is_served(call->driver))
        return fail(error, ERR_NO_SUPPORT, "%s", proc->name);
    return authorize_arguments(call, error);
}

static void call_count(Call *call)
{
    if (call->counted)
        return;
    call->client->at_work++;
    call->counted = true;
    call->activity = activity_new(call);
}

static void call_start(Call *call)
{
    if (call->proc->mode == MODE_PEEK) {
        call_peek(call);
        call_free(call);
        return;
    }
    call_count(call);
    strand_push(call->object ? call->object->strand : call_host_strand(), &call->task);
}

/* ---- asking polkit first ---- */

typedef struct Asking {
    Job job;
    Call *call;
    GError *refusal; /* NULL: it is permitted */
} Asking;

static void asked(void *data)
{
    g_autofree Asking *asking = data;
    g_autoptr(GError) refusal = asking->refusal;
    g_autoptr(Call) call = asking->call;

    if (refusal || authorize_is_lookup(call))
        call_tell(call, refusal);
    else
        call_start(g_steal_pointer(&call));
}

static void ask(Job *job)
{
    Asking *asking = (Asking *) job;

    authorize_ask(asking->call, &asking->refusal);
    loop_hop(asked, asking);
}

/* What a look-up finds is held back until the answer is there. */
static void call_ask(Call *call)
{
    g_autoptr(GError) error = NULL;
    Asking *asking;

    if (authorize_is_lookup(call) && !call_run(call, &error)) {
        call_tell(call, error);
        call_free(call);
        return;
    }
    call_count(call);
    asking = g_new0(Asking, 1);
    asking->job.high = call->proc->high;
    asking->job.run = ask;
    asking->call = call;
    workers_push(&asking->job);
}

/* Of a call that no driver has seen. */
static int refusal_domain(const Proc *proc, const GError *error)
{
    switch (error_code(error)) {
    case ERR_ACCESS_DENIED:
        return VIR_FROM_ACCESS;
    case ERR_RPC:
    case ERR_INTERNAL:
        return VIR_FROM_RPC;
    default:
        return proc_error_domain(proc);
    }
}

static void serve(Client *client, const Proc *proc, const net_message_header *header,
                  const void *frame, size_t size, GArray *fds)
{
    g_autoptr(Call) call = call_new(client, proc, header);
    g_autoptr(GError) error = NULL;

    call->fds = fds ? g_array_ref(fds) : NULL;
    if (!call_prepare(call, frame, size, &error)) {
        client_answer_error(client, header, error, refusal_domain(proc, error));
        return;
    }
    if (!proc->find(call, &error) || !authorize_object(call, &error)) {
        client_answer_error(client, header, error, failure_domain(call, error));
        return;
    }
    if (authorize_must_ask(call))
        call_ask(g_steal_pointer(&call));
    else
        call_start(g_steal_pointer(&call));
}

static bool is_ours(const Proc *proc)
{
    return proc->owner <= OWNER_SELF || (server.driver && server.driver->owns & 1u << proc->owner);
}

void dispatch_call(Client *client, const void *frame, size_t size, GArray *fds)
{
    g_autoptr(GError) error = NULL;
    net_message_header header;
    const Proc *proc;

    frame_header(frame, &header);
    proc = proc_find(header.prog, header.proc);
    if (!check_header(client, &header, &error) || !check_state(client, proc, &error)) {
        client_answer_error(client, &header, error, VIR_FROM_RPC);
        return;
    }
    if (server.open_elsewhere && header.prog == REMOTE_PROGRAM && header.proc == CONNECT_OPEN)
        server.open_elsewhere(client, frame, size);
    else if (is_ours(proc))
        serve(client, proc, &header, frame, size, fds);
    else
        relay_call(client, proc, frame, size, fds);
}

void dispatch_frame(Client *client, const void *frame, size_t size, GArray *fds)
{
    net_message_header header;

    frame_header(frame, &header);
    if (header.prog == KEEPALIVE_PROGRAM && header.type == NET_MESSAGE) {
        keepalive_received(client, &header);
        return;
    }
    if (client->whole) {
        relay_pass(client, frame, size, fds);
        return;
    }
    switch (header.type) {
    case NET_CALL:
    case NET_CALL_WITH_FDS:
        if (client_must_wait(client))
            client_wait(client, frame, size, fds);
        else
            dispatch_call(client, frame, size, fds);
        break;
    case NET_STREAM:
    case NET_STREAM_HOLE:
        if (!relay_stream(client, &header, frame, size))
            stream_received(client, &header, (const char *) frame + FRAME_LEAST,
                            size - FRAME_LEAST);
        break;
    default:
        break; /* replies and events are ours to send */
    }
}
