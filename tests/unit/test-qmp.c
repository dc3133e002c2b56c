/* test-qmp.c - commands and answers, events, and every way in which a monitor can end
 *
 * The test plays QEMU: what it writes into its end of the socket pair is what the monitor reads. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"
#include "unit.h"

#include "qmp.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/socket.h"
#include "loop/spawn.h"
#include "loop/workers.h"

#include <glib-unix.h>
#include <string.h>
#include <sys/mman.h>

#define GREETING "{\"QMP\":{\"version\":{},\"capabilities\":[]}}\r\n"
#define CAPABILITIES "{\"execute\":\"qmp_capabilities\",\"id\":1}"

typedef struct Scene {
    Fd peer; /* QEMU's end; blocks */
    Qmp *qmp;
    GAsyncQueue *heard; /* of char *: events as text, "closed" */
} Scene;

static void hear_event(const char *name, Json *data, int64_t seconds, unsigned microseconds,
                       void *listener)
{
    g_autofree char *text = data ? json_print(data) : g_strdup("-");

    json_unref(data);
    g_async_queue_push(listener, g_strdup_printf("%s %s %" G_GINT64_FORMAT ".%06u", name, text,
                                                 seconds, microseconds));
}

static void hear_end(void *listener) { g_async_queue_push(listener, g_strdup("closed")); }

static const QmpListener listener = { .event = hear_event, .closed = hear_end };

static void assert_heard(Scene *scene, const char *want)
{
    g_autofree char *got = g_async_queue_pop(scene->heard);

    g_assert_cmpstr(got, ==, want);
}

static void peer_says(Scene *scene, const char *text)
{
    g_assert_true(file_write_all(scene->peer, text, strlen(text)));
}

static char *peer_reads(Scene *scene)
{
    g_autoptr(GString) line = g_string_new(NULL);

    for (char c = 0; read(scene->peer, &c, 1) == 1 && c != '\n';)
        g_string_append_c(line, c);
    return g_string_free(g_steal_pointer(&line), FALSE);
}

static void assert_sent(Scene *scene, const char *want)
{
    g_autofree char *line = peer_reads(scene);

    g_assert_cmpstr(line, ==, want);
}

static void scene_begin_bare(Scene *scene)
{
    int ends[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    g_assert_true(g_unix_set_fd_nonblocking(ends[0], TRUE, NULL));
    scene->peer = ends[1];
    scene->heard = g_async_queue_new_full(g_free);
    scene->qmp = qmp_open(ends[0], &listener, scene->heard);
}

static void scene_begin(Scene *scene)
{
    scene_begin_bare(scene);
    assert_sent(scene, CAPABILITIES);
    peer_says(scene, GREETING "{\"return\":{},\"id\":1}\r\n");
}

/* The listener is told of the end whoever caused it, once. */
static void scene_end(Scene *scene)
{
    qmp_close(scene->qmp);
    assert_heard(scene, "closed");
    g_assert_null(g_async_queue_try_pop(scene->heard));
    g_async_queue_unref(scene->heard);
    qmp_unref(scene->qmp);
    fd_close(scene->peer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_end)

static void assert_answer(QmpRequest *request, const char *want)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) got = qmp_wait(request, 0, &error);
    g_autofree char *text = got ? json_print(got) : NULL;

    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, want);
}

static void assert_refused(QmpRequest *request, unsigned milliseconds, int code, const char *why)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(qmp_wait(request, milliseconds, &error));
    g_assert_error(error, ERR_DOMAIN, code);
    g_assert_cmpstr(error->message, ==, why);
}

/* ---- answers ---- */

