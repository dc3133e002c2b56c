/* fake.h - for tests that need a QEMU: the fake one of tests/fake, and a loop beside the test */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "loop/loop.h"

#include <unistd.h>

/* The path of a fake QEMU of its own in the directory, with a script of faults (NULL: none). */
static inline char *fake_qemu(const char *directory, const char *script)
{
    static int count;
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *unit = g_path_get_dirname(self);
    g_autofree char *program = g_build_filename(unit, "../fake/fake-qemu", NULL);
    g_autofree char *name = g_strdup_printf("qemu-%d", ++count);
    char *binary = g_build_filename(directory, name, NULL);
    g_autofree char *path = g_strconcat(binary, ".script", NULL);

    g_assert_cmpint(symlink(program, binary), ==, 0);
    if (script)
        g_assert_true(g_file_set_contents(path, script, -1, NULL));
    return binary;
}

static GThread *fake_loop;

static inline void *fake_loop_run(void *)
{
    loop_run();
    return NULL;
}

static inline void fake_loop_begin(void) { fake_loop = g_thread_new("loop", fake_loop_run, NULL); }

static inline void fake_loop_quit(void *) { loop_quit(); }

/* Gives the result of the tests back. The loop is told from inside: it may not have begun yet. */
static inline int fake_loop_end(int result)
{
    loop_hop(fake_loop_quit, NULL);
    g_thread_join(fake_loop);
    return result;
}
