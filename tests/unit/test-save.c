/* test-save.c - the file of a saved guest, and what of its definition may change */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "save-image.h"
#include "xml/differ.h"

#include <fcntl.h>
#include <string.h>

enum { STREAM = 100000 };

/* ---- the file ---- */

typedef struct Scene {
    Scratch *folder;
    char *path;
} Scene;

static void scene_clear(Scene *scene)
{
    scratch_free(scene->folder);
    g_free(scene->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

/* A stream whose bytes tell their places. */
static void write_stream(int fd)
{
    g_autofree char *bytes = g_malloc(STREAM);

    for (int i = 0; i < STREAM; i++)
        bytes[i] = i % 251;
    g_assert_cmpint(write(fd, bytes, STREAM), ==, STREAM);
}

static void scene_begin(Scene *scene, const char *xml, SaveFormat format, bool paused)
{
    g_autoptr(GError) error = NULL;
    g_auto(Fd) fd = -1;

    scene->folder = scratch_new();
    scene->path = g_build_filename(scene->folder, "image", NULL);
    fd = open(scene->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    g_assert_true(save_image_begin(fd, xml, format, paused, &error));
    g_assert_no_error(error);
    write_stream(fd);
}

static void assert_stream(int fd)
{
    g_autofree char *bytes = g_malloc(STREAM + 1);

    g_assert_cmpint(read(fd, bytes, STREAM + 1), ==, STREAM);
    for (int i = 0; i < STREAM; i++)
        g_assert_cmpint(bytes[i], ==, (char) (i % 251));
}

static void assert_says(const Scene *scene, const char *xml, SaveFormat format, bool paused)
{
    g_auto(SaveImage) image = { .fd = -1 };
    g_autoptr(GError) error = NULL;

    g_assert_true(save_image_open(&image, scene->path, O_RDONLY, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(image.xml, ==, xml);
    g_assert_cmpint(image.format, ==, format);
    g_assert_cmpint(image.paused, ==, paused);
    g_assert_cmpint(lseek(image.fd, 0, SEEK_CUR) % 4096, ==, 0);
    assert_stream(image.fd);
}

static void assert_no_image(const Scene *scene, int code, const char *words)
{
    g_auto(SaveImage) image = { .fd = -1 };
    g_autoptr(GError) error = NULL;

    g_assert_false(save_image_open(&image, scene->path, O_RDONLY, &error));
    g_assert_cmpint(error_code(error), ==, code);
    g_assert_nonnull(strstr(error->message, words));
}

static void test_there_and_back(void)
{
    for (SaveFormat format = SAVE_RAW; format <= SAVE_XZ; format++) {
        g_auto(Scene) scene;

        scene_begin(&scene, "<domain/>", format, format % 2);
        assert_says(&scene, "<domain/>", format, format % 2);
    }
}

static void change(const Scene *scene, const char *xml, bool paused)
{
    g_auto(SaveImage) image = { .fd = -1 };
    g_autoptr(GError) error = NULL;

    g_assert_true(save_image_open(&image, scene->path, O_RDWR, &error));
    g_assert_true(save_image_change(&image, xml, paused, &error));
    g_assert_no_error(error);
}

static void test_change(void)
{
    g_auto(Scene) scene;

    scene_begin(&scene, "<domain/>", SAVE_GZIP, false);
    for (int i = 0; i < 5; i++) {
        g_autofree char *xml = g_strnfill(10 + 9000 * (i % 3), 'a' + i);

        change(&scene, xml, i % 2);
        assert_says(&scene, xml, SAVE_GZIP, i % 2);
    }
}

static void test_too_long(void)
{
    g_auto(Scene) scene;
    g_auto(SaveImage) image = { .fd = -1 };
    g_autofree char *xml = g_strnfill(1 << 20, 'x');
    g_autoptr(GError) error = NULL;

    scene_begin(&scene, "<domain/>", SAVE_RAW, false);
    g_assert_true(save_image_open(&image, scene.path, O_RDWR, NULL));
    g_assert_false(save_image_change(&image, xml, false, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_OPERATION_FAILED);
    save_image_clear(&image);
    assert_says(&scene, "<domain/>", SAVE_RAW, false);
}

static void test_in_use(void)
{
    g_auto(Scene) scene;
    g_auto(SaveImage) reader = { .fd = -1 }, writer = { .fd = -1 };
    g_autoptr(GError) error = NULL;

    scene_begin(&scene, "<domain/>", SAVE_RAW, false);
    g_assert_true(save_image_open(&reader, scene.path, O_RDONLY, NULL));
    assert_says(&scene, "<domain/>", SAVE_RAW, false);
    g_assert_false(save_image_open(&writer, scene.path, O_RDWR, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_RESOURCE_BUSY);
}

/* A byte of the header or of the definition that is another. */
static const struct {
    const char *name;
    int at;
    const char *words;
} damages[] = {
    { "magic", 3, "does not begin like one" },
    { "version", 8, "version" },
    { "format", 12, "damaged" },
    { "paused", 16, "damaged" },
    { "length", 20, "damaged" },
    { "place", 25, "damaged" },
    { "slot", 33, "damaged" },
    { "stream", 41, "damaged" },
    { "digest", 50, "damaged" },
    { "definition", 4096, "damaged" },
};

static void test_damage(const void *data)
{
    const struct {
        const char *name;
        int at;
        const char *words;
    } *damage = data;
    g_auto(Scene) scene;
    g_auto(Fd) fd = -1;
    char byte;

    scene_begin(&scene, "<domain/>", SAVE_RAW, false);
    fd = open(scene.path, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(pread(fd, &byte, 1, damage->at), ==, 1);
    byte ^= 0x40;
    g_assert_cmpint(pwrite(fd, &byte, 1, damage->at), ==, 1);
    assert_no_image(&scene, ERR_OPERATION_FAILED, damage->words);
}

static void test_short(void)
{
    static const int sizes[] = { 4100, 4096, 79, 1, 0 };
    g_auto(Scene) scene;

    scene_begin(&scene, "<domain/>", SAVE_RAW, false);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_assert_cmpint(truncate(scene.path, sizes[i]), ==, 0);
        assert_no_image(&scene, ERR_OPERATION_FAILED, "is no saved guest");
    }
    g_assert_cmpint(unlink(scene.path), ==, 0);
    assert_no_image(&scene, ERR_SYSTEM, "cannot open");
}

/* ---- differences ---- */

static const char *const ignored[] = { "title", "disk/source", "disk/@type", NULL };

static const struct {
    const char *name, *from, *to, *path, *was, *is;
} differences[] = {
    { "none", "<d a='1'><b/></d>", "<d a='1'>\n  <b></b>\n</d>", NULL, NULL, NULL },
    { "attribute", "<d a='1'/>", "<d a='2'/>", "@a", "1", "2" },
    { "attribute-gone", "<d a='1'/>", "<d/>", "@a", "1", NULL },
    { "attribute-new", "<d><b/></d>", "<d><b x='1'/></d>", "b/@x", NULL, "1" },
    { "text", "<d><b> 1 </b></d>", "<d><b>2</b></d>", "b", "1", "2" },
    { "second", "<d><b/><b x='1'/></d>", "<d><b/><b x='2'/></d>", "b[2]/@x", "1", "2" },
    { "element-gone", "<d><b/><c>1</c></d>", "<d><b/></d>", "c", "1", NULL },
    { "element-new", "<d><b/></d>", "<d><b/><b>2</b></d>", "b[2]", NULL, "2" },
    { "element-other", "<d><b>1</b></d>", "<d><c>1</c></d>", "b", "1", NULL },
    { "ignored-element", "<d><title>1</title></d>", "<d/>", NULL, NULL, NULL },
    { "ignored-below", "<d><disk type='file'><source file='a'><x/></source><t/></disk></d>",
      "<d><disk type='block'><source dev='b'/><t/></disk></d>", NULL, NULL, NULL },
    { "beside-ignored", "<d><title/><disk><source/><t a='1'/></disk></d>",
      "<d><disk><t a='2'/></disk></d>", "disk/t/@a", "1", "2" },
};

static void test_difference(const void *data)
{
    const struct {
        const char *name, *from, *to, *path, *was, *is;
    } *row = data;
    g_auto(XmlDifference) difference = {};
    g_autoptr(GError) error = NULL;

    g_assert_true(xml_differ(row->from, row->to, ignored, &difference, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(difference.path, ==, row->path);
    g_assert_cmpstr(difference.from, ==, row->was);
    g_assert_cmpstr(difference.to, ==, row->is);
}

static void test_unreadable(void)
{
    g_auto(XmlDifference) difference = {};
    g_autoptr(GError) error = NULL;

    g_assert_false(xml_differ("<d/>", "<d", ignored, &difference, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_XML_DETAIL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/save/there-and-back", test_there_and_back);
    g_test_add_func("/save/change", test_change);
    g_test_add_func("/save/too-long", test_too_long);
    g_test_add_func("/save/in-use", test_in_use);
    g_test_add_func("/save/short", test_short);
    g_test_add_func("/save/unreadable", test_unreadable);
    ADD_CASES("save/damage", damages, test_damage);
    ADD_CASES("save/difference", differences, test_difference);
    return g_test_run();
}
