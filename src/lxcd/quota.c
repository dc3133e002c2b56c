/* quota.c - how much space the directories of a container may take
 *
 * A directory that is limited is a project of its file system's (ext4, XFS, f2fs): all that is in
 * it, or comes into it, is counted as that project's. It carries the project's number from then on;
 * where containers share it, the least of their limits is the project's. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quota.h"

#include "guest/machine.h"
#include "guest/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PRJQUOTA 2
/* Numbers of ours, beyond those that administrators give; how deep a directory is walked. */
enum { PROJECT = 0x40000000, PROJECTS = 0x40000000, MAX_DEPTH = 256 };

/* Held from where it is seen which number is free, or what the limit is to be, until it is so. */
static GMutex lock;

/* ---- a directory's project ---- */

typedef struct Project {
    dev_t device;
    ino_t directory;
    unsigned number;
    bool is_whole; /* all that is in the directory is the project's, too */
} Project;

static bool project_read(int fd, Project *project)
{
    struct fsxattr attributes = {};
    struct stat file;

    if (fstat(fd, &file) < 0 || ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0)
        return false;
    *project = (Project){ file.st_dev, file.st_ino, attributes.fsx_projid,
                          attributes.fsx_xflags & FS_XFLAG_PROJINHERIT };
    return true;
}

static bool is_same(const Project *one, const Project *other)
{
    return one->device == other->device && one->number == other->number;
}

/* One of ours, and not only because the directory is inside of one that is. */
static bool is_own(const Project *project, int fd)
{
    g_auto(Fd) parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    Project above;

    return (project->number & ~(PROJECTS - 1u)) == PROJECT &&
           !(parent >= 0 && project_read(parent, &above) && is_same(project, &above) &&
             above.directory != project->directory); /* the host's root is above itself */
}

static bool join(int fd, unsigned number, bool is_whole)
{
    struct fsxattr attributes;

    if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0)
        return false;
    attributes.fsx_projid = number;
    attributes.fsx_xflags &= ~FS_XFLAG_PROJINHERIT;
    if (is_whole)
        attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
    return ioctl(fd, FS_IOC_FSSETXATTR, &attributes) == 0;
}

static bool join_file(int folder, const char *name, const Project *project)
{
    g_auto(Fd) fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    return fd >= 0 && join(fd, project->number, false);
}

/* What is in it first: of who was interrupted we see that it is to be done again. Links and devices
 * have no project of their own, and take no space. False and errno, ENAMETOOLONG for too deep. */
static bool join_all(int folder, const char *name, const Project *project, unsigned depth)
{
    g_auto(Fd) fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    g_autoptr(Directory) entries = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    struct stat file;

    if (!entries)
        return false;
    folder = g_steal_fd(&fd);
    if (depth > MAX_DEPTH) {
        errno = ENAMETOOLONG;
        return false;
    }
    while ((entry = readdir(entries))) {
        if (g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, "..") ||
            fstatat(folder, entry->d_name, &file, AT_SYMLINK_NOFOLLOW) < 0 ||
            file.st_dev != project->device || !(S_ISDIR(file.st_mode) || S_ISREG(file.st_mode)))
            continue;
        if (!(S_ISDIR(file.st_mode) ? join_all(folder, entry->d_name, project, depth + 1)
                                    : join_file(folder, entry->d_name, project)))
            return false;
    }
    return join(folder, project->number, true);
}

/* ---- limits ---- */

typedef struct Limits {
    uint64_t hard, soft; /* in bytes; 0: none */
} Limits;

static bool is_limited(const Fs *fs) { return fs->hard_limit || fs->soft_limit; }

