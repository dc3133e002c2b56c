/* dev-misc.c - devices of one or two properties */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dev-misc.h"

#include <errno.h>
#include <fcntl.h>

static bool add(Args *args, const Domain *live, const Device *device, const void *object,
                GError **error)
{
    Json *json = device_json(device, object, live, args->caps, error);

    if (json)
        args_json(args, "-device", json);
    return json != NULL;
}

/* ---- audio ---- */

char *audio_id(const Domain *guest, Optional id)
{
    const Audio *first = list_length(guest->audios) ? guest->audios->pdata[0] : NULL;

    if (!id.given && first)
        id = first->id;
    return id.given ? g_strdup_printf("audio%" G_GINT64_FORMAT, id.value) : NULL;
}

void audios_add(Args *args, const Domain *live)
{
    for (LIST_EACH(Audio, audio, live->audios)) {
        g_autofree char *id = audio_id(live, audio->id);

        args_json(args, "-audiodev", json_build("ss", "id", id, "driver", "none"));
    }
}

static Json *encode_audio(const void *slot, const Property *, const Domain *guest)
{
    g_autofree char *id = audio_id(guest, *(const Optional *) slot);

    return id ? json_object_new_string(id) : NULL;
}

// clang-format off
static const Property hda[] = {
    PART(Sound, info, info_properties),
    {},
};
static const Property sound[] = {
    ROW("audiodev", Sound, audio, encode_audio),
    PART(Sound, info, info_properties),
    {},
};
static const Property usb_sound[] = {
    SWITCH("multi", Sound, multichannel),
    { .part = sound },
    {},
};
static const Device sound_devices[] = {
    [SOUND_SB16] = { "sb16", sound },
    [SOUND_ES1370] = { "ES1370", sound },
    [SOUND_AC97] = { "AC97", sound },
    [SOUND_ICH6] = { "intel-hda", hda },
    [SOUND_ICH9] = { "ich9-intel-hda", hda },
    [SOUND_USB] = { "usb-audio", usb_sound },
};
// clang-format on

static void add_codec(Args *args, const Domain *live, const Sound *sound, const char *type,
                      unsigned number)
{
    g_autofree char *driver = g_strconcat("hda-", type, NULL);
    g_autofree char *id = g_strdup_printf("%s-codec%u", sound->info.alias, number);
    g_autofree char *bus = g_strconcat(sound->info.alias, ".0", NULL);
    g_autofree char *audio = audio_id(live, sound->audio);

    args_json(args, "-device",
              json_build("sssis", "driver", driver, "id", id, "bus", bus, "cad", (int64_t) number,
                         "audiodev", audio));
}

static void add_codecs(Args *args, const Domain *live, const Sound *sound)
{
    unsigned number = 0;

    if (sound->model != SOUND_ICH6 && sound->model != SOUND_ICH9)
        return;
    for (LIST_EACH(SoundCodec, codec, sound->codecs))
        add_codec(args, live, sound, codec->type, number++);
    if (number == 0)
        add_codec(args, live, sound, "duplex", 0);
}

bool sounds_add(Args *args, const Domain *live, GError **error)
{
    for (LIST_EACH(Sound, sound, live->sounds)) {
        if (!add(args, live, DEVICE_OF(sound_devices, sound->model), sound, error))
            return false;
        add_codecs(args, live, sound);
    }
    return true;
}

/* ---- input ---- */

// clang-format off
static const Property usb_input[] = {
    PART(Input, info, info_properties),
    {},
};
static const Property virtio_input[] = {
    PART(Input, virtio, virtio_properties),
    PART(Input, info, info_properties),
    {},
};
static const Device usb_inputs[] = {
    [INPUT_MOUSE] = { "usb-mouse", usb_input },
    [INPUT_TABLET] = { "usb-tablet", usb_input, CAP_USB_TABLET },
    [INPUT_KEYBOARD] = { "usb-kbd", usb_input },
};
static const Device virtio_inputs[] = {
    [INPUT_MOUSE] = { "virtio-mouse-pci", virtio_input, CAP_VIRTIO_INPUT },
    [INPUT_TABLET] = { "virtio-tablet-pci", virtio_input, CAP_VIRTIO_INPUT },
    [INPUT_KEYBOARD] = { "virtio-keyboard-pci", virtio_input, CAP_VIRTIO_INPUT },
};
static const Device hub_device = { "usb-hub", usb_input, CAP_USB_HUB };
// clang-format on

