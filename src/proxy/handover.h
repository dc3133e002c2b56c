/* handover.h - a client's connect_open decides which daemon serves it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client.h"

void proxy_open(Client *client, const void *frame, size_t size);
