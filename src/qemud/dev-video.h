/* dev-video.h - video cards, as QEMU's devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"
#include "device.h"

bool videos_add(Args *args, const Domain *live, GError **error);
bool video_check(const Domain *guest, const Video *video, GError **error);
