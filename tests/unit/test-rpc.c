/* test-rpc.c - frames go in over a socket, the right operation runs, frames come out */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/keepalive.h"
#include "rpc/client.h"
#include "rpc/event.h"
#include "rpc/params.h"
#include "rpc/self.h"
#include "rpc/stream.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* ---- a driver with one guest ---- */

static Object guest;
static GMutex gate; /* held by the test while domain_suspend is to stay at work */
static gint suspends;

static Object *find_domain(const remote_nonnull_domain *reference, GError **error)
{
    if (memcmp(reference->uuid, guest.uuid.bytes, UUID_SIZE) != 0)
        return fail(error, ERR_NO_DOMAIN, "no domain '%s'", reference->name);
    return object_ref(&guest);
}

static bool domain_suspend(Call *, const remote_domain_suspend_args *, none *, GError **)
{
    g_atomic_int_inc(&suspends);
    g_mutex_lock(&gate);
    g_mutex_unlock(&gate);
    return true;
}

static bool domain_get_state(Call *, const remote_domain_get_state_args *,
                             remote_domain_get_state_ret *out, GError **)
{
    out->state = VIR_DOMAIN_RUNNING;
    return true;
}

/* A reply as long as the name that was asked for says. */
static bool domain_get_os_type(Call *call, const remote_domain_get_os_type_args *in,
                               remote_domain_get_os_type_ret *out, GError **)
{
    (void) call;
    out->type = g_strnfill(atoi(in->dom.name), 'x');
    return true;
}

static bool domain_screenshot(Call *call, const remote_domain_screenshot_args *in,
                              remote_domain_screenshot_ret *, GError **)
{
    int file = memfd_create("picture", MFD_CLOEXEC);
    g_autofree char *bytes = g_strnfill(in->screen, 'p');

    g_assert_cmpint(write(file, bytes, in->screen), ==, in->screen);
    (void) lseek(file, 0, SEEK_SET);
    call->stream = stream_new(file, TO_CLIENT, NULL, NULL);
    return true;
}

static int console_end = -1; /* the guest's side of the console */

