/* self.h - what every driver answers about a connection in the same way */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

/* What connect_get_lib_version tells: the release whose behaviour we offer, 1,000,000 * major +
 * 1,000 * minor + micro. */
enum { API_VERSION = 9000000 };

/* Whether this URI, without transport and host, names the driver: "" or SCHEME:///system. */
bool self_accepts(const Driver *driver, const char *uri, GError **error);

bool self_get_type(Call *call, const none *, remote_connect_get_type_ret *out, GError **error);
bool self_get_lib_version(Call *call, const none *, remote_connect_get_lib_version_ret *out,
                          GError **error);
bool self_get_uri(Call *call, const none *, remote_connect_get_uri_ret *out, GError **error);
bool self_get_hostname(Call *call, const none *, remote_connect_get_hostname_ret *out,
                       GError **error);
bool self_is_secure(Call *call, const none *, remote_connect_is_secure_ret *out, GError **error);

/* Rows of a driver's table. */
#define DRIVER_SELF                                                                     \
    .connect_get_type = self_get_type, .connect_get_lib_version = self_get_lib_version, \
    .connect_get_uri = self_get_uri, .connect_is_secure = self_is_secure