/* Those of the machine itself need no device. */
static bool is_builtin(const Input *input)
{
    return input->bus == INPUT_PS2 && (input->type == INPUT_MOUSE || input->type == INPUT_KEYBOARD);
}

static const Device *input_device(const Input *input)
{
    if (input->bus == INPUT_USB)
        return DEVICE_OF(usb_inputs, input->type);
    return input->bus == INPUT_VIRTIO ? DEVICE_OF(virtio_inputs, input->type) : NULL;
}

bool inputs_add(Args *args, const Domain *live, GError **error)
{
    for (LIST_EACH(Input, input, live->inputs)) {
        if (!is_builtin(input) && !add(args, live, input_device(input), input, error))
            return false;
    }
    return true;
}

bool hubs_add(Args *args, const Domain *live, GError **error)
{
    for (LIST_EACH(Hub, hub, live->hubs)) {
        if (!add(args, live, &hub_device, hub, error))
            return false;
    }
    return true;
}

/* ---- what comes first ---- */

// clang-format off
static const Property intel_iommu[] = {
    MEMBER("id", Iommu, info.alias),
    ON_OFF("intremap", Iommu, intremap),
    SWITCH("caching-mode", Iommu, caching_mode),
    ON_OFF("eim", Iommu, eim),
    SWITCH("device-iotlb", Iommu, iotlb),
    MEMBER("aw-bits", Iommu, aw_bits),
    {},
};
static const Property virtio_iommu[] = {
    PART(Iommu, info, info_properties),
    {},
};
static const Device iommu_devices[] = {
    [IOMMU_INTEL] = { "intel-iommu", intel_iommu, CAP_IOMMU_INTEL },
    [IOMMU_VIRTIO] = { "virtio-iommu", virtio_iommu, CAP_IOMMU_VIRTIO },
};
// clang-format on

bool early_devices_add(Args *args, const Domain *live, GError **error)
{
    char text[UUID_TEXT];

    for (LIST_EACH(Iommu, iommu, live->iommus)) {
        if (!add(args, live, DEVICE_OF(iommu_devices, iommu->model), iommu, error))
            return false;
    }
    if (stated(live->features.vmcoreinfo_given, live->features.vmcoreinfo) == SWITCH_ON)
        args_json(args, "-device", json_build("s", "driver", "vmcoreinfo"));
    if (!uuid_is_zero(&live->genid))
        args_json(args, "-device",
                  json_build("sss", "driver", "vmgenid", "guid", uuid_print(&live->genid, text),
                             "id", "vmgenid0"));
    return true;
}

/* ---- what comes last ---- */

/* The answer of the panic device is at a port that the guest knows or is told. */
static Json *encode_port(const void *slot, const Property *row, const Domain *guest)
{
    const Address *address = slot;

    return address->type == ADDRESS_ISA ? encode_optional(&address->isa.iobase, row, guest) : NULL;
}

// clang-format off
static const Property balloon[] = {
    PART(Balloon, virtio, virtio_properties),
    SWITCH("deflate-on-oom", Balloon, autodeflate, .needs = CAP_BALLOON_DEFLATE),
    SWITCH("free-page-reporting", Balloon, free_page_reporting, .needs = CAP_BALLOON_FREE_PAGES),
    PART(Balloon, info, info_properties),
    {},
};
static const Property rng[] = {
    PART(Rng, virtio, virtio_properties),
    ALIAS("rng", Rng, "obj"),
    MEMBER("max-bytes", Rng, rate_bytes),
    MEMBER("period", Rng, rate_period),
    PART(Rng, info, info_properties),
    {},
};
static const Property watchdog[] = {
    PART(Watchdog, info, info_properties),
    {},
};
static const Property panic[] = {
    ROW("ioport", Panic, info.address, encode_port),
    {},
};

