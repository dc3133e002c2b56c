/* sound.h - sound cards, and where the host plays what they play */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum SoundModel {
    SOUND_NONE,
    SOUND_SB16,
    SOUND_ES1370,
    SOUND_PCSPK,
    SOUND_AC97,
    SOUND_ICH6,
    SOUND_ICH9,
    SOUND_USB,
    SOUND_ICH7,
} SoundModel;
extern const char *const sound_model_names[];

typedef struct SoundCodec {
    char *type; /* "duplex", "micro", "output" */
} SoundCodec;

typedef struct Sound {
    DeviceInfo info;
    SoundModel model;
    Switch multichannel;
    GPtrArray *codecs; /* of SoundCodec */
    Optional audio;    /* the id of an <audio> */
} Sound;

typedef enum AudioType {
    AUDIO_ABSENT,
    AUDIO_NONE,
    AUDIO_ALSA,
    AUDIO_COREAUDIO,
    AUDIO_JACK,
    AUDIO_OSS,
    AUDIO_PULSEAUDIO,
    AUDIO_SDL,
    AUDIO_SPICE,
    AUDIO_FILE,
    AUDIO_DBUS,
} AudioType;
extern const char *const audio_type_names[];

/* <input> or <output>: one direction of an audio backend. */
typedef struct AudioSide {
    Switch mixing_engine, fixed_settings;
    unsigned voices, buffer_length;
    unsigned frequency, channels;
    char *format; /* "s16", "f32", ... */
    char *dev;    /* of ALSA and OSS */
    unsigned buffer_count;
    Switch try_poll;
    char *server_name, *client_name, *connect_ports; /* of JACK */
    Switch exact_name;
    char *name, *stream_name; /* of PulseAudio */
    unsigned latency;
} AudioSide;

typedef struct Audio {
    Optional id;
    AudioType type;
    unsigned timer_period;
    char *server_name; /* of PulseAudio */
    char *driver;      /* of SDL */
    char *path;        /* of a file */
    Switch try_mmap, exclusive;
    Optional dsp_policy;
    AudioSide input, output;
} Audio;

extern XmlElement sound_element, audio_element;
XML_STRUCT(Sound, sound, sound_element)
XML_STRUCT(Audio, audio, audio_element)
