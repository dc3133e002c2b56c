/* mac.h - the hardware address of a network interface */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { MAC_SIZE = 6, MAC_TEXT = 18 };

typedef struct Mac {
    uint8_t bytes[MAC_SIZE];
} Mac;

/* In the given vendor's range (three bytes). */
Mac mac_random(const uint8_t vendor[3]);
bool mac_is_zero(const Mac *mac);
bool mac_is_multicast(const Mac *mac);
bool mac_equal(const Mac *a, const Mac *b);
/* Six groups of one or two hexadecimal digits between colons; blanks may follow. Leaves *mac alone
 * when text is something else. */
bool mac_parse(const char *text, Mac *mac);
/* Lower case, two digits each; returns text. */
char *mac_print(const Mac *mac, char text[MAC_TEXT]);
