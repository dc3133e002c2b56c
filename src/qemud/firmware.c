/* firmware.c - the firmware that is installed, by the description files that come with it
 *
 * The files are those of QEMU's docs/interop/firmware.json: JSON objects, one image each, sorted by
 * their names. One of the same name in a later directory takes the place of an earlier one; an
 * empty one only takes it away. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "firmware.h"

#include "base/file.h"
#include "base/json.h"
#include "daemon/daemon.h"

#include <string.h>

enum { FILE_LIMIT = 1 << 20 };

static const char *const standard_directories[] = { "/usr/share/qemu/firmware",
                                                    "/etc/qemu/firmware", NULL };

/* ---- description files ---- */

static void clear_target(void *data)
{
    FirmwareTarget *target = data;

    g_free(target->arch);
    g_strfreev(target->machines);
}

static void image_free(void *data)
{
    FirmwareImage *image = data;

    g_free(image->loader);
    g_free(image->variables);
    g_array_unref(image->targets);
    g_strfreev(image->features);
    g_free(image);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FirmwareImage, image_free)

static char **texts_in(Json *array)
{
    GPtrArray *texts = g_ptr_array_new();

    for (size_t i = 0; i < json_length(array); i++) {
        const char *text = json_object_get_string(json_object_array_get_idx(array, i));

        g_ptr_array_add(texts, g_strdup(text ? text : ""));
    }
    g_ptr_array_add(texts, NULL);
    return (char **) g_ptr_array_free(texts, FALSE);
}

static bool lists(Json *array, const char *text)
{
    g_auto(GStrv) texts = texts_in(array);

    return g_strv_contains((const char *const *) texts, text);
}

static void add_targets(FirmwareImage *image, Json *targets)
{
    for (size_t i = 0; i < json_length(targets); i++) {
        Json *from = json_object_array_get_idx(targets, i);
        FirmwareTarget target = { .arch = g_strdup(json_text(from, "architecture")),
                                  .machines = texts_in(json_member(from, "machines")) };

        g_array_append_val(image->targets, target);
    }
}

/* Files that are no plain images are beyond what is put on the command line. */
static bool add_files(FirmwareImage *image, Json *mapping)
{
    Json *code = json_member(mapping, "executable");
    Json *variables = json_member(mapping, "nvram-template");
    const char *device = json_text(mapping, "device"), *mode = json_text(mapping, "mode");

    image->flash = g_strcmp0(device, "flash") == 0;
    if (!image->flash) {
        image->loader = g_strdup(json_text(mapping, "filename"));
        return g_strcmp0(device, "memory") == 0 && image->loader;
    }
    image->stateless = g_strcmp0(mode, "stateless") == 0;
    image->loader = g_strdup(json_text(code, "filename"));
    image->variables = g_strdup(json_text(variables, "filename"));
    return image->loader && g_strcmp0(mode, "combined") != 0 &&
           g_strcmp0(json_text(code, "format"), "raw") == 0 &&
           (!variables || g_strcmp0(json_text(variables, "format"), "raw") == 0);
}

/* NULL when the description is of something that cannot be used. */
static FirmwareImage *read_image(Json *description)
{
    g_autoptr(FirmwareImage) image = g_new0(FirmwareImage, 1);
    Json *interfaces = json_member(description, "interface-types");

    image->targets = g_array_new(FALSE, FALSE, sizeof(FirmwareTarget));
    g_array_set_clear_func(image->targets, clear_target);
    image->bios = lists(interfaces, "bios");
    image->uefi = lists(interfaces, "uefi");
    image->features = texts_in(json_member(description, "features"));
    add_targets(image, json_member(description, "targets"));
    if (!add_files(image, json_member(description, "mapping")))
        return NULL;
    return g_steal_pointer(&image);
}

