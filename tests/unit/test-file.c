/* test-file.c - files appear whole or not at all, and a failure leaves nothing behind */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { NOBODY = 65534 };

static void write_file(const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_file_set_contents(path, text, -1, &error);
    g_assert_no_error(error);
}

static void assert_content(const char *path, const char *want)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = file_read(path, 1 << 20, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, want);
}

static mode_t mode_of(const char *path)
{
    struct stat info;

    g_assert_cmpint(stat(path, &info), ==, 0);
    return info.st_mode & 07777;
}

/* ---- what can go wrong when a file is written ---- */

static void no_directory(const char *dir) { (void) rmdir(dir); }

static void directory_in_the_way(const char *dir)
{
    g_autofree char *path = g_strconcat(dir, "/file", NULL);
    g_autofree char *inside = g_strconcat(path, "/inside", NULL);

    g_assert_cmpint(mkdir(path, 0700), ==, 0);
    g_assert_cmpint(mkdir(inside, 0700), ==, 0);
}

static void directory_beside(const char *dir)
{
    g_autofree char *path = g_strconcat(dir, "/file.new", NULL);

    g_assert_cmpint(mkdir(path, 0700), ==, 0);
}

static void read_only(const char *dir)
{
    g_assert_cmpint(chmod(dir, 0555), ==, 0);
    setfsuid(NOBODY);
}

static void full_disk(const char *)
{
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 10, RLIM_INFINITY });
}

static const struct {
    const char *name;
    void (*prepare)(const char *dir);
    int problem; /* errno of a save; 0: it succeeds */
    int link_problem;
} saves[] = {
    { "plain", NULL, 0, 0 },
    { "no-directory", no_directory, ENOENT, ENOENT },
    { "directory-in-the-way", directory_in_the_way, EISDIR, EISDIR },
    { "directory-beside", directory_beside, EEXIST, EEXIST },
    { "read-only", read_only, EACCES, EACCES },
    { "full-disk", full_disk, EFBIG, 0 },
};

typedef bool Save(const char *path, const char *text, GError **error);

static void try_save(const __typeof__(saves[0]) *test, Save *save, int problem, bool exists)
{
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree char *path = g_strconcat(dir, "/file", NULL);
    g_autofree char *before = NULL, *after = NULL;
    g_autoptr(GError) error = NULL;

    if (exists)
        write_file(path, "old");
    if (test->prepare)
        test->prepare(dir);
    before = g_file_test(dir, G_FILE_TEST_IS_DIR) ? scratch_list(dir) : NULL;
    g_assert_cmpint(save(path, "longer than ten bytes", &error), ==, problem == 0);
    setfsuid(geteuid());
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });

    after = g_file_test(dir, G_FILE_TEST_IS_DIR) ? scratch_list(dir) : NULL;
    g_assert_cmpint(error ? error_errno(error) : 0, ==, problem);
    g_assert_cmpstr(after, ==, problem ? before : "file");
    if (problem && exists)
        assert_content(path, "old");
}

static void test_save(gconstpointer data)
{
    const __typeof__(saves[0]) *test = data;
    bool may_exist = test->prepare != no_directory && test->prepare != directory_in_the_way;

    for (int exists = 0; exists <= may_exist; exists++) {
        try_save(test, file_save, test->problem, exists);
        try_save(test, file_save_volatile, test->problem, exists);
    }
}

static bool save_link(const char *path, const char *target, GError **error)
{
    return file_link(path, target, error);
}

static void test_link(gconstpointer data)
{
    const __typeof__(saves[0]) *test = data;

    try_save(test, save_link, test->link_problem, false);
}

static void test_save_replaces(void)
{
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree char *path = g_strconcat(dir, "/file", NULL);
    g_autofree char *beside = g_strconcat(path, ".new", NULL);
    g_autofree char *names = NULL;

    write_file(beside, "what a crash left, longer than what comes");
    g_assert_true(file_save(path, "one", NULL));
    assert_content(path, "one");
    g_assert_cmpint(mode_of(path), ==, 0600);
    g_assert_true(file_save(path, "", NULL));
    assert_content(path, "");
    names = scratch_list(dir);
    g_assert_cmpstr(names, ==, "file");
}

