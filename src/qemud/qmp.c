/* qmp.c - the monitor of one QEMU
 *
 * A command is written by the thread that sends it, as far as the socket takes it; the loop writes
 * the rest. The loop reads: an answer goes to the request that waits, an event to the listener. The
 * negotiation of capabilities is simply the first command: QEMU reads it once it has greeted, and
 * whatever stands behind it in the socket afterwards.
 *
 * QEMU reads commands in single bytes and answers them in their order. So commands are printed
 * without blanks, and the answer that arrives is nearly always that of the oldest request. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp.h"

#include "base/cleanup.h"
#include "loop/loop.h"
#include "loop/workers.h"
#include "outbox.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
    MESSAGE_LIMIT = 64 << 20, /* bytes of one answer or event */
    DEPTH_LIMIT = 256,        /* a disk's images nest in an answer as they do in their chain */
    BLOCK = 65536,            /* that are read in one turn of the loop */
};

struct QmpRequest {
    Qmp *qmp;
    GList link; /* of qmp->pending or qmp->awaited */
    int64_t id;
    char *command; /* or the event that completes it */
    char *member;  /* of the event's data; NULL: it is a command */
    char **values; /* of that member */
    Json *answer;  /* the whole of it; NULL once it is done: QEMU has ended */
    bool done;
    bool forgotten; /* whoever completes it frees it */
    GCond completed;
};

struct Qmp {
    int fd;
    GMutex lock;    /* of what follows, up to the next comment */
    GQueue pending; /* of QmpRequest, oldest first */
    GQueue awaited; /* of QmpRequest that an event completes */
    Outbox outbox;
    int64_t last_id;
    bool closed;
    bool full; /* the loop knows that the socket takes no more */

    /* The loop's. */
    Watch *watch;
    const QmpListener *events;
    void *listener;
    struct json_tokener *tokener; /* NULL between two messages */
    size_t message_size;
};

/* ---- requests ---- */

static void request_free(QmpRequest *request)
{
    json_unref(request->answer);
    g_free(request->command);
    g_free(request->member);
    g_strfreev(request->values);
    g_cond_clear(&request->completed);
    qmp_unref(request->qmp);
    g_free(request);
}

/* It is no longer pending. The lock is held. */
static void complete(QmpRequest *request, Json *answer)
{
    request->answer = answer;
    request->done = true;
    g_cond_signal(&request->completed);
}

/* That of the id; an answer without one is to something that QEMU could not even read. The lock is
 * held. */
static QmpRequest *take_pending(Qmp *qmp, int64_t id)
{
    for (GList *link = qmp->pending.head; link; link = link->next) {
        QmpRequest *request = link->data;

        if (request->id != id && id != -1)
            continue;
        g_queue_unlink(&qmp->pending, link);
        return request;
    }
    return NULL;
}

static void complete_pending(Qmp *qmp, int64_t id, Json *answer)
{
    QmpRequest *request;

    {
        LOCKED(&qmp->lock);
        request = take_pending(qmp, id);
        if (request && !request->forgotten) {
            complete(request, answer);
            return;
        }
    }
    json_unref(answer);
    if (request)
        request_free(request);
}

/* ---- writing ---- */

static void wait_for_room(void *data)
{
    Qmp *qmp = data;

    if (qmp->watch)
        watch_set(qmp->watch, EPOLLIN | EPOLLOUT);
    qmp_unref(qmp);
}

/* Takes the text over. */
static void post(Qmp *qmp, QmpRequest *request, char *text, const int *fds, size_t count)
{
    LOCKED(&qmp->lock);

    if (qmp->closed) {
        g_free(text);
        complete(request, NULL);
        return;
    }
    g_queue_push_tail_link(&qmp->pending, &request->link);
    outbox_add(&qmp->outbox, text, fds, count);
    if (qmp->full || outbox_write(&qmp->outbox, qmp->fd))
        return;
    qmp->full = true;
    loop_hop(wait_for_room, qmp_ref(qmp));
}

static int64_t new_id(Qmp *qmp)
{
    LOCKED(&qmp->lock);

    return ++qmp->last_id;
}

