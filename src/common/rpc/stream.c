/* stream.c - raw bytes beside the calls: console, upload, download
 *
 * There is no window in the protocol: we stop reading our side while much waits for the client,
 * and give up on a side that lets too much wait for it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/stream.h"

#include "rpc/client.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum {
    BACKLOG_PAUSE = 256 * 1024,        /* unsent bytes at which our side is not read */
    UNWRITTEN_LIMIT = 4 * 1024 * 1024, /* bytes our side does not take */
};

struct Stream {
    gint references;
    Fd fd;
    StreamKind kind;
    StreamEnded *ended;
    void *data;

    Client *client; /* counted while the stream is in its table */
    net_message_header header;
    Watch *watch; /* NULL for a regular file, which is always ready */
    bool is_file;
    bool read_all;  /* our side has told its end */
    bool finishing; /* the client has: answer when all is written */
    GByteArray *unwritten;
};

Stream *stream_new(int fd, StreamKind kind, StreamEnded *ended, void *data)
{
    Stream *stream = g_new0(Stream, 1);
    struct stat what;

    stream->references = 1;
    stream->fd = fd;
    stream->kind = kind;
    stream->ended = ended;
    stream->data = data;
    stream->is_file = fstat(fd, &what) == 0 && S_ISREG(what.st_mode);
    stream->unwritten = g_byte_array_new();
    return stream;
}

Stream *stream_ref(Stream *stream)
{
    g_atomic_int_inc(&stream->references);
    return stream;
}

void stream_unref(Stream *stream)
{
    if (!g_atomic_int_dec_and_test(&stream->references))
        return;
    if (stream->fd >= 0)
        fd_close(stream->fd);
    g_byte_array_unref(stream->unwritten);
    g_clear_pointer(&stream->client, client_unref);
    g_free(stream);
}

void stream_unref_data(void *stream) { stream_unref(stream); }

/* Everything but telling the client. */
static void stream_end(Stream *stream)
{
    if (stream->fd < 0)
        return;
    watch_end(g_steal_pointer(&stream->watch));
    fd_close(g_steal_fd(&stream->fd));
    if (stream->ended)
        stream->ended(stream->data);
    g_hash_table_remove(stream->client->streams, GUINT_TO_POINTER(stream->header.serial));
}

static void send_packet(const Stream *stream, int status, const void *data, size_t size)
{
    net_message_header header = stream->header;

    header.status = status;
    client_send(stream->client, frame_new_raw(&header, data, size), NULL);
}

static void stream_fail(Stream *stream, const char *why)
{
    g_autoptr(GError) error = NULL;

    fail(&error, ERR_OPERATION_FAILED, "%s", why);
    client_answer_error(stream->client, &stream->header, error, VIR_FROM_STREAMS);
    stream_end(stream);
}

/* ---- from our side to the client ---- */

static bool may_read(const Stream *stream)
{
    return stream->kind != TO_DAEMON && !stream->read_all &&
           wire_backlog(&stream->client->wire) < BACKLOG_PAUSE;
}

static void rewatch(Stream *stream)
{
    if (stream->watch)
        watch_set(stream->watch,
                  (may_read(stream) ? EPOLLIN : 0) | (stream->unwritten->len ? EPOLLOUT : 0));
}

/* A terminal whose other side has gone says EIO instead of telling its end. */
static void read_some(Stream *stream)
{
    static uint8_t block[STREAM_DATA_MOST];
    ssize_t got = read(stream->fd, block, sizeof(block));

    if (got > 0) {
        send_packet(stream, NET_CONTINUE, block, got);
    } else if (got == 0 || errno == EIO) {
        stream->read_all = true;
        send_packet(stream, NET_CONTINUE, NULL, 0);
        watch_end(g_steal_pointer(&stream->watch));
    } else if (errno != EAGAIN && errno != EINTR) {
        stream_fail(stream, g_strerror(errno));
    }
}

/* ---- from the client to our side ---- */