static void test_link_replaces(void)
{
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree char *path = g_strconcat(dir, "/link", NULL);
    g_autofree char *target = NULL, *names = NULL;

    g_assert_true(file_link(path, "one", NULL));
    g_assert_true(file_link(path, "two", NULL));
    target = g_file_read_link(path, NULL);
    g_assert_cmpstr(target, ==, "two");
    names = scratch_list(dir);
    g_assert_cmpstr(names, ==, "link");
}

/* ---- read ---- */

static void make_file(const char *path) { write_file(path, "0123456789"); }

static void make_directory(const char *path) { g_assert_cmpint(mkdir(path, 0700), ==, 0); }

static void make_fifo(const char *path) { g_assert_cmpint(mkfifo(path, 0600), ==, 0); }

static void make_loop(const char *path) { g_assert_cmpint(symlink("file", path), ==, 0); }

static void make_unreadable(const char *path)
{
    write_file(path, "secret");
    g_assert_cmpint(chmod(path, 0), ==, 0);
    setfsuid(NOBODY);
}

static const struct {
    const char *name;
    void (*make)(const char *path);
    size_t limit;
    const char *text; /* NULL: refused */
    int problem;      /* its errno; -1: it has none */
} reads[] = {
    { "plain", make_file, 100, "0123456789" },
    { "just-the-limit", make_file, 10, "0123456789" },
    { "past-the-limit", make_file, 9, NULL, -1 },
    { "limit-0", make_file, 0, NULL, -1 },
    { "not-there", NULL, 100, NULL, ENOENT },
    { "directory", make_directory, 100, NULL, EISDIR },
    { "fifo-without-a-writer", make_fifo, 100, "" },
    { "link-to-itself", make_loop, 100, NULL, ELOOP },
    { "unreadable", make_unreadable, 100, NULL, EACCES },
};

static void test_read(gconstpointer data)
{
    const __typeof__(reads[0]) *test = data;
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree char *path = g_strconcat(dir, "/file", NULL), *text = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(chmod(dir, 0755), ==, 0);
    if (test->make)
        test->make(path);
    text = file_read(path, test->limit, &error);
    setfsuid(geteuid());

    g_assert_cmpstr(text, ==, test->text);
    if (test->text) {
        g_assert_no_error(error);
        return;
    }
    g_assert_cmpint(error_errno(error), ==, test->problem);
    g_assert_nonnull(strstr(error->message, path));
}

static void test_read_large(void)
{
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree char *path = g_strconcat(dir, "/file", NULL);
    g_autofree char *text = g_strnfill(1 << 20, 'x');

    g_assert_true(file_save(path, text, NULL));
    assert_content(path, text);
}

/* /proc tells no size beforehand. */
static void test_read_proc(void)
{
    g_autofree char *text = file_read("/proc/self/status", 1 << 20, NULL);

    g_assert_nonnull(text);
    g_assert_true(g_str_has_prefix(text, "Name:"));
}

/* ---- remove, directories ---- */

static void test_remove(void)
{
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree char *path = g_strconcat(dir, "/file", NULL);
    g_autofree char *nowhere = g_strconcat(dir, "/no/file", NULL);
    g_autoptr(GError) error = NULL;

    write_file(path, "");
    g_assert_true(file_remove(path, NULL));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_true(file_remove(path, NULL));
    g_assert_true(file_remove(nowhere, NULL));
    write_file(path, "");
    g_assert_true(file_remove_volatile(path, NULL));
    g_assert_true(file_remove_volatile(path, NULL));
    g_assert_false(file_remove(dir, &error));
    g_assert_cmpint(error_errno(error), ==, EISDIR);
}