static int fs_open(const Fs *fs) { return open(fs->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

/* The project by which a file system is limited; -1: there is none. */
static int fs_open_project(const Fs *fs, Project *project)
{
    g_auto(Fd) fd = is_limited(fs) ? fs_open(fs) : -1;

    return fd >= 0 && project_read(fd, project) && is_own(project, fd) ? g_steal_fd(&fd) : -1;
}

static uint64_t least(uint64_t limit, uint64_t other)
{
    return limit && other ? MIN(limit, other) : limit + other;
}

/* Less, where other containers that run say less. */
static void heed_others(const Project *project, const Domain *domain, Limits *limits)
{
    g_autoptr(GPtrArray) running = ops_list(NULL, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    for (guint i = 0; i < running->len; i++) {
        g_autoptr(View) view = machine_view(running->pdata[i]);
        const Domain *other = view_is_active(view) ? view->live->domain : NULL;

        if (!other || uuid_equal(&other->uuid, &domain->uuid))
            continue;
        for (LIST_EACH(Fs, fs, other->filesystems)) {
            Project its;
            g_auto(Fd) fd = fs_open_project(fs, &its);

            if (fd < 0 || !is_same(project, &its))
                continue;
            limits->hard = least(limits->hard, fs->hard_limit);
            limits->soft = least(limits->soft, fs->soft_limit);
        }
    }
}

static int quota(int fd, int command, unsigned number, void *data)
{
    return syscall(SYS_quotactl_fd, fd, QCMD(command, PRJQUOTA), number, data);
}

/* ext4 counts without being told to, and takes limits that it does not enforce. */
static bool is_enforced(int fd)
{
    struct fs_quota_statv state = { .qs_version = FS_QSTATV_VERSION1 };

    if (quota(fd, Q_XGETQSTATV, 0, &state) < 0)
        return false;
    errno = ENOTSUP;
    return state.qs_flags & FS_QUOTA_PDQ_ENFD;
}

static bool limit(int fd, const Project *project, const Domain *domain, Limits limits)
{
    struct dqblk block = { .dqb_valid = QIF_BLIMITS };

    heed_others(project, domain, &limits);
    block.dqb_bhardlimit = (limits.hard + 1023) / 1024;
    block.dqb_bsoftlimit = (limits.soft + 1023) / 1024;
    return quota(fd, Q_SETQUOTA, project->number, &block) == 0;
}

/* The first from that of the directory's inode on that nothing is counted as; 0 and errno. */
static unsigned find_number(int fd, ino_t directory)
{
    struct dqblk block = {};
    unsigned number;

    do {
        number = PROJECT | (directory++ & (PROJECTS - 1));
        if (quota(fd, Q_GETQUOTA, number, &block) < 0)
            return errno == ENOENT ? number : 0;
    } while (block.dqb_curspace || block.dqb_curinodes || block.dqb_bhardlimit ||
             block.dqb_bsoftlimit || block.dqb_ihardlimit || block.dqb_isoftlimit);
    return number;
}

/* Its number is nobody else's as soon as the directory itself carries it. */
static bool claim(int fd, Project *project)
{
    project->number = find_number(fd, project->directory);
    project->is_whole = false;
    return project->number && join(fd, project->number, false);
}

/* What is refused is refused before every file has been looked at. */
static bool limit_directory(int fd, const Fs *fs, const Domain *domain, Project *project,
                            GError **error)
{
    LOCKED(&lock);

    if (!project_read(fd, project))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "the space of '%s' cannot be limited: its file system has no project quotas",
                    fs->source);
    if (project->number && !is_own(project, fd))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "the space of '%s' cannot be limited: it belongs to project %u", fs->source,
                    project->number);
    return (is_enforced(fd) && (project->number || claim(fd, project)) &&
            limit(fd, project, domain, (Limits){ fs->hard_limit, fs->soft_limit })) ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "the space of '%s' cannot be limited: project quotas of its file system are not "
                "on: %s",
                fs->source, g_strerror(errno));
}

static bool set(const Fs *fs, const Domain *domain, GError **error)
{
    g_auto(Fd) fd = fs_open(fs);
    Project project;

    if (fd < 0)
        return fail_errno(error, errno, "the source '%s' of file system '%s' cannot be limited",
                          fs->source, fs->target);
    if (!limit_directory(fd, fs, domain, &project, error))
        return false;
    if (project.is_whole || join_all(fd, ".", &project, 0))
        return true;
    if (errno == ENAMETOOLONG)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "the space of '%s' cannot be limited: its directories are nested more than %d "
                    "deep",
                    fs->source, MAX_DEPTH);
    return fail_errno(error, errno, "'%s' cannot be made a project", fs->source);
}

bool quota_set(const Domain *domain, GError **error)
{
    for (LIST_EACH(Fs, fs, domain->filesystems)) {
        if (is_limited(fs) && !set(fs, domain, error))
            return false;
    }
    return true;
}

void quota_end(const Domain *domain)
{
    LOCKED(&lock);

    for (LIST_EACH(Fs, fs, domain->filesystems)) {
        Project project;
        g_auto(Fd) fd = fs_open_project(fs, &project);

        if (fd >= 0)
            (void) limit(fd, &project, domain, (Limits){});
    }
}
