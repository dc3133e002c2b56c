/* dev-video.c - video cards, as QEMU's devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dev-video.h"

enum { KIB = 1024 };

static Json *encode_bytes(const void *slot, const Property *, const Domain *)
{
    unsigned kib = *(const unsigned *) slot;

    return kib ? json_object_new_uint64((uint64_t) kib * KIB) : NULL;
}

/* 0 is said, too. */
static Json *encode_mib(const void *slot, const Property *, const Domain *)
{
    return json_object_new_int64(*(const unsigned *) slot / KIB);
}

// clang-format off
static const Property size[] = {
    MEMBER("xres", Video, width),
    MEMBER("yres", Video, height),
    PART(Video, info, info_properties),
    {},
};
static const Property plain[] = {
    PART(Video, info, info_properties),
    {},
};
static const Property vga[] = {
    MEMBER("vgamem_mb", Video, vram, .unit = KIB),
    { .part = size },
    {},
};
static const Property vmware[] = {
    MEMBER("vgamem_mb", Video, vram, .unit = KIB),
    { .part = plain },
    {},
};
static const Property bochs[] = {
    ROW("vgamem", Video, vram, encode_bytes),
    { .part = size },
    {},
};
static const Property qxl[] = {
    MEMBER("max_outputs", Video, heads),
    ROW("ram_size", Video, ram, encode_bytes),
    ROW("vram_size", Video, vram, encode_bytes),
    ROW("vram64_size_mb", Video, vram64, encode_mib),
    MEMBER("vgamem_mb", Video, vgamem, .unit = KIB),
    { .part = size },
    {},
};
static const Property virtio[] = {
    PART(Video, virtio, virtio_properties),
    MEMBER("max_outputs", Video, heads),
    { .part = size },
    {},
};
static const Property ramfb[] = {
    MEMBER("id", Video, info.alias),
    {},
};

/* The first card is the one that is there when the guest boots. */
static const Device primary_devices[] = {
    [VIDEO_VGA] = { "VGA", vga, CAP_VGA },
    [VIDEO_CIRRUS] = { "cirrus-vga", plain, CAP_CIRRUS_VGA },
    [VIDEO_VMVGA] = { "vmware-svga", vmware, CAP_VMWARE_VGA },
    [VIDEO_QXL] = { "qxl-vga", qxl, CAP_QXL_VGA },
    [VIDEO_VIRTIO] = { "virtio-vga", virtio, CAP_VIRTIO_VGA },
    [VIDEO_BOCHS] = { "bochs-display", bochs, CAP_BOCHS_DISPLAY },
    [VIDEO_RAMFB] = { "ramfb", ramfb, CAP_RAMFB },
};
static const Device further_devices[] = {
    [VIDEO_QXL] = { "qxl", qxl, CAP_QXL },
    [VIDEO_VIRTIO] = { "virtio-gpu-pci", virtio, CAP_VIRTIO_GPU },
};
// clang-format on

static bool is_first(const Domain *guest, const Video *video)
{
    return guest->videos->pdata[0] == video;
}

static const Device *choose(const Domain *guest, const Video *video)
{
    return is_first(guest, video) ? DEVICE_OF(primary_devices, video->model)
                                  : DEVICE_OF(further_devices, video->model);
}

bool video_check(const Domain *guest, const Video *video, GError **error)
{
    const Device *device = choose(guest, video);
    const VirtioOptions *options = &video->virtio;
    const Extra extras[] = {
        { video->width, "xres", "model/resolution" },
        { video->heads > 1, "max_outputs", "model/@heads" },
        { options->iommu || options->ats || options->packed || options->page_per_vq, "ats",
          "driver/@iommu" },
    };

    if (video->model == VIDEO_NONE)
        return true;
    if (!device)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "video type '%s' is %s",
                    video_model_names[video->model],
                    DEVICE_OF(primary_devices, video->model) ? "only valid as primary video device"
                                                             : "not supported");
    return device_takes(device, extras, G_N_ELEMENTS(extras), error);
}

bool videos_add(Args *args, const Domain *live, GError **error)
{
    for (LIST_EACH(Video, video, live->videos)) {
        Json *json;

        if (video->model == VIDEO_NONE)
            continue;
        json = device_json(choose(live, video), video, live, args->caps, error);
        if (!json)
            return false;
        args_json(args, "-device", json);
    }
    return true;
}
