/* ssh-helper.c - virt-ssh-helper: what a client on another host starts here by ssh, to reach the
 * daemon of its URI by standard input and output */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "base/socket.h"
#include "route.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Bytes on their way from one end to the other. */
typedef struct Flow {
    int from, to;
    bool ended; /* nothing more comes */
    size_t start, end;
    char bytes[65536];
} Flow;

static bool is_over(const Flow *flow) { return flow->ended && flow->start == flow->end; }

static bool is_temporary(void) { return errno == EAGAIN || errno == EINTR; }

static bool flow_read(Flow *flow)
{
    ssize_t got = read(flow->from, flow->bytes, sizeof(flow->bytes));

    if (got < 0)
        return is_temporary();
    flow->start = 0;
    flow->end = got;
    flow->ended = got == 0;
    return true;
}

static bool flow_write(Flow *flow)
{
    ssize_t put = write(flow->to, flow->bytes + flow->start, flow->end - flow->start);

    if (put < 0)
        return is_temporary();
    flow->start += put;
    return true;
}

/* A flow waits either for bytes, or for room for those that it has. */
static struct pollfd flow_wants(const Flow *flow)
{
    if (flow->start < flow->end)
        return (struct pollfd){ flow->to, POLLOUT, 0 };
    return (struct pollfd){ flow->ended ? -1 : flow->from, POLLIN, 0 };
}

static bool flow_move(Flow *flow, const struct pollfd *ready)
{
    if (!ready->revents)
        return true;
    return flow->start < flow->end ? flow_write(flow) : flow_read(flow);
}

/* Until the daemon ends the connection. What the client does not want to say any more, the daemon
 * is told. */
static bool join(int in, int out, int daemon, GError **error)
{
    static Flow there, back;
    bool told = false;

    there = (Flow){ .from = in, .to = daemon };
    back = (Flow){ .from = daemon, .to = out };
    while (!is_over(&back)) {
        struct pollfd ready[] = { flow_wants(&there), flow_wants(&back) };

        if (poll(ready, G_N_ELEMENTS(ready), -1) < 0 && errno != EINTR)
            return fail_errno(error, errno, "cannot wait");
        if (!flow_move(&there, &ready[0]) || !flow_move(&back, &ready[1]))
            return fail_errno(error, errno, "the connection broke");
        if (is_over(&there) && !told)
            told = shutdown(daemon, SHUT_WR) == 0;
    }
    return true;
}

static int connect_to(const char *uri, bool readonly, GError **error)
{
    static const char *const folders = "/run/libvirt/";
    const Route *route = route_find("", uri, error);
    const char *end = readonly ? "-ro" : "";
    g_autofree char *own = route ? g_strconcat(folders, route->socket, end, NULL) : NULL;
    g_autofree char *any = g_strconcat(folders, "libvirt-sock", end, NULL);

    if (!route)
        return -1;
    return unix_connect(access(own, F_OK) == 0 ? own : any, SOCK_STREAM, error);
}

static void do_not_block(int fd) { (void) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

static bool help(const char *uri, bool readonly, GError **error)
{
    g_auto(Fd) daemon = -1;

    if (strstr(uri, ":///session"))
        return fail(error, ERR_NO_CONNECT, "'%s': there are no daemons of users' own here", uri);
    daemon = connect_to(uri, readonly, error);
    if (daemon < 0)
        return false;
    do_not_block(STDIN_FILENO);
    do_not_block(STDOUT_FILENO);
    return join(STDIN_FILENO, STDOUT_FILENO, daemon, error);
}

int main(int argc, char **argv)
{
    gboolean readonly = FALSE, version = FALSE;
    const GOptionEntry entries[] = {
        { "readonly", 'r', 0, G_OPTION_ARG_NONE, &readonly, "connect to only look", NULL },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &version, "tell the version and end", NULL },
        {},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("URI");
    g_autoptr(GError) error = NULL;

    signal(SIGPIPE, SIG_IGN);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(
        context, "Joins standard input and output to the daemon that serves the URI.");
    if (!g_option_context_parse(context, &argc, &argv, &error) || (argc != 2 && !version)) {
        fprintf(stderr, "virt-ssh-helper: %s\n", error ? error->message : "a URI is needed");
        return 2;
    }
    if (version) {
        puts("virt-ssh-helper " VERSION);
        return 0;
    }
    if (help(argv[1], readonly, &error))
        return 0;
    fprintf(stderr, "virt-ssh-helper: %s\n", error->message);
    return 1;
}
