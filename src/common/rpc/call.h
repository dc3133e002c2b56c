/* call.h - a procedure, a call of it, and the driver that serves it
 *
 * What a driver's author needs: functions of the type in struct Driver get the decoded arguments,
 * fill in the reply, and say what went wrong in the error. Replies are freed with free(), as are
 * strings from g_strdup(). */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "loop/strand.h"
#include "object/registry.h"
#include "protocol/admin.h"
#include "protocol/constants.h"
#include "protocol/lxc.h"
#include "protocol/look.h"
#include "protocol/ostler.h"
#include "protocol/qemu.h"
#include "protocol/remote.h"
#include "rpc/access.h"
#include "rpc/wire.h"

typedef struct Call Call;
typedef struct Client Client;
typedef struct Driver Driver;
typedef struct Proc Proc;
typedef struct Stream Stream;

/* For a procedure that takes or returns nothing. */
typedef struct none {
    char unused;
} none;

/* Which daemon answers a procedure. */
typedef enum Owner {
    OWNER_CORE, /* every daemon, by the common part */
    OWNER_SELF, /* the driver of the daemon that the client is connected to */
    OWNER_HYPERVISOR,
    OWNER_NETWORK,
    OWNER_NODE,
    OWNER_STORAGE,
    OWNER_SECRET,
    OWNER_NWFILTER,
    OWNER_INTERFACE,
} Owner;

typedef enum StreamKind { NO_STREAM, TO_DAEMON, TO_CLIENT, BOTH } StreamKind;

struct Proc {
    const char *name; /* NULL: there is no such number */
    uint32_t program;
    int number;
    Owner owner;
    Mode mode;
    bool high;
    StreamKind stream;
    size_t args_size, reply_size;
    XdrFilter *xdr_args, *xdr_reply;
    bool (*refuses_readonly)(const void *args);
    void (*needs)(const void *args, Needs *needs);    /* what the caller must be permitted */
    void (*target)(const void *args, Target *target); /* on this object, if args tell it */
    Permission filter; /* what it must be permitted on what it is told about */
    bool (*find)(Call *call, GError **error); /* sets call->object */
    bool (*is_served)(const Driver *driver);
    bool (*run)(const Driver *driver, Call *call, GError **error);
};

typedef void CallAnswered(Client *client, void *data);

struct Call {
    Task task;
    net_message_header header;
    const Proc *proc;
    Client *client; /* counted */
    const Driver *driver;
    Needs needs;
    Identity identity;   /* of the caller when it called, where it does not have all rights */
    const Identity *who; /* that; NULL: it has */
    bool unsettled;      /* whether they suffice depends on which object it is */
    Object *object;      /* what the arguments refer to, counted; NULL when they refer to nothing */
    void *args, *reply;
    GArray *fds;       /* from fds_new(), that came with the call; NULL: none */
    GArray *reply_fds; /* from fds_new(), to go with the reply; NULL: none */
    Stream *stream;    /* set by the handler of a stream procedure */
    /* Set by a handler that alters the connection itself: called in the loop when the answer is on
     * its way, even if the client has gone. */
    CallAnswered *then;
    void *then_data;
    /* dispatch's own: */
    bool counted;              /* among the client's calls at work */
    struct Activity *activity; /* what administrators are told of it; NULL: nothing */
};

/* What a daemon is for: the procedures that it serves; the others answer "not supported". */
struct Driver {
    const char *type;   /* as connect_get_type tells it: "QEMU" */
    const char *scheme; /* of its URIs: "qemu" */
    int error_domain;   /* VIR_FROM_* of errors that its functions report */
    uint32_t owns;      /* 1u << Owner of what it serves */
    bool (*supports_feature)(int feature);
    /* Each gives a counted reference or says what is missing. */
    Object *(*find_domain)(const remote_nonnull_domain *reference, GError **error);
    Object *(*find_network)(const remote_nonnull_network *reference, GError **error);
    Object *(*find_node_device)(const char *name, GError **error);
// clang-format off
#define PROC(number, op, Args, Reply, ...) \
    bool (*op)(Call *call, const Args *in, Reply *out, GError **error);
#define EVENT(...)
// clang-format on
#include "protocol/remote.def"
#include "protocol/qemu.def"
#include "protocol/lxc.def"
#include "protocol/admin.def"
#include "protocol/ostler.def"
#include "protocol/look.def"
#undef PROC
#undef EVENT
};

/* The daemon-wide strand, for calls that refer to no object. */
Strand *call_host_strand(void);

/* Whether the caller may be told of the object: in lists, counts and statistics of many. */
bool call_sees(const Call *call, Object *object);
/* All objects of the registry that the caller may be told of; given back with
 * g_ptr_array_unref(). */
GPtrArray *call_list(const Call *call, Registry *registry);

/* Flags that a handler knows; others are refused as the API does. */
bool call_check_flags(const Call *call, unsigned flags, unsigned known, GError **error);