/* Takes the whole command over, and gives it the id. */
static QmpRequest *send_object(Qmp *qmp, Json *object, const int *fds, size_t count)
{
    QmpRequest *request = g_new0(QmpRequest, 1);
    const char *command = json_text(object, "execute");

    *request = (QmpRequest){ .qmp = qmp_ref(qmp), .id = new_id(qmp) };
    request->link.data = request;
    request->command = g_strdup(command ? command : "unnamed");
    g_cond_init(&request->completed);
    json_object_object_add(object, "id", json_object_new_int64(request->id));
    post(qmp, request, json_print(object), fds, count);
    json_unref(object);
    return request;
}

/* ---- reading, in the loop ---- */

static void end(Qmp *qmp)
{
    qmp_close(qmp);
    watch_end(g_steal_pointer(&qmp->watch));
    fd_close(g_steal_fd(&qmp->fd)); /* nobody uses it any more: it is closed for them */
    g_clear_pointer(&qmp->tokener, json_tokener_free);
    if (qmp->events)
        qmp->events->closed(qmp->listener);
    qmp_unref(qmp);
}

static bool is_awaited(const QmpRequest *request, const char *event, Json *data)
{
    const char *value =
        g_str_equal(request->command, event) ? json_text(data, request->member) : NULL;

    return value && g_strv_contains((const char *const *) request->values, value);
}

/* Before the listener hears of it. */
static void complete_awaited(Qmp *qmp, const char *event, Json *data)
{
    g_autoptr(GPtrArray) forgotten = g_ptr_array_new_with_free_func((GDestroyNotify) request_free);
    LOCKED(&qmp->lock);

    for (GList *link = qmp->awaited.head, *next; link; link = next) {
        QmpRequest *request = link->data;

        next = link->next;
        if (!is_awaited(request, event, data))
            continue;
        g_queue_unlink(&qmp->awaited, link);
        if (request->forgotten)
            g_ptr_array_add(forgotten, request);
        else
            complete(request, json_build("j", "return",
                                         json_build("s", request->member,
                                                    json_text(data, request->member))));
    }
}

/* The data goes to the listener alone, who may pass it to another thread: what json-c counts is
 * not safe to share. */
static void tell(Qmp *qmp, Json *message)
{
    g_autofree char *name = g_strdup(json_text(message, "event"));
    Json *time = json_member(message, "timestamp");
    int64_t seconds = json_number(time, "seconds", 0);
    int64_t microseconds = json_number(time, "microseconds", 0);
    Json *data = json_object_get(json_member(message, "data"));

    json_unref(message);
    complete_awaited(qmp, name, data);
    if (qmp->events)
        qmp->events->event(name, data, seconds, microseconds, qmp->listener);
    else
        json_unref(data);
}

static void take_message(Qmp *qmp, Json *message)
{
    if (json_text(message, "event"))
        tell(qmp, message);
    else if (json_object_object_get_ex(message, "return", NULL) || json_member(message, "error"))
        complete_pending(qmp, json_number(message, "id", -1), message);
    else
        json_unref(message); /* the greeting */
}

static bool is_closed(Qmp *qmp)
{
    LOCKED(&qmp->lock);

    return qmp->closed;
}

/* Continues with the message that has begun, or begins one. Gives back how many bytes that took;
 * 0 when they are no JSON, or too many. */
static size_t take_part(Qmp *qmp, const char *bytes, size_t size)
{
    enum json_tokener_error state;
    Json *message;
    size_t taken;

    if (!qmp->tokener)
        qmp->tokener = json_tokener_new_ex(DEPTH_LIMIT);
    message = json_tokener_parse_ex(qmp->tokener, bytes, size);
    taken = json_tokener_get_parse_end(qmp->tokener);
    state = json_tokener_get_error(qmp->tokener);
    qmp->message_size += taken;
    if (state == json_tokener_continue)
        return taken == size && qmp->message_size <= MESSAGE_LIMIT ? taken : 0;
    if (state != json_tokener_success)
        return 0;
    g_clear_pointer(&qmp->tokener, json_tokener_free);
    qmp->message_size = 0;
    take_message(qmp, message);
    return taken;
}

