/* test-files.c - the process of a run is found, whatever it is doing */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "guest/files.h"
#include "guest/hypervisor.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

const Hypervisor hypervisor = {};

/* As a process that was forked by a daemon which has been killed since, and had to wait for a
 * processor: it notes its pid, enters the directory, and becomes the guest's. */
static pid_t be_slow(const char *directory, int pid_file)
{
    pid_t pid = fork();

    if (pid > 0)
        return pid;
    (void) alarm(60); /* for a test that fails */
    (void) !dprintf(pid_file, "%d\n", getpid());
    g_usleep(100000);
    (void) !chdir(directory);
    close(pid_file);
    for (;;)
        pause();
}

static void becomes(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autoptr(GError) error = NULL;
    int pid_file = files_open_pid(directory, &error), process;
    pid_t child = be_slow(directory, pid_file), pid = 0;

    g_assert_no_error(error);
    close(pid_file);
    process = files_process(directory, 0, &pid);
    g_assert_cmpint(pid, ==, child);
    g_assert_cmpint(process, >=, 0);
    close(process);

    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    g_assert_cmpint(files_process(directory, 0, &pid), ==, -1);
}

/* One that ends before it has noted anything lets go, too. */
static void ends(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    int pid_file = files_open_pid(directory, NULL);
    pid_t child = fork(), pid = 0;

    if (child == 0)
        _exit(0);
    close(pid_file);
    waitpid(child, NULL, 0);
    g_assert_cmpint(files_process(directory, 0, &pid), ==, -1);
    g_assert_cmpint(files_open_pid(directory, NULL), ==, -1); /* there is one */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/files/becomes", becomes);
    g_test_add_func("/files/ends", ends);
    return g_test_run();
}
