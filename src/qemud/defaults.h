/* defaults.h - what a definition leaves out, as QEMU and its clients expect it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* Completes the definition in place, all but addresses (address.h). What is given already stays, so
 * that what was completed once comes out the same. May have to ask QEMU, so for workers. */
bool domain_defaults(Domain *domain, GError **error);
/* The same for one device that will be added to the (complete) domain. */
bool device_defaults(const Domain *domain, const DeviceKind *kind, void *device, GError **error);