static bool domain_open_console(Call *call, const remote_domain_open_console_args *, none *,
                                GError **)
{
    int ends[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    (void) fcntl(ends[1], F_SETFL, O_NONBLOCK);
    console_end = ends[0];
    call->stream = stream_new(ends[1], BOTH, NULL, NULL);
    return true;
}

static bool domain_open_namespace(Call *call, const lxc_domain_open_namespace_args *, none *,
                                  GError **)
{
    call->reply_fds = fds_new();
    for (int i = 0; i < 2; i++) {
        int fd = memfd_create("namespace", MFD_CLOEXEC);

        g_array_append_val(call->reply_fds, fd);
    }
    return true;
}

static const Driver test_driver = {
    .type = "Test",
    .scheme = "test",
    .error_domain = VIR_FROM_TEST,
    .owns = 1u << OWNER_HYPERVISOR,
    .find_domain = find_domain,
    DRIVER_SELF,
    DRIVER_DOMAIN_EVENTS,
    .domain_suspend = domain_suspend,
    .domain_get_state = domain_get_state,
    .domain_get_os_type = domain_get_os_type,
    .domain_screenshot = domain_screenshot,
    .domain_open_console = domain_open_console,
    .lxc_domain_open_namespace = domain_open_namespace,
};

/* ---- the test's side ---- */

typedef struct Peer {
    int fd;
    uint32_t serial;
} Peer;

/* What came: header and payload, with descriptors that followed. */
typedef struct Got {
    net_message_header header;
    GByteArray *payload;
    GArray *fds;
} Got;

static void got_clear(Got *got)
{
    g_clear_pointer(&got->payload, g_byte_array_unref);
    g_clear_pointer(&got->fds, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Got, got_clear)

static Peer peer_new(bool readonly)
{
    Identity identity = { .readonly = readonly, .pid = getpid() };
    int ends[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), ==,
                    0);
    client_new(ends[1], readonly ? SOCKET_READ_ONLY : SOCKET_WRITE, &identity);
    return (Peer){ .fd = ends[0] };
}

static void turn(void) { g_main_context_iteration(NULL, TRUE); }

static void peer_write(Peer *peer, const void *bytes, size_t size)
{
    for (const char *at = bytes; size;) {
        ssize_t sent = send(peer->fd, at, size, MSG_NOSIGNAL);

        if (sent < 0) {
            turn();
            continue;
        }
        at += sent;
        size -= sent;
    }
}

static void send_call(Peer *peer, uint32_t program, int proc, XdrFilter *filter, const void *args)
{
    net_message_header header = { program, 1, proc, NET_CALL, peer->serial, NET_OK };
    g_autoptr(GByteArray) frame = frame_new(&header, filter, args);

    peer_write(peer, frame->data, frame->len);
}

/* Reads exactly size bytes, turning the loop meanwhile; false at the end of the connection. */
static bool peer_read(Peer *peer, void *bytes, size_t size, GArray *fds)
{
    for (char *at = bytes; size;) {
        char control[CMSG_SPACE(8 * sizeof(int))];
        struct iovec data = { at, size };
        struct msghdr message = { .msg_iov = &data,
                                  .msg_iovlen = 1,
                                  .msg_control = control,
                                  .msg_controllen = sizeof(control) };
        ssize_t got = recvmsg(peer->fd, &message, MSG_CMSG_CLOEXEC);
        struct cmsghdr *with = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;

        if (got == 0)
            return false;
        if (got < 0) {
            if (errno != EAGAIN)
                return false;
            turn();
            continue;
        }
        if (with)
            g_array_append_vals(fds, CMSG_DATA(with), 1);
        at += got;
        size -= got;
    }
    return true;
}

static bool receive(Peer *peer, Got *got)
{
    uint8_t head[FRAME_LEAST];
    uint32_t count = 0;

    *got = (Got){ .payload = g_byte_array_new(), .fds = fds_new() };
    if (!peer_read(peer, head, sizeof(head), got->fds))
        return false;
    frame_header(head, &got->header);
    g_byte_array_set_size(got->payload, frame_length(head) - FRAME_LEAST);
    if (!peer_read(peer, got->payload->data, got->payload->len, got->fds))
        return false;
    if (got->header.type == NET_REPLY_WITH_FDS)
        count = frame_length(got->payload->data);
    for (uint32_t i = 0; i < count; i++) {
        char byte;

        g_assert_true(peer_read(peer, &byte, 1, got->fds));
    }
    return true;
}

/* The error code of the answer, 0 when it is a reply. */
static int code_of(const Got *got)
{
    net_message_error error = {};
    int code;

    if (got->header.status != NET_ERROR)
        return 0;
    g_assert_true(frame_decode(got->payload->data, got->payload->len,
                               (XdrFilter *) (void *) xdr_net_message_error, &error));
    code = error.code;
    xdr_free((xdrproc_t) xdr_net_message_error, &error);
    return code;
}

static int call(Peer *peer, int proc, void *filter, const void *args)
{
    g_auto(Got) got = {};

    peer->serial++;
    send_call(peer, REMOTE_PROGRAM, proc, filter, args);
    g_assert_true(receive(peer, &got));
    g_assert_cmpint(got.header.type, ==, NET_REPLY);
    g_assert_cmpuint(got.header.serial, ==, peer->serial);
    return code_of(&got);
}

enum {
    OPEN = 1,
    CLOSE = 2,
    GET_TYPE = 3,
    OS_TYPE = 19,
    SUSPEND = 34,
    STATE = 212,
    AUTH_LIST = 66,
    FEATURE = 60,
    SCREENSHOT = 211,
    CONSOLE = 201,
    NETWORKS = 52,
    REGISTER = 316
};

static void open_connection(Peer *peer)
{
    char *uri = "test:///system";
    remote_connect_open_args args = { .name = &uri };

    g_assert_cmpint(call(peer, AUTH_LIST, NULL, NULL), ==, 0);
    g_assert_cmpint(call(peer, OPEN, xdr_remote_connect_open_args, &args), ==, 0);
}

static Peer opened(bool readonly)
{
    Peer peer = peer_new(readonly);

    open_connection(&peer);
    return peer;
}

static remote_nonnull_domain reference(char *name)
{
    remote_nonnull_domain dom = { .name = name, .id = 1 };

    memcpy(dom.uuid, guest.uuid.bytes, UUID_SIZE);
    return dom;
}

static void peer_close(Peer *peer)
{
    close(peer->fd);
    while (server_clients())
        turn();
}

/* ---- opening, errors ---- */

static void test_opening(void)
{
    Peer peer = peer_new(false);
    char *uri = "test:///system", *wrong = "other:///system";
    remote_connect_open_args args = { .name = &uri }, other = { .name = &wrong }, absent = {};
    remote_connect_supports_feature_args keepalive = { 10 }, any = { 14 };

    g_assert_cmpint(call(&peer, OPEN, xdr_remote_connect_open_args, &args), ==, ERR_RPC);
    g_assert_cmpint(call(&peer, AUTH_LIST, NULL, NULL), ==, 0);
    g_assert_cmpint(call(&peer, GET_TYPE, NULL, NULL), ==, ERR_INTERNAL);
    g_assert_cmpint(call(&peer, FEATURE, xdr_remote_connect_supports_feature_args, &keepalive), ==,
                    0);
    g_assert_cmpint(call(&peer, FEATURE, xdr_remote_connect_supports_feature_args, &any), ==,
                    ERR_INTERNAL);
    g_assert_cmpint(call(&peer, OPEN, xdr_remote_connect_open_args, &other), ==, ERR_NO_CONNECT);
    g_assert_cmpint(call(&peer, OPEN, xdr_remote_connect_open_args, &absent), ==, ERR_INTERNAL);
    g_assert_cmpint(call(&peer, OPEN, xdr_remote_connect_open_args, &args), ==, 0);
    g_assert_cmpint(call(&peer, OPEN, xdr_remote_connect_open_args, &args), ==, ERR_INTERNAL);
    g_assert_cmpint(call(&peer, FEATURE, xdr_remote_connect_supports_feature_args, &any), ==, 0);
    g_assert_cmpint(call(&peer, CLOSE, NULL, NULL), ==, 0);
    g_assert_false(receive(&peer, &(Got){}));
    peer_close(&peer);
}

static void test_refusals(void)
{
    Peer peer = opened(false), reader = opened(true);
    remote_domain_suspend_args known = { reference("demo") }, unknown = known;
    g_auto(Got) got = {};

    unknown.dom.uuid[0] ^= 1;
    g_assert_cmpint(call(&peer, SUSPEND, xdr_remote_domain_suspend_args, &unknown), ==,
                    ERR_NO_DOMAIN);
    g_assert_cmpint(call(&reader, SUSPEND, xdr_remote_domain_suspend_args, &unknown), ==,
                    ERR_OPERATION_DENIED);
    g_assert_cmpint(call(&peer, SUSPEND, NULL, NULL), ==, ERR_RPC);
    g_assert_cmpint(call(&peer, 9999, NULL, NULL), ==, ERR_RPC);
    g_assert_cmpint(call(&peer, -1, NULL, NULL), ==, ERR_RPC);
    g_assert_cmpint(call(&peer, 80, NULL, NULL), ==, ERR_NO_SUPPORT);
    send_call(&peer, 0x1234, 1, NULL, NULL);
    g_assert_true(receive(&peer, &got));
    g_assert_cmpint(code_of(&got), ==, ERR_RPC);
    g_assert_cmpint(call(&peer, SUSPEND, xdr_remote_domain_suspend_args, &known), ==, 0);
    close(reader.fd);
    peer_close(&peer);
}

/* Whatever the length says that cannot be, the connection ends and no other suffers. */
static void test_bad_lengths(void)
{
    static const uint32_t lengths[] = { 0, 4, 27, FRAME_MOST + 1, UINT32_MAX };
    Peer healthy = opened(false);

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        Peer peer = peer_new(false);
        uint32_t wire[8] = { GUINT32_TO_BE(lengths[i]) };

        peer_write(&peer, wire, sizeof(wire));
        g_assert_false(receive(&peer, &(Got){}));
        close(peer.fd);
        g_assert_cmpint(call(&healthy, GET_TYPE, NULL, NULL), ==, 0);
    }
    peer_close(&healthy);
}

