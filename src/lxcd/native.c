/* native.c - a configuration file of LXC's own tools, as a definition
 *
 * Lines of a key and a value, each key under its name of before and of since LXC 3. What they say
 * is written as XML, which is then read as any client's. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "native.h"

#include "base/names.h"
#include "base/size.h"
#include "define.h"
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each key is looked for in all of them. */
enum { MAX_LINES = 1000 };

/* ---- lines ---- */

static void conf_clear(Conf *conf)
{
    for (unsigned i = 0; i < conf->count; i++) {
        g_free(conf->lines[i].key);
        g_free(conf->lines[i].value);
    }
    g_free(conf->lines);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Conf, conf_clear)

static bool conf_parse(const char *text, Conf *conf, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", MAX_LINES + 2);

    if (g_strv_length(lines) > MAX_LINES + 1) /* the last one's end begins another */
        return fail(error, ERR_INVALID_ARG, "the configuration has more than %d lines", MAX_LINES);
    conf->lines = g_new0(Line, g_strv_length(lines));
    for (unsigned i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]), *value = strchr(line, '=');

        if (!*line || *line == '#')
            continue;
        if (!value)
            return fail(error, ERR_CONF_SYNTAX, "line %u: expecting an assignment", i + 1);
        *value++ = '\0';
        conf->lines[conf->count++] =
            (Line){ g_strdup(g_strchomp(line)), g_strdup(g_strchug(value)) };
    }
    return true;
}

static bool is(const Line *line, const char *key, const char *newer)
{
    return g_str_equal(line->key, key) || (newer && g_str_equal(line->key, newer));
}

/* The last one that is said. */
static const char *get(const Conf *conf, const char *key, const char *newer)
{
    const char *value = NULL;

    for (unsigned i = 0; i < conf->count; i++) {
        if (is(&conf->lines[i], key, newer))
            value = conf->lines[i].value;
    }
    return value;
}

static const char *require(const Conf *conf, const char *key, const char *newer, GError **error)
{
    const char *value = get(conf, key, newer);

    return value && *value ? value
                           : fail(error, ERR_INVALID_ARG, "'%s' is missing in the configuration",
                                  newer ? newer : key);
}

static char *group_value(const Conf *conf, const char *file)
{
    g_autofree char *key = g_strconcat("lxc.cgroup.", file, NULL);

    return g_strdup(get(conf, key, NULL));
}

/* A number with K, M or G; 0 for none. */
static bool read_size(const char *text, uint64_t *kib, GError **error)
{
    char *unit;
    uint64_t bytes = text ? g_ascii_strtoull(text, &unit, 10) : 0;

    *kib = 0;
    if (!text)
        return true;
    if (unit == text || !size_scale(&bytes, *unit ? unit : "b"))
        return fail(error, ERR_INTERNAL, "failed to convert size: '%s'", text);
    *kib = bytes / 1024;
    return true;
}

/* ---- tuning ---- */

static void write_kib(Writer *w, const char *name, uint64_t kib)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, kib);

    if (kib)
        write_leaf(w, name, text, NULL);
}

static bool write_memory(Writer *w, const Conf *conf, GError **error)
{
    static const struct {
        const char *file, *name;
    } limits[] = {
        { "memory.limit_in_bytes", "hard_limit" },
        { "memory.soft_limit_in_bytes", "soft_limit" },
        { "memory.memsw.limit_in_bytes", "swap_hard_limit" },
    };
    uint64_t kib[G_N_ELEMENTS(limits)];

    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *value = group_value(conf, limits[i].file);

        if (!read_size(value, &kib[i], error))
            return false;
    }
    write_kib(w, "memory", kib[0] ? kib[0] : 65536);
    write_start(w, "memtune", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++)
        write_kib(w, limits[i].name, kib[i]);
    write_close(w, "memtune", false);
    return true;
}

static void write_processors(Writer *w, const Conf *conf)
{
    static const struct {
        const char *file, *name;
    } tunes[] = {
        { "cpu.shares", "shares" },
        { "cpu.cfs_period_us", "period" },
        { "cpu.cfs_quota_us", "quota" },
    };
    g_autofree char *set = group_value(conf, "cpuset.cpus");
    g_autofree char *nodes = group_value(conf, "cpuset.mems");

    write_leaf(w, "vcpu", "1", "cpuset", set, NULL);
    write_start(w, "cputune", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tunes); i++) {
        g_autofree char *value = group_value(conf, tunes[i].file);

        if (value)
            write_leaf(w, tunes[i].name, value, NULL);
    }
    write_close(w, "cputune", false);
    if (!nodes)
        return;
    write_start(w, "numatune", NULL);
    write_leaf(w, "memory", NULL, "mode", "strict", "nodeset", nodes, NULL);
    write_close(w, "numatune", false);
}

static const struct {
    const char *key, *name;
} disk_limits[] = {
    { "lxc.cgroup.blkio.device_weight", "weight" },
    { "lxc.cgroup.blkio.throttle.read_bps_device", "read_bytes_sec" },
    { "lxc.cgroup.blkio.throttle.write_bps_device", "write_bytes_sec" },
    { "lxc.cgroup.blkio.throttle.read_iops_device", "read_iops_sec" },
    { "lxc.cgroup.blkio.throttle.write_iops_device", "write_iops_sec" },
};

