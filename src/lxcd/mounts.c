/* mounts.c - the file systems of a container
 *
 * What comes from the host is put together by the controller, before the container's namespaces
 * are there: with a user namespace the kernel then locks it, so that the container can neither
 * take a mount away nor make it writable. Every target is looked up as inside the container's
 * root, so that a link in there leads nowhere else. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "controller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int root = -1; /* the container's, in the namespace of who asks */

/* ---- owners ---- */

/* What is made in the container's root is made by its root user. */
static void act_as(unsigned uid, unsigned gid)
{
    (void) setfsgid(gid);
    (void) setfsuid(uid);
}

/* ---- paths of inside ---- */

static int open_part(int dir, const char *path)
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC,
                            .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

    return syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

/* Makes the last part of path, all above it being there. */
static bool make_part(int dir, const char *path, mode_t type)
{
    char above[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int parent, made = -1, problem;

    (void) snprintf(above, sizeof(above), "%.*s", slash ? (int) (slash - path) : 1,
                    slash ? path : ".");
    parent = open_part(dir, *above ? above : ".");
    if (parent < 0)
        return false;
    act_as(plan_root(PLAN_UID_MAP), plan_root(PLAN_GID_MAP));
    if (type == S_IFDIR) {
        made = mkdirat(parent, slash ? slash + 1 : path, 0755);
    } else {
        made = openat(parent, slash ? slash + 1 : path,
                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (made >= 0)
            made = close(made);
    }
    problem = errno;
    act_as(0, 0);
    close(parent);
    errno = problem;
    return made == 0 || errno == EEXIST;
}

int open_inside(int dir, const char *path, mode_t type)
{
    char part[PATH_MAX];
    int fd;

    path += strspn(path, "/");
    if (!*path)
        path = ".";
    fd = open_part(dir, path);
    if (fd >= 0 || errno != ENOENT || !type)
        return fd;
    for (size_t i = 1; path[i - 1]; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        (void) snprintf(part, sizeof(part), "%.*s", (int) i, path);
        fd = open_part(dir, part);
        if (fd < 0 && (errno != ENOENT || !make_part(dir, part, path[i] ? S_IFDIR : type)))
            return -1;
        if (fd >= 0)
            close(fd);
    }
    return open_part(dir, path);
}

/* The directory that a path is in, and its last part. */
static int open_above(const char *path, const char **name)
{
    char above[PATH_MAX];
    const char *slash = strrchr(path, '/');

    *name = slash ? slash + 1 : path;
    (void) snprintf(above, sizeof(above), "%.*s", slash ? (int) (slash - path) : 0, path);
    return open_inside(root, above, S_IFDIR);
}

static void give_to_root(int dir, const char *name)
{
    unsigned uid = plan_root(PLAN_UID_MAP), gid = plan_root(PLAN_GID_MAP);

    if ((uid || gid) && fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
        give_up("give '%s' to the container's root user", name);
}

/* A user namespace with the container's mapping, for mounts that follow it. */
static int mapping(void)
{
    struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
    static const struct {
        const char *file;
        PlanKind kind;
    } maps[] = { { "uid_map", PLAN_UID_MAP }, { "gid_map", PLAN_GID_MAP } };
    char path[64];
    int fd;
    pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

    if (pid < 0)
        give_up("make a user namespace");
    if (pid == 0) {
        for (;;)
            pause();
    }
    for (int i = 0; i < 2; i++) {
        const PlanStep *step = plan_find(maps[i].kind);

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", pid, maps[i].file);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, plan_text(step, 0), step->size - 1) < 0)
            give_up("map users: %s", plan_text(step, 0));
        close(fd);
    }
    (void) snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (fd < 0)
        give_up("open a user namespace");
    return fd;
}

/* ---- mounts ---- */

static uint64_t attributes(unsigned flags)
{
    return (flags & PLAN_IS_READONLY ? MOUNT_ATTR_RDONLY : 0) |
           (flags & PLAN_NO_SUID ? MOUNT_ATTR_NOSUID : 0) |
           (flags & PLAN_NO_DEV ? MOUNT_ATTR_NODEV : 0) |
           (flags & PLAN_NO_EXEC ? MOUNT_ATTR_NOEXEC : 0);
}

/* Of a tree that is nowhere yet: what the step says, and no propagation either way. */
static void set_attributes(int tree, const PlanStep *step, const char *name)
{
    struct mount_attr attr = { .attr_set = attributes(step->flags), .propagation = MS_PRIVATE };
    int users = -1;

    if (step->flags & PLAN_MAPPED) {
        users = mapping();
        attr.attr_set |= MOUNT_ATTR_IDMAP;
        attr.userns_fd = users;
    }
    if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
        give_up("%s '%s'", users < 0 ? "set the attributes of" : "map the users of", name);
    if (users >= 0)
        close(users);
}

static void put(int tree, int target, const char *name)
{
    if (move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        give_up("mount '%s'", name);
}

static mode_t type_of(int fd)
{
    struct stat file;

    return fstat(fd, &file) == 0 && S_ISDIR(file.st_mode) ? S_IFDIR : S_IFREG;
}

static int open_target(const char *path, mode_t type)
{
    int fd = open_inside(root, path, type);

    if (fd < 0)
        give_up("find '%s' in the container's root", path);
    return fd;
}

static void put_root(const PlanStep *step, int tree, const char *place, const char *source)
{
    root = tree;
    set_attributes(root, step, source);
    if (move_mount(root, "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        give_up("mount '%s' on '%s'", source, place);
    if (fchdir(root) < 0)
        give_up("enter '%s'", source);
}

static void mount_root(const PlanStep *step)
{
    const char *source = plan_text(step, 0);
    int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

    if (tree < 0)
        give_up("open the root directory '%s'", source);
    put_root(step, tree, plan_text(step, 1), source);
}

static void mount_bind(const PlanStep *step)
{
    const char *source = plan_text(step, 0), *path = plan_text(step, 1);
    int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    int target;

    if (tree < 0)
        give_up("open '%s'", source);
    target = open_target(path, type_of(tree));
    set_attributes(tree, step, source);
    put(tree, target, path);
    close(target);
    close(tree);
}

/* name=value, or a name alone */
static bool set_option(int fs, char *option)
{
    char *value = strchr(option, '=');

    if (!value)
        return fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0) == 0;
    *value++ = '\0';
    return fsconfig(fs, FSCONFIG_SET_STRING, option, value, 0) == 0;
}

/* A new file system; its tree, or -1 when it cannot be and need not. */
static int new_tree(const PlanStep *step)
{
    const char *path = plan_text(step, 0), *type = plan_text(step, 1), *source = plan_text(step, 3);
    char options[256], *rest = options, *option;
    int fs = fsopen(type, FSOPEN_CLOEXEC), tree = -1;
    bool set = fs >= 0;

    (void) snprintf(options, sizeof(options), "%s", plan_text(step, 2));
    while (set && (option = strsep(&rest, ",")))
        set = !*option || set_option(fs, option);
    if (set && *source)
        set = fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) == 0;
    if (set && step->flags & PLAN_IS_READONLY && *source)
        set = fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) == 0;
    if (set && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        tree = fsmount(fs, FSMOUNT_CLOEXEC, attributes(step->flags));
    if (tree < 0 && !(step->flags & PLAN_OPTIONAL))
        give_up("mount a file system of type %s on '%s'", type, path);
    if (fs >= 0)
        close(fs);
    return tree;
}

static void mount_root_file(const PlanStep *step)
{
    put_root(step, new_tree(step), plan_text(step, 0), plan_text(step, 3));
}

void mount_own(const PlanStep *step)
{
    const char *path = plan_text(step, 0);
    int tree = new_tree(step), target;

    if (tree < 0)
        return;
    if (step->flags & PLAN_MAPPED)
        set_attributes(tree, step, path);
    target = open_target(path, S_IFDIR);
    put(tree, target, path);
    close(target);
    close(tree);
}

static void mount_groups(const PlanStep *step)
{
    if (group >= 0)
        mount_own(step);
}

static void make_directory(const PlanStep *step)
{
    const char *name;
    int dir = open_above(plan_text(step, 0), &name);

    if (dir < 0 || (mkdirat(dir, name, step->a) < 0 && errno != EEXIST))
        give_up("make the directory '%s'", plan_text(step, 0));
    give_to_root(dir, name);
    close(dir);
}

static void make_node(const PlanStep *step)
{
    const char *name;
    int dir = open_above(plan_text(step, 0), &name);

    if (dir < 0 || mknodat(dir, name, step->a, step->b) < 0)
        give_up("make the device '%s'", plan_text(step, 0));
    give_to_root(dir, name);
    close(dir);
}

static void make_link(const PlanStep *step)
{
    const char *name;
    int dir = open_above(plan_text(step, 0), &name);

    if (dir < 0 || symlinkat(plan_text(step, 1), dir, name) < 0)
        give_up("make the link '%s'", plan_text(step, 0));
    give_to_root(dir, name);
    close(dir);
}

/* ---- outside ---- */

void make_namespace(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        give_up("make a mount namespace");
}

void run_outside(void)
{
    static void (*const work[PLAN_KINDS])(const PlanStep *step) = {
        [PLAN_ROOT] = mount_root, [PLAN_ROOT_FILE] = mount_root_file, [PLAN_BIND] = mount_bind,
        [PLAN_FILE] = mount_own,  [PLAN_DIRECTORY] = make_directory,  [PLAN_NODE] = make_node,
        [PLAN_LINK] = make_link,
    };

    for (const PlanStep *step = plan; step; step = plan_next(step)) {
        if (work[step->kind])
            work[step->kind](step);
    }
}

/* ---- inside ---- */

void mount_readonly(const PlanStep *step)
{
    struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
    const char *path = plan_text(step, 0);
    int target = open_inside(root, path, 0), tree;

    if (target < 0 && errno == ENOENT)
        return;
    tree =
        open_tree(target, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    if (target < 0 || tree < 0 ||
        mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
        give_up("protect '%s'", path);
    put(tree, target, path);
    close(tree);
    close(target);
}

/* A file becomes /dev/null, a directory an empty one. */
void mount_mask(const PlanStep *step)
{
    const char *path = plan_text(step, 0);
    int target = open_inside(root, path, 0), source, tree;

    if (target < 0)
        return;
    if (type_of(target) == S_IFDIR) {
        int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

        (void) fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0555", 0);
        (void) fsconfig(fs, FSCONFIG_SET_STRING, "size", "4096", 0);
        (void) fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
        tree =
            fsmount(fs, FSMOUNT_CLOEXEC,
                    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        close(fs);
    } else {
        source = open_inside(root, "dev/null", 0);
        tree = open_tree(source, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
        close(source);
    }
    if (tree < 0)
        give_up("hide '%s'", path);
    put(tree, target, path);
    close(tree);
    close(target);
}

/* The working directory is the root that the controller has made, in the copy that is ours now.
 * A mount of it that we make ourselves is one that we may change the root to. */
static void take_root(void)
{
    root = open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (root < 0 || move_mount(root, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
        fchdir(root) < 0)
        give_up("take the container's root");
}

/* What was the root is under the new one then, and is let go. */
static void change_root(void)
{
    if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        give_up("change to the container's root");
    close(root);
}

void enter_root(void)
{
    static void (*const work[PLAN_KINDS])(const PlanStep *step) = {
        [PLAN_OWN] = mount_own,
        [PLAN_GROUPS] = mount_groups,
        [PLAN_READONLY] = mount_readonly,
        [PLAN_MASK] = mount_mask,
    };

    take_root();
    for (const PlanStep *step = plan; step; step = plan_next(step)) {
        if (work[step->kind])
            work[step->kind](step);
    }
    change_root();
}
