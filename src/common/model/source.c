/* source.c - where the bytes of a disk are */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/source.h"

const char *const source_type_names[] = {
    [SOURCE_NONE] = NULL,
    [SOURCE_FILE] = "file",
    [SOURCE_BLOCK] = "block",
    [SOURCE_DIR] = "dir",
    [SOURCE_NETWORK] = "network",
    [SOURCE_VOLUME] = "volume",
    [SOURCE_NVME] = "nvme",
    [SOURCE_VHOST_USER] = "vhostuser",
    NULL,
};
const char *const source_protocol_names[] = {
    [PROTOCOL_NONE] = NULL,           [PROTOCOL_NBD] = "nbd",         [PROTOCOL_RBD] = "rbd",
    [PROTOCOL_SHEEPDOG] = "sheepdog", [PROTOCOL_GLUSTER] = "gluster", [PROTOCOL_ISCSI] = "iscsi",
    [PROTOCOL_HTTP] = "http",         [PROTOCOL_HTTPS] = "https",     [PROTOCOL_FTP] = "ftp",
    [PROTOCOL_FTPS] = "ftps",         [PROTOCOL_TFTP] = "tftp",       [PROTOCOL_SSH] = "ssh",
    [PROTOCOL_VXHS] = "vxhs",         [PROTOCOL_NFS] = "nfs",         NULL,
};
const char *const source_format_names[] = {
    [FORMAT_NONE] = NULL,     [FORMAT_RAW] = "raw",     [FORMAT_DIR] = "dir",
    [FORMAT_BOCHS] = "bochs", [FORMAT_CLOOP] = "cloop", [FORMAT_DMG] = "dmg",
    [FORMAT_ISO] = "iso",     [FORMAT_VPC] = "vpc",     [FORMAT_VDI] = "vdi",
    [FORMAT_VHD] = "vhd",     [FORMAT_PLOOP] = "ploop", [FORMAT_COW] = "cow",
    [FORMAT_QCOW] = "qcow",   [FORMAT_QCOW2] = "qcow2", [FORMAT_QED] = "qed",
    [FORMAT_VMDK] = "vmdk",   [FORMAT_FAT] = "fat",     NULL,
};
const char *const host_transport_names[] = {
    [TRANSPORT_ABSENT] = NULL,
    [TRANSPORT_TCP] = "tcp",
    [TRANSPORT_UNIX] = "unix",
    [TRANSPORT_RDMA] = "rdma",
    NULL,
};
const char *const startup_policy_names[] = {
    [STARTUP_POLICY_NONE] = NULL,
    [STARTUP_POLICY_MANDATORY] = "mandatory",
    [STARTUP_POLICY_REQUISITE] = "requisite",
    [STARTUP_POLICY_OPTIONAL] = "optional",
    NULL,
};
static const char *const pool_mode_names[] = {
    [POOL_MODE_NONE] = NULL,
    [POOL_MODE_HOST] = "host",
    [POOL_MODE_DIRECT] = "direct",
    NULL,
};

static const XmlField source_host_fields[] = {
    XML_STRING("@name", SourceHost, name),
    XML_NUMBER("@port", SourceHost, port, .max = 65535),
    XML_ENUM("@transport", SourceHost, transport, host_transport_names),
    XML_STRING("@socket", SourceHost, socket),
    {},
};

static bool source_host_finish(void *object, unsigned, GError **error)
{
    SourceHost *host = object;

    if (host->transport == TRANSPORT_TCP)
        host->transport = TRANSPORT_ABSENT;

    if (host->transport == TRANSPORT_UNIX)
        return host->socket || fail(error, ERR_XML, "missing '@socket' of transport 'unix'");
    if (host->socket)
        return fail(error, ERR_XML, "'@socket' is of transport 'unix' only");
    return host->name || fail(error, ERR_XML, "missing '@name'");
}

XmlElement source_host_element = {
    .name = "host",
    .size = sizeof(SourceHost),
    .fields = source_host_fields,
    .finish = source_host_finish,
};

