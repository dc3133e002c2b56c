/* outbox.h - messages on their way to a socket that does not block, with descriptors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Outbox {
    GQueue parcels; /* all zero: nothing to send */
} Outbox;

/* Puts one line behind the others; takes the text over, which gets a line feed at its end. The
 * descriptors, at most 32, stay the caller's. */
void outbox_add(Outbox *outbox, char *text, const int *fds, size_t count);
/* Writes what the socket takes. False when it takes no more at the moment. One that fails is shut
 * down: its reader sees the end. */
bool outbox_write(Outbox *outbox, int socket);
void outbox_clear(Outbox *outbox);
