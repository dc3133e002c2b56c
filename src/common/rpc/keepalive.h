/* keepalive.h - is the client still there */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client.h"

void keepalive_received(Client *client, const net_message_header *header);
/* Begins to look after all clients, once a second. */
void keepalive_start(void);
