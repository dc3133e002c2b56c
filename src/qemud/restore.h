/* restore.h - a guest goes on from a file */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"
#include "save-image.h"

/* What a start goes on from. */
typedef struct Restore {
    SaveImage image;
    bool direct; /* past the host's cache */
    bool paused; /* afterwards */
} Restore;

static inline void restore_clear(Restore *restore) { save_image_clear(&restore->image); }
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Restore, restore_clear)

/* Starts a guest from the file at path, with dxml (or NULL) for its definition; flags:
 * virDomainSaveRestoreFlags. In a worker. */
bool restore_file(const char *path, const char *dxml, unsigned flags, GError **error);
/* Starts a guest that is off from what is kept of it; flags: virDomainCreateFlags. As
 * Hypervisor.start_saved. */
bool restore_kept(Machine *vm, const Domain *config, unsigned flags, const GArray *fds,
                  GError **error);

/* For the start. A QEMU that waits for it reads the state. On failure *error may say more. */
bool restore_load(Machine *vm, const Restore *restore, Qmp *monitor, GError **error);
/* What is kept, if it is still there, is out of the way of the next start, but not yet gone; and
 * back. */
bool restore_put_aside(Machine *vm, GError **error);
void restore_put_back(Machine *vm);
void restore_forget(Machine *vm); /* it is gone */
/* The kept file goes, by force or because the guest has gone on from it already. */
bool restore_drop(Machine *vm, View *next, GError **error);
