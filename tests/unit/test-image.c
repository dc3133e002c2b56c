/* test-image.c - which files a disk's image stands on, and which are refused */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-file.h"
#include "unit.h"

#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static char *at(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static void make(const char *directory, const char *name, const Qcow2 *what)
{
    g_autofree char *path = at(directory, name);

    make_qcow2(path, what);
}

static void make_raw(const char *directory, const char *name, size_t size)
{
    g_autofree char *path = at(directory, name), *bytes = g_malloc0(size);

    g_assert_true(g_file_set_contents(path, bytes, size, NULL));
}

static Image *open_in(const char *directory, const char *name, const char *format, bool writable,
                      const BackingStore *below, GError **error)
{
    g_autofree char *path = at(directory, name);

    return image_open(path, format, writable, below, error);
}

/* "name format capacity, ..." of the layers, the guest's own first; "w" for one that is written. */
static char *describe(const Image *image)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < image->layers->len; i++) {
        const ImageLayer *layer = image->layers->pdata[i];
        g_autofree char *name = g_path_get_basename(layer->path);

        g_assert_cmpint(fcntl(layer->read, F_GETFL) & O_ACCMODE, ==, O_RDONLY);
        if (layer->write >= 0)
            g_assert_cmpint(fcntl(layer->write, F_GETFL) & O_ACCMODE, ==, O_RDWR);
        g_string_append_printf(text, "%s%s %s %" G_GUINT64_FORMAT "%s", i ? ", " : "", name,
                               layer->format, layer->capacity, layer->write >= 0 ? " w" : "");
    }
    return g_string_free(text, false);
}

/* ---- chains that are opened ---- */

static const struct {
    const char *name, *image, *format;
    bool writable;
    const char *layers;
} chains[] = {
    { "raw", "raw", "raw", true, "raw raw 4096 w" },
    { "format-not-said-is-raw", "base", NULL, true, "base raw 2048 w" },
    { "read-only", "base", "qcow2", false, "base qcow2 1048576" },
    { "alone", "base", "qcow2", true, "base qcow2 1048576 w" },
    { "relative", "top", "qcow2", true,
      "top qcow2 1048576 w, mid qcow2 1048576, base qcow2 1048576" },
    { "absolute", "abs", "qcow2", true, "abs qcow2 1048576 w, raw raw 4096" },
    { "file-protocol", "proto", "qcow2", true, "proto qcow2 1048576 w, raw raw 4096" },
    { "old-version", "old", "qcow2", true, "old qcow2 1048576 w, raw raw 4096" },
    { "other-format", "base", "vmdk", true, "base vmdk 0 w" },
};

static void make_chains(const char *directory)
{
    g_autofree char *raw = at(directory, "raw"), *protocol = g_strconcat("file:", raw, NULL);

    make_raw(directory, "raw", 4096);
    make(directory, "base", &(Qcow2){ 0 });
    make(directory, "mid", &(Qcow2){ .backing = "base", .backing_format = "qcow2" });
    make(directory, "top", &(Qcow2){ .backing = "mid", .backing_format = "qcow2" });
    make(directory, "abs", &(Qcow2){ .backing = raw, .backing_format = "raw" });
    make(directory, "proto", &(Qcow2){ .backing = protocol, .backing_format = "raw" });
    make(directory, "old", &(Qcow2){ .backing = raw, .backing_format = "raw", .version = 2 });
}

static void test_chain(const void *row)
{
    const __typeof__(chains[0]) *c = row;
    g_autoptr(Scratch) directory = scratch_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Image) image = NULL;
    g_autofree char *layers = NULL;

    make_chains(directory);
    image = open_in(directory, c->image, c->format, c->writable, NULL, &error);
    g_assert_no_error(error);
    layers = describe(image);
    g_assert_cmpstr(layers, ==, c->layers);
}

/* What the definition says goes before what the headers say. */
static void test_declared(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *base = at(directory, "base"), *layers = NULL, *alone = NULL;
    BackingStore end = {};
    BackingStore store = { .source = { .type = SOURCE_FILE, .path = base },
                           .format = FORMAT_QCOW2,
                           .backing = &end };
    g_autoptr(Image) image = NULL, single = NULL;

    make_chains(directory);
    image = open_in(directory, "top", "qcow2", true, &store, NULL);
    layers = describe(image);
    g_assert_cmpstr(layers, ==, "top qcow2 1048576 w, base qcow2 1048576");
    single = open_in(directory, "top", "qcow2", true, &end, NULL);
    alone = describe(single);
    g_assert_cmpstr(alone, ==, "top qcow2 1048576 w");
}

