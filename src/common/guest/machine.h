/* machine.h - one guest: what everyone may read of it, and what only its strand may touch */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "model/domain.h"
#include "object/registry.h"
#include "object/store.h"
#include "rpc/call.h"
#include "rpc/stream.h"

/* A definition that many views may share; counted by GLib's atomic boxes. */
typedef struct Definition {
    Domain *domain;  /* never changes once it is published */
    char **messages; /* what its owner should know of it; NULL: nothing */
} Definition;

Definition *definition_new(Domain *domain, char **messages); /* takes both over */
Definition *definition_ref(Definition *definition);
void definition_unref(Definition *definition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Definition, definition_unref)

/* Immutable and counted; anyone may hold it. */
typedef struct View {
    int state, reason;     /* virDomainState and its reason */
    int id;                /* -1: it does not run */
    Definition *config;    /* what it is started with next; NULL: transient */
    Definition *live;      /* what runs; NULL: nothing does */
    pid_t pid;             /* of the process that holds it: QEMU, a container's controller */
    pid_t init;            /* of a container: its first process, as the host numbers it; else 0 */
    uint64_t init_started; /* that process, as process_start() tells */
    uint64_t balloon;      /* memory that the guest has now, in KiB; 0 when it does not run */
    bool autostart;
    bool updated;   /* the config has been changed since the start */
    bool saved;     /* its saved state is kept here, and is what it is started from */
    unsigned run;   /* counts the starts: what was meant for an earlier run is too late */
    unsigned begun; /* the run that was begun for somebody, of which this one may be a reboot */
} View;

void view_unref(View *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(View, view_unref)

/* A serial console or channel that a client has open. */
typedef struct OpenConsole {
    struct Machine *vm;
    char *device; /* alias */
    Stream *stream;
    unsigned run; /* of the guest, as in its view: an earlier one's is about to end */
    int hold;     /* as hypervisor.hold_console() gave it; -1: none */
} OpenConsole;

typedef struct Machine {
    Object object; /* first: a Call's object is its Machine */

    /* Belongs to the strand, but for the first three, which are read under the object's lock by
     * those who do not wait for the strand (machine_control(), machine_process()). */
    void *control; /* the driver's hold on what runs, counted; NULL: it does not run */
    Fd pidfd;
    void *job;       /* what the driver notes of long jobs; freed with g_free() */
    char *saving;    /* the file that the guest is being saved to, while it is not finished */
    char *directory; /* of this run's sockets and files */
    unsigned long long started; /* the process, as process_start() tells; 0: not noted */
    gint stop_reason;  /* virDomainShutoffReason that somebody has announced; 0: none. Atomic */
    bool is_shut_down; /* the guest has powered itself off */
    bool is_rebooting; /* when it does that, it is to start again */
    bool starts_again; /* what has ended is started again: it was a reboot */
    bool destroy_with_client;
    bool gone; /* undefined, or transient and ended: no longer in the registry */

    /* The loop's. */
    GPtrArray *consoles; /* of OpenConsole */
} Machine;

static inline Machine *machine_of(const Call *call) { return (Machine *) call->object; }

extern Registry *machines;
extern Store machine_store;

/* Not yet in the registry. */
Machine *machine_new(const Uuid *uuid, const char *name);
static inline Machine *machine_ref(Machine *vm) { return (Machine *) object_ref(&vm->object); }
static inline void machine_unref(Machine *vm) { object_unref(&vm->object); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Machine, machine_unref)

/* From any thread; counted. Has a definition, also when the guest is gone. */
View *machine_view(Machine *vm);
/* Whether a guest in the registry has been published; before, nobody is told of it. */
bool machine_is_known(Machine *vm);
/* The driver's hold on a running guest, counted; NULL and an error when it does not run. From any
 * thread. */
void *machine_control(Machine *vm, GError **error);
/* The same for the process: a descriptor of the caller's own, -1 when it does not run. */
int machine_process(Machine *vm, GError **error);
/* Keeps control (counted) and a copy of the descriptor; NULL and -1: it has ended. */
void machine_set_process(Machine *vm, void *control, int pidfd);
/* For the next guest that starts, from 1 up. */
int machine_next_id(void);
void machine_used_id(int id); /* found running: the next ones come after it */

/* A copy of the view to edit, from a CHANGE or a JOB; it shares the definitions. */
View *machine_edit(Machine *vm);
/* Replaces a definition of an edited view by a changed one; takes over domain. NULL: none. */
void view_set_config(View *view, Domain *domain);
void view_set_live(View *view, Domain *domain);
/* Replaces the config by another one. */
void view_define(View *view, Definition *definition);
/* Saves what must outlive us, then swaps the view. Takes the view over, also when saving fails:
 * then nothing has changed. */
bool machine_publish(Machine *vm, View *view, GError **error);
/* The same for a change that nobody can refuse (the guest did it): a failure to save is logged. */
void machine_publish_anyway(Machine *vm, View *view);
/* Takes it out of the registry, with its last definition in its view. */
void machine_remove(Machine *vm);

/* The definition that a call without flags, with VIR_DOMAIN_AFFECT_LIVE or _CONFIG is about; the
 * error says what is missing. Borrowed from the view. */
const Domain *view_definition(const View *view, const char *name, unsigned flags, GError **error);
static inline bool view_is_active(const View *view) { return view->live != NULL; }
/* What describes the guest now: live, or else config. */
static inline const Domain *view_current(const View *view)
{
    return view->live ? view->live->domain : view->config->domain;
}

/* ERR_OPERATION_INVALID unless it runs, or while it does. */
bool view_check_active(const View *view, GError **error);
bool view_check_off(const View *view, GError **error);

/* Events that clients hear of; event and detail as in virDomainEventType. */
void machine_tell(Machine *vm, int event, int detail);
void machine_tell_as(Machine *vm, char *name, int event, int detail); /* under a former name */
/* With the guest's name and uuid as fields. */
#define machine_log(vm, level, ...) machine_log_text(vm, level, g_strdup_printf(__VA_ARGS__))
void machine_log_text(Machine *vm, GLogLevelFlags level, char *text);