static void add_description(GPtrArray *images, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = file_read(path, FILE_LIMIT, &error);
    g_autoptr(Json) description = text && *text ? json_parse(text, strlen(text), &error) : NULL;
    FirmwareImage *image;

    if (error) {
        g_warning("firmware description '%s' is left out: %s", path, error->message);
        return;
    }
    image = description ? read_image(description) : NULL;
    if (image)
        g_ptr_array_add(images, image);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Paths by the names of their files. */
static void find_descriptions(GHashTable *paths, const char *directory)
{
    g_autoptr(GDir) files = g_dir_open(directory, 0, NULL);

    for (const char *name; files && (name = g_dir_read_name(files));) {
        if (g_str_has_suffix(name, ".json") && *name != '.')
            g_hash_table_replace(paths, g_strdup(name), g_build_filename(directory, name, NULL));
    }
}

GPtrArray *firmware_list(const char *const *directories)
{
    g_autoptr(GHashTable) paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GPtrArray *images = g_ptr_array_new_with_free_func(image_free);
    g_autofree char **names = NULL;
    unsigned count;

    for (const char *const *directory = directories ? directories : standard_directories;
         *directory; directory++)
        find_descriptions(paths, *directory);
    names = (char **) g_hash_table_get_keys_as_array(paths, &count);
    qsort(names, count, sizeof(*names), compare_names);
    for (unsigned i = 0; i < count; i++)
        add_description(images, g_hash_table_lookup(paths, names[i]));
    return images;
}

/* ---- which one ---- */

/* Description files name architectures as QEMU does. */
static const char *qemu_arch(const char *arch)
{
    if (strcmp(arch, "i686") == 0)
        return "i386";
    return strcmp(arch, "armv7l") == 0 ? "arm" : arch;
}

static bool matches_any(char *const *patterns, const char *machine)
{
    for (; *patterns; patterns++) {
        if (g_pattern_match_simple(*patterns, machine))
            return true;
    }
    return false;
}

bool firmware_suits(const FirmwareImage *image, const char *arch, const char *machine)
{
    for (guint i = 0; i < image->targets->len; i++) {
        const FirmwareTarget *target = &g_array_index(image->targets, FirmwareTarget, i);

        if (g_strcmp0(target->arch, qemu_arch(arch)) == 0 && matches_any(target->machines, machine))
            return true;
    }
    return false;
}

bool firmware_has(const FirmwareImage *image, const char *feature)
{
    return g_strv_contains((const char *const *) image->features, feature);
}

static bool has_features(const FirmwareImage *image, const Os *os)
{
    for (guint i = 0; os->firmware_features && i < os->firmware_features->len; i++) {
        const FirmwareFeature *feature = os->firmware_features->pdata[i];

        if (firmware_has(image, feature->name) != (feature->enabled == SWITCH_ON))
            return false;
    }
    return true;
}

static bool is_wanted(const FirmwareImage *image, const Domain *domain)
{
    const Os *os = &domain->os;
    bool no_smm = domain->features.smm_given && domain->features.smm == SWITCH_OFF;

    return (os->firmware == FIRMWARE_EFI ? image->uefi : image->bios) &&
           image->stateless == (os->loader_stateless == SWITCH_ON) &&
           !(no_smm && firmware_has(image, "requires-smm")) && has_features(image, os);
}

const FirmwareImage *firmware_choose(const GPtrArray *images, const Domain *domain,
                                     const char *machine)
{
    for (guint i = 0; i < images->len; i++) {
        const FirmwareImage *image = images->pdata[i];

        if (is_wanted(image, domain) && firmware_suits(image, domain->os.arch, machine))
            return image;
    }
    return NULL;
}

/* ---- into a definition ---- */

char *firmware_variables_path(const char *name)
{
    return daemon_path("var/lib/ostler/qemu/nvram/%s_VARS.fd", name);
}

static void fill_variables(Domain *live, const FirmwareImage *image)
{
    Os *os = &live->os;

    if (!image->variables)
        return;
    if (!os->nvram)
        os->nvram = g_new0(NvramFile, 1);
    if (!os->nvram->path && !os->nvram->source.type)
        os->nvram->path = firmware_variables_path(live->name);
    if (!os->nvram->template_path)
        os->nvram->template_path = g_strdup(image->variables);
}

static void fill_loader(Domain *live, const FirmwareImage *image)
{
    Os *os = &live->os;

    os->firmware = FIRMWARE_ABSENT;
    os->loader = g_strdup(image->loader);
    os->loader_type = image->flash ? LOADER_PFLASH : LOADER_ROM;
    os->loader_readonly = image->flash ? SWITCH_ON : SWITCH_ABSENT;
    if (firmware_has(image, "requires-smm")) {
        os->loader_secure = SWITCH_ON;
        live->features.present = true;
        live->features.smm_given = true;
        live->features.smm = SWITCH_ON;
    }
    fill_variables(live, image);
}

/* The template of the variables that belong to a loader somebody has chosen himself. */
static void fill_template(Os *os, const GPtrArray *images)
{
    for (guint i = 0; i < images->len; i++) {
        const FirmwareImage *image = images->pdata[i];

        if (image->flash && strcmp(image->loader, os->loader) == 0) {
            os->nvram->template_path = g_strdup(image->variables);
            return;
        }
    }
}

bool firmware_fill(Domain *live, const char *machine, const char *const *directories,
                   GError **error)
{
    Os *os = &live->os;
    bool needs_template = os->loader && os->nvram && !os->nvram->template_path;
    g_autoptr(GPtrArray) images = NULL;
    const FirmwareImage *image;

    if (!os->firmware && !needs_template)
        return true;
    images = firmware_list(directories);
    if (!os->firmware) {
        fill_template(os, images);
        return true;
    }
    image = firmware_choose(images, live, machine);
    if (!image)
        return fail(error, ERR_OPERATION_FAILED, "Unable to find any firmware to satisfy '%s'",
                    firmware_names[os->firmware]);
    fill_loader(live, image);
    return true;
}