#define SECRET_ROWS(Struct, member)                                                   \
    XML_STRING("@type", Struct, member type), XML_UUID("@uuid", Struct, member uuid), \
        XML_STRING("@usage", Struct, member usage)

static const XmlField secret_fields[] = {
    SECRET_ROWS(SecretReference, ),
    {},
};

static bool secret_finish(void *object, unsigned, GError **error)
{
    const SecretReference *secret = object;

    return (secret->usage != NULL) != !uuid_is_zero(&secret->uuid) ||
           fail(error, ERR_XML, "a secret has either '@uuid' or '@usage'");
}

static XmlElement secret_element = {
    .name = "secret",
    .size = sizeof(SecretReference),
    .fields = secret_fields,
    .finish = secret_finish,
};

static const XmlField source_auth_fields[] = {
    XML_STRING("@username", SourceAuth, username, .required = true),
    XML_PART("secret", SourceAuth, secret, &secret_element),
    {},
};
XmlElement source_auth_element = {
    .name = "auth",
    .size = sizeof(SourceAuth),
    .fields = source_auth_fields,
};

static const XmlField source_cookie_fields[] = {
    XML_STRING("@name", SourceCookie, name, .required = true),
    XML_STRING(".", SourceCookie, value),
    {},
};
static XmlElement source_cookie_element = {
    .name = "cookie",
    .size = sizeof(SourceCookie),
    .fields = source_cookie_fields,
};

static const XmlField source_slice_fields[] = {
    XML_STRING("@type", SourceSlice, type, .required = true),
    XML_NUMBER("@offset", SourceSlice, offset, .required = true, .always = true),
    XML_NUMBER("@size", SourceSlice, size, .required = true, .min = 1),
    {},
};
static XmlElement source_slice_element = {
    .name = "slice",
    .size = sizeof(SourceSlice),
    .fields = source_slice_fields,
};

static const XmlField source_encryption_fields[] = {
    XML_STRING("@format", SourceEncryption, format, .required = true),
    XML_STRING("@engine", SourceEncryption, engine),
    XML_LIST("secret", SourceEncryption, secrets, &secret_element),
    XML_STRING("cipher/@name", SourceEncryption, cipher_name),
    XML_NUMBER("cipher/@size", SourceEncryption, cipher_size),
    XML_STRING("cipher/@mode", SourceEncryption, cipher_mode),
    XML_STRING("cipher/@hash", SourceEncryption, cipher_hash),
    XML_STRING("ivgen/@name", SourceEncryption, ivgen_name),
    XML_STRING("ivgen/@hash", SourceEncryption, ivgen_hash),
    {},
};
XmlElement source_encryption_element = {
    .name = "encryption",
    .size = sizeof(SourceEncryption),
    .fields = source_encryption_fields,
};

static const XmlField source_reservations_fields[] = {
    XML_YES_NO("@managed", SourceReservations, managed, .required = true),
    XML_STRING("source/@type", SourceReservations, type),
    XML_STRING("source/@path", SourceReservations, path),
    XML_STRING("source/@mode", SourceReservations, mode),
    {},
};
static XmlElement source_reservations_element = {
    .name = "reservations",
    .size = sizeof(SourceReservations),
    .fields = source_reservations_fields,
};

// clang-format off
#define NETWORK .when = WHEN(SOURCE_NETWORK)
#define NVME .when = WHEN(SOURCE_NVME)
#define VHOST_USER .when = WHEN(SOURCE_VHOST_USER)

