/* test-json.c - only whole documents are read, members are found or absent, objects are built */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/json.h"

#include <string.h>

#define OPEN_32 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
#define CLOSE_32 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"

static const struct {
    const char *name, *text;
    const char *printed; /* NULL: refused */
} documents[] = {
    { "object", "{\"a\": 1}", "{\"a\":1}" },
    { "array", "[1, \"b\", true, null, 1.5]", "[1,\"b\",true,null,1.5]" },
    { "empty-object", "{}", "{}" },
    { "blanks-around", " \r\n{ } \r\n", "{}" },
    { "slash", "{\"path\": \"/dev/null\"}", "{\"path\":\"/dev/null\"}" },
    { "escape", "{\"a\": \"\\u00e9\\n\"}", "{\"a\":\"\xc3\xa9\\n\"}" },
    { "nested", "{\"a\": {\"b\": [{}]}}", "{\"a\":{\"b\":[{}]}}" },
    { "last-of-a-name-wins", "{\"a\": 1, \"a\": 2}", "{\"a\":2}" },
    { "largest-number", "[9223372036854775807]", "[9223372036854775807]" },
    { "deep", OPEN_32 "[1]" CLOSE_32, OPEN_32 "[1]" CLOSE_32 },
    { "empty", "" },
    { "blank", "  " },
    { "null", "null" },
    { "number", "12" },
    { "string", "\"a\"" },
    { "half", "{\"a\": " },
    { "two", "{} {}" },
    { "more-behind", "{} x" },
    { "bracket-behind", "{}}" },
    { "no-quotes", "{a: 1}" },
    { "comment", "{} /* a */" },
    { "last-comma", "[1,]" },
    { "not-utf-8", "{\"a\": \"\xff\"}" },
    { "too-deep", OPEN_32 OPEN_32 "[1]" CLOSE_32 CLOSE_32 },
};

static void test_document(gconstpointer data)
{
    const __typeof__(documents[0]) *test = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) json = json_parse(test->text, strlen(test->text), &error);
    g_autofree char *printed = json ? json_print(json) : NULL;

    g_assert_cmpstr(printed, ==, test->printed);
    if (!test->printed)
        g_assert_error(error, ERR_DOMAIN, ERR_INTERNAL);
    else
        g_assert_no_error(error);
}

/* A message is part of a larger buffer. */
static void test_length(void)
{
    g_autoptr(Json) json = json_parse("{}{}", 2, NULL);

    g_assert_nonnull(json);
    g_assert_null(json_parse("{\"a\": 1}", 4, NULL));
}

static const char sample[] = "{\"text\": \"t\", \"number\": -5, \"yes\": true, \"no\": false,"
                             " \"nothing\": null, \"real\": 1.5, \"list\": [1, 2],"
                             " \"in\": {\"a\": {\"b\": \"deep\"}}}";

static const struct {
    const char *name; /* of the member */
    const char *text;
    int64_t number;
    bool flag;
    size_t length;
} members[] = {
    { "text", "t", 7, false, 0 },     { "number", NULL, -5, false, 0 },
    { "yes", NULL, 7, true, 0 },      { "no", NULL, 7, false, 0 },
    { "nothing", NULL, 7, false, 0 }, { "real", NULL, 7, false, 0 },
    { "list", NULL, 7, false, 2 },    { "in", NULL, 7, false, 0 },
    { "missing", NULL, 7, false, 0 },
};

static void test_member(gconstpointer data)
{
    const __typeof__(members[0]) *test = data;
    g_autoptr(Json) json = json_parse(sample, strlen(sample), NULL);

    g_assert_cmpstr(json_text(json, test->name), ==, test->text);
    g_assert_cmpint(json_number(json, test->name, 7), ==, test->number);
    g_assert_cmpint(json_flag(json, test->name), ==, test->flag);
    g_assert_cmpuint(json_length(json_member(json, test->name)), ==, test->length);
}

static void test_no_object(void)
{
    g_autoptr(Json) array = json_parse("[1]", 3, NULL);
    Json *none[] = { NULL, array };

    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        g_assert_null(json_member(none[i], "a"));
        g_assert_null(json_text(none[i], "a"));
        g_assert_cmpint(json_number(none[i], "a", 3), ==, 3);
        g_assert_false(json_flag(none[i], "a"));
        g_assert_null(json_at(none[i], "a/b"));
    }
    g_assert_cmpuint(json_length(NULL), ==, 0);
}

static void test_path(void)
{
    g_autoptr(Json) json = json_parse(sample, strlen(sample), NULL);

    g_assert_cmpstr(json_object_get_string(json_at(json, "in/a/b")), ==, "deep");
    g_assert_cmpstr(json_object_get_string(json_at(json, "text")), ==, "t");
    g_assert_null(json_at(json, "in/a/c"));
    g_assert_null(json_at(json, "text/a"));
    g_assert_null(json_at(json, "in//b"));
}

static void assert_prints(Json *consumed, const char *want)
{
    g_autoptr(Json) json = consumed;
    g_autofree char *printed = json_print(json);

    g_assert_cmpstr(printed, ==, want);
}

static void test_build(void)
{
    assert_prints(json_build(""), "{}");
    assert_prints(json_build("sib", "s", "a\"b", "i", INT64_MIN, "b", 7),
                  "{\"s\":\"a\\\"b\",\"i\":-9223372036854775808,\"b\":true}");
    assert_prints(json_build("ss", "a", NULL, "b", "c"), "{\"b\":\"c\"}");
    assert_prints(json_build("sj", "a", "b", "in", json_build("i", "n", (int64_t) 1)),
                  "{\"a\":\"b\",\"in\":{\"n\":1}}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("json/document", documents, test_document);
    ADD_CASES("json/member", members, test_member);
    g_test_add_func("/json/length", test_length);
    g_test_add_func("/json/no-object", test_no_object);
    g_test_add_func("/json/path", test_path);
    g_test_add_func("/json/build", test_build);
    return g_test_run();
}
