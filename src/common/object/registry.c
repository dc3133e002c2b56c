/* registry.c - find objects by name, uuid or id; list them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "object/registry.h"

#include "base/cleanup.h"

struct Registry {
    GMutex lock;
    GHashTable *objects; /* holds the registry's references */
    GHashTable *by_uuid; /* keys are the objects' members; devices have none */
    GHashTable *by_name;
    GHashTable *by_id;
    GPtrArray *all; /* what registry_list() gives out, until the next object comes or goes */
};

Registry *registry_new(void)
{
    Registry *registry = g_new0(Registry, 1);

    g_mutex_init(&registry->lock);
    registry->objects = g_hash_table_new_full(NULL, NULL, (GDestroyNotify) object_unref, NULL);
    registry->by_uuid = g_hash_table_new(uuid_hash, uuid_same);
    registry->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    registry->by_id = g_hash_table_new(NULL, NULL);
    return registry;
}

void registry_free(Registry *registry)
{
    if (!registry)
        return;
    g_clear_pointer(&registry->all, g_ptr_array_unref);
    g_hash_table_unref(registry->by_id);
    g_hash_table_unref(registry->by_name);
    g_hash_table_unref(registry->by_uuid);
    g_hash_table_unref(registry->objects);
    g_mutex_clear(&registry->lock);
    g_free(registry);
}

static Object *find(Registry *registry, GHashTable *table, const void *key)
{
    Object *object;

    LOCKED(&registry->lock);
    object = g_hash_table_lookup(table, key);
    return object ? object_ref(object) : NULL;
}

Object *registry_find_name(Registry *registry, const char *name)
{
    return find(registry, registry->by_name, name);
}

Object *registry_find_uuid(Registry *registry, const Uuid *uuid)
{
    return find(registry, registry->by_uuid, uuid);
}

Object *registry_find_id(Registry *registry, int id)
{
    return find(registry, registry->by_id, GINT_TO_POINTER(id));
}

Object *registry_add(Registry *registry, Object *object)
{
    Object *in_the_way;

    LOCKED(&registry->lock);
    in_the_way = g_hash_table_lookup(registry->by_uuid, &object->uuid);
    if (!in_the_way)
        in_the_way = g_hash_table_lookup(registry->by_name, object->name);
    if (in_the_way)
        return object_ref(in_the_way);
    g_hash_table_add(registry->objects, object_ref(object));
    if (!uuid_is_zero(&object->uuid))
        g_hash_table_insert(registry->by_uuid, &object->uuid, object);
    g_hash_table_insert(registry->by_name, object->name, object);
    g_clear_pointer(&registry->all, g_ptr_array_unref);
    return NULL;
}

/* Takes the object out, and its reference with it; false when it is not there. */
static bool take_out(Registry *registry, Object *object)
{
    LOCKED(&registry->lock);

    if (!g_hash_table_steal(registry->objects, object))
        return false;
    g_hash_table_remove(registry->by_uuid, &object->uuid);
    g_hash_table_remove(registry->by_name, object->name);
    g_hash_table_remove(registry->by_id, GINT_TO_POINTER(object->id));
    g_clear_pointer(&registry->all, g_ptr_array_unref);
    return true;
}

void registry_remove(Registry *registry, Object *object)
{
    if (take_out(registry, object))
        object_unref(object);
}

static void set_name(Object *object, const char *name)
{
    g_autofree char *former = NULL;

    LOCKED(&object->lock);
    former = object->name;
    object->name = g_strdup(name);
}

bool registry_rename(Registry *registry, Object *object, const char *name)
{
    Object *holder;

    LOCKED(&registry->lock);
    holder = g_hash_table_lookup(registry->by_name, name);
    if (holder)
        return holder == object;
    g_hash_table_remove(registry->by_name, object->name);
    set_name(object, name);
    g_hash_table_insert(registry->by_name, object->name, object);
    return true;
}

bool registry_set_id(Registry *registry, Object *object, int id)
{
    Object *holder;

    LOCKED(&registry->lock);
    holder = g_hash_table_lookup(registry->by_id, GINT_TO_POINTER(id));
    if (holder)
        return holder == object;
    g_hash_table_remove(registry->by_id, GINT_TO_POINTER(object->id));
    g_atomic_int_set(&object->id, id);
    if (id != -1)
        g_hash_table_insert(registry->by_id, GINT_TO_POINTER(id), object);
    return true;
}

/* The lock is held. */
static GPtrArray *list_all(Registry *registry)
{
    unsigned size = g_hash_table_size(registry->objects);
    GPtrArray *all = g_ptr_array_new_full(size, (GDestroyNotify) object_unref);
    GHashTableIter objects;
    gpointer object;

    g_hash_table_iter_init(&objects, registry->objects);
    while (g_hash_table_iter_next(&objects, &object, NULL))
        g_ptr_array_add(all, object_ref(object));
    return all;
}

GPtrArray *registry_list(Registry *registry)
{
    LOCKED(&registry->lock);

    if (!registry->all)
        registry->all = list_all(registry);
    return g_ptr_array_ref(registry->all);
}

unsigned registry_size(Registry *registry)
{
    LOCKED(&registry->lock);

    return g_hash_table_size(registry->objects);
}