static void test_burst(void)
{
    g_auto(Scene) scene;
    QmpRequest *stop, *query, *cont;

    scene_begin_bare(&scene); /* sent before the greeting has come */
    stop = qmp_send(scene.qmp, "stop", NULL);
    query = qmp_send(scene.qmp, "query", json_build("s", "what", "all"));
    cont = qmp_send(scene.qmp, "cont", NULL);
    assert_sent(&scene, CAPABILITIES);
    assert_sent(&scene, "{\"execute\":\"stop\",\"id\":2}");
    assert_sent(&scene, "{\"execute\":\"query\",\"arguments\":{\"what\":\"all\"},\"id\":3}");
    assert_sent(&scene, "{\"execute\":\"cont\",\"id\":4}");
    peer_says(&scene, GREETING "{\"return\":{},\"id\":1}\r\n"
                               "{\"return\":{},\"id\":2}\r\n"
                               "{\"id\":3,\"return\":[1,{\"a\":null}]}\r\n"
                               "{\"return\":\"x\",\"id\":4}\r\n");
    assert_answer(cont, "\"x\"");
    assert_answer(stop, "{}");
    assert_answer(query, "[1,{\"a\":null}]");
}

static void test_other_order(void)
{
    g_auto(Scene) scene;
    QmpRequest *first, *second;

    scene_begin(&scene);
    first = qmp_send(scene.qmp, "first", NULL);
    second = qmp_send(scene.qmp, "second", NULL);
    peer_says(&scene, "[1] {\"return\":7,\"id\":99} {\"return\":null,\"id\":3}"
                      "{\"return\":1,\"id\":2}");
    assert_answer(first, "1");
    assert_answer(second, "{}");
}

static void test_single_bytes(void)
{
    static const char text[] = "\r\n{\"return\":{\"text\":\"\\u00e4\\\"}\"},\"id\":2}\r\n";
    g_auto(Scene) scene;
    QmpRequest *request;

    scene_begin(&scene);
    request = qmp_send(scene.qmp, "query", NULL);
    for (const char *c = text; *c; c++)
        g_assert_true(file_write_all(scene.peer, c, 1));
    assert_answer(request, "{\"text\":\"\u00e4\\\"}\"}");
}

typedef struct Refusal {
    const char *name, *answer;
    int code;
    const char *why;
} Refusal;

static const Refusal refusals[] = {
    { "generic", "{\"id\":2,\"error\":{\"class\":\"GenericError\",\"desc\":\"no such thing\"}}",
      ERR_INTERNAL, "unable to execute QEMU command 'device_del': no such thing" },
    { "without-a-reason", "{\"id\":2,\"error\":{}}", ERR_INTERNAL,
      "unable to execute QEMU command 'device_del': no reason given" },
    /* QEMU could not read the command, and so does not know its id. */
    { "without-an-id", "{\"error\":{\"class\":\"GenericError\",\"desc\":\"JSON parse error\"}}",
      ERR_INTERNAL, "unable to execute QEMU command 'device_del': JSON parse error" },
};

static void test_refusal(const void *data)
{
    const Refusal *row = data;
    g_auto(Scene) scene;
    QmpRequest *request;

    scene_begin(&scene);
    request = qmp_send(scene.qmp, "device_del", NULL);
    peer_says(&scene, row->answer);
    assert_refused(request, 0, row->code, row->why);
}

static void test_time_out(void)
{
    g_auto(Scene) scene;
    QmpRequest *request;

    scene_begin(&scene);
    assert_refused(qmp_send(scene.qmp, "query", NULL), 1, ERR_OPERATION_TIMEOUT,
                   "QEMU did not answer 'query' within 1 ms");
    request = qmp_send(scene.qmp, "query", NULL);
    peer_says(&scene, "{\"return\":\"late\",\"id\":2}{\"return\":\"in time\",\"id\":3}");
    assert_answer(request, "\"in time\"");
}

static void test_forgotten(void)
{
    g_auto(Scene) scene;
    QmpRequest *request;

    scene_begin(&scene);
    qmp_forget(qmp_send(scene.qmp, "answered", NULL));
    request = qmp_send(scene.qmp, "query", NULL);
    peer_says(&scene, "{\"return\":{},\"id\":2}{\"return\":3,\"id\":3}");
    assert_answer(request, "3");
    qmp_forget(qmp_send(scene.qmp, "never answered", NULL));
}

/* ---- events ---- */

