/* lease.h - who has which address, as dnsmasq tells it
 *
 * All leases belong to the loop. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/ip.h"
#include "base/uuid.h"

typedef struct Lease {
    Ip ip;
    char *mac, *iaid, *name, *client; /* NULL: not known */
    int64_t expires;                  /* 0: never */
} Lease;

/* Where ostler-lease tells them, and where it is itself; freed by the caller. */
char *lease_socket_path(void);
char *lease_helper(void);
/* Listens there. */
bool lease_open(GError **error);
void lease_close(void);

/* Of a network, those that have not run out: Lease, by address. In the loop. */
GPtrArray *lease_list(const Uuid *network);
/* The network has ended. From any thread. */
void lease_clear(const Uuid *network);