/* ---- what is refused ---- */

static void make_directory(const char *directory)
{
    g_autofree char *path = at(directory, "image");

    g_assert_cmpint(mkdir(path, 0700), ==, 0);
}

static void make_fifo(const char *directory)
{
    g_autofree char *path = at(directory, "image");

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
}

static void make_nothing(const char *) {}

static void make_short(const char *directory) { make_raw(directory, "image", 50); }
static void make_zeroes(const char *directory) { make_raw(directory, "image", 4096); }

static void make_formatless(const char *directory)
{
    make(directory, "image", &(Qcow2){ .backing = "base" });
}

static void make_orphan(const char *directory)
{
    make(directory, "image", &(Qcow2){ .backing = "gone", .backing_format = "raw" });
}

static void make_remote(const char *directory)
{
    make(directory, "image", &(Qcow2){ .backing = "nbd://host/x", .backing_format = "raw" });
}

static void make_json(const char *directory)
{
    make(directory, "image", &(Qcow2){ .backing = "json:{}", .backing_format = "raw" });
}

static void make_data_file(const char *directory)
{
    make(directory, "image", &(Qcow2){ .features = 4 });
}

static void make_name_outside(const char *directory)
{
    make(directory, "image",
         &(Qcow2){ .backing = "base", .backing_format = "raw", .backing_offset = 1 << 20 });
}

static void make_loop(const char *directory)
{
    make(directory, "image", &(Qcow2){ .backing = "image", .backing_format = "qcow2" });
}

static const struct {
    const char *name;
    void (*make)(const char *directory);
    int code;
    const char *text; /* of the message */
} refusals[] = {
    { "missing", make_nothing, ERR_SYSTEM, "Cannot access storage file" },
    { "directory", make_directory, ERR_CONFIG_UNSUPPORTED, "neither a file nor a block device" },
    { "fifo", make_fifo, ERR_CONFIG_UNSUPPORTED, "neither a file nor a block device" },
    { "too-short", make_short, ERR_OPERATION_FAILED, "is not a qcow2 image" },
    { "no-magic", make_zeroes, ERR_OPERATION_FAILED, "is not a qcow2 image" },
    { "backing-format-not-said", make_formatless, ERR_OPERATION_INVALID,
      "format of backing image 'base'" },
    { "backing-missing", make_orphan, ERR_SYSTEM, "gone" },
    { "backing-is-remote", make_remote, ERR_CONFIG_UNSUPPORTED, "'nbd://host/x'" },
    { "backing-is-json", make_json, ERR_CONFIG_UNSUPPORTED, "'json:{}'" },
    { "external-data", make_data_file, ERR_CONFIG_UNSUPPORTED, "keeps its data in another file" },
    { "backing-name-outside", make_name_outside, ERR_OPERATION_FAILED, "is damaged" },
    { "endless", make_loop, ERR_CONFIG_UNSUPPORTED, "based on more than 200 images" },
};

static void test_refusal(const void *row)
{
    const __typeof__(refusals[0]) *c = row;
    g_autoptr(Scratch) directory = scratch_new();
    g_autoptr(GError) error = NULL;

    c->make(directory);
    g_assert_null(open_in(directory, "image", "qcow2", false, NULL, &error));
    g_assert_cmpint(error_code(error), ==, c->code);
    g_assert_nonnull(strstr(error->message, c->text));
}

/* ---- sizes ---- */

static void test_size(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *raw = at(directory, "raw"), *top = at(directory, "top"),
                    *none = at(directory, "none");
    g_autoptr(GError) error = NULL;
    ImageSize size;

    make_chains(directory);
    g_assert_true(image_size(raw, NULL, &size, NULL));
    g_assert_cmpuint(size.capacity, ==, 4096);
    g_assert_cmpuint(size.physical, ==, 4096);
    g_assert_true(image_size(top, "qcow2", &size, NULL));
    g_assert_cmpuint(size.capacity, ==, IMAGE_SIZE);
    g_assert_cmpuint(size.physical, ==, 4 * CLUSTER);
    g_assert_false(image_size(none, "raw", &size, &error));
    g_assert_cmpint(error_errno(error), ==, ENOENT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("image/chain", chains, test_chain);
    g_test_add_func("/image/declared", test_declared);
    ADD_CASES("image/refused", refusals, test_refusal);
    g_test_add_func("/image/size", test_size);
    return g_test_run();
}