static void test_events(void)
{
    g_auto(Scene) scene;
    QmpRequest *request;

    scene_begin(&scene);
    request = qmp_send(scene.qmp, "stop", NULL);
    peer_says(&scene, "{\"timestamp\":{\"seconds\":1700000000,\"microseconds\":42},"
                      "\"event\":\"STOP\"}\r\n"
                      "{\"return\":{},\"id\":2}\r\n"
                      "{\"timestamp\":{\"seconds\":-1,\"microseconds\":-1},"
                      "\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true}}\r\n"
                      "{\"event\":\"RESET\",\"data\":{}}\r\n");
    assert_answer(request, "{}");
    assert_heard(&scene, "STOP - 1700000000.000042");
    assert_heard(&scene, "SHUTDOWN {\"guest\":true} -1.4294967295");
    assert_heard(&scene, "RESET {} 0.000000");
}

static void test_expected(void)
{
    g_auto(Scene) scene;
    const char *const ends[] = { "failed", "completed", NULL };
    QmpRequest *gone, *late, *never, *any;

    scene_begin(&scene);
    gone = qmp_expect(scene.qmp, "DEVICE_DELETED", "device", "net1");
    late = qmp_expect(scene.qmp, "DEVICE_DELETED", "device", "net2");
    never = qmp_expect(scene.qmp, "DEVICE_DELETED", "device", "net3");
    qmp_forget(qmp_expect(scene.qmp, "DEVICE_DELETED", "device", "net1"));
    any = qmp_expect_any(scene.qmp, "MIGRATION", "status", ends);
    peer_says(&scene, "{\"event\":\"DEVICE_DELETED\",\"data\":{\"path\":\"/x\"}}"
                      "{\"event\":\"STOP\",\"data\":{\"device\":\"net1\"}}"
                      "{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"net1\"}}");
    assert_answer(gone, "{\"device\":\"net1\"}");
    assert_heard(&scene, "DEVICE_DELETED {\"path\":\"/x\"} 0.000000");
    assert_heard(&scene, "STOP {\"device\":\"net1\"} 0.000000");
    assert_heard(&scene, "DEVICE_DELETED {\"device\":\"net1\"} 0.000000");
    assert_refused(late, 1, ERR_OPERATION_TIMEOUT,
                   "QEMU did not answer 'DEVICE_DELETED' within 1 ms");
    peer_says(&scene, "{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"net2\"}}");
    assert_heard(&scene, "DEVICE_DELETED {\"device\":\"net2\"} 0.000000");
    peer_says(&scene, "{\"event\":\"MIGRATION\",\"data\":{\"status\":\"active\"}}"
                      "{\"event\":\"MIGRATION\",\"data\":{\"status\":\"completed\"}}");
    assert_answer(any, "{\"status\":\"completed\"}");
    assert_heard(&scene, "MIGRATION {\"status\":\"active\"} 0.000000");
    assert_heard(&scene, "MIGRATION {\"status\":\"completed\"} 0.000000");
    qmp_close(scene.qmp);
    assert_refused(never, 0, ERR_OPERATION_FAILED,
                   "unable to execute QEMU command 'DEVICE_DELETED': QEMU has ended");
}

/* ---- ends ---- */

#define ENDED "unable to execute QEMU command 'query': QEMU has ended"

static void test_peer_ends(void)
{
    g_auto(Scene) scene;
    QmpRequest *first, *second;

    scene_begin(&scene);
    first = qmp_send(scene.qmp, "query", NULL);
    second = qmp_send(scene.qmp, "query", NULL);
    g_assert_cmpint(shutdown(scene.peer, SHUT_RDWR), ==, 0);
    assert_refused(first, 0, ERR_OPERATION_FAILED, ENDED);
    assert_refused(second, 0, ERR_OPERATION_FAILED, ENDED);
    assert_refused(qmp_send(scene.qmp, "query", NULL), 0, ERR_OPERATION_FAILED, ENDED);
}

static void *close_it(void *qmp)
{
    qmp_close(qmp);
    return NULL;
}

static void test_closed_by_another(void)
{
    g_auto(Scene) scene;
    QmpRequest *request;
    GThread *thread;

    scene_begin(&scene);
    request = qmp_send(scene.qmp, "query", NULL);
    thread = g_thread_new("closer", close_it, scene.qmp);
    assert_refused(request, 0, ERR_OPERATION_FAILED, ENDED);
    g_thread_join(thread);
}

