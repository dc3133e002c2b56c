/* lease-helper.c - ostler-lease: dnsmasq runs it for each lease, and it tells netd
 *
 * Nothing but the C library, as it is started once for each packet that changes a lease. That netd
 * is not there does not matter: it asks dnsmasq for all leases when it is started. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value ? value : "";
}

/* IPv6: the client's identifier stands where an IPv4 client's address does. */
int main(int argc, char **argv)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    char *path = getenv("OSTLER_LEASES"), *name = path ? strrchr(path, '/') : NULL;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), is_v6;
    char text[4096];
    size_t size = 0;

    if (argc < 4 || !name || fd < 0)
        return 0;
    if (strcmp(argv[1], "add") != 0 && strcmp(argv[1], "old") != 0 && strcmp(argv[1], "del") != 0)
        return 0;
    is_v6 = strchr(argv[3], ':') != NULL;
    {
        const char *const fields[] = {
            variable("OSTLER_NETWORK"),
            argv[1],
            argv[3],
            is_v6 ? variable("DNSMASQ_MAC") : argv[2],
            argc > 4 ? argv[4] : "",
            variable("DNSMASQ_LEASE_EXPIRES"),
            is_v6 ? argv[2] : variable("DNSMASQ_CLIENT_ID"),
            variable("DNSMASQ_IAID"),
        };

        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
            size_t length = strlen(fields[i]) + 1;

            if (size + length > sizeof(text))
                return 1;
            memcpy(text + size, fields[i], length);
            size += length;
        }
    }
    /* The path may be longer than an address can be, its last part is not. */
    *name++ = '\0';
    if (chdir(path) < 0 || strlen(name) >= sizeof(to.sun_path))
        return 1;
    strcpy(to.sun_path, name);
    return sendto(fd, text, size, 0, (struct sockaddr *) &to, sizeof(to)) < 0;
}
