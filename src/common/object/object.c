/* object.c - what everything that calls refer to has in common: a guest, a network, a device */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "object/object.h"

#include "base/cleanup.h"

void object_init(Object *object, const Uuid *uuid, const char *name)
{
    object->references = 1;
    object->strand = strand_new();
    object->uuid = *uuid;
    object->name = g_strdup(name);
    object->id = -1;
    g_mutex_init(&object->lock);
}

Object *object_ref(Object *object)
{
    g_atomic_int_inc(&object->references);
    return object;
}

void object_unref(Object *object)
{
    if (!object || !g_atomic_int_dec_and_test(&object->references))
        return;
    if (object->free)
        object->free(object);
    object_view_unref(object, object->view);
    strand_unref(object->strand);
    g_mutex_clear(&object->lock);
    g_free(object->name);
    g_free(object);
}

char *object_name(Object *object)
{
    LOCKED(&object->lock);

    return g_strdup(object->name);
}

int object_id(const Object *object) { return g_atomic_int_get(&object->id); }

void *object_view(Object *object)
{
    LOCKED(&object->lock);

    return object->view ? g_atomic_rc_box_acquire(object->view) : NULL;
}

void object_view_unref(const Object *object, void *view)
{
    if (view)
        g_atomic_rc_box_release_full(view, object->clear_view);
}

void object_swap_view(Object *object, void *view)
{
    void *former;

    {
        LOCKED(&object->lock);
        former = object->view;
        object->view = view;
    }
    object_view_unref(object, former);
}