typedef struct Garbage {
    const char *name, *text;
    size_t length;
} Garbage;

static const Garbage garbage[] = {
#define GARBAGE(name, text)          \
    {                                \
        name, text, sizeof(text) - 1 \
    }
    GARBAGE("words", "Segmentation fault\n"),    GARBAGE("wrong-bracket", "{\"return\":]\n"),
    GARBAGE("zero-byte", "{\"return\":\0{}}\n"), GARBAGE("zero-bytes", "\0\0\0\0"),
    GARBAGE("text-telnet", "\377\373\001"),      GARBAGE("a-comment", "{\"return\":/* } */"),
#undef GARBAGE
};

static void test_garbage(const void *data)
{
    const Garbage *row = data;
    g_auto(Scene) scene;
    QmpRequest *request;

    scene_begin(&scene);
    request = qmp_send(scene.qmp, "query", NULL);
    g_assert_true(file_write_all(scene.peer, row->text, row->length));
    (void) shutdown(scene.peer, SHUT_WR);
    assert_refused(request, 0, ERR_OPERATION_FAILED, ENDED);
}

static void test_too_deep(void)
{
    g_autofree char *brackets = g_strnfill(1000, '[');
    g_auto(Scene) scene;
    QmpRequest *request;

    scene_begin(&scene);
    request = qmp_send(scene.qmp, "query", NULL);
    peer_says(&scene, brackets);
    assert_refused(request, 0, ERR_OPERATION_FAILED, ENDED);
}

/* ---- sizes ---- */

enum { MIB = 1 << 20 };

typedef struct Flood {
    Scene *scene;
    size_t size; /* of the text in the answer */
} Flood;

static void *flood(void *data)
{
    const Flood *flood = data;
    g_autofree char *block = g_strnfill(MIB, 'x');

    peer_says(flood->scene, "{\"return\":\"");
    for (size_t left = flood->size; left > 0; left -= MIB) {
        if (send(flood->scene->peer, block, MIB, MSG_NOSIGNAL) < 0)
            return NULL;
    }
    (void) send(flood->scene->peer, "\",\"id\":2}", 9, MSG_NOSIGNAL);
    return NULL;
}

static void test_large_answer(void)
{
    g_auto(Scene) scene;
    Flood answer = { &scene, 16 * MIB };
    g_autoptr(Json) got = NULL;
    QmpRequest *request;
    GThread *thread;

    scene_begin(&scene);
    request = qmp_send(scene.qmp, "query", NULL);
    thread = g_thread_new("flood", flood, &answer);
    got = qmp_wait(request, 0, NULL);
    g_thread_join(thread);
    g_assert_cmpuint(json_object_get_string_len(got), ==, answer.size);
}

static void test_too_large_answer(void)
{
    g_auto(Scene) scene;
    Flood answer = { &scene, 65 * MIB };
    QmpRequest *request;
    GThread *thread;

    scene_begin(&scene);
    request = qmp_send(scene.qmp, "query", NULL);
    thread = g_thread_new("flood", flood, &answer);
    assert_refused(request, 0, ERR_OPERATION_FAILED, ENDED);
    g_thread_join(thread);
}

/* A QEMU that hangs reads nothing; what does not fit into the socket is kept until it does. */
static void test_peer_reads_late(void)
{
    enum { COMMANDS = 64, SIZE = 65536 };
    g_autofree char *text = g_strnfill(SIZE, 'x');
    QmpRequest *requests[COMMANDS];
    g_auto(Scene) scene;

    scene_begin(&scene);
    for (int i = 0; i < COMMANDS; i++)
        requests[i] = qmp_send(scene.qmp, "query", json_build("s", "text", text));
    for (int i = 0; i < COMMANDS; i++) {
        g_autofree char *want = g_strdup_printf(
            "{\"execute\":\"query\",\"arguments\":{\"text\":\"%s\"},\"id\":%d}", text, i + 2);
        g_autoptr(GString) got = g_string_sized_new(SIZE + 100);

        while (got->len < strlen(want)) {
            ssize_t part = read(scene.peer, got->str + got->len, strlen(want) - got->len);

            g_assert_cmpint(part, >, 0);
            g_string_set_size(got, got->len + part);
        }
        g_assert_cmpstr(got->str, ==, want);
        assert_sent(&scene, "");
    }
    for (int i = 0; i < COMMANDS; i++) {
        g_autofree char *answer = g_strdup_printf("{\"return\":%d,\"id\":%d}", i, i + 2);
        g_autofree char *want = g_strdup_printf("%d", i);

        peer_says(&scene, answer);
        assert_answer(requests[i], want);
    }
}

