/* test-config.c - what a file says reaches its setting; what is wrong is named with its line */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "daemon/config.h"

#include <string.h>

typedef struct Settings {
    char *listen, *user;
    int64_t interval;
    uint64_t clients;
    bool tls, audit;
    char **drivers, **users;
} Settings;

typedef struct More {
    int64_t workers;
} More;

static const ConfigKey keys[] = {
    { "listen_addr", CONFIG_STRING, SLOT(Settings, listen, char *),
      .initial = "::", .text = "The address." },
    { "user", CONFIG_STRING, SLOT(Settings, user, char *), .text = "Who." },
    { "interval", CONFIG_NUMBER, SLOT(Settings, interval, int64_t), .min = -1, .max = 100,
      .initial = "5",
      .text = "Seconds of silence after which somebody asks whether the other side is still "
              "there; -1 means that nobody ever asks." },
    { "max_clients", CONFIG_NUMBER, SLOT(Settings, clients, uint64_t), .min = 1, .max = INT64_MAX,
      .initial = "5000", .text = "How many." },
    { "tls", CONFIG_FLAG, SLOT(Settings, tls, bool), .initial = "1", .text = "Whether." },
    { "audit", CONFIG_FLAG, SLOT(Settings, audit, bool), .text = "Whether." },
    { "drivers", CONFIG_LIST, SLOT(Settings, drivers, char **), .initial = "[ \"a\", \"b\" ]",
      .text = "Which." },
    { "users", CONFIG_LIST, SLOT(Settings, users, char **), .text = "Which." },
    {},
};

static const ConfigKey more_keys[] = {
    { "max_workers", CONFIG_NUMBER, SLOT(More, workers, int64_t), .max = 10, .initial = "4",
      .text = "How many." },
    {},
};

/* A table of each kind of value, and what is in it. */
typedef struct Fixture {
    Settings settings;
    More more;
    ConfigTable tables[3];
} Fixture;

static Fixture *fixture_new(void)
{
    Fixture *fixture = g_new0(Fixture, 1);

    fixture->tables[0] = (ConfigTable){ keys, &fixture->settings };
    fixture->tables[1] = (ConfigTable){ more_keys, &fixture->more };
    return fixture;
}

static char *join(char **list) { return list ? g_strjoinv("+", list) : g_strdup("-"); }

/* The settings in their order; what is absent as "-". */
static char *print(const Fixture *fixture)
{
    const Settings *s = &fixture->settings;
    g_autofree char *drivers = join(s->drivers), *users = join(s->users);

    return g_strdup_printf("%s %s %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %d %d %s %s %d",
                           s->listen ? s->listen : "-", s->user ? s->user : "-", s->interval,
                           s->clients, s->tls, s->audit, drivers, users,
                           (int) fixture->more.workers);
}

#define INITIAL ":: - 5 5000 1 0 a+b - 4"