/* One byte at a time makes the same call. */
static void test_slow_writer(void)
{
    Peer peer = opened(false);
    net_message_header header = { REMOTE_PROGRAM, 1, GET_TYPE, NET_CALL, 77, NET_OK };
    g_autoptr(GByteArray) frame = frame_new(&header, NULL, NULL);
    g_auto(Got) got = {};

    for (guint i = 0; i < frame->len; i++) {
        peer_write(&peer, frame->data + i, 1);
        while (g_main_context_iteration(NULL, FALSE))
            continue;
    }
    g_assert_true(receive(&peer, &got));
    g_assert_cmpuint(got.header.serial, ==, 77);
    peer_close(&peer);
}

static void test_large_reply(void)
{
    Peer peer = opened(false);
    remote_domain_get_os_type_args most = { reference("4194304") }, over = { reference("4194305") };

    g_assert_cmpint(call(&peer, OS_TYPE, xdr_remote_domain_get_os_type_args, &most), ==, 0);
    g_assert_cmpint(call(&peer, OS_TYPE, xdr_remote_domain_get_os_type_args, &over), ==, ERR_RPC);
    g_assert_cmpint(call(&peer, GET_TYPE, NULL, NULL), ==, 0);
    peer_close(&peer);
}

/* ---- order, limits, keepalive ---- */

