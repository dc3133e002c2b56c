/* shmem.h - memory that guests share */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum ShmemModel {
    SHMEM_IVSHMEM,
    SHMEM_IVSHMEM_PLAIN,
    SHMEM_IVSHMEM_DOORBELL,
} ShmemModel;
extern const char *const shmem_model_names[];

typedef struct Shmem {
    DeviceInfo info;
    char *name;
    char *role; /* "master", "peer" */
    ShmemModel model;
    uint64_t size; /* MiB */
    bool server;   /* one hands out the memory, at server_path */
    char *server_path;
    bool msi;
    unsigned vectors;
    Switch msi_enabled, ioeventfd;
} Shmem;

extern XmlElement shmem_element;
XML_STRUCT(Shmem, shmem, shmem_element)
