/* sound.c - sound cards, and where the host plays what they play */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sound.h"

const char *const sound_model_names[] = {
    [SOUND_NONE] = NULL,       [SOUND_SB16] = "sb16",
    [SOUND_ES1370] = "es1370", [SOUND_PCSPK] = "pcspk",
    [SOUND_AC97] = "ac97",     [SOUND_ICH6] = "ich6",
    [SOUND_ICH9] = "ich9",     [SOUND_USB] = "usb",
    [SOUND_ICH7] = "ich7",     NULL,
};
const char *const audio_type_names[] = {
    [AUDIO_ABSENT] = NULL,
    [AUDIO_NONE] = "none",
    [AUDIO_ALSA] = "alsa",
    [AUDIO_COREAUDIO] = "coreaudio",
    [AUDIO_JACK] = "jack",
    [AUDIO_OSS] = "oss",
    [AUDIO_PULSEAUDIO] = "pulseaudio",
    [AUDIO_SDL] = "sdl",
    [AUDIO_SPICE] = "spice",
    [AUDIO_FILE] = "file",
    [AUDIO_DBUS] = "dbus",
    NULL,
};
static const char *const codec_words[] = { NULL, "duplex", "micro", "output", NULL };
static const char *const format_words[] = { NULL,  "s8",  "u8",  "s16", "u16",
                                            "s32", "u32", "f32", NULL };
static const char *const sdl_words[] = { NULL, "esd", "alsa", "arts", "pulseaudio", NULL };

static const XmlField codec_fields[] = {
    XML_WORD("@type", SoundCodec, type, codec_words, .required = true),
    {},
};
static XmlElement codec_element = {
    .name = "codec",
    .size = sizeof(SoundCodec),
    .fields = codec_fields,
};

static const XmlField sound_fields[] = {
    XML_ENUM("@model", Sound, model, sound_model_names, .required = true),
    XML_YES_NO("@multichannel", Sound, multichannel, .when = WHEN(SOUND_USB)),
    XML_LIST("codec", Sound, codecs, &codec_element, .when = WHEN(SOUND_ICH6) | WHEN(SOUND_ICH9)),
    XML_NUMBER("audio/@id", Sound, audio, .needed = true, .min = 1),
    DEVICE_INFO(Sound),
    {},
};
XmlElement sound_element = {
    .name = "sound",
    .size = sizeof(Sound),
    .fields = sound_fields,
    .variant = offsetof(Sound, model),
};

// clang-format off
#define OF(type) .when = WHEN(AUDIO_##type)
/* One side's attributes, those of the backends that have them. */
#define SIDE_ROWS(p, side)                                                             \
    XML_YES_NO(p "/@mixingEngine", Audio, side.mixing_engine),                         \
    XML_YES_NO(p "/@fixedSettings", Audio, side.fixed_settings),                       \
    XML_NUMBER(p "/@voices", Audio, side.voices),                                      \
    XML_NUMBER(p "/@bufferLength", Audio, side.buffer_length),                         \
    XML_STRING(p "/@dev", Audio, side.dev, .when = WHEN(AUDIO_ALSA) | WHEN(AUDIO_OSS)), \
    XML_NUMBER(p "/@bufferCount", Audio, side.buffer_count,                            \
               .when = WHEN(AUDIO_COREAUDIO) | WHEN(AUDIO_OSS) | WHEN(AUDIO_SDL)),     \
    XML_YES_NO(p "/@tryPoll", Audio, side.try_poll, OF(OSS)),                          \
    XML_STRING(p "/@serverName", Audio, side.server_name, OF(JACK)),                   \
    XML_STRING(p "/@clientName", Audio, side.client_name, OF(JACK)),                   \
    XML_STRING(p "/@connectPorts", Audio, side.connect_ports, OF(JACK)),               \
    XML_YES_NO(p "/@exactName", Audio, side.exact_name, OF(JACK)),                     \
    XML_STRING(p "/@name", Audio, side.name, OF(PULSEAUDIO)),                          \
    XML_STRING(p "/@streamName", Audio, side.stream_name, OF(PULSEAUDIO)),             \
    XML_NUMBER(p "/@latency", Audio, side.latency, OF(PULSEAUDIO)),                    \
    XML_NUMBER(p "/settings/@frequency", Audio, side.frequency),                       \
    XML_NUMBER(p "/settings/@channels", Audio, side.channels),                         \
    XML_WORD(p "/settings/@format", Audio, side.format, format_words)

static const XmlField audio_fields[] = {
    XML_NUMBER("@id", Audio, id, .required = true, .min = 1, .max = UINT32_MAX),
    XML_ENUM("@type", Audio, type, audio_type_names, .required = true),
    XML_NUMBER("@timerPeriod", Audio, timer_period),
    XML_STRING("@serverName", Audio, server_name, OF(PULSEAUDIO)),
    XML_WORD("@driver", Audio, driver, sdl_words, OF(SDL)),
    XML_STRING("@path", Audio, path, OF(FILE)),
    XML_YES_NO("@tryMMap", Audio, try_mmap, OF(OSS)),
    XML_YES_NO("@exclusive", Audio, exclusive, OF(OSS)),
    XML_NUMBER("@dspPolicy", Audio, dsp_policy, .min = -1, .max = 10, OF(OSS)),
    SIDE_ROWS("input", input),
    SIDE_ROWS("output", output),
    {},
};
// clang-format on
XmlElement audio_element = {
    .name = "audio",
    .size = sizeof(Audio),
    .fields = audio_fields,
    .variant = offsetof(Audio, type),
};
