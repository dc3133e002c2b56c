/* mac.c - the hardware address of a network interface */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/mac.h"

#include <glib.h>
#include <string.h>
#include <sys/random.h>

Mac mac_random(const uint8_t vendor[3])
{
    Mac mac;

    memcpy(mac.bytes, vendor, 3);
    if (getrandom(mac.bytes + 3, 3, 0) != 3)
        g_error("the kernel gives no random numbers");
    return mac;
}

bool mac_is_zero(const Mac *mac) { return mac_equal(mac, &(Mac){}); }

bool mac_is_multicast(const Mac *mac) { return mac->bytes[0] & 1; }

bool mac_equal(const Mac *a, const Mac *b) { return memcmp(a, b, sizeof(*a)) == 0; }

bool mac_parse(const char *text, Mac *mac)
{
    Mac parsed;

    for (unsigned i = 0; i < MAC_SIZE; i++) {
        int high = g_ascii_xdigit_value(text[0]),
            low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);

        if (high < 0)
            return false;
        parsed.bytes[i] = low < 0 ? high : high << 4 | low;
        text += low < 0 ? 1 : 2;
        if (i < MAC_SIZE - 1 && *text++ != ':')
            return false;
    }
    if (text[strspn(text, " \t\r\n")] != '\0')
        return false;
    *mac = parsed;
    return true;
}

char *mac_print(const Mac *mac, char text[MAC_TEXT])
{
    const uint8_t *b = mac->bytes;

    g_snprintf(text, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
    return text;
}