static void test_closed_while_full(void)
{
    g_autofree char *text = g_strnfill(4 * MIB, 'x');
    g_auto(Scene) scene;
    QmpRequest *request;

    scene_begin(&scene);
    request = qmp_send(scene.qmp, "query", json_build("s", "text", text));
    qmp_close(scene.qmp);
    assert_refused(request, 0, ERR_OPERATION_FAILED, ENDED);
}

/* ---- descriptors ---- */

static int receive_fd(int socket, char *byte)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = { byte, 1 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof(control) };
    int fd = -1;

    g_assert_cmpint(recvmsg(socket, &message, 0), ==, 1);
    if (CMSG_FIRSTHDR(&message))
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
    return fd;
}

static void test_descriptor(void)
{
    g_auto(Fd) file = memfd_create("test", MFD_CLOEXEC);
    g_auto(Fd) got = -1;
    g_auto(Scene) scene;
    QmpRequest *request;
    char text[4] = "";

    scene_begin(&scene);
    g_assert_cmpint(pwrite(file, "abc", 3, 0), ==, 3);
    request = qmp_send_fds(scene.qmp, "getfd", json_build("s", "fdname", "f"), &file, 1);
    got = receive_fd(scene.peer, text);
    g_assert_cmpint(text[0], ==, '{');
    g_assert_cmpint(pread(got, text, 3, 0), ==, 3);
    g_assert_cmpstr(text, ==, "abc");
    assert_sent(&scene, "\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"f\"},\"id\":2}");
    peer_says(&scene, "{\"return\":{},\"id\":2}");
    assert_answer(request, "{}");
}

/* ---- commands of clients ---- */

typedef char *Passing(Scene *scene, const char *text, GError **error);

static char *pass(Scene *scene, const char *text, GError **error)
{
    return qmp_pass(scene->qmp, text, NULL, 0, error);
}

static char *human(Scene *scene, const char *text, GError **error)
{
    return qmp_human(scene->qmp, text, NULL, 0, error);
}

typedef struct Passed {
    const char *name;
    Passing *passing;
    const char *text, *sent, *answer, *got;
    int code;
    const char *why;
} Passed;

static const Passed passed[] = {
    { .name = "own-id",
      .passing = pass,
      .text = " {\"execute\": \"query-status\", \"id\": \"mine\"} ",
      .sent = "{\"execute\":\"query-status\",\"id\":2}",
      .answer = "{\"return\":{\"running\":true},\"id\":2}",
      .got = "{\"return\":{\"running\":true},\"id\":\"mine\"}" },
    { .name = "no-id",
      .passing = pass,
      .text = "{\"execute\":\"stop\"}",
      .sent = "{\"execute\":\"stop\",\"id\":2}",
      .answer = "{\"return\":{},\"id\":2}",
      .got = "{\"return\":{}}" },
    { .name = "refusal-is-an-answer",
      .passing = pass,
      .text = "{\"execute\":\"nonsense\",\"id\":1}",
      .sent = "{\"execute\":\"nonsense\",\"id\":2}",
      .answer = "{\"id\":2,\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"no\"}}",
      .got = "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"no\"},\"id\":1}" },
    { .name = "array",
      .passing = pass,
      .text = "[]",
      .code = ERR_INVALID_ARG,
      .why = "a monitor command must be one JSON object" },
    { .name = "human",
      .passing = human,
      .text = "info status",
      .sent = "{\"execute\":\"human-monitor-command\","
              "\"arguments\":{\"command-line\":\"info status\"},\"id\":2}",
      .answer = "{\"return\":\"VM status: running\\r\\n\",\"id\":2}",
      .got = "VM status: running\r\n" },
    { .name = "human-without-text",
      .passing = human,
      .text = "x",
      .sent = "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"x\"},"
              "\"id\":2}",
      .answer = "{\"return\":{},\"id\":2}",
      .code = ERR_INTERNAL,
      .why = "QEMU printed no text for 'x'" },
};

