/* quota.c - how much space the directories of a container may take
 *
 * A directory that is limited is a project of its file system's (ext4, XFS, f2fs): all that is in
 * it, or comes into it, is counted as that project's. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quota.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PRJQUOTA 2
/* Numbers of ours, beyond those that administrators give. */
enum { PROJECT = 0x40000000, PROJECTS = 0x40000000 };

/* ---- a directory's project ---- */

static bool join(int fd, unsigned project, bool is_directory)
{
    struct fsxattr attributes;

    if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0)
        return false;
    attributes.fsx_projid = project;
    if (is_directory)
        attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
    return ioctl(fd, FS_IOC_FSSETXATTR, &attributes) == 0;
}

/* What is in it first: of who was interrupted we see that it is to be done again. Links and devices
 * have no project of their own, and take no space. */
static bool join_all(int fd, unsigned project, dev_t device)
{
    g_autoptr(Directory) entries = fdopendir(dup(fd));
    struct dirent *entry;
    struct stat file;

    while (entries && (entry = readdir(entries))) {
        g_auto(Fd) inner = -1;
        bool done;

        if (g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, "..") ||
            fstatat(fd, entry->d_name, &file, AT_SYMLINK_NOFOLLOW) < 0 || file.st_dev != device ||
            !(S_ISDIR(file.st_mode) || S_ISREG(file.st_mode)))
            continue;
        inner = openat(fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        done =
            S_ISDIR(file.st_mode) ? join_all(inner, project, device) : join(inner, project, false);
        if (!done)
            return false;
    }
    return entries && join(fd, project, true);
}

/* 0 and an error: it cannot be one. */
static unsigned project_of(const Fs *fs, int fd, GError **error)
{
    struct fsxattr attributes = {};
    struct stat file = {};
    unsigned project;

    if (fstat(fd, &file) < 0 || ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0) {
        fail(error, ERR_CONFIG_UNSUPPORTED,
             "the space of '%s' cannot be limited: its file system has no project quotas",
             fs->source);
        return 0;
    }
    project = PROJECT | file.st_ino % PROJECTS;
    if (attributes.fsx_projid == project)
        return project;
    if (attributes.fsx_projid) {
        fail(error, ERR_CONFIG_UNSUPPORTED,
             "the space of '%s' cannot be limited: it belongs to project %u", fs->source,
             attributes.fsx_projid);
        return 0;
    }
    return project;
}

/* ---- limits ---- */

static bool limit(int fd, unsigned project, const Fs *fs)
{
    struct dqblk limits = {
        .dqb_bhardlimit = fs ? (fs->hard_limit + 1023) / 1024 : 0,
        .dqb_bsoftlimit = fs ? (fs->soft_limit + 1023) / 1024 : 0,
        .dqb_valid = QIF_BLIMITS,
    };

    return syscall(SYS_quotactl_fd, fd, QCMD(Q_SETQUOTA, PRJQUOTA), project, &limits) == 0;
}

/* What is refused is refused before every file has been looked at. */
static bool set(const Fs *fs, GError **error)
{
    g_auto(Fd) fd = open(fs->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct fsxattr attributes;
    struct stat file;
    unsigned project;

    if (fd < 0 || fstat(fd, &file) < 0)
        return fail_errno(error, errno, "the source '%s' of file system '%s' cannot be limited",
                          fs->source, fs->target);
    project = project_of(fs, fd, error);
    if (!project)
        return false;
    if (!limit(fd, project, fs))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "the space of '%s' cannot be limited: project quotas of its file system are "
                    "not on: %s",
                    fs->source, g_strerror(errno));
    if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) == 0 && attributes.fsx_projid == project)
        return true;
    return join_all(fd, project, file.st_dev) ||
           fail_errno(error, errno, "'%s' cannot be made a project", fs->source);
}

static bool is_limited(const Fs *fs) { return fs->hard_limit || fs->soft_limit; }

bool quota_set(const Domain *domain, GError **error)
{
    for (LIST_EACH(Fs, fs, domain->filesystems)) {
        if (is_limited(fs) && !set(fs, error)) {
            quota_end(domain);
            return false;
        }
    }
    return true;
}

void quota_end(const Domain *domain)
{
    for (LIST_EACH(Fs, fs, domain->filesystems)) {
        g_auto(Fd) fd = is_limited(fs) ? open(fs->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        unsigned project = fd >= 0 ? project_of(fs, fd, NULL) : 0;

        if (project)
            (void) limit(fd, project, NULL);
    }
}
