/* fs.c - a file system that the guest mounts */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/fs.h"

#include "base/size.h"

const char *const fs_type_names[] = {
    [FS_MOUNT] = "mount", [FS_BLOCK] = "block", [FS_FILE] = "file",     [FS_TEMPLATE] = "template",
    [FS_RAM] = "ram",     [FS_BIND] = "bind",   [FS_VOLUME] = "volume", NULL,
};
const char *const fs_driver_names[] = {
    [FS_DRIVER_ABSENT] = NULL,         [FS_DRIVER_PATH] = "path",
    [FS_DRIVER_HANDLE] = "handle",     [FS_DRIVER_LOOP] = "loop",
    [FS_DRIVER_NBD] = "nbd",           [FS_DRIVER_PLOOP] = "ploop",
    [FS_DRIVER_VIRTIOFS] = "virtiofs", NULL,
};
const char *const fs_access_names[] = {
    [FS_ACCESS_ABSENT] = NULL,
    [FS_PASSTHROUGH] = "passthrough",
    [FS_MAPPED] = "mapped",
    [FS_SQUASH] = "squash",
    NULL,
};
static const char *const model_words[] = { NULL, "virtio", "virtio-transitional",
                                           "virtio-non-transitional", NULL };
static const char *const multidevs_words[] = { NULL, "default", "remap", "forbid", "warn", NULL };
static const char *const policy_words[] = { NULL, "immediate", NULL };
static const char *const cache_words[] = { NULL, "none", "always", NULL };
static const char *const sandbox_words[] = { NULL, "namespace", "chroot", NULL };

// clang-format off
#define OF(type) .when = WHEN(FS_##type)
#define DIRECTORY .when = WHEN(FS_MOUNT) | WHEN(FS_BIND)

static const XmlField fs_fields[] = {
    XML_ENUM("@type", Fs, type, fs_type_names),
    XML_ENUM("@accessmode", Fs, access, fs_access_names),
    XML_WORD("@model", Fs, model, model_words),
    XML_WORD("@multidevs", Fs, multidevs, multidevs_words),
    XML_STRING("@fmode", Fs, fmode),
    XML_STRING("@dmode", Fs, dmode),
    XML_ENUM("driver/@type", Fs, driver, fs_driver_names),
    XML_STRING("driver/@format", Fs, format),
    XML_WORD("driver/@wrpolicy", Fs, write_policy, policy_words),
    XML_NUMBER("driver/@queue", Fs, queue),
    DEVICE_VIRTIO(Fs),
    XML_STRING("binary/@path", Fs, binary),
    XML_ON_OFF("binary/@xattr", Fs, xattr),
    XML_WORD("binary/cache/@mode", Fs, cache, cache_words, .needed = true),
    XML_WORD("binary/sandbox/@mode", Fs, sandbox, sandbox_words, .needed = true),
    XML_ON_OFF("binary/lock/@posix", Fs, lock_posix),
    XML_ON_OFF("binary/lock/@flock", Fs, lock_flock),
    XML_NUMBER("binary/thread_pool/@size", Fs, thread_pool, .max = INT32_MAX),
    XML_STRING("source/@dir", Fs, source, DIRECTORY),
    XML_STRING("source/@socket", Fs, socket, OF(MOUNT)),
    XML_STRING("source/@dev", Fs, source, .required = true, OF(BLOCK)),
    XML_STRING("source/@file", Fs, source, .required = true, OF(FILE)),
    XML_STRING("source/@name", Fs, source, .required = true, OF(TEMPLATE)),
    XML_NUMBER("source/@usage", Fs, ram, .required = true, OF(RAM)),
    XML_STRING("source/@units", Fs, ram_unit, OF(RAM)),
    XML_STRING("source/@pool", Fs, source, .required = true, OF(VOLUME)),
    XML_STRING("source/@volume", Fs, volume, .required = true, OF(VOLUME)),
    XML_STRING("target/@dir", Fs, target, .required = true),
    XML_FLAG("readonly", Fs, readonly),
    DEVICE_INFO(Fs),
    XML_SIZE("space_hard_limit", Fs, hard_limit, .unit = 1),
    XML_SIZE("space_soft_limit", Fs, soft_limit, .unit = 1),
    {},
};
// clang-format on

/* Octal, as four digits; false when it is none. */
static bool finish_mode(char **mode)
{
    guint64 value;

    if (!*mode)
        return true;
    if (!g_ascii_string_to_unsigned(*mode, 8, 0, 0777, &value, NULL))
        return false;
    g_free(*mode);
    *mode = g_strdup_printf("%04o", (unsigned) value);
    return true;
}

/* Kept in KiB, and told so. */
static bool finish_ram(Fs *fs)
{
    uint64_t bytes = fs->ram;

    if (!size_scale(&bytes, fs->ram_unit ? fs->ram_unit : "KiB"))
        return false;
    fs->ram = bytes / 1024 + (bytes % 1024 != 0);
    g_free(fs->ram_unit);
    fs->ram_unit = g_strdup("KiB");
    return true;
}

static bool fs_finish(void *object, unsigned, GError **error)
{
    Fs *fs = object;

    if ((fs->type == FS_MOUNT || fs->type == FS_BIND) && !fs->source && !fs->socket)
        return fail(error, ERR_XML, "missing 'source/@dir'");
    if (fs->type == FS_RAM && !finish_ram(fs))
        return fail(error, ERR_XML, "invalid value '%s' for 'source/@units'", fs->ram_unit);
    if (!finish_mode(&fs->fmode) || !finish_mode(&fs->dmode))
        return fail(error, ERR_XML, "'@fmode' and '@dmode' are octal modes");
    return true;
}

XmlElement fs_element = {
    .name = "filesystem",
    .size = sizeof(Fs),
    .fields = fs_fields,
    .variant = offsetof(Fs, type),
    .finish = fs_finish,
};
