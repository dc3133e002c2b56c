/* mdev-store.c - definitions of mediated devices, where and as mdevctl keeps them
 *
 * A file PARENT/UUID is a JSON object: "mdev_type", "start" ("auto" or "manual"), and "attrs", a
 * list of objects of one member each. These files are the truth, whoever writes them: mdevctl where
 * it is installed, as drivers' makers hook into it, else we. Each change is told by inotify, and
 * then the one file is read anew. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mdev-store.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "class.h"
#include "daemon/daemon.h"
#include "device.h"
#include "loop/loop.h"
#include "mdevctl.h"
#include "model/list.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>

#define DIRECTORY "etc/mdevctl.d"

enum {
    FILE_LIMIT = 1 << 20,
    IN_TOP = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO,
    IN_PARENT = IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO,
};

Strand *mdev_changes;

static int ear = -1;
/* Belong to the strand of all devices: */
static int top = -1;
static GHashTable *watched; /* inotify's number -> the parent's address */

/* ---- one definition ---- */

static char *path_of(const NodeCapability *mdev)
{
    char uuid[UUID_TEXT];

    return daemon_path(DIRECTORY "/%s/%s", mdev->mdev.parent_address,
                       uuid_print(&mdev->mdev.uuid, uuid));
}

static Json *read_file(const char *path, GError **error)
{
    g_autofree char *text = file_read(path, FILE_LIMIT, error);

    return text ? json_parse(text, strlen(text), error) : NULL;
}

/* Else a document that tells of it could not be read. */
static bool is_plain(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL))
        return false;
    for (; *text; text++) {
        if (g_ascii_iscntrl(*text))
            return false;
    }
    return true;
}

static bool add_attributes(NodeCapability *mdev, Json *object, GError **error)
{
    if (!json_object_is_type(object, json_type_object))
        return fail(error, ERR_XML, "'attrs' are no objects");
    json_object_object_foreach(object, name, value)
    {
        const char *text = value ? json_object_get_string(value) : "";
        NodeMdevAttribute *attribute;

        if (!is_plain(name) || !is_plain(text))
            return fail(error, ERR_XML, "an attribute is no plain text");
        attribute = g_new0(NodeMdevAttribute, 1);
        attribute->name = g_strdup(name);
        attribute->value = g_strdup(text);
        list_add(&mdev->mdev.attributes, attribute);
    }
    return true;
}

static NodeDevice *parse(const char *address, const char *name, Json *json, GError **error)
{
    g_autoptr(NodeDevice) device = g_new0(NodeDevice, 1);
    const char *type = json_text(json, "mdev_type");
    Json *attributes = json_member(json, "attrs");
    NodeCapability *mdev = device->capability = g_new0(NodeCapability, 1);

    mdev->type = NODE_MDEV;
    (void) uuid_parse(name, &mdev->mdev.uuid);
    mdev->mdev.parent_address = g_strdup(address);
    if (!type || !is_plain(type))
        return fail(error, ERR_XML, "there is no 'mdev_type'");
    mdev->mdev.type = g_strdup(type);
    for (size_t i = 0; i < json_length(attributes); i++) {
        if (!add_attributes(mdev, json_object_array_get_idx(attributes, i), error))
            return NULL;
    }
    device->name = class_name("mdev", name, address);
    device->parent = device_name_at(address);
    return g_steal_pointer(&device);
}

/* NULL when there is none, or none that can be understood. */
static NodeDevice *read_definition(const char *address, const char *name, bool *autostart)
{
    g_autofree char *path = daemon_path(DIRECTORY "/%s/%s", address, name);
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) json = read_file(path, &error);
    NodeDevice *device = json ? parse(address, name, json, &error) : NULL;

    *autostart = g_strcmp0(json_text(json, "start"), "auto") == 0;
    if (!device && error_errno(error) != ENOENT)
        g_warning("'%s' is ignored: %s", path, error->message);
    return device;
}

/* ---- looking, on the strand of all devices ---- */

static void look_at(const char *address, const char *name)
{
    g_autofree char *device = class_name("mdev", name, address);
    char canonical[UUID_TEXT];
    NodeDevice *definition;
    bool autostart;
    Uuid uuid;

    if (!uuid_parse(name, &uuid) || strcmp(uuid_print(&uuid, canonical), name) != 0)
        return;
    definition = read_definition(address, name, &autostart);
    device_set_config(device, definition, autostart);
}

/* Of what is known: the address below which each is, and its name there. */
static void each_known(void (*take)(const char *address, const char *name, void *data), void *data)
{
    g_autoptr(GPtrArray) all = registry_list(devices);

    for (guint i = 0; i < all->len; i++) {
        g_autoptr(DeviceView) view = device_view(all->pdata[i]);
        const NodeCapability *mdev = view->config ? view->config->device->capability : NULL;
        char uuid[UUID_TEXT];

        if (mdev)
            take(mdev->mdev.parent_address, uuid_print(&mdev->mdev.uuid, uuid), data);
    }
}

/* A set of texts, to which is added what the directory has. */
static GHashTable *list_files(const char *path)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GDir) files = g_dir_open(path, 0, NULL);

    for (const char *file; files && (file = g_dir_read_name(files));)
        g_hash_table_add(names, g_strdup(file));
    return names;
}

typedef struct Below {
    const char *address;
    GHashTable *names;
} Below;

static void add_name(const char *address, const char *name, void *data)
{
    const Below *below = data;

    if (strcmp(address, below->address) == 0)
        g_hash_table_add(below->names, g_strdup(name));
}

