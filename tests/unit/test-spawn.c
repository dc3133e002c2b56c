/* test-spawn.c - a child gets what it is given and nothing else; its end and its failures are told
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "loop/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PATIENCE = 20000, LIMIT = 1 << 20 };

static Spawn shell(const char *const *argv) { return (Spawn){ .argv = argv, .in = -1 }; }

#define SHELL(script) shell((const char *const[]){ "/bin/sh", "-c", script, NULL })

static char *output_of(const Spawn *what)
{
    g_autoptr(GError) error = NULL;
    char *out = spawn_and_read(what, PATIENCE, LIMIT, &error);

    g_assert_no_error(error);
    return g_strchomp(out);
}

/* ---- what the child has ---- */

static const struct Given {
    const char *name, *script, *want;
} given[] = {
    { "output", "echo out; echo err >&2", "out" },
    { "empty-input", "cat", "" },
    { "input-is-null", "readlink /proc/self/fd/0", "/dev/null" },
    { "environment", "env | sed '/^PWD=/d;/^_=/d;/^SHLVL=/d' | sort | cut -d= -f1 | tr '\\n' ' '",
      "LC_ALL PATH" },
    { "directory", "pwd", "/" },
    { "umask", "umask", "0077" },
    { "own-session",
      "read -r _ _ _ _ group session _ </proc/self/stat; "
      "[ $$ = $session ] && [ $$ = $group ] && echo own",
      "own" },
    { "no-signal-blocked", "grep SigBlk /proc/self/status | cut -f2", "0000000000000000" },
    { "no-signal-ignored", "grep SigIgn /proc/self/status | cut -f2", "0000000000000000" },
};

static void test_given(const void *data)
{
    const struct Given *row = data;
    const Spawn what = SHELL(row->script);
    g_autofree char *out = output_of(&what);

    g_assert_cmpstr(g_strchomp(out), ==, row->want);
}

static void test_settings(void)
{
    static const char *const environment[] = { "A=b", "C=d e", NULL };
    Spawn what = SHELL("echo \"$A $C $PATH\"; pwd; umask");
    g_autofree char *out = NULL;

    what.environment = environment;
    what.directory = "/proc";
    what.umask = 022;
    out = output_of(&what);
    g_assert_true(g_str_has_prefix(out, "b d e "));
    g_assert_true(g_str_has_suffix(out, "\n/proc\n0022"));
}

/* All that is open here, whether it ends at exec or not, stays behind, but for what is kept. */
static void test_descriptors(void)
{
    g_auto(Fd) kept = memfd_create("kept", MFD_CLOEXEC), other = memfd_create("other", 0);
    const char *const argv[] = { "/bin/ls", "/proc/self/fd", NULL };
    Spawn what = shell(argv);
    /* 3 is the directory that ls reads */
    g_autofree char *out = NULL;
    g_auto(Fd) high = fcntl(kept, F_DUPFD_CLOEXEC, 100);

    g_assert_cmpint(high, ==, 100);
    what.keep = &high;
    what.kept = 1;
    out = output_of(&what);
    g_assert_cmpstr(out, ==, "0\n1\n100\n2\n3");
    g_assert_cmpint(fcntl(other, F_GETFD), ==, 0);
}

static void *start_sleeper(void *pidfd)
{
    Spawn what = SHELL("exec sleep 1000");

    what.ends_with_us = true;
    g_assert_cmpint(spawn(&what, pidfd, NULL), >, 0);
    return NULL;
}

static void test_ends_with_us(void)
{
    g_auto(Fd) pidfd = -1;

    g_thread_join(g_thread_new("starter", start_sleeper, &pidfd));
    g_assert_true(process_wait(pidfd, 10000));
    g_assert_cmpint(waitid(P_PIDFD, pidfd, NULL, WEXITED), ==, 0);
}

/* The child's 0, 1 and 2 may be any of ours, in any order. */
static void test_streams(void)
{
    g_auto(Fd) in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);
    Spawn what = SHELL("cat; echo err >&2");
    char text[16] = "";
    int status;
    pid_t pid;

    g_assert_cmpint(pwrite(in, "text ", 5, 0), ==, 5);
    what.in = in;
    what.out = what.err = out;
    pid = spawn(&what, NULL, NULL);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    g_assert_cmpint(pread(out, text, sizeof(text) - 1, 0), ==, 9);
    g_assert_cmpstr(text, ==, "text err\n");
}

static void test_user(void)
{
    static const gid_t groups[] = { 65533, 65532 };
    Spawn what = SHELL("id -u; id -g; id -G; grep CapEff /proc/self/status | cut -f2");
    g_autofree char *out = NULL;

    if (geteuid() != 0) {
        g_test_skip("only root can become another user");
        return;
    }
    what.as_user = true;
    what.uid = what.gid = 65534;
    what.groups = groups;
    what.group_count = G_N_ELEMENTS(groups);
    out = output_of(&what);
    g_assert_true(g_str_has_prefix(out, "65534\n65534\n65534 "));
    g_assert_nonnull(strstr(out, "65533"));
    g_assert_true(g_str_has_suffix(out, "\n0000000000000000"));
}

