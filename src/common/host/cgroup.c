/* cgroup.c - control groups of the unified hierarchy */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cgroup.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "loop/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { SETTLE_MS = 10000, TEXT_LIMIT = 1 << 20 };

/* ---- files ---- */

const char *cgroup_root(void)
{
    static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
    struct statfs found;

    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (statfs(places[i], &found) == 0 && found.f_type == CGROUP2_SUPER_MAGIC)
            return places[i];
    }
    return NULL;
}

char *cgroup_of(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cgroup", pid);
    g_autofree char *text = file_read(path, TEXT_LIMIT, NULL);
    const char *root = cgroup_root(), *line = text;

    /* on a host with both kinds of hierarchies, lines of the others come first */
    while (line && !g_str_has_prefix(line, "0::"))
        line = (line = strchr(line, '\n')) ? line + 1 : NULL;
    if (!line || !root)
        return NULL;
    return g_strdup_printf("%s%.*s", root, (int) strcspn(line + 3, "\n"), line + 3);
}

bool cgroup_has(const char *group, const char *file)
{
    g_autofree char *path = g_build_filename(group, file, NULL);

    return access(path, F_OK) == 0;
}

bool cgroup_write(const char *group, const char *file, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(group, file, NULL);
    g_auto(Fd) fd = open(path, O_WRONLY | O_CLOEXEC);

    /* a limit is one write: what the kernel thinks of it is the answer */
    return (fd >= 0 && write(fd, text, strlen(text)) >= 0) ||
           fail_errno(error, errno, "cannot write '%s' to '%s'", text, path);
}

char *cgroup_read(const char *group, const char *file)
{
    g_autofree char *path = g_build_filename(group, file, NULL);
    char *text = file_read(path, TEXT_LIMIT, NULL);

    return text ? g_strchomp(text) : NULL;
}

static const char *behind_key(const char *text, const char *key)
{
    size_t length = strlen(key);

    for (const char *line = text; line; line = (line = strchr(line, '\n')) ? line + 1 : NULL) {
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return line + length + 1;
    }
    return NULL;
}

bool cgroup_number(const char *group, const char *file, const char *key, uint64_t *value)
{
    g_autofree char *text = cgroup_read(group, file);
    const char *at = text && key ? behind_key(text, key) : text;
    char *end;

    if (!at)
        return false;
    *value = g_str_has_prefix(at, "max") ? UINT64_MAX : strtoull(at, &end, 10);
    return *value == UINT64_MAX || end != at;
}

/* ---- groups ---- */

/* Those that cannot be given (threads of it have real-time priority, ...) leave the others. */
bool cgroup_delegate(const char *group, GError **error)
{
    g_autofree char *names = cgroup_read(group, "cgroup.controllers");
    g_auto(GStrv) list = NULL;

    if (!names)
        return fail_errno(error, errno, "'%s' is no control group", group);
    list = g_strsplit(names, " ", -1);
    for (char **name = list; *name && **name; name++) {
        g_autofree char *word = g_strconcat("+", *name, NULL);

        (void) cgroup_write(group, "cgroup.subtree_control", word, NULL);
    }
    return true;
}

/* Notes each that was not there. */
static bool make(const char *group, GPtrArray *made, GError **error)
{
    g_autofree char *above = g_path_get_dirname(group);
    int done = mkdir(group, 0755);

    if (done < 0 && errno == ENOENT && strlen(above) > 1) {
        if (!make(above, made, error))
            return false;
        done = mkdir(group, 0755);
    }
    if (done < 0 && errno != EEXIST)
        return fail_errno(error, errno, "cannot make the control group '%s'", group);
    if (done == 0)
        g_ptr_array_add(made, g_strdup(group));
    return cgroup_delegate(above, error);
}

bool cgroup_make(const char *group, GError **error)
{
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(g_free);
    bool is_made = make(group, made, error);

    for (guint i = is_made ? 0 : made->len; i > 0; i--)
        (void) rmdir(made->pdata[i - 1]);
    return is_made;
}

char *cgroup_make_below(const char *group, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(group, name, NULL);

    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return fail_errno(error, errno, "cannot make the control group '%s'", path);
    return g_steal_pointer(&path);
}

bool cgroup_add(const char *group, pid_t pid, GError **error)
{
    g_autofree char *text = g_strdup_printf("%d", pid);

    return cgroup_write(group, "cgroup.procs", text, error);
}

/* ---- waiting for what the kernel tells in cgroup.events ---- */

static bool has_event(int fd, const char *wanted)
{
    char text[256];
    ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

    text[MAX(got, 0)] = '\0';
    return strstr(text, wanted) != NULL;
}

static bool wait_for(const char *group, const char *wanted)
{
    g_autofree char *path = g_build_filename(group, "cgroup.events", NULL);
    g_auto(Fd) fd = open(path, O_RDONLY | O_CLOEXEC);
    gint64 until = g_get_monotonic_time() + SETTLE_MS * 1000;
    struct pollfd changed = { .fd = fd, .events = POLLPRI };
    bool done = fd >= 0 && has_event(fd, wanted);

    worker_waits();
    while (fd >= 0 && !done && g_get_monotonic_time() < until) {
        (void) poll(&changed, 1, 100);
        done = has_event(fd, wanted);
    }
    worker_resumes();
    return done;
}

bool cgroup_freeze(const char *group, bool frozen, GError **error)
{
    if (!cgroup_write(group, "cgroup.freeze", frozen ? "1" : "0", error))
        return false;
    return wait_for(group, frozen ? "frozen 1" : "frozen 0") ||
           fail(error, ERR_OPERATION_TIMEOUT, "the processes in '%s' cannot be %s", group,
                frozen ? "held" : "let go on");
}

static void remove_below(const char *group)
{
    g_autoptr(Directory) entries = opendir(group);
    struct dirent *entry;

    while (entries && (entry = readdir(entries))) {
        g_autofree char *path = g_build_filename(group, entry->d_name, NULL);

        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        remove_below(path);
        (void) rmdir(path);
    }
}

void cgroup_empty(const char *group)
{
    if (access(group, F_OK) < 0)
        return;
    (void) cgroup_write(group, "cgroup.kill", "1", NULL);
    (void) wait_for(group, "populated 0");
    remove_below(group);
}

void cgroup_end(const char *group)
{
    cgroup_empty(group);
    (void) rmdir(group);
}
