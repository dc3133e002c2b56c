/* shmem.c - memory that guests share */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/shmem.h"

const char *const shmem_model_names[] = {
    [SHMEM_IVSHMEM] = "ivshmem",
    [SHMEM_IVSHMEM_PLAIN] = "ivshmem-plain",
    [SHMEM_IVSHMEM_DOORBELL] = "ivshmem-doorbell",
    NULL,
};
static const char *const role_words[] = { NULL, "master", "peer", NULL };

static const XmlField shmem_fields[] = {
    XML_STRING("@name", Shmem, name, .required = true),
    XML_WORD("@role", Shmem, role, role_words),
    XML_ENUM("model/@type", Shmem, model, shmem_model_names),
    XML_SIZE("size", Shmem, size, .unit = 1 << 20, .unit_name = "M"),
    XML_FLAG("server", Shmem, server),
    XML_STRING("server/@path", Shmem, server_path),
    XML_FLAG("msi", Shmem, msi),
    XML_YES_NO("msi/@enabled", Shmem, msi_enabled),
    XML_NUMBER("msi/@vectors", Shmem, vectors),
    XML_ON_OFF("msi/@ioeventfd", Shmem, ioeventfd),
    DEVICE_INFO(Shmem),
    {},
};
XmlElement shmem_element = {
    .name = "shmem",
    .size = sizeof(Shmem),
    .fields = shmem_fields,
};