static void test_pid_file(void)
{
    g_auto(Fd) file = memfd_create("pid", MFD_CLOEXEC);
    Spawn what = SHELL("exit 0");
    char text[16] = "";
    pid_t pid;

    what.pid_file = file;
    pid = spawn(&what, NULL, NULL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    g_assert_cmpint(pread(file, text, sizeof(text) - 1, 0), >, 0);
    g_assert_cmpint(atoi(text), ==, pid);
}

/* ---- how it ends ---- */

static const struct Failure {
    const char *name, *script;
    unsigned milliseconds;
    int code;
    const char *why;
} failures[] = {
    { "status", "echo 'no such disk' >&2; exit 3", PATIENCE, ERR_OPERATION_FAILED,
      "*status 3: no such disk" },
    { "signal", "kill -9 $$", PATIENCE, ERR_OPERATION_FAILED, "*status -9: *" },
    { "too-long", "exec sleep 1000", 1, ERR_OPERATION_TIMEOUT, "*did not end in time*" },
    { "too-much", "exec head -c 2000000 /dev/zero", PATIENCE, ERR_OPERATION_TIMEOUT,
      "*said too much" },
};

static void test_failure(const void *data)
{
    const struct Failure *row = data;
    const Spawn what = SHELL(row->script);
    g_autoptr(GError) error = NULL;

    g_assert_null(spawn_and_read(&what, row->milliseconds, LIMIT, &error));
    g_assert_error(error, ERR_DOMAIN, row->code);
    if (!g_pattern_match_simple(row->why, error->message))
        g_assert_cmpstr(error->message, ==, row->why);
}

static const struct Refusal {
    const char *name, *program, *directory, *why;
} refusals[] = {
    { "no-program", "/nowhere/program", NULL,
      "cannot start '/nowhere/program': cannot execute the program: No such file or directory" },
    { "no-executable", "/proc/version", NULL, "*cannot execute the program: Permission denied" },
    { "no-directory", "/bin/true", "/nowhere", "*cannot enter its directory: No such file*" },
};

static void test_refusal(const void *data)
{
    const struct Refusal *row = data;
    const char *const argv[] = { row->program, NULL };
    Spawn what = shell(argv);
    g_autoptr(GError) error = NULL;
    int pidfd = -1;

    what.directory = row->directory;
    g_assert_cmpint(spawn(&what, &pidfd, &error), ==, -1);
    g_assert_cmpint(error_code(error), ==, ERR_SYSTEM);
    g_assert_cmpint(pidfd, ==, -1);
    if (!g_pattern_match_simple(row->why, error->message))
        g_assert_cmpstr(error->message, ==, row->why);
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1); /* nothing is left to wait for */
}

static void test_large_output(void)
{
    const Spawn what = SHELL("head -c 1000000 /dev/zero | tr '\\0' x; "
                             "head -c 1000000 /dev/zero | tr '\\0' y >&2");
    g_autofree char *out = output_of(&what);

    g_assert_cmpuint(strlen(out), ==, 1000000);
}

/* ---- pidfds ---- */

static void test_exit_is_an_event(void)
{
    const Spawn what = SHELL("exec sleep 1000");
    g_auto(Fd) pidfd = -1;
    pid_t pid = spawn(&what, &pidfd, NULL);

    g_assert_cmpint(pid, >, 0);
    g_assert_false(process_wait(pidfd, 0));
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    g_assert_true(process_wait(pidfd, PATIENCE));
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

static void test_found_again(void)
{
    const Spawn what = SHELL("exec sleep 1000");
    pid_t pid = spawn(&what, NULL, NULL);
    unsigned long long start = process_start(pid);
    g_auto(Fd) any = process_open(pid, 0), same = process_open(pid, start);

    g_assert_cmpuint(start, >, 0);
    g_assert_cmpint(any, >=, 0);
    g_assert_cmpint(same, >=, 0);
    g_assert_cmpint(process_open(pid, start + 1), ==, -1);
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    g_assert_true(process_wait(same, 0));
    g_assert_cmpint(process_open(pid, start), ==, -1);
    g_assert_cmpuint(process_start(pid), ==, 0);
}

/* A program may have any name, also one that looks like the members behind it. */
static void test_program_with_blanks(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *program = g_build_filename(directory, "a) R 1 2", NULL);
    const char *const argv[] = { program, "1000", NULL };
    const Spawn what = { .argv = argv, .in = -1, .out = -1, .err = -1 };
    pid_t pid;

    g_assert_cmpint(symlink("/bin/sleep", program), ==, 0);
    pid = spawn(&what, NULL, NULL);
    g_assert_cmpint(pid, >, 0);
    g_assert_cmpuint(process_start(pid), >=, process_start(getpid()));
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    (void) signal(SIGPIPE, SIG_IGN); /* the children must not inherit it */
    ADD_CASES("spawn/given", given, test_given);
    g_test_add_func("/spawn/settings", test_settings);
    g_test_add_func("/spawn/descriptors", test_descriptors);
    g_test_add_func("/spawn/streams", test_streams);
    g_test_add_func("/spawn/user", test_user);
    g_test_add_func("/spawn/pid-file", test_pid_file);
    ADD_CASES("spawn/failure", failures, test_failure);
    ADD_CASES("spawn/refusal", refusals, test_refusal);
    g_test_add_func("/spawn/ends-with-us", test_ends_with_us);
    g_test_add_func("/spawn/large-output", test_large_output);
    g_test_add_func("/spawn/exit-is-an-event", test_exit_is_an_event);
    g_test_add_func("/spawn/found-again", test_found_again);
    g_test_add_func("/spawn/program-with-blanks", test_program_with_blanks);
    return g_test_run();
}
