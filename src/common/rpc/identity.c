/* identity.c - who is at the other end of a connection */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/identity.h"

#include "base/slot.h"
#include "loop/spawn.h"
#include "rpc/account.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* ---- the members, for all that walks them ---- */

static const struct Number {
    const char *name;
    size_t offset;
} numbers[] = {
    { "uid", SLOT(Identity, uid, int64_t) },
    { "gid", SLOT(Identity, gid, int64_t) },
    { "pid", SLOT(Identity, pid, int64_t) },
    { "start", SLOT(Identity, start, int64_t) },
};

static const struct Text {
    const char *name;
    size_t offset;
} texts[] = {
    { "user", SLOT(Identity, user, char *) },
    { "group", SLOT(Identity, group, char *) },
    { "x509-name", SLOT(Identity, x509_name, char *) },
    { "sasl-name", SLOT(Identity, sasl_name, char *) },
    { "selinux", SLOT(Identity, selinux, char *) },
    { "address", SLOT(Identity, address, char *) },
};

static char **text_slot(const Identity *identity, size_t i)
{
    return slot_at(identity, texts[i].offset);
}

static int64_t *number_slot(const Identity *identity, size_t i)
{
    return slot_at(identity, numbers[i].offset);
}

Identity identity_copy(const Identity *identity)
{
    Identity copy = *identity;

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        *text_slot(&copy, i) = g_strdup(*text_slot(identity, i));
    if (copy.groups)
        g_array_ref(copy.groups);
    return copy;
}

void identity_clear(Identity *identity)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(text_slot(identity, i), g_free);
    g_clear_pointer(&identity->groups, g_array_unref);
}

Json *identity_to_json(const Identity *identity)
{
    Json *json = json_build("ib", "transport", (int64_t) identity->transport, "readonly",
                            identity->readonly);
    Json *groups = json_object_new_array();

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        json_object_object_add(json, numbers[i].name,
                               json_object_new_int64(*number_slot(identity, i)));
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (*text_slot(identity, i))
            json_object_object_add(json, texts[i].name,
                                   json_object_new_string(*text_slot(identity, i)));
    }
    for (guint i = 0; identity->groups && i < identity->groups->len; i++)
        json_object_array_add(groups,
                              json_object_new_int64(g_array_index(identity->groups, gid_t, i)));
    json_object_object_add(json, "groups", groups);
    return json;
}

Identity identity_from_json(Json *json)
{
    Identity identity = IDENTITY_UNKNOWN;
    Json *groups = json_member(json, "groups");

    identity.transport = json_number(json, "transport", WAY_UNIX);
    identity.readonly = json_flag(json, "readonly");
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        *number_slot(&identity, i) = json_number(json, numbers[i].name, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        *text_slot(&identity, i) = g_strdup(json_text(json, texts[i].name));
    if (json_length(groups))
        identity.groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
    for (size_t i = 0; i < json_length(groups); i++) {
        gid_t group = json_object_get_int64(json_object_array_get_idx(groups, i));

        g_array_append_val(identity.groups, group);
    }
    return identity;
}

/* ---- what the kernel tells ---- */

static char *socket_address(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    char host[INET6_ADDRSTRLEN + 16], port[8];

    if (getpeername(fd, (struct sockaddr *) &address, &size) < 0 ||
        getnameinfo((struct sockaddr *) &address, size, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return NULL;
    return g_strdup_printf(strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static GArray *socket_groups(int fd)
{
    GArray *groups;
    socklen_t size = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE)
        return NULL;
    groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
    g_array_set_size(groups, size / sizeof(gid_t));
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups->data, &size) < 0)
        g_array_set_size(groups, 0);
    return groups;
}

static char *socket_context(int fd)
{
    char context[4096] = "";
    socklen_t size = sizeof(context) - 1;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERSEC, context, &size) < 0 || !*context)
        return NULL;
    return g_strdup(context);
}

Identity identity_of_socket(int fd)
{
    Identity identity = IDENTITY_UNKNOWN;
    int domain = AF_UNSPEC;
    struct ucred peer;
    socklen_t size = sizeof(domain);

    (void) getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    if (domain != AF_UNIX) {
        identity.transport = WAY_TCP;
        identity.address = socket_address(fd);
        return identity;
    }
    size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return identity;
    identity.uid = peer.uid;
    identity.gid = peer.gid;
    identity.pid = peer.pid;
    identity.start = process_start(peer.pid);
    identity.groups = socket_groups(fd);
    identity.selinux = socket_context(fd);
    return identity;
}

/* ---- questions ---- */

bool identity_is_ours(const Identity *identity)
{
    return identity->transport == WAY_UNIX && (identity->uid == 0 || identity->uid == geteuid());
}

bool identity_in_group(const Identity *identity, gid_t group)
{
    if (identity->gid == group)
        return true;
    for (guint i = 0; identity->groups && i < identity->groups->len; i++) {
        if (g_array_index(identity->groups, gid_t, i) == group)
            return true;
    }
    return false;
}

const char *identity_user(const Identity *identity)
{
    return identity->user ? identity->user : account_name(ACCOUNT_USER, identity->uid);
}

const char *identity_group(const Identity *identity)
{
    return identity->group ? identity->group : account_name(ACCOUNT_GROUP, identity->gid);
}

char *identity_print(const Identity *identity)
{
    const char *user = identity_user(identity);
    const char *name = identity->sasl_name ? identity->sasl_name : identity->x509_name;

    if (identity->address)
        return g_strdup_printf("%s%s%s", name ? name : "", name ? " at " : "", identity->address);
    if (user)
        return g_strdup_printf("user %s, process %" G_GINT64_FORMAT, user, identity->pid);
    return g_strdup_printf("user %" G_GINT64_FORMAT ", process %" G_GINT64_FORMAT, identity->uid,
                           identity->pid);
}
