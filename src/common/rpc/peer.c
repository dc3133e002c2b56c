/* peer.c - the calling side of the same procedures, daemon to daemon
 *
 * One connection to each daemon serves all workers: the loop sends their questions and finds by the
 * serial whose answer has come. A daemon that ends takes its questions with it; the next one
 * connects anew. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/peer.h"

#include "base/cleanup.h"
#include "protocol/net.h"
#include "rpc/dispatch.h"
#include "rpc/handover.h"
#include "rpc/relay.h"
#include "rpc/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_SECONDS = 60 };

/* The connection to one daemon; all of it belongs to the loop. */
typedef struct Peer {
    Wire wire; /* first: its owner */
    const char *daemon;
    GHashTable *questions; /* serial -> Question */
    unsigned references;   /* while it is open, and while it is handed over */
    GError *error;         /* why the daemon did not take the connection */
} Peer;

/* A call that waits for its answer. */
typedef struct Question {
    const Proc *proc;
    const char *daemon, *uri; /* NULL: the owner of the procedure */
    GByteArray *call;         /* NULL once it has been sent */
    GArray *with;
    gint references; /* the worker's and the loop's */
    GMutex lock;     /* of what follows */
    GCond changed;
    bool done;
    GByteArray *answer; /* or an error */
    GArray *fds;
    GError *error;
} Question;

static GHashTable *peers; /* daemon -> Peer; the loop's */

static void question_unref(void *data)
{
    Question *question = data;

    if (!g_atomic_int_dec_and_test(&question->references))
        return;
    g_clear_pointer(&question->call, g_byte_array_unref);
    g_clear_pointer(&question->with, g_array_unref);
    g_clear_pointer(&question->answer, g_byte_array_unref);
    g_clear_pointer(&question->fds, g_array_unref);
    g_clear_error(&question->error);
    g_mutex_clear(&question->lock);
    g_cond_clear(&question->changed);
    g_free(question);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Question, question_unref)

/* In the loop. */
static void answer(Question *question, GByteArray *frame, GArray *fds, const GError *error)
{
    LOCKED(&question->lock);

    question->answer = frame;
    question->fds = fds ? g_array_ref(fds) : NULL;
    question->error = error ? g_error_copy(error) : NULL;
    question->done = true;
    g_cond_signal(&question->changed);
}

/* ---- the connection ---- */

static void peer_unref(void *data)
{
    Peer *peer = data;

    if (--peer->references)
        return;
    g_hash_table_unref(peer->questions);
    g_clear_error(&peer->error);
    g_free(peer);
}

static void peer_message(void *owner, const void *frame, size_t size, GArray *fds)
{
    Peer *peer = owner;
    net_message_header header;
    Question *question;

    frame_header(frame, &header);
    question = header.type == NET_MESSAGE
                   ? NULL
                   : g_hash_table_lookup(peer->questions, GUINT_TO_POINTER(header.serial));
    if (!question)
        return;
    answer(question, g_byte_array_append(g_byte_array_sized_new(size), frame, size), fds, NULL);
    g_hash_table_remove(peer->questions, GUINT_TO_POINTER(header.serial));
}

static bool peer_may_read(void *) { return true; }

static void peer_drained(void *) {}

static void peer_closed(void *owner, const char *why)
{
    Peer *peer = owner;
    g_autoptr(GError) error = g_steal_pointer(&peer->error);
    GHashTableIter at;
    void *question;

    if (!error)
        fail(&error, ERR_OPERATION_FAILED, "the connection to ostler-%s has ended%s%s",
             peer->daemon, why ? ": " : "", why ? why : "");
    g_clear_pointer(&peer->wire.in, g_byte_array_unref);
    if (g_hash_table_lookup(peers, peer->daemon) == peer)
        g_hash_table_remove(peers, peer->daemon);
    g_hash_table_iter_init(&at, peer->questions);
    while (g_hash_table_iter_next(&at, NULL, &question))
        answer(question, NULL, NULL, error);
    g_hash_table_remove_all(peer->questions);
    loop_hop(peer_unref, peer);
}

static void peer_taken(void *data, const GError *error)
{
    Peer *peer = data;

    if (error && peer->wire.fd >= 0) {
        peer->error = g_error_copy(error);
        fd_close(wire_release(&peer->wire));
        peer_closed(peer, NULL);
    }
    peer_unref(peer);
}

static Peer *peer_new(const char *daemon, const char *uri, GError **error)
{
    static const WireEvents events = { peer_message, peer_may_read, peer_drained, peer_closed,
                                       NULL };
    Identity self = IDENTITY_UNKNOWN;
    Handover what = { .identity = &self, .uri = uri, .is_daemon = true };
    Peer *peer;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        return fail_errno(error, errno, "cannot connect to ostler-%s", daemon);
    self.uid = geteuid();
    self.gid = getegid();
    self.pid = getpid();
    peer = g_new0(Peer, 1);
    peer->references = 2;
    peer->daemon = daemon;
    peer->questions = g_hash_table_new_full(NULL, NULL, NULL, question_unref);
    wire_open(&peer->wire, ends[0], &events, peer);
    g_hash_table_insert(peers, (char *) daemon, peer);
    handover(daemon, ends[1], &what, NULL, peer_taken, peer);
    fd_close(ends[1]);
    return peer;
}

