/* relay.h - procedures of other daemons' objects: passed on unread, answers passed back
 *
 * A client's relay to a daemon is a connection of the client's own there, made by handing over one
 * end of a socket pair with the client's identity: messages need no change on the way. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client.h"

/* All in the loop. */
void relay_call(Client *client, const Proc *proc, const void *frame, size_t size, GArray *fds);
/* Whether the packet is of a stream that another daemon serves; it is then on its way. */
bool relay_stream(Client *client, const net_message_header *header, const void *frame, size_t size);
/* Everything from here on is the daemon's business, beginning with the frame of connect_open: for a
 * client whose socket cannot be given away, as there is a layer in front of it. */
void relay_whole(Client *client, const char *daemon, const void *frame, size_t size);
void relay_pass(Client *client, const void *frame, size_t size, GArray *fds);
/* The daemon that serves an owner's procedures and the URI it is opened with; NULL: nobody does. */
const char *relay_daemon(Owner owner, const char **uri);
bool relays_are_full(const Client *client); /* what is relayed is not taken fast enough */
void relays_end(Client *client);