static bool take_bytes(Qmp *qmp, const char *bytes, size_t size)
{
    for (;;) {
        size_t taken;

        while (!qmp->tokener && size > 0 && g_ascii_isspace(*bytes))
            bytes++, size--;
        if (size == 0)
            return true;
        taken = take_part(qmp, bytes, size);
        if (taken == 0 || is_closed(qmp))
            return false;
        bytes += taken;
        size -= taken;
    }
}

static bool read_block(Qmp *qmp)
{
    static char block[BLOCK];
    ssize_t got = read(qmp->fd, block, sizeof(block));

    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0 || is_closed(qmp))
        return false;
    if (take_bytes(qmp, block, got))
        return true;
    if (!is_closed(qmp))
        g_warning("QEMU sent something that is no message, or too long a one");
    return false;
}

static void write_rest(Qmp *qmp)
{
    {
        LOCKED(&qmp->lock);
        if (!qmp->closed && !outbox_write(&qmp->outbox, qmp->fd))
            return;
        qmp->full = false;
    }
    watch_set(qmp->watch, EPOLLIN);
}

static void ready(uint32_t events, void *data)
{
    Qmp *qmp = data;

    if (events & EPOLLOUT)
        write_rest(qmp);
    if (events & ~EPOLLOUT && !read_block(qmp))
        end(qmp);
}

static void begin(void *data)
{
    Qmp *qmp = data;

    qmp->watch = watch_new(qmp->fd, EPOLLIN, ready, qmp);
}

/* ---- the connection ---- */

Qmp *qmp_open(int fd, const QmpListener *events, void *listener)
{
    Qmp *qmp = g_atomic_rc_box_new0(Qmp);

    qmp->fd = fd;
    qmp->events = events;
    qmp->listener = listener;
    g_mutex_init(&qmp->lock);
    g_queue_init(&qmp->pending);
    g_queue_init(&qmp->awaited);
    loop_hop(begin, qmp_ref(qmp)); /* the reference is end()'s */
    qmp_forget(qmp_send(qmp, "qmp_capabilities", NULL));
    return qmp;
}

Qmp *qmp_ref(Qmp *qmp) { return g_atomic_rc_box_acquire(qmp); }

static void qmp_clear(void *data)
{
    Qmp *qmp = data;

    g_mutex_clear(&qmp->lock);
}

void qmp_unref(Qmp *qmp)
{
    if (qmp)
        g_atomic_rc_box_release_full(qmp, qmp_clear);
}

/* The lock is held. */
static void drop_all(GQueue *queue, GPtrArray *forgotten)
{
    for (GList *link; (link = g_queue_pop_head_link(queue));) {
        QmpRequest *request = link->data;

        if (request->forgotten)
            g_ptr_array_add(forgotten, request);
        else
            complete(request, NULL);
    }
}

void qmp_close(Qmp *qmp)
{
    g_autoptr(GPtrArray) forgotten = g_ptr_array_new_with_free_func((GDestroyNotify) request_free);
    LOCKED(&qmp->lock);

    if (qmp->closed)
        return;
    qmp->closed = true;
    shutdown(qmp->fd, SHUT_RDWR); /* the loop reads the end */
    outbox_clear(&qmp->outbox);
    drop_all(&qmp->pending, forgotten);
    drop_all(&qmp->awaited, forgotten);
}

/* ---- commands ---- */

QmpRequest *qmp_send_fds(Qmp *qmp, const char *command, Json *arguments, const int *fds,
                         size_t count)
{
    Json *object = json_build("s", "execute", command);

    if (arguments)
        json_object_object_add(object, "arguments", arguments);
    return send_object(qmp, object, fds, count);
}

QmpRequest *qmp_send(Qmp *qmp, const char *command, Json *arguments)
{
    return qmp_send_fds(qmp, command, arguments, NULL, 0);
}

QmpRequest *qmp_expect_any(Qmp *qmp, const char *event, const char *member,
                           const char *const *values)
{
    QmpRequest *request = g_new0(QmpRequest, 1);

    *request = (QmpRequest){ .qmp = qmp_ref(qmp),
                             .command = g_strdup(event),
                             .member = g_strdup(member),
                             .values = g_strdupv((char **) values) };
    request->link.data = request;
    g_cond_init(&request->completed);
    LOCKED(&qmp->lock);
    if (qmp->closed)
        complete(request, NULL);
    else
        g_queue_push_tail_link(&qmp->awaited, &request->link);
    return request;
}