/* Of "8:16 1000"; NULL: the line is of something else. */
static const char *limit_of(const Line *line, char **device, const char **value)
{
    for (size_t i = 0; i < G_N_ELEMENTS(disk_limits); i++) {
        size_t length = strcspn(line->value, " \t");

        if (!g_str_equal(line->key, disk_limits[i].key))
            continue;
        *device = g_strdup_printf("/dev/block/%.*s", (int) length, line->value);
        *value = line->value + length + strspn(line->value + length, " \t");
        return disk_limits[i].name;
    }
    return NULL;
}

static void write_disk(Writer *w, const Conf *conf, const char *path)
{
    write_start(w, "device", NULL);
    write_leaf(w, "path", path, NULL);
    for (unsigned i = 0; i < conf->count; i++) {
        g_autofree char *device = NULL;
        const char *value, *name = limit_of(&conf->lines[i], &device, &value);

        if (name && g_str_equal(device, path))
            write_leaf(w, name, value, NULL);
    }
    write_close(w, "device", false);
}

static void write_disks(Writer *w, const Conf *conf)
{
    g_autoptr(GHashTable) written = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *weight = group_value(conf, "blkio.weight");

    write_start(w, "blkiotune", NULL);
    if (weight)
        write_leaf(w, "weight", weight, NULL);
    for (unsigned i = 0; i < conf->count; i++) {
        g_autofree char *device = NULL;
        const char *value;

        if (limit_of(&conf->lines[i], &device, &value) && !g_hash_table_contains(written, device)) {
            write_disk(w, conf, device);
            g_hash_table_add(written, g_steal_pointer(&device));
        }
    }
    write_close(w, "blkiotune", false);
}

/* ---- who and what ---- */

static void write_program(Writer *w, const Conf *conf)
{
    static const struct {
        const char *name, *arch;
    } names[] = {
        { "x86", "i686" },  { "i386", "i686" },    { "i486", "i686" },
        { "i586", "i686" }, { "amd64", "x86_64" },
    };
    const char *arch = get(conf, "lxc.arch", NULL),
               *init = get(conf, "lxc.init_cmd", "lxc.init.cmd");
    g_auto(GStrv) words = NULL;

    for (size_t i = 0; arch && i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(arch, names[i].name))
            arch = names[i].arch;
    }
    words = g_strsplit_set(init ? init : "/sbin/init", " \t", -1);
    write_start(w, "os", NULL);
    write_leaf(w, "type", "exe", "arch", arch, NULL);
    write_leaf(w, "init", words[0], NULL);
    for (char **word = words + 1; words[0] && *word; word++) {
        if (**word)
            write_leaf(w, "initarg", *word, NULL);
    }
    write_close(w, "os", false);
}

/* "u 0 100000 65536": first inside, first outside, how many. */
static bool write_users(Writer *w, const Conf *conf, GError **error)
{
    bool any = false;

    for (unsigned i = 0; i < conf->count; i++) {
        char kind, start[16], target[16], count[16];

        if (!is(&conf->lines[i], "lxc.id_map", "lxc.idmap"))
            continue;
        if (sscanf(conf->lines[i].value, "%c %15[0-9] %15[0-9] %15[0-9]", &kind, start, target,
                   count) != 4 ||
            (kind != 'u' && kind != 'g'))
            return fail(error, ERR_INVALID_ARG, "invalid mapping of users: '%s'",
                        conf->lines[i].value);
        if (!any)
            write_start(w, "idmap", NULL);
        any = true;
        write_leaf(w, kind == 'u' ? "uid" : "gid", NULL, "start", start, "target", target, "count",
                   count, NULL);
    }
    if (any)
        write_close(w, "idmap", false);
    return true;
}

/* What it does not drop is kept. */
static void write_features(Writer *w, const Conf *conf, bool has_network)
{
    write_start(w, "features", NULL);
    if (!has_network)
        write_leaf(w, "privnet", NULL, NULL);
    write_start(w, "capabilities", "policy", "allow", NULL);
    for (unsigned i = 0; i < conf->count; i++) {
        g_auto(GStrv) words = g_strsplit_set(conf->lines[i].value, " \t", -1);

        for (char **word = words; is(&conf->lines[i], "lxc.cap.drop", NULL) && *word; word++) {
            if (names_find(lxc_capability_names, *word) >= 0)
                write_leaf(w, *word, NULL, "state", "off", NULL);
        }
    }
    write_close(w, "capabilities", false);
    write_close(w, "features", false);
}

/* ---- file systems ---- */

typedef struct Mount {
    const char *type, *attribute, *source, *target;
    bool readonly;
    uint64_t kib;
} Mount;

static void write_fs(Writer *w, const Mount *mount)
{
    g_autofree char *usage = g_strdup_printf("%" G_GUINT64_FORMAT, mount->kib);

    write_start(w, "filesystem", "type", mount->type, NULL);
    write_leaf(w, "source", NULL, mount->attribute, mount->kib ? usage : mount->source, NULL);
    write_leaf(w, "target", NULL, "dir", mount->target, NULL);
    if (mount->readonly)
        write_leaf(w, "readonly", NULL, NULL);
    write_close(w, "filesystem", false);
}

