/* registry.h - find objects by name, uuid or id; list them
 *
 * All functions may be called from any thread, registry_free() from the last one. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "object/object.h"

typedef struct Registry Registry;
Registry *registry_new(void);
void registry_free(Registry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Registry, registry_free)

/* A counted reference, or NULL. */
Object *registry_find_name(Registry *registry, const char *name);
Object *registry_find_uuid(Registry *registry, const Uuid *uuid);
Object *registry_find_id(Registry *registry, int id);

/* Adds the object (one more reference) unless its name or uuid is taken (a uuid of zeros, that of
 * objects that clients know by name alone, never is): then NULL is returned
 * when it was added, else a reference to the object that is in the way (by uuid first). */
Object *registry_add(Registry *registry, Object *object);
void registry_remove(Registry *registry, Object *object); /* nothing when it is not there */
/* Of an object in the registry. False when another has the name. */
bool registry_rename(Registry *registry, Object *object, const char *name);
/* Gives an object in the registry its id; -1 takes it away. False when another has the id. */
bool registry_set_id(Registry *registry, Object *object, int id);

/* Counted references to all, in no particular order. The array is shared: it may be read, and is
 * given back with g_ptr_array_unref(). */
GPtrArray *registry_list(Registry *registry);
unsigned registry_size(Registry *registry);
