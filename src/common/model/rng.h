/* rng.h - a source of randomness for the guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/chardev.h"

typedef enum RngModel {
    RNG_MODEL_ABSENT,
    RNG_VIRTIO,
    RNG_VIRTIO_TRANSITIONAL,
    RNG_VIRTIO_NON_TRANSITIONAL,
} RngModel;
extern const char *const rng_model_names[];

typedef enum RngBackend { RNG_BACKEND_NONE, RNG_RANDOM, RNG_EGD, RNG_BUILTIN } RngBackend;
extern const char *const rng_backend_names[];

typedef struct Rng {
    DeviceInfo info;
    RngModel model;
    VirtioOptions virtio;
    unsigned rate_bytes; /* in rate_period ms; 0: no limit */
    unsigned rate_period;
    RngBackend backend;
    char *file;     /* of RNG_RANDOM; NULL: the host's choice */
    CharSource egd; /* of RNG_EGD */
} Rng;

extern XmlElement rng_element;
XML_STRUCT(Rng, rng, rng_element)
