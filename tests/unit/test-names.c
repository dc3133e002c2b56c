/* test-names.c - names become values, near ones are suggested */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/names.h"

#include <string.h>

#define LETTERS_31 "abcdefghijklmnopqrstuvwxyzabcde"
#define LETTERS_63 LETTERS_31 "-" LETTERS_31

static const char *const with_absent[] = { NULL, "virtio", "sata", "ide", "scsi", NULL };
static const char *const with_default[] = { "default", "none", "writeback", NULL };
static const char *const nothing[] = { NULL, NULL };

static const struct {
    const char *name;
    const char *const *names;
    const char *text;
    int value;
    const char *nearest;
} lookups[] = {
    { "first", with_absent, "virtio", 1, "virtio" },
    { "last", with_absent, "scsi", 4, "scsi" },
    { "zero-has-a-name", with_default, "default", 0, "default" },
    { "case-matters", with_absent, "IDE", -1, NULL },
    { "one-letter-less", with_absent, "virto", -1, "virtio" },
    { "one-letter-more", with_absent, "virtioo", -1, "virtio" },
    { "two-edits", with_absent, "virtoi", -1, "virtio" },
    { "three-edits", with_absent, "vortoi", -1, NULL },
    { "nearer-one-wins", with_absent, "sasi", -1, "scsi" },
    { "zero-is-suggested", with_default, "defalt", -1, "default" },
    { "empty", with_absent, "", -1, NULL },
    { "one-letter-is-near-nothing", (const char *const[]){ "b", "ab", NULL }, "a", -1, NULL },
    { "two-letters-one-edit", (const char *const[]){ "cd", "ac", NULL }, "ab", -1, "ac" },
    { "two-letters-two-edits", (const char *const[]){ "cd", NULL }, "ab", -1, NULL },
    { "empty-table", nothing, "a", -1, NULL },
};

static void test_lookup(gconstpointer data)
{
    const __typeof__(lookups[0]) *test = data;

    g_assert_cmpint(names_find(test->names, test->text), ==, test->value);
    g_assert_cmpstr(names_nearest(test->names, test->text), ==, test->nearest);
}

static const struct {
    const char *name, *a, *b;
    unsigned limit, distance;
} distances[] = {
    { "both-empty", "", "", 9, 0 },
    { "one-empty", "", "abc", 9, 3 },
    { "other-empty", "abc", "", 9, 3 },
    { "equal", "abc", "abc", 0, 0 },
    { "changed", "abc", "abd", 9, 1 },
    { "put-in", "ac", "abc", 9, 1 },
    { "swapped", "abc", "acb", 9, 2 },
    { "nothing-in-common", "kitten", "sitting", 9, 3 },
    { "at-the-limit", "kitten", "sitting", 3, 3 },
    { "past-the-limit", "kitten", "sitting", 2, 3 },
    { "far-past-the-limit", "abcdefgh", "12345678", 1, 2 },
    { "longest", LETTERS_63, LETTERS_63, 9, 0 },
    { "longest-changed", LETTERS_63, LETTERS_31 "_" LETTERS_31, 9, 1 },
    { "too-long", LETTERS_63 "x", LETTERS_63 "x", 9, 10 },
    { "one-too-long", "a", LETTERS_63 "x", 9, 10 },
};

static void test_distance(gconstpointer data)
{
    const __typeof__(distances[0]) *test = data;

    g_assert_cmpuint(names_distance(test->a, test->b, test->limit), ==, test->distance);
    g_assert_cmpuint(names_distance(test->b, test->a, test->limit), ==, test->distance);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("names", lookups, test_lookup);
    ADD_CASES("names/distance", distances, test_distance);
    return g_test_run();
}
