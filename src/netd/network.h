/* network.h - one network: what everyone may read of it, and what only its strand may touch */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "host/shape.h"
#include "model/network.h"
#include "object/registry.h"
#include "object/store.h"
#include "rpc/call.h"

/* A definition that many views may share; counted by GLib's atomic boxes. */
typedef struct Definition {
    Network *network; /* never changes once it is published */
} Definition;

Definition *definition_new(Network *network); /* takes it over */
Definition *definition_ref(Definition *definition);
void definition_unref(Definition *definition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Definition, definition_unref)

/* What a definition says of bandwidth, for whoever limits it. */
static inline Rate rate_of(const BandwidthLimit *limit)
{
    return (Rate){ limit->average, limit->peak, limit->burst };
}

/* What netd itself has to say of a network that runs. */
typedef enum MessageKind {
    MESSAGE_FIREWALL, /* what keeps its guests from being reached */
    MESSAGE_RESOLVER, /* why the host does not know its domain */
    MESSAGES,
} MessageKind;

/* Immutable and counted; anyone may hold it. */
typedef struct View {
    Definition *config; /* what it is started with next; NULL: transient */
    Definition *live;   /* what runs; NULL: nothing does */
    bool starting;      /* not all of it runs yet */
    bool autostart;
    char *messages[MESSAGES]; /* NULL: there is none */
} View;

void view_clear_messages(View *view); /* of an edited view */
void view_unref(View *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(View, view_unref)

typedef struct Net {
    Object object;   /* first: a Call's object is its Net */
    Registry *ports; /* of Port; from any thread */

    /* Belongs to the strand. */
    pid_t dnsmasq;                      /* 0: none runs */
    unsigned long long dnsmasq_started; /* as process_start() tells */
    unsigned class_ids;                 /* where the next class of a floor is looked for */
    bool gone; /* undefined, or transient and ended: no longer in the registry */
} Net;

static inline Net *net_of(const Call *call) { return (Net *) call->object; }

extern Registry *nets;
extern Store net_store;

/* Not yet in the registry. */
Net *net_new(const Uuid *uuid, const char *name);
static inline Net *net_ref(Net *net) { return (Net *) object_ref(&net->object); }
static inline void net_unref(Net *net) { object_unref(&net->object); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Net, net_unref)

/* From any thread; counted. Has a definition, also when the network is gone. */
View *net_view(Net *net);
/* Whether a network in the registry has been published; before, nobody is told of it. */
bool net_is_known(Net *net);
/* Counted references to those that run, or to all that are known. */
GPtrArray *net_list(bool active_only);

/* A copy of the view to edit, from a CHANGE or a JOB; it shares the definitions. */
View *net_edit(Net *net);
/* Replaces a definition of an edited view; takes over network. */
void view_set_config(View *view, Network *network);
void view_set_live(View *view, Network *network);
/* Saves what must outlive us, then swaps the view. Takes the view over, also when saving fails:
 * then nothing has changed. */
bool net_publish(Net *net, View *view, GError **error);
/* The same for a change that nobody can refuse: a failure to save is logged. */
void net_publish_anyway(Net *net, View *view);
/* Takes it out of the registry, with its last definition in its view. */
void net_remove(Net *net);

static inline bool view_is_active(const View *view) { return view->live != NULL; }
/* What describes the network now: live, or else config. */
static inline const Network *view_current(const View *view)
{
    return view->live ? view->live->network : view->config->network;
}

/* ERR_OPERATION_INVALID unless it runs. */
bool net_check_active(Net *net, const View *view, GError **error);

/* Clients hear of it; event as in virNetworkEventLifecycleType. */
void net_tell(Net *net, int event);
/* With the network's name and uuid as fields. */
#define net_log(net, level, ...) net_log_text(net, level, g_strdup_printf(__VA_ARGS__))
void net_log_text(Net *net, GLogLevelFlags level, char *text);