typedef struct Play {
    Scene *scene;
    const Passed *row;
} Play;

static void *play_qemu(void *data)
{
    const Play *play = data;

    if (!play->row->sent)
        return NULL;
    assert_sent(play->scene, play->row->sent);
    peer_says(play->scene, play->row->answer);
    return NULL;
}

static void test_passed(const void *data)
{
    const Passed *row = data;
    g_auto(Scene) scene;
    Play play = { &scene, row };
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;
    GThread *thread;

    scene_begin(&scene);
    thread = g_thread_new("qemu", play_qemu, &play);
    got = row->passing(&scene, row->text, &error);
    g_thread_join(thread);
    g_assert_cmpstr(got, ==, row->got);
    if (!row->why)
        return;
    g_assert_error(error, ERR_DOMAIN, row->code);
    g_assert_cmpstr(error->message, ==, row->why);
}

static void test_passed_text(void)
{
    static const char *const bad[] = { "", "info status", "{\"execute\":\"a\"}{\"execute\":\"b\"}",
                                       "{\"execute\":\"a\"" };
    g_auto(Scene) scene;

    scene_begin(&scene);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(pass(&scene, bad[i], &error));
        g_assert_error(error, ERR_DOMAIN, ERR_INTERNAL);
    }
}

/* ---- threads ---- */

enum { CALLERS = 8, CALLS = 300 };

static void *echo(void *data)
{
    Scene *scene = data;

    for (int i = 0; i < CALLERS * CALLS; i++) {
        g_autofree char *line = peer_reads(scene);
        g_autoptr(Json) command = json_parse(line, strlen(line), NULL);
        Json *arguments = json_object_get(json_member(command, "arguments"));
        g_autoptr(Json) answer =
            json_build("ji", "return", arguments, "id", json_number(command, "id", 0));
        g_autofree char *text = json_print(answer);

        peer_says(scene, text);
    }
    return NULL;
}

static void *call_often(void *data)
{
    Scene *scene = data;

    for (int64_t i = 0; i < CALLS; i++) {
        g_autoptr(Json) got = qmp_call(scene->qmp, "echo", json_build("i", "n", i), NULL);

        g_assert_cmpint(json_number(got, "n", -1), ==, i);
    }
    return NULL;
}

static void test_many_callers(void)
{
    GThread *callers[CALLERS], *qemu;
    g_auto(Scene) scene;

    scene_begin(&scene);
    qemu = g_thread_new("qemu", echo, &scene);
    for (int i = 0; i < CALLERS; i++)
        callers[i] = g_thread_new("caller", call_often, &scene);
    for (int i = 0; i < CALLERS; i++)
        g_thread_join(callers[i]);
    g_thread_join(qemu);
}

typedef struct Caller {
    Job job;
    Scene *scene;
} Caller;

static void call_once(Job *job)
{
    Scene *scene = ((Caller *) job)->scene;
    g_autoptr(Json) got = qmp_call(scene->qmp, "query", NULL, NULL);

    g_async_queue_push(scene->heard, g_strdup(got ? "answered" : "failed"));
}

static void answer_it(Job *job)
{
    Scene *scene = ((Caller *) job)->scene;

    assert_sent(scene, "{\"execute\":\"query\",\"id\":2}");
    peer_says(scene, "{\"return\":{},\"id\":2}");
}

/* The only worker waits for an answer that another job causes. */
static void test_gives_its_place_back(void)
{
    g_auto(Scene) scene;
    Caller caller = { .job.run = call_once, .scene = &scene };
    Caller answerer = { .job.run = answer_it, .scene = &scene };

    workers_limit(1, 0);
    scene_begin(&scene);
    workers_push(&caller.job);
    workers_push(&answerer.job);
    assert_heard(&scene, "answered");
}

/* ---- connecting ---- */

