/* rng.c - a source of randomness for the guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/rng.h"

const char *const rng_model_names[] = {
    [RNG_MODEL_ABSENT] = NULL,
    [RNG_VIRTIO] = "virtio",
    [RNG_VIRTIO_TRANSITIONAL] = "virtio-transitional",
    [RNG_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional",
    NULL,
};
const char *const rng_backend_names[] = {
    [RNG_BACKEND_NONE] = NULL,
    [RNG_RANDOM] = "random",
    [RNG_EGD] = "egd",
    [RNG_BUILTIN] = "builtin",
    NULL,
};

// clang-format off
static const XmlField rng_fields[] = {
    XML_ENUM("@model", Rng, model, rng_model_names, .required = true),
    XML_NUMBER("rate/@bytes", Rng, rate_bytes, .needed = true, .min = 1),
    XML_NUMBER("rate/@period", Rng, rate_period),
    XML_ENUM("backend/@model", Rng, backend, rng_backend_names, .required = true),
    XML_STRING("backend", Rng, file, .when = WHEN(RNG_RANDOM)),
    XML_PART("backend", Rng, egd, &char_source_element, .when = WHEN(RNG_EGD)),
    DEVICE_VIRTIO(Rng),
    DEVICE_INFO(Rng),
    {},
};
// clang-format on
XmlElement rng_element = {
    .name = "rng",
    .size = sizeof(Rng),
    .fields = rng_fields,
    .variant = offsetof(Rng, backend),
};
