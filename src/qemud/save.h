/* save.h - a running guest becomes a file */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"
#include "save-image.h"

/* How it is to be done. */
typedef struct SaveRequest {
    const char *path; /* NULL: where it is kept for the guest's next start */
    const char *dxml; /* the definition that goes with it; NULL: the guest's own */
    SaveFormat format;
    unsigned flags; /* virDomainSaveRestoreFlags */
} SaveRequest;

/* All or nothing: the guest has ended and the file is whole, or the guest is as it was. On the
 * guest's strand, as a JOB. */
bool save_machine(Machine *vm, const SaveRequest *request, GError **error);
/* A guest whose save or restore an earlier daemon has not finished goes on as it was, which is put
 * into next; or has ended, where it is in its file already: then *ended. On the strand. */
bool save_recover(Machine *vm, View *next, Qmp *monitor, int process, bool *ended, GError **error);
/* Its process has ended: what became of the file that it was being saved to. */
void save_note_end(Machine *vm, const View *view);
