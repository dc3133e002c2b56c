/* object.h - what everything that calls refer to has in common: a guest, a network, a device */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/uuid.h"
#include "loop/strand.h"

typedef struct Object Object;
struct Object {
    gint references;
    Strand *strand;
    Uuid uuid;
    char *name; /* changes only in registry_rename(); read it with object_name() */
    int id;     /* of a running object, from 1; -1 when it does not run. Set by registry_set_id() */
    GMutex lock; /* of name and of the pointer to the view, held only to read or swap them */
    void *view;  /* published: immutable, counted by GLib's atomic boxes */
    void (*clear_view)(void *view);
    void (*free)(Object *object); /* the rest of the struct that begins with this one */
};

/* Fills in what is common; the caller allocated the struct that begins with it. One reference. */
void object_init(Object *object, const Uuid *uuid, const char *name);
Object *object_ref(Object *object);
void object_unref(Object *object);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Object, object_unref)

/* From any thread: a copy of the name, a counted view (object_view_unref()). */
char *object_name(Object *object);
void *object_view(Object *object);
void object_view_unref(Object *object, void *view);
/* Publishes the view and gives up the former one. Takes over the caller's reference. */
void object_swap_view(Object *object, void *view);
