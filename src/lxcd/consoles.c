/* consoles.c - a container's terminals, each joined to one of the host's
 *
 * Both slaves are kept open here, so that neither terminal ever hangs up. What the container says
 * while no client listens is kept, the last of it, for the next one: it must not wait for anybody.
 * While a client is joined, the container waits for it as for any terminal. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "controller.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { KEPT = 4096, BLOCK = 1024, DRAIN_MS = 500 };

/* What was read from one side and is still to be written to the other. */
typedef struct Pipe {
    size_t size, done;
    char data[BLOCK];
} Pipe;

typedef struct Console {
    int host, host_slave, inner, inner_slave;
    int client; /* the daemon's connection, as long as a client listens; -1 */
    Pipe out, in;
    size_t kept; /* the last of what nobody has heard */
    char unheard[KEPT];
} Console;

static Console *consoles;
static unsigned console_count;

/* ---- terminals ---- */

static int open_master(int dir, const char *multiplexer, int *slave, unsigned *number)
{
    int fd = openat(dir, multiplexer, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int locked = 0;

    if (fd < 0 || ioctl(fd, TIOCSPTLCK, &locked) < 0 || ioctl(fd, TIOCGPTN, number) < 0)
        give_up("open the terminal '%s'", multiplexer);
    *slave = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*slave < 0)
        give_up("open a terminal");
    return fd;
}

/* What the container writes reaches the client as it is. */
static void make_raw(int slave)
{
    struct termios modes;

    if (tcgetattr(slave, &modes) < 0)
        give_up("read a terminal's modes");
    cfmakeraw(&modes);
    if (tcsetattr(slave, TCSANOW, &modes) < 0)
        give_up("set a terminal's modes");
}

/* The container's root user may use, and give away, its consoles. */
static void give_to_root(int slave) { (void) fchown(slave, plan_root(PLAN_UID_MAP), -1); }

