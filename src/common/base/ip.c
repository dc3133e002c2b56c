/* ip.c - IPv4 and IPv6 addresses, and what a prefix makes of them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ip.h"

#include <arpa/inet.h>
#include <string.h>

bool ip_parse(const char *text, Ip *ip)
{
    Ip parsed = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

    if (inet_pton(parsed.family, text, parsed.bytes) != 1)
        return false;
    *ip = parsed;
    return true;
}

char *ip_print(const Ip *ip, char text[IP_TEXT])
{
    if (!ip_is_set(ip) || !inet_ntop(ip->family, ip->bytes, text, IP_TEXT))
        text[0] = '\0';
    return text;
}

unsigned ip_size(int family) { return family == AF_INET6 ? 16 : 4; }

bool ip_equal(const Ip *a, const Ip *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

int ip_compare(const Ip *a, const Ip *b) { return memcmp(a->bytes, b->bytes, ip_size(a->family)); }

Ip ip_mask(int family, unsigned prefix)
{
    Ip mask = { .family = family };

    for (unsigned i = 0; i < prefix; i++)
        mask.bytes[i / 8] |= 0x80 >> i % 8;
    return mask;
}

int ip_mask_prefix(const Ip *mask)
{
    for (unsigned prefix = 0; prefix <= 8 * ip_size(mask->family); prefix++) {
        Ip made = ip_mask(mask->family, prefix);

        if (ip_equal(mask, &made))
            return prefix;
    }
    return -1;
}

Ip ip_network(const Ip *ip, unsigned prefix)
{
    Ip mask = ip_mask(ip->family, prefix), network = *ip;

    for (unsigned i = 0; i < sizeof(network.bytes); i++)
        network.bytes[i] &= mask.bytes[i];
    return network;
}

Ip ip_broadcast(const Ip *ip, unsigned prefix)
{
    Ip mask = ip_mask(ip->family, prefix), last = *ip;

    for (unsigned i = 0; i < ip_size(ip->family); i++)
        last.bytes[i] |= ~mask.bytes[i];
    return last;
}

bool ip_in_network(const Ip *ip, const Ip *network, unsigned prefix)
{
    Ip a = ip_network(ip, prefix), b = ip_network(network, prefix);

    return ip_equal(&a, &b);
}

unsigned ip_usual_prefix(const Ip *ip)
{
    if (ip->family == AF_INET6)
        return 64;
    return ip->bytes[0] < 128 ? 8 : ip->bytes[0] < 192 ? 16 : 24;
}

uint32_t ip_range_size(const Ip *first, const Ip *last)
{
    unsigned size = ip_size(first->family);
    uint64_t count = 0;

    for (unsigned i = 0; i < size; i++) {
        count = (count << 8) + last->bytes[i] - first->bytes[i];
        if (count > UINT32_MAX && i + 1 < size)
            return UINT32_MAX;
    }
    return count >= UINT32_MAX ? UINT32_MAX : count + 1;
}
