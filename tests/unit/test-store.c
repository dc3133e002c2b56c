/* test-store.c - what was defined is loaded again; what cannot be is set aside, and only that */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/file.h"
#include "object/store.h"

#include <string.h>
#include <sys/stat.h>

enum { MANY = 1000, MANY_MS = 50 };

#define X61 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

typedef struct Scene {
    Scratch *dir;
    Store store;
} Scene;

static void scene_begin(Scene *scene)
{
    g_autoptr(GError) error = NULL;

    scene->dir = scratch_new();
    scene->store = (Store){
        .definitions = g_strconcat(scene->dir, "/etc/guests", NULL),
        .autostart = g_strconcat(scene->dir, "/etc/guests/autostart", NULL),
        .states = g_strconcat(scene->dir, "/run/guests", NULL),
    };
    store_open(&scene->store, &error);
    g_assert_no_error(error);
}

static void scene_end(Scene *scene)
{
    scratch_free(scene->dir);
    g_free(scene->store.definitions);
    g_free(scene->store.autostart);
    g_free(scene->store.states);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_end)

static void assert_names(const char *directory, const char *want)
{
    g_autofree char *names = scratch_list(directory);

    g_assert_cmpstr(names, ==, want);
}

/* ---- names ---- */

static const struct {
    const char *name, *text;
    const char *refusal; /* NULL: accepted */
} names[] = {
    { "plain", "guest1" },
    { "blank", "my guest" },
    { "only-blank", " " },
    { "tab", "a\tb" },
    { "quotes", "a'b\"c" },
    { "dots", "..." },
    { "hidden", ".guest" },
    { "suffix", "a.xml" },
    { "suffix-of-what-is-unfinished", "a.xml.new" },
    { "not-ascii", "g\xc3\xa4st" },
    { "percent", "100%s" },
    { "longest", X61 X61 X61 X61 },
    { "empty", "", "empty" },
    { "slash", "a/b", "name a/b cannot contain '/'" },
    { "only-slash", "/", "cannot contain '/'" },
    { "up", "../../etc/passwd", "cannot contain '/'" },
    { "dot", ".", "cannot be the name" },
    { "dot-dot", "..", "cannot be the name" },
    { "line-break", "a\nb", "line break" },
    { "carriage-return", "a\rb", "line break" },
    { "too-long", X61 X61 X61 X61 "x", "longer than 244 bytes" },
};

static bool refuse(const char *, const char *, void *, GError **error)
{
    return fail(error, ERR_XML, "refused");
}

static bool take_name(const char *name, const char *text, void *data, GError **)
{
    g_assert_cmpstr(text, ==, "text");
    g_string_append_printf(data, "[%s]", name);
    return true;
}

static void test_name(gconstpointer data)
{
    const __typeof__(names[0]) *test = data;
    g_auto(Scene) scene = {};
    g_autoptr(GString) taken = g_string_new(NULL);
    g_autofree char *want = g_strdup_printf("[%s]", test->text);
    g_autoptr(GError) error = NULL;

    scene_begin(&scene);
    g_assert_cmpint(store_define(&scene.store, test->text, "text", &error), ==, !test->refusal);
    if (test->refusal) {
        g_assert_error(error, ERR_DOMAIN, ERR_XML);
        g_assert_nonnull(strstr(error->message, test->refusal));
        g_assert_false(store_check_name(test->text, NULL));
        g_assert_false(store_undefine(&scene.store, test->text, NULL));
        g_assert_false(store_set_autostart(&scene.store, test->text, true, NULL));
        g_assert_false(store_autostart(&scene.store, test->text));
        g_assert_false(store_save_state(&scene.store, test->text, "text", NULL));
        g_assert_false(store_drop_state(&scene.store, test->text, NULL));
        assert_names(scene.store.definitions, "autostart");
        return;
    }
    g_assert_no_error(error);
    store_load(scene.store.definitions, take_name, taken);
    g_assert_cmpstr(taken->str, ==, want);

    g_test_expect_message("object", G_LOG_LEVEL_WARNING, "*is set aside as*: refused");
    store_load(scene.store.definitions, refuse, NULL);
    g_test_assert_expected_messages();
}

/* ---- what it keeps ---- */

static void test_define(void)
{
    g_auto(Scene) scene = {};
    g_autoptr(GString) taken = g_string_new(NULL);
    const Store *store = &scene.store;

    scene_begin(&scene);
    g_assert_true(store_define(store, "b", "first", NULL));
    g_assert_true(store_define(store, "b", "text", NULL));
    g_assert_true(store_define(store, "a b", "text", NULL));
    g_assert_true(store_define(store, "a", "text", NULL));
    g_assert_true(store_define(store, "c", "text", NULL));
    g_assert_true(store_undefine(store, "c", NULL));
    g_assert_true(store_undefine(store, "c", NULL));
    store_load(store->definitions, take_name, taken);
    g_assert_cmpstr(taken->str, ==, "[a][a b][b]");
}

static void test_autostart(void)
{
    g_auto(Scene) scene = {};
    const Store *store = &scene.store;
    g_autofree char *link = NULL, *target = NULL, *want = NULL;

    scene_begin(&scene);
    link = g_strconcat(store->autostart, "/a.xml", NULL);
    want = g_strconcat(store->definitions, "/a.xml", NULL);
    g_assert_true(store_define(store, "a", "text", NULL));
    g_assert_false(store_autostart(store, "a"));
    g_assert_true(store_set_autostart(store, "a", false, NULL));
    g_assert_true(store_set_autostart(store, "a", true, NULL));
    g_assert_true(store_set_autostart(store, "a", true, NULL));
    g_assert_true(store_autostart(store, "a"));
    target = g_file_read_link(link, NULL);
    g_assert_cmpstr(target, ==, want);
    assert_names(store->autostart, "a.xml");

    g_assert_true(store_undefine(store, "a", NULL));
    g_assert_false(store_autostart(store, "a"));
    assert_names(store->autostart, "");
}

