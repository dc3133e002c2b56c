/* zone.h - the zone of firewalld that a network's bridge belongs to */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network.h"

bool zone_join(const Network *network, GError **error);