static const struct {
    const char *name, *text;
    const char *settings; /* NULL: refused */
    const char *refusal;  /* behind the path */
} cases[] = {
    { "empty", "", INITIAL },
    { "comments", "# max_clients = 1\n\n   # more\n#", INITIAL },
    { "string", "user = \"root\"\n", ":: root 5 5000 1 0 a+b - 4" },
    { "single-quotes", "user = 'a \"b\" #c'", ":: a \"b\" #c 5 5000 1 0 a+b - 4" },
    { "double-quotes", "user = \"it's\"", ":: it's 5 5000 1 0 a+b - 4" },
    { "no-escapes", "user = \"a\\n\"", ":: a\\n 5 5000 1 0 a+b - 4" },
    { "three-quotes", "user = \"\"\"a\n\"b\" '\"\"\"\nx = 1", NULL, ":3: unknown key 'x'" },
    { "three-quotes-value", "user = \"\"\"a\"b\"\"\"", ":: a\"b 5 5000 1 0 a+b - 4" },
    { "empty-string", "listen_addr = \"\"", "- - 5 5000 1 0 a+b - 4" },
    { "number", "max_clients = 7", ":: - 5 7 1 0 a+b - 4" },
    { "negative", "interval = -1", ":: - -1 5000 1 0 a+b - 4" },
    { "plus", "interval = +7", ":: - 7 5000 1 0 a+b - 4" },
    { "least", "max_clients=1", ":: - 5 1 1 0 a+b - 4" },
    { "greatest", "interval = 100", ":: - 100 5000 1 0 a+b - 4" },
    { "largest", "max_clients = 9223372036854775807", ":: - 5 9223372036854775807 1 0 a+b - 4" },
    { "flags", "tls = 0\naudit = 1\n", ":: - 5 5000 0 1 a+b - 4" },
    { "list", "users = [ \"x\", 'y' ]", ":: - 5 5000 1 0 a+b x+y 4" },
    { "list-over-lines", "users = [ # who\n  \"x\" , # x\n\n  'y' ,\n]\nuser = 'z'",
      ":: z 5 5000 1 0 a+b x+y 4" },
    { "empty-list", "drivers = []", ":: - 5 5000 1 0  - 4" },
    { "one-string-as-a-list", "drivers = \"x\"", ":: - 5 5000 1 0 x - 4" },
    { "empty-string-as-a-list", "drivers = \"\"", ":: - 5 5000 1 0  - 4" },
    { "second-table", "max_workers = 9", ":: - 5 5000 1 0 a+b - 9" },
    { "comment-behind", "user = \"a\" # b", ":: a 5 5000 1 0 a+b - 4" },
    { "semicolons", "tls = 0; audit = 1;; user = 'a';", ":: a 5 5000 0 1 a+b - 4" },
    { "windows", "tls = 0\r\nuser = \"a\"\r\nusers = [\r\n'b'\r\n]\r\n",
      ":: a 5 5000 0 0 a+b b 4" },
    { "tabs", "\ttls\t=\t0\t", ":: - 5 5000 0 0 a+b - 4" },

    { "unknown-near", "\nmax_client = 1", NULL,
      ":2: unknown key 'max_client'; did you mean 'max_clients'?" },
    { "unknown-near-second-table", "max_worker = 1", NULL, "did you mean 'max_workers'?" },
    { "unknown-far", "frobnicate = 1", NULL, ":1: unknown key 'frobnicate'" },
    { "case-matters", "TLS = 1", NULL, "unknown key 'TLS'" },
    { "twice", "tls = 0\n\ntls = 1\n", NULL, ":3: 'tls' is set in line 1 already" },
    { "string-for-number", "max_clients = \"7\"", NULL,
      ":1: 'max_clients' must be a number from 1 to 9223372036854775807" },
    { "list-for-number", "interval = [ 'a' ]", NULL, "'interval' must be a number from -1 to 100" },
    { "number-for-string", "user = 7", NULL, "'user' must be a string in quotes" },
    { "list-for-string", "user = [ \"a\" ]", NULL, "'user' must be a string in quotes" },
    { "number-for-list", "users = 7", NULL, "'users' must be a list of strings" },
    { "string-for-flag", "tls = \"yes\"", NULL, "'tls' must be 0 or 1" },
    { "number-for-flag", "tls = 2", NULL, "'tls' must be 0 or 1" },
    { "too-small", "max_clients = 0", NULL, "'max_clients' must be a number from 1" },
    { "too-great", "interval = 101", NULL, "'interval' must be a number" },
    { "overflow", "max_clients = 9223372036854775808", NULL, ":1: expecting a smaller number" },
    { "hexadecimal", "max_clients = 0x20", NULL, ":1: expecting the end of the line" },
    { "fraction", "max_clients = 1.5", NULL, ":1: expecting the end of the line" },
    { "only-a-sign", "interval = -", NULL, ":1: expecting a number" },
    { "no-name", "= 1", NULL, ":1: expecting a name" },
    { "section", "[section]\ntls = 1", NULL, ":1: expecting a name" },
    { "no-equals", "tls 1", NULL, ":1: expecting '='" },
    { "no-value", "tls =\n1", NULL, ":1: expecting a value" },
    { "no-value-at-the-end", "tls = ", NULL, ":1: expecting a value" },
    { "no-quotes", "user = root", NULL, ":1: expecting a value" },
    { "two-in-a-line", "tls = 1 audit = 1", NULL, ":1: expecting the end of the line" },
    { "open-string", "\nuser = \"a\n\"", NULL, ":2: expecting the end of the string" },
    { "open-single", "user = 'a\"", NULL, ":1: expecting the end of the string" },
    { "open-three", "user = \"\"\"a\n\"\"", NULL, ":1: expecting the end of the string" },
    { "open-list", "users = [ \"a\",\n", NULL, ":2: expecting a string or ']'" },
    { "list-without-comma", "users = [ \"a\"\n\"b\" ]", NULL, ":2: expecting ',' or ']'" },
    { "list-of-numbers", "users = [ 1 ]", NULL, ":1: expecting a string or ']'" },
    { "list-in-a-list", "users = [ [ \"a\" ] ]", NULL, ":1: expecting a string or ']'" },
    { "list-with-two-commas", "users = [ \"a\",, ]", NULL, ":1: expecting a string or ']'" },
    { "list-names-its-first-line", "\nuser = [ \"a\",\n \"b\" ]", NULL, ":2: 'user' must be" },
};