static void write_some(Stream *stream)
{
    GByteArray *left = stream->unwritten;
    ssize_t written = left->len ? write(stream->fd, left->data, left->len) : 0;

    if (written < 0 && errno != EAGAIN && errno != EINTR) {
        stream_fail(stream, g_strerror(errno));
        return;
    }
    if (written > 0)
        g_byte_array_remove_range(left, 0, written);
    if (left->len > UNWRITTEN_LIMIT) {
        stream_fail(stream, "the other side does not read what it is sent");
        return;
    }
    if (stream->finishing && !left->len) {
        send_packet(stream, NET_OK, NULL, 0);
        stream_end(stream);
    }
}

static void stream_ready(uint32_t events, void *data)
{
    Stream *stream = stream_ref(data);

    if (events & EPOLLOUT)
        write_some(stream);
    if (stream->fd >= 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read_some(stream);
    if (stream->fd >= 0)
        rewatch(stream);
    stream_unref(stream);
}

static void file_continue(Stream *stream)
{
    while (stream->fd >= 0 && may_read(stream))
        read_some(stream);
}

void stream_received(Client *client, const net_message_header *header, const void *data,
                     size_t size)
{
    Stream *stream = g_hash_table_lookup(client->streams, GUINT_TO_POINTER(header->serial));

    if (!stream || header->type != NET_STREAM)
        return;
    stream_ref(stream);
    if (header->status == NET_ERROR) {
        send_packet(stream, NET_OK, NULL, 0);
        stream_end(stream);
    } else {
        if (stream->kind != TO_CLIENT)
            g_byte_array_append(stream->unwritten, data, size);
        stream->finishing |= header->status == NET_OK;
        write_some(stream);
        if (stream->fd >= 0)
            rewatch(stream);
    }
    stream_unref(stream);
}

/* ---- beginning and ending ---- */

void stream_attach(Stream *stream, const Call *call)
{
    stream->client = client_ref(call->client);
    stream->header = call->header;
    stream->header.type = NET_STREAM;
}

void stream_begin(Stream *stream)
{
    Client *client = stream->client;

    if (client_is_gone(client)) {
        if (stream->ended)
            stream->ended(stream->data);
        stream_unref(stream);
        return;
    }
    g_hash_table_replace(client->streams, GUINT_TO_POINTER(stream->header.serial), stream);
    if (stream->is_file)
        streams_continue(client);
    else
        stream->watch = watch_new(stream->fd, may_read(stream) ? EPOLLIN : 0, stream_ready, stream);
}

static GList *all_streams(Client *client)
{
    GList *streams = g_hash_table_get_values(client->streams);

    g_list_foreach(streams, (GFunc) (void *) stream_ref, NULL);
    return streams;
}

void streams_continue(Client *client)
{
    GList *streams;

    if (client->streaming || !g_hash_table_size(client->streams))
        return;
    client->streaming = true;
    streams = all_streams(client);
    for (GList *link = streams; link; link = link->next) {
        Stream *stream = link->data;

        if (stream->is_file)
            file_continue(stream);
        if (stream->fd >= 0)
            rewatch(stream);
    }
    g_list_free_full(streams, stream_unref_data);
    client->streaming = false;
}

void streams_end(Client *client)
{
    GList *streams = all_streams(client);

    for (GList *link = streams; link; link = link->next)
        stream_end(link->data);
    g_list_free_full(streams, stream_unref_data);
}

typedef struct Abort {
    Stream *stream;
    char *why;
} Abort;

static void abort_now(void *data)
{
    g_autofree Abort *what = data;

    if (what->stream->fd >= 0 && what->stream->client)
        stream_fail(what->stream, what->why);
    stream_unref(what->stream);
    g_free(what->why);
}

void stream_abort(Stream *stream, const char *why)
{
    Abort *what = g_new(Abort, 1);

    *what = (Abort){ stream_ref(stream), g_strdup(why) };
    loop_hop(abort_now, what);
}