static void ping(Peer *peer)
{
    net_message_header header = { KEEPALIVE_PROGRAM, 1, 1, NET_MESSAGE, 0, NET_OK };
    g_autoptr(GByteArray) frame = frame_new(&header, NULL, NULL);

    peer_write(peer, frame->data, frame->len);
}

/* A call that takes long does not hold up what only reads a view. */
static void test_out_of_order(void)
{
    Peer peer = opened(false);
    remote_domain_suspend_args suspend = { reference("demo") };
    remote_domain_get_state_args state = { .dom = reference("demo") };
    g_auto(Got) got = {};
    uint32_t first;

    g_mutex_lock(&gate);
    first = ++peer.serial;
    send_call(&peer, REMOTE_PROGRAM, SUSPEND, (XdrFilter *) (void *) xdr_remote_domain_suspend_args,
              &suspend);
    g_assert_cmpint(call(&peer, STATE, xdr_remote_domain_get_state_args, &state), ==, 0);
    g_mutex_unlock(&gate);
    g_assert_true(receive(&peer, &got));
    g_assert_cmpuint(got.header.serial, ==, first);
    peer_close(&peer);
}

/* Over the limit calls wait, yet a ping behind them is answered; then all are served. */
static void test_limit(void)
{
    Peer peer = opened(false);
    remote_domain_suspend_args args = { reference("demo") };
    unsigned pongs = 0, replies = 0;

    server.main.limits.max_client_requests = 3;
    g_atomic_int_set(&suspends, 0);
    g_mutex_lock(&gate);
    for (int i = 0; i < 500; i++) {
        peer.serial++;
        send_call(&peer, REMOTE_PROGRAM, SUSPEND,
                  (XdrFilter *) (void *) xdr_remote_domain_suspend_args, &args);
    }
    ping(&peer);
    while (pongs + replies < 501) {
        g_auto(Got) got = {};

        g_assert_true(receive(&peer, &got));
        if (got.header.prog == KEEPALIVE_PROGRAM) {
            pongs++;
            g_assert_cmpuint(replies, ==, 0);
            g_assert_cmpint(g_atomic_int_get(&suspends), <=, 1);
            g_mutex_unlock(&gate);
        } else {
            replies++;
        }
    }
    g_assert_cmpuint(pongs, ==, 1);
    g_assert_cmpint(g_atomic_int_get(&suspends), ==, 500);
    server.main.limits.max_client_requests = 5;
    peer_close(&peer);
}

/* ---- descriptors, streams, events ---- */

static void test_descriptors(void)
{
    Peer peer = opened(false);
    lxc_domain_open_namespace_args args = { .dom = reference("demo") };
    g_auto(Got) got = {};

    send_call(&peer, LXC_PROGRAM, 1, (XdrFilter *) (void *) xdr_lxc_domain_open_namespace_args,
              &args);
    g_assert_true(receive(&peer, &got));
    g_assert_cmpint(got.header.type, ==, NET_REPLY_WITH_FDS);
    g_assert_cmpuint(got.fds->len, ==, 2);
    g_assert_cmpint(call(&peer, GET_TYPE, NULL, NULL), ==, 0);
    peer_close(&peer);
}

static void send_stream(Peer *peer, int proc, int status, const char *text)
{
    net_message_header header = { REMOTE_PROGRAM, 1, proc, NET_STREAM, peer->serial, status };
    g_autoptr(GByteArray) frame = frame_new_raw(&header, text, strlen(text));

    peer_write(peer, frame->data, frame->len);
}

static void test_download(void)
{
    enum { SIZE = 3000000 };
    Peer peer = opened(false);
    remote_domain_screenshot_args args = { .dom = reference("demo"), .screen = SIZE };
    size_t total = 0;
    bool ended = false;

    g_assert_cmpint(call(&peer, SCREENSHOT, xdr_remote_domain_screenshot_args, &args), ==, 0);
    while (!ended) {
        g_auto(Got) got = {};

        g_assert_true(receive(&peer, &got));
        g_assert_cmpint(got.header.type, ==, NET_STREAM);
        g_assert_cmpint(got.header.status, ==, NET_CONTINUE);
        g_assert_cmpuint(got.header.serial, ==, peer.serial);
        total += got.payload->len;
        ended = got.payload->len == 0;
    }
    g_assert_cmpuint(total, ==, SIZE);
    send_stream(&peer, SCREENSHOT, NET_OK, "");
    {
        g_auto(Got) got = {};

        g_assert_true(receive(&peer, &got));
        g_assert_cmpint(got.header.status, ==, NET_OK);
    }
    g_assert_cmpint(call(&peer, GET_TYPE, NULL, NULL), ==, 0);
    peer_close(&peer);
}