static const Device balloon_devices[] = {
    VIRTIO(BALLOON_VIRTIO, "virtio-balloon", balloon, CAP_BALLOON),
};
static const Device rng_devices[] = {
    VIRTIO(RNG_VIRTIO, "virtio-rng", rng, CAP_VIRTIO_RNG),
};
static const Device watchdog_devices[] = {
    [WATCHDOG_I6300ESB] = { "i6300esb", watchdog, CAP_I6300ESB },
    [WATCHDOG_IB700] = { "ib700", watchdog, CAP_IB700 },
};
static const Device panic_devices[] = {
    [PANIC_ISA] = { "pvpanic", panic, CAP_PVPANIC_ISA },
};
// clang-format on

static bool add_random_source(Args *args, const Rng *rng, GError **error)
{
    g_autofree char *id = g_strconcat("obj", rng->info.alias, NULL), *path = NULL;
    const char *file = rng->file ? rng->file : "/dev/urandom";
    int fd;

    if (rng->backend == RNG_BUILTIN) {
        args_json(args, "-object", json_build("ss", "qom-type", "rng-builtin", "id", id));
        return true;
    }
    fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail_errno(error, errno, "cannot open '%s'", file);
    path = args_fdset(args, fd, rng->info.alias);
    args_json(args, "-object",
              json_build("sss", "qom-type", "rng-random", "id", id, "filename", path));
    return true;
}

static bool add_random(Args *args, const Domain *live, GError **error)
{
    for (LIST_EACH(Rng, rng, live->rngs)) {
        if (!add_random_source(args, rng, error) ||
            !add(args, live, DEVICE_OF(rng_devices, rng->model), rng, error))
            return false;
    }
    return true;
}

static bool add_panic(Args *args, const Domain *live, GError **error)
{
    for (LIST_EACH(Panic, panic, live->panics)) {
        const Device *device = DEVICE_OF(panic_devices, panic->model);

        if (device && !add(args, live, device, panic, error))
            return false;
    }
    return true;
}

bool late_devices_add(Args *args, const Domain *live, GError **error)
{
    for (LIST_EACH(Watchdog, watchdog, live->watchdogs)) {
        if (!add(args, live, DEVICE_OF(watchdog_devices, watchdog->model), watchdog, error))
            return false;
    }
    for (LIST_EACH(Balloon, balloon, live->balloons)) {
        if (balloon->model != BALLOON_NONE &&
            !add(args, live, DEVICE_OF(balloon_devices, balloon->model), balloon, error))
            return false;
    }
    return add_random(args, live, error) && add_panic(args, live, error);
}

/* ---- what is refused ---- */

static bool is_known(bool known, const char *kind, const char *model, GError **error)
{
    return known || fail(error, ERR_CONFIG_UNSUPPORTED, "%s '%s' is not supported", kind, model);
}

bool misc_check(const Domain *guest, GError **error)
{
    bool known = true;

    for (LIST_EACH(Sound, sound, guest->sounds))
        known = known && is_known(DEVICE_OF(sound_devices, sound->model), "sound model",
                                  sound_model_names[sound->model], error);
    for (LIST_EACH(Input, input, guest->inputs))
        known = known && is_known(is_builtin(input) || input_device(input), "input type",
                                  input_type_names[input->type], error);
    for (LIST_EACH(Iommu, iommu, guest->iommus))
        known = known && is_known(DEVICE_OF(iommu_devices, iommu->model), "iommu model",
                                  iommu_model_names[iommu->model], error);
    for (LIST_EACH(Watchdog, watchdog, guest->watchdogs))
        known = known && is_known(DEVICE_OF(watchdog_devices, watchdog->model), "watchdog model",
                                  watchdog_model_names[watchdog->model], error);
    for (LIST_EACH(Panic, panic, guest->panics))
        known = known &&
                is_known(DEVICE_OF(panic_devices, panic->model) || panic->model == PANIC_HYPERV,
                         "panic model", panic_model_names[panic->model], error);
    return known;
}
