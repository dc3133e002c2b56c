/* fuzz-main.c - runs a fuzz target over files, where the fuzzer itself is not linked in */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void run_file(gconstpointer path)
{
    g_autofree char *data = NULL;
    gsize size;

    g_assert_true(g_file_get_contents(path, &data, &size, NULL));
    g_assert_cmpint(LLVMFuzzerTestOneInput((const uint8_t *) data, size), ==, 0);
}

static void add_directory(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;

    g_assert_nonnull(directory);
    while ((name = g_dir_read_name(directory))) {
        g_autofree char *test = g_strconcat("/corpus/", name, NULL);

        g_test_add_data_func_full(test, g_build_filename(path, name, NULL), run_file, g_free);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    (void) LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++)
        add_directory(argv[i]);
    return g_test_run();
}
