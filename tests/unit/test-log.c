/* test-log.c - outputs and filters: what is written where, what is refused */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "unit.test"
#include "base/log.h"

#include "unit.h"

#include <string.h>

typedef struct Setting {
    const char *name;
    const char *text;
    const char *shown;   /* NULL: it is refused */
    const char *refusal; /* a part of the message */
} Setting;

static const Setting outputs[] = {
    { "stderr", "3:stderr", "3:stderr", NULL },
    { "two", " 4:stderr\t2:syslog:test ", "4:stderr 2:syslog:test", NULL },
    { "usual", "", "1:stderr", NULL },
    { "file", "1:file:/dev/null", "1:file:/dev/null", NULL },
    { "colon-in-path", "1:file:/dev/../dev/null", "1:file:/dev/../dev/null", NULL },
    { "no-level", "stderr", NULL, "'stderr' does not begin with a level" },
    { "level-0", "0:stderr", NULL, "a level from 1 to 4" },
    { "level-5", "5:stderr", NULL, "a level from 1 to 4" },
    { "level-12", "12:stderr", NULL, "a level from 1 to 4" },
    { "level-only", "1:", NULL, "does not name a destination" },
    { "unknown", "1:nowhere", NULL, "does not name a destination" },
    { "file-without-path", "1:file", NULL, "needs an argument" },
    { "file-with-empty-path", "1:file:", NULL, "needs an argument" },
    { "syslog-without-name", "1:syslog", NULL, "needs an argument" },
    { "stderr-with-argument", "1:stderr:x", NULL, "takes no argument" },
    { "no-such-directory", "1:file:/nowhere/at/all", NULL, "/nowhere/at/all" },
    { "second-is-wrong", "1:stderr 7:stderr", NULL, "'7:stderr'" },
};

static const Setting filters[] = {
    { "none", "", "", NULL },
    { "two", "1:qemu 4:rpc", "1:*qemu* 4:*rpc*", NULL },
    { "plus", "1:+qemu", "1:*qemu*", NULL },
    { "stars-of-its-own", "2:*qemu*", "2:*qemu*", NULL },
    { "no-level", "qemu", NULL, "'qemu' does not begin with a level" },
    { "level-7", "1:a 7:x", NULL, "'7:x'" },
    { "no-pattern", "1:", NULL, "has no pattern" },
};

static void check(const Setting *row, bool set(const char *text, GError **error),
                  char *get(unsigned *count))
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = NULL, *after = NULL;
    unsigned count;
    bool good;

    g_assert_true(set(NULL, NULL));
    before = get(&count);
    good = set(row->text, &error);
    after = get(&count);
    if (row->shown) {
        g_assert_no_error(error);
        g_assert_true(good);
        g_assert_cmpstr(after, ==, row->shown);
    } else {
        g_assert_false(good);
        g_assert_cmpint(error_code(error), ==,
                        strstr(row->text, "nowhere/") ? ERR_SYSTEM : ERR_INVALID_ARG);
        g_assert_nonnull(strstr(error->message, row->refusal));
        g_assert_cmpstr(after, ==, before);
    }
}

static void test_output(const void *row) { check(row, log_set_outputs, log_get_outputs); }

static void test_filter(const void *row) { check(row, log_set_filters, log_get_filters); }

static void in_subprocess(void (*work)(void))
{
    if (g_test_subprocess()) {
        work();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
}

static void tell_of_object(void)
{
    log_set_level(LOG_INFORMATION);
    log_object("unit", G_LOG_LEVEL_INFO, "guest1", "uuid1", "started with %d disks", 2);
    log_object("unit", G_LOG_LEVEL_DEBUG, "guest1", "uuid1", "not told");
}

static void test_object(void)
{
    in_subprocess(tell_of_object);
    if (g_test_subprocess())
        return;
    g_test_trap_assert_stderr("*info unit: guest1: started with 2 disks*");
    g_test_trap_assert_stderr_unmatched("*not told*");
}

/* Each message with the name of its level. */
static void tell_all(void)
{
    g_debug("debug");
    g_info("info");
    g_warning("warning");
    g_critical("error");
}

static char *told_in_file(LogPriority level, const char *least, const char *filter)
{
    g_autoptr(Scratch) scratch = scratch_new();
    g_autofree char *path = g_build_filename(scratch, "log", NULL);
    g_autofree char *output = g_strdup_printf("%s:file:%s", least, path);
    g_autoptr(GError) error = NULL;
    char *text;

    log_set_level(level);
    g_assert_true(log_set_filters(filter, &error));
    g_assert_true(log_set_outputs(output, &error));
    tell_all();
    log_set_level(LOG_ERRORS);
    g_assert_true(log_set_outputs(NULL, &error));
    g_assert_true(g_file_get_contents(path, &text, NULL, &error));
    return text;
}

static const struct Case {
    const char *name;
    LogPriority level;
    const char *output;
    const char *filter;
    const char *first; /* the least serious message that is told */
} cases[] = {
    { "level", LOG_WARNINGS, "1", "", "warning" },
    { "output", LOG_EVERYTHING, "4", "", "error" },
    { "filter-lowers", LOG_ERRORS, "1", "1:unit", "debug" },
    { "filter-raises", LOG_EVERYTHING, "1", "4:unit", "error" },
    { "other-domain", LOG_WARNINGS, "1", "1:elsewhere", "warning" },
    { "first-filter-wins", LOG_WARNINGS, "1", "2:t.te 1:unit", "info" },
    { "pattern", LOG_WARNINGS, "1", "2:u?it", "info" },
};

static void test_levels(const void *data)
{
    static const char *const words[] = { "debug", "info", "warning", "error" };
    const struct Case *row = data;
    g_autofree char *text = NULL;
    bool told = false;

    text = told_in_file(row->level, row->output, row->filter);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *line = g_strdup_printf(" %s unit.test: %s\n", words[i], words[i]);

        told |= g_str_equal(words[i], row->first);
        g_assert_cmpint(strstr(text, line) != NULL, ==, told);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR); /* warnings are what is tested */
    log_open(LOG_ERRORS);
    ADD_CASES("log/output", outputs, test_output);
    ADD_CASES("log/filter", filters, test_filter);
    ADD_CASES("log/level", cases, test_levels);
    g_test_add_func("/log/object", test_object);
    return g_test_run();
}
