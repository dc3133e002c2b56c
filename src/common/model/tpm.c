/* tpm.c - a trusted platform module */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/tpm.h"

const char *const tpm_model_names[] = {
    [TPM_MODEL_ABSENT] = NULL,
    [TPM_TIS] = "tpm-tis",
    [TPM_CRB] = "tpm-crb",
    [TPM_SPAPR] = "tpm-spapr",
    [TPM_SPAPR_PROXY] = "spapr-tpm-proxy",
    NULL,
};
const char *const tpm_backend_names[] = {
    [TPM_BACKEND_NONE] = NULL,
    [TPM_PASSTHROUGH] = "passthrough",
    [TPM_EMULATOR] = "emulator",
    [TPM_EXTERNAL] = "external",
    NULL,
};
const char *const tpm_version_names[] = {
    [TPM_VERSION_ABSENT] = NULL,
    [TPM_1_2] = "1.2",
    [TPM_2_0] = "2.0",
    NULL,
};
static const char *const socket_words[] = { NULL, "unix", NULL };
static const char *const mode_words[] = { NULL, "connect", NULL };

// clang-format off
#define EMULATOR .when = WHEN(TPM_EMULATOR)
#define EXTERNAL .when = WHEN(TPM_EXTERNAL)

static const XmlField tpm_fields[] = {
    XML_ENUM("@model", Tpm, model, tpm_model_names),
    XML_ENUM("backend/@type", Tpm, backend, tpm_backend_names, .required = true),
    XML_ENUM("backend/@version", Tpm, version, tpm_version_names, EMULATOR),
    XML_YES_NO("backend/@persistent_state", Tpm, persistent_state, EMULATOR),
    XML_STRING("backend/device/@path", Tpm, device, .when = WHEN(TPM_PASSTHROUGH)),
    XML_UUID("backend/encryption/@secret", Tpm, encryption_secret, .needed = true, EMULATOR),
    XML_FLAG("backend/active_pcr_banks/sha1", Tpm, banks.sha1, EMULATOR),
    XML_FLAG("backend/active_pcr_banks/sha256", Tpm, banks.sha256, EMULATOR),
    XML_FLAG("backend/active_pcr_banks/sha384", Tpm, banks.sha384, EMULATOR),
    XML_FLAG("backend/active_pcr_banks/sha512", Tpm, banks.sha512, EMULATOR),
    XML_WORD("backend/source/@type", Tpm, socket_type, socket_words, .required = true, EXTERNAL),
    XML_WORD("backend/source/@mode", Tpm, socket_mode, mode_words, .required = true, EXTERNAL),
    XML_STRING("backend/source/@path", Tpm, socket, .required = true, EXTERNAL),
    DEVICE_INFO(Tpm),
    {},
};
// clang-format on
XmlElement tpm_element = {
    .name = "tpm",
    .size = sizeof(Tpm),
    .fields = tpm_fields,
    .variant = offsetof(Tpm, backend),
};