QmpRequest *qmp_expect(Qmp *qmp, const char *event, const char *member, const char *value)
{
    const char *const values[] = { value, NULL };

    return qmp_expect_any(qmp, event, member, values);
}

void qmp_forget(QmpRequest *request)
{
    {
        LOCKED(&request->qmp->lock);
        request->forgotten = true;
        if (!request->done)
            return;
    }
    request_free(request);
}

static bool is_done(QmpRequest *request)
{
    LOCKED(&request->qmp->lock);

    return request->done;
}

/* False, and the request is no longer the caller's, when that took too long. */
static bool wait_until_done(QmpRequest *request, unsigned milliseconds, GError **error)
{
    gint64 until = g_get_monotonic_time() + milliseconds * 1000ll;
    GMutex *lock = &request->qmp->lock;
    LOCKED(lock);

    while (!request->done) {
        if (milliseconds == 0) {
            g_cond_wait(&request->completed, lock);
        } else if (!g_cond_wait_until(&request->completed, lock, until) && !request->done) {
            request->forgotten = true;
            return fail(error, ERR_OPERATION_TIMEOUT, "QEMU did not answer '%s' within %u ms",
                        request->command, milliseconds);
        }
    }
    return true;
}

/* The whole answer, with "return" or "error". The request is gone in any case. */
static Json *take_answer(QmpRequest *request, unsigned milliseconds, GError **error)
{
    Json *answer;

    if (!is_done(request)) {
        bool in_time;

        worker_waits();
        in_time = wait_until_done(request, milliseconds, error);
        worker_resumes();
        if (!in_time)
            return NULL;
    }
    answer = g_steal_pointer(&request->answer);
    if (!answer)
        fail(error, ERR_OPERATION_FAILED, "unable to execute QEMU command '%s': QEMU has ended",
             request->command);
    request_free(request);
    return answer;
}

Json *qmp_wait(QmpRequest *request, unsigned milliseconds, GError **error)
{
    g_autofree char *command = g_strdup(request->command);
    g_autoptr(Json) answer = take_answer(request, milliseconds, error);
    Json *refusal = json_member(answer, "error");
    const char *why = json_text(refusal, "desc");
    Json *result;

    if (!answer)
        return NULL;
    if (refusal)
        return fail(error, ERR_INTERNAL, "unable to execute QEMU command '%s': %s", command,
                    why ? why : "no reason given");
    result = json_object_get(json_member(answer, "return"));
    return result ? result : json_object_new_object(); /* null is an answer, but our failure */
}

Json *qmp_call(Qmp *qmp, const char *command, Json *arguments, GError **error)
{
    return qmp_wait(qmp_send(qmp, command, arguments), 0, error);
}

/* ---- commands of clients ---- */

/* QEMU gets the command with an id of ours, so that no id of a client's can be taken for it. */
char *qmp_pass(Qmp *qmp, const char *text, const int *fds, size_t count, GError **error)
{
    Json *object = json_parse(text, strlen(text), error);
    g_autoptr(Json) id = json_object_get(json_member(object, "id"));
    g_autoptr(Json) answer = NULL;

    if (!object)
        return NULL;
    if (!json_object_is_type(object, json_type_object)) {
        json_unref(object);
        return fail(error, ERR_INVALID_ARG, "a monitor command must be one JSON object");
    }
    answer = take_answer(send_object(qmp, object, fds, count), 0, error);
    if (!answer)
        return NULL;
    json_object_object_del(answer, "id");
    if (id)
        json_object_object_add(answer, "id", g_steal_pointer(&id));
    return json_print(answer);
}

char *qmp_human(Qmp *qmp, const char *line, const int *fds, size_t count, GError **error)
{
    Json *arguments = json_build("s", "command-line", line);
    g_autoptr(Json) printed =
        qmp_wait(qmp_send_fds(qmp, "human-monitor-command", arguments, fds, count), 0, error);

    if (!printed)
        return NULL;
    if (!json_object_is_type(printed, json_type_string))
        return fail(error, ERR_INTERNAL, "QEMU printed no text for '%s'", line);
    return g_strdup(json_object_get_string(printed));
}