static bool write_root(Writer *w, const Conf *conf, GError **error)
{
    const char *path = require(conf, "lxc.rootfs", "lxc.rootfs.path", error);
    bool is_device;

    if (!path)
        return false;
    if (g_str_has_prefix(path, "dir:"))
        path += strlen("dir:");
    is_device = g_str_has_prefix(path, "/dev/");
    write_fs(w, &(Mount){ is_device ? "block" : "mount", is_device ? "dev" : "dir", path, "/" });
    return true;
}

static const char *option_of(char **options, const char *name)
{
    for (char **option = options; *option; option++) {
        if (g_str_has_prefix(*option, name) &&
            ((*option)[strlen(name)] == '=' || !(*option)[strlen(name)]))
            return *option + strlen(name) + ((*option)[strlen(name)] == '=');
    }
    return NULL;
}

/* A line of fstab(5); what every container has is left out. */
static bool write_mount(Writer *w, const char *line, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);
    g_auto(GStrv) options = g_strsplit(g_strv_length(words) > 3 ? words[3] : "", ",", -1);
    g_autofree char *target = NULL;
    Mount mount = { .source = words[0] };

    if (g_strv_length(words) < 3)
        return fail(error, ERR_INVALID_ARG, "'%s' is no line of a table of file systems", line);
    if (g_str_equal(words[2], "proc") || g_str_equal(words[2], "sysfs") ||
        g_str_equal(words[2], "devpts"))
        return true;
    mount.target = target = g_strconcat(*words[1] == '/' ? "" : "/", words[1], NULL);
    mount.readonly = option_of(options, "ro");
    mount.type = "mount";
    mount.attribute = "dir";
    if (g_str_equal(words[2], "tmpfs")) {
        mount.type = "ram";
        mount.attribute = "usage";
        if (!option_of(options, "size"))
            return fail(error, ERR_INTERNAL, "missing tmpfs size, set the size option");
        if (!read_size(option_of(options, "size"), &mount.kib, error))
            return false;
    } else if (!option_of(options, "bind") && !option_of(options, "rbind")) {
        mount.type = "block";
        mount.attribute = "dev";
    }
    write_fs(w, &mount);
    return true;
}

static bool write_filesystems(Writer *w, const Conf *conf, GError **error)
{
    if (get(conf, "lxc.mount", "lxc.mount.fstab"))
        return fail(error, ERR_ARGUMENT_UNSUPPORTED,
                    "lxc.mount.fstab or lxc.mount found, use lxc.mount.entry lines instead");
    if (!write_root(w, conf, error))
        return false;
    for (unsigned i = 0; i < conf->count; i++) {
        if (is(&conf->lines[i], "lxc.mount.entry", NULL) &&
            !write_mount(w, conf->lines[i].value, error))
            return false;
    }
    return true;
}

static bool write_consoles(Writer *w, const Conf *conf, GError **error)
{
    const char *text = get(conf, "lxc.tty", "lxc.tty.max");
    guint64 count = 0;

    if (text && !g_ascii_string_to_unsigned(text, 10, 0, 1024, &count, NULL))
        return fail(error, ERR_INTERNAL, "failed to parse int: '%s'", text);
    while (count-- > 0)
        write_leaf(w, "console", NULL, "type", "pty", NULL);
    return true;
}

/* ---- all of it ---- */

static bool write_domain(Writer *w, const Conf *conf, GError **error)
{
    const char *name = require(conf, "lxc.utsname", "lxc.uts.name", error);
    bool has_network = false;

    if (!name)
        return false;
    write_start(w, "domain", "type", "lxc", NULL);
    write_leaf(w, "name", name, NULL);
    if (!write_memory(w, conf, error) || !write_users(w, conf, error))
        return false;
    write_processors(w, conf);
    write_disks(w, conf);
    write_program(w, conf);
    write_start(w, "devices", NULL);
    if (!write_filesystems(w, conf, error) ||
        !native_write_networks(w, conf, &has_network, error) || !write_consoles(w, conf, error))
        return false;
    write_close(w, "devices", false);
    write_features(w, conf, has_network);
    write_close(w, "domain", false);
    return true;
}

bool lxc_connect_domain_xml_from_native(Call *call,
                                        const remote_connect_domain_xml_from_native_args *in,
                                        remote_connect_domain_xml_from_native_ret *out,
                                        GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(Domain) domain = NULL;
    g_auto(Conf) conf = {};
    Writer writer = { .out = text };

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    if (!g_str_equal(in->native_format, "lxc-tools"))
        return fail(error, ERR_INVALID_ARG, "unsupported config type %s", in->native_format);
    if (!conf_parse(in->native_config, &conf, error) || !write_domain(&writer, &conf, error))
        return false;
    domain = domain_parse(text->str, 0, NULL, error);
    if (!domain || !container_complete(domain, error))
        return false;
    out->domain_xml = domain_format(domain, 0);
    return true;
}
