/* test-bitmap.c - sets of numbers are read as clients write them and printed shortest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/bitmap.h"

#include <string.h>

static const struct {
    const char *name, *text;
    const char *printed; /* NULL: refused */
    unsigned count;
    int last;
} cases[] = {
    { "one", "5", "5", 1, 5 },
    { "zero", "0", "0", 1, 0 },
    { "range", "0-3", "0-3", 4, 3 },
    { "range-of-one", "3-3", "3", 1, 3 },
    { "list", "0-3,8,10-11", "0-3,8,10-11", 7, 11 },
    { "joined", "0,1,2,3", "0-3", 4, 3 },
    { "any-order", "8,0-1", "0-1,8", 3, 8 },
    { "overlapping", "0-5,3-9", "0-9", 10, 9 },
    { "across-words", "60-70", "60-70", 11, 70 },
    { "without", "0-3,^2", "0-1,3", 3, 3 },
    { "without-what-is-not-there", "0-3,^9", "0-3", 4, 3 },
    { "without-comes-again", "0-3,^2,2", "0-3", 4, 3 },
    { "without-alone", "^1", "", 0, -1 },
    { "without-all", "1,^1", "", 0, -1 },
    { "blanks", " 0 - 3 , 8 ", "0-3,8", 5, 8 },
    { "last-comma", "1,", "1", 1, 1 },
    { "last-comma-and-blank", "1, ", "1", 1, 1 },
    { "leading-zeros", "007", "7", 1, 7 },
    { "greatest", "16383", "16383", 1, 16383 },
    { "all", "0-16383", "0-16383", 16384, 16383 },
    { "too-great", "16384" },
    { "range-too-great", "0-16384" },
    { "overflow-32", "4294967296" },
    { "overflow-64", "18446744073709551616" },
    { "empty", "" },
    { "blank", " " },
    { "only-comma", "," },
    { "first-comma", ",1" },
    { "two-commas", "1,,2" },
    { "two-last-commas", "1,," },
    { "no-end", "1-" },
    { "no-end-but-more", "1-,2" },
    { "no-start", "-1" },
    { "backwards", "3-1" },
    { "two-ends", "1-2-3" },
    { "without-range", "0-9,^2-3" },
    { "without-nothing", "0-9,^" },
    { "no-comma", "1 2" },
    { "letter", "1,a" },
    { "hexadecimal", "0x1" },
    { "plus", "+1" },
    { "other-separator", "0-3;5" },
};

static void test_case(gconstpointer data)
{
    const __typeof__(cases[0]) *test = data;
    g_autoptr(Bitmap) map = bitmap_parse(test->text), again = NULL;
    g_autofree char *printed = NULL;

    if (!test->printed) {
        g_assert_null(map);
        return;
    }
    g_assert_nonnull(map);
    printed = bitmap_print(map);
    g_assert_cmpstr(printed, ==, test->printed);
    g_assert_cmpuint(bitmap_count(map), ==, test->count);
    g_assert_cmpint(bitmap_last(map), ==, test->last);
    g_assert_cmpint(bitmap_is_empty(map), ==, test->count == 0);
    if (test->count) {
        again = bitmap_parse(printed);
        g_assert_cmpmem(map, sizeof(*map), again, sizeof(*again));
    }
}

static void test_set(void)
{
    g_autoptr(Bitmap) map = bitmap_new();

    bitmap_set(map, BITMAP_LIMIT - 1, true);
    bitmap_set(map, 64, true);
    bitmap_set(map, 63, true);
    bitmap_set(map, 63, false);
    bitmap_set(map, 62, false);
    g_assert_false(bitmap_has(map, 63));
    g_assert_true(bitmap_has(map, 64));
    g_assert_true(bitmap_has(map, BITMAP_LIMIT - 1));
    g_assert_false(bitmap_has(map, BITMAP_LIMIT));
    g_assert_false(bitmap_has(map, UINT32_MAX));
    g_assert_cmpuint(bitmap_count(map), ==, 2);
}

static const struct {
    const char *name, *text;
    uint8_t bytes[9];
    size_t size;
} travels[] = {
    { "none", "0-3", {}, 0 },
    { "first-bits", "0,2,7", { 0x85 }, 1 },
    { "second-byte", "8-9", { 0x00, 0x03 }, 2 },
    { "cut", "0,8", { 0x01 }, 1 },
    { "across-words", "63-64", { [7] = 0x80, [8] = 0x01 }, 9 },
};

static void test_travels(gconstpointer data)
{
    const __typeof__(travels[0]) *test = data;
    g_autoptr(Bitmap) map = bitmap_parse(test->text);
    uint8_t bytes[9];

    memset(bytes, 0xee, sizeof(bytes));
    bitmap_to_bytes(map, bytes, test->size);
    g_assert_cmpmem(bytes, test->size, test->bytes, test->size);
    if (test->size < sizeof(bytes))
        g_assert_cmpint(bytes[test->size], ==, 0xee);
}

static void test_travels_beyond_the_limit(void)
{
    g_autoptr(Bitmap) map = bitmap_parse("0-16383");
    uint8_t bytes[BITMAP_LIMIT / 8 + 1] = { [BITMAP_LIMIT / 8] = 0xee };

    bitmap_to_bytes(map, bytes, sizeof(bytes));
    g_assert_cmpint(bytes[BITMAP_LIMIT / 8 - 1], ==, 0xff);
    g_assert_cmpint(bytes[BITMAP_LIMIT / 8], ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("bitmap", cases, test_case);
    g_test_add_func("/bitmap/set", test_set);
    ADD_CASES("bitmap/bytes", travels, test_travels);
    g_test_add_func("/bitmap/bytes/beyond-the-limit", test_travels_beyond_the_limit);
    return g_test_run();
}
