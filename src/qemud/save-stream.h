/* save-stream.h - the way between QEMU and the file of a saved guest, through stock programs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "save-image.h"

#include <sys/types.h>

/* A program in the way. */
typedef struct SaveFilter {
    char *program;
    Fd pidfd;
    pid_t pid;
    Fd complaint; /* what it says on its standard error */
} SaveFilter;

typedef struct SaveStream {
    Fd qemu; /* the end that is QEMU's; -1: closed */
    SaveFilter filters[2];
    unsigned count;
} SaveStream;

/* What still runs is ended. */
void save_stream_clear(SaveStream *stream);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SaveStream, save_stream_clear)

typedef enum SaveWay { SAVE_TO_FILE, SAVE_FROM_FILE } SaveWay;

/* Opens the way. file stays the caller's; direct: past the host's cache. On failure nothing is
 * left. The thread must stay as long as the programs run. In a worker. */
bool save_stream_open(SaveStream *stream, int file, SaveWay way, SaveFormat format, bool direct,
                      GError **error);
/* QEMU has its end: closes ours. */
void save_stream_hand_over(SaveStream *stream);
/* QEMU has closed its end: waits for the programs. */
bool save_stream_finish(SaveStream *stream, GError **error);
/* Ends the programs, so that their reasons can be told: what they complained of takes the error's
 * place, if they did. */
void save_stream_explain(SaveStream *stream, GError **error);
