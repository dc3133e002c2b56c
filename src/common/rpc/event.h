/* event.h - who wants which event; push
 *
 * emit_<event>() may be called from any thread, after what it tells has been published; the
 * message's callback_id is left to us. Replies and events reach a client in the order in which
 * they were made. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

typedef enum EventKind { EVENT_DOMAIN, EVENT_NETWORK, EVENT_NODE_DEVICE, EVENT_KINDS } EventKind;

// clang-format off
#define NAMED_EVENT(kind, id, message, legacy) \
    void emit_##message(Object *object, const remote_##message##_msg *what);
#include "protocol/events.def"
#undef NAMED_EVENT
// clang-format on

/* Of the monitor's own events, which clients ask for by name. */
void emit_monitor_event(Object *object, const qemu_domain_monitor_event_msg *what);

/* How objects travel in messages; the name is the caller's (object_name()). */
remote_nonnull_domain event_domain(Object *object, char *name, int id);

/* A client has gone: nothing more is sent to it. In the loop. */
void events_forget(Client *client);

/* The driver functions of the registration procedures, the same for every driver. */
// clang-format off
#define EVENT_HANDLERS(X)                                                                        \
    X(connect_domain_event_register, none, remote_connect_domain_event_register_ret)             \
    X(connect_domain_event_deregister, none, remote_connect_domain_event_deregister_ret)         \
    X(connect_domain_event_register_any, remote_connect_domain_event_register_any_args, none)    \
    X(connect_domain_event_deregister_any, remote_connect_domain_event_deregister_any_args,      \
      none)                                                                                      \
    X(connect_domain_event_callback_register_any,                                                \
      remote_connect_domain_event_callback_register_any_args,                                    \
      remote_connect_domain_event_callback_register_any_ret)                                     \
    X(connect_domain_event_callback_deregister_any,                                              \
      remote_connect_domain_event_callback_deregister_any_args, none)                            \
    X(connect_network_event_register_any, remote_connect_network_event_register_any_args,        \
      remote_connect_network_event_register_any_ret)                                             \
    X(connect_network_event_deregister_any, remote_connect_network_event_deregister_any_args,    \
      none)                                                                                      \
    X(connect_node_device_event_register_any, remote_connect_node_device_event_register_any_args, \
      remote_connect_node_device_event_register_any_ret)                                         \
    X(connect_node_device_event_deregister_any,                                                  \
      remote_connect_node_device_event_deregister_any_args, none)                                \
    X(qemu_connect_domain_monitor_event_register,                                                \
      qemu_connect_domain_monitor_event_register_args,                                           \
      qemu_connect_domain_monitor_event_register_ret)                                            \
    X(qemu_connect_domain_monitor_event_deregister,                                              \
      qemu_connect_domain_monitor_event_deregister_args, none)
#define EVENT_HANDLER(name, Args, Reply) \
    bool event_##name(Call *call, const Args *in, Reply *out, GError **error);
EVENT_HANDLERS(EVENT_HANDLER)
#undef EVENT_HANDLER

/* Rows of a driver's table. */
#define DRIVER_DOMAIN_EVENTS                                                                \
    .connect_domain_event_register = event_connect_domain_event_register,                   \
    .connect_domain_event_deregister = event_connect_domain_event_deregister,               \
    .connect_domain_event_register_any = event_connect_domain_event_register_any,           \
    .connect_domain_event_deregister_any = event_connect_domain_event_deregister_any,       \
    .connect_domain_event_callback_register_any =                                           \
        event_connect_domain_event_callback_register_any,                                   \
    .connect_domain_event_callback_deregister_any =                                         \
        event_connect_domain_event_callback_deregister_any
#define DRIVER_NETWORK_EVENTS                                                  \
    .connect_network_event_register_any = event_connect_network_event_register_any, \
    .connect_network_event_deregister_any = event_connect_network_event_deregister_any
#define DRIVER_NODE_DEVICE_EVENTS                                                          \
    .connect_node_device_event_register_any = event_connect_node_device_event_register_any, \
    .connect_node_device_event_deregister_any = event_connect_node_device_event_deregister_any
#define DRIVER_MONITOR_EVENTS                                                                     \
    .qemu_connect_domain_monitor_event_register = event_qemu_connect_domain_monitor_event_register, \
    .qemu_connect_domain_monitor_event_deregister =                                               \
        event_qemu_connect_domain_monitor_event_deregister
// clang-format on
