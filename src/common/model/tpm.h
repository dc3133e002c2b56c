/* tpm.h - a trusted platform module */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum TpmModel {
    TPM_MODEL_ABSENT,
    TPM_TIS,
    TPM_CRB,
    TPM_SPAPR,
    TPM_SPAPR_PROXY,
} TpmModel;
extern const char *const tpm_model_names[];

typedef enum TpmBackend {
    TPM_BACKEND_NONE,
    TPM_PASSTHROUGH,
    TPM_EMULATOR,
    TPM_EXTERNAL,
} TpmBackend;
extern const char *const tpm_backend_names[];

typedef enum TpmVersion { TPM_VERSION_ABSENT, TPM_1_2, TPM_2_0 } TpmVersion;
extern const char *const tpm_version_names[];

typedef struct TpmBanks {
    bool sha1, sha256, sha384, sha512;
} TpmBanks;

typedef struct Tpm {
    DeviceInfo info;
    TpmModel model;
    TpmBackend backend;
    TpmVersion version; /* of the emulator */
    Switch persistent_state;
    char *device; /* of passthrough */
    Uuid encryption_secret;
    TpmBanks banks;
    char *socket_type, *socket_mode, *socket; /* of external */
} Tpm;

extern XmlElement tpm_element;
XML_STRUCT(Tpm, tpm, tpm_element)
