/* test-uuid.c - a uuid is read in every form that clients write and printed in one */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/uuid.h"

#define PLAIN "00112233445566778899aabbccddeeff"
#define USUAL "00112233-4455-6677-8899-aabbccddeeff"

static const struct {
    const char *name, *text;
    bool accepted;
} cases[] = {
    { "usual", USUAL, true },
    { "plain", PLAIN, true },
    { "upper-case", "00112233-4455-6677-8899-AABBCCDDEEFF", true },
    { "blanks-around", " \n " USUAL "\n\t", true },
    { "blanks-between", "00 11 2233 - 4455 66778899aabbccddee ff", true },
    { "hyphens-anywhere", "-00--11-2233445566778899aabbccddee-ff", true },
    { "empty", "", false },
    { "only-hyphens", "----", false },
    { "digit-missing", "00112233-4455-6677-8899-aabbccddeef", false },
    { "pair-missing", "00112233-4455-6677-8899-aabbccddee", false },
    { "digit-too-many", PLAIN "0", false },
    { "pair-too-many", PLAIN "00", false },
    { "torn-pair", "0-0112233445566778899aabbccddeeff", false },
    { "hyphen-behind", USUAL "-", false },
    { "letter-behind", USUAL "x", false },
    { "no-digit", "0011223344556677889gaabbccddeeff", false },
    { "in-braces", "{" USUAL "}", false },
    { "not-ascii",
      "0011223344556677889\xc3\xa9"
      "abbccddeef",
      false },
};

static void test_case(gconstpointer data)
{
    const __typeof__(cases[0]) *test = data;
    char text[UUID_TEXT];
    Uuid uuid = {};

    g_assert_cmpint(uuid_parse(test->text, &uuid), ==, test->accepted);
    if (test->accepted)
        g_assert_cmpstr(uuid_print(&uuid, text), ==, USUAL);
    else
        g_assert_true(uuid_is_zero(&uuid));
}

static void test_random(void)
{
    Uuid a = uuid_random(), b = uuid_random(), again;
    char text[UUID_TEXT];

    g_assert_false(uuid_equal(&a, &b));
    g_assert_false(uuid_is_zero(&a));
    g_assert_cmpint(a.bytes[6] >> 4, ==, 4);
    g_assert_cmpint(a.bytes[8] >> 6, ==, 2);
    g_assert_true(uuid_parse(uuid_print(&a, text), &again));
    g_assert_true(uuid_equal(&a, &again));
}

static void test_as_a_key(void)
{
    g_autoptr(GHashTable) table = g_hash_table_new(uuid_hash, uuid_same);
    Uuid a = uuid_random(), b = uuid_random(), same = a;

    g_hash_table_add(table, &a);
    g_assert_true(g_hash_table_contains(table, &same));
    g_assert_false(g_hash_table_contains(table, &b));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("uuid", cases, test_case);
    g_test_add_func("/uuid/random", test_random);
    g_test_add_func("/uuid/as-a-key", test_as_a_key);
    return g_test_run();
}
