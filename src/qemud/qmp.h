/* qmp.h - the monitor of one QEMU: commands from any thread, events in the main loop
 *
 * Several commands may be sent before the first answer is read: QEMU works them off in their
 * order, and a whole burst costs one round trip. Functions may be called from any thread unless
 * they say otherwise; those that wait, from any but the loop's. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json.h"

typedef struct Qmp Qmp;
typedef struct QmpRequest QmpRequest;

/* Who hears of what QEMU says unasked. Both are called in the loop, in the order of the events. */
typedef struct QmpListener {
    /* data is the callee's to free; NULL when the event has none. */
    void (*event)(const char *name, Json *data, int64_t seconds, unsigned microseconds,
                  void *listener);
    /* The last call of all, made exactly once, also after qmp_close(): the connection has ended.
     * What the listener holds may be dropped here. */
    void (*closed)(void *listener);
} QmpListener;

/* Takes over a connected stream socket that does not block. Returns at once: the greeting and the
 * negotiation of capabilities travel with the first commands. events outlives the connection;
 * NULL: nobody wants to know. */
Qmp *qmp_open(int fd, const QmpListener *events, void *listener);
/* Connects to the socket of a QEMU that is starting, or that was left running by an earlier daemon:
 * tries again after 1 ms, 2, 4 ... at most 1 s, until qmp_patience() is over or the process behind
 * pidfd (-1: unknown) has ended. */
Qmp *qmp_connect(const char *path, int pidfd, uint64_t memory_kib, const QmpListener *events,
                 void *listener, GError **error);
/* How long a QEMU with a guest of that size may take to answer first, in milliseconds. */
unsigned qmp_patience(uint64_t memory_kib);

/* NULL is allowed. The connection does not end with the last reference, but by qmp_close(). */
Qmp *qmp_ref(Qmp *qmp);
void qmp_unref(Qmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qmp, qmp_unref)
/* Ends the connection; whoever waits is told that QEMU has ended. */
void qmp_close(Qmp *qmp);

/* arguments: consumed, NULL when the command has none. Never fails: an error shows in the wait. */
QmpRequest *qmp_send(Qmp *qmp, const char *command, Json *arguments);
/* The same with descriptors, for getfd and add-fd; they stay the caller's. */
QmpRequest *qmp_send_fds(Qmp *qmp, const char *command, Json *arguments, const int *fds,
                         size_t count);
/* Sends nothing: the first event of this name from now on whose data has a member of this value is
 * the answer, which is that member. */
QmpRequest *qmp_expect(Qmp *qmp, const char *event, const char *member, const char *value);
/* The same for one of several values, closed by NULL. */
QmpRequest *qmp_expect_any(Qmp *qmp, const char *event, const char *member,
                           const char *const *values);
/* The "return" member of the answer; the request is gone afterwards in any case. ERR_INTERNAL for
 * what QEMU refuses, ERR_OPERATION_FAILED when it has ended, ERR_OPERATION_TIMEOUT after so many
 * milliseconds (0: as long as the connection lives). */
Json *qmp_wait(QmpRequest *request, unsigned milliseconds, GError **error);
/* For an answer that does not matter. */
void qmp_forget(QmpRequest *request);
/* Sends and waits, as long as the connection lives. */
Json *qmp_call(Qmp *qmp, const char *command, Json *arguments, GError **error);

/* A client's own command: one JSON object, its "id" included, answered likewise. What QEMU refuses
 * is an answer, too. */
char *qmp_pass(Qmp *qmp, const char *text, const int *fds, size_t count, GError **error);
/* A line for the human monitor, and what it prints. */
char *qmp_human(Qmp *qmp, const char *line, const int *fds, size_t count, GError **error);