static const XmlField source_fields[] = {
    XML_STRING("source/@file", Source, path, .when = WHEN(SOURCE_FILE)),
    XML_STRING("source/@dev", Source, path, .when = WHEN(SOURCE_BLOCK)),
    XML_STRING("source/@dir", Source, path, .when = WHEN(SOURCE_DIR)),
    XML_ENUM("source/@protocol", Source, protocol, source_protocol_names, .needed = true, NETWORK),
    XML_STRING("source/@name", Source, name, NETWORK),
    XML_STRING("source/@query", Source, query, NETWORK),
    XML_YES_NO("source/@tls", Source, tls, NETWORK),
    XML_STRING("source/@tlsHostname", Source, tls_hostname, NETWORK),
    XML_STRING("source/@pool", Source, pool, .needed = true, .when = WHEN(SOURCE_VOLUME)),
    XML_STRING("source/@volume", Source, volume, .needed = true, .when = WHEN(SOURCE_VOLUME)),
    XML_ENUM("source/@mode", Source, pool_mode, pool_mode_names, .when = WHEN(SOURCE_VOLUME)),
    XML_STRING("source/@type", Source, helper, .needed = true, .when = WHEN(SOURCE_NVME) | WHEN(SOURCE_VHOST_USER)),
    XML_STRING("source/@path", Source, path, .needed = true, VHOST_USER),
    XML_YES_NO("source/@managed", Source, managed, NVME),
    XML_NUMBER("source/@namespace", Source, nvme_namespace, .needed = true, .min = 1, NVME),
    XML_ENUM("source/@startupPolicy", Source, startup_policy, startup_policy_names),
    XML_NUMBER("source/@index", Source, index, .live = true),
    XML_LIST("source/host", Source, hosts, &source_host_element, NETWORK),
    XML_STRING("source/snapshot/@name", Source, snapshot, .needed = true, NETWORK),
    XML_STRING("source/config/@file", Source, config, .needed = true, NETWORK),
    XML_STRING("source/initiator/iqn/@name", Source, initiator, .needed = true, NETWORK),
    XML_CHILD("source/auth", Source, auth, &source_auth_element, .when = WHEN(SOURCE_NETWORK) | WHEN(SOURCE_VOLUME)),
    XML_CHILD("source/address", Source, nvme_address, &pci_address_element, .needed = true, NVME),
    XML_YES_NO("source/reconnect/@enabled", Source, reconnect, .needed = true, VHOST_USER),
    XML_NUMBER("source/reconnect/@timeout", Source, reconnect_timeout, VHOST_USER),
    XML_LIST("source/slices/slice", Source, slices, &source_slice_element),
    XML_YES_NO("source/ssl/@verify", Source, ssl_verify, NETWORK),
    XML_LIST("source/cookies/cookie", Source, cookies, &source_cookie_element, .secure = true, NETWORK),
    XML_NUMBER("source/readahead/@size", Source, readahead, NETWORK),
    XML_NUMBER("source/timeout/@seconds", Source, timeout, NETWORK),
    XML_STRING("source/identity/@user", Source, user, NETWORK),
    XML_STRING("source/identity/@group", Source, group, NETWORK),
    XML_LIST("source/seclabel", Source, labels, &device_label_element),
    XML_CHILD("source/encryption", Source, encryption, &source_encryption_element),
    XML_CHILD("source/reservations", Source, reservations, &source_reservations_element),
    {},
};
// clang-format on

XmlElement source_element = {
    .name = "source",
    .size = sizeof(Source),
    .fields = source_fields,
    .variant = offsetof(Source, type),
};

static const XmlField backing_store_fields[] = {
    XML_ENUM("@type", BackingStore, source.type, source_type_names),
    XML_NUMBER("@index", BackingStore, index, .live = true),
    XML_ENUM("format/@type", BackingStore, format, source_format_names, .needed = true),
    XML_SIZE("format/metadata_cache/max_size", BackingStore, metadata_cache, .unit = 1),
    XML_PART(".", BackingStore, source, &source_element),
    XML_CHILD("backingStore", BackingStore, backing, &backing_store_element),
    {},
};

static bool backing_store_finish(void *object, unsigned, GError **error)
{
    const BackingStore *store = object;

    if (store->source.type == SOURCE_NONE && (store->format || store->backing))
        return fail(error, ERR_XML, "missing '@type'");
    return true;
}

XmlElement backing_store_element = {
    .name = "backingStore",
    .size = sizeof(BackingStore),
    .fields = backing_store_fields,
    .finish = backing_store_finish,
};