/* What is known may have gone. */
void mdev_store_look_below(const char *address)
{
    g_autofree char *path = daemon_path(DIRECTORY "/%s", address);
    g_autoptr(GHashTable) names = NULL;
    GHashTableIter at;
    gpointer name;
    int number = inotify_add_watch(ear, path, IN_PARENT | IN_ONLYDIR);

    if (number >= 0)
        g_hash_table_replace(watched, GINT_TO_POINTER(number), g_strdup(address));
    names = list_files(path);
    each_known(add_name, &(Below){ address, names });
    g_hash_table_iter_init(&at, names);
    while (g_hash_table_iter_next(&at, &name, NULL))
        look_at(address, name);
}

static void add_address(const char *address, const char *, void *addresses)
{
    g_hash_table_add(addresses, g_strdup(address));
}

static void look_at_all(void)
{
    g_autofree char *path = daemon_path(DIRECTORY);
    g_autoptr(GHashTable) addresses = list_files(path);
    GHashTableIter at;
    gpointer address;

    each_known(add_address, addresses);
    g_hash_table_iter_init(&at, addresses);
    while (g_hash_table_iter_next(&at, &address, NULL))
        mdev_store_look_below(address);
}

/* ---- what inotify tells ---- */

typedef struct Change {
    int number;
    uint32_t mask;
    char *name;
} Change;

static void change_free(Change *change)
{
    g_free(change->name);
    g_free(change);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Change, change_free)

/* mdevctl takes the directory with it when it is taken off the host. */
static void begin_anew(void)
{
    g_autofree char *path = daemon_path(DIRECTORY);

    (void) file_make_directory(path, 0755, NULL);
    top = inotify_add_watch(ear, path, IN_TOP | IN_ONLYDIR);
    look_at_all();
}

static void work_off(void *data)
{
    g_autoptr(Change) change = data;
    const char *address = g_hash_table_lookup(watched, GINT_TO_POINTER(change->number));

    if (change->mask & IN_Q_OVERFLOW)
        look_at_all();
    else if (change->mask & IN_IGNORED && change->number == top)
        begin_anew();
    else if (change->mask & IN_IGNORED)
        g_hash_table_remove(watched, GINT_TO_POINTER(change->number));
    else if (change->number == top)
        mdev_store_look_below(change->name);
    else if (address)
        look_at(address, change->name);
}

static void hear(uint32_t, void *)
{
    _Alignas(struct inotify_event) char buffer[16384];
    ssize_t size;

    while ((size = read(ear, buffer, sizeof(buffer))) > 0) {
        const struct inotify_event *event;

        for (const char *at = buffer; at < buffer + size; at += sizeof(*event) + event->len) {
            Change *change = g_new0(Change, 1);

            event = (const struct inotify_event *) at;
            *change = (Change){ event->wd, event->mask, g_strdup(event->len ? event->name : "") };
            strand_do(devices_strand, MODE_CHANGE, "a change of definitions", work_off, change);
        }
    }
}

bool mdev_store_open(GError **error)
{
    mdev_changes = strand_new();
    watched = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    ear = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (ear < 0)
        return fail_errno(error, errno, "cannot hear of changed definitions");
    watch_new(ear, EPOLLIN, hear, NULL);
    begin_anew();
    return true;
}

/* ---- writing ---- */

static bool write_file(const NodeCapability *mdev, Json *json, GError **error)
{
    g_autofree char *path = path_of(mdev), *directory = g_path_get_dirname(path);
    const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY);

    return file_make_directory(directory, 0755, error) && file_save(path, text, error);
}

/* Not by what inotify tells later: the caller is to find it as it is. */
static bool look_now(const NodeCapability *mdev, GError **error)
{
    g_autoptr(Stay) stay = strand_enter(devices_strand, MODE_CHANGE, "a definition", error);
    char uuid[UUID_TEXT];

    if (!stay)
        return false;
    look_at(mdev->mdev.parent_address, uuid_print(&mdev->mdev.uuid, uuid));
    return true;
}

bool mdev_store_define(const NodeDevice *definition, GError **error)
{
    const NodeCapability *mdev = definition->capability;
    g_autoptr(Json) json = mdevctl_describe(mdev, false);
    bool done = mdevctl_is_there() ? mdevctl_run("define", mdev, NULL, json, error)
                                   : write_file(mdev, json, error);

    return done && look_now(mdev, error);
}

/* mdevctl cannot do this as a whole. */
bool mdev_store_redefine(const NodeDevice *definition, bool autostart, GError **error)
{
    const NodeCapability *mdev = definition->capability;
    g_autoptr(Json) json = mdevctl_describe(mdev, autostart);

    return write_file(mdev, json, error) && look_now(mdev, error);
}

bool mdev_store_undefine(const NodeDevice *definition, GError **error)
{
    const NodeCapability *mdev = definition->capability;
    g_autofree char *path = path_of(mdev);
    bool done = mdevctl_is_there() ? mdevctl_run("undefine", mdev, NULL, NULL, error)
                                   : file_remove(path, error);

    return done && look_now(mdev, error);
}

/* What else the file says stays. */
static bool rewrite(const NodeCapability *mdev, const char *start, GError **error)
{
    g_autofree char *path = path_of(mdev);
    g_autoptr(Json) json = read_file(path, error);

    if (!json)
        return false;
    json_object_object_add(json, "start", json_object_new_string(start));
    return write_file(mdev, json, error);
}

bool mdev_store_set_autostart(const NodeDevice *definition, bool on, GError **error)
{
    const NodeCapability *mdev = definition->capability;
    bool done = mdevctl_is_there()
                    ? mdevctl_run("modify", mdev, on ? "--auto" : "--manual", NULL, error)
                    : rewrite(mdev, on ? "auto" : "manual", error);

    return done && look_now(mdev, error);
}
