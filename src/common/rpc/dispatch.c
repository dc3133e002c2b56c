/* dispatch.c - decode, authorize, find, queue, run, answer
 *
 * The first three run in the main loop and never block; the strand says when a worker runs the
 * rest. Any step that fails answers the call with its error. What another daemon owns is relayed
 * unread. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/dispatch.h"

#include "base/log.h"
#include "protocol/keepalive.h"
#include "rpc/core.h"
#include "rpc/keepalive.h"
#include "rpc/relay.h"
#include "rpc/stream.h"

#include <string.h>

enum { CONNECT_OPEN = 1 };

/* ---- the table of procedures ---- */

static bool_t xdr_none(XDR *, none *) { return TRUE; }

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
#undef PROC
#undef DOMAIN
#undef NETWORK
#undef HOST
#undef HIGH
#undef LOW

#define HIGH true
#define LOW false
#define PROC(number, op, Args, Reply, object, access, acl, filter, priority, mode, owner, stream)  \
    [number] = { #op, PROGRAM, number, OWNER_##owner, MODE_##mode, priority, stream, sizeof(Args),       \
                 sizeof(Reply), decode_##op, encode_##op, refuses_##op, find_##op, serves_##op, \
                 run_##op },
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
    bool counted; /* among the client's calls at work */
} Answer;

static void answer_send(Answer *answer)
{
    Client *client = answer->client;

    client_send(client, answer->frame, answer->fds);
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

static Answer call_answer(Call *call, const GError *failure)
{
    Answer answer = { .client = call->client };

    if (!failure)
        answer.frame = encode_reply(call);
    if (answer.frame) {
        answer.fds = g_steal_pointer(&call->reply_fds);
        answer.stream = g_steal_pointer(&call->stream);
        if (answer.stream)
            stream_attach(answer.stream, call);
    } else if (failure) {
        answer.frame = encode_failure(call, failure, call->driver->error_domain);
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

/* In a worker. */
static void call_work(Task *task, const GError *expired)
{
    g_autoptr(Call) call = (Call *) task;
    g_autoptr(GError) error = NULL;
    Answer *answer = g_new(Answer, 1);

    if (!expired)
        call->proc->run(call->driver, call, &error);
    else
        error = g_error_copy(expired);
    log_call(call, error);
    *answer = call_answer(call, error);
    answer->counted = true;
    client_ref(answer->client);
    loop_hop(answer_from_worker, answer);
}

/* In the loop itself. */
static void call_peek(Call *call)
{
    g_autoptr(GError) error = NULL;
    Answer answer;

    call->proc->run(call->driver, call, &error);
    log_call(call, error);
    answer = call_answer(call, error);
    answer_send(&answer);
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
    if (!client->authenticated && !g_str_has_prefix(proc->name, "auth_"))
        return fail(error, ERR_RPC, "authentication required");
    if (!client->uri && !is_early(proc, NULL))
        return fail(error, ERR_INTERNAL, "the connection is not open");
    return true;
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
    call->driver = proc->owner == OWNER_CORE ? &core_driver : server.driver;
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
    return true;
}

static void call_start(Call *call)
{
    if (call->proc->mode == MODE_PEEK) {
        call_peek(call);
        call_free(call);
        return;
    }
    call->client->at_work++;
    strand_push(call->object ? call->object->strand : call_host_strand(), &call->task);
}

static void serve(Client *client, const Proc *proc, const net_message_header *header,
                  const void *frame, size_t size, GArray *fds)
{
    g_autoptr(Call) call = call_new(client, proc, header);
    g_autoptr(GError) error = NULL;

    call->fds = fds ? g_array_ref(fds) : NULL;
    if (!call_prepare(call, frame, size, &error)) {
        int domain = error_code(error) == ERR_RPC || error_code(error) == ERR_INTERNAL
                         ? VIR_FROM_RPC
                         : proc_error_domain(proc);

        client_answer_error(client, header, error, domain);
        return;
    }
    if (!proc->find(call, &error)) {
        client_answer_error(client, header, error, call->driver->error_domain);
        return;
    }
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
