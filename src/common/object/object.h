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
    char *name;  /* changes only in registry_rename(); read it with object_name() */
    gint id;     /* changes only in registry_set_id(); read it with object_id() */
    GMutex lock; /* of name and of the pointer to the view, held only to read or swap them */
    void *view;  /* published: immutable, counted by GLib's atomic boxes */
    /* Set by the caller after object_init(), where there is something to do: */
    void (*clear_view)(void *view); /* what the box holds; the box itself ends without help */
    void (*free)(Object *object);   /* the rest of the struct that begins with this one, of which
                                       the view and the name are still there */
};

/* Fills in what is common in a struct that begins with it and comes from g_new0(); with the last
 * reference the struct is freed too. One reference; no id, no view. */
void object_init(Object *object, const Uuid *uuid, const char *name);
Object *object_ref(Object *object);
void object_unref(Object *object); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Object, object_unref)

/* From any thread: a copy of the name; the id of a running object, from 1, or -1; a counted view,
 * NULL before the first, to be given back with object_view_unref(). */
char *object_name(Object *object);
int object_id(const Object *object);
void *object_view(Object *object);
void object_view_unref(const Object *object, void *view); /* a NULL view is allowed */
/* Publishes the view and gives up the former one. Takes over the caller's reference. */
void object_swap_view(Object *object, void *view);