void consoles_open(unsigned count, const char *directory, PlanAnswer *answer)
{
    int dir = open_inside(AT_FDCWD, directory, 0);
    unsigned number;

    /* from the system and not from the heap: pages that are never touched are never there */
    consoles = mmap(NULL, count * sizeof(*consoles), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (dir < 0 || consoles == MAP_FAILED)
        give_up("open the container's terminals");
    for (unsigned i = 0; i < count; i++) {
        Console *console = &consoles[i];

        console->client = -1;
        console->inner = open_master(dir, "ptmx", &console->inner_slave, &number);
        console->host =
            open_master(AT_FDCWD, "/dev/ptmx", &console->host_slave, &answer->consoles[i]);
        make_raw(console->host_slave);
        give_to_root(console->inner_slave);
    }
    console_count = count;
    close(dir);
}

/* ---- passing on ---- */

static void keep(Console *console, const char *data, size_t size)
{
    size_t over = console->kept + size > KEPT ? console->kept + size - KEPT : 0;

    memmove(console->unheard, console->unheard + over, console->kept - over);
    memcpy(console->unheard + console->kept - over, data, size);
    console->kept += size - over;
}

static void flush(Pipe *pipe, int to)
{
    while (pipe->done < pipe->size) {
        ssize_t wrote = write(to, pipe->data + pipe->done, pipe->size - pipe->done);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return;
        pipe->done += wrote;
    }
    pipe->size = pipe->done = 0;
}

/* Whether there was something. */
static bool fill(Pipe *pipe, int from)
{
    ssize_t got = pipe->size ? 0 : read(from, pipe->data, BLOCK);

    if (got > 0)
        pipe->size = got;
    return got > 0;
}

static bool pass_out(Console *console)
{
    bool heard = console->client >= 0;

    if (!fill(&console->out, console->inner))
        return false;
    if (!heard)
        keep(console, console->out.data, console->out.size);
    flush(&console->out, console->host);
    if (!heard)
        console->out.size = console->out.done = 0;
    return true;
}

static void pass_in(Console *console)
{
    if (fill(&console->in, console->host))
        flush(&console->in, console->inner);
}

/* ---- clients ---- */

static void leave(Console *console)
{
    close(console->client);
    console->client = -1;
    console->out.size = console->out.done = 0;
}

static int join(unsigned number, int client)
{
    Console *console = &consoles[number];

    if (number >= console_count)
        return ENXIO;
    if (console->client >= 0)
        leave(console);
    (void) tcflush(console->host_slave, TCIFLUSH); /* which the next one would hear twice */
    (void) !write(console->host, console->unheard, console->kept);
    console->kept = 0;
    console->client = client;
    return 0;
}

static void accept_client(int listener)
{
    struct timeval patience = { .tv_sec = 1 };
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    PlanJoin request;
    char answer = EPROTO;

    if (client < 0)
        return;
    (void) setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (recv(client, &request, sizeof(request), 0) == sizeof(request))
        answer = join(request.console, client);
    (void) send(client, &answer, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (answer != 0)
        close(client);
}

/* ---- the loop ---- */

static unsigned watch_console(const Console *console, struct pollfd *polls)
{
    bool out_waits = console->out.size > 0, in_waits = console->in.size > 0;

    polls[0] =
        (struct pollfd){ console->inner, (out_waits ? 0 : POLLIN) | (in_waits ? POLLOUT : 0), 0 };
    polls[1] =
        (struct pollfd){ console->host, (in_waits ? 0 : POLLIN) | (out_waits ? POLLOUT : 0), 0 };
    polls[2] = (struct pollfd){ console->client, 0, 0 };
    return 3;
}

static void serve_console(Console *console, const struct pollfd *polls)
{
    if (polls[2].revents & (POLLHUP | POLLERR) && console->client == polls[2].fd)
        leave(console);
    if (polls[0].revents & POLLOUT)
        flush(&console->in, console->inner);
    if (polls[1].revents & POLLOUT)
        flush(&console->out, console->host);
    if (polls[0].revents & POLLIN)
        (void) pass_out(console);
    if (polls[1].revents & POLLIN)
        pass_in(console);
}

/* What the container has said last is heard before the terminals end with us. */
static void drain(void)
{
    int left;

    for (unsigned i = 0; i < console_count; i++) {
        while (pass_out(&consoles[i]) && !consoles[i].out.size)
            continue;
    }
    for (int waited = 0; waited < DRAIN_MS; waited++) {
        bool heard = true;

        for (unsigned i = 0; i < console_count; i++) {
            if (consoles[i].client >= 0 && ioctl(consoles[i].host_slave, FIONREAD, &left) == 0 &&
                left > 0)
                heard = false;
        }
        if (heard)
            return;
        usleep(1000);
    }
}

/* Whether the container has ended. */
static bool take_signal(int signals, pid_t init, int *status)
{
    struct signalfd_siginfo info;
    pid_t ended;

    while (read(signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGTERM)
            (void) kill(init, SIGKILL);
    }
    while ((ended = waitpid(-1, status, WNOHANG)) > 0) {
        if (ended == init)
            return true;
    }
    return false;
}

int consoles_serve(pid_t init, int listener, int signals)
{
    struct pollfd polls[2 + 3 * PLAN_CONSOLES_MAX];
    unsigned count;
    int status;

    for (;;) {
        polls[0] = (struct pollfd){ signals, POLLIN, 0 };
        polls[1] = (struct pollfd){ listener, POLLIN, 0 };
        count = 2;
        for (unsigned i = 0; i < console_count; i++)
            count += watch_console(&consoles[i], &polls[count]);
        if (poll(polls, count, -1) < 0)
            continue;
        if (polls[0].revents && take_signal(signals, init, &status))
            break;
        for (unsigned i = 0; i < console_count; i++)
            serve_console(&consoles[i], &polls[2 + 3 * i]);
        if (polls[1].revents)
            accept_client(listener);
    }
    drain();
    return status;
}
