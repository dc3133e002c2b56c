/* ip.h - IPv4 and IPv6 addresses, and what a prefix makes of them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { IP_TEXT = 46 };

typedef struct Ip {
    int family; /* AF_INET or AF_INET6; 0: no address */
    uint8_t bytes[16];
} Ip;

/* Numbers only, nothing is resolved. Leaves *ip alone when text is something else. */
bool ip_parse(const char *text, Ip *ip);
/* In the usual short form; returns text. */
char *ip_print(const Ip *ip, char text[IP_TEXT]);
static inline bool ip_is_set(const Ip *ip) { return ip->family != 0; }
bool ip_equal(const Ip *a, const Ip *b);
/* Like memcmp(); both are of one family. */
int ip_compare(const Ip *a, const Ip *b);
unsigned ip_size(int family); /* in bytes */

/* Prefixes are at most 8 * ip_size(). */
Ip ip_mask(int family, unsigned prefix);
/* The prefix of a netmask; -1 when its ones are not all in front. */
int ip_mask_prefix(const Ip *mask);
Ip ip_network(const Ip *ip, unsigned prefix);
Ip ip_broadcast(const Ip *ip, unsigned prefix);
bool ip_in_network(const Ip *ip, const Ip *network, unsigned prefix);
/* The prefix of the class that an IPv4 address had before there were netmasks; 64 for IPv6. */
unsigned ip_usual_prefix(const Ip *ip);
/* How many addresses lie from first to last, both included; UINT32_MAX when they are more. */
uint32_t ip_range_size(const Ip *first, const Ip *last);