static char *write_file(const char *dir, const char *text)
{
    char *path = g_strconcat(dir, "/test.conf", NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static void test_case(gconstpointer data)
{
    const __typeof__(cases[0]) *test = data;
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree char *path = write_file(dir, test->text), *printed = NULL;
    g_autofree Fixture *fixture = fixture_new();
    g_autoptr(GError) error = NULL;
    bool loaded = config_load(fixture->tables, path, &error);

    printed = print(fixture);
    if (test->settings) {
        g_assert_no_error(error);
        g_assert_true(loaded);
        g_assert_cmpstr(printed, ==, test->settings);
        return;
    }
    g_assert_false(loaded);
    g_assert_error(error, ERR_DOMAIN, ERR_CONF_SYNTAX);
    g_assert_true(g_str_has_prefix(error->message, path));
    g_assert_nonnull(strstr(error->message, test->refusal));
    g_assert_cmpstr(printed, ==, "- - 0 0 0 0 - - 0");
}

static void test_no_file(void)
{
    g_autofree Fixture *fixture = fixture_new();
    g_autofree char *printed = NULL;

    g_assert_true(config_load(fixture->tables, "/nonexistent/test.conf", NULL));
    printed = print(fixture);
    g_assert_cmpstr(printed, ==, INITIAL);
}

static void test_directory(void)
{
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree Fixture *fixture = fixture_new();
    g_autoptr(GError) error = NULL;

    g_assert_false(config_load(fixture->tables, dir, &error));
    g_assert_cmpint(error_code(error), ==, ERR_SYSTEM);
}

/* A second load starts from the initial values again; a refused one changes nothing. */
static void test_again(void)
{
    static const char first[] = "user = 'a'\nusers = [ 'b' ]\nmax_workers = 2\n";
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree Fixture *fixture = fixture_new();
    g_autofree char *path = write_file(dir, first), *kept = NULL, *anew = NULL;

    g_assert_true(config_load(fixture->tables, path, NULL));
    g_free(write_file(dir, "user = 'c'\nmax_workers = 3\nx = 1\n"));
    g_assert_false(config_load(fixture->tables, path, NULL));
    kept = print(fixture);
    g_assert_cmpstr(kept, ==, ":: a 5 5000 1 0 a+b b 2");
    g_free(write_file(dir, "users = [ 'c', 'd' ]\n"));
    g_assert_true(config_load(fixture->tables, path, NULL));
    anew = print(fixture);
    g_assert_cmpstr(anew, ==, ":: - 5 5000 1 0 a+b c+d 4");
}

/* Who read a setting before the file was loaded again still holds what it was. */
static void test_kept(void)
{
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree Fixture *fixture = fixture_new();
    g_autofree char *path = write_file(dir, "user = 'a'\nusers = [ 'b', 'c' ]");
    char *user, **users;

    g_assert_true(config_load(fixture->tables, path, NULL));
    user = fixture->settings.user;
    users = fixture->settings.users;
    g_assert_true(config_load(fixture->tables, "/nonexistent/test.conf", NULL));
    g_assert_cmpstr(user, ==, "a");
    g_assert_cmpstr(users[1], ==, "c");
    g_assert_true(config_load(fixture->tables, path, NULL));
    g_assert_true(fixture->settings.user == user);
    g_assert_true(fixture->settings.users == users);
}

static void test_no_keys(void)
{
    static const ConfigKey none[] = { {} };
    const ConfigTable tables[] = { { none, NULL }, {} };
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree char *path = write_file(dir, "user = 'a'"), *example = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(config_load(tables, path, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_CONF_SYNTAX);
    example = config_print_example(tables);
    g_assert_cmpstr(example, ==, "");
}

/* ---- the example ---- */

static const char example_begins[] =
    "# The address. Takes a string in quotes.\n"
    "#listen_addr = \"::\"\n"
    "\n"
    "# Who. Takes a string in quotes.\n"
    "#user = \"\"\n"
    "\n"
    "# Seconds of silence after which somebody asks whether the other side is still\n"
    "# there; -1 means that nobody ever asks. Takes a number from -1 to 100.\n"
    "#interval = 5\n"
    "\n";

static void test_example(void)
{
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree Fixture *fixture = fixture_new();
    g_autofree char *example = config_print_example(fixture->tables);
    g_autofree char *path = write_file(dir, example), *as_is = NULL;
    g_autoptr(GString) uncommented = g_string_new(example);
    g_autofree char *printed = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(g_str_has_prefix(example, example_begins));
    g_assert_true(g_str_has_suffix(example, "Takes a number from 0 to 10.\n#max_workers = 4\n"));
    g_assert_true(config_load(fixture->tables, path, NULL));
    as_is = print(fixture);
    g_assert_cmpstr(as_is, ==, INITIAL);

    for (const ConfigTable *table = fixture->tables; table->keys; table++) {
        for (const ConfigKey *key = table->keys; key->name; key++) {
            g_autofree char *off = g_strdup_printf("\n#%s =", key->name);
            g_autofree char *on = g_strdup_printf("\n%s =", key->name);

            g_assert_cmpuint(g_string_replace(uncommented, off, on, 0), ==, 1);
        }
    }
    g_free(write_file(dir, uncommented->str));
    config_load(fixture->tables, path, &error);
    g_assert_no_error(error);
    printed = print(fixture);
    g_assert_cmpstr(printed, ==, ":: - 5 5000 1 0 a+b  4"); /* the list is set now, and empty */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("config", cases, test_case);
    g_test_add_func("/config/no-file", test_no_file);
    g_test_add_func("/config/directory", test_directory);
    g_test_add_func("/config/again", test_again);
    g_test_add_func("/config/kept", test_kept);
    g_test_add_func("/config/no-keys", test_no_keys);
    g_test_add_func("/config/example", test_example);
    return g_test_run();
}