static void test_console(void)
{
    Peer peer = opened(false);
    remote_domain_open_console_args args = { .dom = reference("demo") };
    g_auto(Got) got = {}, end = {};
    char typed[8] = "";

    g_assert_cmpint(call(&peer, CONSOLE, xdr_remote_domain_open_console_args, &args), ==, 0);
    g_assert_cmpint(write(console_end, "login:", 6), ==, 6);
    g_assert_true(receive(&peer, &got));
    g_assert_cmpmem(got.payload->data, got.payload->len, "login:", 6);
    send_stream(&peer, CONSOLE, NET_CONTINUE, "root\n");
    while (recv(console_end, typed, sizeof(typed), MSG_DONTWAIT) < 0)
        turn();
    g_assert_cmpstr(typed, ==, "root\n");
    send_stream(&peer, CONSOLE, NET_ERROR, "");
    g_assert_true(receive(&peer, &end));
    g_assert_cmpint(end.header.status, ==, NET_OK);
    g_assert_cmpint(read(console_end, typed, 1), ==, 0);
    close(console_end);
    peer_close(&peer);
}

static void test_events(void)
{
    Peer peer = opened(false);
    remote_connect_domain_event_callback_register_any_args args = { .event_id = 1 }, bad = { 99 };
    remote_domain_event_callback_reboot_msg message = { .msg = { reference("demo") } }, told = {};
    g_auto(Got) got = {};

    g_assert_cmpint(
        call(&peer, REGISTER, xdr_remote_connect_domain_event_callback_register_any_args, &bad), ==,
        ERR_INTERNAL);
    g_assert_cmpint(
        call(&peer, REGISTER, xdr_remote_connect_domain_event_callback_register_any_args, &args),
        ==, 0);
    emit_domain_event_callback_reboot(&guest, &message);
    g_assert_true(receive(&peer, &got));
    g_assert_cmpint(got.header.type, ==, NET_MESSAGE);
    g_assert_cmpint(got.header.proc, ==, 319);
    g_assert_cmpuint(got.header.serial, ==, 1);
    g_assert_true(frame_decode(got.payload->data, got.payload->len,
                               (XdrFilter *) (void *) xdr_remote_domain_event_callback_reboot_msg,
                               &told));
    g_assert_cmpstr(told.msg.dom.name, ==, "demo");
    xdr_free((xdrproc_t) xdr_remote_domain_event_callback_reboot_msg, &told);
    peer_close(&peer);
    emit_domain_event_callback_reboot(&guest, &message); /* to nobody */
}

/* A client that goes away while its call is at work harms nobody. */
static void test_leaving_early(void)
{
    Peer peer = opened(false);
    remote_domain_suspend_args args = { reference("demo") };

    g_atomic_int_set(&suspends, 0);
    g_mutex_lock(&gate);
    send_call(&peer, REMOTE_PROGRAM, SUSPEND, (XdrFilter *) (void *) xdr_remote_domain_suspend_args,
              &args);
    while (!g_atomic_int_get(&suspends))
        g_main_context_iteration(NULL, FALSE);
    peer_close(&peer);
    g_mutex_unlock(&gate);
    while (workers_state().busy)
        g_main_context_iteration(NULL, FALSE);
}

int main(int argc, char **argv)
{
    Uuid uuid = uuid_random();

    g_test_init(&argc, &argv, NULL);
    object_init(&guest, &uuid, "demo");
    server.name = "test";
    server.driver = &test_driver;
    g_test_add_func("/rpc/opening", test_opening);
    g_test_add_func("/rpc/refusals", test_refusals);
    g_test_add_func("/rpc/bad-lengths", test_bad_lengths);
    g_test_add_func("/rpc/slow-writer", test_slow_writer);
    g_test_add_func("/rpc/large-reply", test_large_reply);
    g_test_add_func("/rpc/out-of-order", test_out_of_order);
    g_test_add_func("/rpc/limit", test_limit);
    g_test_add_func("/rpc/descriptors", test_descriptors);
    g_test_add_func("/rpc/download", test_download);
    g_test_add_func("/rpc/console", test_console);
    g_test_add_func("/rpc/events", test_events);
    g_test_add_func("/rpc/leaving-early", test_leaving_early);
    return g_test_run();
}
