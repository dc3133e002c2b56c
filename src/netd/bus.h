/* bus.h - services of the host on the system bus that networks are told to */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#define FIREWALLD "org.fedoraproject.FirewallD1"
#define FIREWALLD_PATH "/org/fedoraproject/FirewallD1"
#define RESOLVED "org.freedesktop.resolve1"
#define RESOLVED_PATH "/org/freedesktop/resolve1"

typedef sd_bus Bus;
static inline void bus_free(Bus *bus) { sd_bus_flush_close_unref(bus); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bus, bus_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)
typedef sd_bus_message Message;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Message, sd_bus_message_unref)

/* A bus on which this service is; NULL when it does not run. */
Bus *bus_to(const char *service);
/* Calls changed(), in the loop, when one of the services may have forgotten what it was told: when
 * it has been started or has read its configuration anew, and when the bus is first found or has
 * come again. */
void bus_watch(void (*changed)(void));