static void test_states(void)
{
    g_auto(Scene) scene = {};
    g_autoptr(GString) taken = g_string_new(NULL);
    const Store *store = &scene.store;

    scene_begin(&scene);
    g_assert_true(store_save_state(store, "a", "old", NULL));
    g_assert_true(store_save_state(store, "a", "text", NULL));
    store_load(store->states, take_name, taken);
    g_assert_cmpstr(taken->str, ==, "[a]");
    g_assert_true(store_drop_state(store, "a", NULL));
    g_assert_true(store_drop_state(store, "a", NULL));
    assert_names(store->states, "");
}

static void test_directories(void)
{
    g_auto(Scene) scene = {};
    g_autofree char *run = NULL;
    struct stat info;

    umask(022);
    scene_begin(&scene);
    g_assert_true(store_open(&scene.store, NULL));
    run = g_path_get_dirname(scene.store.states);
    g_assert_cmpint(stat(run, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0755);
    g_assert_cmpint(stat(scene.store.states, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0700);
}

/* ---- load ---- */

static void put(const Store *store, const char *file, const char *text)
{
    g_autofree char *path = g_strconcat(store->definitions, "/", file, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* A daemon that was killed while it wrote leaves nothing that lasts; "a.xml.new" is a good name. */
static void test_halves(void)
{
    g_auto(Scene) scene = {};
    const Store *store = &scene.store;
    Store only_states = {};

    scene_begin(&scene);
    only_states.states = scene.store.states;
    put(store, "a.xml.new", "te");
    put(store, "a.xml", "text");
    g_assert_true(store_define(store, "a.xml.new", "text", NULL));
    g_assert_true(store_save_state(store, "b", "text", NULL));
    g_assert_true(store_open(store, NULL));
    g_assert_true(store_open(&only_states, NULL));
    assert_names(store->definitions, "a.xml a.xml.new.xml autostart");
    assert_names(store->states, "b.xml");
}

/* Takes what says "text", as a definition that parses. */
static bool take_good(const char *name, const char *text, void *data, GError **error)
{
    if (strcmp(text, "text") != 0)
        return fail(error, ERR_XML, "no definition of '%s'", name);
    return take_name(name, text, data, error);
}

static void test_broken(void)
{
    g_auto(Scene) scene = {};
    g_autoptr(GString) taken = g_string_new(NULL);
    const Store *store = &scene.store;
    g_autofree char *directory = NULL;

    scene_begin(&scene);
    directory = g_strconcat(store->definitions, "/directory.xml", NULL);
    g_assert_cmpint(mkdir(directory, 0700), ==, 0);
    put(store, ".xml", "text");
    put(store, "a.xml", "text");
    put(store, "b.xml", "te");
    put(store, "c.xml", "text");
    put(store, "c.xml.new", "te");
    put(store, "d.xml.broken", "te");
    put(store, "e.txt", "te");
    put(store, "f.xml.broken", "older");
    put(store, "f.xml", "te");

    g_test_expect_message("object", G_LOG_LEVEL_WARNING, "*.xml*is set aside*empty");
    g_test_expect_message("object", G_LOG_LEVEL_WARNING,
                          "*b.xml*is set aside*no definition of 'b'");
    g_test_expect_message("object", G_LOG_LEVEL_WARNING,
                          "*directory.xml*is set aside*cannot read*");
    g_test_expect_message("object", G_LOG_LEVEL_WARNING, "*f.xml*is set aside*");
    store_load(store->definitions, take_good, taken);
    g_test_assert_expected_messages();
    g_assert_cmpstr(taken->str, ==, "[a][c]");
    assert_names(store->definitions, ".xml.broken a.xml autostart b.xml.broken c.xml c.xml.new "
                                     "d.xml.broken directory.xml.broken e.txt f.xml.broken");

    g_string_truncate(taken, 0);
    store_load(store->definitions, take_good, taken);
    g_assert_cmpstr(taken->str, ==, "[a][c]");
}

static void test_no_directory(void) { store_load("/nonexistent", refuse, NULL); }

static void test_many(void)
{
    g_auto(Scene) scene = {};
    g_autoptr(GString) taken = g_string_new(NULL);
    double seconds;

    scene_begin(&scene);
    for (int i = 0; i < MANY; i++) {
        g_autofree char *path = g_strdup_printf("%s/guest%d.xml", scene.store.definitions, i);

        g_assert_true(file_save_volatile(path, "text", NULL));
    }
    g_test_timer_start();
    store_load(scene.store.definitions, take_name, taken);
    seconds = g_test_timer_elapsed();
    g_test_message("%d definitions loaded in %.1f ms", MANY, 1000 * seconds);
    g_assert_true(g_str_has_prefix(taken->str, "[guest0][guest1][guest10][guest100]"));
    if (g_test_perf())
        g_assert_cmpfloat(1000 * seconds, <, MANY_MS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("store/name", names, test_name);
    g_test_add_func("/store/define", test_define);
    g_test_add_func("/store/autostart", test_autostart);
    g_test_add_func("/store/states", test_states);
    g_test_add_func("/store/directories", test_directories);
    g_test_add_func("/store/broken", test_broken);
    g_test_add_func("/store/no-directory", test_no_directory);
    g_test_add_func("/store/halves", test_halves);
    g_test_add_func("/store/many", test_many);
    return g_test_run();
}
