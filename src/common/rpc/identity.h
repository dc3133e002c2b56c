/* identity.h - who is at the other end of a connection, as far as can be known */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json.h"

#include <sys/types.h>

/* How a client is connected; the numbers are those of the admin program. */
typedef enum Way {
    WAY_UNIX,
    WAY_TCP,
    WAY_TLS,
} Way;

/* Texts are its own. What is not known is -1 or NULL: a client on another host has no user here, a
 * client of a socket no certificate. */
typedef struct Identity {
    int64_t uid, gid;
    int64_t pid;
    int64_t start;      /* of the process, so that its pid is not taken for another one's */
    GArray *groups;     /* of gid_t, beside gid; NULL: none */
    char *user, *group; /* the names of uid and gid */
    char *x509_name;    /* the distinguished name of its certificate */
    char *sasl_name;
    char *selinux; /* context */
    char *address; /* "192.0.2.1:43210" of a client on the network */
    Way transport;
    bool readonly; /* by its socket, or because it asked for it */
} Identity;

/* Of a client that is not known at all. */
#define IDENTITY_UNKNOWN ((Identity){ .uid = -1, .gid = -1, .pid = -1, .start = -1 })

/* What the kernel tells of a socket's other end. */
Identity identity_of_socket(int fd);
Identity identity_copy(const Identity *identity);
void identity_clear(Identity *identity);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Identity, identity_clear)

/* As it travels from one daemon to another. */
Json *identity_to_json(const Identity *identity);
Identity identity_from_json(Json *json);

/* Whether it is root, or the user that this daemon runs as, on this host. */
bool identity_is_ours(const Identity *identity);
bool identity_in_group(const Identity *identity, gid_t group);
/* The name of its user or group, looked up unless it came along; NULL while that is not done. In
 * the loop. */
const char *identity_user(const Identity *identity);
const char *identity_group(const Identity *identity);
/* For people: "user alice, process 123", "CN=one at 192.0.2.1:43210". In the loop. */
char *identity_print(const Identity *identity);
