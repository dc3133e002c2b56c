/* source.h - where the bytes of a disk are */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum SourceType {
    SOURCE_NONE,
    SOURCE_FILE,
    SOURCE_BLOCK,
    SOURCE_DIR,
    SOURCE_NETWORK,
    SOURCE_VOLUME,
    SOURCE_NVME,
    SOURCE_VHOST_USER,
} SourceType;
extern const char *const source_type_names[];

typedef enum SourceProtocol {
    PROTOCOL_NONE,
    PROTOCOL_NBD,
    PROTOCOL_RBD,
    PROTOCOL_SHEEPDOG,
    PROTOCOL_GLUSTER,
    PROTOCOL_ISCSI,
    PROTOCOL_HTTP,
    PROTOCOL_HTTPS,
    PROTOCOL_FTP,
    PROTOCOL_FTPS,
    PROTOCOL_TFTP,
    PROTOCOL_SSH,
    PROTOCOL_VXHS,
    PROTOCOL_NFS,
} SourceProtocol;
extern const char *const source_protocol_names[];

typedef enum SourceFormat {
    FORMAT_NONE,
    FORMAT_RAW,
    FORMAT_DIR,
    FORMAT_BOCHS,
    FORMAT_CLOOP,
    FORMAT_DMG,
    FORMAT_ISO,
    FORMAT_VPC,
    FORMAT_VDI,
    FORMAT_VHD,
    FORMAT_PLOOP,
    FORMAT_COW,
    FORMAT_QCOW,
    FORMAT_QCOW2,
    FORMAT_QED,
    FORMAT_VMDK,
    FORMAT_FAT,
} SourceFormat;
extern const char *const source_format_names[];

typedef enum HostTransport {
    TRANSPORT_ABSENT, /* TCP */
    TRANSPORT_TCP,
    TRANSPORT_UNIX,
    TRANSPORT_RDMA,
} HostTransport;
extern const char *const host_transport_names[];

typedef enum StartupPolicy {
    STARTUP_POLICY_NONE,
    STARTUP_POLICY_MANDATORY,
    STARTUP_POLICY_REQUISITE,
    STARTUP_POLICY_OPTIONAL,
} StartupPolicy;
extern const char *const startup_policy_names[];

typedef enum PoolMode { POOL_MODE_NONE, POOL_MODE_HOST, POOL_MODE_DIRECT } PoolMode;

typedef struct SourceHost {
    char *name;
    unsigned port;
    HostTransport transport;
    char *socket; /* of TRANSPORT_UNIX */
} SourceHost;

typedef struct SecretReference {
    char *type; /* "ceph", "iscsi"; of encryption "passphrase" */
    Uuid uuid;  /* or usage */
    char *usage;
} SecretReference;

typedef struct SourceAuth {
    char *username;
    SecretReference secret;
} SourceAuth;

typedef struct SourceCookie {
    char *name;
    char *value;
} SourceCookie;

typedef struct SourceSlice {
    char *type; /* "storage" */
    uint64_t offset, size;
} SourceSlice;

typedef struct SourceEncryption {
    char *format;       /* "luks", "luks2", "qcow" */
    char *engine;       /* "qemu", "librbd" */
    GPtrArray *secrets; /* of SecretReference */
    char *cipher_name, *cipher_mode, *cipher_hash;
    unsigned cipher_size;
    char *ivgen_name, *ivgen_hash;
} SourceEncryption;

typedef struct SourceReservations {
    Switch managed;
    char *type, *path, *mode; /* of the helper's socket, when it is not managed */
} SourceReservations;

/* Attributes and children of <source> under an element whose @type is the variant. */
typedef struct Source {
    SourceType type;
    char *path; /* file, device, directory or socket */
    StartupPolicy startup_policy;
    Optional index; /* live: the number in node names and block job paths */
    SourceProtocol protocol;
    char *name; /* of a network source: volume, export, path */
    char *query;
    Switch tls;
    char *tls_hostname;
    GPtrArray *hosts; /* of SourceHost */
    char *snapshot, *config;
    char *initiator; /* iqn */
    Switch ssl_verify;
    GPtrArray *cookies; /* of SourceCookie */
    uint64_t readahead, timeout;
    char *user, *group; /* of NFS */
    SourceAuth *auth;
    char *pool, *volume;
    PoolMode pool_mode;
    char *helper;   /* source/@type: of NVMe "pci", of vhost-user "unix" */
    Switch managed; /* of NVMe */
    uint64_t nvme_namespace;
    PciAddress *nvme_address;
    Switch reconnect; /* of a vhost-user socket */
    unsigned reconnect_timeout;
    GPtrArray *slices; /* of SourceSlice */
    SourceEncryption *encryption;
    SourceReservations *reservations;
    GPtrArray *labels; /* of DeviceLabel */
} Source;

/* One image below another; an empty one ends the chain. */
typedef struct BackingStore {
    Source source;
    Optional index; /* live */
    SourceFormat format;
    uint64_t metadata_cache; /* bytes; 0: QEMU's choice */
    struct BackingStore *backing;
} BackingStore;

extern XmlElement source_element, source_auth_element, source_encryption_element;
extern XmlElement backing_store_element, source_host_element;
