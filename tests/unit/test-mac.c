/* test-mac.c - a hardware address is read with short groups too and printed in one form */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/mac.h"

#include <string.h>

static const struct {
    const char *name, *text, *printed; /* NULL: refused */
    bool multicast;
} cases[] = {
    { "usual", "52:54:00:aa:bb:cc", "52:54:00:aa:bb:cc" },
    { "upper-case", "52:54:00:AA:BB:CC", "52:54:00:aa:bb:cc" },
    { "short-groups", "2:4:0:a:bb:c", "02:04:00:0a:bb:0c" },
    { "zero", "0:0:0:0:0:0", "00:00:00:00:00:00" },
    { "all-ones", "ff:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:ff", true },
    { "multicast", "01:00:5e:00:00:01", "01:00:5e:00:00:01", true },
    { "blank-behind", "52:54:00:aa:bb:cc \n", "52:54:00:aa:bb:cc" },
    { "empty", "" },
    { "five-groups", "52:54:00:aa:bb" },
    { "five-groups-and-colon", "52:54:00:aa:bb:" },
    { "seven-groups", "52:54:00:aa:bb:cc:dd" },
    { "three-digits", "052:54:00:aa:bb:cc" },
    { "empty-group", "52::00:aa:bb:cc" },
    { "hyphens", "52-54-00-aa-bb-cc" },
    { "no-colons", "525400aabbcc" },
    { "no-digit", "52:54:00:aa:bb:cg" },
    { "blank-before", " 52:54:00:aa:bb:cc" },
    { "blank-between", "52: 54:00:aa:bb:cc" },
    { "letter-behind", "52:54:00:aa:bb:cc x" },
};

static void test_case(gconstpointer data)
{
    const __typeof__(cases[0]) *test = data;
    char text[MAC_TEXT];
    Mac mac = { { 0xde, 0xad } }, before = mac;

    g_assert_cmpint(mac_parse(test->text, &mac), ==, test->printed != NULL);
    if (!test->printed) {
        g_assert_true(mac_equal(&mac, &before));
        return;
    }
    g_assert_cmpstr(mac_print(&mac, text), ==, test->printed);
    g_assert_cmpint(mac_is_multicast(&mac), ==, test->multicast);
    g_assert_cmpint(mac_is_zero(&mac), ==, strcmp(text, "00:00:00:00:00:00") == 0);
}

static void test_random(void)
{
    static const uint8_t vendor[3] = { 0x52, 0x54, 0x00 };
    Mac a = mac_random(vendor), b = mac_random(vendor), c = mac_random(vendor);

    g_assert_cmpmem(a.bytes, 3, vendor, 3);
    g_assert_false(mac_equal(&a, &b) && mac_equal(&b, &c)); /* of 16 million each */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("mac", cases, test_case);
    g_test_add_func("/mac/random", test_random);
    return g_test_run();
}
