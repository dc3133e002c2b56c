/* test-size.c - units mean what the API says, and what does not fit is refused */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/size.h"

static const struct {
    const char *name;
    uint64_t value;
    const char *unit;
    uint64_t bytes; /* 0: refused */
} cases[] = {
    { "b", 7, "b", 7 },
    { "byte", 7, "byte", 7 },
    { "bytes", 7, "bytes", 7 },
    { "Bytes", 7, "Bytes", 7 },
    { "k", 1, "k", 1024 },
    { "K", 1, "K", 1024 },
    { "KiB", 3, "KiB", 3072 },
    { "kib", 3, "kib", 3072 },
    { "KB", 3, "KB", 3000 },
    { "M", 1, "M", 1ull << 20 },
    { "MB", 1, "MB", 1000000 },
    { "G", 1, "G", 1ull << 30 },
    { "GiB", 16, "GiB", 16ull << 30 },
    { "T", 1, "T", 1ull << 40 },
    { "TB", 1, "tb", 1000000000000 },
    { "P", 1, "P", 1ull << 50 },
    { "E", 1, "E", 1ull << 60 },
    { "EB", 18, "EB", 18000000000000000000ull },
    { "largest", UINT64_MAX, "b", UINT64_MAX },
    { "largest-E", 15, "EiB", 15ull << 60 },
    { "overflow-E", 16, "EiB", 0 },
    { "overflow-EB", 19, "EB", 0 },
    { "overflow-k", UINT64_MAX / 1024 + 1, "k", 0 },
    { "no-unit", 1, "", 0 },
    { "unknown", 1, "z", 0 },
    { "half-a-unit", 1, "ki", 0 },
    { "two-units", 1, "kk", 0 },
    { "unit-and-more", 1, "KiBs", 0 },
    { "blank", 1, " k", 0 },
    { "base-of-bytes", 1, "ib", 0 },
};

static void test_case(gconstpointer data)
{
    const __typeof__(cases[0]) *test = data;
    uint64_t value = test->value;

    g_assert_cmpint(size_scale(&value, test->unit), ==, test->bytes != 0);
    g_assert_cmpuint(value, ==, test->bytes ? test->bytes : test->value);
}

static void test_zero(void)
{
    uint64_t value = 0;

    g_assert_true(size_scale(&value, "EiB"));
    g_assert_cmpuint(value, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("size", cases, test_case);
    g_test_add_func("/size/zero", test_zero);
    return g_test_run();
}
