/* client.c - sends frames that were made elsewhere and measures how long their answers take
 *
 * usage: client SOCKET OPENING WORK CLIENTS SAMPLES
 *
 * OPENING and WORK are files of frames, one after the other. Each client connects, sends what is in
 * OPENING, then takes SAMPLES samples: a sample is the time from sending one frame of WORK, in
 * turn, to having read its answer. Without WORK ("-") a sample is a whole connection: connect,
 * opening, close. Prints the samples in nanoseconds, one a line, after a first line with the time
 * from the first to the last sample of all clients. As little as possible happens here, so that
 * what is measured is the server.
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <err.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 28, TYPE_AT = 16, STATUS_AT = 24, TYPE_REPLY = 1 };

/* A file of frames. */
typedef struct Frames {
    char *bytes;
    size_t size;
} Frames;

typedef struct Bench {
    const char *socket;
    Frames opening, work;
    int samples;
    GMutex lock;
    GCond cond;
    int ready; /* clients that wait for the start */
    gboolean started;
} Bench;

typedef struct Worker {
    Bench *bench;
    gint64 *samples;
    gint64 began, ended;
    char *answer; /* grows with the largest one */
    size_t room;
} Worker;

static gint64 now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint32_t number_at(const char *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return ntohl(value);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
        err(1, "%s", path);
    return fd;
}

static void send_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

        if (sent <= 0)
            err(1, "send");
        bytes += sent;
        size -= sent;
    }
}

static void receive_all(int fd, char *bytes, size_t size)
{
    while (size) {
        ssize_t got = recv(fd, bytes, size, 0);

        if (got <= 0)
            errx(1, "the daemon closed the connection");
        bytes += got;
        size -= got;
    }
}

/* Reads up to the next reply; events and pings are passed over. */
static void receive_reply(Worker *w, int fd)
{
    char header[HEADER];

    do {
        size_t rest;

        receive_all(fd, header, sizeof(header));
        rest = number_at(header) - HEADER;
        if (rest > w->room) {
            w->room = rest;
            w->answer = g_realloc(w->answer, rest);
        }
        receive_all(fd, w->answer, rest);
    } while (number_at(header + TYPE_AT) != TYPE_REPLY);
    if (number_at(header + STATUS_AT) != 0)
        errx(1, "error %u: %.200s", number_at(w->answer), w->answer + 16);
}

/* Sends the frame at *at, waits for its answer, and moves on to the next one. */
static void exchange(Worker *w, int fd, const Frames *frames, size_t *at)
{
    size_t size = number_at(frames->bytes + *at);

    send_all(fd, frames->bytes + *at, size);
    receive_reply(w, fd);
    *at = (*at + size) % frames->size;
}

static int open_connection(Worker *w)
{
    int fd = connect_to(w->bench->socket);
    size_t at = 0;

    do
        exchange(w, fd, &w->bench->opening, &at);
    while (at);
    return fd;
}

static void wait_for_start(Bench *b)
{
    g_mutex_lock(&b->lock);
    b->ready++;
    g_cond_broadcast(&b->cond);
    while (!b->started)
        g_cond_wait(&b->cond, &b->lock);
    g_mutex_unlock(&b->lock);
}

static gpointer run(gpointer data)
{
    Worker *w = data;
    Bench *b = w->bench;
    int fd = b->work.size ? open_connection(w) : -1;
    size_t at = 0;

    wait_for_start(b);
    w->began = now();
    for (int i = 0; i < b->samples; i++) {
        gint64 began = now();

        if (b->work.size)
            exchange(w, fd, &b->work, &at);
        else
            close(open_connection(w));
        w->samples[i] = now() - began;
    }
    w->ended = now();
    return NULL;
}

static Frames load(const char *path)
{
    Frames frames = {};
    g_autoptr(GError) error = NULL;

    if (strcmp(path, "-") && !g_file_get_contents(path, &frames.bytes, &frames.size, &error))
        errx(1, "%s", error->message);
    return frames;
}

int main(int argc, char **argv)
{
    Bench b = {};
    int clients;
    g_autofree Worker *workers = NULL;
    g_autofree GThread **threads = NULL;
    gint64 began = G_MAXINT64, ended = 0;

    if (argc != 6)
        errx(2, "usage: client SOCKET OPENING WORK CLIENTS SAMPLES");
    b.socket = argv[1];
    b.opening = load(argv[2]);
    b.work = load(argv[3]);
    clients = atoi(argv[4]);
    b.samples = atoi(argv[5]);
    workers = g_new0(Worker, clients);
    threads = g_new0(GThread *, clients);
    for (int i = 0; i < clients; i++) {
        workers[i].bench = &b;
        workers[i].samples = g_new0(gint64, b.samples);
        threads[i] = g_thread_new("client", run, &workers[i]);
    }
    g_mutex_lock(&b.lock);
    while (b.ready < clients)
        g_cond_wait(&b.cond, &b.lock);
    b.started = TRUE;
    g_cond_broadcast(&b.cond);
    g_mutex_unlock(&b.lock);
    for (int i = 0; i < clients; i++) {
        g_thread_join(threads[i]);
        began = MIN(began, workers[i].began);
        ended = MAX(ended, workers[i].ended);
    }
    printf("%" G_GINT64_FORMAT "\n", ended - began);
    for (int i = 0; i < clients; i++)
        for (int k = 0; k < b.samples; k++)
            printf("%" G_GINT64_FORMAT "\n", workers[i].samples[k]);
    return 0;
}
