/* port.h - a guest's place in a network */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "function.h"
#include "model/port.h"
#include "network.h"

/* Immutable and counted. */
typedef struct PortView {
    NetworkPort *port;
    bool opening; /* its link is being made */
    bool inside;  /* all of its link is in a container */
    char *link;   /* of the host, that the guest's frames come by; NULL: there is none */
    VirtualFunctionState *former; /* of a function that the guest has been given; NULL: none */
} PortView;

typedef struct Port {
    Object object; /* first */
} Port;

extern Store port_store; /* states only, named by uuid */

PortView *port_view(Port *port);
void port_view_unref(PortView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PortView, port_view_unref)
static inline void port_unref(Port *port) { object_unref(&port->object); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Port, port_unref)

Port *port_find(Net *net, const Uuid *uuid, GError **error);

enum {
    PORT_RECLAIM = 1, /* the plug is given, not chosen */
    PORT_OPENING = 2, /* its link follows: without it the port is nothing */
};
/* On the network's strand, as are the others. Takes definition over; what it does not say comes
 * from the network and its group. */
Port *port_create(Net *net, NetworkPort *definition, unsigned flags, GError **error);
/* What an interface may change in its place: isolation and bandwidth; limits: the latter is none of
 * the group's, also where there is none. */
bool port_change(Net *net, Port *port, const NetworkPort *wanted, bool limits, GError **error);
bool port_set_bandwidth(Net *net, Port *port, const Bandwidth *bandwidth, GError **error);
/* The link of the guest's that has been plugged in; NULL: all of it is in a container. */
bool port_set_link(Net *net, Port *port, const char *link, GError **error);
/* The function that the guest is given: its card is told, on disk is what it was told before. */
bool port_set_function(Net *net, Port *port, GError **error);
bool port_delete(Net *net, Port *port, GError **error);
/* The network has ended. */
void port_drop_all(Net *net);
/* Its bridge has been made again: the links of its guests join it. */
void port_join_all(Net *net);
/* Each floor is made what its port says; the other classes, of those on the bridge, go. */
void port_restore_floors(Net *net, const char *bridge, const GArray *classes);
/* Once. Ports end with the links of their guests from then on, bridges that have ended are made
 * again, whoever ends those. */
bool port_open(GError **error);
/* The name of a guest that is plugged in; NULL when there is none. */
char *port_user(Net *net);
/* Of a state file: of a network that runs, or of no network. What has ended is dropped. */
bool port_load(const char *name, const char *text, GError **error);

/* Of a link in no network of ours: what has to be known of it after a restart; under a name of its
 * own until the link has one, then under that. Any thread. */
bool port_begin_alone(NetworkPort *port, char name[UUID_TEXT], GError **error);
bool port_save_alone(const char *link, const NetworkPort *port, GError **error);
void port_drop_alone(const char *link);
/* The same for a function in no network of ours, under its own name. ERR_OPERATION_INVALID with the
 * guest's name where another one has it. */
bool port_set_function_alone(const NetworkPort *port, GError **error);
/* Ends the links that a guest has by this address, in this network or, with NULL, in none of ours.
 * On the network's strand, if there is one. */
void port_end_unnamed(Net *net, const Uuid *owner, const Mac *mac);

/* Sets the numbers of connections in a copy of the live definition. From any thread. */
void port_count(Net *net, Network *shown);