static Peer *peer_of(const Question *question, GError **error)
{
    const char *uri = question->uri;
    const char *daemon = uri ? question->daemon : relay_daemon(question->proc->owner, &uri);
    Peer *peer;

    if (!daemon)
        return fail(error, ERR_NO_SUPPORT, "no daemon serves this");
    if (!peers)
        peers = g_hash_table_new(g_str_hash, g_str_equal);
    peer = g_hash_table_lookup(peers, daemon);
    return peer ? peer : peer_new(daemon, uri, error);
}

/* ---- a question ---- */

static void ask(void *data)
{
    static uint32_t serial;
    Question *question = data;
    g_autoptr(GError) error = NULL;
    Peer *peer = peer_of(question, &error);

    if (!peer) {
        answer(question, NULL, NULL, error);
        question_unref(question);
        return;
    }
    frame_put(question->call->data, 20, ++serial);
    g_hash_table_insert(peer->questions, GUINT_TO_POINTER(serial), question);
    wire_send(&peer->wire, g_steal_pointer(&question->call), question->with);
}

static GByteArray *encode_call(const Proc *proc, const void *in, const GArray *with)
{
    net_message_header header = { .prog = proc->program,
                                  .vers = 1,
                                  .proc = proc->number,
                                  .type = with ? NET_CALL_WITH_FDS : NET_CALL };
    uint32_t count = GUINT32_TO_BE(with ? with->len : 0);
    GByteArray *frame;

    if (!with)
        return frame_new(&header, proc->xdr_args, in);
    frame = frame_new_raw(&header, &count, sizeof(count));
    if (frame_encode(frame, proc->xdr_args, in)) {
        frame_put(frame->data, 0, frame->len);
        return frame;
    }
    g_byte_array_unref(frame);
    return NULL;
}

static bool_t filter_error(XDR *xdr, void *data) { return xdr_net_message_error(xdr, data); }

/* The words that belong to the code come again when the error is told on. */
static bool take_error(const Proc *proc, const void *payload, size_t size, GError **error)
{
    net_message_error told = {};
    XDR xdr = { .x_op = XDR_FREE };
    const char *text, *title;

    if (!frame_decode(payload, size, filter_error, &told))
        return fail(error, ERR_RPC, "cannot decode the error of %s", proc->name);
    text = told.message ? *told.message : "unknown error";
    title = error_title(told.code);
    if (title && g_str_has_prefix(text, title) && g_str_has_prefix(text + strlen(title), ": "))
        text += strlen(title) + 2;
    fail(error, told.code, "%s", text);
    filter_error(&xdr, &told);
    return false;
}

static bool take_answer(Question *question, void *out, GArray **fds, GError **error)
{
    const Proc *proc = question->proc;
    const char *frame = (char *) question->answer->data;
    size_t size = question->answer->len, start = FRAME_LEAST;
    net_message_header header;

    frame_header(frame, &header);
    if (header.status == NET_ERROR)
        return take_error(proc, frame + start, size - start, error);
    if (header.type == NET_REPLY_WITH_FDS)
        start += 4;
    memset(out, 0, proc->reply_size);
    if (!frame_decode(frame + start, size - start, proc->xdr_reply, out))
        return fail(error, ERR_RPC, "cannot decode the reply of %s", proc->name);
    if (fds)
        *fds = g_steal_pointer(&question->fds);
    return true;
}

static bool wait_for_answer(Question *question, unsigned seconds)
{
    gint64 until = g_get_monotonic_time() + seconds * G_TIME_SPAN_SECOND;
    bool done;

    worker_waits();
    g_mutex_lock(&question->lock);
    while (!question->done && g_cond_wait_until(&question->changed, &question->lock, until))
        continue;
    done = question->done;
    g_mutex_unlock(&question->lock);
    worker_resumes();
    return done;
}

bool peer_call(const PeerTo *to, uint32_t program, int number, const void *in, GArray *with,
               void *out, GArray **fds, GError **error)
{
    g_autoptr(Question) question = g_new0(Question, 1);
    unsigned seconds = to ? to->seconds : ANSWER_SECONDS;

    question->references = 1;
    g_mutex_init(&question->lock);
    g_cond_init(&question->changed);
    question->proc = proc_find(program, number);
    question->daemon = to ? to->daemon : NULL;
    question->uri = to ? to->uri : NULL;
    question->with = with ? g_array_ref(with) : NULL;
    question->call = encode_call(question->proc, in, with);
    if (!question->call)
        return fail(error, ERR_RPC, "the arguments of %s are too large", question->proc->name);
    g_atomic_int_inc(&question->references);
    loop_hop(ask, question);
    if (!wait_for_answer(question, seconds))
        return fail(error, ERR_OPERATION_TIMEOUT, "%s has not been answered within %u seconds",
                    question->proc->name, seconds);
    if (question->error) {
        g_propagate_error(error, g_steal_pointer(&question->error));
        return false;
    }
    return take_answer(question, out, fds, error);
}

void peer_free(uint32_t program, int number, void *out)
{
    XDR xdr = { .x_op = XDR_FREE };

    proc_find(program, number)->xdr_reply(&xdr, out);
}
