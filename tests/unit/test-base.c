/* test-base.c - errors carry their code, scopes end what they began, slots find their member */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/slot.h"

#include <errno.h>
#include <fcntl.h>

/* ---- error ---- */

static void test_fail(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(fail(&error, ERR_NO_DOMAIN, "no domain named '%s'", "a"));
    g_assert_error(error, ERR_DOMAIN, ERR_NO_DOMAIN);
    g_assert_cmpstr(error->message, ==, "no domain named 'a'");
    g_assert_cmpint(error_code(error), ==, ERR_NO_DOMAIN);
    g_assert_cmpint(error_errno(error), ==, -1);
}

static void test_fail_errno(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *want = g_strdup_printf("cannot open 'a': %s", g_strerror(ENOENT));

    g_assert_null(fail_errno(&error, ENOENT, "cannot open '%s'", "a"));
    g_assert_cmpstr(error->message, ==, want);
    g_assert_cmpint(error_code(error), ==, ERR_SYSTEM);
    g_assert_cmpint(error_errno(error), ==, ENOENT);
}

static void test_nobody_asks(void)
{
    g_assert_null(fail(NULL, ERR_INTERNAL, "nobody reads this"));
    g_assert_null(fail_errno(NULL, EIO, "nobody reads this"));
}

static void test_errors_of_libraries(void)
{
    g_autoptr(GError) error = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "of GLib");

    g_assert_cmpint(error_code(error), ==, ERR_INTERNAL);
    g_assert_cmpint(error_errno(error), ==, -1);
}

static const struct {
    const char *name;
    ErrorCode code;
    const char *title;
} titles[] = {
    { "first", ERR_INTERNAL, "internal error" },
    { "configuration", ERR_CONF_SYNTAX, "configuration file syntax error" },
    { "no-domain", ERR_NO_DOMAIN, "Domain not found" },
    { "last", ERR_DEVICE_MISSING, "device not found" },
    { "zero", 0, NULL },
    { "without", ERR_SYSTEM, NULL },
    { "gap", 2, NULL },
    { "beyond", ERR_DEVICE_MISSING + 1, NULL },
    { "far-beyond", 1 << 30, NULL },
    { "negative", -1, NULL },
};

static void test_title(gconstpointer data)
{
    const __typeof__(titles[0]) *test = data;

    g_assert_cmpstr(error_title(test->code), ==, test->title);
}

/* ---- cleanup ---- */

static bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

static void test_descriptor_ends_with_its_scope(void)
{
    int closed, kept;

    {
        g_auto(Fd) fd = open("/dev/null", O_RDONLY), other = open("/dev/null", O_RDONLY);
        g_auto(Fd) none = -1;

        g_assert_cmpint(none, ==, -1);
        g_assert_true(is_open(fd));
        closed = fd;
        kept = g_steal_fd(&other);
    }
    g_assert_false(is_open(closed));
    g_assert_true(is_open(kept));
    close(kept);
}

static void test_lock_ends_with_its_scope(void)
{
    GMutex lock;

    g_mutex_init(&lock);
    {
        LOCKED(&lock);
        g_assert_false(g_mutex_trylock(&lock));
    }
    g_assert_true(g_mutex_trylock(&lock));
    g_mutex_unlock(&lock);
    g_mutex_clear(&lock);
}

/* ---- slot ---- */

static void test_slot(void)
{
    typedef enum Colour { RED = 1 } Colour;
    struct Thing {
        char *name;
        Colour colour;
    } thing = { "a", RED };

    g_assert_cmpstr(*(char **) slot_at(&thing, SLOT(struct Thing, name, char *)), ==, "a");
    g_assert_cmpint(*(int *) slot_at(&thing, SLOT_ENUM(struct Thing, colour)), ==, RED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/fail", test_fail);
    g_test_add_func("/error/fail-errno", test_fail_errno);
    g_test_add_func("/error/nobody-asks", test_nobody_asks);
    g_test_add_func("/error/of-libraries", test_errors_of_libraries);
    ADD_CASES("error/title", titles, test_title);
    g_test_add_func("/cleanup/descriptor", test_descriptor_ends_with_its_scope);
    g_test_add_func("/cleanup/lock", test_lock_ends_with_its_scope);
    g_test_add_func("/slot", test_slot);
    return g_test_run();
}