static void test_directories(void)
{
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree char *above = g_strconcat(dir, "/a", NULL);
    g_autofree char *path = g_strconcat(above, "/b", NULL);
    g_autofree char *below = g_strconcat(path, "/c", NULL);
    g_autoptr(GError) error = NULL;

    umask(022);
    g_assert_true(file_make_directory(path, 0700, NULL));
    g_assert_cmpint(mode_of(above), ==, 0755);
    g_assert_cmpint(mode_of(path), ==, 0700);
    g_assert_true(file_make_directory(path, 0711, NULL));
    g_assert_cmpint(mode_of(path), ==, 0700);

    write_file(below, "");
    g_assert_false(file_make_directory(below, 0700, &error));
    g_assert_cmpint(error_errno(error), ==, EEXIST);
    g_clear_error(&error);
    g_free(g_steal_pointer(&path));
    path = g_strconcat(below, "/d", NULL);
    g_assert_false(file_make_directory(path, 0700, &error));
    g_assert_nonnull(error);
}

/* ---- lock ---- */

static void assert_locked_for_others(const char *path)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        g_autoptr(GError) error = NULL;

        _exit(file_lock(path, &error) < 0 &&
                      g_error_matches(error, ERR_DOMAIN, ERR_OPERATION_FAILED)
                  ? 0
                  : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

static void test_lock(void)
{
    g_autoptr(Scratch) dir = scratch_new();
    g_autofree char *path = g_strconcat(dir, "/pid", NULL);
    g_autofree char *pid = g_strdup_printf("%d\n", getpid());
    g_autoptr(GError) error = NULL;
    int fd;

    write_file(path, "a longer text than a pid, of somebody who is no more");
    fd = file_lock(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    assert_locked_for_others(path);
    assert_content(path, pid);
    close(fd);
    fd = file_lock(path, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
}

static void test_lock_nowhere(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(file_lock("/nonexistent/pid", &error), ==, -1);
    g_assert_cmpint(error_errno(error), ==, ENOENT);
}

/* ---- many writes ---- */

static void *read_slowly(void *data)
{
    GString *got = g_string_new(NULL);
    char block[1000];
    ssize_t size;

    while ((size = read(GPOINTER_TO_INT(data), block, sizeof(block))) > 0)
        g_string_append_len(got, block, size);
    return got;
}

/* A pipe takes less at once than the text is long. */
static void test_write_all(void)
{
    g_autofree char *text = g_strnfill(300000, 'x');
    g_autoptr(GString) got = NULL;
    GThread *reader;
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    reader = g_thread_new("reader", read_slowly, GINT_TO_POINTER(fds[0]));
    g_assert_true(file_write_all(fds[1], text, strlen(text)));
    close(fds[1]);
    got = g_thread_join(reader);
    close(fds[0]);
    g_assert_cmpstr(got->str, ==, text);
}

static void test_write_nothing(void)
{
    g_auto(Fd) fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    g_assert_true(file_write_all(fd, "", 0));
    g_assert_false(file_write_all(fd, "x", 1));
    g_assert_cmpint(errno, ==, ENOSPC);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("file/save", saves, test_save);
    ADD_CASES("file/link", saves, test_link);
    ADD_CASES("file/read", reads, test_read);
    g_test_add_func("/file/save/replaces", test_save_replaces);
    g_test_add_func("/file/link/replaces", test_link_replaces);
    g_test_add_func("/file/read/large", test_read_large);
    g_test_add_func("/file/read/proc", test_read_proc);
    g_test_add_func("/file/remove", test_remove);
    g_test_add_func("/file/directories", test_directories);
    g_test_add_func("/file/lock", test_lock);
    g_test_add_func("/file/lock/nowhere", test_lock_nowhere);
    g_test_add_func("/file/write-all", test_write_all);
    g_test_add_func("/file/write-nothing", test_write_nothing);
    return g_test_run();
}