static char *monitor_path(const Scratch *directory)
{
    return g_build_filename(directory, "monitor.sock", NULL);
}

static void *listen_there(void *path)
{
    return GINT_TO_POINTER(unix_listen(path, SOCK_STREAM, 0600, NULL));
}

static void test_connect(void)
{
    g_autoptr(GAsyncQueue) heard = g_async_queue_new_full(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(Qmp) qmp = NULL;
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *path = monitor_path(directory);
    GThread *thread;

    thread = g_thread_new("listener", listen_there, path);
    qmp = qmp_connect(path, -1, 0, &listener, heard, &error);
    g_assert_no_error(error);
    g_assert_nonnull(qmp);
    fd_close(GPOINTER_TO_INT(g_thread_join(thread)));
    qmp_close(qmp);
    g_free(g_async_queue_pop(heard));
}

static void test_connect_to_the_dead(void)
{
    static const char *const argv[] = { "/bin/true", NULL };
    g_autoptr(GError) error = NULL;
    g_auto(Fd) pidfd = -1;
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *path = monitor_path(directory);

    g_assert_cmpint(spawn(&(Spawn){ .argv = argv, .in = -1, .out = -1, .err = -1 }, &pidfd, NULL),
                    >, 0);
    g_assert_null(qmp_connect(path, pidfd, 0, &listener, NULL, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_OPERATION_FAILED);
    g_assert_nonnull(strstr(error->message, "QEMU has ended"));
}

static void test_connect_to_a_folder(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(qmp_connect("/proc/version/monitor", -1, 0, &listener, NULL, &error));
    g_assert_cmpint(error_code(error), ==, ERR_SYSTEM);
}

static void test_patience(void)
{
    g_assert_cmpuint(qmp_patience(0), ==, 30000);
    g_assert_cmpuint(qmp_patience(1 << 20), ==, 31000);
    g_assert_cmpuint(qmp_patience(512ull << 20), ==, 542000);
    g_assert_cmpuint(qmp_patience(UINT64_MAX), >, 4000000);
}

/* The tests of garbage make the monitor complain. */
static void ignore(const char *, GLogLevelFlags, const char *, void *) {}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FLAG_FATAL);
    g_log_set_handler("qemud", G_LOG_LEVEL_WARNING, ignore, NULL);
    fake_loop_begin();
    g_test_add_func("/qmp/burst", test_burst);
    g_test_add_func("/qmp/other-order", test_other_order);
    g_test_add_func("/qmp/single-bytes", test_single_bytes);
    ADD_CASES("qmp/refusal", refusals, test_refusal);
    g_test_add_func("/qmp/time-out", test_time_out);
    g_test_add_func("/qmp/forgotten", test_forgotten);
    g_test_add_func("/qmp/events", test_events);
    g_test_add_func("/qmp/expected", test_expected);
    g_test_add_func("/qmp/peer-ends", test_peer_ends);
    g_test_add_func("/qmp/closed-by-another", test_closed_by_another);
    ADD_CASES("qmp/garbage", garbage, test_garbage);
    g_test_add_func("/qmp/too-deep", test_too_deep);
    g_test_add_func("/qmp/large-answer", test_large_answer);
    g_test_add_func("/qmp/too-large-answer", test_too_large_answer);
    g_test_add_func("/qmp/peer-reads-late", test_peer_reads_late);
    g_test_add_func("/qmp/closed-while-full", test_closed_while_full);
    g_test_add_func("/qmp/descriptor", test_descriptor);
    ADD_CASES("qmp/passed", passed, test_passed);
    g_test_add_func("/qmp/passed-text", test_passed_text);
    g_test_add_func("/qmp/many-callers", test_many_callers);
    g_test_add_func("/qmp/gives-its-place-back", test_gives_its_place_back);
    g_test_add_func("/qmp/connect", test_connect);
    g_test_add_func("/qmp/connect-to-the-dead", test_connect_to_the_dead);
    g_test_add_func("/qmp/connect-to-a-folder", test_connect_to_a_folder);
    g_test_add_func("/qmp/patience", test_patience);
    return fake_loop_end(g_test_run());
}
